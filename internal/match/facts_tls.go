package match

import (
	"strings"

	"github.com/harrier-scan/harrier"
)

// tlsFacts are about TLS and certificates.
var tlsFacts = []serviceFact{
	{harrier.Vulnerability{
		ID: 56984, Slug: "tls-versions", Name: "SSL / TLS Versions Supported", Family: "General",
		Synopsis:    "The service encrypts its traffic.",
		Description: "The service completes handshakes with these versions of SSL or TLS.",
	}, func(s harrier.Service) string {
		versions := s.Fact("tls.versions")
		if versions == "" {
			return ""
		}
		return "\nThis port supports " + strings.Join(list(versions), "/") + ".\n"
	}},
	{tlsVersionFact(121010, "1.1"), tlsVersionText("1.1")},
	{tlsVersionFact(136318, "1.2"), tlsVersionText("1.2")},
	{tlsVersionFact(138330, "1.3"), tlsVersionText("1.3")},
	{harrier.Vulnerability{
		ID: 84821, Slug: "tls-alpn", Name: "TLS ALPN Supported Protocol Enumeration", Family: "Misc.",
		Synopsis:    "The service negotiates an application protocol within TLS.",
		Description: "In the TLS handshake the service chose among the application protocols that it was offered.",
	}, func(s harrier.Service) string {
		if alpn := s.Fact("tls.alpn"); alpn != "" {
			return "\n  " + strings.Join(list(alpn), "\n  ") + "\n"
		}
		return ""
	}},
	{harrier.Vulnerability{
		ID: 10863, Slug: "tls-certificate", Name: "SSL Certificate Information", Family: "General",
		Synopsis:    "The certificate of the service.",
		Description: "What the X.509 certificate says that the service identifies itself with.",
	}, certificateText},
	{harrier.Vulnerability{
		ID: 94761, Slug: "tls-root-certificate", Name: "SSL Root Certification Authority Certificate Information", Family: "General",
		Synopsis:    "The chain of certificates ends with a root.",
		Description: "The last certificate that the service sends is one that a certification authority has made for itself. Clients need not be sent it: they trust their own copy or none.",
		Solution:    "See that the use of this authority is in line with your rules.",
	}, func(s harrier.Service) string {
		if len(s.Certificates) < 2 {
			return ""
		}
		last := s.Certificates[len(s.Certificates)-1]
		if last.Subject == "" || last.Subject != last.Issuer {
			return ""
		}
		return labelled([2]string{"Subject", last.Subject}, [2]string{"Issuer", last.Issuer}, [2]string{"Valid From", moment(last.NotBefore)},
			[2]string{"Valid To", moment(last.NotAfter)}, [2]string{"Signature Algorithm", last.Signature}, [2]string{"SHA-256 Fingerprint", last.SHA256})
	}},
}

func tlsVersionFact(id harrier.VulnID, version string) harrier.Vulnerability {
	name := "TLS Version " + version + " Protocol Detection"
	return harrier.Vulnerability{
		ID: id, Slug: "tls-" + strings.Replace(version, ".", "-", 1) + "-detection", Name: name, Family: "Service detection",
		Synopsis:    "The service speaks TLS " + version + ".",
		Description: "A handshake that offers no other version than TLS " + version + " succeeds.",
	}
}

func tlsVersionText(version string) func(harrier.Service) string {
	return func(s harrier.Service) string {
		for _, v := range list(s.Fact("tls.versions")) {
			if v == "TLSv"+version {
				return "TLSv" + version + " is enabled on this port.\n"
			}
		}
		return ""
	}
}
