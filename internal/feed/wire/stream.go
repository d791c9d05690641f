// Package wire holds what the readers of several feeds share: walking large
// JSON with bounded memory, and the small shapes that publishers agree on (CVE
// ids, dates, CWEs, scores, links, CPEs). What comes in is hostile: each
// function bounds what it gives back.
package wire

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"

	"github.com/harrier-scan/harrier"
)

// MaxRecord is the most bytes that one record may have; the longest that
// publishers have is a fiftieth of it. A reader that needs more gives up.
const MaxRecord = 32 << 20

// maxDepth is that of the JSON reader for values that it decodes.
const maxDepth = 10_000

// Limited gives the bytes of a reader as long as no record takes more than
// MaxRecord; Next says that a record begins.
type Limited struct {
	r    io.Reader
	left int
}

// Limit returns r, bounded by record.
func Limit(r io.Reader) *Limited { return &Limited{r: r, left: MaxRecord} }

// Next gives the record that follows its own allowance.
func (l *Limited) Next() { l.left = MaxRecord }

// Read fails with an Invalid error when a record is too long.
func (l *Limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, harrier.Errorf(harrier.Invalid, "a record has more than %d bytes", MaxRecord)
	}
	n, err := l.r.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

// Stream walks one JSON value without holding more than one record of it.
type Stream struct {
	*json.Decoder
	limit *Limited
}

// NewStream walks what r has.
func NewStream(r io.Reader) *Stream {
	l := Limit(r)
	return &Stream{Decoder: json.NewDecoder(l), limit: l}
}

// Object calls member with each key of the object that comes next. Member reads
// the value, by Decode, Skip, Object or Array.
func (s *Stream) Object(member func(key string) error) error {
	if err := s.delim('{'); err != nil {
		return err
	}
	for s.More() {
		s.limit.Next()
		t, err := s.Token()
		if err != nil {
			return Broken(err)
		}
		key, _ := t.(string) // the decoder lets nothing else stand there
		if err := member(key); err != nil {
			return err
		}
	}
	_, err := s.Token()
	return Broken(err)
}

// Array calls element for each element of the array that comes next; null has
// none. Element reads one value, by Decode or Skip.
func (s *Stream) Array(element func() error) error {
	t, err := s.Token()
	if err != nil {
		return Broken(err)
	}
	if t == nil {
		return nil
	}
	if t != json.Delim('[') {
		return harrier.Errorf(harrier.Invalid, "a JSON array was to come, not %v", t)
	}
	for s.More() {
		s.limit.Next()
		if err := element(); err != nil {
			return err
		}
	}
	_, err = s.Token()
	return Broken(err)
}

// Record decodes the value that comes next into v. Fault is what is wrong with
// this value alone, a string where a number is to be: reading can go on. Err is
// about the file.
func (s *Stream) Record(v any) (fault, err error) {
	err = s.Decode(v)
	if err == nil {
		return nil, nil
	}
	var syntax *json.SyntaxError
	var invalid *harrier.Error
	if errors.As(err, &syntax) || errors.As(err, &invalid) && invalid.Kind == harrier.Invalid && s.limit.left <= 0 ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return nil, Broken(err)
	}
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) || errors.As(err, &invalid) {
		return err, nil
	}
	return nil, err // the reader's own
}

// Skip passes over the value that comes next.
func (s *Stream) Skip() error {
	depth := 0
	for {
		t, err := s.Token()
		if err != nil {
			return Broken(err)
		}
		s.limit.Next() // nothing of it is kept
		switch t {
		case json.Delim('{'), json.Delim('['):
			if depth++; depth > maxDepth {
				return harrier.Errorf(harrier.Invalid, "JSON that is nested more than %d deep", maxDepth)
			}
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

func (s *Stream) delim(want json.Delim) error {
	t, err := s.Token()
	if err != nil {
		return Broken(err)
	}
	if t != want {
		return harrier.Errorf(harrier.Invalid, "JSON %q was to come, not %v", want, t)
	}
	return nil
}

// Broken makes an Invalid error of one of the JSON and CSV readers; nil and
// errors of other origin stay what they are.
func Broken(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var row *csv.ParseError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax):
		return harrier.Errorf(harrier.Invalid, "JSON that can not be read at byte %d", syntax.Offset).Because(err)
	case errors.As(err, &kind):
		return harrier.Errorf(harrier.Invalid, "JSON that says something unexpected").Because(err)
	case errors.As(err, &row):
		return harrier.Errorf(harrier.Invalid, "CSV that can not be read in line %d", row.Line).Because(err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return harrier.Errorf(harrier.Invalid, "the file ends too early").Because(io.ErrUnexpectedEOF)
	}
	return err
}

// ReadAll reads a file that is one record, and no more than MaxRecord bytes.
func ReadAll(r io.Reader) ([]byte, error) { return io.ReadAll(Limit(r)) }
