package match

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // a fingerprint that readers look for, no protection
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// certificateTime is how a certificate's times are written.
const certificateTime = "Jan 02 15:04:05 2006 GMT"

// certificateText is the output of 10863 for the certificate that the service
// identifies itself with.
func certificateText(s harrier.Service) string {
	if len(s.Certificates) == 0 {
		return ""
	}
	return describe(s.Certificates[0])
}

// describe writes a certificate block by block, in the order in which X.509 has
// them. One that can not be parsed is told by what is known of it.
func describe(c harrier.Certificate) string {
	x, err := x509.ParseCertificate(c.DER)
	if err != nil {
		return labelled(
			[2]string{"Subject Name", c.Subject}, [2]string{"Issuer Name", c.Issuer}, [2]string{"Serial Number", c.Serial},
			[2]string{"Signature Algorithm", c.Signature}, [2]string{"Not Valid Before", moment(c.NotBefore)}, [2]string{"Not Valid After", moment(c.NotAfter)},
			[2]string{"Public Key Algorithm", c.Key}, [2]string{"Key Length", fmt.Sprintf("%d bits", c.KeyBits)},
			[2]string{"DNS Names", strings.Join(c.DNSNames, ", ")}, [2]string{"SHA-256 Fingerprint", c.SHA256},
		)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Subject Name: \n\n%s\nIssuer Name: \n\n%s\n", nameText(x.Subject), nameText(x.Issuer))
	fmt.Fprintf(&b, "Serial Number: %s\n\nVersion: %d\n\nSignature Algorithm: %s\n\n", pairs(x.SerialNumber.Bytes()), x.Version, x.SignatureAlgorithm)
	fmt.Fprintf(&b, "Not Valid Before: %s\nNot Valid After: %s\n\n", moment(x.NotBefore), moment(x.NotAfter))
	fmt.Fprintf(&b, "Public Key Info: \n\n%s\n", keyText(x, c))
	fmt.Fprintf(&b, "Signature Length: %d bytes / %d bits\nSignature: %s\n\n", len(x.Signature), 8*len(x.Signature), pairs(x.Signature))
	b.WriteString(extensionText(x))
	old, sum := sha1.Sum(c.DER), sha256.Sum256(c.DER) //nolint:gosec // as above
	fmt.Fprintf(&b, "Fingerprints : \n\nSHA-256 Fingerprint: %s\nSHA-1 Fingerprint: %s\n\n", pairs(sum[:]), pairs(old[:]))
	fmt.Fprintf(&b, "PEM certificate : \n\n%s", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.DER}))
	return b.String()
}

// attributes are the labels of the parts of a name, by their object identifiers.
//
// Source: ITU-T X.520; RFC 5280, appendix A.
var attributes = map[string]string{
	"2.5.4.3": "Common Name", "2.5.4.4": "Surname", "2.5.4.5": "Serial Number", "2.5.4.6": "Country", "2.5.4.7": "Locality",
	"2.5.4.8": "State/Province", "2.5.4.9": "Street", "2.5.4.10": "Organization", "2.5.4.11": "Organization Unit", "2.5.4.12": "Title",
	"2.5.4.13": "Description", "2.5.4.17": "Postal Code", "2.5.4.42": "Given Name",
	"1.2.840.113549.1.9.1": "Email Address", "0.9.2342.19200300.100.1.25": "Domain Component", "0.9.2342.19200300.100.1.1": "User ID",
}

func nameText(n pkix.Name) string {
	var b strings.Builder
	for _, a := range n.Names {
		label := attributes[a.Type.String()]
		if label == "" {
			label = a.Type.String()
		}
		fmt.Fprintf(&b, "%s: %s\n", label, oneLine(fmt.Sprint(a.Value)))
	}
	return b.String()
}

// keyText is about the public key.
func keyText(x *x509.Certificate, c harrier.Certificate) string {
	switch k := x.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("Algorithm: RSA Encryption\nKey Length: %d bits\nPublic Key: %s\nExponent: %s\n",
			k.N.BitLen(), pairs(k.N.Bytes()), pairs(big.NewInt(int64(k.E)).Bytes()))
	case *ecdsa.PublicKey:
		text := fmt.Sprintf("Algorithm: EC Encryption\nCurve: %s\nKey Length: %d bits\n", k.Curve.Params().Name, k.Curve.Params().BitSize)
		if point, err := k.Bytes(); err == nil {
			text += "Public Key: " + pairs(point) + "\n"
		}
		return text
	case ed25519.PublicKey:
		return fmt.Sprintf("Algorithm: Ed25519\nKey Length: 256 bits\nPublic Key: %s\n", pairs(k))
	}
	return fmt.Sprintf("Algorithm: %s\nKey Length: %d bits\n", x.PublicKeyAlgorithm, c.KeyBits)
}

// extensionText is about the extensions that people look at.
func extensionText(x *x509.Certificate) string {
	var b strings.Builder
	if len(x.SubjectKeyId) > 0 {
		fmt.Fprintf(&b, "Extension: Subject Key Identifier (2.5.29.14)\nCritical: 0\nSubject Key Identifier: %s\n\n", pairs(x.SubjectKeyId))
	}
	if len(x.AuthorityKeyId) > 0 {
		fmt.Fprintf(&b, "Extension: Authority Key Identifier (2.5.29.35)\nCritical: 0\nKey Identifier: %s\n\n", pairs(x.AuthorityKeyId))
	}
	if x.BasicConstraintsValid {
		fmt.Fprintf(&b, "Extension: Basic Constraints (2.5.29.19)\nCritical: %d\nCA: %s\n\n", critical(x, "2.5.29.19"), strings.ToUpper(fmt.Sprint(x.IsCA)))
	}
	var names []string
	for _, n := range x.DNSNames[:min(len(x.DNSNames), maxFurther)] {
		names = append(names, "DNS: "+oneLine(n))
	}
	for _, a := range x.IPAddresses[:min(len(x.IPAddresses), maxFurther)] {
		names = append(names, "IP: "+a.String())
	}
	if len(names) > 0 {
		fmt.Fprintf(&b, "Extension: Subject Alternative Name (2.5.29.17)\nCritical: %d\n%s\n\n", critical(x, "2.5.29.17"), strings.Join(names, "\n"))
	}
	return b.String()
}

func critical(x *x509.Certificate, id string) int {
	for _, e := range x.Extensions {
		if e.Id.String() == id && e.Critical {
			return 1
		}
	}
	return 0
}

// pairs writes bytes as pairs of hex digits with blanks between.
func pairs(b []byte) string { return fmt.Sprintf("% X", b) }

func moment(t time.Time) string { return t.UTC().Format(certificateTime) }

// soon is how early a certificate counts as expiring soon.
const soon = 60 * 24 * time.Hour

// expiryFacts are about certificates that end soon after the scan.
//
// Source: nessus-api.md, section 13.4.
var expiryFacts = []placedFact{
	{harrier.Vulnerability{
		ID: 83298, Slug: "tls-chain-expires-soon", Name: "SSL Certificate Chain Contains Certificates Expiring Soon", Family: "Misc.",
		Synopsis:    "A certificate of the service ends soon.",
		Description: "The service sends a chain of certificates, and at least one of them is valid for less than 60 more days.",
		Solution:    "Have the certificates renewed before they end.",
	}, func(c Context, h harrier.Host, s harrier.Service) string {
		now := h.Ended
		if now.IsZero() {
			now = c.Now
		}
		var b strings.Builder
		for _, one := range s.Certificates {
			if left := one.NotAfter.Sub(now); left > 0 && left < soon {
				fmt.Fprintf(&b, "\n  Subject         : %s\n  Not valid after : %s\n", one.Subject, moment(one.NotAfter))
			}
		}
		if b.Len() == 0 {
			return ""
		}
		return "\nCertificates that end soon :\n" + b.String()
	}},
}
