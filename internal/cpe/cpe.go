// Package cpe writes CPE 2.3 formatted strings, the names that vulnerabilities
// are published for.
package cpe

import "strings"

// Name writes a CPE 2.3 formatted string. Name is "vendor:product", of an
// application unless it starts with "o:" or "h:"; version and update may be "".
// It returns "" for an empty name.
//
// Source: NISTIR 7695, section 6.2.
func Name(name, version, update string) string {
	if name == "" {
		return ""
	}
	part := "a"
	if rest, found := strings.CutPrefix(name, "o:"); found {
		part, name = "o", rest
	} else if rest, found := strings.CutPrefix(name, "h:"); found {
		part, name = "h", rest
	}
	return "cpe:2.3:" + part + ":" + name + ":" + value(version) + ":" + value(strings.TrimLeft(update, "-.")) + ":*:*:*:*:*:*"
}

// value writes one attribute; "*", any, when nothing of s may stand in one.
func value(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			b.WriteRune(r)
		case r == ' ':
			b.WriteByte('_')
		case r > ' ' && r < 0x7f:
			b.WriteByte('\\')
			b.WriteRune(r)
		}
	}
	switch b.String() {
	case "":
		return "*"
	case "-": // alone it would mean that there is no value
		return `\-`
	}
	return b.String()
}

// FromURI turns the older form of a CPE, "cpe:/a:vendor:product:version:update",
// into a formatted string; a version that is "-" is not known. It returns ""
// for anything else.
//
// Source: NISTIR 7695, section 6.1.
func FromURI(uri string) string {
	rest, ok := strings.CutPrefix(uri, "cpe:/")
	if !ok {
		return ""
	}
	parts := strings.Split(rest, ":")
	if len(parts) < 3 || len(parts) > 7 || parts[0] != "a" && parts[0] != "o" && parts[0] != "h" || parts[1] == "" || parts[2] == "" {
		return ""
	}
	out := "cpe:2.3:" + parts[0]
	for i := 1; i <= 10; i++ {
		part := ""
		if i < len(parts) && parts[i] != "-" {
			part = unescape(parts[i])
		}
		out += ":" + value(part)
	}
	return out
}

// unescape resolves %xx of printable ASCII; anything else stays.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := hex(s[i+1]), hex(s[i+2]); hi >= 0 && lo >= 0 && hi*16+lo > ' ' && hi*16+lo < 0x7f {
				b.WriteByte(byte(hi*16 + lo))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
