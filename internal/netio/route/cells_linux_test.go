package route

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"
)

func prefixes(s ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, p := range s {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

func TestCells(t *testing.T) {
	v4 := newCells(32, prefixes("0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "255.255.255.255/32", "10.1.2.3/32"), prefixes("10.64.0.0/10"))
	v6 := newCells(128, prefixes("::/0", "fe80::/10", "2001:db8::/32", "2001:db8:1::/64", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"), prefixes("ff00::/8"))
	for _, c := range []struct {
		of           *cells
		addr, prefix string
		split        bool
	}{
		{v4, "0.0.0.0", "0.0.0.0/5", false},
		{v4, "9.9.9.9", "8.0.0.0/7", false},
		{v4, "10.0.0.1", "10.0.0.0/16", false},
		{v4, "10.1.2.3", "10.1.2.3/32", false},
		{v4, "10.1.2.2", "10.1.2.2/32", false},
		{v4, "10.1.2.7", "10.1.2.4/30", false},
		{v4, "10.2.0.1", "10.2.0.0/15", false},
		{v4, "10.63.255.255", "10.32.0.0/11", false},
		{v4, "10.64.0.0", "10.64.0.0/10", true},
		{v4, "10.127.255.255", "10.64.0.0/10", true},
		{v4, "10.128.0.0", "10.128.0.0/9", false},
		{v4, "255.255.255.255", "255.255.255.255/32", false},
		{v4, "255.255.255.254", "255.255.255.254/32", false},
		{v6, "2001:db8:1::5", "2001:db8:1::/64", false},
		{v6, "2001:db8:1:1::5", "2001:db8:1:1::/64", false},
		{v6, "2001:db8:2::5", "2001:db8:2::/47", false},
		{v6, "::1", "::/3", false},
		{v6, "ff02::1", "ff00::/9", true},
	} {
		a := netip.MustParseAddr(c.addr)
		i := c.of.find(keyOf(a))
		if got := c.of.prefix(i, a); got.String() != c.prefix || c.of.split[i] != c.split {
			t.Errorf("%s is in %v, split %v; want %s, %v", c.addr, got, c.of.split[i], c.prefix, c.split)
		}
	}
}

// TestCellsDivide compares with the definition: no prefix may divide a cell's.
func TestCellsDivide(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		list := [2][]netip.Prefix{randomPrefixes(rnd), randomPrefixes(rnd)}
		c := newCells(32, list[0], list[1])
		for range 50 {
			a := randomNear(rnd, append(list[0], list[1]...))
			i := c.find(keyOf(a))
			got, split := c.prefix(i, a), false
			if !got.Contains(a) {
				t.Fatalf("%v is given %v", a, got)
			}
			wider := true // one bit less would be divided
			w := netip.PrefixFrom(a, max(got.Bits()-1, 0)).Masked()
			for _, set := range list {
				for _, p := range set {
					if p.Overlaps(got) && p.Bits() > got.Bits() {
						t.Fatalf("%v divides %v, which %v was given", p, got, a)
					}
					wider = wider && (!p.Overlaps(w) || p.Bits() <= w.Bits())
				}
			}
			for _, p := range list[1] {
				split = split || p.Contains(a)
			}
			if c.split[i] != split || wider && got.Bits() > 0 {
				t.Fatalf("%v: %v, split %v; want split %v, wider %v, of %v", a, got, c.split[i], split, wider, list)
			}
		}
	}
}

func randomPrefixes(rnd *rand.Rand) []netip.Prefix {
	var out []netip.Prefix
	for range rnd.IntN(6) {
		out = append(out, netip.PrefixFrom(randomNear(rnd, out), rnd.IntN(33)).Masked())
	}
	return out
}

// randomNear is an address that shares leading bits with one of the list.
func randomNear(rnd *rand.Rand, list []netip.Prefix) netip.Addr {
	n := rnd.Uint32()
	if len(list) > 0 {
		b := list[rnd.IntN(len(list))].Addr().As4()
		n = binary.BigEndian.Uint32(b[:]) ^ n>>rnd.IntN(32)
	}
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], n)
	return netip.AddrFrom4(b)
}
