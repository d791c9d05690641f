// Package xmlfeed walks large XML files element by element, within bounds.
package xmlfeed

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	maxDepth   = 64
	maxElement = 64 << 20 // bytes of one element that is decoded
)

// Stream is a walk over the elements of a file. Entities of its own are refused
// by the decoder, so that nothing grows.
type Stream struct {
	d     *xml.Decoder
	in    *budget
	depth int
}

// New begins a walk.
func New(r io.Reader) *Stream { return newStream(r, maxElement) }

func newStream(r io.Reader, maxElement int) *Stream {
	in := &budget{r: r, max: maxElement}
	d := xml.NewDecoder(in)
	d.CharsetReader = charset
	return &Stream{d: d, in: in}
}

// Next goes to the next element that has one of the local names, in whatever it
// stands, and returns its start; io.EOF at the end of a whole file.
func (s *Stream) Next(names ...string) (xml.StartElement, error) {
	for {
		s.in.left = s.in.max
		t, err := s.d.Token()
		if err != nil {
			if errors.Is(err, io.EOF) && s.depth > 0 {
				err = io.ErrUnexpectedEOF
			}
			return xml.StartElement{}, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if s.depth++; s.depth > maxDepth {
				return t, fmt.Errorf("elements nested more than %d deep", maxDepth)
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
func (s *Stream) Decode(v any, start xml.StartElement) error {
	s.in.left = s.in.max
	s.depth--
	return s.d.DecodeElement(v, &start)
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

// budget stops reading when one element is too long.
type budget struct {
	r    io.Reader
	max  int
	left int
}

func (b *budget) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("an element of more than %d bytes", b.max)
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// charset reads the encodings that old documents declare.
func charset(label string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "utf-8", "utf8", "us-ascii", "ascii":
		return r, nil
	case "iso-8859-1", "latin1", "windows-1252":
		return &latin{r: r}, nil
	}
	return nil, fmt.Errorf("encoding %.40q is not known", label)
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
