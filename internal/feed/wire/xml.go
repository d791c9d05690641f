package wire

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

const (
	maxElements = 64       // in each other
	maxElement  = 64 << 20 // bytes of one element that is decoded
)

// XML is a walk over the elements of a file. Entities of its own are refused
// by the decoder, so that nothing grows.
type XML struct {
	d     *xml.Decoder
	limit *Limited
	depth int
}

// NewXML begins a walk.
func NewXML(r io.Reader) *XML { return newXML(r, maxElement) }

func newXML(r io.Reader, most int) *XML {
	l := Limit(r, most)
	d := xml.NewDecoder(l)
	d.CharsetReader = charset
	return &XML{d: d, limit: l}
}

// Next goes to the next element that has one of the local names, in whatever it
// stands, and returns its start; io.EOF at the end of a whole file.
func (s *XML) Next(names ...string) (xml.StartElement, error) {
	for {
		s.limit.Next()
		t, err := s.d.Token()
		if err != nil {
			if s.depth > 0 || !errors.Is(err, io.EOF) {
				err = Broken(err)
			}
			return xml.StartElement{}, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if s.depth++; s.depth > maxElements {
				return t, harrier.Errorf(harrier.Invalid, "elements nested more than %d deep", maxElements)
			}
			if slices.Contains(names, t.Name.Local) {
				return t, nil
			}
		case xml.EndElement:
			s.depth--
		}
	}
}

// Decode reads the element that Next found into v and goes behind it. An error
// of the syntax ends the walk: what follows can not be found.
func (s *XML) Decode(v any, start xml.StartElement) error {
	s.limit.Next()
	s.depth--
	err := Broken(s.d.DecodeElement(v, &start))
	var known *harrier.Error
	if err != nil && s.limit.err == nil && !errors.As(err, &known) {
		return harrier.Errorf(harrier.Invalid, "XML that says something unexpected").Because(err)
	}
	return err
}

// Attr is an attribute, or "".
func Attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// charset reads the encodings that old documents declare.
func charset(label string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "utf-8", "utf8", "us-ascii", "ascii":
		return r, nil
	case "iso-8859-1", "latin1", "windows-1252":
		return &latin{r: r}, nil
	}
	return nil, harrier.Errorf(harrier.Invalid, "encoding %.40q is not known", label)
}

// latin turns Latin-1 into UTF-8.
type latin struct {
	r    io.Reader
	in   [2048]byte
	rest []byte
}

func (l *latin) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		n, err := l.r.Read(l.in[:])
		if n == 0 {
			return 0, err
		}
		l.rest = l.rest[:0]
		for _, c := range l.in[:n] {
			l.rest = append(l.rest, string(rune(c))...)
		}
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}
