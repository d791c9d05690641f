// Package webtech tells what a web service is made of: applications,
// frameworks, languages, libraries and devices, by headers, cookies, page
// contents, script addresses, icons and answers to a product's own questions.
//
// What is known of products is data: the files below rules, see the format in
// rule.go. A Look gathers what the replies of one service show:
//
//	l := webtech.Own().Look()
//	l.See(webtech.Examine(reply))
//	for _, q := range l.Questions() { … ask, then l.See the answer … }
//	l.Technologies()
//
// Replies are hostile: the time for one is bounded whatever it holds, because
// all fixed texts are searched in one pass, and patterns run only on short
// pieces around them.
package webtech

import (
	"bytes"
	"strings"
)

// MaxBody is how much of a body is looked at.
const MaxBody = 256 << 10

// bounds of what is taken out of one page.
const (
	maxText    = 1 << 10 // of a title, an attribute, a header's value
	maxItems   = 256     // of scripts, meta elements, cookies each
	maxIcons   = 4
	maxHeaders = 256
)

// Reply is one answer of a web server.
type Reply struct {
	Path   string      // that was asked for, with its query: "/login"
	Status int         // 200
	Header [][2]string // names and values in the order of the wire
	Body   []byte      // without transfer and content encodings
	// Leads is the path, with its query, to which the reply leads on the same
	// host; "" when it leads nowhere or to another one.
	Leads string
}

// Get returns the first header of a name, in any case.
func (r *Reply) Get(name string) string {
	for _, f := range r.Header {
		if strings.EqualFold(f[0], name) {
			return f[1]
		}
	}
	return ""
}

// Page is a reply taken apart.
type Page struct {
	*Reply
	Title   string
	Metas   [][2]string // name, property or http-equiv in lower case, and content
	Scripts []string    // addresses of scripts
	Icons   []string    // addresses of icons, as the page has them
	Cookies [][2]string // names and values that are set
}

// Examine takes a reply apart. Nothing is kept of r but by reference.
func Examine(r *Reply) *Page {
	p := &Page{Reply: r}
	if len(r.Body) > MaxBody {
		r.Body = r.Body[:MaxBody]
	}
	if len(r.Header) > maxHeaders {
		r.Header = r.Header[:maxHeaders]
	}
	for _, f := range r.Header {
		if strings.EqualFold(f[0], "Set-Cookie") && len(p.Cookies) < maxItems {
			pair, _, _ := strings.Cut(f[1], ";")
			name, value, _ := strings.Cut(pair, "=")
			if name = strings.TrimSpace(name); name != "" {
				p.Cookies = append(p.Cookies, [2]string{clip(name), clip(value)})
			}
		}
	}
	if bytes.IndexByte(r.Body, '<') >= 0 {
		p.parse()
	}
	return p
}

// Meta returns the content of the first meta element of a name.
func (p *Page) Meta(name string) string {
	for _, m := range p.Metas {
		if m[0] == name {
			return m[1]
		}
	}
	return ""
}

// clip bounds a text.
func clip(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	return strings.ToValidUTF8(s, ".")
}
