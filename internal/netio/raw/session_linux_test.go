package raw

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/needs"
)

const (
	syn    = 0x02
	rstAck = 0x14
	synAck = 0x12
)

var ports = Filter{First: 61440, Count: 16}

func TestSYN(t *testing.T) {
	b := newBed(t)
	b.listen(t)
	self := Hop{Index: loopback}
	hop4, hop6 := b.hop(IPv4), b.hop(IPv6)
	for name, c := range map[string]struct {
		src, dst netip.Addr
		hop      Hop
		open     byte // flags of the answer of port 7777
	}{
		"IPv4":           {near4, far4, hop4, synAck},
		"IPv6":           {near6, far6, hop6, synAck},
		"loopback IPv4":  {lo4, lo4, self, rstAck},
		"loopback IPv6":  {lo6, lo6, self, rstAck},
		"own IPv4":       {near4, near4, self, rstAck},
		"own IPv6":       {near6, near6, self, rstAck},
		"in 127.0.0.0/8": {lo4, netip.MustParseAddr("127.9.9.9"), self, rstAck},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, b.near, ports)
			if c.hop.Type = IPv4; c.src.Is6() {
				c.hop.Type = IPv6
			}
			before := time.Now().UnixNano()
			send(t, s, Out{Data: tcp(c.src, c.dst, 61440, 7777, syn), Hop: c.hop}, Out{Data: tcp(c.src, c.dst, 61455, 7778, syn), Hop: c.hop})
			got := receive(t, s, 2, 5*time.Second)
			if len(got) != 2 {
				t.Fatalf("%d answers; want 2: %+v", len(got), got)
			}
			for _, in := range got {
				flags, from := flagsOf(in)
				want := byte(rstAck)
				if from == 7777 {
					want = c.open
				}
				if flags != want || from != 7777 && from != 7778 {
					t.Errorf("port %d answered with flags %#x; want %#x", from, flags, want)
				}
				if in.Type != c.hop.Type || in.Index != c.hop.Index || c.hop.Index != loopback && !bytes.Equal(in.MAC[:], b.farMAC) {
					t.Errorf("answer %+v; want one by %+v from %s", in, c.hop, b.farMAC)
				}
				if in.At < before || in.At > time.Now().UnixNano() {
					t.Errorf("answer at %d; want after %d", in.At, before)
				}
			}
			if more := receive(t, s, 1, 30*time.Millisecond); len(more) > 0 {
				t.Errorf("more came: %+v; want each answer once", more)
			}
			if s.Drops() != 0 || s.Skipped() != 0 {
				t.Errorf("%d dropped, %d skipped; want none", s.Drops(), s.Skipped())
			}
		})
	}
}

// TestTunnel uses a link without addresses. The test itself is its other end.
func TestTunnel(t *testing.T) {
	needs.Shared(t, "/dev/net/tun")
	ns := namespace(t, "")
	var tun, index int
	inside(t, ns, func() error {
		var err error
		if tun, err = unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0); err != nil {
			return err
		}
		t.Cleanup(func() { _ = unix.Close(tun) })
		request, err := unix.NewIfreq("hrwtun")
		if err != nil {
			return err
		}
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		if err := unix.IoctlIfreq(tun, unix.TUNSETIFF, request); err != nil {
			return err
		}
		i, err := net.InterfaceByName("hrwtun")
		if err != nil {
			return err
		}
		index = i.Index
		return nil
	})
	command(t, "ip", "-n", ns, "link", "set", "hrwtun", "up")
	s := open(t, ns, ports)
	for want, addrs := range map[uint16][2]netip.Addr{IPv4: {near4, far4}, IPv6: {near6, far6}} {
		probe := tcp(addrs[0], addrs[1], 61441, 7778, syn)
		send(t, s, Out{Data: probe, Hop: Hop{Index: index, Type: want}})
		got := make([]byte, 2000)
		for range 10 { // the system has packets of its own
			n, err := unix.Read(tun, got)
			if err != nil {
				t.Fatalf("read = %v", err)
			}
			if bytes.Equal(got[:n], probe) {
				got = nil
				break
			}
		}
		if got != nil {
			t.Errorf("the packet %x did not leave", probe)
		}
		answer := tcp(addrs[1], addrs[0], 7778, 61441, rstAck)
		if _, err := unix.Write(tun, answer); err != nil {
			t.Fatalf("write = %v", err)
		}
		in := receive(t, s, 1, 5*time.Second)
		if len(in) != 1 || !bytes.Equal(in[0].Data, answer) || in[0].Index != index || in[0].Type != want || in[0].MAC != [6]byte{} {
			t.Errorf("received %+v; want %x by interface %d", in, answer, index)
		}
	}
}

func TestOtherAnswers(t *testing.T) {
	b := newBed(t)
	s := open(t, b.near, ports)
	request := append([]byte{0, 1, 8, 0, 6, 4, 0, 1}, b.nearMAC...)
	request = append(append(request, near4.AsSlice()...), make([]byte, 6)...)
	request = append(request, far4.AsSlice()...)
	everyone := Hop{Index: b.index, Type: ARP, MAC: [8]byte{255, 255, 255, 255, 255, 255}, MACLen: 6}
	solicit := append([]byte{135, 0, 0, 0, 0, 0, 0, 0}, far6.AsSlice()...)
	solicit = append(append(solicit, 1, 1), b.nearMAC...)
	for name, c := range map[string]struct {
		out  Out
		want func(in In) bool
	}{
		"arp":                {Out{Data: request, Hop: everyone}, func(in In) bool { return in.Type == ARP && bytes.Equal(in.Data[8:14], b.farMAC) }},
		"neighbour":          {Out{Data: network(near6, far6, 58, solicit, 2), Hop: b.hop(IPv6)}, func(in In) bool { return in.Type == IPv6 && in.Data[40] == 136 }},
		"echo":               {Out{Data: echo(near4, far4), Hop: b.hop(IPv4)}, func(in In) bool { return in.Type == IPv4 && in.Data[9] == 1 && in.Data[20] == 0 }},
		"echo 6":             {Out{Data: echo(near6, far6), Hop: b.hop(IPv6)}, func(in In) bool { return in.Type == IPv6 && in.Data[40] == 129 }},
		"port unreachable":   {Out{Data: udp(near4, far4, 61440, 9), Hop: b.hop(IPv4)}, func(in In) bool { return in.Data[9] == 1 && in.Data[20] == 3 && in.Data[21] == 3 }},
		"port unreachable 6": {Out{Data: udp(near6, far6, 61440, 9), Hop: b.hop(IPv6)}, func(in In) bool { return in.Type == IPv6 && in.Data[40] == 1 }},
	} {
		send(t, s, c.out)
		got := receive(t, s, 1, 5*time.Second)
		if len(got) != 1 || !c.want(got[0]) {
			t.Errorf("%s: answers %+v; want one of the kind", name, got)
		}
	}
}

// TestForeignTraffic floods the interface with what no probe of ours brought
// up, well formed and not.
func TestForeignTraffic(t *testing.T) {
	b := newBed(t)
	flood := open(t, b.far, Filter{})
	s := open(t, b.near, ports)
	var index int
	inside(t, b.far, func() error {
		i, err := net.InterfaceByName(link)
		if err == nil {
			index = i.Index
		}
		return err
	})
	hop := func(ethertype uint16) Hop {
		return Hop{Index: index, Type: ethertype, MAC: [8]byte(append(b.nearMAC[:6:6], 0, 0)), MACLen: 6}
	}
	other := hop(IPv4)
	other.MAC[5] ^= 1 // of another machine
	good := tcp(far4, near4, 80, 61440, synAck)
	bad := []Out{
		{Data: tcp(far4, near4, 80, 61439, synAck), Hop: hop(IPv4)},
		{Data: tcp(far6, near6, 80, 61456, synAck), Hop: hop(IPv6)},
		{Data: udp(far4, near4, 53, 5353), Hop: hop(IPv4)},
		{Data: good, Hop: other},
		{Data: good, Hop: hop(0x88cc)}, // says it is of another protocol
		{Data: echo(far4, near4), Hop: hop(IPv4)},
	}
	for n := 1; n < 24; n++ { // to the byte before the end of the port
		bad = append(bad, Out{Data: good[:n], Hop: hop(IPv4)})
	}
	for n := 1; n < 41; n++ {
		bad = append(bad, Out{Data: bytes.Repeat([]byte{0xff}, n), Hop: hop(IPv4)}, Out{Data: bytes.Repeat([]byte{0xff}, n), Hop: hop(IPv6)})
	}
	const rounds = 200
	sent := 0
	for range rounds {
		for rest := bad; len(rest) > 0; {
			n, err := flood.Send(rest)
			if err != nil {
				t.Fatalf("Send = %v", err)
			}
			rest = rest[n:]
			sent += n
		}
	}
	send(t, flood, Out{Data: good, Hop: hop(IPv4)})
	// The kernel of the far side reports its multicast groups behind hop-by-hop
	// options at times of its own. Whatever the ring took is read before it is
	// counted, so that one that comes late is told as what it is.
	var got []In
	taken := 0
	for deadline := time.Now().Add(5 * time.Second); ; {
		for _, in := range receive(t, s, 1<<10, 200*time.Millisecond) {
			taken++
			if in.Type == IPv6 && in.Data[6] == 0 {
				continue
			}
			got = append(got, in)
		}
		if seen, _ := s.count(); int(seen) == taken || time.Now().After(deadline) {
			break
		}
	}
	seen, drops := s.count()
	if len(got) != 1 || !bytes.HasPrefix(got[0].Data, good) || drops != 0 {
		t.Errorf("of %d foreign packets and one answer the ring took %d, dropped %d, handed on %d: %+v; want the answer alone", sent, seen, drops, taken, got)
	}
}

func TestSendSkips(t *testing.T) {
	b := newBed(t)
	s := open(t, b.near, ports)
	command(t, "ip", "-n", b.near, "link", "add", "hrwdown", "type", "veth", "peer", "name", "hrwpeer")
	var down int
	inside(t, b.near, func() error {
		i, err := net.InterfaceByName("hrwdown")
		if err == nil {
			down = i.Index
		}
		return err
	})
	good := Out{Data: tcp(near4, far4, 61440, 7778, syn), Hop: b.hop(IPv4)}
	at := func(index int) Hop { h := b.hop(IPv4); h.Index = index; return h }
	long := b.hop(IPv4)
	long.MACLen = 9
	self := Hop{Index: loopback, Type: IPv4}
	packets := []Out{
		good,
		{Data: good.Data, Hop: at(down)},
		{Data: good.Data, Hop: at(9999)},
		{Data: make([]byte, 4000), Hop: b.hop(IPv4)},
		good,
		{Data: nil, Hop: b.hop(IPv4)},
		{Data: good.Data, Hop: long},
		{Data: make([]byte, 20), Hop: self},
		good,
	}
	for len(packets) < 200 {
		packets = append(packets, good, Out{Data: tcp(lo4, lo4, 61440, 7778, syn), Hop: self})
	}
	packets[0].Err = errors.New("left over")
	want := []error{nil, unix.ENETDOWN, unix.ENXIO, unix.EMSGSIZE, nil, unix.EINVAL, unix.EINVAL, unix.EINVAL, nil}
	n, err := s.Send(packets)
	if n != len(packets) || err != nil || s.Skipped() != 6 {
		t.Errorf("Send = %d, %v with %d skipped; want %d, nil, 6", n, err, s.Skipped(), len(packets))
	}
	for i, p := range packets {
		var w error
		if i < len(want) {
			w = want[i]
		}
		if !errors.Is(p.Err, w) {
			t.Errorf("packet %d: %v; want %v", i, p.Err, w)
		}
	}
	if got := receive(t, s, n-6, 5*time.Second); len(got) != n-6 {
		t.Errorf("%d answers; want %d", len(got), n-6)
	}
}

// TestNoRoom sends into an interface that lets out less than it is given.
func TestNoRoom(t *testing.T) {
	b := newBed(t)
	command(t, "ip", "netns", "exec", b.near, "tc", "qdisc", "add", "dev", link, "root", "tbf", "rate", "400kbit", "burst", "2kb", "limit", "4kb")
	s := open(t, b.near, ports)
	packets := make([]Out, 200)
	for i := range packets {
		packets[i] = Out{Data: tcp(near4, far4, 61440, uint16(1000+i), syn), Hop: b.hop(IPv4)}
	}
	n, err := s.Send(packets)
	if err != nil || n == 0 || n == len(packets) || s.Skipped() != 0 {
		t.Fatalf("Send = %d, %v with %d skipped; want some of %d", n, err, s.Skipped(), len(packets))
	}
	for until := time.Now().Add(20 * time.Second); n < len(packets) && time.Now().Before(until); {
		more, err := s.Send(packets[n:])
		if err != nil {
			t.Fatalf("Send = %v", err)
		}
		n += more
	}
	if got := receive(t, s, n, 10*time.Second); n != len(packets) || len(got) != n {
		t.Errorf("%d left, %d answered; want %d: none that was said to have left is lost", n, len(got), len(packets))
	}
}

func TestClose(t *testing.T) {
	ns := namespace(t, "")
	for range 20 {
		s := open(t, ns, ports)
		var wg sync.WaitGroup
		errs := make(chan error, 4)
		for range 2 {
			wg.Go(func() {
				for {
					if err := s.Next(time.Minute, func([]In) {}); err != nil {
						errs <- err
						return
					}
				}
			})
			wg.Go(func() {
				hop := Hop{Index: loopback, Type: IPv4}
				for {
					if _, err := s.Send([]Out{{Data: tcp(lo4, lo4, 61440, 1, syn), Hop: hop}}); err != nil {
						errs <- err
						return
					}
				}
			})
		}
		time.Sleep(2 * time.Millisecond)
		for range 2 {
			wg.Go(func() {
				if err := s.Close(); err != nil {
					t.Errorf("Close = %v", err)
				}
			})
		}
		wg.Wait()
		for range 4 {
			if err := <-errs; !errors.Is(err, net.ErrClosed) {
				t.Errorf("after Close: %v; want %v", err, net.ErrClosed)
			}
		}
		s.Drops() // no crash
	}
}

func TestNextWaits(t *testing.T) {
	s := open(t, namespace(t, ""), ports)
	began := time.Now()
	if err := s.Next(30*time.Millisecond, func(b []In) { t.Errorf("got %+v", b) }); err != nil || time.Since(began) < 30*time.Millisecond {
		t.Errorf("Next = %v after %v; want nothing after 30 ms", err, time.Since(began))
	}
	if err := s.Next(0, func(b []In) { t.Errorf("got %+v", b) }); err != nil {
		t.Errorf("Next = %v; want nothing at once", err)
	}
}

func TestOpenInvalid(t *testing.T) {
	if _, err := Open(Filter{First: 65535, Count: 2}); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("Open = %v; want Invalid", err)
	}
}

// TestPool uses the same sockets again and again, with and without traffic
// in between, and sees nothing of another session's.
func TestPool(t *testing.T) {
	ns := namespace(t, "")
	inside(t, ns, func() error {
		s, err := newSockets()
		if err != nil {
			return err
		}
		if !adopt(s) {
			return errors.New("adopt refuses the sockets")
		}
		return nil
	})
	defer Release()
	if !Allowed() {
		t.Error("Allowed = false with sockets in the pool")
	}
	hop := Hop{Index: loopback, Type: IPv4}
	for i := range 20 {
		at := uint16(60000 + i)
		s, err := Open(Filter{First: at, Count: 1})
		if err != nil {
			t.Fatalf("Open %d = %v", i, err)
		}
		if !s.pooled || len(pool.free) != 0 {
			t.Fatalf("session %d is not of the pool", i)
		}
		send(t, s, Out{Data: tcp(lo4, lo4, at, 1, syn), Hop: hop}, Out{Data: tcp(lo4, lo4, at+1, 1, syn), Hop: hop})
		if i%3 > 0 {
			got := receive(t, s, 1, 5*time.Second)
			if seen, _ := s.count(); len(got) != 1 || seen != 1 {
				t.Errorf("session %d: %d answers, %d seen; want 1", i, len(got), seen)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatalf("Close = %v", err)
		}
	}
	if len(pool.free) != 1 || pool.size != 1 {
		t.Fatalf("%d of %d sockets are free; want 1 of 1", len(pool.free), pool.size)
	}
	s := pool.free[0]
	Release()
	if len(pool.free) != 0 || pool.size != 0 {
		t.Errorf("%d of %d sockets are free after Release; want none", len(pool.free), pool.size)
	}
	for _, fd := range s.all() {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); !errors.Is(err, unix.EBADF) {
			t.Errorf("descriptor %d after Release: %v; want it closed", fd, err)
		}
	}
}

func TestAdoptRefuses(t *testing.T) {
	var fds [3]int
	for i := range fds {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		fds[i] = fd
	}
	for _, s := range []sockets{{fds[0], fds[1], fds[2]}, {fds[0], fds[0], fds[0]}, {9998, 9999, 10000}} {
		if adopt(s) {
			t.Errorf("adopt(%+v) = true; want false: they are not packet sockets", s)
		}
	}
}
