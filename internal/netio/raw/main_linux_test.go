package raw

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier/internal/needs"
)

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(program())
	}
	goleak.VerifyTestMain(m)
}

// bed is two network namespaces and a link between them.
type bed struct {
	near, far       string // namespaces
	index           int    // of the near end
	nearMAC, farMAC net.HardwareAddr
}

const link = "hrw0"

var (
	near4, far4 = netip.MustParseAddr("10.99.0.1"), netip.MustParseAddr("10.99.0.2")
	near6, far6 = netip.MustParseAddr("fd00:99::1"), netip.MustParseAddr("fd00:99::2")
	lo4, lo6    = netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback()
)

// namespace makes one with its loopback up, for the time of the test.
func namespace(t testing.TB, suffix string) string {
	t.Helper()
	needs.Root(t)
	needs.Binary(t, "ip", "iproute2")
	name := fmt.Sprintf("hrw%d%s", os.Getpid(), suffix)
	command(t, "ip", "netns", "add", name)
	t.Cleanup(func() { command(t, "ip", "netns", "del", name) })
	command(t, "ip", "-n", name, "link", "set", "lo", "up")
	return name
}

func newBed(t testing.TB) bed {
	t.Helper()
	b := bed{near: namespace(t, "a"), far: namespace(t, "b")}
	command(t, "ip", "-n", b.near, "link", "add", link, "type", "veth", "peer", "name", link, "netns", b.far)
	for ns, addrs := range map[string][2]netip.Addr{b.near: {near4, near6}, b.far: {far4, far6}} {
		command(t, "ip", "-n", ns, "addr", "add", addrs[0].String()+"/24", "dev", link)
		command(t, "ip", "-n", ns, "addr", "add", addrs[1].String()+"/64", "dev", link, "nodad")
		command(t, "ip", "-n", ns, "link", "set", link, "up")
	}
	for ns, mac := range map[string]*net.HardwareAddr{b.near: &b.nearMAC, b.far: &b.farMAC} {
		inside(t, ns, func() error {
			i, err := net.InterfaceByName(link)
			if err != nil {
				return err
			}
			*mac = i.HardwareAddr
			if ns == b.near {
				b.index = i.Index
			}
			return nil
		})
	}
	// Neighbours that are known need no packets that a test would have to tell
	// from its own.
	for ns, to := range map[string]struct {
		mac   net.HardwareAddr
		addrs [2]netip.Addr
	}{b.near: {b.farMAC, [2]netip.Addr{far4, far6}}, b.far: {b.nearMAC, [2]netip.Addr{near4, near6}}} {
		for _, a := range to.addrs {
			command(t, "ip", "-n", ns, "neigh", "replace", a.String(), "lladdr", to.mac.String(), "dev", link, "nud", "permanent")
		}
	}
	return b
}

// hop leads from the near namespace to the far one.
func (b bed) hop(ethertype uint16) Hop {
	return Hop{Index: b.index, Type: ethertype, MAC: [8]byte(append(b.farMAC[:6:6], 0, 0)), MACLen: 6}
}

// listen makes the far namespace's port 7777 an open one.
func (b bed) listen(t testing.TB) {
	t.Helper()
	var lc net.ListenConfig
	inside(t, b.far, func() error {
		l, err := lc.Listen(context.Background(), "tcp", ":7777")
		if err == nil {
			t.Cleanup(func() { _ = l.Close() })
		}
		return err
	})
}

// open returns a session of the namespace.
func open(t testing.TB, ns string, f Filter) *Session {
	t.Helper()
	var s *Session
	inside(t, ns, func() (err error) {
		s, err = Open(f)
		return err
	})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
	})
	return s
}

// inside runs do on a thread of the namespace.
func inside(t testing.TB, ns string, do func() error) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		fd, err := unix.Open("/run/netns/"+ns, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			err = unix.Setns(fd, unix.CLONE_NEWNET)
			err = errors.Join(err, unix.Close(fd))
		}
		if err == nil {
			err = do()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatalf("in %s: %v", ns, err)
	}
}

func command(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(context.Background(), args[0], args[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// readable returns a folder that every user may read.
func readable(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for d := dir; d != filepath.Clean(os.TempDir()) && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// receive collects n packets, or fewer when they do not come in time.
func receive(t testing.TB, s *Session, n int, wait time.Duration) []In {
	t.Helper()
	var got []In
	until := time.Now().Add(wait)
	for len(got) < n && time.Now().Before(until) {
		if err := s.Next(time.Until(until), func(batch []In) {
			for _, in := range batch {
				if isReport(in) {
					continue
				}
				in.Data = append([]byte(nil), in.Data...)
				got = append(got, in)
			}
		}); err != nil {
			t.Fatalf("Next = %v", err)
		}
	}
	return got
}

// isReport recognises a multicast listener report (RFC 3810): kernels send one
// when it suits them, and its hop-by-hop header lets it pass the filter.
func isReport(in In) bool {
	const icmp6, report = 58, 143
	return in.Type == IPv6 && len(in.Data) > 48 && in.Data[6] == 0 && in.Data[40] == icmp6 && in.Data[48] == report
}

// send sends all, or fails.
func send(t testing.TB, s *Session, packets ...Out) {
	t.Helper()
	if n, err := s.Send(packets); n != len(packets) || err != nil {
		t.Fatalf("Send = %d, %v; want %d", n, err, len(packets))
	}
	for i, p := range packets {
		if p.Err != nil {
			t.Fatalf("packet %d: %v", i, p.Err)
		}
	}
}

func sum(start uint32, b []byte) uint32 {
	for i, c := range b {
		start += uint32(c) << (8 * (1 - i%2))
	}
	return start
}

func fold(s uint32) uint16 {
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return ^uint16(s)
}

// network puts an IP header before the payload and the transport's checksum
// into it, at the given offset.
func network(src, dst netip.Addr, proto byte, payload []byte, check int) []byte {
	be := binary.BigEndian
	pseudo := sum(uint32(proto)+uint32(len(payload)), append(src.AsSlice(), dst.AsSlice()...))
	if proto == 1 {
		pseudo = 0
	}
	be.PutUint16(payload[check:], fold(sum(pseudo, payload)))
	if src.Is6() {
		h := []byte{0x60, 0, 0, 0, 0, 0, proto, 255}
		be.PutUint16(h[4:], uint16(len(payload)))
		return append(append(append(h, src.AsSlice()...), dst.AsSlice()...), payload...)
	}
	h := []byte{0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, proto, 0, 0}
	be.PutUint16(h[2:], uint16(20+len(payload)))
	h = append(append(h, src.AsSlice()...), dst.AsSlice()...)
	be.PutUint16(h[10:], fold(sum(0, h)))
	return append(h, payload...)
}

func tcp(src, dst netip.Addr, from, to uint16, flags byte) []byte {
	h := make([]byte, 20)
	binary.BigEndian.PutUint16(h, from)
	binary.BigEndian.PutUint16(h[2:], to)
	h[7], h[12], h[13], h[14] = 1, 5<<4, flags, 4
	return network(src, dst, 6, h, 16)
}

func udp(src, dst netip.Addr, from, to uint16) []byte {
	h := make([]byte, 12)
	binary.BigEndian.PutUint16(h, from)
	binary.BigEndian.PutUint16(h[2:], to)
	binary.BigEndian.PutUint16(h[4:], 12)
	return network(src, dst, 17, h, 6)
}

func echo(src, dst netip.Addr) []byte {
	h := make([]byte, 16)
	h[0] = 8
	if src.Is6() {
		h[0] = 128
		return network(src, dst, 58, h, 2)
	}
	return network(src, dst, 1, h, 2)
}

// flagsOf are the TCP flags of a packet and the port it comes from.
func flagsOf(in In) (flags byte, from uint16) {
	at := 20
	if in.Type == IPv6 {
		at = 40
	}
	if len(in.Data) < at+20 {
		return 0, 0
	}
	return in.Data[at+13], binary.BigEndian.Uint16(in.Data[at:])
}
