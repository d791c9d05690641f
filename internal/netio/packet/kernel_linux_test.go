package packet

import (
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier/internal/needs"
)

// The kernel takes what is built for what it is meant, and what it answers is
// read: over loopback, past our own headers.
func TestKernel(t *testing.T) {
	needs.Root(t)
	for _, f := range []struct {
		name  string
		host  string
		ether uint16
	}{
		{"IPv4", "127.0.0.1", EtherIPv4},
		{"IPv6", "::1", EtherIPv6},
	} {
		t.Run(f.name, func(t *testing.T) {
			l, err := net.Listen("tcp", net.JoinHostPort(f.host, "0"))
			if err != nil {
				unmet(t, "no loopback address %s: %v", f.host, err)
			}
			defer l.Close()
			u, err := net.ListenPacket("udp", net.JoinHostPort(f.host, "0"))
			if err != nil {
				t.Fatal(err)
			}
			addr := netip.MustParseAddr(f.host)
			openPort := l.Addr().(*net.TCPAddr).AddrPort().Port()
			// Free from now on, and for the moments of this test most likely so.
			closed := u.LocalAddr().(*net.UDPAddr).AddrPort().Port()
			u.Close()
			const from = 61_234
			var (
				w = newWire(t, addr, f.ether)
				s = NewSource(addr)
				b = make([]byte, MaxSize)
			)
			to := func(port uint16) netip.AddrPort { return netip.AddrPortFrom(addr, port) }

			p := w.ask(b[:s.SYN(b, to(openPort), from, 1000)], func(p *Packet) bool { return p.Kind == TCP && p.FromPort == openPort })
			if p.Flags != SYN|ACK || p.Ack != 1001 || p.ToPort != from || p.From != addr || p.To != addr || p.TTL == 0 || p.Window == 0 {
				t.Errorf("a SYN to an open port is answered by %+v", p)
			}
			p = w.ask(b[:s.ACK(b, to(openPort), from+1, 2000, 3000)], func(p *Packet) bool { return p.Kind == TCP && p.FromPort == openPort && p.ToPort == from+1 })
			if p.Flags != RST || p.Seq != 3000 {
				t.Errorf("an ACK is answered by %+v", p)
			}
			p = w.ask(b[:s.UDP(b, to(closed), from, []byte("Harrier"))], func(p *Packet) bool { return p.Kind == Error && p.Quoted.ToPort == closed })
			if want := (Quoted{Proto: ProtoUDP, From: addr, To: addr, FromPort: from, ToPort: closed}); !p.PortUnreachable() || p.Quoted != want {
				t.Errorf("a datagram to a closed port is answered by %+v; want %+v quoted", p, want)
			}
			p = w.ask(b[:s.Echo(b, addr, 0x4861, 9, []byte("Harrier"))], func(p *Packet) bool { return p.Kind == EchoReply && p.ID == 0x4861 })
			if p.ICMPSeq != 9 || string(p.Payload) != "Harrier" || p.TTL != 64 {
				t.Errorf("an echo request is answered by %+v", p)
			}
			if n := s.Timestamp(b, addr, 0x4862, 10, 12345); n > 0 {
				p = w.ask(b[:n], func(p *Packet) bool { return p.Kind == TimestampReply && p.ID == 0x4862 })
				if p.ICMPSeq != 10 || len(p.Payload) != 12 || be.Uint32(p.Payload) != 12345 {
					t.Errorf("a timestamp request is answered by %+v", p)
				}
			}
		})
	}
}

// unmet skips the test, and fails it where nothing may be missing.
func unmet(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv(needs.CI) != "" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// wire sends packets as they are and sees all that passes over loopback.
type wire struct {
	t       *testing.T
	ether   uint16
	out, in int
	to      unix.Sockaddr
}

func newWire(t *testing.T, addr netip.Addr, ether uint16) *wire {
	t.Helper()
	w := &wire{t: t, ether: ether, to: &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}}
	family := unix.AF_INET
	if addr.Is6() {
		family, w.to = unix.AF_INET6, &unix.SockaddrInet6{Addr: addr.As16()}
	}
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Fatal(err)
	}
	// A datagram socket of packets takes the link's header off.
	protocol := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, ether))
	w.in, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, int(protocol))
	if err != nil {
		unmet(t, "no packet sockets here: %v", err)
	}
	t.Cleanup(func() { unix.Close(w.in) })
	if err := unix.Bind(w.in, &unix.SockaddrLinklayer{Protocol: protocol, Ifindex: lo.Index}); err != nil {
		t.Fatal(err)
	}
	if err := unix.SetsockoptTimeval(w.in, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 1}); err != nil {
		t.Fatal(err)
	}
	w.out, err = unix.Socket(family, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
	if err != nil {
		unmet(t, "no raw sockets here: %v", err)
	}
	t.Cleanup(func() { unix.Close(w.out) })
	return w
}

func (w *wire) send(b []byte) {
	w.t.Helper()
	if err := unix.Sendto(w.out, b, 0, w.to); err != nil {
		w.t.Fatal(err)
	}
}

// ask sends b and returns the first packet that is the answer.
func (w *wire) ask(b []byte, answer func(*Packet) bool) Packet {
	w.t.Helper()
	w.send(b)
	buf := make([]byte, 1<<16)
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		n, _, err := unix.Recvfrom(w.in, buf, 0)
		if err == unix.EAGAIN || err == unix.EINTR {
			continue
		}
		if err != nil {
			w.t.Fatal(err)
		}
		var p Packet
		if Read(w.ether, buf[:n], &p) && answer(&p) {
			return p
		}
	}
	w.t.Fatalf("no answer to %x", b)
	return Packet{}
}
