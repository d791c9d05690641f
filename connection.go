package harrier

import (
	"slices"
	"strings"
	"time"
)

// Connection is a service that knows of assets, such as a manager of virtual
// machines, and how to sign in there. It is NeXpose's discovery connection.
type Connection struct {
	ID       ID
	UUID     UUID
	Name     string // unique
	Address  string
	Port     uint16 // 0: the usual one
	Protocol string // of ConnectionProtocols; "" for none said
	Kind     string // of ConnectionKinds; "" for none said
	User     string
	Engine   ID     // that reaches it; 0: the console's own
	Sealed   []byte // its secrets, by name; nil: none. Empty but not nil: hidden from the reader
	// Given is what else a dialect says of it, by its own names.
	Given    map[string]string
	Created  time.Time
	Modified time.Time
}

// What connections speak, and to what.
//
// Source: section 11.4 of nexpose-api.md.
var (
	ConnectionProtocols = []string{"HTTP", "HTTPS", "LDAP", "LDAPS", "SERVICE_PROXY", "TCP", "UDP"}
	ConnectionKinds     = []string{"VSPHERE", "AWS", "ACTIVESYNC", "ACTIVESYNC_POWERSHELL", "ACTIVESYNC_OFFICE365", "DHCP_SERVICE"}
)

// mostConnectionText bounds address and user, in bytes.
const mostConnectionText = 1024

// Check answers Invalid, naming the field, for a connection that breaks its own
// rules.
func (c *Connection) Check() error {
	if err := checkName(c.Name); err != nil {
		return err
	}
	switch {
	case strings.TrimSpace(c.Address) == "" && c.Kind != "AWS":
		return Invalidf("address", "is missing")
	case len(c.Address) > mostConnectionText || len(c.User) > mostConnectionText:
		return Invalidf("address", "or user is longer than %d bytes", mostConnectionText)
	case c.Protocol != "" && !slices.Contains(ConnectionProtocols, c.Protocol):
		return Invalidf("protocol", "is none of %v", ConnectionProtocols)
	case c.Kind != "" && !slices.Contains(ConnectionKinds, c.Kind):
		return Invalidf("type", "is none of %v", ConnectionKinds)
	}
	return checkGiven(c.Given)
}
