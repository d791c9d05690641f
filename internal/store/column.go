package store

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/harrier-scan/harrier"
)

// A column is a pointer to a field, or one of these types around one, where
// the database keeps a field in another form. The same list of columns writes
// and reads a row.

// moment keeps an instant as microseconds since 1970; 0 is the zero time.
type moment struct{ t *time.Time }

func (m moment) Value() (driver.Value, error) { return micros(*m.t), nil }

func (m moment) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("an instant is kept as %T", v)
	}
	*m.t = fromMicros(n)
	return nil
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

// document keeps any value as JSON.
type document struct{ to any }

func (d document) Value() (driver.Value, error) {
	b, err := json.Marshal(d.to)
	return string(b), err
}

func (d document) Scan(v any) error {
	switch v := v.(type) {
	case string:
		return json.Unmarshal([]byte(v), d.to)
	case []byte:
		return json.Unmarshal(v, d.to)
	}
	return fmt.Errorf("JSON is kept as %T", v)
}

// longName keeps a UUID in its text form.
type longName struct{ u *harrier.UUID }

func (l longName) Value() (driver.Value, error) { return l.u.String(), nil }

func (l longName) Scan(v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("a UUID is kept as %T", v)
	}
	return l.u.UnmarshalText([]byte(s))
}

// address keeps an IP address in its text form, "" for none.
type address struct{ a *netip.Addr }

func (a address) Value() (driver.Value, error) { return addrText(*a.a), nil }

func (a address) Scan(v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("an address is kept as %T", v)
	}
	return a.a.UnmarshalText([]byte(s))
}

func addrText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// derived keeps something computed from other fields, for the database to
// search by: it is written, and ignored in reading.
type derived func() any

func (d derived) Value() (driver.Value, error) { return d(), nil }

func (d derived) Scan(any) error { return nil }

// arguments turns columns into what both drivers take: int64, float64, bool,
// string, []byte.
func arguments(columns []any) ([]any, error) {
	out := make([]any, len(columns))
	for i, c := range columns {
		if v, ok := c.(driver.Valuer); ok {
			value, err := v.Value()
			if err != nil {
				return nil, err
			}
			c = value
		}
		out[i] = plain(reflect.ValueOf(c))
	}
	return out, nil
}

func plain(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		return plain(v.Elem())
	case reflect.String:
		return clean(v.String())
	case reflect.Bool:
		return v.Bool()
	case reflect.Float64:
		return v.Float()
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return int64(v.Uint())
	case reflect.Slice:
		return v.Bytes()
	default:
		return v.Int()
	}
}

// clean makes s text that both databases keep: valid UTF-8 without NUL.
func clean(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
