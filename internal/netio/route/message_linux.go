package route

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier"
)

// Of linux/rtnetlink.h, linux/netlink.h and linux/in_route.h; x/sys lacks them.
const (
	rtaNextHopID   = 30         // RTA_NH_ID
	attrKind       = 0x3fff     // NLA_TYPE_MASK: without the flags for nested and byte order
	flagRedirected = 0x00040000 // RTCF_REDIRECTED: an ICMP redirect made this route
)

// errShort is a message that ends before its fields do.
var errShort = harrier.Errorf(harrier.Internal, "netlink: a message ends too early")

var native = binary.NativeEndian

// message is a netlink message (netlink(7)).
type message struct {
	kind, flags uint16
	seq         uint32
	body        []byte
}

// nextMessage cuts the first message off b.
func nextMessage(b []byte) (m message, rest []byte, err error) {
	if len(b) < unix.SizeofNlMsghdr {
		return m, nil, errShort
	}
	n := uint64(native.Uint32(b))
	if n < unix.SizeofNlMsghdr || n > uint64(len(b)) {
		return m, nil, errShort
	}
	m = message{kind: native.Uint16(b[4:]), flags: native.Uint16(b[6:]), seq: native.Uint32(b[8:]), body: b[unix.SizeofNlMsghdr:n]}
	return m, b[min(align(int(n)), len(b)):], nil
}

func align(n int) int { return (n + 3) &^ 3 }

// attrs calls each for every attribute in b, after a fixed header of skip bytes.
func attrs(b []byte, skip int, each func(kind uint16, v []byte) error) error {
	if len(b) < skip {
		return errShort
	}
	for b = b[skip:]; len(b) >= unix.SizeofRtAttr; {
		n := int(native.Uint16(b))
		if n < unix.SizeofRtAttr || n > len(b) {
			return errShort
		}
		if err := each(native.Uint16(b[2:])&attrKind, b[unix.SizeofRtAttr:n]); err != nil {
			return err
		}
		b = b[min(align(n), len(b)):]
	}
	return nil
}

func number(v []byte) (uint32, error) {
	if len(v) < 4 {
		return 0, errShort
	}
	return native.Uint32(v), nil
}

func address(v []byte) (netip.Addr, error) {
	a, ok := netip.AddrFromSlice(v)
	if !ok {
		return a, errShort
	}
	return a, nil
}

// prefixOf joins an address, or none at length 0, with a length.
func prefixOf(family uint8, a netip.Addr, length uint8) (netip.Prefix, error) {
	if !a.IsValid() {
		a = netip.IPv4Unspecified()
		if family == unix.AF_INET6 {
			a = netip.IPv6Unspecified()
		}
	}
	if (family == unix.AF_INET6) != a.Is6() || int(length) > a.BitLen() {
		return netip.Prefix{}, errShort
	}
	return netip.PrefixFrom(a, int(length)).Masked(), nil
}

// fibRoute is a route, or the answer to a question for one.
type fibRoute struct {
	family, kind uint8 // AF_, RTN_
	dst          netip.Prefix
	flags        uint32 // RTM_F_, RTCF_
	oif          int
	gateway      netip.Addr
	source       netip.Addr
	mtu          int  // 0 when the route sets none
	several      bool // more than one next hop
	encap        bool // wrapped by the route itself (lightweight tunnel, MPLS)
	expires      bool
}

func parseRoute(b []byte) (r fibRoute, err error) {
	if len(b) < unix.SizeofRtMsg {
		return r, errShort
	}
	r.family, r.kind, r.flags = b[0], b[7], native.Uint32(b[8:])
	if r.family != unix.AF_INET && r.family != unix.AF_INET6 {
		return r, nil // multicast routing and the like: of no use to anyone here
	}
	var dst netip.Addr
	nextHop := false
	err = attrs(b, unix.SizeofRtMsg, func(kind uint16, v []byte) (err error) {
		switch kind {
		case unix.RTA_DST:
			dst, err = address(v)
		case unix.RTA_GATEWAY:
			r.gateway, err = address(v)
		case unix.RTA_VIA: // struct rtvia: a family, then the address
			if len(v) < 2 {
				return errShort
			}
			r.gateway, err = address(v[2:])
		case unix.RTA_PREFSRC:
			r.source, err = address(v)
		case unix.RTA_OIF:
			var n uint32
			n, err = number(v)
			r.oif = int(int32(n))
		case unix.RTA_METRICS:
			r.mtu, err = parseMTU(v)
		case unix.RTA_CACHEINFO: // struct rta_cacheinfo
			if len(v) < 12 {
				return errShort
			}
			r.expires = native.Uint32(v[8:]) != 0
		case unix.RTA_MULTIPATH:
			r.several = true
		case unix.RTA_ENCAP_TYPE:
			r.encap = true
		case rtaNextHopID:
			nextHop = true
		}
		return err
	})
	if err != nil {
		return r, err
	}
	if nextHop && r.oif == 0 { // a next-hop object that is not spelled out may be a group
		r.several = true
	}
	r.dst, err = prefixOf(r.family, dst, b[1])
	return r, err
}

func parseMTU(v []byte) (mtu int, err error) {
	err = attrs(v, 0, func(kind uint16, v []byte) error {
		if kind != unix.RTAX_MTU {
			return nil
		}
		n, err := number(v)
		mtu = int(min(n, 1<<16))
		return err
	})
	return mtu, err
}

// link is an interface.
type link struct {
	index    int
	name     string
	hardware uint16 // ARPHRD_
	flags    uint32 // IFF_
	mtu      int
	mac      [6]byte
	longMAC  bool // its addresses do not fit in mac
}

func parseLink(b []byte) (l link, err error) {
	if len(b) < unix.SizeofIfInfomsg {
		return l, errShort
	}
	l.hardware, l.index, l.flags = native.Uint16(b[2:]), int(int32(native.Uint32(b[4:]))), native.Uint32(b[8:])
	err = attrs(b, unix.SizeofIfInfomsg, func(kind uint16, v []byte) error {
		switch kind {
		case unix.IFLA_IFNAME:
			l.name = unix.ByteSliceToString(v)
		case unix.IFLA_MTU:
			n, err := number(v)
			l.mtu = int(min(n, 1<<31-1))
			return err
		case unix.IFLA_ADDRESS:
			if len(v) == len(l.mac) {
				copy(l.mac[:], v)
			}
			l.longMAC = len(v) > len(l.mac)
		}
		return nil
	})
	return l, err
}

// known are the states of a neighbour in which the kernel itself would use its
// address.
const known = unix.NUD_REACHABLE | unix.NUD_STALE | unix.NUD_DELAY | unix.NUD_PROBE | unix.NUD_PERMANENT | unix.NUD_NOARP

// parseNeighbour returns the address of a neighbour, if it has a usable one.
func parseNeighbour(b []byte) (mac [6]byte, ok bool, err error) {
	if len(b) < unix.SizeofNdMsg {
		return mac, false, errShort
	}
	usable := native.Uint16(b[8:])&known != 0
	err = attrs(b, unix.SizeofNdMsg, func(kind uint16, v []byte) error {
		if kind == unix.NDA_LLADDR && len(v) == len(mac) {
			copy(mac[:], v)
			ok = usable
		}
		return nil
	})
	return mac, ok && err == nil, err
}

// parseRule returns whom a policy rule is about, and whether it chooses by
// source (linux/fib_rules.h); nothing for another family than IP's.
func parseRule(b []byte) (dst netip.Prefix, bySource bool, err error) {
	if len(b) < unix.SizeofRtMsg { // struct fib_rule_hdr has the same size and start
		return dst, false, errShort
	}
	family := b[0]
	var a netip.Addr
	err = attrs(b, unix.SizeofRtMsg, func(kind uint16, v []byte) (err error) {
		if kind == unix.FRA_DST {
			a, err = address(v)
		}
		return err
	})
	if err == nil && (family == unix.AF_INET || family == unix.AF_INET6) {
		dst, err = prefixOf(family, a, b[1])
	}
	return dst, b[2] != 0, err
}

// parseOwn returns an own IPv6 address with the length of its prefix; nothing
// of another family.
func parseOwn(b []byte) (own netip.Prefix, err error) {
	if len(b) < unix.SizeofIfAddrmsg {
		return own, errShort
	}
	var local, peer netip.Addr // on a link without a peer, IPv6 has just the second
	err = attrs(b, unix.SizeofIfAddrmsg, func(kind uint16, v []byte) (err error) {
		switch kind {
		case unix.IFA_LOCAL:
			local, err = address(v)
		case unix.IFA_ADDRESS:
			peer, err = address(v)
		}
		return err
	})
	if !local.IsValid() {
		local = peer
	}
	if err != nil || b[0] != unix.AF_INET6 {
		return own, err
	}
	if !local.Is6() || int(b[1]) > local.BitLen() {
		return own, errShort
	}
	return netip.PrefixFrom(local, int(b[1])), nil
}

const sizeofLabel = 12 // struct ifaddrlblmsg of linux/if_addrlabel.h

// parseLabel returns the prefix of an address label (RFC 6724 section 2.1).
func parseLabel(b []byte) (p netip.Prefix, err error) {
	if len(b) < sizeofLabel {
		return p, errShort
	}
	var a netip.Addr
	err = attrs(b, sizeofLabel, func(kind uint16, v []byte) (err error) {
		if kind == unix.IFAL_ADDRESS {
			a, err = address(v)
		}
		return err
	})
	if err == nil && b[0] == unix.AF_INET6 {
		p, err = prefixOf(b[0], a, b[2])
	}
	return p, err
}
