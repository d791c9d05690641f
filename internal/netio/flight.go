package netio

import (
	"maps"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

// Sort is what was sent, for the flight recorder.
type Sort uint8

// The sorts. Those from SYN on are the kinds of package sweep, in their order.
const (
	Connection Sort = iota // TCP, by the system: a port probe, or to talk to a service
	SYN                    // TCP, raw
	ACK                    // TCP, raw
	Echo                   // ICMP
	Timestamp              // ICMP
	Datagram               // UDP
	Neighbour              // ARP or NDP
	sorts      = iota
)

// networks are the names that Dial and Ping go by.
var networks = map[string]Sort{"tcp": Connection, "udp": Datagram, "icmp": Echo}

var sortNetworks = [sorts]string{"tcp", "tcp", "tcp", "icmp", "icmp", "udp", "link"}

var sortNames = [sorts]string{"tcp connection", "tcp syn", "tcp ack", "icmp echo", "icmp timestamp", "udp", "arp/ndp"}

// String returns the sort's name, such as "tcp syn".
func (s Sort) String() string { return sortNames[min(s, sorts-1)] }

// Flight is what was sent to one address: of each sort how many packets, or
// for Connection how many attempts, and when the first and the last one left.
// What an open connection carries is part of the connection.
type Flight struct {
	First, Last time.Time // zero: nothing was sent
	Counts      [sorts]uint32
}

// Total is how many packets and connections were sent.
func (f Flight) Total() int {
	n := 0
	for _, c := range f.Counts {
		n += int(c)
	}
	return n
}

// flight counts what is sent to a declared target.
type flight struct {
	first, last atomic.Int64 // nanoseconds since 1970; 0: never
	counts      [sorts]atomic.Uint32
	gone        atomic.Bool // released: who counts now tells of it
}

func (f *flight) total() int64 {
	n := int64(0)
	for i := range f.counts {
		n += int64(f.counts[i].Load())
	}
	return n
}

// note records one packet or connection to a target.
func (n *Net) note(h *host, s Sort, to netip.AddrPort, now int64) {
	if h.log.first.Load() == 0 {
		h.log.first.CompareAndSwap(0, now)
	}
	h.log.last.Store(now)
	h.log.counts[s].Add(1)
	if h.log.gone.Load() { // it was on its way out when the target was released
		n.land(to.Addr(), h)
	}
	if n.Saw != nil {
		n.Saw(sortNetworks[s], to)
	}
}

// Flight tells what was sent to a declared target since it was declared.
func (n *Net) Flight(addr netip.Addr) Flight {
	n.mu.RLock()
	h := n.hosts[plain(addr)]
	n.mu.RUnlock()
	if h == nil {
		return Flight{}
	}
	f := h.log.times()
	for i := range f.Counts {
		f.Counts[i] = h.log.counts[i].Load()
	}
	return f
}

// times is a Flight without counts.
func (f *flight) times() Flight {
	first, last := f.first.Load(), f.last.Load()
	if first == 0 {
		return Flight{}
	}
	return Flight{First: time.Unix(0, first), Last: time.Unix(0, max(first, last))}
}

// InHand tells of each declared target to which something was sent, since it
// was declared.
func (n *Net) InHand(tell func(netip.Addr, Flight)) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	for addr, h := range n.hosts {
		f := h.log.times()
		for i := range f.Counts {
			f.Counts[i] = h.log.counts[i].Load()
		}
		if f.Total() > 0 {
			tell(addr, f)
		}
	}
}

// land tells Released what was counted for h and not told yet. A count that is
// added while it runs is told by one of the two: note adds first and looks for
// gone then, the caller here has set gone before.
func (n *Net) land(addr netip.Addr, h *host) {
	if n.Released == nil {
		return
	}
	var counts [sorts]uint32
	for i := range counts {
		counts[i] = h.log.counts[i].Swap(0)
	}
	f := h.log.times()
	if f.Counts = counts; f.Total() > 0 {
		n.Released(addr, f)
	}
}

// landAll does so for every target that was never released.
func (n *Net) landAll() {
	n.mu.RLock()
	left := maps.Clone(n.hosts)
	n.mu.RUnlock()
	for addr, h := range left {
		h.log.gone.Store(true)
		n.land(addr, h)
	}
}

// solicited records that a neighbour was asked for on the link so that packets
// can be sent to it. Routers are no targets: what is asked of them is not
// recorded.
func (n *Net) solicited(addr netip.Addr) {
	n.mu.RLock()
	h := n.hosts[addr]
	n.mu.RUnlock()
	if h != nil {
		n.sent.Add(1)
		n.note(h, Neighbour, netip.AddrPortFrom(addr, 0), time.Now().UnixNano())
	}
}

// The sorts follow the kinds.
var _ = [1]struct{}{}[SYN-Sort(sweep.SYN)-1]
