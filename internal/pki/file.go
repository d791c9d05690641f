package pki

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/harrier-scan/harrier"
)

// LoadPair reads an operator's certificate chain and key, in PEM. It answers
// Invalid, naming the files, when they can't be used.
func LoadPair(certFile, keyFile string) (tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return tls.Certificate{}, harrier.Invalidf("tls_cert", "%s and %s are not a certificate and its key", certFile, keyFile).Because(err)
	}
	return pair, nil
}

// load reads a file of one certificate and its key. The error is
// fs.ErrNotExist when there is no such file.
func load(path string) (tls.Certificate, error) {
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return tls.Certificate{}, err
	case err != nil:
		return tls.Certificate{}, harrier.Errorf(harrier.Unavailable, "%s can not be read", path).Because(err)
	}
	pair, err := tls.X509KeyPair(b, b)
	if err != nil {
		return tls.Certificate{}, harrier.Errorf(harrier.Invalid, "%s is damaged", path).Because(err)
	}
	if pair.Leaf == nil {
		return tls.Certificate{}, harrier.Errorf(harrier.Invalid, "%s is damaged", path)
	}
	return pair, nil
}

// save writes a certificate and its key into one file that only its owner can
// read, all or nothing.
func save(path string, pair tls.Certificate) error {
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		return fmt.Errorf("encode key: %w", err)
	}
	var b bytes.Buffer
	for _, der := range pair.Certificate {
		_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: der}) // a buffer takes everything
	}
	_ = pem.Encode(&b, &pem.Block{Type: "PRIVATE KEY", Bytes: key})
	if err := os.WriteFile(path+".new", b.Bytes(), 0o600); err != nil {
		return harrier.Errorf(harrier.Unavailable, "%s can not be written", path).Because(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return harrier.Errorf(harrier.Unavailable, "%s can not be written", path).Because(err)
	}
	return nil
}
