//go:build unix

package daemons

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
)

// Listener is a socket that waits for peers.
type Listener struct {
	harrier.Endpoint
	Addr netip.Addr // unspecified: every address
}

// Listeners lists the IPv4 sockets that listen in the network namespace of a
// process, TCP first; UDP sockets count when they have no peer. IPv6 sockets
// for every address also serve IPv4, and are listed as such.
//
// Source: proc_net_tcp in the documentation of the Linux kernel.
func Listeners(pid int) ([]Listener, error) {
	var list []Listener
	for _, table := range []struct {
		name     string
		protocol harrier.Protocol
		state    string
	}{{"tcp", harrier.TCP, "0A"}, {"tcp6", harrier.TCP, "0A"}, {"udp", harrier.UDP, "07"}, {"udp6", harrier.UDP, "07"}} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, table.name))
		if err != nil {
			return nil, fmt.Errorf("sockets of process %d: %w", pid, err)
		}
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) > 3 && f[3] == table.state {
				if addr, port, ok := socketName(f[1]); ok {
					list = append(list, Listener{harrier.Endpoint{Protocol: table.protocol, Port: port}, addr})
				}
			}
		}
	}
	return list, nil
}

// socketName reads "0100007F:1F90": an address, each word in the byte order of
// the machine, and a port.
func socketName(s string) (netip.Addr, uint16, bool) {
	host, port, found := strings.Cut(s, ":")
	b, err := hex.DecodeString(host)
	n, errPort := strconv.ParseUint(port, 16, 16)
	if !found || err != nil || errPort != nil || len(b)%4 != 0 {
		return netip.Addr{}, 0, false
	}
	for i := 0; i < len(b); i += 4 {
		binary.BigEndian.PutUint32(b[i:], binary.NativeEndian.Uint32(b[i:]))
	}
	addr, ok := netip.AddrFromSlice(b)
	if addr = addr.Unmap(); addr == netip.IPv6Unspecified() {
		addr = netip.IPv4Unspecified()
	}
	return addr, uint16(n), ok && addr.Is4()
}
