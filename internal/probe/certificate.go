package probe

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"strings"

	"github.com/harrier-scan/harrier"
)

// maxChain bounds the certificates that are kept of one endpoint, maxChainSize
// their bytes, maxNames the names of one certificate.
const (
	maxChain     = 10
	maxChainSize = 64 << 10
	maxNames     = 100
)

// certificates reads a chain as sent, as far as it is kept. One that can not be parsed keeps its DER
// bytes and fingerprint, so that it is not lost.
func certificates(chain [][]byte) []harrier.Certificate {
	var out []harrier.Certificate
	left := maxChainSize
	for _, der := range chain[:min(len(chain), maxChain)] {
		if left -= len(der); left < 0 {
			break
		}
		out = append(out, certificate(der))
	}
	return out
}

func certificate(der []byte) harrier.Certificate {
	sum := sha256.Sum256(der)
	c := harrier.Certificate{DER: der, SHA256: hex.EncodeToString(sum[:])}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return c
	}
	c.Subject, c.Issuer = clean(parsed.Subject.String()), clean(parsed.Issuer.String())
	if parsed.SerialNumber != nil {
		c.Serial = strings.ToUpper(hex.EncodeToString(parsed.SerialNumber.Bytes()))
	}
	c.NotBefore, c.NotAfter = parsed.NotBefore.UTC(), parsed.NotAfter.UTC()
	for _, name := range parsed.DNSNames[:min(len(parsed.DNSNames), maxNames)] {
		c.DNSNames = append(c.DNSNames, clean(name))
	}
	c.Signature = parsed.SignatureAlgorithm.String()
	c.Key, c.KeyBits = keyOf(parsed)
	return c
}

func keyOf(c *x509.Certificate) (kind string, bits int) {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return "RSA", k.N.BitLen()
	case *ecdsa.PublicKey:
		return "ECDSA", k.Curve.Params().BitSize
	case ed25519.PublicKey:
		return "Ed25519", 256
	}
	return c.PublicKeyAlgorithm.String(), 0
}
