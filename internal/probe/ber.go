package probe

import (
	"math"

	"github.com/harrier-scan/harrier/internal/probe/question"
)

// ber is one element of ASN.1 in basic encoding, as LDAP and SNMP send it.
type ber struct {
	tag  byte // with class and the constructed bit; tags above 30 do not occur
	body []byte
}

// readBER cuts the first element off b; false when it is not complete.
//
// Source: X.690, section 8.1. The indefinite form is not used by these
// protocols and refused.
func readBER(b []byte) (e ber, rest []byte, ok bool) {
	if len(b) < 2 {
		return ber{}, nil, false
	}
	size, head := uint64(b[1]), 2
	if size == 0x80 || size > 0x84 {
		return ber{}, nil, false
	}
	if size > 0x80 {
		n := int(size & 0x7f)
		if len(b) < 2+n {
			return ber{}, nil, false
		}
		size, head = 0, 2+n
		for _, c := range b[2 : 2+n] {
			size = size<<8 | uint64(c)
		}
	}
	if size > uint64(len(b)-head) {
		return ber{}, nil, false
	}
	return ber{b[0], b[head : head+int(size)]}, b[head+int(size):], true
}

// children reads the elements inside e up to the first that is broken.
func (e ber) children() []ber {
	var out []ber
	for b := e.body; len(out) < 1000; {
		c, rest, ok := readBER(b)
		if !ok {
			break
		}
		out = append(out, c)
		b = rest
	}
	return out
}

// int is the value of a small INTEGER, ENUMERATED or counter.
func (e ber) int() int {
	if len(e.body) > 8 {
		return math.MaxInt
	}
	v := 0
	for _, c := range e.body {
		v = v<<8 | int(c)
	}
	return v
}

// berOf writes an element.
func berOf(tag byte, parts ...[]byte) []byte { return question.BER(tag, parts...) }

func berText(s string) []byte { return berOf(4, []byte(s)) }
