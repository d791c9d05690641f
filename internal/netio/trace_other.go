//go:build !linux

package netio

import (
	"context"
	"net/netip"

	"github.com/harrier-scan/harrier"
)

func (n *Net) stations(context.Context, *host, netip.AddrPort, int, int) ([]station, error) {
	return nil, harrier.Errorf(harrier.Unavailable, "the way to a target can not be found on this system")
}
