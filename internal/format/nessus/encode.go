package nessus

import (
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier/internal/format"
)

// buffer collects the document. Its methods append; whoever owns it flushes.
type buffer struct{ b []byte }

func (w *buffer) raw(s string) { w.b = append(w.b, s...) }

func (w *buffer) number(n int) { w.b = strconv.AppendInt(w.b, int64(n), 10) }

// element writes a child on its own line, and nothing at all for an empty one:
// several readers fail on an element without text.
func (w *buffer) element(name, value string) {
	if value = format.Clean(value); strings.TrimSpace(value) != "" {
		w.must(name, value)
	}
}

// must writes a child even when it is empty.
func (w *buffer) must(name, value string) {
	w.b = append(w.b, '<')
	w.b = append(w.b, name...)
	w.b = append(w.b, '>')
	w.text(value)
	w.b = append(w.b, '<', '/')
	w.b = append(w.b, name...)
	w.b = append(w.b, '>', '\n')
}

// text writes free text between tags.
func (w *buffer) text(s string) {
	s = format.Clean(s)
	last := 0
	for i := 0; i < len(s); i++ {
		if ref := references[s[i]]; ref != "" && s[i] != '"' {
			w.b = append(append(w.b, s[last:i]...), ref...)
			last = i + 1
		}
	}
	w.b = append(w.b, s[last:]...)
}

// references gives the bytes that can not stand for themselves in every place.
var references = [256]string{'<': "&lt;", '>': "&gt;", '&': "&amp;", '"': "&quot;"}

// attribute writes free text as an attribute, a blank before it. Line ends
// become blanks, as any reader would make them.
func (w *buffer) attribute(name, value string) {
	w.b = append(w.b, ' ')
	w.b = append(w.b, name...)
	w.b = append(w.b, '=', '"')
	value = format.Clean(value)
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\n' || c == '\t':
			w.b = append(w.b, ' ')
		case references[c] != "":
			w.b = append(w.b, references[c]...)
		default:
			w.b = append(w.b, c)
		}
	}
	w.b = append(w.b, '"')
}

// tag writes a host tag, and nothing for an empty value.
func (w *buffer) tag(name, value string) {
	if value = short(value); value == "" {
		return
	}
	w.raw(`<tag name="`)
	w.raw(name)
	w.raw(`">`)
	w.raw(value)
	w.raw("</tag>\n")
}

// short makes a text fit for the places in which strict readers take no
// character reference: what would need one is replaced by a look-alike. What
// it returns can stand between tags, and between double quotes when s has
// none.
//
// Source: nessus-api.md, section 15.1.
func short(s string) string {
	s = strings.TrimSpace(format.Clean(s))
	if !strings.ContainsAny(s, "&<") && !strings.Contains(s, "]]>") {
		return s
	}
	return shortener.Replace(s)
}

var shortener = strings.NewReplacer("&", "+", "<", "(", "]]>", "]])")

// shortAttribute is short for an attribute.
func shortAttribute(s string) string {
	return attributeShortener.Replace(short(s))
}

var attributeShortener = strings.NewReplacer(`"`, "'", "\n", " ", "\t", " ")
