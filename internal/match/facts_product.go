package match

import (
	"fmt"
	"net"
	"strings"

	"github.com/harrier-scan/harrier"
)

// productFacts are about single products, by their versions.
//
// Source: nessus-api.md, section 13.4.
var productFacts = []placedFact{
	webProduct(48204, "apache-version", "Apache HTTP Server Version", "Apache httpd", "The Apache HTTP server"),
	webProduct(106628, "lighttpd-detection", "lighttpd HTTP Server Detection", "lighttpd", "The web server lighttpd"),
	{harrier.Vulnerability{
		ID: 181418, Slug: "openssh-detection", Name: "OpenSSH Detection", Family: "Misc.",
		Synopsis:    "OpenSSH listens on the port.",
		Description: "The identification line of the SSH server names OpenSSH, and mostly its version.",
		References:  []string{"https://www.openssh.com/"},
	}, func(_ Context, _ harrier.Host, s harrier.Service) string {
		if s.Name != "ssh" || !strings.HasPrefix(s.Product, "OpenSSH") {
			return ""
		}
		return labelled([2]string{"Service", "ssh"}, [2]string{"Version", unknownVersion(s)}, [2]string{"Banner", s.Fact("ssh.version")})
	}},
}

// webProduct is the statement that product is the web server on a port.
func webProduct(id harrier.VulnID, slug, title, product, what string) placedFact {
	return placedFact{harrier.Vulnerability{
		ID: id, Slug: slug, Name: title, Family: "Web Servers",
		Synopsis:    what + " listens on the port.",
		Description: "The answers of the web server show which product it is, and mostly its version.",
	}, func(_ Context, h harrier.Host, s harrier.Service) string {
		if s.Name != "http" || s.Product != product {
			return ""
		}
		backported := "no"
		if distribution(s) != "" {
			backported = "perhaps: it comes from " + distribution(s)
		}
		return labelled([2]string{"URL", address(h, s)}, [2]string{"Version", unknownVersion(s)},
			[2]string{"Source", oneLine(s.Fact("http.server"))}, [2]string{"Backported", backported})
	}}
}

func unknownVersion(s harrier.Service) string {
	if s.Version == "" {
		return "unknown"
	}
	return s.Version
}

// address is the URL of a web service.
func address(h harrier.Host, s harrier.Service) string {
	scheme := "http"
	if s.TLS {
		scheme = "https"
	}
	name := h.Name
	if name == "" && h.Addr.IsValid() {
		name = h.Addr.String()
	}
	return fmt.Sprintf("%s://%s/", scheme, net.JoinHostPort(name, fmt.Sprint(s.Port)))
}
