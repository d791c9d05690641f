package content

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/harrier-scan/harrier"
)

// Records and statements are kept in a form like that of Protocol Buffers: each
// field that is not zero with the number that the tables below give it, so that
// a reader passes over fields that a later version adds. Integers are zigzag
// varints, numbers with a point are eight bytes, the rest has its length in
// front; an instant is microseconds since 1970.

// The ways to write a value, in the low bits of what stands before it.
const (
	wireVarint = 0
	wireFixed  = 1
	wireBytes  = 2
)

// errDamaged is about bytes that this package has not written.
var errDamaged = errors.New("the encoding is damaged")

// fields gives the fields of each kind of struct their numbers, from 1 on. A new
// field goes to the end, one that is gone leaves "".
var fields = map[reflect.Type][]string{
	reflect.TypeFor[harrier.Record](): {
		"Source", "ID", "CVEs", "Aliases", "Title", "Summary", "Details", "Solution", "Severity", "Scores", "CWEs",
		"References", "Published", "Modified", "Withdrawn", "EPSS", "KEV", "SSVC", "Exploits", "Affected",
	},
	reflect.TypeFor[harrier.Score]():     {"Version", "Vector", "Base", "By", "Primary"},
	reflect.TypeFor[harrier.Reference](): {"URL", "Tags"},
	reflect.TypeFor[harrier.EPSS]():      {"Probability", "Percentile", "Date", "Model"},
	reflect.TypeFor[harrier.KEV]():       {"Added", "Due", "Ransomware", "Vendor", "Product", "Name", "Action"},
	reflect.TypeFor[harrier.SSVC]():      {"Exploitation", "Automatable", "TechnicalImpact"},
	reflect.TypeFor[harrier.Exploit]():   {"Source", "ID", "Title", "URL", "Rank", "Published"},
	reflect.TypeFor[harrier.Affected](): {
		"Package", "CPE", "Maker", "Status", "Otherwise", "Ranges", "Versions", "Scheme", "Fixed", "Why", "Advisory",
		"Platforms", "Module", "Since", "Updates", "Source",
	},
	reflect.TypeFor[harrier.Update]():  {"ID", "Kind", "Build", "Supersedes"},
	reflect.TypeFor[harrier.Package](): {"Ecosystem", "Name"},
	reflect.TypeFor[harrier.Range]():   {"From", "After", "Before", "To", "Platforms"},
	reflect.TypeFor[harrier.Vulnerability](): {
		"ID", "Slug", "UUID", "Name", "Family", "Severity", "Synopsis", "Description", "Solution", "CVEs", "Aliases", "CWEs",
		"References", "CPEs", "CVSS2Vector", "CVSS2Score", "CVSS3Vector", "CVSS3Score", "CVSS4Vector", "CVSS4Score", "EPSS",
		"EPSSPercentile", "Exploited", "ExploitedSince", "ExploitedDue", "Ransomware", "Exploit", "Exploits", "SSVC",
		"Published", "Added", "Modified", "Withdrawn", "Sources", "Solutions",
	},
	reflect.TypeFor[harrier.Solution](): {"ID", "Summary", "Type", "Applies", "Fixed", "Advisory", "Supersedes"},
	reflect.TypeFor[group]():            {"Source", "Record", "Vulns", "Names", "Affected"},
}

var timeType, uuidType = reflect.TypeFor[time.Time](), reflect.TypeFor[harrier.UUID]()

// coder writes and reads values of one type.
type coder struct {
	wire   byte
	zero   func(v reflect.Value) bool
	append func(b []byte, v reflect.Value) []byte
	// read takes what append has written: for wireBytes without the length. It
	// keeps nothing of b.
	read func(b []byte, v reflect.Value) error
}

// A codec writes and reads the values of one type of struct.
type codec[T any] struct{ coder }

func newCodec[T any]() codec[T] { return codec[T]{coderOf(reflect.TypeFor[T]())} }

// The codecs of what a base keeps.
var (
	recordCodec   = newCodec[harrier.Record]()
	affectedCodec = newCodec[[]harrier.Affected]()
	vulnCodec     = newCodec[harrier.Vulnerability]()
	groupCodec    = newCodec[group]()
)

func (c codec[T]) encode(v *T) []byte { return c.append(nil, reflect.ValueOf(v).Elem()) }

func (c codec[T]) decode(b []byte, to *T) error { return c.read(b, reflect.ValueOf(to).Elem()) }

func coderOf(t reflect.Type) coder {
	switch {
	case t == timeType:
		return timeCoder
	case t == uuidType:
		return uuidCoder
	}
	switch t.Kind() {
	case reflect.String:
		return stringCoder
	case reflect.Bool:
		return boolCoder
	case reflect.Int, reflect.Int32, reflect.Int64:
		return intCoder
	case reflect.Uint8:
		return uintCoder
	case reflect.Float64:
		return floatCoder
	case reflect.Pointer:
		return pointerCoder(coderOf(t.Elem()), t.Elem())
	case reflect.Slice:
		return sliceCoder(coderOf(t.Elem()), t)
	case reflect.Struct:
		return structCoder(t)
	default:
		panic("content: no encoding for " + t.String()) // a new kind of field: found by the first test
	}
}

func isZero(v reflect.Value) bool { return v.IsZero() }

var timeCoder = coder{
	wireVarint, func(v reflect.Value) bool { return v.Interface().(time.Time).IsZero() },
	func(b []byte, v reflect.Value) []byte {
		return binary.AppendVarint(b, v.Interface().(time.Time).UnixMicro())
	},
	func(b []byte, v reflect.Value) error {
		n, err := varint(b)
		v.Set(reflect.ValueOf(time.UnixMicro(n).UTC()))
		return err
	},
}

var uuidCoder = coder{
	wireBytes, isZero,
	func(b []byte, v reflect.Value) []byte { return append(b, v.Bytes()...) },
	func(b []byte, v reflect.Value) error {
		if len(b) != v.Len() {
			return errDamaged
		}
		reflect.Copy(v, reflect.ValueOf(b))
		return nil
	},
}

var stringCoder = coder{
	wireBytes, isZero,
	func(b []byte, v reflect.Value) []byte { return append(b, v.String()...) },
	func(b []byte, v reflect.Value) error { v.SetString(string(b)); return nil },
}

var boolCoder = coder{
	wireVarint, isZero,
	func(b []byte, _ reflect.Value) []byte { return binary.AppendVarint(b, 1) }, // false is not written
	func(b []byte, v reflect.Value) error {
		n, err := varint(b)
		v.SetBool(n != 0)
		return err
	},
}

var intCoder = coder{
	wireVarint, isZero,
	func(b []byte, v reflect.Value) []byte { return binary.AppendVarint(b, v.Int()) },
	func(b []byte, v reflect.Value) error {
		n, err := varint(b)
		if err == nil && v.OverflowInt(n) {
			return errDamaged
		}
		v.SetInt(n)
		return err
	},
}

var uintCoder = coder{
	wireVarint, isZero,
	func(b []byte, v reflect.Value) []byte { return binary.AppendVarint(b, int64(v.Uint())) },
	func(b []byte, v reflect.Value) error {
		n, err := varint(b)
		if err == nil && (n < 0 || v.OverflowUint(uint64(n))) {
			return errDamaged
		}
		v.SetUint(uint64(n))
		return err
	},
}

var floatCoder = coder{
	wireFixed, isZero,
	func(b []byte, v reflect.Value) []byte {
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(v.Float()))
	},
	func(b []byte, v reflect.Value) error {
		f := math.Float64frombits(binary.LittleEndian.Uint64(b))
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return errDamaged
		}
		v.SetFloat(f)
		return nil
	},
}

func pointerCoder(of coder, t reflect.Type) coder {
	return coder{
		of.wire, isZero,
		func(b []byte, v reflect.Value) []byte { return of.append(b, v.Elem()) },
		func(b []byte, v reflect.Value) error {
			v.Set(reflect.New(t))
			return of.read(b, v.Elem())
		},
	}
}

// sliceCoder writes one value behind the other. Those of variable length have it
// in front.
func sliceCoder(of coder, t reflect.Type) coder {
	return coder{
		wireBytes, func(v reflect.Value) bool { return v.Len() == 0 },
		func(b []byte, v reflect.Value) []byte {
			b = binary.AppendUvarint(b, uint64(v.Len()))
			for i := range v.Len() {
				b = appendValue(b, of, v.Index(i))
			}
			return b
		},
		func(b []byte, v reflect.Value) error {
			n, k := binary.Uvarint(b)
			b = b[max(k, 0):]
			if k <= 0 || n > uint64(len(b)) { // a value takes a byte at least
				return errDamaged
			}
			// What n claims is believed only as far as the bytes can hold it.
			out := reflect.MakeSlice(t, 0, min(int(n), 64))
			for range n {
				var value []byte
				var err error
				if value, b, err = cut(b, of.wire); err != nil {
					return err
				}
				out = reflect.Append(out, reflect.Zero(t.Elem()))
				if err := of.read(value, out.Index(out.Len()-1)); err != nil {
					return err
				}
			}
			if len(b) > 0 {
				return errDamaged
			}
			v.Set(out)
			return nil
		},
	}
}

func structCoder(t reflect.Type) coder {
	names := fields[t]
	if names == nil {
		panic("content: no field numbers for " + t.String())
	}
	coders, index := make([]coder, len(names)), make([]int, len(names))
	for i, name := range names {
		if f, ok := t.FieldByName(name); ok {
			coders[i], index[i] = coderOf(f.Type), f.Index[0]
		}
	}
	return coder{
		wireBytes, isZero,
		func(b []byte, v reflect.Value) []byte {
			for i, c := range coders {
				if c.append == nil {
					continue
				}
				if f := v.Field(index[i]); !c.zero(f) {
					b = appendValue(binary.AppendUvarint(b, uint64(i+1)<<2|uint64(c.wire)), c, f)
				}
			}
			return b
		},
		func(b []byte, v reflect.Value) error {
			for len(b) > 0 {
				tag, k := binary.Uvarint(b)
				if k <= 0 {
					return errDamaged
				}
				value, rest, err := cut(b[k:], byte(tag&3))
				if err != nil {
					return err
				}
				b = rest
				i := tag>>2 - 1
				if i >= uint64(len(coders)) || coders[i].read == nil {
					continue // of a later version
				}
				if coders[i].wire != byte(tag&3) {
					return errDamaged
				}
				if err := coders[i].read(value, v.Field(index[i])); err != nil {
					return fmt.Errorf("%s: %w", names[i], err)
				}
			}
			return nil
		},
	}
}

// appendValue writes a value with its length where it has one.
func appendValue(b []byte, c coder, v reflect.Value) []byte {
	if c.wire != wireBytes {
		return c.append(b, v)
	}
	start := len(b)
	b = c.append(append(b, 0), v)
	n := len(b) - start - 1
	if n < 0x80 {
		b[start] = byte(n)
		return b
	}
	// The length takes more than the byte that was kept for it.
	var head [binary.MaxVarintLen64]byte
	k := binary.PutUvarint(head[:], uint64(n))
	b = append(b, head[:k-1]...)
	copy(b[start+k:], b[start+1:start+1+n])
	copy(b[start:], head[:k])
	return b
}

// cut takes the value that b begins with, without its length.
func cut(b []byte, wire byte) (value, rest []byte, err error) {
	size := 0
	switch wire {
	case wireVarint:
		_, size = binary.Varint(b)
	case wireFixed:
		size = 8
	case wireBytes:
		n, k := binary.Uvarint(b)
		if k <= 0 || n > uint64(len(b)-k) {
			return nil, nil, errDamaged
		}
		return b[k : k+int(n)], b[k+int(n):], nil
	default:
		return nil, nil, errDamaged
	}
	if size <= 0 || size > len(b) {
		return nil, nil, errDamaged
	}
	return b[:size], b[size:], nil
}

func varint(b []byte) (int64, error) {
	n, k := binary.Varint(b)
	if k != len(b) {
		return 0, errDamaged
	}
	return n, nil
}
