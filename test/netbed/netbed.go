// Package netbed makes a scanner, a target with very many addresses, and the
// way between them, out of network namespaces. The way can lose frames, carry
// only so many of them, hold them back for a while, or lead to firewalled
// hosts. No frame leaves the machine.
//
//	scanner 10.78.0.1 ── scan0 ═══ target0 ── 10.78.0.2 target, 10.77.0.0/16 local
//	        fd78::1                           fd78::2           fd77::/64, 10.96.0.0/12 local
//
// The target's kernel answers for every address of the local ranges: SYN/ACK
// from the ports of [Open], RST from all others. A [Profile] narrows that.
package netbed

import (
	"net/netip"
	"slices"
	"time"
)

// Interfaces and link addresses of the two ends.
const (
	ScannerInterface = "scan0"
	ScannerMAC       = "02:00:00:00:00:01"
	TargetMAC        = "02:00:00:00:00:02"
)

// Addresses of the scanner, and the ranges that are local to the target.
var (
	ScannerAddr  = netip.MustParseAddr("10.78.0.1")
	ScannerAddr6 = netip.MustParseAddr("fd78::1")
	Targets      = netip.MustParsePrefix("10.77.0.0/16")
	Targets6     = netip.MustParsePrefix("fd77::/64")
	Wide         = netip.MustParsePrefix("10.96.0.0/12") // for long target lists
)

// Options say which network is made. The zero value is a plain link.
type Options struct {
	// Name starts the names of the namespaces; "" means "netbed". Two networks
	// of one process need different names.
	Name string
	// Delay holds each frame back that long on its way, in both directions, by
	// a bridge in a namespace between the two.
	Delay time.Duration
	// Quiet leaves out what listens at the target: the caller starts that.
	Quiet bool
}

// Open is what listens on each address of the target: well-known ports and odd
// ones, in rising order, 99 of them. Ports 9100-9107 are left out: a scanner
// that spares printers does not ask there.
var Open = func() []uint16 {
	open := []uint16{
		21, 22, 23, 25, 53, 80, 110, 111, 139, 143, 389, 443, 445, 587, 631, 993, 995, 1433, 1521, 1883, 2049,
		3128, 3306, 3389, 5060, 5432, 5672, 5900, 6379, 8000, 8080, 8443, 8888, 9000, 9090, 9200, 10000, 11211, 27017,
	}
	for k := range uint16(61) {
		open = append(open, 1021*(k+1)+7)
	}
	slices.Sort(open)
	return slices.Compact(open)
}()

// Truth is every address and port that must be found open when the addresses
// of net that open selects by their index are asked for ports.
func Truth(net netip.Prefix, ports []uint16, open func(host int) bool) map[netip.AddrPort]bool {
	found := ports[:0:0]
	for _, p := range ports {
		if _, ok := slices.BinarySearch(Open, p); ok {
			found = append(found, p)
		}
	}
	truth := map[netip.AddrPort]bool{}
	for i, a := 0, net.Masked().Addr(); net.Contains(a); i, a = i+1, a.Next() {
		if !open(i) {
			continue
		}
		for _, p := range found {
			truth[netip.AddrPortFrom(a, p)] = true
		}
	}
	return truth
}
