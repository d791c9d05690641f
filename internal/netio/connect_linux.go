package netio

import (
	"context"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// connect is one attempt by system calls of our own: package net spends more
// than half of a probe's time on options and addresses that nobody asks for.
func connect(ctx context.Context, to netip.AddrPort, wait time.Duration) State {
	address, family, err := sockaddr(to)
	if err != nil {
		return Unreachable
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
	if err != nil {
		return Local
	}
	switch err := unix.Connect(fd, address); err {
	case unix.EINPROGRESS, unix.EINTR:
		return await(ctx, fd, to, wait)
	default:
		s := told(fd, to, err)
		unix.Close(fd)
		return s
	}
}

// await waits for the answer in the runtime's poller, and closes fd.
func await(ctx context.Context, fd int, to netip.AddrPort, wait time.Duration) State {
	f := os.NewFile(uintptr(fd), "probe")
	defer f.Close()
	raw, err := f.SyscallConn()
	if err != nil || f.SetWriteDeadline(time.Now().Add(wait)) != nil {
		return Local
	}
	stop := context.AfterFunc(ctx, func() { _ = f.SetWriteDeadline(time.Unix(1, 0)) }) // fails only once f is closed
	defer stop()
	s := Local
	err = raw.Write(func(uintptr) bool {
		number, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
		if err == nil && number != 0 {
			err = unix.Errno(number)
		} else if err == nil {
			_, err = unix.Getpeername(fd)
			if err == unix.ENOTCONN { // woken before there was an answer
				return false
			}
		}
		s = told(fd, to, err)
		return true
	})
	switch {
	case err == nil:
		return s
	case ctx.Err() != nil:
		return Local
	}
	return Classify(err)
}

// told reads the end of an attempt and prepares fd for being reset.
func told(fd int, to netip.AddrPort, err error) State {
	if err != nil {
		return Classify(err)
	}
	if unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}) != nil {
		return Local
	}
	// Within one host the system may choose the very port that is asked as the
	// source: the socket then talks to itself, and nobody listens.
	if own, err := unix.Getsockname(fd); err != nil || same(own, to) {
		return Local
	}
	return Open
}

func same(own unix.Sockaddr, to netip.AddrPort) bool {
	switch a := own.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)) == to
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr), uint16(a.Port)) == netip.AddrPortFrom(to.Addr().WithZone(""), to.Port())
	}
	return false
}

func sockaddr(to netip.AddrPort) (unix.Sockaddr, int, error) {
	if a := to.Addr(); a.Is4() {
		return &unix.SockaddrInet4{Port: int(to.Port()), Addr: a.As4()}, unix.AF_INET, nil
	}
	zone, err := zoneID(to.Addr().Zone())
	return &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16(), ZoneId: zone}, unix.AF_INET6, err
}
