package webtech

import "strings"

// cpe writes a CPE 2.3 formatted string. Name is "vendor:product", of an
// application unless it starts with "o:" or "h:"; version may be "".
//
// Source: NISTIR 7695, section 6.2.
func cpe(name, version string) string {
	if name == "" {
		return ""
	}
	part := "a"
	if len(name) > 2 && name[1] == ':' {
		part, name = name[:1], name[2:]
	}
	return "cpe:2.3:" + part + ":" + name + ":" + cpeValue(version) + ":*:*:*:*:*:*:*"
}

func cpeValue(s string) string {
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
	case "-":
		return `\-`
	}
	return b.String()
}
