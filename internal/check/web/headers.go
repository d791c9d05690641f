package web

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// Trace reports a server that sends requests back.
var Trace = check.Define(harrier.Vulnerability{
	ID: 11213, Slug: "http-trace", Name: "HTTP TRACE / TRACK Methods Allowed", Family: servers,
	Synopsis:    "The web server sends requests back.",
	Description: "The server answers TRACE requests with the request itself. Together with other faults this shows scripts what they must not see, such as cookies.",
	Solution:    "Turn the method off (TraceEnable off).",
	CVEs:        []string{"CVE-2003-1567", "CVE-2004-2320", "CVE-2010-0386"}, CWEs: []int{16, 200},
	References: []string{"https://www.rfc-editor.org/rfc/rfc9110#section-9.3.8"},
}, check.Disclosure, check.Check{
	Applies: applies,
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		mark := rand.Text()
		r, err := t.HTTP(ctx, check.Request{Method: http.MethodTrace, Header: http.Header{"X-Harrier": {mark}}})
		switch {
		case err != nil:
			return harrier.Unknown, "", err
		case r.Status == http.StatusOK && strings.Contains(string(r.Body), mark) && strings.HasPrefix(string(r.Body), "TRACE /"):
			return harrier.Present, "The server sent back a header that was made up for it:\n\n  X-Harrier: " + mark, nil
		case r.Status >= 500 && r.Status != http.StatusNotImplemented:
			return harrier.Unknown, "", fmt.Errorf("TRACE: status %d", r.Status)
		}
		return harrier.Absent, "", nil
	},
})

// BasicAuth reports a page that asks for passwords without encryption.
var BasicAuth = check.Define(harrier.Vulnerability{
	ID: 34850, Slug: "http-basic-auth-cleartext", Name: "Web Server Uses Basic Authentication Without HTTPS", Family: servers,
	Synopsis:    "The web server asks for passwords in the clear.",
	Description: "The server wants HTTP basic authentication on a connection that is not encrypted. Who is in the path reads the passwords.",
	Solution:    "Serve the page by HTTPS only.",
	CWEs:        []int{319, 522},
	References:  []string{"https://www.rfc-editor.org/rfc/rfc7617#section-4"},
}, check.Weakness, check.Check{
	Applies: func(s harrier.Service) bool { return applies(s) && !s.TLS }, Quiet: true,
	Run: func(_ context.Context, t check.Target) (harrier.Verdict, string, error) {
		header, status, err := headers(t)
		if err != nil {
			return harrier.Unknown, "", err
		}
		for _, scheme := range header.Values("Www-Authenticate") {
			if status == "401" && strings.HasPrefix(strings.ToLower(scheme), "basic") {
				return harrier.Present, t.URL("/") + "\n\n  WWW-Authenticate: " + scheme, nil
			}
		}
		return harrier.Absent, "", nil
	},
})

// headers reads the header block of the answer for the root.
func headers(t check.Target) (http.Header, string, error) {
	block, err1 := t.Fact("http.headers")
	status, err2 := t.Fact("http.status")
	if err := errors.Join(err1, err2); err != nil {
		return nil, "", err
	}
	if first, rest, more := strings.Cut(block, "\n"); more && strings.HasPrefix(first, "HTTP/") {
		block = rest
	}
	text := strings.ReplaceAll(strings.ReplaceAll(block, "\r\n", "\n"), "\n", "\r\n")
	header, err := textproto.NewReader(bufio.NewReader(strings.NewReader(strings.TrimSpace(text) + "\r\n\r\n"))).ReadMIMEHeader()
	if err != nil {
		return nil, "", fmt.Errorf("headers: %w", err)
	}
	if fields := strings.Fields(status); len(fields) > 1 && strings.HasPrefix(status, "HTTP/") {
		status = fields[1]
	}
	return http.Header(header), status, nil
}

// lacking makes a statement about a header that the answer for the root lacks.
// Only answers with a page count. There tells whether it is there.
func lacking(v harrier.Vulnerability, secure bool, there func(http.Header) bool) check.Check {
	return check.Define(v, check.Fact, check.Check{
		Applies: func(s harrier.Service) bool { return applies(s) && (s.TLS || !secure) }, Quiet: true,
		Run: func(_ context.Context, t check.Target) (harrier.Verdict, string, error) {
			header, status, err := headers(t)
			switch {
			case err != nil:
				return harrier.Unknown, "", err
			case there(header):
				return harrier.Absent, "", nil
			case !strings.HasPrefix(status, "2") && !secure:
				return harrier.Unknown, "", fmt.Errorf("the answer for the root has status %s, and no page", status)
			}
			return harrier.Present, t.URL("/") + "\n\n  The answer lacks the header.", nil
		},
	})
}

// HSTS states that a server does not ask browsers to stay with HTTPS.
var HSTS = lacking(harrier.Vulnerability{
	ID: 84502, Slug: "http-hsts-missing", Name: "HSTS Missing From HTTPS Server", Family: servers,
	Synopsis:    "The web server does not ask browsers to stay with HTTPS.",
	Description: "The answer lacks the header Strict-Transport-Security. Who is in the path can lead browsers back to plain HTTP.",
	Solution:    "Send the header Strict-Transport-Security.",
	References:  []string{"https://www.rfc-editor.org/rfc/rfc6797"},
}, true, func(h http.Header) bool { return h.Get("Strict-Transport-Security") != "" })

// ContentTypeOptions states that browsers may guess the type of content.
var ContentTypeOptions = lacking(harrier.Vulnerability{
	ID: 900506, Slug: "http-content-type-options-missing", Name: "X-Content-Type-Options header missing", Family: cgi,
	Synopsis:    "Browsers may guess the type of what the web server sends.",
	Description: "The answer lacks the header X-Content-Type-Options. Browsers may take uploaded files for scripts.",
	Solution:    "Send the header X-Content-Type-Options: nosniff.",
	References:  []string{"https://fetch.spec.whatwg.org/#x-content-type-options-header"},
}, false, func(h http.Header) bool { return strings.EqualFold(h.Get("X-Content-Type-Options"), "nosniff") })

// FrameOptions states that pages may be shown inside those of others.
var FrameOptions = lacking(harrier.Vulnerability{
	ID: 50345, Slug: "http-frame-options-missing", Name: "Missing or Permissive X-Frame-Options HTTP Response Header", Family: cgi,
	Synopsis:    "Pages of the web server may be shown inside those of others.",
	Description: "The answer lacks the header X-Frame-Options. Other sites can put the page into an invisible frame and have people click on it unknowingly.",
	Solution:    "Send the header X-Frame-Options: DENY or SAMEORIGIN.",
	References:  []string{"https://www.rfc-editor.org/rfc/rfc7034"},
}, false, func(h http.Header) bool {
	v := strings.ToUpper(strings.TrimSpace(h.Get("X-Frame-Options")))
	return v == "DENY" || v == "SAMEORIGIN"
})

// FrameAncestors states the same about the newer header.
var FrameAncestors = lacking(harrier.Vulnerability{
	ID: 50344, Slug: "http-frame-ancestors-missing", Name: "Missing or Permissive Content-Security-Policy frame-ancestors HTTP Response Header", Family: cgi,
	Synopsis:    "Pages of the web server may be shown inside those of others.",
	Description: "The answer has no Content-Security-Policy with the directive frame-ancestors, or one that allows everybody. Other sites can put the page into an invisible frame and have people click on it unknowingly.",
	Solution:    "Send the header Content-Security-Policy with frame-ancestors 'self' or 'none'.",
	References:  []string{"https://www.w3.org/TR/CSP3/#directive-frame-ancestors"},
}, false, func(h http.Header) bool {
	for _, policy := range h.Values("Content-Security-Policy") {
		for directive := range strings.SplitSeq(policy, ";") {
			words := strings.Fields(strings.ToLower(directive))
			if len(words) > 1 && words[0] == "frame-ancestors" && words[1] != "*" {
				return true
			}
		}
	}
	return false
})
