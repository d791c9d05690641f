package surface

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

func (d *discovery) certificate(from Node, chain []*x509.Certificate) Node {
	leaf := chain[0]
	sum := sha256.Sum256(leaf.Raw)
	n := Node{Kind: Certificate, Key: hex.EncodeToString(sum[:])}
	d.link(from, UsesCertificate, n, "certificate", nil)
	names := leaf.DNSNames
	if len(names) == 0 {
		names = []string{leaf.Subject.CommonName}
	}
	attributes := map[string][]string{
		"subject": {leaf.Subject.String()}, "issuer": {leaf.Issuer.String()}, "serial": {leaf.SerialNumber.Text(16)},
		"not_before": {leaf.NotBefore.UTC().Format(time.RFC3339)}, "not_after": {leaf.NotAfter.UTC().Format(time.RFC3339)},
		"key": {fmt.Sprint(leaf.PublicKeyAlgorithm)}, "signature": {fmt.Sprint(leaf.SignatureAlgorithm)},
	}
	for k, v := range attributes {
		attributes[k] = []string{strings.ToValidUTF8(v[0][:min(len(v[0]), 500)], "")}
	}
	switch key := leaf.PublicKey.(type) {
	case *rsa.PublicKey:
		attributes["bits"] = []string{strconv.Itoa(key.N.BitLen())}
	case *ecdsa.PublicKey:
		attributes["bits"] = []string{strconv.Itoa(key.Params().BitSize)}
	}
	if selfSigned(chain) {
		attributes["self_signed"] = []string{"true"}
	} else if d.untrusted(chain) {
		attributes["untrusted"] = []string{"true"}
	}
	for _, name := range names[:min(len(names), maxNames)] {
		if name = strings.ToLower(name); name != "" {
			attributes["names"] = append(attributes["names"], name[:min(len(name), 253)])
		}
	}
	d.emit(Fact{Node: n, How: "certificate", Attributes: attributes})
	for _, name := range attributes["names"] {
		d.domain(n, Referenced, strings.TrimPrefix(name, "*."), "certificate", nil)
	}
	return n
}

// untrusted reports whether no authority that this machine trusts is behind a
// chain, whenever it is valid. Where it trusts none, nothing is known.
func (d *discovery) untrusted(chain []*x509.Certificate) bool {
	if d.o.Authorities == nil {
		return false
	}
	among := x509.NewCertPool()
	for _, c := range chain[1:min(len(chain), 10)] {
		among.AddCert(c)
	}
	at := d.o.Now()
	if at.Before(chain[0].NotBefore) || at.After(chain[0].NotAfter) {
		at = chain[0].NotBefore
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: d.o.Authorities, Intermediates: among, CurrentTime: at})
	var unknown x509.UnknownAuthorityError
	return errors.As(err, &unknown)
}

// distrusted says why a certificate proves nothing to anybody; "" when it may.
// Whether its authority is trusted is not known here.
func distrusted(c *tls.ConnectionState, host string, now time.Time) string {
	if c == nil || len(c.PeerCertificates) == 0 {
		return "there is none"
	}
	leaf := c.PeerCertificates[0]
	switch {
	case leaf.VerifyHostname(host) != nil:
		return "it is not for " + host
	case now.After(leaf.NotAfter):
		return "it ended on " + leaf.NotAfter.UTC().Format(time.DateOnly)
	case selfSigned(c.PeerCertificates):
		return "it is signed by itself"
	}
	return ""
}

func selfSigned(chain []*x509.Certificate) bool {
	return len(chain) == 1 && bytes.Equal(chain[0].RawIssuer, chain[0].RawSubject)
}
