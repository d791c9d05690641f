package ports

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/needs"
	"github.com/harrier-scan/harrier/internal/netio/datagram"
	"github.com/harrier-scan/harrier/internal/probe/question"
)

// udpNet is a scanner and a target in network namespaces of their own:
//
//	scanner 10.79.0.1, fd79::1 ── veth ── target 10.79.0.2, fd79::2
type udpNet struct{ scanner, target string }

var udpNets atomic.Int64

func newUDPNet(t *testing.T) udpNet {
	t.Helper()
	needs.Root(t)
	needs.Binary(t, "ip", "iproute2")
	needs.Binary(t, "nft", "nftables")
	id := fmt.Sprintf("hru%d-%d", os.Getpid(), udpNets.Add(1))
	n := udpNet{id + "s", id + "t"}
	t.Cleanup(func() {
		for _, ns := range []string{n.scanner, n.target} {
			_ = exec.CommandContext(context.Background(), "ip", "netns", "del", ns).Run()
		}
	})
	run(t, "ip netns add "+n.scanner)
	run(t, "ip netns add "+n.target)
	run(t, fmt.Sprintf("ip link add hru0 netns %s type veth peer name hru1 netns %s", n.scanner, n.target))
	for _, side := range []struct{ ns, link, host string }{{n.scanner, "hru0", "1"}, {n.target, "hru1", "2"}} {
		for _, args := range []string{
			"link set lo up", "addr add 10.79.0." + side.host + "/24 dev " + side.link,
			"addr add fd79::" + side.host + "/64 nodad dev " + side.link, "link set " + side.link + " up",
		} {
			run(t, "ip -n "+side.ns+" "+args)
		}
	}
	return n
}

func run(t *testing.T, line string) {
	t.Helper()
	args := strings.Fields(line)
	if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", line, err, out)
	}
}

// unlimited takes away the target's limits for ICMP errors.
func (n udpNet) unlimited(t *testing.T) {
	run(t, "ip netns exec "+n.target+" sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0")
	if out, err := exec.CommandContext(t.Context(), "ip", "netns", "exec", n.target, "sysctl", "-qw", "net.ipv4.icmp_msgs_per_sec=1000000", "net.ipv4.icmp_msgs_burst=1000000").CombinedOutput(); err != nil {
		t.Logf("the limit for all peers stays: %s", out) // older systems have it for all namespaces at once
	}
}

// filter puts nftables rules at a hook of the target.
func (n udpNet) filter(t *testing.T, hook string, rules ...string) {
	t.Helper()
	filter(t, n.target, hook, rules...)
}

func filter(t *testing.T, ns, hook string, rules ...string) {
	t.Helper()
	text := "table inet hru_" + hook + " { chain c { type filter hook " + hook + " priority 0;\n" + strings.Join(rules, "\n") + "\n}\n}\n"
	cmd := exec.CommandContext(t.Context(), "ip", "netns", "exec", ns, "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("nft: %v: %s", err, out)
	}
}

// inside calls f in a namespace: sockets that it opens belong there.
func inside(t *testing.T, ns string, f func()) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		fd, err := unix.Open("/var/run/netns/"+ns, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			defer unix.Close(fd)
			err = unix.Setns(fd, unix.CLONE_NEWNET)
		}
		if err == nil {
			f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatalf("namespace %s: %v", ns, err)
	}
}

// serve answers at a port of the target.
func (n udpNet) serve(t *testing.T, port uint16, answer func(c net.PacketConn, q []byte, from net.Addr)) {
	t.Helper()
	var c net.PacketConn
	var err error
	inside(t, n.target, func() {
		c, err = (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", fmt.Sprint(":", port))
	})
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		buf := make([]byte, 4096)
		for {
			size, from, err := c.ReadFrom(buf)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				answer(c, buf[:size], from)
			}
		}
	})
	t.Cleanup(func() {
		c.Close()
		serving.Wait()
	})
}

func echoed(c net.PacketConn, q []byte, from net.Addr) { _, _ = c.WriteTo(append(q, 'x'), from) }

// udpResult is what a scan said and what it took.
type udpResult struct {
	Report
	openFiltered harrier.Ports
	told         []uint16
	sent         map[uint16]int
	took         time.Duration
}

func (r udpResult) total() int {
	n := 0
	for _, of := range r.sent {
		n += of
	}
	return n
}

// scan scans ports of addr from the scanner's namespace.
func (n udpNet) scan(t *testing.T, addr string, list []uint16, change func(*udpScan)) udpResult {
	t.Helper()
	var sockets *datagram.Socket
	var err error
	inside(t, n.scanner, func() { sockets, err = datagram.Open(datagram.Options{}) })
	if err != nil {
		t.Fatal(err)
	}
	defer sockets.Close()
	r := udpResult{sent: map[uint16]int{}}
	s := newUDPScan(nil, Target{Addr: netip.MustParseAddr(addr)}, list, func(_ context.Context, e harrier.Endpoint, _ question.Heard) error {
		r.told = append(r.told, e.Port)
		return nil
	})
	s.open = func(answer func(datagram.Answer)) (sendFunc, func()) {
		a := sockets.Asker(answer)
		return func(ctx context.Context, to netip.AddrPort, q []byte) error {
			r.sent[to.Port()]++ // one goroutine sends
			return a.Send(ctx, to, q)
		}, a.Close
	}
	if change != nil {
		change(s)
	}
	began := time.Now()
	if err := s.run(t.Context()); err != nil {
		t.Fatalf("run = %v", err)
	}
	r.took, r.Report, r.openFiltered = time.Since(began), s.report(), s.openFiltered()
	slices.Sort(r.told)
	t.Logf("%v: %d ports: %d open, %d known, %d open|filtered, %d datagrams, %v", addr, len(list), len(r.Open), r.Known.Count(harrier.UDP), r.openFiltered.Count(harrier.UDP), r.total(), r.took.Round(time.Millisecond))
	return r
}

func (r udpResult) check(t *testing.T, open []uint16, known, openFiltered int) {
	t.Helper()
	var got []uint16
	for _, e := range r.Open {
		got = append(got, e.Port)
	}
	if !slices.Equal(got, open) || !slices.Equal(r.told, open) {
		t.Errorf("open ports %v, told of %v; want %v", got, r.told, open)
	}
	if known >= 0 && r.Known.Count(harrier.UDP) != known {
		t.Errorf("%d ports known; want %d", r.Known.Count(harrier.UDP), known)
	}
	if openFiltered >= 0 && r.openFiltered.Count(harrier.UDP) != openFiltered {
		t.Errorf("open|filtered: %v; want %d ports", r.openFiltered, openFiltered)
	}
	for _, p := range r.openFiltered.List(harrier.UDP) {
		if r.Known.Contains(harrier.Endpoint{Protocol: harrier.UDP, Port: p}) {
			t.Errorf("port %d is both known and open|filtered", p)
		}
	}
}

// A host that tells of every closed port is known in full, in one pass and a
// little.
func TestUDPUnlimited(t *testing.T) {
	t.Parallel()
	n := newUDPNet(t)
	n.unlimited(t)
	for _, p := range []uint16{53, 2345, 4000} {
		n.serve(t, p, echoed)
	}
	n.serve(t, 3000, func(net.PacketConn, []byte, net.Addr) {}) // open, and silent
	for _, addr := range []string{"10.79.0.2", "fd79::2"} {
		r := n.scan(t, addr, span(1, 5000), func(s *udpScan) { s.fragile = true })
		r.check(t, []uint16{53, 2345, 4000}, 4999, 1)
		if r.total() > 7000 {
			t.Errorf("%s: %d datagrams for 5000 ports; want little more than one each", addr, r.total())
		}
	}
}

// A host with Linux's own limits tells of some closed ports at once and of one a
// second then: what answers is found at once, and no port is guessed at.
func TestUDPLimited(t *testing.T) {
	t.Parallel()
	n := newUDPNet(t)
	for _, p := range []uint16{137, 199} {
		n.serve(t, p, echoed)
	}
	r := n.scan(t, "10.79.0.2", span(100, 399), func(s *udpScan) { s.patient = 8 * time.Second })
	r.check(t, []uint16{137, 199}, -1, -1)
	known := r.Known.Count(harrier.UDP)
	if known < 2+6+5 {
		t.Errorf("%d ports known; want the two open ones, those of the first burst, and some five of later seconds", known)
	}
	if of := r.openFiltered.Count(harrier.UDP); known+of != 300 || r.Silent != of {
		t.Errorf("%d known, %d open|filtered, %d silent; want 300 in all", known, of, r.Silent)
	}
	if r.total() > 4*300 {
		t.Errorf("%d datagrams; want no more than two tries and some", r.total())
	}
	few := n.scan(t, "10.79.0.2", span(1010, 1021), nil)
	few.check(t, nil, 12, 0) // all become known at the host's pace
}

// A silent host is asked twice and is done with.
func TestUDPSilent(t *testing.T) {
	t.Parallel()
	n := newUDPNet(t)
	n.filter(t, "input", "meta l4proto udp drop")
	r := n.scan(t, "10.79.0.2", span(2500, 2999), nil)
	r.check(t, nil, 0, 500)
	if r.total() != 1000+0 {
		t.Errorf("%d datagrams to 500 silent ports; want two each", r.total())
	}
	if r.Silent != 500 || r.Reason == "" {
		t.Errorf("%d silent, reason %q", r.Silent, r.Reason)
	}
}

// What a filter forbids is known and not open, whoever sends the error.
func TestUDPFiltered(t *testing.T) {
	t.Parallel()
	n := newUDPNet(t)
	n.unlimited(t)
	n.serve(t, 2600, echoed)
	n.serve(t, 2700, echoed) // behind the filter
	n.filter(t, "input", "udp dport 2700-2709 reject with icmpx type admin-prohibited", "udp dport 2710-2714 drop", "udp dport 2715 reject with icmpx type host-unreachable")
	for _, addr := range []string{"10.79.0.2", "fd79::2"} {
		n.scan(t, addr, span(2600, 2799), nil).check(t, []uint16{2600}, 195, 5)
	}
	// Behind a router that refuses, and one that knows no way.
	run(t, "ip -n "+n.scanner+" route add 10.79.8.0/22 via 10.79.0.2")
	run(t, "ip netns exec "+n.target+" sysctl -qw net.ipv4.ip_forward=1")
	run(t, "ip -n "+n.target+" route add unreachable 10.79.9.0/24")
	run(t, "ip -n "+n.target+" route add prohibit 10.79.10.0/24")
	run(t, "ip -n "+n.target+" route add 10.79.11.0/24 via 10.79.0.77")
	n.filter(t, "forward", "ip daddr 10.79.11.0/24 reject with icmp type port-unreachable")
	n.scan(t, "10.79.9.1", span(2600, 2609), nil).check(t, nil, 0, -1) // the host is out of reach: nothing is known of its ports
	n.scan(t, "10.79.10.1", span(2600, 2603), nil).check(t, nil, 4, 0)
	n.scan(t, "10.79.11.1", span(2600, 2609), nil).check(t, nil, 10, 0)
	n.scan(t, "10.79.0.99", span(2600, 2609), nil).check(t, nil, 0, -1) // nobody is there, which our own system says after a while
}

// What our own firewall keeps back was not asked: it is neither known nor
// open|filtered.
func TestUDPOwnFirewall(t *testing.T) {
	t.Parallel()
	n := newUDPNet(t)
	n.unlimited(t)
	n.serve(t, 2605, echoed)
	filter(t, n.scanner, "output", "udp dport 2600-2602 drop")
	for _, addr := range []string{"10.79.0.2", "fd79::2"} {
		r := n.scan(t, addr, span(2600, 2609), nil)
		r.check(t, []uint16{2605}, 7, 0)
		if r.Silent != 3 {
			t.Errorf("%s: %d ports unknown; want 3", addr, r.Silent)
		}
	}
}

// A TFTP server answers from a port of its own for each transfer: that one is
// not open, whether it was asked too or not.
func TestUDPOtherPort(t *testing.T) {
	t.Parallel()
	n := newUDPNet(t)
	n.unlimited(t)
	from := []uint16{40_000, 2650} // not asked, and asked
	var next atomic.Int64
	n.serve(t, 69, func(_ net.PacketConn, q []byte, to net.Addr) {
		if len(q) < 4 || q[1] != 1 {
			return
		}
		inside(t, n.target, func() {
			port := from[min(int(next.Load()), 1)]
			c, err := (&net.ListenConfig{}).ListenPacket(context.Background(), "udp", fmt.Sprint(":", port))
			if err != nil {
				return
			}
			defer c.Close()
			_, _ = c.WriteTo([]byte("\x00\x05\x00\x01File not found\x00"), to)
		})
	})
	for range from {
		r := n.scan(t, "10.79.0.2", append(span(2600, 2699), 69), nil)
		r.check(t, []uint16{69}, 101, 0)
		next.Add(1)
	}
}

// Lost packets hide nothing that answers.
func TestUDPLoss(t *testing.T) {
	n := newUDPNet(t)
	n.unlimited(t)
	var open []uint16
	for p := uint16(2600); p < 3600; p += 40 {
		n.serve(t, p, echoed)
		open = append(open, p)
	}
	for _, hook := range []string{"prerouting", "postrouting"} {
		n.filter(t, hook, "meta l4proto { udp, icmp } numgen random mod 100 < 1 drop")
	}
	r := n.scan(t, "10.79.0.2", span(2600, 3599), nil)
	r.check(t, open, 1000, 0)
	if r.total() > 1200 {
		t.Errorf("%d datagrams for 1000 ports and 2 %% loss; want little more than one each", r.total())
	}
}
