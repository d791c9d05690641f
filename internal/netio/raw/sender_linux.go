package raw

import (
	"encoding/binary"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	batchSize = 64                    // packets for each system call
	patience  = 10 * time.Millisecond // how long Send waits for room
	loopback  = 1                     // every network namespace's lo has this index
)

// Sender lets packets go. Calls may overlap and then wait for each other.
type Sender struct {
	mu      sync.Mutex
	closed  bool
	link    lane // any packet, past the kernel's own network layer
	ip      lane // IPv4 to ourselves: see lane
	skipped atomic.Uint64
}

// lane is a socket and the room for one system call on it.
//
// There are two because the kernel takes an IPv4 packet that a packet socket
// puts on the loopback interface for one from outside, and drops it as martian
// (RFC 1812, 5.3.7). Those leave through a raw IPv4 socket. IPv6 has no such
// rule.
type lane struct {
	fd    int
	msgs  [batchSize]mmsghdr
	iov   [batchSize]unix.Iovec
	names [batchSize][unix.SizeofSockaddrLinklayer]byte
}

// mmsghdr: sendmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	_   uint32 // bytes sent: a packet leaves whole or not at all
}

func newSender(s sockets) *Sender {
	o := &Sender{}
	o.link.init(s.link, unix.SizeofSockaddrLinklayer)
	o.ip.init(s.ip, unix.SizeofSockaddrInet4)
	return o
}

func (l *lane) init(fd, nameLen int) {
	l.fd = fd
	for i := range l.msgs {
		h := &l.msgs[i].hdr
		h.Name, h.Namelen = &l.names[i][0], uint32(nameLen)
		h.Iov = &l.iov[i]
		h.SetIovlen(1)
	}
}

// Send lets packets go in order and returns how many of them it is done with.
// When the system has no room for more it waits a little, at most 10 ms, then
// returns fewer and no error; the others are for the caller to offer again. A
// packet that can not leave (its interface is down or gone, it is too long) is
// skipped: its Err says why, Skipped counts it, and n includes it. An error is
// the Sender's end: ErrClosed, or a fault of the socket itself.
func (s *Sender) Send(packets []Out) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var until time.Time // zero until there is no room
	for n < len(packets) {
		if s.closed {
			return n, ErrClosed
		}
		l, size := s.fill(packets[n:])
		sent, errno := 0, unix.EINVAL
		if size > 0 {
			sent, errno = l.send(size)
		}
		for i := range packets[n : n+sent] {
			packets[n+i].Err = nil
		}
		n += sent
		switch errno {
		case 0, unix.EINTR:
		case unix.EAGAIN, unix.ENOBUFS, unix.ENOMEM:
			now := time.Now()
			if until.IsZero() {
				until = now.Add(patience)
			}
			if !now.Before(until) {
				return n, nil
			}
			l.wait(errno, until.Sub(now))
		case unix.EBADF, unix.ENOTSOCK, unix.EFAULT, unix.ENOSYS:
			return n, errno
		default:
			packets[n].Err = errno
			s.skipped.Add(1)
			n++
		}
	}
	return n, nil
}

// Skipped is how many packets could not leave, since Open.
func (s *Sender) Skipped() uint64 { return s.skipped.Load() }

func (s *Sender) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

// fill prepares as many of the packets as go in one call on one lane; none if
// the first is malformed.
func (s *Sender) fill(packets []Out) (*lane, int) {
	l := s.laneOf(&packets[0])
	for i := range packets[:min(len(packets), batchSize)] {
		p := &packets[i]
		if s.laneOf(p) != l || len(p.Data) == 0 || int(p.Hop.MACLen) > len(p.Hop.MAC) {
			return l, i
		}
		l.iov[i].Base = unsafe.SliceData(p.Data)
		l.iov[i].SetLen(len(p.Data))
		name := &l.names[i]
		if l == &s.ip { // sockaddr_in: family, port, address
			binary.NativeEndian.PutUint16(name[0:], unix.AF_INET)
			copy(name[4:8], p.Data[16:20])
			continue
		}
		// sockaddr_ll: family, protocol, index, two fields that only receivers
		// use, length of the address, address
		binary.NativeEndian.PutUint16(name[0:], unix.AF_PACKET)
		binary.BigEndian.PutUint16(name[2:], p.Hop.Type)
		binary.NativeEndian.PutUint32(name[4:], uint32(p.Hop.Index))
		name[11] = p.Hop.MACLen
		copy(name[12:], p.Hop.MAC[:])
	}
	return l, min(len(packets), batchSize)
}

func (s *Sender) laneOf(p *Out) *lane {
	if p.Hop.Index == loopback && p.Hop.Type == IPv4 && len(p.Data) >= 20 {
		return &s.ip
	}
	return &s.link
}

// send returns how many of the first n messages left; if fewer than n and the
// error is 0, the next call tells why.
func (l *lane) send(n int) (int, unix.Errno) {
	r, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(l.fd), uintptr(unsafe.Pointer(&l.msgs[0])), uintptr(n), 0, 0, 0)
	runtime.KeepAlive(l) // and by it names and data, which do not move: they are on the heap
	if errno != 0 {
		return 0, errno
	}
	return int(r), 0
}

// wait lets some time pass until there may be room: when the socket's own
// buffer is full the kernel tells the end of it, else (a queue of the
// interface) it does not.
func (l *lane) wait(errno unix.Errno, most time.Duration) {
	if errno != unix.EAGAIN {
		time.Sleep(min(most, time.Millisecond/4))
		return
	}
	fds := []unix.PollFd{{Fd: int32(l.fd), Events: unix.POLLOUT}}
	if _, err := unix.Poll(fds, milliseconds(most)); err != nil && !errors.Is(err, unix.EINTR) {
		time.Sleep(min(most, time.Millisecond))
	}
}

// milliseconds rounds up: a wait of zero would be none.
func milliseconds(d time.Duration) int {
	return int((max(d, 0) + time.Millisecond - 1) / time.Millisecond)
}
