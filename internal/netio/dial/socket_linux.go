package dial

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

const (
	idle     = 100 * time.Millisecond // for which a socket that nobody needs is kept
	zoneLife = time.Second            // for which an interface's number is remembered
)

// socket returns an attempt with a socket of the family.
func (w *worker) socket(six uint8) (int32, syscall.Errno) {
	if free := w.free[six]; len(free) > 0 {
		i := free[len(free)-1]
		w.free[six] = free[:len(free)-1]
		w.least[six] = min(w.least[six], len(free)-1)
		return i, 0
	}
	other := &w.free[1-six]
	if len(*other) == 0 && w.flight >= w.max {
		return 0, unix.EMFILE
	}
	if !w.t.files.TryTake() {
		if len(*other) == 0 {
			return 0, unix.EMFILE
		}
		// The one of the other family that is given back may go elsewhere: then
		// there is no room, as before.
		w.shed(other)
		if !w.t.files.TryTake() {
			return 0, unix.EMFILE
		}
	} else if w.flight+len(*other) >= w.max {
		w.shed(other)
	}
	fd, e := open(six)
	if e != 0 {
		w.t.files.Give()
		return 0, e
	}
	var i int32
	if n := len(w.spare); n > 0 {
		i, w.spare = w.spare[n-1], w.spare[:n-1]
	} else {
		i = int32(len(w.attempts))
		w.attempts = append(w.attempts, attempt{})
	}
	w.attempts[i] = attempt{fd: fd, six: six}
	return i, 0
}

// shed closes the oldest of free.
func (w *worker) shed(free *[]int32) {
	i := (*free)[0]
	w.drop(i)
	w.spare = append(w.spare, i)
	*free = append((*free)[:0], (*free)[1:]...)
}

// trim closes the sockets that were not needed for a while.
func (w *worker) trim(now int64) {
	for six := range w.free {
		w.least[six] = min(w.least[six], len(w.free[six]))
	}
	if now < w.trimmed+int64(idle) {
		return
	}
	w.trimmed = now
	for six, free := range w.free {
		for _, i := range free[:w.least[six]] {
			w.drop(i)
			w.spare = append(w.spare, i)
		}
		w.free[six] = append(free[:0], free[w.least[six]:]...)
		w.least[six] = len(w.free[six])
	}
}

// drop closes the socket of attempt i, by a reset if it is connected.
func (w *worker) drop(i int32) {
	a := &w.attempts[i]
	if a.used {
		w.disconnect(a)
	}
	unix.Close(int(a.fd))
	a.fd = -1
	w.t.files.Give()
}

// renew gives attempt i another socket, which counts as the same file.
func (w *worker) renew(i int32) bool {
	a := &w.attempts[i]
	fd, e := open(a.six)
	if e != 0 {
		return false
	}
	unix.Close(int(a.fd))
	a.fd, a.known, a.bound, a.used = fd, false, false, false
	return true
}

// open makes a socket that keeps the errors that come in while it connects: an
// unreachable message that arrives within connect, as it does where the whole
// path is in this kernel, is otherwise forgotten (tcp_v4_err in
// net/ipv4/tcp_ipv4.c).
func open(six uint8) (int32, syscall.Errno) {
	family, level, option := unix.AF_INET, unix.IPPROTO_IP, unix.IP_RECVERR
	if six == 1 {
		family, level, option = unix.AF_INET6, unix.IPPROTO_IPV6, unix.IPV6_RECVERR
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
	if err != nil {
		var e syscall.Errno
		if !errors.As(err, &e) {
			e = unix.EMFILE
		}
		return -1, e
	}
	_ = unix.SetsockoptInt(fd, level, option, 1) // without it some answers come later
	return int32(fd), 0
}

// connect connects the attempt's socket, or tells how that went.
func (w *worker) connect(a *attempt) syscall.Errno {
	port := swap(a.probe.Item.Port())
	if a.six == 0 {
		w.four.Port, w.four.Addr = port, a.probe.Addr.As4()
		return sysConnect(a.fd, unsafe.Pointer(&w.four), unix.SizeofSockaddrInet4)
	}
	w.six.Port, w.six.Addr, w.six.Scope_id = port, a.probe.Addr.As16(), 0
	if zone := a.probe.Addr.Zone(); zone != "" {
		id, ok := w.scope(zone)
		if !ok {
			return unix.ENETUNREACH
		}
		w.six.Scope_id, a.bound = id, true
	}
	return sysConnect(a.fd, unsafe.Pointer(&w.six), unix.SizeofSockaddrInet6)
}

// disconnect ends a connection or an attempt, by a reset if it is open, and
// reports whether the socket may be used again.
func (w *worker) disconnect(a *attempt) bool {
	nowhere := unix.RawSockaddr{Family: unix.AF_UNSPEC}
	return sysConnect(a.fd, unsafe.Pointer(&nowhere), unix.SizeofSockaddrInet4) == 0
}

// unreachable reports whether an ICMP error for the attempt is in its socket's
// error queue. The errors of the socket's former attempts are passed over.
func (w *worker) unreachable(a *attempt) bool {
	for {
		m := &w.message
		m.header = unix.Msghdr{Name: (*byte)(unsafe.Pointer(&m.name)), Namelen: uint32(unsafe.Sizeof(m.name)), Control: &m.control[0]}
		m.header.SetControllen(len(m.control))
		_, _, e := unix.RawSyscall(unix.SYS_RECVMSG, uintptr(a.fd), uintptr(unsafe.Pointer(&m.header)), unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
		if e != 0 {
			return false
		}
		if swap(m.name.Port) != a.probe.Item.Port() { // the fields are those of IPv4 too
			continue
		}
		for rest := m.control[:m.header.Controllen]; ; {
			h, data, after, err := unix.ParseOneSocketControlMessage(rest)
			if err != nil {
				break
			}
			v4 := h.Level == unix.IPPROTO_IP && h.Type == unix.IP_RECVERR
			v6 := h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_RECVERR
			if (v4 || v6) && len(data) >= int(unsafe.Sizeof(unix.SockExtendedErr{})) {
				x := (*unix.SockExtendedErr)(unsafe.Pointer(&data[0]))
				s := classify(syscall.Errno(x.Errno))
				if (x.Origin == unix.SO_EE_ORIGIN_ICMP || x.Origin == unix.SO_EE_ORIGIN_ICMP6) && (s == sweep.Closed || s == sweep.Unreachable) {
					return true
				}
			}
			rest = after
		}
	}
}

// own is the address of the attempt's socket.
func (w *worker) own(a *attempt) netip.AddrPort {
	var name unix.RawSockaddrInet6
	size := uint32(unsafe.Sizeof(name))
	if _, _, e := unix.RawSyscall(unix.SYS_GETSOCKNAME, uintptr(a.fd), uintptr(unsafe.Pointer(&name)), uintptr(unsafe.Pointer(&size))); e != 0 {
		return netip.AddrPort{}
	}
	if a.six == 0 {
		four := (*unix.RawSockaddrInet4)(unsafe.Pointer(&name))
		return netip.AddrPortFrom(netip.AddrFrom4(four.Addr), swap(four.Port))
	}
	return netip.AddrPortFrom(netip.AddrFrom16(name.Addr), swap(name.Port))
}

// scope is the number of the interface that a zone names, by name or number.
func (w *worker) scope(zone string) (uint32, bool) {
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n), true
	}
	if now := w.t.now(); zone != w.zone || now > w.zoneAt+int64(zoneLife) {
		w.zone, w.zoneID, w.zoneAt = zone, 0, now
		if i, err := net.InterfaceByName(zone); err == nil {
			w.zoneID = uint32(i.Index)
		}
	}
	return w.zoneID, w.zoneID != 0
}

func sysConnect(fd int32, name unsafe.Pointer, size uintptr) syscall.Errno {
	_, _, e := unix.RawSyscall(unix.SYS_CONNECT, uintptr(fd), uintptr(name), size)
	return e
}

// swap turns a port into the network's byte order and back.
func swap(port uint16) uint16 {
	return binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&port))[:])
}
