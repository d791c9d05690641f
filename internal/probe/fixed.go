package probe

import (
	"bytes"
	"encoding/hex"
	"strings"
)

// portRange lists the ports from first to last.
func portRange(first, last uint16) []uint16 {
	var out []uint16
	for p := int(first); p <= int(last); p++ {
		out = append(out, uint16(p))
	}
	return out
}

// octets writes constant bytes that a document gives in hexadecimal; blanks
// are for the reader.
func octets(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err) // the texts are constant and tested
	}
	return b
}

// fixedText is the text in a field of fixed size at offset: up to the first
// NUL, without blanks around it. It is "" when the field is not all there.
func fixedText(b []byte, offset, size int) string {
	if offset < 0 || size < 0 || len(b) < offset+size {
		return ""
	}
	field, _, _ := bytes.Cut(b[offset:offset+size], []byte{0})
	return oneLine(string(field))
}

// zeroText is the text at offset up to the NUL that ends it; "" when no NUL
// follows within 256 bytes.
func zeroText(b []byte, offset int) string {
	if offset < 0 || offset >= len(b) {
		return ""
	}
	text, _, found := bytes.Cut(b[offset:min(len(b), offset+257)], []byte{0})
	if !found {
		return ""
	}
	return oneLine(string(text))
}

// plainText reports whether b is not empty and all of it is printable ASCII.
func plainText(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return len(b) > 0
}
