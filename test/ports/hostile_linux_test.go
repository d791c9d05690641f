package ports

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier/test/netbed"
)

// TestHostile demands that a flood of forged answers changes nothing. The
// flood knows the scanner's ports and identifiers, but none of the numbers that
// only the asked host is told.
func TestHostile(t *testing.T) {
	w := use(t, netbed.Silent())
	nets := []string{"10.77.200.0/27", "fd77::200:0/126"}
	ports := some(60)
	flood := &flood{random: rand.New(rand.NewPCG(1, 2)), hosts: without(nets, nil), ports: ports}
	watch, err := w.Watch(flood.see)
	if err != nil {
		t.Fatal(err)
	}
	var frames *netbed.Frames
	if err := w.InTarget(func() (err error) {
		frames, err = netbed.OpenFrames("target0", 0)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	stop, sent := make(chan struct{}), make(chan int)
	go func() { sent <- flood.run(t, frames, stop) }()
	got := w.hosts(t, append([]string{"-p", "T:" + portList(ports)}, nets...)...)
	close(stop)
	total := <-sent
	if err := watch.Close(); err != nil {
		t.Error(err)
	}
	if err := frames.Close(); err != nil {
		t.Error(err)
	}
	open := portsOf(seenHost{})
	for at := range netbed.Truth(netip.MustParsePrefix("10.77.200.7/32"), ports, netbed.EveryHost) {
		open = append(open, at.Port())
	}
	slices.Sort(open)
	for i, a := range flood.hosts {
		h, alive, want := got[a], a.Is6() || netbed.SparseHost(i), open
		if !alive {
			want = nil
		}
		if h.Alive != alive || !slices.Equal(portsOf(h), want) {
			t.Errorf("%v: alive %v (%s), open %v; want %v, %v", a, h.Alive, h.Reason, portsOf(h), alive, want)
		}
	}
	known, queries := len(flood.sources), len(flood.queries)
	t.Logf("%d forged frames, for %d ports and %d queries of the scanner's", total, known, queries)
	if total < 2000 || known == 0 || queries == 0 {
		t.Error("that was no flood")
	}
}

// flood makes forged frames.
type flood struct {
	random *rand.Rand
	hosts  []netip.Addr
	ports  []uint16

	mu      sync.Mutex
	sources []uint16      // ports that the scanner asked from
	queries []netbed.Seen // its ICMP queries
}

// see learns what the scanner uses.
func (f *flood) see(s netbed.Seen) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case s.Proto == unix.IPPROTO_TCP && !slices.Contains(f.sources, s.FromPort):
		f.sources = append(f.sources, s.FromPort)
	case (s.Proto == unix.IPPROTO_ICMP || s.Proto == unix.IPPROTO_ICMPV6) && len(f.queries) < 256 && slices.Contains(f.hosts, s.To):
		f.queries = append(f.queries, s)
	}
}

// run sends some 20,000 frames a second until stop is closed, and returns how
// many.
func (f *flood) run(t *testing.T, out *netbed.Frames, stop chan struct{}) int {
	total := 0
	for tick := time.NewTicker(time.Millisecond); ; {
		select {
		case <-stop:
			tick.Stop()
			return total
		case <-tick.C:
		}
		frames := make([][]byte, 20)
		for i := range frames {
			frames[i] = f.frame(total + i)
		}
		if err := out.Send(frames); err != nil {
			t.Error(err)
		}
		total += len(frames)
	}
}

func (f *flood) frame(k int) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.random
	host := f.hosts[r.IntN(len(f.hosts))]
	from, to := f.ports[r.IntN(len(f.ports))], uint16(r.Uint32())
	if len(f.sources) > 0 {
		to = f.sources[r.IntN(len(f.sources))]
	}
	icmp, reply, unreachable := byte(unix.IPPROTO_ICMP), byte(0), byte(3)
	scanner := netbed.ScannerAddr
	if host.Is6() {
		icmp, reply, unreachable, scanner = unix.IPPROTO_ICMPV6, 129, 1, netbed.ScannerAddr6
	}
	switch k % 8 {
	case 0:
		return frame(packetOf(host, scanner, unix.IPPROTO_TCP, f.segment(from, to, tcpSYN|tcpACK)))
	case 1:
		return frame(packetOf(host, scanner, unix.IPPROTO_TCP, f.segment(from, to, tcpRST|tcpACK)))
	case 2:
		return frame(packetOf(host, scanner, unix.IPPROTO_TCP, f.segment(from, to, tcpRST)))
	case 3: // unreachable, about a question that was never asked
		quoted := packetOf(scanner, host, unix.IPPROTO_TCP, f.segment(to, from, tcpSYN))
		return frame(packetOf(host, scanner, icmp, append([]byte{unreachable, 1, 0, 0, 0, 0, 0, 0}, quoted...)))
	case 4:
		id, seq := f.query(host)
		kind := byte(8)
		if host.Is6() {
			kind = 128
		}
		quoted := packetOf(scanner, host, icmp, f.echo(kind, id, seq))
		return frame(packetOf(host, scanner, icmp, append([]byte{unreachable, 1, 0, 0, 0, 0, 0, 0}, quoted...)))
	case 5:
		id, seq := f.query(host)
		return frame(packetOf(host, scanner, icmp, f.echo(reply, id, seq)))
	case 6: // an answer about a neighbour that nobody asked for
		return f.neighbour(r.IntN(2) == 0)
	default:
		b := frame(packetOf(host, scanner, byte(r.Uint32()), f.noise(r.IntN(80))))
		binary.BigEndian.PutUint16(b[12:], []uint16{unix.ETH_P_IP, unix.ETH_P_IPV6, unix.ETH_P_ARP, uint16(r.Uint32())}[r.IntN(4)])
		return b[:14+r.IntN(len(b)-14)]
	}
}

// query is the identifier and sequence number of a query to another host.
func (f *flood) query(host netip.Addr) (id, seq uint16) {
	if n := len(f.queries); n > 0 {
		if q := f.queries[f.random.IntN(n)]; q.To != host {
			return q.FromPort, q.ToPort
		}
	}
	return uint16(f.random.Uint32()), uint16(f.random.UintN(16))
}

func (f *flood) noise(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(f.random.Uint32())
	}
	return b
}

func (f *flood) segment(from, to uint16, flags byte) []byte {
	b := f.noise(20)
	binary.BigEndian.PutUint16(b, from)
	binary.BigEndian.PutUint16(b[2:], to)
	b[12], b[13] = 5<<4, flags
	copy(b[16:], []byte{0, 0, 0, 0})
	return b
}

func (f *flood) echo(kind byte, id, seq uint16) []byte {
	b := f.noise(16)
	copy(b, []byte{kind, 0, 0, 0})
	binary.BigEndian.PutUint16(b[4:], id)
	binary.BigEndian.PutUint16(b[6:], seq)
	return b
}

// neighbour is an ARP reply or an advertisement.
func (f *flood) neighbour(four bool) []byte {
	mac := append([]byte{2}, f.noise(5)...)
	last := byte(220 + f.random.IntN(20))
	if four {
		b := append(frame(nil)[:12], 8, 6, 0, 1, 8, 0, 6, 4, 0, 2)
		b = append(append(b, mac...), 10, 78, 0, last)
		return append(append(b, b[:6]...), netbed.ScannerAddr.AsSlice()...)
	}
	target := netip.MustParseAddr(fmt.Sprintf("fd78::%x", 0x1000+int(last)))
	b := append([]byte{136, 0, 0, 0, 0x60, 0, 0, 0}, target.AsSlice()...)
	return frame(packetOf(target, netbed.ScannerAddr6, unix.IPPROTO_ICMPV6, append(append(b, 2, 1), mac...)))
}

// packetOf is an IP datagram with right checksums.
func packetOf(from, to netip.Addr, proto byte, payload []byte) []byte {
	src, dst := from.AsSlice(), to.AsSlice()
	pseudo := append(append(slices.Clone(src), dst...), 0, proto, byte(len(payload)>>8), byte(len(payload)))
	var h []byte
	if from.Is4() {
		h = []byte{0x45, 0, 0, 0, 0, 0, 0, 0, 64, proto, 0, 0}
		binary.BigEndian.PutUint16(h[2:], uint16(20+len(payload)))
		h = append(append(h, src...), dst...)
		binary.BigEndian.PutUint16(h[10:], checksum(h))
	} else {
		h = []byte{0x60, 0, 0, 0, byte(len(payload) >> 8), byte(len(payload)), proto, 255}
		h = append(append(h, src...), dst...)
	}
	switch {
	case proto == unix.IPPROTO_TCP && len(payload) >= 18:
		binary.BigEndian.PutUint16(payload[16:], checksum(append(pseudo, payload...)))
	case proto == unix.IPPROTO_ICMP && len(payload) >= 4:
		binary.BigEndian.PutUint16(payload[2:], checksum(payload))
	case proto == unix.IPPROTO_ICMPV6 && len(payload) >= 4:
		binary.BigEndian.PutUint16(payload[2:], checksum(append(pseudo, payload...)))
	}
	return append(h, payload...)
}

// checksum is that of RFC 1071.
func checksum(b []byte) uint16 {
	sum := uint32(0)
	for i, c := range b {
		sum += uint32(c) << (8 * (1 - i%2))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// frame is an Ethernet frame from the target to the scanner.
func frame(packet []byte) []byte {
	b := []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00}
	if len(packet) > 0 && packet[0]>>4 == 6 {
		b[12], b[13] = 0x86, 0xdd
	}
	return append(b, packet...)
}
