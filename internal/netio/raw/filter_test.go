package raw

import (
	"encoding/binary"
	"slices"
	"testing"

	"golang.org/x/net/bpf"
)

// meta is what the kernel knows of a packet beside its bytes.
type meta struct {
	proto    uint16
	kind     uint32 // sll_pkttype
	vlan     uint16
	isTagged bool
}

// passes runs the program as the kernel would. bpf.VM knows no extensions, so
// each is replaced by what it loads.
func passes(t testing.TB, f Filter, m meta, packet []byte) bool {
	t.Helper()
	code := slices.Clone(f.program())
	for i, ins := range code {
		ext, ok := ins.(bpf.LoadExtension)
		if !ok {
			continue
		}
		v := map[bpf.Extension]uint32{bpf.ExtType: m.kind, bpf.ExtProto: uint32(m.proto), bpf.ExtVLANTag: uint32(m.vlan), bpf.ExtVLANTagPresent: 0}
		if m.isTagged {
			v[bpf.ExtVLANTagPresent] = 1
		}
		val, ok := v[ext.Num]
		if !ok {
			t.Fatalf("the program loads extension %d", ext.Num)
		}
		code[i] = bpf.LoadConstant{Dst: bpf.RegA, Val: val}
	}
	vm, err := bpf.NewVM(code)
	if err != nil {
		t.Fatalf("NewVM = %v", err)
	}
	n, err := vm.Run(packet)
	if err != nil {
		t.Fatalf("Run(%x) = %v", packet, err)
	}
	if n != 0 && n != snap {
		t.Fatalf("Run(%x) = %d; want 0 or %d", packet, n, snap)
	}
	return n != 0
}

// wanted says the same in plain Go.
func wanted(f Filter, m meta, p []byte) bool {
	u8 := func(at int) (int, bool) {
		if at >= len(p) {
			return 0, false
		}
		return int(p[at]), true
	}
	u16 := func(at int) (int, bool) {
		if at+2 > len(p) {
			return 0, false
		}
		return int(binary.BigEndian.Uint16(p[at:])), true
	}
	isPort := func(at int) bool {
		port, ok := u16(at)
		return ok && port >= int(f.First) && port < int(f.First)+f.Count
	}
	isOneOf := func(at int, types ...int) bool {
		v, ok := u8(at)
		return ok && slices.Contains(types, v)
	}
	if m.kind == packetOtherHost || m.kind == packetOutgoing || m.isTagged && m.vlan&0xfff != 0 {
		return false
	}
	switch m.proto {
	case ARP:
		op, ok := u16(6)
		return ok && op == 2
	case IPv4:
		fragment, ok := u16(6)
		proto, ok2 := u8(9)
		if !ok || !ok2 || fragment&0x1fff != 0 {
			return false
		}
		h := int(p[0]&15) * 4
		switch proto {
		case 6, 17:
			return isPort(h + 2)
		case 1:
			return isOneOf(h, 0, 3, 11, 14)
		}
	case IPv6:
		next, _ := u8(6)
		switch {
		case len(p) < 7:
			return false
		case next == 6 || next == 17:
			return isPort(42)
		case next == 58:
			return isOneOf(40, 1, 3, 129, 136)
		case next == 44:
			fragment, ok := u16(42)
			return ok && fragment&0xfff8 == 0
		}
		return next == 0 || next == 43 || next == 60
	}
	return false
}

func ip4(proto byte, options int, payload ...byte) []byte {
	p := make([]byte, 20+4*options)
	p[0], p[9] = 0x45+byte(options), proto
	return append(p, payload...)
}

func ip6(next byte, payload ...byte) []byte {
	p := make([]byte, 40)
	p[0], p[6] = 0x60, next
	return append(p, payload...)
}

func with(p []byte, at int, v byte) []byte {
	p[at] = v
	return p
}

func TestFilter(t *testing.T) {
	f := Filter{First: 61440, Count: 16} // 0xf000-0xf00f
	in, last, after, before := []byte{0, 80, 0xf0, 0}, []byte{0, 80, 0xf0, 15}, []byte{0, 80, 0xf0, 16}, []byte{0, 80, 0xef, 0xff}
	for name, c := range map[string]struct {
		m    meta
		p    []byte
		want bool
	}{
		"tcp to the first port":           {meta{proto: IPv4}, ip4(6, 0, in...), true},
		"tcp to the last port":            {meta{proto: IPv4}, ip4(6, 0, last...), true},
		"tcp to the port after":           {meta{proto: IPv4}, ip4(6, 0, after...), false},
		"tcp to the port before":          {meta{proto: IPv4}, ip4(6, 0, before...), false},
		"udp behind ip options":           {meta{proto: IPv4}, ip4(17, 10, in...), true},
		"udp to another port, options":    {meta{proto: IPv4}, ip4(17, 10, after...), false},
		"first fragment":                  {meta{proto: IPv4}, with(ip4(17, 0, in...), 6, 0x20), true},
		"second fragment":                 {meta{proto: IPv4}, with(ip4(17, 0, in...), 7, 1), false},
		"tcp cut before its port":         {meta{proto: IPv4}, ip4(6, 0, in[:3]...), false},
		"options cut":                     {meta{proto: IPv4}, ip4(6, 10, in...)[:40], false},
		"cut header":                      {meta{proto: IPv4}, ip4(6, 0)[:9], false},
		"nothing":                         {meta{proto: IPv4}, nil, false},
		"gre":                             {meta{proto: IPv4}, ip4(47, 0, in...), false},
		"echo reply":                      {meta{proto: IPv4}, ip4(1, 0, 0, 0), true},
		"echo request":                    {meta{proto: IPv4}, ip4(1, 0, 8, 0), false},
		"unreachable":                     {meta{proto: IPv4}, ip4(1, 0, 3, 1), true},
		"time exceeded":                   {meta{proto: IPv4}, ip4(1, 0, 11, 0), true},
		"timestamp reply":                 {meta{proto: IPv4}, ip4(1, 0, 14, 0), true},
		"redirect":                        {meta{proto: IPv4}, ip4(1, 0, 5, 0), false},
		"empty icmp":                      {meta{proto: IPv4}, ip4(1, 0), false},
		"tcp 6":                           {meta{proto: IPv6}, ip6(6, in...), true},
		"tcp 6 to the port after":         {meta{proto: IPv6}, ip6(6, after...), false},
		"udp 6":                           {meta{proto: IPv6}, ip6(17, last...), true},
		"advertisement":                   {meta{proto: IPv6}, ip6(58, 136, 0), true},
		"solicitation":                    {meta{proto: IPv6}, ip6(58, 135, 0), false},
		"echo reply 6":                    {meta{proto: IPv6}, ip6(58, 129, 0), true},
		"unreachable 6":                   {meta{proto: IPv6}, ip6(58, 1, 4), true},
		"time exceeded 6":                 {meta{proto: IPv6}, ip6(58, 3, 0), true},
		"hop-by-hop options":              {meta{proto: IPv6}, ip6(0, 6, 0), true},
		"first fragment 6":                {meta{proto: IPv6}, ip6(44, 6, 0, 0, 1), true},
		"second fragment 6":               {meta{proto: IPv6}, ip6(44, 6, 0, 0, 9), false},
		"no next header":                  {meta{proto: IPv6}, ip6(59), false},
		"arp reply":                       {meta{proto: ARP}, []byte{0, 1, 8, 0, 6, 4, 0, 2}, true},
		"arp request":                     {meta{proto: ARP}, []byte{0, 1, 8, 0, 6, 4, 0, 1}, false},
		"cut arp":                         {meta{proto: ARP}, []byte{0, 1, 8, 0, 6, 4, 0}, false},
		"spanning tree":                   {meta{proto: 4}, ip4(6, 0, in...), false},
		"outgoing":                        {meta{proto: IPv4, kind: packetOutgoing}, ip4(6, 0, in...), false},
		"to another machine":              {meta{proto: IPv4, kind: packetOtherHost}, ip4(6, 0, in...), false},
		"broadcast":                       {meta{proto: ARP, kind: 1}, []byte{0, 1, 8, 0, 6, 4, 0, 2}, true},
		"of a VLAN, below its interface":  {meta{proto: IPv4, isTagged: true, vlan: 0x2005}, ip4(6, 0, in...), false},
		"with a priority, but no VLAN":    {meta{proto: IPv4, isTagged: true, vlan: 0x2000}, ip4(6, 0, in...), true},
		"untagged by the kernel, tag old": {meta{proto: IPv4, vlan: 5}, ip4(6, 0, in...), true},
	} {
		if got := passes(t, f, c.m, c.p); got != c.want {
			t.Errorf("%s (%x) passes: %v; want %v", name, c.p, got, c.want)
		}
	}
}

func TestFilterEnds(t *testing.T) {
	syn := ip4(6, 0, 0, 80, 0xff, 0xff)
	for _, c := range []struct {
		f    Filter
		want bool
	}{{Filter{First: 65535, Count: 1}, true}, {Filter{Count: 1 << 16}, true}, {Filter{}, false}, {Filter{First: 65535}, false}} {
		if err := c.f.check(); err != nil {
			t.Errorf("check(%v) = %v", c.f, err)
		}
		if got := passes(t, c.f, meta{proto: IPv4}, syn); got != c.want {
			t.Errorf("port 65535 passes %v: %v; want %v", c.f, got, c.want)
		}
	}
	for _, f := range []Filter{{First: 65535, Count: 2}, {Count: -1}, {Count: 1<<16 + 1}} {
		if err := f.check(); err == nil {
			t.Errorf("check(%v) = nil; want an error", f)
		}
	}
}

// FuzzFilter compares the program with the same rules in plain Go.
func FuzzFilter(f *testing.F) {
	f.Add(uint16(61440), uint16(16), IPv4, byte(0), uint16(0), ip4(6, 0, 0, 80, 0xf0, 1))
	f.Add(uint16(61440), uint16(16), IPv4, byte(0), uint16(0), ip4(1, 5, 3, 1))
	f.Add(uint16(61440), uint16(16), IPv6, byte(0), uint16(1), ip6(17, 0, 80, 0xf0, 1))
	f.Add(uint16(61440), uint16(16), IPv6, byte(1), uint16(0), ip6(44, 6, 0, 0, 1))
	f.Add(uint16(0), uint16(0), ARP, byte(4), uint16(5), []byte{0, 1, 8, 0, 6, 4, 0, 2})
	f.Fuzz(func(t *testing.T, first, count, proto uint16, kind byte, vlan uint16, packet []byte) {
		filter := Filter{First: first, Count: min(int(count), 1<<16-int(first))}
		m := meta{proto: proto, kind: uint32(kind & 7), vlan: vlan, isTagged: kind&8 != 0}
		if got, want := passes(t, filter, m, packet), wanted(filter, m, packet); got != want {
			t.Errorf("%v lets %v %x pass: %v; want %v", filter, m, packet, got, want)
		}
	})
}
