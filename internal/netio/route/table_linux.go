package route

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier"
)

// Table answers from the kernel's routes and neighbours. It belongs to the
// network namespace of the thread that opened it, wherever it is asked from, and
// needs no privilege. It is safe for concurrent use.
type Table struct {
	gen     atomic.Uint64 // counts changes, and seconds
	changes *os.File
	closed  context.CancelFunc
	workers sync.WaitGroup

	now    atomic.Pointer[snapshot]
	taking sync.Mutex // guards dumper
	dumper *conn

	asking sync.Mutex // guards asker and links
	asker  *conn
	links  links

	meeting sync.Mutex // guards neighbours
	neigh   *conn
}

// answer is what the kernel said about an address.
type answer struct {
	path  Path       // Next is invalid if it is the target itself; without Prefix
	alone bool       // it holds for this address only
	kind  uint8      // RTN_, if not unicast or local; else 0
	errno unix.Errno // why there is no path; else 0
	err   error      // a fault that is not the kernel's answer
}

// Open opens the routes of the current network namespace. It answers
// Unavailable when the system does not let it.
func Open() (*Table, error) {
	fd, err := listen()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	t := &Table{changes: os.NewFile(uintptr(fd), "rtnetlink"), closed: cancel}
	for _, c := range [...]**conn{&t.dumper, &t.asker, &t.neigh} {
		if *c, err = dial(); err != nil {
			t.Close()
			return nil, err
		}
	}
	t.workers.Go(t.watch)
	t.workers.Go(func() { t.age(ctx) })
	return t, nil
}

// Close ends the table. Path answers Unavailable from then on.
func (t *Table) Close() {
	t.closed()
	t.changes.Close()
	t.workers.Wait()
	for _, c := range [...]struct {
		mu *sync.Mutex
		*conn
	}{{&t.taking, t.dumper}, {&t.asking, t.asker}, {&t.meeting, t.neigh}} {
		c.mu.Lock()
		if c.conn != nil {
			c.close()
		}
		c.mu.Unlock()
	}
	t.now.Store(nil)
}

// watch counts changes. What changed does not matter; nor does that messages
// were lost, which the kernel tells (ENOBUFS): that is a change too.
func (t *Table) watch() {
	b := make([]byte, 64<<10)
	for {
		_, err := t.changes.Read(b)
		t.gen.Add(1)
		if err != nil && !errors.Is(err, unix.ENOBUFS) && !errors.Is(err, unix.EINTR) {
			return // closed; otherwise answers still age
		}
	}
}

// age ends what was answered every maxAge: not all that the kernel's answers
// depend on is reported. It spares Path a look at the clock.
func (t *Table) age(ctx context.Context) {
	tick := time.NewTicker(maxAge)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			t.gen.Add(1)
		case <-ctx.Done():
			return
		}
	}
}

// Generation changes when anything did that paths depend on, and every second.
// Who keeps paths asks again when it differs.
func (t *Table) Generation() uint64 { return t.gen.Load() }

// Path returns how packets to the address leave, as a socket without a mark
// would send them. A change of the routes is seen within a second, and mostly
// within a millisecond.
//
// It answers Invalid for what is no host (group and broadcast addresses, the
// unspecified one) and for a link-local IPv6 address without a zone or with an
// unknown one; Forbidden when a route prohibits it (EACCES); Unavailable
// without a route (ENETUNREACH), on an unreachable (EHOSTUNREACH) or blackhole
// route (EINVAL), and when frames can not be built for the way: it needs an
// encapsulation of the route or a link with other than 6-byte addresses.
// errors.Is finds the named errnos, which are those of a socket that connects.
func (t *Table) Path(to netip.Addr) (Path, error) {
	zone := to.Zone()
	to = to.WithZone("").Unmap()
	switch {
	case !to.IsValid() || to.IsUnspecified() || to.IsMulticast():
		return Path{}, harrier.Errorf(harrier.Invalid, "%v is not the address of a host", to)
	case zone != "":
		index, err := t.zone(zone)
		if err != nil {
			return Path{}, err
		}
		a := t.ask(to, index, false)
		return a.found(to, netip.PrefixFrom(to, to.BitLen()))
	case to.Is6() && to.IsLinkLocalUnicast():
		return Path{}, harrier.Errorf(harrier.Invalid, "%v needs a zone: name the interface, as in %v%%eth0", to, to)
	}
	s := t.current()
	if s == nil {
		a := t.ask(to, 0, true)
		return a.found(to, netip.PrefixFrom(to, to.BitLen()))
	}
	c := s.cells(to)
	i := c.find(keyOf(to))
	if a := c.held[i].Load(); a != nil {
		return a.found(to, c.prefix(i, to))
	}
	a := t.ask(to, 0, s.bySource || c.split[i])
	if c.split[i] || a.alone || a.err != nil {
		return a.found(to, netip.PrefixFrom(to, to.BitLen()))
	}
	c.held[i].Store(&a)
	return a.found(to, c.prefix(i, to))
}

// current returns a snapshot that holds now, or nil when each address is to be
// asked for by itself.
func (t *Table) current() *snapshot {
	s := t.now.Load()
	if s.holds(t.gen.Load()) {
		return s
	}
	if s != nil && time.Since(s.at) < s.pause || !t.taking.TryLock() {
		return nil
	}
	defer t.taking.Unlock()
	if s = t.now.Load(); s.holds(t.gen.Load()) {
		return s
	}
	gen := t.gen.Load() // before reading: a change meanwhile makes it old at once
	s = takeSnapshot(t.dumper, gen)
	t.now.Store(s)
	if !s.holds(t.gen.Load()) {
		return nil
	}
	return s
}

// holds reports whether answers are shared by s in the generation.
func (s *snapshot) holds(gen uint64) bool { return s != nil && s.v4 != nil && s.gen == gen }

// found turns an answer into what Path returns.
func (a *answer) found(to netip.Addr, shared netip.Prefix) (Path, error) {
	switch {
	case a.err != nil:
		return Path{}, a.err
	case a.kind == unix.RTN_BROADCAST || a.kind == unix.RTN_MULTICAST:
		return Path{}, harrier.Errorf(harrier.Invalid, "%v is not the address of a host", to)
	case a.errno != 0:
		return Path{}, noPath(to, a.errno)
	}
	p := a.path
	if p.OnLink {
		p.Next = to
	}
	p.Prefix = shared
	return p, nil
}

func noPath(to netip.Addr, errno unix.Errno) error {
	switch errno {
	case unix.ENETUNREACH, unix.ESRCH:
		return harrier.Errorf(harrier.Unavailable, "no route to %v", to).Because(unix.ENETUNREACH)
	case unix.EHOSTUNREACH:
		return harrier.Errorf(harrier.Unavailable, "the route to %v says that it is unreachable", to).Because(errno)
	case unix.EINVAL:
		return harrier.Errorf(harrier.Unavailable, "the route to %v drops packets", to).Because(errno)
	case unix.EACCES, unix.EPERM:
		return harrier.Errorf(harrier.Forbidden, "the route to %v prohibits packets", to).Because(errno)
	default:
		return harrier.Errorf(harrier.Unavailable, "no path to %v", to).Because(errno)
	}
}

// routing are the errnos by which the kernel answers that there is no path; any
// other is a fault of the moment.
var routing = []unix.Errno{unix.ENETUNREACH, unix.ESRCH, unix.EHOSTUNREACH, unix.EINVAL, unix.EACCES, unix.EPERM, unix.ENETDOWN, unix.ENODEV, unix.EADDRNOTAVAIL}

// ask asks the kernel about one address, through an interface if index is not
// 0. bySource asks as an IPv4 socket that connects does: first for the source
// address, then for the route from there, which a rule may choose by source and
// a multipath route by both addresses.
func (t *Table) ask(to netip.Addr, index int, bySource bool) answer {
	t.asking.Lock()
	defer t.asking.Unlock()
	r, err := t.route(to, netip.Addr{}, index)
	if err == nil && bySource && to.Is4() && r.kind == unix.RTN_UNICAST && r.source.IsValid() {
		source := r.source
		r, err = t.route(to, source, index)
		r.source = source
	}
	var errno unix.Errno
	switch {
	case errors.As(err, &errno) && slices.Contains(routing, errno):
		return answer{errno: errno}
	case err != nil:
		return answer{err: harrier.Errorf(harrier.Unavailable, "the system's routes can not be read").Because(err)}
	}
	a := answer{alone: r.flags&flagRedirected != 0 || to.Is4() && r.expires || to.Is6() && r.flags&unix.RTM_F_CLONED != 0}
	switch r.kind {
	case unix.RTN_UNICAST, unix.RTN_LOCAL, unix.RTN_ANYCAST: // anycast: an own address that others have too
	case unix.RTN_BROADCAST, unix.RTN_MULTICAST:
		a.kind = r.kind
		return a
	case unix.RTN_UNREACHABLE:
		a.errno = unix.EHOSTUNREACH
		return a
	case unix.RTN_PROHIBIT:
		a.errno = unix.EACCES
		return a
	case unix.RTN_BLACKHOLE:
		a.errno = unix.EINVAL
		return a
	default:
		a.errno = unix.ENETUNREACH
		return a
	}
	l, err := t.link(r.oif)
	if err != nil {
		return answer{err: err}
	}
	t.fill(&a, to, r, l)
	return a
}

// route asks for the route to an address as it is after all rules.
func (t *Table) route(to, from netip.Addr, index int) (r fibRoute, err error) {
	header := [unix.SizeofRtMsg]byte{0: unix.AF_INET, 1: byte(to.BitLen())}
	if to.Is6() {
		header[0] = unix.AF_INET6
	}
	if from.IsValid() {
		header[2] = byte(from.BitLen())
	}
	c := t.asker
	c.start(unix.RTM_GETROUTE, 0, header[:]...)
	c.attr(unix.RTA_DST, to.AsSlice())
	if from.IsValid() {
		c.attr(unix.RTA_SRC, from.AsSlice())
	}
	if index != 0 {
		c.number(unix.RTA_OIF, uint32(index))
	}
	err = c.send(func(m message) (err error) {
		if m.kind == unix.RTM_NEWROUTE {
			r, err = parseRoute(m.body)
		}
		return err
	})
	return r, err
}

// fill describes the way through a link.
func (t *Table) fill(a *answer, to netip.Addr, r fibRoute, l link) {
	p := &a.path
	*p = Path{Index: l.index, Name: l.name, From: r.source, MAC: l.mac, MTU: l.mtu}
	if r.mtu > 0 {
		p.MTU = min(p.MTU, r.mtu)
	}
	p.Local = r.kind != unix.RTN_UNICAST
	loops := l.flags&unix.IFF_LOOPBACK != 0
	p.Ethernet = l.hardware == unix.ARPHRD_ETHER || l.hardware == unix.ARPHRD_LOOPBACK
	asks := l.flags&(unix.IFF_NOARP|unix.IFF_POINTOPOINT) == 0
	hop := r.gateway
	if !hop.IsValid() {
		hop = to
	}
	switch {
	case r.encap:
		a.err = harrier.Errorf(harrier.Unavailable, "the route to %v wraps packets, which only the system can do", to)
	case p.Local || loops:
	case p.Ethernet && asks:
		p.OnLink = !r.gateway.IsValid()
		p.Next = hop
	case p.Ethernet:
		a.alone = a.alone || !r.gateway.IsValid() // each neighbour may have an entry of its own
		p.Peer = t.silentPeer(l, hop)
	case asks && l.longMAC:
		a.err = harrier.Errorf(harrier.Unavailable, "the interface %s has link-layer addresses of an unknown kind", l.name)
	}
}

// silentPeer is where the kernel sends frames on a link on which it does not
// ask: to what an administrator set, else to the interface's own address where
// there is no ARP, and to all on a point-to-point link.
func (t *Table) silentPeer(l link, hop netip.Addr) [6]byte {
	if mac, ok := t.Neighbour(l.index, hop); ok {
		return mac
	}
	if l.flags&unix.IFF_NOARP != 0 {
		return l.mac
	}
	return [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
}

// Neighbour returns the link-layer address that the kernel would use for a
// neighbour on the interface, if it knows one (states REACHABLE, STALE, DELAY,
// PROBE, PERMANENT and NOARP). A zone of the address does not matter. It asks
// the kernel each time, which takes some microseconds.
func (t *Table) Neighbour(index int, addr netip.Addr) (mac [6]byte, ok bool) {
	if !addr.IsValid() || index <= 0 {
		return mac, false
	}
	addr = addr.Unmap()
	header := [unix.SizeofNdMsg]byte{0: unix.AF_INET}
	if addr.Is6() {
		header[0] = unix.AF_INET6
	}
	native.PutUint32(header[4:], uint32(index))
	t.meeting.Lock()
	defer t.meeting.Unlock()
	c := t.neigh
	c.start(unix.RTM_GETNEIGH, 0, header[:]...)
	c.attr(unix.NDA_DST, addr.AsSlice())
	err := c.send(func(m message) (err error) {
		if m.kind == unix.RTM_NEWNEIGH {
			mac, ok, err = parseNeighbour(m.body)
		}
		return err
	})
	return mac, ok && err == nil
}
