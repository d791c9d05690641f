package match

import (
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// webFacts are about web servers.
var webFacts = []serviceFact{
	{harrier.Vulnerability{
		ID: 10107, Slug: "http-server-type", Name: "HTTP Server Type and Version", Family: "Web Servers",
		Synopsis:    "The web server names itself.",
		Description: "The Server header of an answer names the web server software, and often its version.",
		Solution:    "The server can be told to leave the version out, which hides it from casual looks only.",
	}, func(s harrier.Service) string {
		if server := s.Fact("http.server"); server != "" {
			return "The remote web server type is :\n\n" + server
		}
		return ""
	}},
	{harrier.Vulnerability{
		ID: 24260, Slug: "http-information", Name: "HyperText Transfer Protocol (HTTP) Information", Family: "Web Servers",
		Synopsis:    "What the web server answered to a plain request.",
		Description: "The status, the headers and the title of the page that the web server gives for its root.",
	}, httpText},
	{harrier.Vulnerability{
		ID: 43111, Slug: "http-methods", Name: "HTTP Methods Allowed (per directory)", Family: "Web Servers",
		Synopsis:    "Which methods the web server allows.",
		Description: "Asked for its options, the web server lists the methods that it allows for its root. It may allow others elsewhere, and need not do what it lists.",
		References:  []string{"https://www.rfc-editor.org/rfc/rfc9110"},
	}, func(s harrier.Service) string {
		methods := list(s.Fact("http.methods"))
		if len(methods) == 0 {
			return ""
		}
		slices.Sort(methods)
		return "\nBy the answer to OPTIONS :\n\n  - The methods " + strings.Join(slices.Compact(methods), " ") + " are allowed on :\n\n    /\n"
	}},
}

func httpText(s harrier.Service) string {
	status := s.Fact("http.status")
	if status == "" {
		return ""
	}
	text := labelled([2]string{"Response Code", status}, [2]string{"SSL", yesNo(s.TLS)}, [2]string{"HTTP/2 over TLS", s.Fact("http.h2")}, [2]string{"Title", s.Fact("http.title")}, [2]string{"Allowed methods", s.Fact("http.methods")}, [2]string{"Redirects to", s.Fact("http.redirect")})
	if len(s.Technologies) > 0 {
		text += "Technologies :\n\n"
		for _, t := range s.Technologies {
			text += "  " + t.String() + "\n"
		}
		text += "\n"
	}
	if headers := strings.TrimSpace(s.Fact("http.headers")); headers != "" {
		text += "Headers :\n\n  " + strings.ReplaceAll(strings.ReplaceAll(headers, "\r\n", "\n"), "\n", "\n  ") + "\n"
	}
	return text
}
