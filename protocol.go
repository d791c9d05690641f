package harrier

import (
	"cmp"
	"fmt"
)

// Protocol is a transport protocol: "tcp", "udp" or "icmp"; "" means any.
type Protocol string

// The transport protocols.
const (
	TCP  Protocol = "tcp"
	UDP  Protocol = "udp"
	ICMP Protocol = "icmp"
)

// Endpoint is a place on a host where something can be found. Port 0 is the
// host itself.
type Endpoint struct {
	Protocol Protocol `json:"proto,omitempty"`
	Port     uint16   `json:"port,omitempty"`
}

// String returns "443/tcp".
func (e Endpoint) String() string { return fmt.Sprintf("%d/%s", e.Port, e.Protocol) }

// Compare orders endpoints by protocol, then port.
func (e Endpoint) Compare(o Endpoint) int {
	return cmp.Or(cmp.Compare(e.Protocol, o.Protocol), cmp.Compare(e.Port, o.Port))
}
