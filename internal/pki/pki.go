// Package pki keeps the certificates of a console: an authority of its own,
// made at the first start, and the server certificate that it signs. An
// operator's own certificate takes the place of the latter.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
)

const (
	authorityLife = 10 * 365 * 24 * time.Hour
	// Clients refuse server certificates that last longer than 825 days.
	serverLife = 397 * 24 * time.Hour
	renewAfter = serverLife * 2 / 3
)

// Authority is a console's own certificate authority, kept in a folder. The
// methods may be called by many at once.
type Authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// Open reads the authority in dir, or makes one there. It answers Unavailable
// when the folder can't be read or written and Invalid for files that are not
// ours.
func Open(dir string, now time.Time) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, harrier.Errorf(harrier.Unavailable, "the certificate folder can not be made").Because(err)
	}
	a := &Authority{dir: dir}
	pair, err := load(a.path("ca"))
	if errors.Is(err, fs.ErrNotExist) {
		return a, a.create(now)
	}
	if err != nil {
		return nil, err
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || !pair.Leaf.IsCA {
		return nil, harrier.Errorf(harrier.Invalid, "%s is not Harrier's authority", a.path("ca"))
	}
	a.cert, a.key = pair.Leaf, key
	return a, nil
}

func (a *Authority) path(name string) string { return filepath.Join(a.dir, name+".pem") }

func (a *Authority) create(now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make authority key: %w", err)
	}
	a.key = key
	a.cert = &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "Harrier console authority"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(authorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	pair, err := a.sign(a.cert, key)
	if err != nil {
		return err
	}
	a.cert = pair.Leaf
	return save(a.path("ca"), pair)
}

// sign signs template for key; the certificate comes back with its leaf.
func (a *Authority) sign(template *x509.Certificate, key *ecdsa.PrivateKey) (tls.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("sign certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read own certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

// Server returns a server certificate for hosts (names and addresses), besides
// localhost and this machine's name. It is kept and made anew when hosts
// changed or two thirds of its life are over.
func (a *Authority) Server(hosts []string, now time.Time) (tls.Certificate, error) {
	names, addrs := split(append([]string{"localhost", "127.0.0.1", "::1"}, hosts...))
	if own, err := os.Hostname(); err == nil && !slices.Contains(names, own) {
		names = append(names, own)
	}
	return a.server("server", names, addrs, now)
}

// Gate returns the server certificate for engines elsewhere. They recognise the
// authority, so that it names the gate only.
func (a *Authority) Gate(now time.Time) (tls.Certificate, error) {
	return a.server("gate", []string{"harrier-gate"}, nil, now)
}

// server returns the certificate that is kept under name.
func (a *Authority) server(file string, names []string, addrs []net.IP, now time.Time) (tls.Certificate, error) {
	pair, err := load(a.path(file))
	if err == nil && a.fits(pair.Leaf, names, addrs, now) {
		pair.Certificate = append(pair.Certificate[:1], a.cert.Raw)
		return pair, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make server key: %w", err)
	}
	pair, err = a.sign(&x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: names[len(names)-1], Organization: []string{"Harrier"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(serverLife), DNSNames: names, IPAddresses: addrs,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	if err := save(a.path(file), pair); err != nil {
		return tls.Certificate{}, err
	}
	pair.Certificate = append(pair.Certificate, a.cert.Raw)
	return pair, nil
}

func (a *Authority) fits(leaf *x509.Certificate, names []string, addrs []net.IP, now time.Time) bool {
	return leaf.CheckSignatureFrom(a.cert) == nil && now.Before(leaf.NotBefore.Add(renewAfter)) &&
		slices.Equal(leaf.DNSNames, names) && slices.EqualFunc(leaf.IPAddresses, addrs, net.IP.Equal)
}

// Pool holds the authority's certificate, for clients of the console.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// PEM is the authority's certificate, to be given to clients.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// File is where the authority's certificate is kept.
func (a *Authority) File() string { return a.path("ca") }

func split(hosts []string) (names []string, addrs []net.IP) {
	for _, h := range hosts {
		if a, err := netip.ParseAddr(h); err == nil {
			addrs = append(addrs, a.AsSlice())
		} else if !slices.Contains(names, h) {
			names = append(names, h)
		}
	}
	return names, addrs
}

func serial() *big.Int {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	b[0] &= 0x7f
	return new(big.Int).SetBytes(b)
}

// Engine returns a certificate, in DER, with which the engine of that name
// signs in until life has passed. Key is its public key.
func (a *Authority) Engine(id harrier.UUID, key any, now time.Time, life time.Duration) ([]byte, error) {
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: id.String(), Organization: []string{"Harrier engine"}},
		NotBefore: now.Add(-5 * time.Minute), NotAfter: now.Add(life),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, a.cert, key, a.key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate: %w", err)
	}
	return der, nil
}

// Certificate is the authority's own.
func (a *Authority) Certificate() *x509.Certificate { return a.cert }
