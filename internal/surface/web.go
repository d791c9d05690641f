package surface

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/miekg/dns"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/surface/page"
	"github.com/harrier-scan/harrier/internal/surface/resolve"
)

// The bounds of what is got from one site.
const (
	maxBody     = 1 << 20
	maxAddrs    = 4   // of one name that are touched
	maxNames    = 200 // of one certificate
	maxForeign  = 50  // names of others on one page
	maxSitemaps = 3
)

// touch asks the web servers of an own name, under that name, for their front
// page and a few more: also where a provider runs them, since the page is own
// even there. Nothing else is asked of such addresses.
func (d *discovery) touch(ctx context.Context, name string) {
	addrs := d.reachable(ctx, name)
	if len(addrs) == 0 {
		return
	}
	n := Node{Kind: Domain, Key: name}
	for _, p := range d.o.WebPorts {
		known := true
		for _, a := range addrs {
			s := &site{d: d, host: name, node: n, at: netip.AddrPortFrom(a.addr, p.Port), tls: p.TLS, own: a.own}
			answered, told := s.front(ctx)
			if known = known && told; answered {
				known = true
				s.examine(ctx, Node{Kind: URL, Key: s.base().String()})
				s.explore(ctx)
				break
			}
		}
		d.asked(ctx, n, p.Port, known)
	}
}

// asked notes whether it is known what stands at a web port.
func (d *discovery) asked(ctx context.Context, n Node, port uint16, known bool) {
	if ctx.Err() != nil {
		return
	}
	what := AttrSilent
	if known {
		what = AttrAsked
	}
	d.attribute(n, "web", what, strconv.Itoa(int(port))+"/tcp")
}

// touchAddr asks an own address for the page and the certificate that it shows
// to whoever names no host.
func (d *discovery) touchAddr(ctx context.Context, a netip.Addr) {
	for _, p := range d.o.WebPorts {
		host := a.String()
		if a.Is6() {
			host = "[" + host + "]"
		}
		s := &site{d: d, host: host, node: AddrNode(a), at: netip.AddrPortFrom(a, p.Port), tls: p.TLS, own: true}
		_, known := s.front(ctx)
		d.asked(ctx, s.node, p.Port, known)
	}
}

// spot is an address of a name; own tells that it is the owner's of the name.
type spot struct {
	addr netip.Addr
	own  bool
}

// reachable are the addresses of a name that may be talked to.
func (d *discovery) reachable(ctx context.Context, name string) (out []spot) {
	for _, t := range []uint16{dns.TypeA, dns.TypeAAAA} {
		a, err := d.dns.Lookup(ctx, name, t)
		if err != nil {
			continue
		}
		for _, r := range a.Records {
			addr, ok := resolve.Addr(r)
			if !ok || d.o.reserved(addr) || d.o.Marks[AddrNode(addr)].Secondary || d.o.Net.Forbidden(addr) != nil {
				continue
			}
			owner := resolve.Canonical(r.Header().Name)
			_, shared := d.o.Places.Shared(addr)
			out = append(out, spot{addr, d.isOwn(owner) && !shared && !d.o.Marks[Node{Kind: Domain, Key: owner}].IgnoreIPs})
		}
	}
	slices.SortFunc(out, func(a, b spot) int { return a.addr.Compare(b.addr) })
	out = slices.Compact(out)
	return out[:min(len(out), maxAddrs)]
}

// dial connects to an address through the one way out.
func (d *discovery) dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	if err := d.o.Net.Declare(to.Addr(), 0); err != nil {
		return nil, err
	}
	c, err := d.o.Net.Dial(ctx, "tcp", to)
	if err != nil {
		d.o.Net.Release(to.Addr())
		return nil, err
	}
	return &released{Conn: c, net: d.o.Net, addr: to.Addr()}, nil
}

// released is a connection that gives its address back when it is closed: once,
// though the end of a context closes it beside whoever uses it.
type released struct {
	net.Conn
	net  *netio.Net
	addr netip.Addr
	once sync.Once
}

func (c *released) Close() error {
	defer c.once.Do(func() { c.net.Release(c.addr) })
	return c.Conn.Close()
}

// site is a web server under one name at one address.
type site struct {
	d    *discovery
	host string
	node Node
	at   netip.AddrPort
	tls  bool
	own  bool // the address is
	body []byte
	res  *answer
	made []harrier.Technology // of the front page
}

func (s *site) base() *url.URL {
	u := &url.URL{Scheme: "http", Host: s.host, Path: "/"}
	standard := uint16(80)
	if s.tls {
		u.Scheme, standard = "https", 443
	}
	if s.at.Port() != standard {
		u.Host += ":" + strconv.Itoa(int(s.at.Port()))
	}
	return u
}

// get asks for one page. Redirects are told, not followed.
func (s *site) get(ctx context.Context, u *url.URL) (*answer, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, s.d.o.Patience)
	defer cancel()
	server := s.host
	if s.node.Kind != Domain {
		server = ""
	}
	t := &http.Transport{
		DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10, DisableCompression: false,
		DialContext:     func(ctx context.Context, _, _ string) (net.Conn, error) { return s.d.dial(ctx, s.at) },
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: server, MinVersion: tls.VersionTLS10}, // what is wrong with a certificate is a finding
	}
	defer t.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("User-Agent", "Mozilla/5.0 (compatible; Harrier)")
	res, err := t.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	if len(body) > 0 {
		err = nil
	}
	return &answer{res.StatusCode, res.Header, res.TLS}, body, err
}

// answer is what came before the page.
type answer struct {
	StatusCode int
	Header     http.Header
	TLS        *tls.ConnectionState
}

// front gets the front page and takes what the connection tells. It reports
// whether something answered, and whether it is known what stands there: also
// when the port is closed.
func (s *site) front(ctx context.Context) (answered, known bool) {
	var last error
	for range 2 { // one lost packet is no answer
		if s.res, s.body, last = s.get(ctx, s.base()); last == nil {
			break
		}
		if closed := netio.Classify(last) == netio.Closed; ctx.Err() != nil || closed {
			return false, closed
		}
	}
	if last != nil {
		return false, false
	}
	n := s.url(s.base(), s.res, s.body)
	s.d.front(n, s)
	if s.own {
		service := Node{Kind: Service, Key: s.at.String() + "/tcp"}
		s.d.link(AddrNode(s.at.Addr()), Hosts, service, "web", nil)
		s.d.link(service, Hosts, n, "web", nil)
	}
	if s.res.TLS != nil {
		s.certificates(n)
	}
	return true, true
}

// url takes one page as a node.
func (s *site) url(u *url.URL, res *answer, body []byte) Node {
	d, n := s.d, Node{Kind: URL, Key: u.String()}
	d.link(s.node, Hosts, n, "web", nil)
	p := page.Parse(u, bytes.NewReader(body))
	attributes := map[string][]string{"status": {strconv.Itoa(res.StatusCode)}}
	set := func(name, value string) {
		if value = strings.ToValidUTF8(value[:min(len(value), 300)], ""); value != "" {
			attributes[name] = []string{value}
		}
	}
	set("title", p.Title)
	for name, header := range map[string]string{
		"server": "Server", "type": "Content-Type", "powered": "X-Powered-By", "hsts": "Strict-Transport-Security", "csp": "Content-Security-Policy",
		"frames": "X-Frame-Options", "sniff": "X-Content-Type-Options", "referrer": "Referrer-Policy", "location": "Location",
	} {
		set(name, res.Header.Get(header))
	}
	if p.Form {
		set("form", "true")
	}
	if p.Password {
		set("password", "true")
	}
	if u.Path == "/" { // others may be written about such pages
		set("unclaimed", unclaimed(body))
	}
	for _, name := range telltale {
		if v := res.Header.Get(name); v != "" {
			attributes["leaks"] = append(attributes["leaks"], strings.ToValidUTF8(name+": "+v[:min(len(v), 100)], ""))
		}
	}
	d.emit(Fact{Node: n, How: "web", Attributes: attributes})
	for _, product := range []string{res.Header.Get("Server"), res.Header.Get("X-Powered-By"), p.Generator} {
		if c := component(product); c != "" {
			d.link(n, UsesComponent, Node{Kind: Component, Key: c}, "web", nil)
		}
	}
	s.technologies(n, WebAnswer{u.RequestURI(), res.StatusCode, res.Header, body})
	if target, err := u.Parse(res.Header.Get("Location")); err == nil && res.StatusCode/100 == 3 && res.Header.Get("Location") != "" && target.Hostname() != "" {
		target.Fragment, target.User = "", nil
		if t := target.String(); len(t) < maxValue && t != n.Key {
			d.link(n, Redirect, Node{Kind: URL, Key: t}, "web", nil)
		}
		d.domain(n, Links, target.Hostname(), "redirect", nil)
	}
	s.refer(n, Links, hosts(p.Links), "link")
	s.refer(n, Referenced, hosts(p.Resources), "script")
	s.refer(n, Referenced, page.Policy(res.Header.Get("Content-Security-Policy")), "csp")
	d.mentions(n, string(body), "page")
	return n
}

// telltale are headers that are there to name software.
var telltale = []string{"X-AspNet-Version", "X-AspNetMvc-Version", "X-Generator", "X-Powered-CMS"}

func (s *site) refer(from Node, link Link, names []string, how string) {
	foreign := 0
	for _, name := range names {
		if _, err := netip.ParseAddr(name); err == nil || name == s.host {
			continue
		}
		if seedOf(s.d.own, name) == "" {
			if foreign++; foreign > maxForeign {
				continue
			}
		}
		s.d.domain(from, link, name, how, nil)
	}
}

func hosts(urls []string) (out []string) {
	for _, u := range urls {
		if h := page.Host(u); h != "" {
			out = append(out, h)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// component is the URN of what a header names, such as "nginx/1.22.1 (Debian)".
func component(product string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(product), " ")
	name, version, _ := strings.Cut(word, "/")
	if version == "" { // "WordPress 6.1"
		if f := strings.Fields(product); len(f) > 1 && f[1][0] >= '0' && f[1][0] <= '9' {
			version = f[1]
		}
	}
	return componentKey(name, version)
}

// componentKey is the URN of software; "" without a name.
func componentKey(name, version string) string {
	clean := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune(".-_+", r) {
				return r
			}
			return -1
		}, strings.ToLower(s[:min(len(s), 60)]))
	}
	if name, version = clean(name), clean(version); name == "" {
		return ""
	}
	if version != "" {
		name += ":" + version
	}
	return "urn:component:application:" + name
}

// explore gets a few more pages of the same site: those that the front page
// links to, in the order of their addresses, and what robots.txt and sitemaps
// name.
func (s *site) explore(ctx context.Context) {
	base := s.base()
	same := func(u string) *url.URL {
		p, err := url.Parse(u)
		if err != nil || p.Host != base.Host || p.Scheme != base.Scheme || p.RequestURI() == "/" {
			return nil
		}
		return p
	}
	n := Node{Kind: URL, Key: base.String()}
	front := page.Parse(base, bytes.NewReader(s.body))
	left := s.d.o.Pages
	for _, l := range front.Links {
		u := same(l)
		if u == nil || left <= 0 {
			continue
		}
		left--
		if res, body, err := s.get(ctx, u); err == nil {
			s.url(u, res, body)
		}
	}
	for _, l := range front.Resources { // scripts name hosts
		if u := same(l); u != nil && strings.HasSuffix(u.Path, ".js") && left > 0 {
			left--
			if res, body, err := s.get(ctx, u); err == nil && res.StatusCode == http.StatusOK {
				s.d.mentions(n, string(body), "script")
			}
		}
	}
	s.maps(ctx, n, base)
}

// maps reads robots.txt and the sitemaps of the same site.
func (s *site) maps(ctx context.Context, n Node, base *url.URL) {
	maps := []string{base.JoinPath("sitemap.xml").String()}
	if res, body, err := s.get(ctx, base.JoinPath("robots.txt")); err == nil && res.StatusCode == http.StatusOK {
		_, more := page.Robots(base, string(body))
		maps = append(maps, more...)
		s.refer(n, Links, hosts(more), "robots")
	}
	slices.Sort(maps)
	got := 0
	for _, m := range slices.Compact(maps) {
		u, err := url.Parse(m)
		if err != nil || u.Host != base.Host || got == maxSitemaps {
			continue
		}
		got++
		if res, body, err := s.get(ctx, u); err == nil && res.StatusCode == http.StatusOK {
			s.refer(n, Links, hosts(page.Sitemap(bytes.NewReader(body))), "sitemap")
		}
	}
}

// certificates takes the certificate that was shown.
func (s *site) certificates(n Node) {
	chain := s.res.TLS.PeerCertificates
	if len(chain) == 0 {
		return
	}
	cert := s.d.certificate(n, chain)
	if s.own {
		s.d.link(AddrNode(s.at.Addr()), HostsCert, cert, "certificate", nil)
	}
	if s.node.Kind == Domain && chain[0].VerifyHostname(s.host) != nil {
		s.d.attribute(n, "certificate", "certificate.mismatch", "true")
	}
}

// unclaimed names the provider that says that nobody has the site; "" for none.
func unclaimed(body []byte) string {
	for _, m := range []struct{ text, provider string }{
		{"There isn't a GitHub Pages site here", "github-pages"},
		{"NoSuchBucket", "aws-s3"},
		{"No such app", "heroku"},
		{"Fastly error: unknown domain", "fastly"},
		{"Sorry, this shop is currently unavailable", "shopify"},
		{"project not found", "surge"},
		{"The specified bucket does not exist", "google-storage"},
		{"Repository not found", "bitbucket"},
		{"404 Web Site not found", "azure"},
		{"404 error unknown site!", "pantheon"},
		{"Whatever you were looking for doesn't currently exist at this address", "tumblr"},
		{"Do you want to register", "wordpress"},
		{"The creators of this project are still working on making everything perfect!", "readme"},
		{"No settings were found for this company:", "helpscout"},
	} {
		if len(body) < 64<<10 && bytes.Contains(body, []byte(m.text)) {
			return m.provider
		}
	}
	return ""
}
