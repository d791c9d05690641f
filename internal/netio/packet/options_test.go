package packet

import (
	"net/netip"
	"strings"
	"testing"
)

func TestReadOptions(t *testing.T) {
	for _, c := range []struct {
		name string
		b    []byte
		want Options
		ok   bool
	}{
		{"none", nil, Options{Scale: -1}, true},
		{"mss", []byte{2, 4, 2, 24}, Options{Layout: "M", MSS: 536, Scale: -1}, true},
		{"Linux", []byte{2, 4, 5, 180, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 1, 1, 3, 3, 7}, Options{Layout: "MSTNW", MSS: 1460, Scale: 7, Clock: 0x01020304, Echo: 1}, true},
		{"Windows", []byte{2, 4, 5, 180, 1, 3, 3, 8, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 1}, Options{Layout: "MNWST", MSS: 1460, Scale: 8, Clock: 9, Echo: 1}, true},
		{"an end, and what is behind it", []byte{2, 4, 5, 180, 4, 2, 0, 8}, Options{Layout: "MSE", MSS: 1460, Scale: -1}, true},
		{"one that is not known", []byte{34, 2, 254, 4, 1, 2}, Options{Layout: "XX", Scale: -1}, true},
		{"a scale that is too large", []byte{3, 3, 255, 1}, Options{Layout: "WN", Scale: 14}, true},
		{"beyond the list", []byte{2, 4, 5}, Options{}, false},
		{"of length 0", []byte{34, 0, 1, 1}, Options{}, false},
		{"of length 1", []byte{8, 1, 1, 1}, Options{}, false},
		{"without a length", []byte{1, 2}, Options{}, false},
		{"timestamps that are too short", []byte{8, 6, 0, 0, 0, 1}, Options{}, false},
	} {
		got, ok := ReadOptions(c.b)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%s: ReadOptions = %+v, %v; want %+v, %v", c.name, got, ok, c.want, c.ok)
		}
	}
}

func FuzzReadOptions(f *testing.F) {
	f.Add([]byte{2, 4, 5, 180, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 1, 1, 3, 3, 7})
	f.Add([]byte{2, 4, 2, 24, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if o, ok := ReadOptions(b); ok && (len(o.Layout) > 40 || strings.Trim(o.Layout, "MWSTNEX") != "" || o.Scale < -1 || o.Scale > 14) {
			t.Errorf("ReadOptions(%x) = %+v", b, o)
		}
	})
}

// The SYN with all options carries what ReadOptions reads of it.
func TestFullSYN(t *testing.T) {
	for _, from := range []string{"192.0.2.1", "2001:db8::1"} {
		s, b := NewSource(netip.MustParseAddr(from)), make([]byte, SmallSize)
		n := s.FullSYN(b, netip.AddrPortFrom(netip.MustParseAddr(from), 443), 61000, 7)
		ether := uint16(EtherIPv4)
		if netip.MustParseAddr(from).Is6() {
			ether = EtherIPv6
		}
		var p Packet
		if !Read(ether, b[:n], &p) || !Valid(ether, b[:n]) || p.Flags != SYN || p.Seq != 7 || p.TTL != 64 || p.DF != netip.MustParseAddr(from).Is4() {
			t.Fatalf("FullSYN from %s = %x, %+v", from, b[:n], p)
		}
		o, ok := ReadOptions(p.Options)
		if !ok || o.Layout != "MSTNW" || o.Scale != 7 || o.MSS < 1440 {
			t.Errorf("its options are %+v", o)
		}
	}
}
