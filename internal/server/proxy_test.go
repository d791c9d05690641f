package server

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

// TestProxied: a proxy that is trusted tells what its client asked, and nobody
// else does.
func TestProxied(t *testing.T) {
	nets := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/28"), netip.MustParsePrefix("2001:db8::1/128")}
	for name, tt := range map[string]struct {
		from   string
		header http.Header
		host   string
		secure bool
		client string
	}{
		"nothing is told":        {"192.0.2.1:1000", http.Header{}, "console:3780", true, "192.0.2.1:1000"},
		"all is told":            {"192.0.2.1:1000", http.Header{"X-Forwarded-Host": {"scan.example.com"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-For": {"198.51.100.7"}}, "scan.example.com", true, "198.51.100.7:0"},
		"without TLS":            {"192.0.2.1:1000", http.Header{"X-Forwarded-Proto": {"HTTP"}, "X-Forwarded-Host": {"a:8080"}}, "a:8080", false, "192.0.2.1:1000"},
		"a port":                 {"192.0.2.1:1000", http.Header{"X-Forwarded-Host": {"a"}, "X-Forwarded-Port": {"8443"}}, "a:8443", true, "192.0.2.1:1000"},
		"a port of version 6":    {"[2001:db8::1]:9", http.Header{"X-Forwarded-Host": {"[2001:db8::5]"}, "X-Forwarded-Port": {"443"}}, "[2001:db8::5]:443", true, "[2001:db8::1]:9"},
		"the last of a list":     {"192.0.2.1:1000", http.Header{"X-Forwarded-Host": {"evil.example", "b"}, "X-Forwarded-For": {"203.0.113.9, 198.51.100.7", "192.0.2.2"}}, "b", true, "198.51.100.7:0"},
		"a mapped address":       {"[::ffff:192.0.2.1]:5", http.Header{"X-Forwarded-Host": {"a"}}, "a", true, "[::ffff:192.0.2.1]:5"},
		"no host":                {"192.0.2.1:1000", http.Header{"X-Forwarded-Host": {"a/../b"}, "X-Forwarded-For": {"unknown"}, "X-Forwarded-Port": {"x"}}, "console:3780", true, "192.0.2.1:1000"},
		"who is not trusted":     {"192.0.2.16:1000", http.Header{"X-Forwarded-Host": {"evil"}, "X-Forwarded-Proto": {"http"}, "X-Forwarded-For": {"127.0.0.1"}, "Forwarded": {"host=evil"}}, "console:3780", true, "192.0.2.16:1000"},
		"who has the name alone": {"@", http.Header{"X-Forwarded-Host": {"evil"}}, "console:3780", true, "@"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "https://console:3780/", nil)
			r.RemoteAddr, r.Header, r.TLS = tt.from, tt.header, &tls.ConnectionState{}
			called := false
			proxied(nets, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				called = true
				if r.Host != tt.host || (r.TLS != nil) != tt.secure || r.RemoteAddr != tt.client {
					t.Errorf("%s, TLS %v, from %s; want %s, %v, %s", r.Host, r.TLS != nil, r.RemoteAddr, tt.host, tt.secure, tt.client)
				}
				for _, h := range forwarding {
					if r.Header.Get(h) != "" {
						t.Errorf("%s is left", h)
					}
				}
			})).ServeHTTP(httptest.NewRecorder(), r)
			if !called {
				t.Error("not served")
			}
		})
	}
}
