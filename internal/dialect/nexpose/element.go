package nexpose

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// The bounds of a request. A site with a hundred thousand ranges fits.
const (
	maxBody     = 32 << 20 // bytes
	maxDepth    = 48
	maxElements = 250_000
	maxAttrs    = 1_000_000
	maxTagAttrs = 1000 // of one element: the decoder reads them all before it hands one out
)

// element is a part of a request. Names are kept as key makes them: without
// regard to case, "_" being "-".
//
// Source: section 1.2.
type element struct {
	name     string // as written, for messages
	key      string
	attrs    []attribute
	children []*element
	text     []byte
}

type attribute struct{ key, value string }

func key(name string) string { return strings.ReplaceAll(strings.ToLower(name), "_", "-") }

// attr returns the first of the attributes that is given and not empty; "" when
// none is: an empty attribute is an absent one.
func (e *element) attr(names ...string) string {
	if e == nil {
		return ""
	}
	for _, name := range names {
		k := key(name)
		for _, a := range e.attrs {
			if a.key == k && a.value != "" {
				return a.value
			}
		}
	}
	return ""
}

// has reports whether an attribute is written, be it empty.
func (e *element) has(name string) bool {
	if e == nil {
		return false
	}
	k := key(name)
	for _, a := range e.attrs {
		if a.key == k {
			return true
		}
	}
	return false
}

// id reads an attribute that has to be an id. It answers Invalid, naming the
// attribute, when it is absent or no whole number.
func (e *element) id(names ...string) (harrier.ID, error) {
	s := e.attr(names...)
	if s == "" {
		return 0, harrier.Invalidf(names[0], "is missing")
	}
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil {
		return 0, harrier.Invalidf(names[0], "%q is not a whole number", clip(s))
	}
	return harrier.ID(n), nil
}

// number reads an attribute that is a whole number, or returns otherwise when it
// is absent.
func (e *element) number(name string, otherwise int) (int, error) {
	s := strings.TrimSpace(e.attr(name))
	if s == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, harrier.Invalidf(name, "%q is not a whole number", clip(s))
	}
	return n, nil
}

// float is number for a number with a fraction.
func (e *element) float(name string, otherwise float64) (float64, error) {
	s := strings.TrimSpace(e.attr(name))
	if s == "" {
		return otherwise, nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != f || f > 1e12 || f < -1e12 {
		return 0, harrier.Invalidf(name, "%q is not a number", clip(s))
	}
	return f, nil
}

// bool is number for a truth value: 1, 0, true, false, yes, no in any case.
func (e *element) bool(name string, otherwise bool) (bool, error) {
	s := e.attr(name)
	if s == "" {
		return otherwise, nil
	}
	v, err := kit.ParseBool(s)
	if err != nil {
		return false, harrier.Invalidf(name, "%q is neither 1 nor 0", clip(s))
	}
	return v, nil
}

// child returns the first child of that name; nil when there is none. Methods
// of a nil element find nothing.
func (e *element) child(path ...string) *element {
	for _, name := range path {
		if e == nil {
			return nil
		}
		k := key(name)
		var found *element
		for _, c := range e.children {
			if c.key == k {
				found = c
				break
			}
		}
		e = found
	}
	return e
}

// all returns the children of any of the names, in order.
func (e *element) all(names ...string) []*element {
	if e == nil {
		return nil
	}
	var out []*element
	for _, c := range e.children {
		for _, name := range names {
			if c.key == key(name) {
				out = append(out, c)
				break
			}
		}
	}
	return out
}

// content is the text of the element itself, trimmed.
func (e *element) content() string {
	if e == nil {
		return ""
	}
	return strings.TrimSpace(string(e.text))
}

// parse reads a request document. It answers Invalid for what is not well
// formed, has a document type, or exceeds the bounds.
func parse(body []byte) (*element, error) {
	if err := checkTags(body); err != nil {
		return nil, err
	}
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	d.CharsetReader = charset
	p := parser{}
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = p.take(token)
		}
		if harrier.KindOf(err) == harrier.Invalid && err != nil {
			return nil, err
		}
		if err != nil {
			line, column := d.InputPos()
			return nil, harrier.Errorf(harrier.Invalid, "the request is no well-formed XML at line %d, column %d", line, column).Because(err)
		}
	}
	switch {
	case p.root == nil:
		return nil, harrier.Errorf(harrier.Invalid, "the request has no element")
	case len(p.open) > 0:
		return nil, harrier.Errorf(harrier.Invalid, "the request ends inside of element %s", clip(p.open[len(p.open)-1].name))
	}
	return p.root, nil
}

// asides are parts of a document that hold no elements, by how they begin and
// end.
var asides = [][2]string{{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}}

// checkTags answers Invalid for an element with more than maxTagAttrs attributes,
// and for more tags than maxElements can have: before the reader, to which each
// costs more.
func checkTags(body []byte) error {
	for tags := 0; ; tags++ {
		if tags > 2*maxElements {
			return errTooMany
		}
		at := bytes.IndexByte(body, '<')
		if at < 0 {
			return nil
		}
		body = body[at:]
		if rest, ok := afterAside(body); ok {
			body = rest
			continue
		}
		n, equals := tag(body)
		if equals > maxTagAttrs {
			return harrier.Errorf(harrier.Invalid, "the request has an element with more than %d attributes", maxTagAttrs)
		}
		body = body[n:]
	}
}

// afterAside is what follows the aside that body begins with; false for none.
func afterAside(body []byte) ([]byte, bool) {
	if len(body) < 2 || body[1] != '!' && body[1] != '?' {
		return nil, false
	}
	for _, a := range asides {
		if rest, ok := bytes.CutPrefix(body, []byte(a[0])); ok {
			_, after, _ := bytes.Cut(rest, []byte(a[1]))
			return after, true
		}
	}
	return nil, false
}

// tag is how long the tag is that body begins with, and how many attributes it
// has; it stops at one more than there may be.
func tag(body []byte) (n, equals int) {
	var quote byte
	for i, c := range body {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '>':
			return i + 1, equals
		case c == '"' || c == '\'':
			quote = c
		case c == '=':
			if equals++; equals > maxTagAttrs {
				return i + 1, equals
			}
		}
	}
	return len(body), equals
}

var errTooMany = harrier.Errorf(harrier.Invalid, "the request has too many elements or attributes")

type parser struct {
	root            *element
	open            []*element
	elements, attrs int
}

func (p *parser) take(token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		return p.start(t)
	case xml.EndElement:
		n := len(p.open)
		if n == 0 || p.open[n-1].name != written(t.Name) {
			return fmt.Errorf("unexpected end of %s", clip(written(t.Name)))
		}
		p.open = p.open[:n-1]
	case xml.CharData:
		if n := len(p.open); n > 0 {
			p.open[n-1].text = append(p.open[n-1].text, t...)
		} else if len(bytes.TrimSpace(t)) > 0 {
			return errors.New("text outside of the root element")
		}
	case xml.Directive:
		return harrier.Errorf(harrier.Invalid, "the request has a document type declaration, which is not allowed")
	}
	return nil
}

func (p *parser) start(t xml.StartElement) error {
	e := &element{name: written(t.Name)}
	e.key = key(e.name)
	p.elements++
	p.attrs += len(t.Attr)
	switch {
	case p.elements > maxElements || p.attrs > maxAttrs:
		return errTooMany
	case len(p.open) >= maxDepth:
		return harrier.Errorf(harrier.Invalid, "the request has elements nested deeper than %d", maxDepth)
	case len(p.open) == 0 && p.root != nil:
		return errors.New("a second root element")
	}
	for _, a := range t.Attr {
		e.attrs = append(e.attrs, attribute{key(written(a.Name)), a.Value})
	}
	if p.root == nil {
		p.root = e
	} else {
		up := p.open[len(p.open)-1]
		up.children = append(up.children, e)
	}
	p.open = append(p.open, e)
	return nil
}

// written is a name with its prefix: namespaces are not used.
func written(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

// charset reads the encodings of one byte a character that old clients declare.
func charset(label string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "utf-8", "utf8", "us-ascii", "ascii":
		return in, nil
	case "iso-8859-1", "latin1", "latin-1", "windows-1252", "cp1252", "iso-8859-15":
		return &latin{in: in}, nil
	}
	return nil, fmt.Errorf("encoding %q is not known", clip(label))
}

// latin turns ISO 8859-1 into UTF-8.
type latin struct {
	in   io.Reader
	rest []byte
	buf  [512]byte
}

func (l *latin) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		n, err := l.in.Read(l.buf[:])
		for _, b := range l.buf[:n] {
			l.rest = utf8.AppendRune(l.rest, rune(b))
		}
		if n == 0 {
			return 0, err
		}
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

// clip shortens what is shown of a client's own text.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	for i := most; i > 0; i-- {
		if utf8.RuneStart(s[i]) {
			return s[:i] + "…"
		}
	}
	return "…"
}
