//go:build unix

package daemons

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Certificate is the kind of cert.pem that a daemon gets.
type Certificate int

// The kinds of certificates; all are for target.test and the address.
const (
	SelfSigned Certificate = iota // on a curve, for a day
	Trusted                       // signed by the Authority, for a year
	Rotten                        // self-signed, 1024 bits of RSA, expired
)

// Authority signs the certificates of fixed daemons.
type Authority struct {
	Path string // its certificate; what sets SSL_CERT_FILE to it trusts them
	cert *x509.Certificate
	key  crypto.Signer
}

// NewAuthority makes an authority of the test's own.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &Authority{key: key, Path: filepath.Join(t.TempDir(), "authority.pem"), cert: &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Testbed Authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(2, 0, 0),
	}}
	der, err := x509.CreateCertificate(rand.Reader, a.cert, a.cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if err := writePEM(a.Path, "CERTIFICATE", der); err != nil {
		t.Fatal(err)
	}
	return a
}

// write makes cert.pem and key.pem of a kind in dir.
func (a *Authority) write(dir string, kind Certificate, addr netip.Addr) error {
	key, err := newKey(kind)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "target.test", Organization: []string{"Testbed"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour), DNSNames: []string{"target.test"}, IPAddresses: []net.IP{addr.AsSlice()},
	}
	parent, signer := template, key
	switch kind {
	case Trusted:
		template.NotAfter, parent, signer = now.AddDate(1, 0, 0), a.cert, a.key
	case Rotten:
		template.NotBefore, template.NotAfter = now.AddDate(-1, 0, 0), now.AddDate(0, 0, -1)
	default:
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode a key: %w", err)
	}
	if err := writePEM(filepath.Join(dir, "cert.pem"), "CERTIFICATE", der); err != nil {
		return err
	}
	return writePEM(filepath.Join(dir, "key.pem"), "PRIVATE KEY", private)
}

// newKey makes a key that suits a kind.
func newKey(kind Certificate) (crypto.Signer, error) {
	if kind != Rotten {
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	return rsa.GenerateKey(rand.Reader, 1024)
}

// writePEM writes a file that every user of a server can read: it protects
// nothing.
func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o644)
}
