package match

import "github.com/harrier-scan/harrier/internal/version"

// The schemes by which versions of servers are ordered.
const (
	Dotted  = version.Dotted
	OpenSSH = version.OpenSSH
	BIND    = version.BIND
)

// span is a range of affected versions: from From (included; "" is the
// beginning) to Fixed (not included) or to Last (included).
type span struct{ From, Fixed, Last string }

func (r span) has(scheme, v string) bool {
	switch {
	case r.From != "" && version.Compare(scheme, v, r.From) < 0:
		return false
	case r.Fixed != "":
		return version.Compare(scheme, v, r.Fixed) < 0
	}
	return r.Last != "" && version.Compare(scheme, v, r.Last) <= 0
}

// complete returns s when it is a version with at least parts numbers, else "".
func complete(scheme, s string, parts int) string {
	if version.Numbers(scheme, s) < parts {
		return ""
	}
	return s
}
