// Package jsonfeed holds what the publishers' JSON formats have in common: texts
// that are too long to be read whole, and values that are written in more than
// one way.
package jsonfeed

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrTooLong is the error of a value that is longer than its reader takes.
var ErrTooLong = errors.New("a value is too long")

// Fault is the error of one value that is not what it should be. The reader
// stands behind it, so reading can go on.
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

// Reader takes a JSON text apart value by value. It keeps the value that is
// being decoded in memory, never the whole text.
type Reader struct {
	dec   *json.Decoder
	meter meter
}

// NewReader reads values of at most about most bytes each from r.
func NewReader(r io.Reader, most int64) *Reader {
	reader := &Reader{meter: meter{r: r, most: most, left: most}}
	reader.dec = json.NewDecoder(&reader.meter)
	return reader
}

// meter counts what is read for one value.
type meter struct {
	r          io.Reader
	most, left int64
}

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, ErrTooLong
	}
	if int64(len(p)) > m.left {
		p = p[:m.left]
	}
	n, err := m.r.Read(p)
	m.left -= int64(n)
	return n, err
}

// Decode decodes the next value as encoding/json does. It answers a Fault for
// one of the wrong type.
func (r *Reader) Decode(v any) error {
	r.meter.left = r.meter.most
	err := r.dec.Decode(v)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return &Fault{cause: err}
	}
	return err
}

// Object calls each with every key of the next value, an object; each takes the
// key's value. It answers a Fault, behind the value, for what is no object.
func (r *Reader) Object(each func(key string) error) error {
	if err := r.open('{'); err != nil {
		return err
	}
	for r.dec.More() {
		key, err := r.token()
		if err != nil {
			return err
		}
		name, ok := key.(string)
		if !ok {
			return fmt.Errorf("key %v is no text", key)
		}
		if err := each(name); err != nil {
			return err
		}
	}
	_, err := r.token()
	return err
}

// Array calls each before every element of the next value, an array; each takes
// the element. It answers a Fault, behind the value, for what is no array.
func (r *Reader) Array(each func(i int) error) error {
	if err := r.open('['); err != nil {
		return err
	}
	for i := 0; r.dec.More(); i++ {
		if err := each(i); err != nil {
			return err
		}
	}
	_, err := r.token()
	return err
}

// Skip passes over the next value, however long it is.
func (r *Reader) Skip() error {
	t, err := r.token()
	if err != nil {
		return err
	}
	return r.rest(t)
}

// More reports whether another value follows.
func (r *Reader) More() bool {
	r.meter.left = r.meter.most
	return r.dec.More()
}

// open takes the delimiter that a value starts with.
func (r *Reader) open(want json.Delim) error {
	t, err := r.token()
	if err != nil || t == want {
		return err
	}
	if err := r.rest(t); err != nil {
		return err
	}
	return &Fault{cause: fmt.Errorf("%v is no %q", t, want)}
}

// rest passes over what follows the first token of a value.
func (r *Reader) rest(t json.Token) error {
	depth := 0
	for {
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth <= 0 {
			return nil
		}
		var err error
		if t, err = r.token(); err != nil {
			return err
		}
	}
}

func (r *Reader) token() (json.Token, error) {
	r.meter.left = r.meter.most
	t, err := r.dec.Token()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // a value was expected
	}
	return t, err
}
