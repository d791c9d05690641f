// Package page reads what web servers send for what it points to: links,
// scripts, forms, policies, robots.txt, sitemaps. It is pure and bounded.
package page

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// Page is what an HTML page tells. URLs are absolute, without fragments,
// sorted, each once.
type Page struct {
	Title     string
	Links     []string // where a reader is led
	Resources []string // what the page loads: scripts, styles, pictures, frames
	Form      bool     // there is something to fill in
	Password  bool     // even a password
	Generator string
}

// The bounds of a page.
const (
	maxURLs   = 2000
	maxTokens = 200_000
	maxTitle  = 300
)

// Parse reads a page that was got from base.
func Parse(base *url.URL, r io.Reader) (p Page) {
	z := html.NewTokenizer(r)
	z.SetMaxBuf(1 << 20)
	links, resources := set{}, set{}
	inTitle := false
	for range maxTokens {
		switch z.Next() {
		case html.ErrorToken:
			p.Links, p.Resources = links.sorted(), resources.sorted()
			return p
		case html.TextToken:
			if inTitle && len(p.Title) < maxTitle {
				p.Title = clip(p.Title + strings.Join(strings.Fields(string(z.Text())), " "))
			}
		case html.EndTagToken:
			inTitle = false
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			inTitle = t.Data == "title" && p.Title == ""
			p.tag(&base, t, links, resources)
		default: // comments and such
		}
	}
	p.Links, p.Resources = links.sorted(), resources.sorted()
	return p
}

func clip(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), maxTitle)], "")
}

func (p *Page) tag(base **url.URL, t html.Token, links, resources set) {
	switch t.Data {
	case "base":
		if u := absolute(*base, attr(t, "href")); u != nil {
			*base = u
		}
	case "a", "area":
		links.add(*base, attr(t, "href"))
	case "form":
		links.add(*base, attr(t, "action"))
	case "input", "textarea", "select":
		kind := strings.ToLower(attr(t, "type"))
		p.Form = p.Form || kind != "hidden" && kind != "submit"
		p.Password = p.Password || kind == "password"
	case "link":
		switch rel := strings.ToLower(attr(t, "rel")); rel {
		case "stylesheet", "icon", "shortcut icon", "preload", "modulepreload", "manifest", "preconnect", "dns-prefetch":
			resources.add(*base, attr(t, "href"))
		default:
			links.add(*base, attr(t, "href"))
		}
	case "script", "img", "iframe", "frame", "embed", "source", "video", "audio", "track":
		resources.add(*base, attr(t, "src"))
	case "object":
		resources.add(*base, attr(t, "data"))
	case "meta":
		switch {
		case strings.EqualFold(attr(t, "name"), "generator"):
			p.Generator = clip(attr(t, "content"))
		case strings.EqualFold(attr(t, "http-equiv"), "refresh"):
			if i := strings.Index(strings.ToLower(attr(t, "content")), "url="); i >= 0 {
				links.add(*base, strings.Trim(attr(t, "content")[i+4:], `'" `))
			}
		}
	}
}

func attr(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return strings.TrimSpace(a.Val)
		}
	}
	return ""
}

// set is of absolute URLs.
type set map[string]bool

func (s set) add(base *url.URL, ref string) {
	if u := absolute(base, ref); u != nil && len(s) < maxURLs {
		s[u.String()] = true
	}
}

func (s set) sorted() []string {
	var out []string
	for u := range s {
		out = append(out, u)
	}
	slices.Sort(out)
	return out
}

// absolute resolves a reference; nil for what is not http or https, or too
// long, or has no host.
func absolute(base *url.URL, ref string) *url.URL {
	if ref == "" || len(ref) > 2000 {
		return nil
	}
	u, err := base.Parse(ref)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil
	}
	u.Fragment, u.RawFragment, u.User = "", "", nil
	return u
}

// Policy gives the hosts that a Content-Security-Policy allows, in lower case
// and sorted; those with a wildcard begin with "*.".
//
// Source: Content Security Policy Level 3, section 2.3.1.
func Policy(header string) []string {
	var out []string
	for directive := range strings.SplitSeq(header[:min(len(header), 32<<10)], ";") {
		fields := strings.Fields(directive)
		for i, f := range fields {
			if i == 0 || strings.HasPrefix(f, "'") || strings.HasSuffix(f, ":") {
				continue
			}
			if h := Host(f); h != "" && len(out) < 500 {
				out = append(out, h)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Host is the host of a source expression or URL such as "https://x.test:8443/a",
// "*.x.test", "x.test"; "" when there is none.
func Host(s string) string {
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s = rest
	}
	s, _, _ = strings.Cut(s, "/")
	s, _, _ = strings.Cut(s, "?")
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.Contains(s[i:], "]") {
		s = s[:i]
	}
	s = strings.ToLower(strings.TrimSuffix(s, "."))
	if !strings.Contains(s, ".") || strings.ContainsAny(s, "\"'<>()[]@ ,;%\\") || len(s) > 253 {
		return ""
	}
	return s
}

// Robots gives the paths and sitemaps that a robots.txt names, as absolute
// URLs, sorted; paths with wildcards are left out.
//
// Source: RFC 9309.
func Robots(base *url.URL, text string) (paths, sitemaps []string) {
	p, s := set{}, set{}
	n := 0
	for line := range strings.Lines(text[:min(len(text), 512<<10)]) {
		if n++; n > 5000 {
			break
		}
		line, _, _ = strings.Cut(line, "#")
		name, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch name = strings.ToLower(strings.TrimSpace(name)); {
		case !ok || value == "":
		case name == "sitemap":
			s.add(base, value)
		case (name == "allow" || name == "disallow") && !strings.ContainsAny(value, "*$"):
			p.add(base, value)
		}
	}
	return p.sorted(), s.sorted()
}

// Sitemap gives the URLs in a sitemap or an index of sitemaps, sorted.
func Sitemap(r io.Reader) []string {
	out := set{}
	dec := xml.NewDecoder(io.LimitReader(r, 4<<20))
	dec.Strict = false
	in := false
	var text bytes.Buffer
	for range maxTokens {
		t, err := dec.Token()
		if err != nil {
			if !errors.Is(err, io.EOF) && len(out) == 0 {
				return nil
			}
			break
		}
		switch t := t.(type) {
		case xml.StartElement:
			if in = t.Name.Local == "loc"; in {
				text.Reset()
			}
		case xml.CharData:
			if in && text.Len() < 2000 {
				text.Write(t)
			}
		case xml.EndElement:
			if in {
				if u, err := url.Parse(strings.TrimSpace(text.String())); err == nil && u.IsAbs() {
					out.add(u, u.String())
				}
			}
			in = false
		}
	}
	return out.sorted()
}
