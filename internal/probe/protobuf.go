package probe

import (
	"encoding/binary"
	"iter"
)

// field is one field of a Protocol Buffers message: a number, or text when
// text is not nil.
type field struct {
	number int
	value  uint64
	text   []byte
}

// protobuf reads the fields of a message; one that is broken ends it with a
// field of number 0.
//
// Source: Protocol Buffers, "Encoding".
func protobuf(b []byte) iter.Seq[field] {
	return func(yield func(field) bool) {
		for len(b) > 0 {
			key, n := binary.Uvarint(b)
			if n <= 0 || key>>3 == 0 || key>>3 > 1<<20 {
				yield(field{})
				return
			}
			b = b[n:]
			f := field{number: int(key >> 3)}
			switch v, n := binary.Uvarint(b); {
			case n <= 0, key&7 != 0 && key&7 != 2, key&7 == 2 && v > uint64(len(b)-n):
				yield(field{})
				return
			case key&7 == 0:
				f.value, b = v, b[n:]
			default:
				f.text, b = b[n:n+int(v):n+int(v)], b[n+int(v):]
				if f.text == nil {
					f.text = []byte{}
				}
			}
			if !yield(f) {
				return
			}
		}
	}
}
