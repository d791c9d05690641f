package fetch

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/harrier-scan/harrier"
)

// maxRedirects bounds how often a server may send on.
const maxRedirects = 8

// redirect is asked before a request is sent on.
func (f *Fetcher) redirect(to *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return harrier.Errorf(harrier.Unavailable, "the server sends on without an end")
	}
	if !sameHost(via[0].URL, to.URL) {
		for name := range to.Header {
			if !own[name] {
				to.Header.Del(name) // a key is for the first one only
			}
		}
	}
	return f.allowed(via[len(via)-1].URL.String(), to.URL.String())
}

// own are the headers of every request, which any server may see.
var own = map[string]bool{
	"User-Agent": true, "Accept-Encoding": true, "Range": true, "If-Range": true, "If-None-Match": true, "If-Modified-Since": true,
}

// sameHost reports whether two addresses are of one server.
func sameHost(a, b *url.URL) bool { return a.Scheme == b.Scheme && a.Host == b.Host }

// allowed reports whether an address may be asked: https, or http where a server
// of this machine is meant or the operator wants it. From is who sends there, ""
// for nobody: https never leads to http.
func (f *Fetcher) allowed(from, to string) error {
	u, err := url.Parse(to)
	if err != nil || u.Host == "" {
		return harrier.Invalidf("address", "%.200q is no address", to)
	}
	if u.User != nil && from != "" {
		return harrier.Invalidf("address", "%s sends on to an address with a password", hostOf(from))
	}
	if u.Scheme == "https" {
		return nil
	}
	before, err := url.Parse(from)
	if u.Scheme == "http" && err == nil && before.Scheme != "https" {
		if f.o.PlainHTTP || isLoopback(u.Hostname()) && (from == "" || isLoopback(before.Hostname())) {
			return nil
		}
	}
	if from != "" {
		return harrier.Invalidf("address", "%s sends on to %.200s, which is not https", hostOf(from), u.Redacted())
	}
	return harrier.Invalidf("address", "%.200s is not https", u.Redacted())
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the server"
	}
	if host, _, err := net.SplitHostPort(u.Host); err == nil {
		return host
	}
	return u.Host
}
