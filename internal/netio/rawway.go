package netio

import (
	"encoding/binary"
	"errors"
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"github.com/harrier-scan/harrier/internal/netio/packet"
	"github.com/harrier-scan/harrier/internal/netio/raw"
	"github.com/harrier-scan/harrier/internal/netio/route"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

// The source ports of a raw way: tags are their low bits, SYNs come from the
// first quarter, ACKs from the second and SYNs with all options from the third.
// The fourth is not used: ports are reserved by powers of two.
const rawPorts = 4 * sweep.Tags

// rawWay asks by raw packets. It keeps nothing of what it sent: the answer
// repeats the source port, which tells the tag, and a number that only we can
// have made from the addresses and ports. Nobody who does not see our packets
// can answer for a target.
type rawWay struct {
	session *raw.Session
	paths   paths
	answer  func([]sweep.Answer)
	asked   func(netip.Addr) // told whose link-layer address was asked for
	secret  maphash.Seed
	first   uint16 // port
	free    func()
	zones   zones
	readers sync.WaitGroup
}

// rawLane sends for a rawWay, beside others.
type rawLane struct {
	*rawWay
	sender  *raw.Sender
	route   lastPath
	next    lastNext
	sources map[netip.Addr]*packet.Source
	latest  *packet.Source // of from
	from    netip.Addr
	out     []raw.Out
	bufs    [][packet.SmallSize]byte
	local   []sweep.Answer // to be told after a Send
	stayed  [maxTogether]bool
	owner   bool // its Close is the way's
}

func (w *rawWay) lane(owner bool) *rawLane {
	l := &rawLane{rawWay: w, sender: w.session.Sender, sources: map[netip.Addr]*packet.Source{}, bufs: make([][packet.SmallSize]byte, maxTogether), owner: owner}
	if !owner {
		l.sender = w.session.NewSender()
	}
	return l
}

// Close ends the way.
func (w *rawLane) Close() error {
	if !w.owner {
		return nil
	}
	return w.close()
}

func newRawWay(answer func([]sweep.Answer)) (*rawWay, error) {
	first, free, err := raw.ReservePorts(rawPorts)
	if err != nil {
		return nil, err
	}
	session, err := raw.Open(raw.Filter{First: first, Count: rawPorts})
	if err != nil {
		free()
		return nil, err
	}
	table, err := route.Open()
	if err != nil {
		free()
		return nil, errors.Join(err, session.Close())
	}
	w := &rawWay{
		session: session, answer: answer, asked: func(netip.Addr) {}, secret: maphash.MakeSeed(), first: first, free: free,
	}
	w.paths = paths{table: table}
	w.paths.resolver = route.NewResolver(table.Neighbour, w.solicit)
	w.readers.Go(w.read)
	return w, nil
}

// maxTogether is how many packets leave by one call.
const maxTogether = 64

// Supports reports whether the kind is asked by raw packets.
func (w *rawWay) Supports(k sweep.Kind) bool { return k != sweep.UDP }

// cookie is the number that an answer has to repeat.
func (w *rawWay) cookie(addr netip.Addr, port, own uint16) uint32 {
	var b [20]byte
	a := addr.As16()
	copy(b[:], a[:])
	binary.BigEndian.PutUint16(b[16:], port)
	binary.BigEndian.PutUint16(b[18:], own)
	return uint32(maphash.Bytes(w.secret, b[:]))
}

// query is what names an ICMP query: identifier and sequence number, which all
// that an ICMP error must repeat of it holds, and a number in its payload. The
// tag is the last four bits of the sequence number.
func (w *rawWay) query(addr netip.Addr, tag uint16) (id, seq uint16, number uint32) {
	number = w.cookie(addr.WithZone(""), tag, 0)
	return uint16(number >> 16), uint16(number)&^(sweep.Tags-1) | tag, number
}

// Send lets probes go. What has no way, or no neighbour yet, is answered here.
func (w *rawLane) Send(probes []sweep.Probe) (int, error) {
	probes = probes[:min(len(probes), maxTogether)]
	var states [maxTogether]sweep.State
	var of [maxTogether]int // which probe a packet is for
	w.out, w.next.known = w.out[:0], false
	now := time.Now()
	for i := range probes {
		n := len(w.out)
		states[i] = w.put(&probes[i], now)
		if w.stayed[i] = len(w.out) == n; !w.stayed[i] {
			of[n] = i
		}
	}
	done := len(probes)
	switch n, err := w.sender.Send(w.out); {
	case errors.Is(err, raw.ErrClosed):
		return 0, err
	case n < len(w.out):
		done = of[n]
	}
	w.local = w.local[:0]
	for i, p := range probes[:done] {
		if states[i] != sweep.Open {
			w.local = append(w.local, sweep.Answer{Addr: p.Addr, Item: p.Item, Tag: p.Tag, State: states[i]})
		}
	}
	if len(w.local) > 0 {
		w.answer(w.local)
	}
	return done, nil
}

func (w *rawLane) kept(i int) bool { return w.stayed[i] }

// put builds the packet for a probe. Open means that it did; Local that the
// probe is to be tried again, Unreachable that there is no way or no neighbour.
func (w *rawLane) put(p *sweep.Probe, now time.Time) sweep.State {
	path, err := w.route.to(w.paths.table, p.Addr, now)
	if err != nil {
		return sweep.Unreachable
	}
	hop := raw.Hop{Index: path.Index, Type: raw.IPv4}
	if p.Addr.Is6() {
		hop.Type = raw.IPv6
	}
	if p.Item.Kind() == sweep.Neighbour {
		return w.putNeighbour(p, path)
	}
	switch mac, state := w.next.mac(w.paths.resolver, path); {
	case state == route.Pending:
		return sweep.Local
	case state == route.Failed:
		return sweep.Unreachable
	case path.Ethernet:
		copy(hop.MAC[:], mac[:])
		hop.MACLen = 6
	}
	w.zones.note(p.Addr, path.Index)
	b := w.bufs[len(w.out)][:]
	src := w.source(path.From)
	to := netip.AddrPortFrom(p.Addr, p.Item.Port())
	n := 0
	switch own := w.first + uint16(p.Tag); p.Item.Kind() {
	case sweep.SYN:
		n = src.SYN(b, to, own, w.cookie(p.Addr.WithZone(""), to.Port(), own))
	case sweep.Stack:
		own += 2 * sweep.Tags
		n = src.FullSYN(b, to, own, w.cookie(p.Addr.WithZone(""), to.Port(), own))
	case sweep.ACK:
		own += sweep.Tags
		n = src.ACK(b, to, own, 1, w.cookie(p.Addr.WithZone(""), to.Port(), own))
	case sweep.Echo:
		var c [4]byte
		id, seq, number := w.query(p.Addr, uint16(p.Tag))
		binary.BigEndian.PutUint32(c[:], number)
		n = src.Echo(b, p.Addr, id, seq, c[:])
	case sweep.Timestamp:
		id, seq, number := w.query(p.Addr, uint16(p.Tag))
		n = src.Timestamp(b, p.Addr, id, seq, number)
	default:
	}
	if n == 0 {
		return sweep.Unreachable
	}
	w.out = append(w.out, raw.Out{Data: b[:n], Hop: hop})
	return sweep.Open
}

// putNeighbour asks on the link. Where the target is not on one, nothing is
// asked and nothing is answered.
func (w *rawLane) putNeighbour(p *sweep.Probe, path route.Path) sweep.State {
	if !path.OnLink || !path.Ethernet {
		return sweep.Open
	}
	w.zones.note(p.Addr, path.Index)
	w.paths.resolver.Asked(path)
	if o, ok := question(path, w.source(path.From), w.bufs[len(w.out)][:]); ok {
		w.out = append(w.out, o)
	}
	return sweep.Open
}

// question is the packet that asks for the next hop of a path.
func question(path route.Path, from *packet.Source, b []byte) (raw.Out, bool) {
	hop := raw.Hop{Index: path.Index, Type: raw.ARP, MACLen: 6}
	if path.Next.Is4() {
		copy(hop.MAC[:], []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
		n := packet.ARPRequest(b, path.MAC, path.From, path.Next)
		return raw.Out{Data: b[:n], Hop: hop}, n > 0
	}
	n, _, group := from.Solicit(b, path.MAC, path.Next.WithZone(""))
	hop.Type = raw.IPv6
	copy(hop.MAC[:], group[:])
	return raw.Out{Data: b[:n], Hop: hop}, n > 0
}

// solicit asks for a gateway or a neighbour in between.
func (w *rawWay) solicit(path route.Path) {
	var b [packet.SmallSize]byte
	if o, ok := question(path, packet.NewSource(path.From), b[:]); ok {
		_, _ = w.session.Send([]raw.Out{o}) // it is asked again in a second
		w.asked(path.Next)
	}
}

func (w *rawLane) source(from netip.Addr) *packet.Source {
	if w.latest != nil && w.from == from {
		return w.latest // mostly there is only one
	}
	s := w.sources[from]
	if s == nil {
		s = packet.NewSource(from)
		w.sources[from] = s
	}
	w.latest, w.from = s, from
	return s
}

// read is the life of the goroutine that reads.
func (w *rawWay) read() {
	var p packet.Packet
	var answers []sweep.Answer
	for {
		err := w.session.Next(100*time.Millisecond, func(in []raw.In) {
			answers = answers[:0]
			for i := range in {
				if !packet.Read(in[i].Type, in[i].Data, &p) {
					continue
				}
				if a, ok := w.understand(&p, in[i].Index); ok {
					a.At = time.Unix(0, in[i].At)
					answers = append(answers, a)
				}
			}
			w.answer(answers)
		})
		if err != nil {
			return
		}
	}
}

// understand tells which probe a packet answers.
func (w *rawWay) understand(p *packet.Packet, index int) (a sweep.Answer, ok bool) {
	a = sweep.Answer{Addr: w.zones.name(p.From, index), TTL: p.TTL, Window: p.Window, DF: p.DF, IPID: p.IPID}
	switch p.Kind {
	case packet.TCP:
		ok = w.segment(p, &a)
	case packet.EchoReply:
		a.Item, ok = sweep.Ask(sweep.Echo, 0), w.echoed(p, &a)
	case packet.TimestampReply:
		a.Item, ok = sweep.Ask(sweep.Timestamp, 0), w.echoed(p, &a)
	case packet.Error:
		ok = w.refusal(p, index, &a)
	case packet.ARPReply, packet.Advertisement:
		a.Item, a.State, a.MAC = sweep.Ask(sweep.Neighbour, 0), sweep.Open, p.MAC
		ok = w.paths.resolver.Learn(index, p.From, p.MAC)
	default:
	}
	return a, ok
}

// echoed reads the reply to an ICMP query.
func (w *rawWay) echoed(p *packet.Packet, a *sweep.Answer) bool {
	tag := p.ICMPSeq % sweep.Tags
	a.State, a.Tag = sweep.Open, uint8(tag)
	id, seq, number := w.query(p.From, tag)
	return p.ID == id && p.ICMPSeq == seq && len(p.Payload) >= 4 && binary.BigEndian.Uint32(p.Payload) == number
}

func (w *rawWay) segment(p *packet.Packet, a *sweep.Answer) bool {
	own := p.ToPort - w.first
	if p.ToPort < w.first || own >= rawPorts {
		return false
	}
	cookie := w.cookie(p.From, p.FromPort, p.ToPort)
	a.Tag = uint8(own % sweep.Tags)
	kind := [rawPorts / sweep.Tags]sweep.Kind{sweep.SYN, sweep.ACK, sweep.Stack, sweep.Stack}[own/sweep.Tags]
	a.Item = sweep.Ask(kind, p.FromPort)
	switch {
	case kind == sweep.ACK: // a reset repeats its number
		a.State = sweep.Closed
		return p.Flags&packet.RST != 0 && p.Seq == cookie
	case p.Flags&packet.ACK == 0 || p.Ack != cookie+1 && p.Ack != cookie:
		return false
	case p.Flags&packet.RST != 0:
		a.State = sweep.Closed
	case p.Flags&packet.SYN != 0 && p.Ack == cookie+1:
		a.State = sweep.Open
	default:
		return false
	}
	if kind == sweep.Stack {
		a.Traits = traits(p)
	}
	return true
}

// traits reads what a SYN with all options brought.
func traits(p *packet.Packet) *sweep.Traits {
	t := &sweep.Traits{Seq: p.Seq}
	if o, ok := packet.ReadOptions(p.Options); ok {
		t.Options = o
	}
	return t
}

// refusal reads an ICMP error about one of our probes.
func (w *rawWay) refusal(p *packet.Packet, index int, a *sweep.Answer) bool {
	q := &p.Quoted
	a.Addr, a.State, a.Self = w.zones.name(q.To, index), sweep.Unreachable, p.From == q.To
	a.Type, a.Code = p.Type, p.Code
	switch q.Proto {
	case packet.ProtoTCP:
		own := q.FromPort - w.first
		if q.FromPort < w.first || own >= rawPorts {
			return false
		}
		a.Tag, a.Item = uint8(own%sweep.Tags), sweep.Ask(sweep.SYN, q.ToPort)
		switch own / sweep.Tags {
		case 0:
		case 1: // its number is a constant, so this may be forged; it settles nothing
			return false
		default:
			a.Item = sweep.Ask(sweep.Stack, q.ToPort)
		}
		return q.Seq == w.cookie(q.To, q.ToPort, q.FromPort)
	case packet.ProtoICMP, packet.ProtoICMPv6:
		tag := q.ICMPSeq % sweep.Tags
		a.Tag, a.Item = uint8(tag), sweep.Ask(sweep.Echo, 0)
		if q.Type == packet.ICMPTimestamp {
			a.Item = sweep.Ask(sweep.Timestamp, 0)
		}
		id, seq, _ := w.query(q.To, tag)
		return q.ID == id && q.ICMPSeq == seq
	default:
		return false
	}
}

func (w *rawWay) close() error {
	err := w.session.Close()
	w.readers.Wait()
	w.paths.table.Close()
	w.free()
	return err
}

// zones remembers by which name the caller knows a link-local address.
type zones struct {
	mu    sync.RWMutex
	names map[zoned]netip.Addr
}

type zoned struct {
	addr  netip.Addr
	index int
}

func (z *zones) note(a netip.Addr, index int) {
	if a.Zone() == "" {
		return
	}
	key := zoned{a.WithZone(""), index}
	z.mu.RLock()
	known := z.names[key] == a
	z.mu.RUnlock()
	if known {
		return
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.names == nil || len(z.names) > 1<<16 {
		z.names = map[zoned]netip.Addr{}
	}
	z.names[key] = a
}

// name is the address as the caller wrote it.
func (z *zones) name(a netip.Addr, index int) netip.Addr {
	if !a.IsLinkLocalUnicast() || a.Is4() {
		return a
	}
	z.mu.RLock()
	defer z.mu.RUnlock()
	if named, ok := z.names[zoned{a, index}]; ok {
		return named
	}
	return a
}

// paths finds ways.
type paths struct {
	table    *route.Table
	resolver *route.Resolver
}

// remote reports whether addr is on another machine and there is a way to it.
func (p *paths) remote(addr netip.Addr) bool {
	path, err := p.table.Path(addr)
	return err == nil && !path.Local
}

// lastPath remembers the way that was asked for last: mostly it is asked for
// again.
type lastPath struct {
	path       route.Path
	generation uint64
	until      time.Time
}

// to is the way to addr. It is for one goroutine.
func (l *lastPath) to(t *route.Table, addr netip.Addr, now time.Time) (route.Path, error) {
	g := t.Generation()
	if g == l.generation && l.path.Prefix.IsValid() && l.path.Prefix.Contains(addr) && now.Before(l.until) {
		path := l.path
		if path.OnLink {
			path.Next = addr.WithZone("")
		}
		return path, nil
	}
	path, err := t.Path(addr)
	if err == nil {
		l.path, l.generation, l.until = path, g, now.Add(500*time.Millisecond)
	}
	return path, err
}

// lastNext remembers the link-layer address of the last next hop, for the time
// of one Send: behind a gateway all packets of it have the same one.
type lastNext struct {
	known bool
	next  netip.Addr
	index int
	at    [6]byte
}

func (l *lastNext) mac(r *route.Resolver, path route.Path) ([6]byte, route.State) {
	if l.known && l.next == path.Next && l.index == path.Index && path.Next.IsValid() {
		return l.at, route.Resolved
	}
	mac, state := r.MAC(path)
	l.known, l.next, l.index, l.at = state == route.Resolved, path.Next, path.Index, mac
	return mac, state
}
