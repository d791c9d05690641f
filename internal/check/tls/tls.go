// Package tls has the checks of TLS versions and certificates. They send
// nothing: they judge what a service showed when it was recognised.
package tls

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// Checks lists the checks of this package.
var Checks = []check.Check{
	Expired, NotYetValid, ExpiringSoon, SelfSigned, Untrusted, WrongName, WeakHash, WeakRSA, SSL3, TLS10, TLS11,
}

// encrypted returns the services that speak TLS, also where nothing could be
// learnt about it: then a check can not tell, which is not the same as clean.
func encrypted(s harrier.Service) bool {
	return s.TLS || len(s.Certificates) > 0 || s.Fact("tls.starttls") != "" || s.Fact("tls.versions") != ""
}

// leaf returns the certificate of the service itself.
func leaf(t check.Target) (harrier.Certificate, error) {
	if len(t.Service.Certificates) == 0 || t.Service.Certificates[0].NotAfter.IsZero() {
		return harrier.Certificate{}, fmt.Errorf("certificate: %w", check.ErrNoFact)
	}
	return t.Service.Certificates[0], nil
}

// dated makes a check of the validity of the certificate: wrong judges it at
// an instant.
func dated(v harrier.Vulnerability, r check.Rating, wrong func(c harrier.Certificate, now time.Time) bool) check.Check {
	v.Family = "General"
	v.Solution = "Install a certificate that is valid now, and renew it in time, best automatically."
	v.References = []string{"https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5"}
	return check.Define(v, r, check.Check{Applies: encrypted, Quiet: true, Run: func(_ context.Context, t check.Target) (harrier.Verdict, string, error) {
		c, err := leaf(t)
		switch {
		case err != nil:
			return harrier.Unknown, "", err
		case wrong(c, t.At()):
			return harrier.Present, describe(c), nil
		}
		return harrier.Absent, "", nil
	}})
}

// describe is the evidence about a certificate.
func describe(c harrier.Certificate) string {
	const layout = "Jan 02 15:04:05 2006 GMT"
	return fmt.Sprintf("\n  Subject          : %s\n  Issuer           : %s\n  Not valid before : %s\n  Not valid after  : %s\n",
		c.Subject, c.Issuer, c.NotBefore.UTC().Format(layout), c.NotAfter.UTC().Format(layout))
}

// soon is when ExpiringSoon begins to warn.
const soon = 60 * 24 * time.Hour

// Expired reports a certificate whose time is over.
var Expired = dated(harrier.Vulnerability{
	ID: 15901, Slug: "tls-certificate-expired", Name: "SSL Certificate Expiry",
	Synopsis:    "The certificate of the service has expired.",
	Description: "The certificate is not valid any more. Clients that check it refuse the service, and people learn to click such warnings away.",
	CWEs:        []int{298},
}, check.Doubt, func(c harrier.Certificate, now time.Time) bool { return now.After(c.NotAfter) })

// NotYetValid reports a certificate whose time has not come.
var NotYetValid = dated(harrier.Vulnerability{
	ID: 900401, Slug: "tls-certificate-not-yet-valid", Name: "TLS certificate is not valid yet",
	Synopsis:    "The certificate of the service is not valid yet.",
	Description: "The certificate becomes valid in the future only: it was installed too early, or the clock of whoever signed it is wrong. Clients that check it refuse the service.",
	CWEs:        []int{295},
}, check.Doubt, func(c harrier.Certificate, now time.Time) bool { return now.Before(c.NotBefore) })

// ExpiringSoon states that a certificate will expire within 60 days.
var ExpiringSoon = dated(harrier.Vulnerability{
	ID: 42981, Slug: "tls-certificate-expires-soon", Name: "SSL Certificate Expiry - Future Expiry",
	Synopsis:    "The certificate of the service expires soon.",
	Description: "The certificate expires within the next 60 days.",
}, check.Fact, func(c harrier.Certificate, now time.Time) bool {
	return !now.After(c.NotAfter) && c.NotAfter.Sub(now) < soon
})

// WrongName reports a certificate for another host.
var WrongName = check.Define(harrier.Vulnerability{
	ID: 45411, Slug: "tls-certificate-wrong-name", Name: "SSL Certificate with Wrong Hostname", Family: "General",
	Synopsis:    "The certificate of the service is for another host.",
	Description: "None of the names by which the host is known is in the certificate. Clients that check it refuse the service.",
	Solution:    "Install a certificate for the names by which the service is used.",
	CWEs:        []int{297},
	References:  []string{"https://www.rfc-editor.org/rfc/rfc9525"},
}, check.Doubt, check.Check{Applies: encrypted, Quiet: true, Run: func(_ context.Context, t check.Target) (harrier.Verdict, string, error) {
	c, err := leaf(t)
	if err != nil {
		return harrier.Unknown, "", err
	}
	parsed, err := x509.ParseCertificate(c.DER)
	if err != nil {
		return harrier.Unknown, "", fmt.Errorf("certificate: %w", err)
	}
	names := namesOf(t)
	for _, name := range append(names, t.Addr.String()) {
		if parsed.VerifyHostname(name) == nil {
			return harrier.Absent, "", nil
		}
	}
	if len(names) == 0 {
		return harrier.Unknown, "", errors.New("no name of the host is known")
	}
	return harrier.Present, fmt.Sprintf("\n  Known names of the host  : %s\n  Names in the certificate : %s\n  Subject                  : %s\n",
		strings.Join(names, ", "), strings.Join(c.DNSNames, ", "), c.Subject), nil
}})

// namesOf lists the names by which the host is known.
func namesOf(t check.Target) []string {
	var names []string
	for _, name := range []string{t.Name, t.Host.FQDN, t.Host.Name} {
		name = strings.TrimSuffix(strings.ToLower(name), ".")
		if strings.ContainsFunc(name, func(r rune) bool { return r >= 'a' && r <= 'z' }) && !strings.Contains(name, ":") && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// WeakHash reports a chain with a signature over a broken hash.
var WeakHash = check.Define(harrier.Vulnerability{
	ID: 35291, Slug: "tls-certificate-weak-hash", Name: "SSL Certificate Signed Using Weak Hashing Algorithm", Family: "General",
	Synopsis:    "A certificate of the service is signed with a broken hash.",
	Description: "A signature in the chain of certificates is over MD2, MD4, MD5 or SHA-1. Two certificates with the same hash can be made, and so a false one with a genuine signature.",
	Solution:    "Have the certificate signed anew, with SHA-256 or better.",
	CVEs:        []string{"CVE-2004-2761", "CVE-2005-4900"}, CWEs: []int{310},
	References: []string{"https://shattered.io/"},
}, check.Forgery, check.Check{Applies: encrypted, Quiet: true, Run: func(_ context.Context, t check.Target) (harrier.Verdict, string, error) {
	if _, err := leaf(t); err != nil {
		return harrier.Unknown, "", err
	}
	for i, c := range t.Service.Certificates {
		if i > 0 && c.Subject == c.Issuer {
			continue // nobody relies on the signature of a root
		}
		for _, weak := range []string{"MD2", "MD4", "MD5", "SHA1"} {
			if strings.Contains(c.Signature, weak) {
				return harrier.Present, describe(c) + "  Signature        : " + c.Signature + "\n", nil
			}
		}
	}
	return harrier.Absent, "", nil
}})

// WeakRSA reports a chain with a short RSA key.
var WeakRSA = check.Define(harrier.Vulnerability{
	ID: 69551, Slug: "tls-certificate-weak-rsa", Name: "SSL Certificate Chain Contains RSA Keys Less Than 2048 bits", Family: "General",
	Synopsis:    "A certificate of the service has a short key.",
	Description: "The chain of certificates has an RSA key of less than 2048 bits, which no public authority may certify any more because it can be broken with effort.",
	Solution:    "Replace the certificate by one with a longer key, or an elliptic curve.",
	CWEs:        []int{326},
	References:  []string{"https://cabforum.org/working-groups/server/baseline-requirements/"},
}, check.Weakness, check.Check{Applies: encrypted, Quiet: true, Run: func(_ context.Context, t check.Target) (harrier.Verdict, string, error) {
	if _, err := leaf(t); err != nil {
		return harrier.Unknown, "", err
	}
	for _, c := range t.Service.Certificates {
		if c.Key == "RSA" && c.KeyBits > 0 && c.KeyBits < 2048 {
			return harrier.Present, describe(c) + fmt.Sprintf("  RSA key          : %d bits\n", c.KeyBits), nil
		}
	}
	return harrier.Absent, "", nil
}})

// spoken makes a check of a version that should not be spoken.
func spoken(v harrier.Vulnerability, r check.Rating, versions ...string) check.Check {
	v.Family = "Service detection"
	v.Solution = "Allow TLS 1.2 and 1.3 only."
	v.CWEs = []int{327}
	return check.Define(v, r, check.Check{Applies: encrypted, Quiet: true, Run: func(_ context.Context, t check.Target) (harrier.Verdict, string, error) {
		fact, err := t.Fact("tls.versions")
		if err != nil {
			return harrier.Unknown, "", err
		}
		for _, have := range strings.Split(fact, ",") {
			if slices.Contains(versions, strings.TrimSpace(have)) {
				return harrier.Present, strings.TrimSpace(have) + " is accepted; altogether the service speaks " + fact + ".", nil
			}
		}
		for untold := range strings.SplitSeq(t.Service.Fact("tls.versions.untold"), ",") {
			if slices.Contains(versions, untold) {
				return harrier.Unknown, "", fmt.Errorf("no answer to %s", untold)
			}
		}
		if t.Settings.Gentle || t.Host.Fragile {
			return harrier.Unknown, "", errors.New("a fragile host is not asked for every version")
		}
		return harrier.Absent, "", nil
	}})
}

// SSL3 reports a service that speaks SSL.
var SSL3 = spoken(harrier.Vulnerability{
	ID: 20007, Slug: "ssl-v2-v3", Name: "SSL Version 2 and 3 Protocol Detection",
	Synopsis:    "The service speaks SSL, which is broken.",
	Description: "The service completes handshakes of SSL 2.0 or 3.0. Both have faults in the protocol itself by which who is in the path reads traffic.",
	References:  []string{"https://www.rfc-editor.org/rfc/rfc7568", "https://www.rfc-editor.org/rfc/rfc6176"},
}, check.Takeover, "SSLv2", "SSLv3")

// TLS10 reports a service that speaks TLS 1.0.
var TLS10 = spoken(harrier.Vulnerability{
	ID: 104743, Slug: "tls-1-0", Name: "TLS Version 1.0 Protocol Detection",
	Synopsis:    "The service speaks TLS 1.0, which is outdated.",
	Description: "The service completes handshakes of TLS 1.0. Its constructions are weak, and it has been formally deprecated since 2021.",
	References:  []string{"https://www.rfc-editor.org/rfc/rfc8996"},
}, check.OldCryptography, "TLSv1.0")

// TLS11 reports a service that speaks TLS 1.1.
var TLS11 = spoken(harrier.Vulnerability{
	ID: 157288, Slug: "tls-1-1", Name: "TLS Version 1.1 Protocol Deprecated",
	Synopsis:    "The service speaks TLS 1.1, which is outdated.",
	Description: "The service completes handshakes of TLS 1.1, which lacks modern ciphers and has been formally deprecated since 2021.",
	References:  []string{"https://www.rfc-editor.org/rfc/rfc8996"},
}, check.OldCryptography, "TLSv1.1")
