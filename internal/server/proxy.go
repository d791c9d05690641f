package server

import (
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
)

// forwarding are the headers by which proxies tell what a client asked them.
var forwarding = []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto", "Forwarded"}

// hostForm is a name or an address, with or without a port.
var hostForm = regexp.MustCompile(`^([0-9A-Za-z._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?$`)

// proxied has next see requests that come from one of nets as its clients sent
// them to it: host and scheme, which links are made of, and the address of the
// client, which sessions and logs name. What anybody else says of that is taken
// away unread, so that nobody can have links lead elsewhere.
//
// Only what the proxy itself added last is believed: of a list the last entry, of
// addresses the last that is none of nets.
func proxied(nets []netip.Prefix, next http.Handler) http.Handler {
	trusted := func(a netip.Addr) bool {
		for _, n := range nets {
			if n.Contains(a.Unmap().WithZone("")) {
				return true
			}
		}
		return false
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, err := netip.ParseAddrPort(r.RemoteAddr)
		told := r.Header
		r = r.Clone(r.Context())
		for _, name := range forwarding {
			r.Header.Del(name)
		}
		if err == nil && trusted(from.Addr()) {
			restore(r, told, trusted)
		}
		next.ServeHTTP(w, r)
	})
}

// restore makes r what a proxy tells that it was. What it does not tell, or not
// in its form, stays.
func restore(r *http.Request, told http.Header, trusted func(netip.Addr) bool) {
	last := func(name string) string {
		parts := strings.Split(strings.Join(told.Values(name), ","), ",")
		return strings.TrimSpace(parts[len(parts)-1])
	}
	if strings.EqualFold(last("X-Forwarded-Proto"), "http") {
		r.TLS = nil // for the client there is none
	}
	if host := last("X-Forwarded-Host"); hostForm.MatchString(host) {
		r.Host = host
	}
	if port := last("X-Forwarded-Port"); hostForm.MatchString("x:" + port) {
		name, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			name = strings.Trim(r.Host, "[]")
		}
		r.Host = net.JoinHostPort(name, port)
	}
	hops := strings.Split(strings.Join(told.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		a, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return
		}
		r.RemoteAddr = netip.AddrPortFrom(a, 0).String()
		if !trusted(a) {
			return
		}
	}
}
