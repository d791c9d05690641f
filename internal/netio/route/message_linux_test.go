package route

import (
	"errors"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// attribute returns one as it is on the wire.
func attribute(kind uint16, v ...byte) []byte {
	c := &conn{}
	c.attr(kind, v)
	return c.out
}

func join(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// routeHeader is a struct rtmsg.
func routeHeader(family, length, kind byte) []byte {
	return []byte{family, length, 0, 0, unix.RT_TABLE_MAIN, 0, 0, kind, 0, 0, 0, 0}
}

func u32(n uint32) []byte { return native.AppendUint32(nil, n) }

func TestParseRoute(t *testing.T) {
	hop := []byte{192, 0, 2, 1}
	r, err := parseRoute(join(routeHeader(unix.AF_INET, 8, unix.RTN_UNICAST),
		attribute(unix.RTA_DST, 10, 0, 0, 0), attribute(unix.RTA_GATEWAY, hop...), attribute(unix.RTA_OIF, u32(3)...),
		attribute(unix.RTA_METRICS, attribute(unix.RTAX_MTU, u32(1300)...)...), attribute(unix.RTA_PREFSRC, 192, 0, 2, 9)))
	want := fibRoute{family: unix.AF_INET, kind: unix.RTN_UNICAST, dst: netip.MustParsePrefix("10.0.0.0/8"), oif: 3, gateway: addr("192.0.2.1"), source: addr("192.0.2.9"), mtu: 1300}
	if err != nil || r != want {
		t.Errorf("parseRoute = %+v, %v; want %+v", r, err, want)
	}
	for name, c := range map[string]struct {
		b  []byte
		ok func(r fibRoute) bool
	}{
		"default":    {routeHeader(unix.AF_INET6, 0, 1), func(r fibRoute) bool { return r.dst == netip.MustParsePrefix("::/0") }},
		"via":        {join(routeHeader(unix.AF_INET, 0, 1), attribute(unix.RTA_VIA, append([]byte{unix.AF_INET6, 0, 0xfe, 0x80}, make([]byte, 14)...)...)), func(r fibRoute) bool { return r.gateway == addr("fe80::") }},
		"multipath":  {join(routeHeader(unix.AF_INET, 0, 1), attribute(unix.RTA_MULTIPATH)), func(r fibRoute) bool { return r.several }},
		"group":      {join(routeHeader(unix.AF_INET, 0, 1), attribute(rtaNextHopID, u32(9)...)), func(r fibRoute) bool { return r.several }},
		"one object": {join(routeHeader(unix.AF_INET, 0, 1), attribute(rtaNextHopID, u32(9)...), attribute(unix.RTA_OIF, u32(2)...)), func(r fibRoute) bool { return !r.several }},
		"encap":      {join(routeHeader(unix.AF_INET, 0, 1), attribute(unix.RTA_ENCAP_TYPE, 1, 0)), func(r fibRoute) bool { return r.encap }},
		"expires":    {join(routeHeader(unix.AF_INET, 0, 1), attribute(unix.RTA_CACHEINFO, join(u32(0), u32(0), u32(5))...)), func(r fibRoute) bool { return r.expires }},
		"other":      {routeHeader(129, 200, 1), func(r fibRoute) bool { return !r.dst.IsValid() }},
	} {
		if r, err := parseRoute(c.b); err != nil || !c.ok(r) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func TestParseShort(t *testing.T) {
	for name, b := range map[string][]byte{
		"empty":             {},
		"header":            routeHeader(unix.AF_INET, 0, 1)[:11],
		"length 33":         routeHeader(unix.AF_INET, 33, 1),
		"family":            join(routeHeader(unix.AF_INET, 8, 1), attribute(unix.RTA_DST, make([]byte, 16)...)),
		"address":           join(routeHeader(unix.AF_INET, 8, 1), attribute(unix.RTA_GATEWAY, 1, 2, 3)),
		"via":               join(routeHeader(unix.AF_INET, 8, 1), attribute(unix.RTA_VIA, 1)),
		"interface":         join(routeHeader(unix.AF_INET, 8, 1), attribute(unix.RTA_OIF, 1)),
		"cache":             join(routeHeader(unix.AF_INET, 8, 1), attribute(unix.RTA_CACHEINFO, 1)),
		"metrics":           join(routeHeader(unix.AF_INET, 8, 1), attribute(unix.RTA_METRICS, 99, 0, 2, 0)),
		"attribute past it": join(routeHeader(unix.AF_INET, 8, 1), attribute(unix.RTA_DST, 1, 2, 3, 4)[:7]),
		"attribute of 3":    join(routeHeader(unix.AF_INET, 8, 1), native.AppendUint16(nil, 3), []byte{1, 0}),
	} {
		if r, err := parseRoute(b); !errors.Is(err, errShort) {
			t.Errorf("%s: %+v, %v; want %v", name, r, err, errShort)
		}
	}
	for name, parse := range parsers {
		if err := parse([]byte{unix.AF_INET6}); !errors.Is(err, errShort) {
			t.Errorf("%s of one byte = %v; want %v", name, err, errShort)
		}
	}
}

// parsers are all that read a message's body.
var parsers = map[string]func(b []byte) error{
	"route":     func(b []byte) error { _, err := parseRoute(b); return err },
	"link":      func(b []byte) error { _, err := parseLink(b); return err },
	"neighbour": func(b []byte) error { _, _, err := parseNeighbour(b); return err },
	"rule":      func(b []byte) error { _, _, err := parseRule(b); return err },
	"own":       func(b []byte) error { _, err := parseOwn(b); return err },
	"label":     func(b []byte) error { _, err := parseLabel(b); return err },
}

// FuzzMessages reads a datagram as every kind of message. What is taken must be
// fit for use: the borders must make cells.
func FuzzMessages(f *testing.F) {
	f.Add([]byte{})
	f.Add(join(u32(36), []byte{unix.RTM_NEWROUTE, 0, 0, 0}, u32(1), u32(0), routeHeader(unix.AF_INET, 8, 1), attribute(unix.RTA_DST, 10, 0, 0, 0)))
	f.Fuzz(func(t *testing.T, b []byte) {
		for len(b) > 0 {
			m, rest, err := nextMessage(b)
			if err != nil {
				return
			}
			if len(rest) >= len(b) {
				t.Fatalf("%d bytes left of %d", len(rest), len(b))
			}
			b = rest
			for _, parse := range parsers {
				parse(m.body) // must return
			}
			var s borders
			for _, take := range []func(body []byte) error{s.route, s.rule, s.own, s.label} {
				if len(m.body) > 0 {
					take(m.body)
				}
			}
			for _, c := range []struct {
				width           int
				prefixes, split []netip.Prefix
			}{{32, s.v4, s.split4}, {128, s.v6, s.split6}} {
				cells := newCells(c.width, c.prefixes, c.split)
				for _, p := range append(c.prefixes, c.split...) {
					a := p.Addr()
					if a.BitLen() != c.width {
						t.Fatalf("%v among those of %d bits", p, c.width)
					}
					if got := cells.prefix(cells.find(keyOf(a)), a); !got.Contains(a) {
						t.Fatalf("%v is given %v", a, got)
					}
				}
			}
		}
	})
}

// FuzzAnswer reads a datagram as the answer to a question.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte{}, false)
	f.Add(join(u32(20), []byte{unix.NLMSG_ERROR, 0, 0, 0}, u32(1), u32(0), u32(0xffffff9b)), false)
	f.Add(join(u32(20), []byte{unix.NLMSG_DONE, 0, 2, 0}, u32(1), u32(0), u32(0)), true)
	f.Fuzz(func(t *testing.T, b []byte, dump bool) {
		c := &conn{seq: 1}
		said := 0
		end, err := c.part(b, dump, func(message) error { said++; return nil })
		if !dump && !end && (err != nil || said > 0) {
			t.Errorf("no end after %d messages, %v", said, err)
		}
	})
}
