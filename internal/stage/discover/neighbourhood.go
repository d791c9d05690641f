package discover

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

// When the answers of a subnet are doubted, and when they are those of a
// device.
const (
	// leastAlike is how many addresses have to answer alike before they can be
	// taken for one device: a rack of equal machines with equal filters is
	// smaller, most firewalls that answer for a net answer for more.
	leastAlike = 24
	// One in mostOthers of the addresses asked may answer in another way: hosts
	// that are there, among those that a device answers for.
	mostOthers = 4
	// netSize is how many addresses are looked at together.
	netSize = 256
	// patience is how long nothing may happen in a subnet of which addresses
	// are still to come before it is judged without them.
	patience = 3 * time.Second
	// maxDevices is how many subnets with a device are remembered.
	maxDevices = 1024
)

// Neighbourhood compares the answers of a batch's hosts with those of their
// neighbours, subnet by subnet (24 bits of IPv4, 120 of IPv6). Firewalls, SYN
// proxies and tarpits answer TCP for every address of a net; without a
// comparison each of them would pass for a host.
//
// An answer by ICMP or UDP is believed at once. One by ARP or neighbour discovery
// is when its link-layer address can not be that of 24 addresses of the subnet
// any more, or is that of few for a second: routers with proxy ARP answer for
// all. Else the address is asked in all other ways, and is a host if it answers
// one. An answer by
// TCP alone waits until an address of the subnet stayed silent or came back as
// unreachable, which shows that nothing answers for all; or until all addresses
// that the batch has there were asked. If at least 24 answered by TCP alone
// then, they are asked again by ICMP, at all ping ports and at two more that
// hardly any host uses: those that answer in exactly the same way, if they are
// three quarters of the subnet, are a device's. What differs is a host.
//
// The first and the last address of an IPv4 subnet are no hosts in most nets,
// so that their silence says nothing. Where ICMP may not be asked, equal hosts
// can not be told from a device that refuses for all, and only one that accepts
// at improbable ports is recognised.
//
// It is made by NewNeighbourhood. Its methods may overlap, but for Enter.
type Neighbourhood struct {
	ping func(ctx context.Context, addr netip.Addr, s harrier.Settings) (Answer, error)
	look func(ctx context.Context, addr netip.Addr, s harrier.Settings, first Answer, odd [2]uint16) (look, error)

	mu      sync.Mutex
	last    *subnet // the one that addresses may still enter; may be nil
	devices map[netip.Prefix]device
}

// device answers for the addresses of a subnet.
type device struct {
	manner string
	odd    [2]uint16
}

// look is what a second look at an address told.
type look struct {
	Answer        // of ICMP, if Alive
	manner string // how ports answer: the same for what a device answers for
	sure   bool   // that the same manner is no coincidence
}

// NewNeighbourhood returns one that asks through n.
func NewNeighbourhood(n *netio.Net) *Neighbourhood {
	return &Neighbourhood{
		ping: func(ctx context.Context, addr netip.Addr, s harrier.Settings) (Answer, error) {
			return Ping(ctx, n, addr, s)
		},
		look: func(ctx context.Context, addr netip.Addr, s harrier.Settings, first Answer, odd [2]uint16) (look, error) {
			return lookAgain(ctx, n, addr, s, first, odd)
		},
		devices: map[netip.Prefix]device{},
	}
}

// phase is how far a subnet is.
type phase uint8

const (
	gathering phase = iota // answers to the first questions
	passed                 // nothing answers for all: hosts are believed
	looking                // its hosts are looked at again
	judged
)

// subnet is what is known of neighbours.
type subnet struct {
	key     netip.Prefix
	phase   phase
	full    bool // no more addresses come
	asked   int  // addresses that are asked or were
	pending int  // of them, without an outcome yet
	others  int  // that are there and not to be doubted
	doubted []*Visit
	signs   map[sign]int // of the doubted ones
	odd     [2]uint16
	looks   int               // second looks in progress
	links   map[[6]byte]*link // nil before the first answer on the link
	touched time.Time
}

// sign is a first answer by TCP.
type sign struct {
	item   sweep.Item
	state  sweep.State
	ttl    uint8
	window uint16
}

// Visit is one address that will be asked.
type Visit struct {
	book *Neighbourhood
	net  *subnet
	addr netip.Addr

	told    bool      // guarded by the book: its outcome is known, or it has none
	doubted bool      // likewise: it is looked at again, and that goes on
	seen    look      // likewise
	again   chan bool // whether it is to be looked at again
	device  chan bool // whether it is a device's answer
}

// Enter says that addr will be asked, by Ping of the Visit that it returns.
// Leave has to be called in the end. The addresses of a subnet are to come one
// after the other: an address of another one ends it.
func (b *Neighbourhood) Enter(addr netip.Addr) *Visit {
	key := around(addr)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last == nil || b.last.key != key || b.last.full {
		b.end()
		b.last = &subnet{key: key, signs: map[sign]int{}, odd: oddPorts()}
		if d, known := b.devices[key]; known {
			b.last.odd = d.odd
		}
	}
	s := b.last
	s.asked++
	s.pending++
	s.touched = time.Now()
	if s.asked == netSize {
		b.end()
	}
	return &Visit{book: b, net: s, addr: addr, again: make(chan bool, 1), device: make(chan bool, 1)}
}

// Close says that no more addresses come. Visits go on.
func (b *Neighbourhood) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.end()
}

// end lets nobody else into the last subnet. The caller holds mu.
func (b *Neighbourhood) end() {
	if s := b.last; s != nil {
		b.last, s.full = nil, true
		b.decide(s)
	}
}

func around(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	p, _ := addr.Prefix(addr.BitLen() - 8) // an address has more bits
	return p
}

// oddPorts are two different ports that hardly any host listens at.
func oddPorts() [2]uint16 {
	a := rand.IntN(12_000)
	b := (a + 1 + rand.IntN(11_999)) % 12_000
	return [2]uint16{uint16(40_001 + 2*a), uint16(40_001 + 2*b)}
}

// Ping is discover.Ping, with an answer that was compared with those of the
// neighbours. With Settings.FastDiscovery it is not compared.
func (v *Visit) Ping(ctx context.Context, s harrier.Settings) (Answer, error) {
	a, err := v.book.ping(ctx, v.addr, s)
	switch {
	case err != nil || s.FastDiscovery:
		return a, err
	case byLink(a):
		return v.linked(ctx, s, a)
	case !v.tell(a):
		return a, nil
	}
	switch again, err := v.wait(ctx, v.again); {
	case err != nil:
		return Answer{}, err
	case !again:
		return a, nil
	}
	seen, err := v.book.look(ctx, v.addr, s, a, v.net.odd)
	if err != nil {
		return Answer{}, err
	}
	v.saw(seen)
	if seen.Alive {
		return seen.Answer, nil
	}
	device, err := v.wait(ctx, v.device)
	if err != nil {
		return Answer{}, err
	}
	if device {
		a.Alive, a.Known, a.Reason = false, false, "a device in front of "+v.net.key.String()+" answers for every address"
	}
	return a, nil
}

// wait waits for the neighbours.
func (v *Visit) wait(ctx context.Context, word <-chan bool) (bool, error) {
	tick := time.NewTicker(patience)
	defer tick.Stop()
	for {
		select {
		case yes := <-word:
			return yes, nil
		case <-ctx.Done():
			return false, ctx.Err()
		case <-tick.C:
			v.book.overdue(v.net)
		}
	}
}

// overdue ends a subnet in which nothing happens any more.
func (b *Neighbourhood) overdue(s *subnet) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last == s && s.pending == 0 && time.Since(s.touched) >= patience {
		b.end()
	}
}

// tell takes in what the first questions brought, and reports whether the
// visitor is to wait.
func (v *Visit) tell(a Answer) bool {
	b, s := v.book, v.net
	b.mu.Lock()
	defer b.mu.Unlock()
	if v.told {
		return false
	}
	switch {
	case a.Alive && !byTCP(a):
		v.outcome()
		s.others++
	case a.Alive:
		v.outcome()
		if s.phase != gathering {
			return false
		}
		sign := sign{a.Reply.Item, a.Reply.State, a.Reply.TTL, a.Reply.Window}
		if s.differs(sign) {
			s.others++
			break
		}
		s.signs[sign]++
		s.doubted = append(s.doubted, v)
		v.doubted = true
		b.decide(s)
		return true
	case a.Reason == Own || v.atEdge():
		v.leave()
	default:
		v.outcome()
		s.pass()
	}
	b.decide(s)
	return false
}

// byTCP reports whether TCP alone speaks for a host.
func byTCP(a Answer) bool {
	k := a.Reply.Item.Kind()
	return a.Known && (k == sweep.SYN || k == sweep.ACK)
}

// atEdge reports whether the address is that of a net, or the one of all its
// hosts, if the net is as large as the subnets here.
func (v *Visit) atEdge() bool {
	a := v.addr.Unmap()
	if !a.Is4() {
		return false
	}
	last := a.As4()[3]
	return last == 0 || last == 255
}

// differs reports whether so many answered the same question in one other way
// that this one is no device's.
func (s *subnet) differs(it sign) bool {
	for other, n := range s.signs {
		if n >= leastAlike && other.item == it.item && other != it {
			return true
		}
	}
	return false
}

// outcome notes that the address has answered, or did not. The caller holds the
// book's mu.
func (v *Visit) outcome() {
	v.told = true
	v.net.pending--
	v.net.touched = time.Now()
	v.net.decideLinks()
}

// leave takes an address back: it says nothing of the subnet. The caller holds
// the book's mu.
func (v *Visit) leave() {
	v.outcome()
	v.net.asked--
}

// Leave ends the visit.
func (v *Visit) Leave() {
	b := v.book
	b.mu.Lock()
	defer b.mu.Unlock()
	if !v.told {
		v.leave()
		b.decide(v.net)
		return
	}
	if v.doubted { // its scan has ended before it was judged
		v.doubted = false
		v.net.looked(b)
	}
}

// saw takes in a second look.
func (v *Visit) saw(l look) {
	b := v.book
	b.mu.Lock()
	defer b.mu.Unlock()
	v.seen, v.doubted = l, false
	v.net.looked(b)
}

// looked notes the end of a second look. The caller holds the book's mu.
func (s *subnet) looked(b *Neighbourhood) {
	if s.phase == looking {
		if s.looks--; s.looks == 0 {
			b.judge(s)
		}
	}
}

// pass believes all hosts of a subnet. The caller holds the book's mu.
func (s *subnet) pass() {
	if s.phase != gathering {
		return
	}
	s.phase = passed
	for _, v := range s.doubted {
		v.doubted = false
		v.again <- false
	}
	s.doubted = nil
}

// decide looks whether the hosts of a subnet can be believed, or are to be
// looked at again. The caller holds mu.
func (b *Neighbourhood) decide(s *subnet) {
	s.decideLinks()
	if s.phase != gathering {
		return
	}
	_, known := b.devices[s.key]
	switch can := len(s.doubted) + s.pending; {
	case !known && s.others > netSize/mostOthers, s.full && !known && !s.enough(can), s.full && can == 0:
		s.pass()
	case s.full && s.pending == 0:
		s.phase = looking
		for _, v := range s.doubted {
			if v.doubted { // else it has left
				s.looks++
				v.again <- true
			}
		}
		if s.looks == 0 {
			s.phase = judged
		}
	}
}

// enough reports whether n addresses with the same answers make a device.
func (s *subnet) enough(n int) bool {
	return n >= leastAlike && mostOthers*n >= (mostOthers-1)*s.asked
}

// judge tells a device from hosts, after all were looked at again. The caller
// holds mu.
func (b *Neighbourhood) judge(s *subnet) {
	s.phase = judged
	d, known := b.devices[s.key]
	count := map[string]int{}
	for _, v := range s.doubted {
		if !v.seen.Alive && v.seen.sure {
			count[v.seen.manner]++
		}
	}
	for manner, n := range count {
		if !known && s.enough(n) { // at most one can be
			d, known = device{manner, s.odd}, true
			if len(b.devices) >= maxDevices {
				clear(b.devices)
			}
			b.devices[s.key] = d
		}
	}
	for _, v := range s.doubted {
		v.device <- known && v.seen.sure && v.seen.manner == d.manner
	}
	s.doubted = nil
}
