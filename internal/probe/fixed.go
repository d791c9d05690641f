package probe

import (
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
