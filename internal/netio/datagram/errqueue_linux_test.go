package datagram

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// controlMessage is a control message as the kernel writes it.
func controlMessage(level, kind int32, data []byte) []byte {
	b := make([]byte, unix.CmsgSpace(len(data)))
	h := (*unix.Cmsghdr)(unsafe.Pointer(&b[0]))
	h.Level, h.Type = level, kind
	h.SetLen(unix.CmsgLen(len(data)))
	copy(b[unix.CmsgLen(0):], data)
	return b
}

// fault is a sock_extended_err and who sent it.
func fault(origin, kind, code byte, by string) []byte {
	b := make([]byte, 16)
	b[4], b[5], b[6] = origin, kind, code
	return append(b, sockaddr(by, 0)...)
}

func sockaddr(addr string, port uint16) []byte {
	a := netip.MustParseAddr(addr)
	if a.Is4() {
		b := binary.NativeEndian.AppendUint16(nil, unix.AF_INET)
		b = append(binary.BigEndian.AppendUint16(b, port), a.AsSlice()...)
		return append(b, make([]byte, 8)...)
	}
	b := binary.NativeEndian.AppendUint16(nil, unix.AF_INET6)
	b = binary.BigEndian.AppendUint16(b, port)
	b = append(append(b, 0, 0, 0, 0), a.AsSlice()...)
	return binary.NativeEndian.AppendUint32(b, 7)
}

func TestReadExtended(t *testing.T) {
	stamp := controlMessage(unix.SOL_SOCKET, unix.SO_TIMESTAMP, make([]byte, 16))
	four := controlMessage(unix.IPPROTO_IP, unix.IP_RECVERR, fault(unix.SO_EE_ORIGIN_ICMP, 3, 13, "192.0.2.1"))
	six := controlMessage(unix.IPPROTO_IPV6, unix.IPV6_RECVERR, fault(unix.SO_EE_ORIGIN_ICMP6, 1, 4, "2001:db8::1"))
	own := controlMessage(unix.IPPROTO_IP, unix.IP_RECVERR, fault(unix.SO_EE_ORIGIN_LOCAL, 0, 0, "192.0.2.1"))
	nameless := controlMessage(unix.IPPROTO_IP, unix.IP_RECVERR, fault(unix.SO_EE_ORIGIN_ICMP, 3, 3, "192.0.2.1")[:16])
	for _, c := range []struct {
		name string
		in   []byte
		want extended
		ok   bool
	}{
		{"four", four, extended{true, 3, 13, netip.MustParseAddr("192.0.2.1")}, true},
		{"six", six, extended{false, 1, 4, netip.MustParseAddr("2001:db8::1")}, true},
		{"after another", append(stamp, six...), extended{false, 1, 4, netip.MustParseAddr("2001:db8::1")}, true},
		{"without a sender", nameless, extended{true, 3, 3, netip.Addr{}}, true},
		{"our own", own, extended{}, false},
		{"cut off", four[:len(four)-20], extended{}, false},
		{"none", nil, extended{}, false},
		{"another", stamp, extended{}, false},
	} {
		if got, ok := readExtended(c.in); got != c.want || ok != c.ok {
			t.Errorf("%s: readExtended = %+v, %v; want %+v, %v", c.name, got, ok, c.want, c.ok)
		}
	}
}

func TestPeerIn(t *testing.T) {
	for _, c := range []struct {
		in   []byte
		want peer
		port uint16
		ok   bool
	}{
		{sockaddr("192.0.2.7", 53), peer{addr: netip.MustParseAddr("192.0.2.7")}, 53, true},
		{sockaddr("fe80::7", 5353), peer{netip.MustParseAddr("fe80::7"), 7}, 5353, true},
		{sockaddr("fe80::7", 5353)[:27], peer{}, 5353, false},
		{sockaddr("192.0.2.7", 53)[:15], peer{}, 0, false},
		{make([]byte, 28), peer{}, 0, false},
		{nil, peer{}, 0, false},
	} {
		got, port, ok := peerIn(c.in)
		if got != c.want || ok != c.ok || ok && port != c.port {
			t.Errorf("peerIn(%x) = %v, %d, %v; want %v, %d, %v", c.in, got, port, ok, c.want, c.port, c.ok)
		}
	}
}

// A message of the error queue, however broken, is read without harm, and only
// a port unreachable that the host sent makes a port closed.
func FuzzErrorQueue(f *testing.F) {
	f.Add(sockaddr("192.0.2.7", 53), controlMessage(unix.IPPROTO_IP, unix.IP_RECVERR, fault(unix.SO_EE_ORIGIN_ICMP, 3, 3, "192.0.2.7")))
	f.Add(sockaddr("2001:db8::7", 53), controlMessage(unix.IPPROTO_IPV6, unix.IPV6_RECVERR, fault(unix.SO_EE_ORIGIN_ICMP6, 1, 4, "2001:db8::7")))
	f.Add(sockaddr("192.0.2.7", 53), controlMessage(unix.IPPROTO_IP, unix.IP_RECVERR, fault(unix.SO_EE_ORIGIN_ICMP, 3, 13, "192.0.2.1")))
	f.Add([]byte{2, 0}, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, name, control []byte) {
		var told []Answer
		for _, four := range []bool{true, false} {
			s := &socket{four: four, tell: func(p peer, port uint16, a Answer) {
				if !p.addr.IsValid() || p.addr.Zone() != "" {
					t.Errorf("told of the peer %v", p)
				}
				if a.State.Answered() && a.By != p.addr {
					t.Errorf("%v is called %v by %v", p.addr, a.State, a.By)
				}
				told = append(told, a)
			}}
			s.report(name, control, time.Time{})
		}
		if len(told) > 1 {
			t.Errorf("one message told %+v", told)
		}
	})
}
