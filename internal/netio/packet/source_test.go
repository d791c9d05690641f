package packet

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

var update = flag.Bool("update", false, "write testdata/packets.txt anew")

// built is one packet of each builder.
type built struct {
	name  string
	ether uint16
	b     []byte
}

// builders builds one packet of each, in a buffer that a longer one was in.
func builders() []built {
	s4, s6 := NewSource(us4), NewSource(us6)
	at4, at6 := netip.AddrPortFrom(them4, 443), netip.AddrPortFrom(them6, 443)
	payload := []byte("Harrier")
	var r []built
	add := func(name string, ether uint16, build func(b []byte) int) {
		b := bytes.Repeat([]byte{0xa5}, MaxSize)
		r = append(r, built{name, ether, b[:build(b)]})
	}
	for _, f := range []struct {
		s     *Source
		to    netip.AddrPort
		ether uint16
		v     string
	}{{s4, at4, EtherIPv4, "4"}, {s6, at6, EtherIPv6, "6"}} {
		add("syn"+f.v, f.ether, func(b []byte) int { return f.s.SYN(b, f.to, 61000, 0x01020304) })
		add("ack"+f.v, f.ether, func(b []byte) int { return f.s.ACK(b, f.to, 61000, 0x01020304, 0x05060708) })
		add("rst"+f.v, f.ether, func(b []byte) int { return f.s.RST(b, f.to, 61000, 0x01020304) })
		add("udp"+f.v, f.ether, func(b []byte) int { return f.s.UDP(b, f.to, 61000, payload) })
		add("echo"+f.v, f.ether, func(b []byte) int { return f.s.Echo(b, f.to.Addr(), 7, 9, payload) })
	}
	add("timestamp4", EtherIPv4, func(b []byte) int { return s4.Timestamp(b, them4, 7, 9, 43_200_000) })
	add("solicit6", EtherIPv6, func(b []byte) int { n, _, _ := s6.Solicit(b, mac, them6); return n })
	add("arp4", EtherARP, func(b []byte) int { return ARPRequest(b, mac, us4, them4) })
	return r
}

// The golden packets are what tcpdump -vv decodes without a complaint.
func TestGolden(t *testing.T) {
	const path = "testdata/packets.txt"
	var got strings.Builder
	for _, p := range builders() {
		fmt.Fprintf(&got, "%s %s\n", p.name, hex.EncodeToString(p.b))
	}
	if *update {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Errorf("-golden +built:\n%s", diff)
	}
}

func TestChecksums(t *testing.T) {
	for _, p := range builders() {
		if p.ether == EtherARP {
			continue
		}
		from, to, proto, body := us6, netip.AddrFrom16([16]byte(p.b[24:40])), p.b[6], p.b[min(40, len(p.b)):]
		if p.ether == EtherIPv4 {
			from, to, proto, body = us4, them4, p.b[9], p.b[20:]
			if s := onesSum(p.b[:20]); s != 0xffff {
				t.Errorf("%s: sum over the header = %#x; want 0xffff", p.name, s)
			}
		}
		pseudo := pseudoHeader(from, to, proto, len(body))
		if proto == ProtoICMP {
			pseudo = nil
		}
		if s := onesSum(pseudo, body); s != 0xffff {
			t.Errorf("%s: sum over the body = %#x; want 0xffff", p.name, s)
		}
		if !Valid(p.ether, p.b) {
			t.Errorf("%s: Valid = false; want true", p.name)
		}
	}
}

// Another implementation reads the headers as they are meant.
func TestHeaders(t *testing.T) {
	for _, p := range builders() {
		switch p.ether {
		case EtherIPv4:
			h, err := ipv4.ParseHeader(p.b)
			if err != nil {
				t.Fatalf("%s: %v", p.name, err)
			}
			if h.TotalLen != len(p.b) || h.Len != 20 || h.TTL != 64 || h.Flags != ipv4.DontFragment || h.FragOff != 0 ||
				!h.Src.Equal(us4.AsSlice()) || !h.Dst.Equal(them4.AsSlice()) {
				t.Errorf("%s: header %+v of %d bytes", p.name, h, len(p.b))
			}
		case EtherIPv6:
			h, err := ipv6.ParseHeader(p.b)
			if err != nil {
				t.Fatalf("%s: %v", p.name, err)
			}
			hops, to := 64, them6
			if p.name == "solicit6" {
				hops, to = 255, netip.MustParseAddr("ff02::1:ff0c:d0e")
			}
			if h.PayloadLen != len(p.b)-40 || h.HopLimit != hops || h.TrafficClass != 0 || h.FlowLabel != 0 ||
				!h.Src.Equal(us6.AsSlice()) || !h.Dst.Equal(to.AsSlice()) {
				t.Errorf("%s: header %+v of %d bytes", p.name, h, len(p.b))
			}
		}
	}
}

func TestMessages(t *testing.T) {
	byName := map[string][]byte{}
	for _, p := range builders() {
		byName[p.name] = p.b
	}
	echo := &icmp.Echo{ID: 7, Seq: 9, Data: []byte("Harrier")}
	for name, want := range map[string]icmp.Message{
		"echo4": {Type: ipv4.ICMPTypeEcho, Body: echo},
		"echo6": {Type: ipv6.ICMPTypeEchoRequest, Body: echo},
	} {
		var pseudo []byte
		at := 20
		if name == "echo6" {
			pseudo, at = icmp.IPv6PseudoHeader(us6.AsSlice(), them6.AsSlice()), 40
		}
		b, err := want.Marshal(pseudo)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(byName[name][at:], b) {
			t.Errorf("%s = %x; want %x", name, byName[name][at:], b)
		}
	}
	if b := byName["timestamp4"][20:]; len(b) != 20 || b[0] != 13 || be.Uint16(b[4:]) != 7 || be.Uint16(b[6:]) != 9 ||
		be.Uint32(b[8:]) != 43_200_000 || be.Uint64(b[12:]) != 0 {
		t.Errorf("timestamp4 = %x", b)
	}
	solicit := byName["solicit6"][40:]
	if want := slices.Concat([]byte{135, 0, solicit[2], solicit[3], 0, 0, 0, 0}, them6.AsSlice(), []byte{1, 1}, mac[:]); !bytes.Equal(solicit, want) {
		t.Errorf("solicit6 = %x; want %x", solicit, want)
	}
	if want := slices.Concat([]byte{0, 1, 8, 0, 6, 4, 0, 1}, mac[:], us4.AsSlice(), make([]byte, 6), them4.AsSlice()); !bytes.Equal(byName["arp4"], want) {
		t.Errorf("arp4 = %x; want %x", byName["arp4"], want)
	}
}

func TestSegments(t *testing.T) {
	for _, p := range builders() {
		var got Packet
		if !Read(p.ether, p.b, &got) || got.Kind != TCP {
			continue
		}
		want := Packet{Kind: TCP, From: us4, To: them4, FromPort: 61000, ToPort: 443, Seq: 0x01020304, TTL: 64}
		at, options := 20, ""
		if p.ether == EtherIPv6 {
			want.From, want.To, at = us6, them6, 40
		}
		switch p.name {
		case "syn4":
			want.Flags, want.Window, options = SYN, 64240, "020405b401010402"
		case "syn6":
			want.Flags, want.Window, options = SYN, 64240, "020405a001010402"
		case "ack4", "ack6":
			want.Flags, want.Window, want.Ack = ACK, 64240, 0x05060708
		case "rst4", "rst6":
			want.Flags = RST
		}
		want.DF, want.Options = p.ether == EtherIPv4, p.b[at+20:]
		if diff := cmp.Diff(want, got, compare); diff != "" {
			t.Errorf("%s, -want +got:\n%s", p.name, diff)
		}
		if o := hex.EncodeToString(p.b[at+20:]); o != options {
			t.Errorf("%s: options %s; want %s", p.name, o, options)
		}
	}
}

func TestSolicitGroup(t *testing.T) {
	_, group, groupMAC := NewSource(us6).Solicit(make([]byte, SmallSize), mac, them6)
	if want := netip.MustParseAddr("ff02::1:ff0c:d0e"); group != want {
		t.Errorf("group = %v; want %v", group, want)
	}
	if want := [6]byte{0x33, 0x33, 0xff, 0x0c, 0x0d, 0x0e}; groupMAC != want {
		t.Errorf("groupMAC = %x; want %x", groupMAC, want)
	}
}

func TestImpossible(t *testing.T) {
	b, long := make([]byte, MaxSize), make([]byte, MaxPayload+1)
	s4, s6, none := NewSource(us4), NewSource(us6), NewSource(netip.Addr{})
	mapped := netip.AddrFrom16(them4.As16())
	solicit := func(s *Source, to netip.Addr) int { n, _, _ := s.Solicit(b, mac, to); return n }
	for name, n := range map[string]int{
		"SYN from 4 to 6":           s4.SYN(b, netip.AddrPortFrom(them6, 1), 1, 1),
		"SYN from 6 to 4":           s6.SYN(b, netip.AddrPortFrom(them4, 1), 1, 1),
		"SYN from 6 to mapped":      s6.SYN(b, netip.AddrPortFrom(mapped, 1), 1, 1),
		"SYN to nobody":             s4.SYN(b, netip.AddrPort{}, 1, 1),
		"SYN from nobody":           none.SYN(b, netip.AddrPortFrom(them4, 1), 1, 1),
		"SYN from nobody to 6":      none.SYN(b, netip.AddrPortFrom(them6, 1), 1, 1),
		"UDP from 4 to 6":           s4.UDP(b, netip.AddrPortFrom(them6, 1), 1, nil),
		"UDP too long":              s4.UDP(b, netip.AddrPortFrom(them4, 1), 1, long),
		"echo from 4 to 6":          s4.Echo(b, them6, 1, 1, nil),
		"echo too long":             s6.Echo(b, them6, 1, 1, long),
		"timestamp from 6":          s6.Timestamp(b, them6, 1, 1, 1),
		"timestamp from 4 to 6":     s4.Timestamp(b, them6, 1, 1, 1),
		"solicit from 4":            solicit(s4, them6),
		"solicit 4":                 solicit(s6, them4),
		"solicit mapped":            solicit(s6, mapped),
		"solicit a group":           solicit(s6, netip.MustParseAddr("ff02::1")),
		"solicit from unspecified":  solicit(NewSource(netip.IPv6Unspecified()), them6),
		"solicit from nobody":       solicit(none, them6),
		"ARP for 6":                 ARPRequest(b, mac, us4, them6),
		"ARP from 6":                ARPRequest(b, mac, us6, them4),
		"ARP from nobody to nobody": ARPRequest(b, mac, netip.Addr{}, netip.Addr{}),
	} {
		if n != 0 {
			t.Errorf("%s = %d; want 0", name, n)
		}
	}
}

func TestMappedIsIPv4(t *testing.T) {
	a, b := make([]byte, SmallSize), make([]byte, SmallSize)
	n := NewSource(us4).SYN(a, netip.AddrPortFrom(them4, 80), 61000, 5)
	m := NewSource(netip.AddrFrom16(us4.As16())).SYN(b, netip.AddrPortFrom(netip.AddrFrom16(them4.As16()), 80), 61000, 5)
	if n == 0 || !bytes.Equal(a[:n], b[:m]) {
		t.Errorf("SYN between mapped addresses = %x; want %x", b[:m], a[:n])
	}
}

func TestSizes(t *testing.T) {
	for _, p := range builders() {
		if len(p.b) > SmallSize && !strings.HasPrefix(p.name, "udp") && !strings.HasPrefix(p.name, "echo") {
			t.Errorf("%s has %d bytes; want at most SmallSize, %d", p.name, len(p.b), SmallSize)
		}
	}
	b := make([]byte, 0, MaxSize) // capacity counts
	if n := NewSource(us6).UDP(b, netip.AddrPortFrom(them6, 443), 1, make([]byte, MaxPayload)); n != MaxSize {
		t.Errorf("the longest datagram has %d bytes; want %d", n, MaxSize)
	}
}

// A UDP checksum that comes to 0 goes out as 0xffff: 0 says that there is none.
func TestUDPChecksumZero(t *testing.T) {
	for _, f := range []struct{ from, to netip.Addr }{{us4, them4}, {us6, them6}} {
		s, to := NewSource(f.from), netip.AddrPortFrom(f.to, 53)
		b := make([]byte, MaxSize)
		n := s.UDP(b, to, 61000, []byte{0, 0})
		field := b[n-4 : n-2]
		payload := slices.Clone(field) // adding the checksum to the sum leaves 0xffff
		n = s.UDP(b, to, 61000, payload)
		if got := binary.BigEndian.Uint16(b[n-4:]); got != 0xffff {
			t.Errorf("UDP to %v: checksum %#x; want 0xffff", f.to, got)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	s4, s6 := NewSource(us4), NewSource(us6)
	at4, at6 := netip.AddrPortFrom(them4, 443), netip.AddrPortFrom(them6, 443)
	b, payload := make([]byte, MaxSize), []byte("Harrier")
	for name, build := range map[string]func(){
		"FullSYN":    func() { s4.FullSYN(b, at4, 1, 2); s6.FullSYN(b, at6, 1, 2) },
		"SYN":        func() { s4.SYN(b, at4, 1, 2); s6.SYN(b, at6, 1, 2) },
		"ACK":        func() { s4.ACK(b, at4, 1, 2, 3); s6.ACK(b, at6, 1, 2, 3) },
		"RST":        func() { s4.RST(b, at4, 1, 2); s6.RST(b, at6, 1, 2) },
		"UDP":        func() { s4.UDP(b, at4, 1, payload); s6.UDP(b, at6, 1, payload) },
		"Echo":       func() { s4.Echo(b, them4, 1, 2, payload); s6.Echo(b, them6, 1, 2, payload) },
		"Timestamp":  func() { s4.Timestamp(b, them4, 1, 2, 3) },
		"Solicit":    func() { s6.Solicit(b, mac, them6) },
		"ARPRequest": func() { ARPRequest(b, mac, us4, them4) },
	} {
		if n := testing.AllocsPerRun(100, build); n != 0 {
			t.Errorf("%s: %v allocations; want none", name, n)
		}
	}
	var p Packet
	for _, a := range answers() {
		if n := testing.AllocsPerRun(100, func() { Read(a.ether, a.b, &p); Valid(a.ether, a.b) }); n != 0 {
			t.Errorf("Read and Valid of %s: %v allocations; want none", a.name, n)
		}
	}
}

// Whatever is built is read as that, and its checksums are right.
func FuzzBuild(f *testing.F) {
	f.Add(us4.AsSlice(), them4.AsSlice(), uint16(61000), uint16(443), uint32(1), uint32(2), []byte("x"))
	f.Add(us6.AsSlice(), them6.AsSlice(), uint16(61000), uint16(443), uint32(1), uint32(2), []byte("xy"))
	f.Add([]byte{255, 255, 255, 254}, []byte{255, 255, 255, 255}, uint16(65535), uint16(65535), uint32(1<<32-1), uint32(1<<32-1), bytes.Repeat([]byte{255}, MaxPayload))
	f.Fuzz(func(t *testing.T, a, b []byte, from, port uint16, seq, ack uint32, payload []byte) {
		src, ok1 := netip.AddrFromSlice(a)
		dst, ok2 := netip.AddrFromSlice(b)
		if !ok1 || !ok2 {
			return
		}
		src, dst = src.Unmap(), dst.Unmap()
		s, to, buf := NewSource(src), netip.AddrPortFrom(dst, port), make([]byte, MaxSize)
		possible := src.Is4() == dst.Is4()
		ether := uint16(EtherIPv6)
		ours := !src.IsMulticast() && !src.IsUnspecified()
		if src.Is4() {
			ether = EtherIPv4
			ours = host4(src.As4()[0])
		}
		try := func(name string, n int, can bool, want *Packet) {
			if (n > 0) != can {
				t.Fatalf("%s from %v to %v = %d", name, src, dst, n)
			}
			if n == 0 || !ours {
				return
			}
			if !Valid(ether, buf[:n]) {
				t.Fatalf("%s from %v to %v: wrong checksum in %x", name, src, dst, buf[:n])
			}
			if want == nil {
				return
			}
			want.From, want.To, want.FromPort, want.ToPort, want.TTL, want.DF = src, dst, from, port, 64, src.Is4()
			var p Packet
			read := Read(ether, buf[:n], &p)
			p.Options = nil // see TestSegments and TestFullSYN
			if !read || cmp.Diff(*want, p, compare) != "" {
				t.Fatalf("%s from %v to %v: read as %+v; want %+v", name, src, dst, p, *want)
			}
		}
		try("SYN", s.SYN(buf, to, from, seq), possible, &Packet{Kind: TCP, Flags: SYN, Seq: seq, Window: 64240})
		try("ACK", s.ACK(buf, to, from, seq, ack), possible, &Packet{Kind: TCP, Flags: ACK, Seq: seq, Ack: ack, Window: 64240})
		try("RST", s.RST(buf, to, from, seq), possible, &Packet{Kind: TCP, Flags: RST, Seq: seq})
		fits := possible && len(payload) <= MaxPayload
		try("UDP", s.UDP(buf, to, from, payload), fits, &Packet{Kind: UDP, Payload: payload})
		try("Echo", s.Echo(buf, dst, from, port, payload), fits, nil)
		try("Timestamp", s.Timestamp(buf, dst, from, port, seq), possible && src.Is4(), nil)
		n, _, _ := s.Solicit(buf, mac, dst)
		try("Solicit", n, possible && src.Is6() && !src.IsUnspecified() && !dst.IsMulticast(), nil)
	})
}

func BenchmarkSYN(b *testing.B) {
	for _, f := range []struct {
		name     string
		from, to netip.Addr
	}{{"IPv4", us4, them4}, {"IPv6", us6, them6}} {
		b.Run(f.name, func(b *testing.B) {
			s, to, buf := NewSource(f.from), netip.AddrPortFrom(f.to, 443), make([]byte, SmallSize)
			b.ReportAllocs()
			for seq := uint32(0); b.Loop(); seq++ {
				s.SYN(buf, to, 61000, seq)
			}
		})
	}
}

func BenchmarkUDP(b *testing.B) {
	s, to, buf := NewSource(us4), netip.AddrPortFrom(them4, 53), make([]byte, MaxSize)
	payload := make([]byte, 40)
	b.ReportAllocs()
	for b.Loop() {
		s.UDP(buf, to, 61000, payload)
	}
}

func BenchmarkEcho(b *testing.B) {
	s, buf := NewSource(us4), make([]byte, MaxSize)
	payload := make([]byte, 16)
	b.ReportAllocs()
	for b.Loop() {
		s.Echo(buf, them4, 7, 9, payload)
	}
}

func BenchmarkSolicit(b *testing.B) {
	s, buf := NewSource(us6), make([]byte, SmallSize)
	b.ReportAllocs()
	for b.Loop() {
		s.Solicit(buf, mac, them6)
	}
}
