package wire

import (
	"strings"

	"github.com/harrier-scan/harrier/internal/cpe"
)

// CPE is a formatted string of CPE 2.3 in its attributes, escapes kept.
type CPE [11]string

// The places of attributes in a CPE.
const (
	Part = iota
	Vendor
	Product
	Version
	Update
	Edition
)

// ParseCPE reads a formatted string, or the older "cpe:/a:vendor:product" form,
// in any case. It reports whether it names a product.
//
// Source: NISTIR 7695, section 6.2.
func ParseCPE(s string) (CPE, bool) {
	var c CPE
	s = strings.ToLower(strings.TrimSpace(s))
	if strings.HasPrefix(s, "cpe:/") {
		s = cpe.FromURI(s)
	}
	rest, ok := strings.CutPrefix(s, "cpe:2.3:")
	if !ok || len(rest) > 2*MaxWord || strings.IndexFunc(rest, func(r rune) bool { return r <= ' ' || r >= 0x7f }) >= 0 {
		return c, false
	}
	start, n := 0, 0
	for i := 0; i <= len(rest); i++ {
		switch {
		case i == len(rest) || rest[i] == ':':
			if n == len(c) || i == start {
				return c, false
			}
			c[n] = rest[start:i]
			start, n = i+1, n+1
		case rest[i] == '\\':
			i++
		}
	}
	if n < 4 || start != len(rest)+1 { // some leave out what is any
		return c, false
	}
	for ; n < len(c); n++ {
		c[n] = "*"
	}
	named := c[Vendor] != "*" && c[Vendor] != "-" && c[Product] != "*" && c[Product] != "-"
	return c, named && (c[Part] == "a" || c[Part] == "o" || c[Part] == "h")
}

// String writes the formatted string.
func (c CPE) String() string { return "cpe:2.3:" + strings.Join(c[:], ":") }

// Versioned reports whether it speaks of one version alone.
func (c CPE) Versioned() bool { return c[Version] != "*" }

// Any returns the product in every version.
func (c CPE) Any() CPE {
	c[Version], c[Update] = "*", "*"
	return c
}
