package tls

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// systemRoots are the authorities that the scan engine's machine trusts. Where
// it has none, nothing can be said about trust.
var systemRoots = sync.OnceValues(func() (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err == nil && pool.Equal(x509.NewCertPool()) {
		err = errors.New("this machine trusts no authority at all")
	}
	return pool, err
})

// trusting makes a check of the chain of certificates. Wrong judges it, and why
// it is not trusted: nil where it is.
func trusting(v harrier.Vulnerability, wrong func(chain []*x509.Certificate, why error) bool) check.Check {
	v.Family = "General"
	v.CWEs = []int{295}
	v.References = []string{"https://www.rfc-editor.org/rfc/rfc5280#section-6"}
	return check.Define(v, check.Eavesdropping, check.Check{Applies: encrypted, Quiet: true, Run: func(_ context.Context, t check.Target) (harrier.Verdict, string, error) {
		roots, err := systemRoots()
		if err != nil {
			return harrier.Unknown, "", fmt.Errorf("trusted authorities: %w", err)
		}
		return judge(t.Service.Certificates, roots, t.At(), wrong)
	}})
}

func judge(sent []harrier.Certificate, roots *x509.CertPool, now time.Time, wrong func([]*x509.Certificate, error) bool) (harrier.Verdict, string, error) {
	var chain []*x509.Certificate
	for _, c := range sent {
		parsed, err := x509.ParseCertificate(c.DER)
		if err != nil {
			return harrier.Unknown, "", fmt.Errorf("certificate: %w", err)
		}
		chain = append(chain, parsed)
	}
	if len(chain) == 0 {
		return harrier.Unknown, "", fmt.Errorf("certificate: %w", check.ErrNoFact)
	}
	why := verify(chain, roots, now)
	// Go looks at the dates first: what else is wrong shows at a time when the
	// certificate is valid.
	if undated := verify(chain, roots, within(chain[0], now)); undated != nil {
		why = undated
	}
	if wrong(chain, why) {
		return harrier.Present, fmt.Sprintf("%s  Fault            : %s\n", describe(sent[0]), why), nil
	}
	return harrier.Absent, "", nil
}

// within returns the instant next to now at which c is valid.
func within(c *x509.Certificate, now time.Time) time.Time {
	switch {
	case now.Before(c.NotBefore):
		return c.NotBefore
	case now.After(c.NotAfter):
		return c.NotAfter
	}
	return now
}

// verify says why a chain is not trusted, or nil.
func verify(chain []*x509.Certificate, roots *x509.CertPool, now time.Time) error {
	others := x509.NewCertPool()
	for _, c := range chain[1:] {
		others.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: others, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return fmt.Errorf("not trusted: %w", err)
	}
	return nil
}

// Untrusted reports a certificate that leads to no trusted authority.
var Untrusted = trusting(harrier.Vulnerability{
	ID: 51192, Slug: "tls-certificate-untrusted", Name: "SSL Certificate Cannot Be Trusted",
	Synopsis:    "The certificate of the service can not be trusted.",
	Description: "The chain of certificates does not lead to an authority that the scan engine trusts, or one of its certificates is not valid. Clients can not tell the service from an impostor.",
	Solution:    "Install a certificate of an authority that clients trust, together with the certificates between.",
}, func(_ []*x509.Certificate, why error) bool { return why != nil })

// SelfSigned reports a chain that ends in a certificate which vouches for
// itself, and which nobody trusts.
var SelfSigned = trusting(harrier.Vulnerability{
	ID: 57582, Slug: "tls-certificate-self-signed", Name: "SSL Self-Signed Certificate",
	Synopsis:    "The certificate of the service vouches for itself.",
	Description: "The chain of certificates ends in one that is signed by itself and that the scan engine does not trust. Clients can not tell the service from an impostor.",
	Solution:    "Install a certificate of an authority that clients trust.",
}, selfSigned)

func selfSigned(chain []*x509.Certificate, why error) bool {
	last := chain[len(chain)-1]
	var stranger x509.UnknownAuthorityError
	return errors.As(why, &stranger) && bytes.Equal(last.RawSubject, last.RawIssuer)
}
