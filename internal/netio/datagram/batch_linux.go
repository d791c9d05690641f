package datagram

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The sizes of a batch.
const (
	batchSize    = 64
	payloadBytes = 2048 // of an answer; what is longer is cut off
	controlBytes = 128  // of an error: a header, sock_extended_err and an address
	nameBytes    = unix.SizeofSockaddrInet6
)

// batch is the room for messages that one call reads.
type batch struct {
	n        int // how many were read last
	headers  [batchSize]message
	vectors  [batchSize]unix.Iovec
	names    [batchSize][nameBytes]byte
	payloads []byte
	controls []byte
	each     int // bytes of payload
	eachCtl  int // bytes of control
}

// message is struct mmsghdr.
//
// Source: Linux's recvmmsg(2).
type message struct {
	header unix.Msghdr
	length uint32
}

func newBatch(payload, control int) *batch {
	b := &batch{each: payload, eachCtl: control, payloads: make([]byte, payload*batchSize), controls: make([]byte, control*batchSize)}
	for i := range b.headers {
		h := &b.headers[i].header
		h.Name = &b.names[i][0]
		if payload > 0 {
			b.vectors[i].Base = &b.payloads[i*payload]
			b.vectors[i].SetLen(payload)
			h.Iov = &b.vectors[i]
			h.SetIovlen(1)
		}
		if control > 0 {
			h.Control = &b.controls[i*control]
		}
	}
	return b
}

// receive reads what there is, without waiting; flags is MSG_ERRQUEUE for the
// error queue. An error that stands at the socket is taken away and left out:
// the error queue has it in full.
func (b *batch) receive(fd, flags int) {
	for i := range b.headers {
		b.headers[i].header.Namelen = nameBytes
		b.headers[i].header.SetControllen(b.eachCtl)
	}
	for range 2 * batchSize {
		n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&b.headers[0])), batchSize, uintptr(flags|unix.MSG_DONTWAIT), 0, 0)
		if errno == 0 {
			b.n = int(n)
			return
		}
		if errors.Is(errno, unix.EAGAIN) {
			break
		}
	}
	b.n = 0
}

func (b *batch) name(i int) []byte {
	return b.names[i][:min(b.headers[i].header.Namelen, nameBytes)]
}

func (b *batch) payload(i int) []byte {
	start := i * b.each
	return b.payloads[start : start+min(int(b.headers[i].length), b.each)]
}

func (b *batch) control(i int) []byte {
	start := i * b.eachCtl
	return b.controls[start : start+min(int(b.headers[i].header.Controllen), b.eachCtl)]
}

// peerIn reads a struct sockaddr_in or sockaddr_in6; ok is false for others.
//
// Source: Linux's ip(7) and ipv6(7).
func peerIn(b []byte) (from peer, port uint16, ok bool) {
	if len(b) < unix.SizeofSockaddrInet4 {
		return peer{}, 0, false
	}
	port = binary.BigEndian.Uint16(b[2:])
	switch family := binary.NativeEndian.Uint16(b); {
	case family == unix.AF_INET:
		return peer{addr: netip.AddrFrom4([4]byte(b[4:8]))}, port, true
	case family == unix.AF_INET6 && len(b) >= unix.SizeofSockaddrInet6:
		return peer{netip.AddrFrom16([16]byte(b[8:24])).Unmap(), binary.NativeEndian.Uint32(b[24:])}, port, true
	}
	return peer{}, 0, false
}

// extended is an ICMP error from the error queue.
type extended struct {
	four       bool
	kind, code uint8
	by         netip.Addr // who sent it; not valid when that is not told
}

// extendedBytes is the size of struct sock_extended_err; the address of who
// sent the error follows it.
const extendedBytes = int(unsafe.Sizeof(unix.SockExtendedErr{}))

// readExtended finds the ICMP error in the control data of a message from the
// error queue; ok is false when there is none, as for errors of our own system.
//
// Source: IP_RECVERR in Linux's ip(7).
func readExtended(control []byte) (e extended, ok bool) {
	for len(control) > 0 {
		h, data, rest, err := unix.ParseOneSocketControlMessage(control)
		if err != nil {
			return extended{}, false
		}
		control = rest
		four := h.Level == unix.IPPROTO_IP && h.Type == unix.IP_RECVERR
		six := h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_RECVERR
		if !four && !six || len(data) < extendedBytes {
			continue
		}
		origin := data[4] // after ee_errno
		if origin != unix.SO_EE_ORIGIN_ICMP && origin != unix.SO_EE_ORIGIN_ICMP6 {
			continue
		}
		e = extended{four: origin == unix.SO_EE_ORIGIN_ICMP, kind: data[5], code: data[6]}
		if by, _, ok := peerIn(data[extendedBytes:]); ok {
			e.by = by.addr
		}
		return e, true
	}
	return extended{}, false
}
