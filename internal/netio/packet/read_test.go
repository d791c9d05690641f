package packet

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

var compare = cmp.Options{
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
	cmp.Comparer(func(a, b []byte) bool { return bytes.Equal(a, b) }),
}

func TestRead(t *testing.T) {
	for _, a := range answers() {
		t.Run(a.name, func(t *testing.T) {
			p := Packet{Kind: 99, Cut: true, Quoted: Quoted{Seq: 1}} // of the packet before
			if !Read(a.ether, a.b, &p) {
				t.Fatalf("Read(%x) = false; want %+v", a.b, a.want)
			}
			if diff := cmp.Diff(a.want, p, compare); diff != "" {
				t.Errorf("Read(%x), -want +got:\n%s", a.b, diff)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	for _, h := range hostile() {
		var p Packet
		if Read(h.ether, h.b, &p) {
			t.Errorf("%s: Read(%x) = %+v; want false", h.name, h.b, p)
		}
	}
}

func TestPaddingIsNotRead(t *testing.T) {
	for _, a := range answers() {
		var p Packet
		padded := append(slices.Clone(a.b), bytes.Repeat([]byte{0xa5}, 46)...)
		if !Read(a.ether, padded, &p) {
			t.Fatalf("%s: Read with padding = false; want true", a.name)
		}
		if diff := cmp.Diff(a.want, p, compare); diff != "" {
			t.Errorf("%s: Read with padding, -want +got:\n%s", a.name, diff)
		}
	}
}

// A good packet cut anywhere is refused or says the same, with less payload.
func TestCut(t *testing.T) {
	for _, a := range answers() {
		read := 0
		for n := range a.b {
			read += readCut(t, a.ether, a.b, n, a.want)
		}
		if payload := len(a.want.Payload); a.want.Kind == TCP && read < payload {
			t.Errorf("%s: %d cut packets were read; want those that lack payload alone, %d", a.name, read, payload)
		}
	}
}

// What is cut off behind a datagram is not missing from it.
func TestCutBehindDatagram(t *testing.T) {
	b := ip4(them4, us4, 17, nil, append(udpDatagram(53, 61001, []byte("reply")), "rest"...))
	var p Packet
	if !Read(EtherIPv4, b[:len(b)-2], &p) || string(p.Payload) != "reply" || p.Cut {
		t.Errorf("Read = %+v; want a whole reply", p)
	}
}

// readCut checks Read of b[:n] against what the whole is; it returns 1 when it
// was read.
func readCut(t *testing.T, ether uint16, b []byte, n int, whole Packet) int {
	t.Helper()
	var p Packet
	if !Read(ether, b[:n], &p) {
		return 0
	}
	if !bytes.HasPrefix(whole.Payload, p.Payload) || len(p.Payload) < len(whole.Payload) && !p.Cut {
		t.Fatalf("Read(%x[:%d]): payload %q, cut %v; want a part of %q that says so", b, n, p.Payload, p.Cut, whole.Payload)
	}
	if p.Cut && (p.Kind == ARPReply || p.Kind == Advertisement) {
		t.Fatalf("Read(%x[:%d]) = %+v; want no part of it", b, n, p)
	}
	p.Payload, p.Cut = whole.Payload, whole.Cut
	if diff := cmp.Diff(whole, p, compare); diff != "" {
		t.Fatalf("Read(%x[:%d]), -whole +cut:\n%s", b, n, diff)
	}
	return 1
}

func TestValid(t *testing.T) {
	for _, a := range answers() {
		if whole := !a.want.Cut; Valid(a.ether, a.b) != whole {
			t.Errorf("%s: Valid = %v; want %v", a.name, !whole, whole)
		}
		if a.want.Cut || a.ether == EtherARP || a.name == "UDP, shorter than its packet" {
			continue
		}
		for bit := range len(a.b) * 8 {
			if a.ether == EtherIPv6 && uncovered6(a.b, bit/8) && bit >= 4 {
				continue
			}
			b := slices.Clone(a.b)
			b[bit/8] ^= 0x80 >> (bit % 8)
			var p Packet
			if Read(a.ether, b, &p) && Valid(a.ether, b) {
				t.Errorf("%s: Valid with bit %d flipped = true; want false", a.name, bit)
			}
		}
	}
}

// uncovered6 reports whether no checksum covers the byte: the class, the flow
// label, the hop limit and the extension headers of IPv6.
func uncovered6(b []byte, i int) bool {
	return i < 4 || i == 7 || i >= 40 && b[6] != ProtoTCP && b[6] != ProtoUDP && b[6] != ProtoICMPv6
}

func TestValidUDPWithoutChecksum(t *testing.T) {
	b4 := ip4(them4, us4, 17, nil, udpDatagram(53, 61001, []byte("reply")))
	b6 := ip6(them6, us6, 17, 57, udpDatagram(53, 61001, []byte("reply")))
	if !Valid(EtherIPv4, b4) {
		t.Error("Valid of UDP without a checksum in IPv4 = false; want true")
	}
	if Valid(EtherIPv6, b6) {
		t.Error("Valid of UDP without a checksum in IPv6 = true; want false")
	}
}

// On loopback and veth the kernel leaves the pseudo header's sum in the field.
func TestReadNeedsNoChecksum(t *testing.T) {
	b := ip4(them4, us4, 6, nil, tcpSegment(443, 61000, 7, 8, SYN|ACK, 65535, nil, nil))
	var p Packet
	if !Read(EtherIPv4, b, &p) || p.Ack != 8 {
		t.Errorf("Read of an unfinished checksum = %+v; want it read", p)
	}
	if Valid(EtherIPv4, b) {
		t.Error("Valid of an unfinished checksum = true; want false")
	}
}

func TestPortUnreachable(t *testing.T) {
	want := map[string]bool{"port unreachable": true, "port unreachable v6": true}
	for _, a := range answers() {
		if got := a.want.PortUnreachable(); got != want[a.name] {
			t.Errorf("%s: PortUnreachable = %v; want %v", a.name, got, want[a.name])
		}
	}
	p := Packet{Kind: Error, Type: 3, Code: 3, From: us4, Quoted: Quoted{To: them4}}
	if p.PortUnreachable() {
		t.Error("PortUnreachable by another host = true; want false")
	}
}

func TestKindString(t *testing.T) {
	for k, want := range map[Kind]string{0: "none", TCP: "tcp", Advertisement: "neighbour advertisement", 99: "?"} {
		if got := k.String(); got != want {
			t.Errorf("Kind(%d).String() = %q; want %q", k, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, a := range slices.Concat(answers(), hostile()) {
		f.Add(a.ether, a.b)
	}
	f.Fuzz(func(t *testing.T, ether uint16, b []byte) {
		// What lies behind b must not matter.
		room := append(slices.Clone(b), bytes.Repeat([]byte{0xa5}, 64)...)
		b = room[:len(b)]
		var p Packet
		ok := Read(ether, b, &p)
		Valid(ether, b)
		if !ok {
			return
		}
		check(t, ether, b, &p)
		for i := len(b); i < len(room); i++ {
			room[i] = 0x5a
		}
		var again Packet
		if !Read(ether, room[:len(b):len(b)], &again) || cmp.Diff(p, again, compare) != "" {
			t.Fatalf("Read depends on what follows: %+v, then %+v", p, again)
		}
		for n := range b {
			readCut(t, ether, b, n, p)
		}
	})
}

// check holds p, read from b, against what every Packet promises.
func check(t *testing.T, ether uint16, b []byte, p *Packet) {
	t.Helper()
	if p.Kind < TCP || p.Kind > Advertisement {
		t.Fatalf("kind %d", p.Kind)
	}
	if len(p.Payload) > 0 {
		at := uintptr(unsafe.Pointer(unsafe.SliceData(p.Payload))) - uintptr(unsafe.Pointer(unsafe.SliceData(b)))
		if at >= uintptr(len(b)) || int(at)+cap(p.Payload) > len(b) {
			t.Fatalf("payload of %d, capacity %d, at %d of %d bytes", len(p.Payload), cap(p.Payload), at, len(b))
		}
	}
	v4 := ether != EtherIPv6
	if p.From.Is4() != v4 || p.To.Is4() != v4 || p.From.Is4In6() || p.To.Is4In6() || p.From.IsMulticast() || p.From.IsUnspecified() {
		t.Fatalf("from %v to %v under %#x", p.From, p.To, ether)
	}
	if (p.Kind == Error) != (p.Quoted.Proto != 0) {
		t.Fatalf("%v with quoted %+v", p.Kind, p.Quoted)
	}
	if p.Kind == Error && (p.Quoted.From.Is4() != v4 || p.Quoted.To.Is4() != v4) {
		t.Fatalf("quoted %+v under %#x", p.Quoted, ether)
	}
	if neighbour := p.Kind == ARPReply || p.Kind == Advertisement; neighbour != (p.MAC != [6]byte{}) || neighbour && p.Cut {
		t.Fatalf("%v with %x, cut %v", p.Kind, p.MAC, p.Cut)
	}
}

func BenchmarkRead(b *testing.B) {
	for _, a := range answers() {
		switch a.name {
		case "SYN/ACK", "SYN/ACK v6", "RST", "UDP", "echo reply", "port unreachable", "port unreachable v6", "ARP reply":
		default:
			continue
		}
		b.Run(a.name, func(b *testing.B) {
			b.ReportAllocs()
			var p Packet
			for b.Loop() {
				if !Read(a.ether, a.b, &p) {
					b.Fatal("refused")
				}
			}
		})
	}
}

func BenchmarkValid(b *testing.B) {
	a := answers()[0]
	b.ReportAllocs()
	for b.Loop() {
		if !Valid(a.ether, a.b) {
			b.Fatal("not valid")
		}
	}
}
