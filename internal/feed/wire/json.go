package wire

import (
	"encoding/json"
	"errors"
	"io"

	"github.com/harrier-scan/harrier"
)

// Fault is the error of one value that is not what it should be. The reader
// stands behind it, so reading can go on. Its cause is of kind Invalid.
type Fault struct{ cause error }

// Error returns what is wrong with the value.
func (f *Fault) Error() string { return f.cause.Error() }

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.cause }

// IsFault reports whether err is about one value only.
func IsFault(err error) bool {
	var f *Fault
	return errors.As(err, &f)
}

// JSON takes a JSON text apart value by value. It keeps the value that is being
// decoded in memory, never the whole text. Its errors are of kind Invalid,
// except for those of the reader below.
type JSON struct {
	dec   *json.Decoder
	limit *Limited
}

// NewJSON reads values of at most about most bytes each from r.
func NewJSON(r io.Reader, most int) *JSON {
	l := Limit(r, most)
	return &JSON{dec: json.NewDecoder(l), limit: l}
}

// Decode decodes the next value as encoding/json does. It answers a Fault for
// one that does not fit v.
func (s *JSON) Decode(v any) error {
	s.limit.Next()
	err := s.dec.Decode(v)
	if err == nil {
		return nil
	}
	var syntax *json.SyntaxError
	if s.limit.err != nil || errors.As(err, &syntax) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return Broken(err)
	}
	return fault(err)
}

// fault is about one value only.
func fault(err error) *Fault {
	var kind *harrier.Error
	if !errors.As(err, &kind) || kind.Kind != harrier.Invalid {
		err = harrier.Errorf(harrier.Invalid, "%.200v", err).Because(err)
	}
	return &Fault{cause: err}
}

// Each decodes the next value into v and calls use, with what is wrong with this
// value alone: v then has what could be read of it.
func (s *JSON) Each(v any, use func(fault error) error) error {
	err := s.Decode(v)
	if err != nil && !IsFault(err) {
		return err
	}
	return use(err)
}

// Object calls member with each key of the next value, an object; each takes the
// key's value, by Decode, Skip, Object or Array. It answers a Fault, behind the
// value, for what is no object.
func (s *JSON) Object(member func(key string) error) error {
	if err := s.open('{'); err != nil {
		return err
	}
	for s.dec.More() {
		t, err := s.token()
		if err != nil {
			return err
		}
		key, _ := t.(string) // the decoder lets nothing else stand there
		if err := member(key); err != nil {
			return err
		}
	}
	_, err := s.token()
	return err
}

// Array calls element before every element of the next value, an array; each
// takes the element. Null has none. It answers a Fault, behind the value, for
// what is no array.
func (s *JSON) Array(element func() error) error {
	null, err := s.opens('[')
	if err != nil || null {
		return err
	}
	for s.dec.More() {
		s.limit.Next()
		if err := element(); err != nil {
			return err
		}
	}
	_, err = s.token()
	return err
}

// List calls element before every element of the array that the next value, an
// object, has under a key, and passes over its other members. It answers Invalid
// where there is no such member.
func (s *JSON) List(key string, element func() error) error {
	seen := false
	err := s.Object(func(k string) error {
		if k != key {
			return s.Skip()
		}
		seen = true
		return s.Array(element)
	})
	if err == nil && !seen {
		return harrier.Errorf(harrier.Invalid, "there is no list %q", key)
	}
	return err
}

// Skip passes over the next value, however long it is.
func (s *JSON) Skip() error {
	t, err := s.token()
	if err != nil {
		return err
	}
	return s.rest(t)
}

// open takes the delimiter that a value starts with.
func (s *JSON) open(want json.Delim) error {
	null, err := s.opens(want)
	if null {
		return fault(harrier.Errorf(harrier.Invalid, "JSON %q was to come, not null", want))
	}
	return err
}

// opens does as open, and reports null instead of a Fault.
func (s *JSON) opens(want json.Delim) (null bool, err error) {
	t, err := s.token()
	if err != nil || t == want {
		return false, err
	}
	if t == nil {
		return true, nil
	}
	if err := s.rest(t); err != nil {
		return false, err
	}
	return false, fault(harrier.Errorf(harrier.Invalid, "JSON %q was to come, not %.40v", want, t))
}

// rest passes over what follows the first token of a value.
func (s *JSON) rest(t json.Token) error {
	depth := 0
	for {
		switch t {
		case json.Delim('{'), json.Delim('['):
			if depth++; depth > maxDepth {
				return harrier.Errorf(harrier.Invalid, "JSON that is nested more than %d deep", maxDepth)
			}
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth <= 0 {
			return nil
		}
		var err error
		if t, err = s.token(); err != nil {
			return err
		}
	}
}

func (s *JSON) token() (json.Token, error) {
	s.limit.Next()
	t, err := s.dec.Token()
	return t, Broken(err)
}
