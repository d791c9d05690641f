package template

import (
	"net/textproto"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier/internal/webtech"
)

// maxExamined bounds how many bytes patterns may be run over for one reply, so
// that none costs more than about a second whatever it holds.
const maxExamined = 16 << 20

// view is a reply as the conditions of templates see it.
type view struct {
	status   int
	body     string
	head     string            // status line and headers, by name
	headers  map[string]string // by name in lower case with underscores
	values   map[string]string // payloads and what was extracted
	examined int
	grams    *grams // of body
	mmh3     string // of the body's icon hash; "" until it is asked for
}

func newView(r *webtech.Reply) *view {
	v := &view{status: r.Status, body: string(r.Body), headers: map[string]string{}}
	fields := slices.Clone(r.Header)
	for i := range fields {
		fields[i][0] = textproto.CanonicalMIMEHeaderKey(fields[i][0])
	}
	slices.SortStableFunc(fields, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	var head strings.Builder
	head.WriteString("HTTP/1.1 " + strconv.Itoa(r.Status) + "\r\n")
	for _, f := range fields {
		head.WriteString(f[0] + ": " + f[1] + "\r\n")
		key := variable(f[0])
		if v.headers[key] != "" {
			v.headers[key] += " "
		}
		v.headers[key] += f[1]
	}
	v.head = head.String()
	v.grams = newGrams(v.body)
	return v
}

func variable(header string) string {
	return strings.ReplaceAll(strings.ToLower(header), "-", "_")
}

// header returns a header by its name in any spelling.
func (v *view) header(name string) (string, bool) {
	value, ok := v.headers[variable(name)]
	return value, ok
}

// part returns a part of the reply by its name; false for a header that is not
// there.
func (v *view) part(name string) (string, bool) {
	switch name {
	case "", "body":
		return v.body, true
	case "header", "all_headers":
		return v.head, true
	case "response", "all", "raw":
		return v.head + "\r\n" + v.body, true
	}
	return v.header(name)
}

// find runs a pattern over a part.
func (v *view) find(p *webtech.Pattern, text string) []int {
	if len(text) == len(v.body) && p.Literal != "" && !v.grams.mayHave(p.Literal) {
		return nil
	}
	if text2, ok := p.Plain(); ok {
		at := strings.Index(text, text2)
		if at < 0 {
			return nil
		}
		return []int{at, at + len(text2)}
	}
	if v.examined += len(text); v.examined > maxExamined {
		return nil
	}
	return p.FindStringSubmatchIndex(text)
}

// grams tells quickly that a text is not in a body: it has the marks of all
// runs of four bytes of it, in lower case.
type grams [1 << 19 / 64]uint64

func newGrams(body string) *grams {
	g := &grams{}
	var h uint32
	for i := range len(body) {
		h = h<<8 | uint32(low(body[i]))
		if i >= 3 {
			n := mark(h)
			g[n/64] |= 1 << (n % 64)
		}
	}
	return g
}

// mayHave reports false when text, in lower case, is not in the body.
func (g *grams) mayHave(text string) bool {
	var h uint32
	for i := range len(text) {
		h = h<<8 | uint32(text[i])
		if i >= 3 {
			if n := mark(h); g[n/64]&(1<<(n%64)) == 0 {
				return false
			}
		}
	}
	return true
}

func mark(h uint32) uint32 { return h * 2654435761 >> 13 }

func low(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
