package netio

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// stations makes connections whose packets live for first hops, first+1 and so
// on, and closes them at once.
func (n *Net) stations(ctx context.Context, h *host, to netip.AddrPort, first, count int) ([]station, error) {
	if err := n.files.take(ctx); err != nil { // these few live so shortly that they count as one
		return nil, err
	}
	defer n.files.give()
	found := make([]station, count)
	fds, began := make([]unix.PollFd, count), make([]time.Time, count)
	for i := range fds {
		fds[i].Fd = -1 // poll passes it over
	}
	defer func() {
		for _, f := range fds {
			if f.Fd >= 0 {
				unix.Close(int(f.Fd))
			}
		}
	}()
	for i := range found {
		if err := n.pass(ctx, h, "tcp", to, false); err != nil {
			return nil, err
		}
		fd, address, err := limitedSocket(to, first+i)
		if err != nil {
			return nil, err
		}
		fds[i], began[i] = unix.PollFd{Fd: int32(fd), Events: unix.POLLOUT}, time.Now()
		if err := unix.Connect(fd, address); err != nil && !errors.Is(err, unix.EINPROGRESS) {
			continue // it is told by the poll
		}
		if own, err := unix.Getsockname(fd); err == nil {
			found[i].own = plain(netOf(own))
		}
	}
	for waiting, end := count, time.Now().Add(hopPatience); waiting > 0 && time.Now().Before(end); {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if ready, err := unix.Poll(fds, 20); err != nil && !errors.Is(err, unix.EINTR) || ready <= 0 {
			continue
		}
		for i := range fds {
			if fds[i].Fd >= 0 && fds[i].Revents != 0 {
				found[i].end(int(fds[i].Fd), to.Addr(), time.Since(began[i]))
				unix.Close(int(fds[i].Fd))
				fds[i].Fd = -1
				waiting--
			}
		}
	}
	return found, nil
}

// end reads how a connection came out.
func (s *station) end(fd int, target netip.Addr, rtt time.Duration) {
	fault, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if addr, ok := whoRefused(fd, target.Is6()); ok {
		s.hop, s.reached = Hop{addr, rtt}, addr == target.WithZone("")
	} else if err == nil && (fault == 0 || unix.Errno(fault) == unix.ECONNREFUSED) {
		s.hop, s.reached = Hop{target, rtt}, true
	}
}

func limitedSocket(to netip.AddrPort, ttl int) (fd int, address unix.Sockaddr, err error) {
	family, level, hops, errs := unix.AF_INET, unix.SOL_IP, unix.IP_TTL, unix.IP_RECVERR
	if to.Addr().Is6() {
		family, level, hops, errs = unix.AF_INET6, unix.SOL_IPV6, unix.IPV6_UNICAST_HOPS, unix.IPV6_RECVERR
		six := &unix.SockaddrInet6{Addr: to.Addr().As16(), Port: int(to.Port())}
		if zone := to.Addr().Zone(); zone != "" {
			link, err := net.InterfaceByName(zone)
			if err != nil {
				return 0, nil, err
			}
			six.ZoneId = uint32(link.Index)
		}
		address = six
	} else {
		address = &unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}
	}
	fd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, nil, err
	}
	if err = errors.Join(unix.SetsockoptInt(fd, level, hops, ttl), unix.SetsockoptInt(fd, level, errs, 1)); err != nil {
		unix.Close(fd)
		return 0, nil, err
	}
	return fd, address, nil
}

func netOf(a unix.Sockaddr) netip.Addr {
	switch a := a.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrFrom4(a.Addr)
	case *unix.SockaddrInet6:
		return netip.AddrFrom16(a.Addr)
	}
	return netip.Addr{}
}

// whoRefused reads from the socket's queue of errors who sent the ICMP error.
func whoRefused(fd int, six bool) (netip.Addr, bool) {
	data, control := make([]byte, 512), make([]byte, 512)
	_, n, _, _, err := unix.Recvmsg(fd, data, control, unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
	if err != nil {
		return netip.Addr{}, false
	}
	return refusedBy(control[:n], six)
}

// refusedBy reads the control messages of the queue.
func refusedBy(control []byte, six bool) (netip.Addr, bool) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return netip.Addr{}, false
	}
	for _, m := range messages {
		if a, ok := offender(m, six); ok {
			return a, true
		}
	}
	return netip.Addr{}, false
}

// offender reads a struct sock_extended_err, behind which the sender's address
// is.
//
// Source: ip(7), IP_RECVERR; linux/errqueue.h.
func offender(m unix.SocketControlMessage, six bool) (netip.Addr, bool) {
	const extended = 16 // bytes of the struct
	if m.Header.Type != unix.IP_RECVERR && m.Header.Type != unix.IPV6_RECVERR || len(m.Data) < extended {
		return netip.Addr{}, false
	}
	origin := m.Data[4]
	address := m.Data[extended:]
	switch {
	case len(address) < 2:
	case origin == unix.SO_EE_ORIGIN_ICMP && !six && len(address) >= 8 && binary.NativeEndian.Uint16(address) == unix.AF_INET:
		return netip.AddrFrom4([4]byte(address[4:8])), true
	case origin == unix.SO_EE_ORIGIN_ICMP6 && six && len(address) >= 24 && binary.NativeEndian.Uint16(address) == unix.AF_INET6:
		return netip.AddrFrom16([16]byte(address[8:24])), true
	}
	return netip.Addr{}, false
}
