package discover

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
	"github.com/harrier-scan/harrier/internal/probe/question"
)

// maxPorts is how many ports are asked by TCP and by UDP at most: a ping is no
// port scan.
const maxPorts = harrier.MaxPingPorts

// questions are what a host is asked. On the link ARP or neighbour discovery
// says it all: no host can hide from it and still talk to its neighbours.
// Connecting knows TCP, echo and UDP only.
func questions(addr netip.Addr, s harrier.Settings, link, connect bool) []sweep.Item {
	if link {
		return []sweep.Item{sweep.Ask(sweep.Neighbour, 0)}
	}
	var items []sweep.Item
	if !s.NoICMP {
		items = append(items, sweep.Ask(sweep.Echo, 0))
	}
	if !s.NoTCPPing {
		ports := s.PingPorts
		if len(ports) == 0 {
			ports = DefaultPorts
		}
		for i, p := range ports[:min(len(ports), maxPorts)] {
			if s.ScanPrinters || !netio.IsPrinter(p) {
				items = append(items, sweep.Ask(sweep.SYN, p))
			}
			if i == 0 && !connect { // filters that keep no state let it pass
				items = append(items, sweep.Ask(sweep.ACK, 80))
			}
		}
	}
	if !s.NoICMP && !connect && addr.Unmap().Is4() {
		items = append(items, sweep.Ask(sweep.Timestamp, 0))
	}
	if s.UDPPing {
		ports := s.UDPPingPorts
		if len(ports) == 0 {
			ports = DefaultUDPPorts
		}
		for _, p := range ports[:min(len(ports), maxPorts)] {
			if s.ScanOT || !question.Fragile(p) {
				items = append(items, sweep.Ask(sweep.UDP, p))
			}
		}
	}
	return unique(items)
}

func unique(items []sweep.Item) []sweep.Item {
	var out []sweep.Item
	for _, item := range items {
		if !slices.Contains(out, item) {
			out = append(out, item)
		}
	}
	return out
}

func port(r sweep.Reply) string { return strconv.Itoa(int(r.Item.Port())) }

// own are the addresses of this machine, looked up anew every second.
var own struct {
	mu    sync.Mutex
	at    time.Time
	addrs map[netip.Addr]bool
}

// IsLocal reports whether addr is one of this machine's own.
func IsLocal(addr netip.Addr) bool {
	if addr.IsLoopback() {
		return true
	}
	own.mu.Lock()
	defer own.mu.Unlock()
	if own.addrs == nil || time.Since(own.at) > time.Second {
		own.addrs, own.at = map[netip.Addr]bool{}, time.Now()
		all, _ := net.InterfaceAddrs() // without any none is known to be our own
		for _, a := range all {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				own.addrs[p.Addr()] = true
			}
		}
	}
	return own.addrs[addr.WithZone("")]
}
