package harrier

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Fields of a credential that say at which host, and at which port of any, it is
// to be used alone. Policies are kept with these names.
const (
	OnlyAtHost = "nexpose.host"
	OnlyAtPort = "nexpose.port"
)

// Login is a credential with its secrets in the clear, as an engine needs it to
// sign in. It is kept in memory only, and prints without what is secret.
type Login struct {
	Credential Credential        `json:"credential"`
	Secrets    map[string]string `json:"secrets"`
}

// String tells the sort of the credential.
func (l Login) String() string { return l.Credential.Category + " " + l.Credential.Type }

// GoString is String.
func (l Login) GoString() string { return l.String() }

// Here reports whether the login is for a port of the host that is known by names:
// nobody else is told its secrets. An address counts however it is written.
func (l Login) Here(port uint16, names ...string) bool {
	if only := strings.TrimSpace(l.Credential.Fields[OnlyAtPort]); only != "" && only != "0" && only != strconv.Itoa(int(port)) {
		return false
	}
	only := strings.TrimSpace(l.Credential.Fields[OnlyAtHost])
	addr, err := netip.ParseAddr(only)
	return only == "" || slices.ContainsFunc(names, func(name string) bool {
		other, otherErr := netip.ParseAddr(name)
		return strings.EqualFold(name, only) || err == nil && otherErr == nil && addr.Unmap() == other.Unmap()
	})
}
