package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// hops is how often a page may lead to another one of the same server.
const hops = 3

var form = regexp.MustCompile(`(?is)<form\b([^>]*)>(.*?)(</form|$)`)

var secureAction = regexp.MustCompile(`(?i)\baction\s*=\s*["']?https:`)

// PlainLogin reports a page that asks for a password and is not encrypted.
var PlainLogin = check.Define(harrier.Vulnerability{
	ID: 26194, Slug: "http-login-cleartext", Name: "Web Server Transmits Cleartext Credentials", Family: servers,
	Synopsis:    "A page of the web server asks for passwords in the clear.",
	Description: "The page that the server shows first has a field for a password, and is neither encrypted itself nor sends the password to an encrypted address. Who is in the path reads it.",
	Solution:    "Serve the page by HTTPS only.",
	CWEs:        []int{319, 522},
	References:  []string{"https://cwe.mitre.org/data/definitions/319.html"},
}, check.Weakness, check.Check{Applies: func(s harrier.Service) bool { return applies(s) && !s.TLS }, Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
	path := "/"
	for range hops {
		r, err := t.Get(ctx, path)
		switch {
		case err != nil:
			return harrier.Unknown, "", err
		case r.Status >= 500 || r.Status == http.StatusTooManyRequests:
			return harrier.Unknown, "", fmt.Errorf("GET %s: status %d", path, r.Status)
		case r.Status/100 != 3:
			for _, f := range form.FindAllSubmatch(r.Body, -1) {
				if field := passwordField.Find(f[2]); field != nil && !secureAction.Match(f[1]) {
					return harrier.Present, t.URL(path) + "\n\n  " + string(field), nil
				}
			}
			return harrier.Absent, "", nil
		}
		if path = same(t, path, r.Header.Get("Location")); path == "" {
			return harrier.Absent, "", nil
		}
	}
	return harrier.Absent, "", nil
}})

// same is where a page leads to on the same server, without encryption; "" when
// it leads elsewhere.
func same(t check.Target, path, location string) string {
	base, err := url.Parse(t.URL(path))
	if err != nil || location == "" {
		return ""
	}
	u, err := base.Parse(location)
	if err != nil || u.Scheme != base.Scheme || !strings.EqualFold(u.Host, base.Host) {
		return ""
	}
	return u.RequestURI()
}
