package probe

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/webtech"
)

// bounds of the questions about technologies.
const (
	webRedirects = 3
	webQuestions = 6
)

// own asks the questions of this program itself, within a time.
func (h *web) own(ctx context.Context, r httpReply) {
	ctx, cancel := context.WithTimeout(ctx, webAnswers*h.x.Timeout)
	defer cancel()
	h.product(ctx, r)
	h.technologies(ctx, r)
}

// technologies looks at the reply to GET /, at where it leads on the same
// server, at its icon and at the answers to the questions that its signs
// justify, and notes what the service is made of.
func (h *web) technologies(ctx context.Context, first httpReply) {
	x := h.x
	last := h.see("/", first)
	if !x.Gentle && x.s.Name == "http" {
		last = h.follow(ctx, last)
		h.questions(ctx)
		h.icon(ctx, last)
		h.methods(ctx, first)
	}
	if last.Title != "" {
		x.fact("http.title", clip(oneLine(last.Title), 256))
	}
	x.fact("http.generator", last.Meta("generator"))
	var names []string
	for _, c := range last.Cookies {
		if name := oneLine(c[0]); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	x.fact("http.cookies", strings.Join(names, ", "))
}

// see shows a reply to the rules.
func (h *web) see(path string, r httpReply) *webtech.Page {
	reply := &webtech.Reply{Path: path, Status: r.status, Header: r.fields, Body: r.body}
	page := webtech.Examine(reply)
	if u := h.leads(page); u != nil {
		reply.Leads = u.RequestURI()
	}
	h.look.See(page)
	return page
}

// follow goes where a page leads on this very server, and returns the last one.
func (h *web) follow(ctx context.Context, page *webtech.Page) *webtech.Page {
	for range webRedirects {
		u := h.leads(page)
		if u == nil || !h.here(u) {
			return page
		}
		path := u.RequestURI()
		if _, known := h.replies[path]; known && path != "/" {
			return page
		}
		r, ok := h.get(ctx, path)
		if !ok || path == page.Path {
			return page
		}
		page = h.see(path, r)
	}
	return page
}

// refreshTarget finds where the content of a refresh element leads.
var refreshTarget = pattern(`(?i)\burl\s*=\s*["']?([^"'\s]{1,1000})`)

// scriptTarget finds where the script of a page without contents leads.
var scriptTarget = pattern(`\blocation(?:\.href|\.replace|\.assign)?\s*[=(]\s*["']([^"'<>\s]{1,200})["']`)

// leads returns where a page leads, by its header, its refresh element or its
// script, if that is at the same host; nil otherwise.
func (h *web) leads(p *webtech.Page) *url.URL {
	if u := h.redirect(p.Reply); u != nil || p.Status/100 == 3 {
		return u
	}
	if m := refreshTarget.FindStringSubmatch(p.Meta("refresh")); m != nil {
		return h.resolve(p.Path, m[1])
	}
	if len(p.Body) < 4<<10 {
		if m := scriptTarget.FindSubmatch(p.Body); m != nil {
			return h.resolve(p.Path, string(m[1]))
		}
	}
	return nil
}

// redirect returns where a reply leads by its header, if that is at the same
// host; nil otherwise.
func (h *web) redirect(r *webtech.Reply) *url.URL {
	if r.Status/100 != 3 {
		return nil
	}
	return h.resolve(r.Path, r.Get("Location"))
}

// resolve reads an address that a page at path has; nil when it is not one at
// the same host that can be asked for.
func (h *web) resolve(path, to string) *url.URL {
	if to == "" || len(to) > 1<<10 {
		return nil
	}
	base, err := url.Parse(path)
	if err != nil {
		return nil
	}
	u, err := base.Parse(to)
	if err != nil || u.Opaque != "" || u.Host != "" && !h.sameHost(u.Hostname()) || !strings.HasPrefix(u.RequestURI(), "/") ||
		strings.ContainsFunc(u.RequestURI(), func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return nil
	}
	return u
}

// sameHost reports whether a name is one of the host that is talked to: its
// address, the name by which it was asked, or one of its certificate.
func (h *web) sameHost(name string) bool {
	x := h.x
	if strings.EqualFold(name, x.Name) || name == x.Addr.Unmap().WithZone("").String() {
		return true
	}
	return len(x.s.Certificates) > 0 && slices.ContainsFunc(x.s.Certificates[0].DNSNames, func(n string) bool { return strings.EqualFold(n, name) })
}

// here reports whether u, an address at the same host, is of this very service.
func (h *web) here(u *url.URL) bool {
	if u.Host == "" {
		return u.Scheme == ""
	}
	scheme, port := "http", "80"
	if h.x.s.TLS {
		scheme, port = "https", "443"
	}
	return (u.Scheme == "" || u.Scheme == scheme) && cmp.Or(u.Port(), port) == strconv.Itoa(int(h.x.Port))
}

// questions asks what the signs seen so far justify.
func (h *web) questions(ctx context.Context) {
	for left := webQuestions; left > 0; {
		paths := h.look.Questions()
		if len(paths) == 0 {
			return
		}
		for _, path := range paths[:min(left, len(paths))] {
			left--
			if r, ok := h.get(ctx, path); ok {
				h.see(path, r)
			}
		}
	}
}

// icon gets the icon of a page, and notes its hashes.
func (h *web) icon(ctx context.Context, page *webtech.Page) {
	if page.Status >= 400 && page.Status != 401 && page.Status != 403 || len(page.Body) == 0 && len(page.Icons) == 0 {
		return
	}
	path := "/favicon.ico"
	if len(page.Icons) > 0 {
		u := h.resolve(page.Path, page.Icons[0])
		if u == nil || !h.here(u) {
			return
		}
		path = u.RequestURI()
	}
	r, ok := h.get(ctx, path)
	if !ok || r.status != 200 || len(r.body) == 0 || len(r.body) >= webtech.MaxBody || isText(r) {
		return
	}
	icon := webtech.HashIcon(r.body)
	h.x.fact("http.favicon.path", path)
	h.x.fact("http.favicon.md5", icon.MD5)
	h.x.fact("http.favicon.sha256", icon.SHA256)
	h.x.fact("http.favicon.mmh3", strconv.Itoa(int(icon.MMH3)))
	h.look.SeeIcon(path, icon)
}

// isText reports whether a reply is a page rather than an icon: many servers
// answer with one whatever is asked for. Drawings in SVG are icons.
func isText(r httpReply) bool {
	kind := strings.ToLower(r.get("Content-Type"))
	return strings.HasPrefix(kind, "text/html") || strings.HasPrefix(kind, "application/json")
}

// methods asks which methods the server allows, where nothing looks like a
// small device: the method is safe, but small devices are not.
//
// Source: RFC 9110, sections 9.2.1 and 9.3.7.
func (h *web) methods(ctx context.Context, first httpReply) {
	if first.status >= 500 || first.get("Allow") != "" || h.look.Device() != "" || h.wire == nil {
		return
	}
	if r, ok := h.do(ctx, "OPTIONS", "/", ""); ok && r.status < 300 {
		h.x.fact("http.methods", cmp.Or(r.all("Allow"), r.all("Public")))
	}
}

// tell notes the technologies in the service.
func (h *web) tell() {
	s := h.x.s
	s.Technologies = h.merged()
	var names []string
	for _, t := range s.Technologies {
		names = append(names, oneLine(t.String()))
	}
	h.x.fact("http.technologies", strings.Join(names, ", "))
	if s.Fact("device.hint") == "" {
		h.x.fact("device.hint", h.look.Device())
	}
	if s.Fact("os.hint") == "" {
		h.x.fact("os.hint", h.look.OS())
	}
	if s.Product == "" {
		h.standIn()
	}
	h.completeVersion()
}

// parts are the categories of what is never a service's product by itself.
var parts = map[string]bool{"framework": true, "language": true, "library": true, "plugin": true, "analytics": true, "cdn": true, "waf": true, "template": true}

// standIn makes an application the product of a service whose server does not
// name itself.
func (h *web) standIn() {
	var best *harrier.Technology
	for i := range h.x.s.Technologies {
		t := &h.x.s.Technologies[i]
		if parts[t.Category] || t.Certainty != harrier.Certain {
			continue
		}
		if best == nil || best.Version == "" && t.Version != "" {
			best = t
		}
	}
	if best != nil {
		h.x.take(match{Product: best.Name, Version: best.Version, CPE: best.CPE}, best.Evidence)
	}
}

// completeVersion takes over the version of an application that is the product
// itself. What a page says of a server or a proxy may speak of one behind.
func (h *web) completeVersion() {
	s := h.x.s
	if s.Version != "" || s.CPE == "" {
		return
	}
	for _, t := range s.Technologies {
		if t.Version != "" && t.Certainty == harrier.Certain && t.Category != "server" && t.Category != "proxy" && sameProduct(t.CPE, s.CPE) {
			h.x.take(match{Product: s.Product, Version: t.Version, CPE: t.CPE}, t.Evidence)
			return
		}
	}
}

// sameProduct compares part, vendor and product of two names.
func sameProduct(a, b string) bool {
	x, y := strings.SplitN(a, ":", 6), strings.SplitN(b, ":", 6)
	return len(x) == 6 && len(y) == 6 && slices.Equal(x[:5], y[:5])
}
