package match

import (
	"strings"

	"github.com/harrier-scan/harrier"
)

// CPE is a Common Platform Enumeration name as far as services and systems
// need one. In Vendor, Product, Version and Update "" means any and "-" means
// not applicable; values are unescaped.
type CPE struct {
	Part    string // "a" application, "o" operating system, "h" hardware
	Vendor  string
	Product string
	Version string
	Update  string
	rest    [6]string // edition, language, sw_edition, target_sw, target_hw, other
}

// ParseCPE reads the formatted string of CPE 2.3, "cpe:2.3:a:f5:nginx:1.22.1:*:*:*:*:*:*:*".
// It answers Invalid for anything else.
//
// Source: NISTIR 7695, section 6.2.
func ParseCPE(s string) (CPE, error) {
	body, ok := strings.CutPrefix(s, "cpe:2.3:")
	if !ok || len(s) > 1024 {
		return CPE{}, harrier.Errorf(harrier.Invalid, "%.80q is not a CPE 2.3 name", s)
	}
	fields, ok := splitEscaped(body)
	if !ok || len(fields) != 11 || !strings.Contains("aoh", fields[0]) || len(fields[0]) != 1 {
		return CPE{}, harrier.Errorf(harrier.Invalid, "%.80q is not a CPE 2.3 name", s)
	}
	c := CPE{Part: fields[0], Vendor: fields[1], Product: fields[2], Version: fields[3], Update: fields[4]}
	copy(c.rest[:], fields[5:])
	return c, nil
}

// splitEscaped cuts at colons that no backslash guards, and takes the
// backslashes away; "*" becomes "". It fails for an empty field, for a
// backslash at the end, and for bytes outside printable ASCII.
func splitEscaped(s string) ([]string, bool) {
	var fields []string
	var field strings.Builder
	written, literal := 0, false // bytes of this field as written; one of them escaped
	end := func() bool {
		value := field.String()
		if value == "*" && !literal {
			value = ""
		} else if value == "-" && literal || value == "" {
			return false // an escaped hyphen alone can not be told from "-" afterwards
		}
		fields = append(fields, value)
		field.Reset()
		ok := written > 0
		written, literal = 0, false
		return ok
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c <= ' ' || c > '~':
			return nil, false
		case c == '\\':
			if i++; i == len(s) || s[i] <= ' ' || s[i] > '~' {
				return nil, false
			}
			field.WriteByte(s[i])
			written, literal = written+2, true
		case c == ':':
			if !end() {
				return nil, false
			}
		default:
			field.WriteByte(c)
			written++
		}
	}
	return fields, end()
}

// String returns the formatted string.
func (c CPE) String() string {
	fields := append([]string{c.Part, c.Vendor, c.Product, c.Version, c.Update}, c.rest[:]...)
	for i, f := range fields {
		fields[i] = escape(f)
	}
	return "cpe:2.3:" + strings.Join(fields, ":")
}

func escape(value string) string {
	switch value {
	case "":
		return "*"
	case "-":
		return "-"
	}
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if c := value[i]; c != '_' && c != '.' && c != '-' && !isDigit(c) && !isLetter(c) {
			b.WriteByte('\\')
		}
		b.WriteByte(value[i])
	}
	return b.String()
}

// URI returns the older form "cpe:/a:f5:nginx:1.22.1", without the fields that
// are open at its end.
//
// Source: NISTIR 7695, section 6.1.
func (c CPE) URI() string {
	fields := []string{c.Vendor, c.Product, c.Version, c.Update}
	for len(fields) > 0 && fields[len(fields)-1] == "" {
		fields = fields[:len(fields)-1]
	}
	uri := "cpe:/" + c.Part
	for _, f := range fields {
		uri += ":" + percent(f)
	}
	return uri
}

func percent(value string) string {
	const hex = "0123456789abcdef"
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if c := value[i]; c == '_' || c == '.' || c == '-' || isDigit(c) || isLetter(c) {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + string(hex[c>>4]) + string(hex[c&15]))
		}
	}
	return b.String()
}

// Title returns vendor and product for people: "Openbsd Openssh".
func (c CPE) Title() string {
	words := strings.FieldsFunc(c.Vendor+"_"+c.Product, func(r rune) bool { return r == '_' })
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, " ")
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
