package raw

import (
	"errors"
	"fmt"
	"sync"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Session sends and receives. Its methods may be called from any goroutine.
type Session struct {
	*Sender
	*Receiver
	sockets sockets
	pooled  bool
	once    sync.Once
	err     error

	mu   sync.Mutex
	more []*Sender
}

// NewSender returns a further Sender of the session: two of them send beside
// each other.
func (s *Session) NewSender() *Sender {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := newSender(s.sockets)
	s.Sender.mu.Lock()
	o.closed = s.Sender.closed
	s.Sender.mu.Unlock()
	s.more = append(s.more, o)
	return o
}

// Open returns a session that receives what the filter says, from every
// interface of the network namespace where its sockets were made, and nothing
// of what came before or that this machine sends.
//
// It takes sockets that Early made, else makes some, in the network namespace
// of the calling thread. The error is ErrDenied where the process may not,
// ErrBusy when Early's sockets are all in use, Invalid for a Filter beyond port
// 65535, and the system's own otherwise, such as for want of memory.
func Open(f Filter) (*Session, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	s, pooled, err := acquire()
	if err != nil {
		return nil, err
	}
	r, err := s.listen(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("packet socket: %w", err), discard(s, pooled))
	}
	return &Session{Sender: newSender(s), Receiver: r, sockets: s, pooled: pooled}, nil
}

// Close ends the session: Send and Next answer ErrClosed, and Close waits for
// those under way. Early's sockets are kept for the next Open.
func (s *Session) Close() error {
	s.once.Do(func() {
		s.Sender.close()
		s.mu.Lock()
		for _, o := range s.more {
			o.close()
		}
		s.mu.Unlock()
		s.err = s.Receiver.close()
		if s.err != nil || !s.pooled {
			s.err = errors.Join(s.err, discard(s.sockets, s.pooled))
			return
		}
		if s.err = s.sockets.park(); s.err != nil {
			s.err = errors.Join(s.err, discard(s.sockets, true))
			return
		}
		giveBack(s.sockets)
	})
	return s.err
}

// sockets are what a session needs a capability for.
type sockets struct {
	link int // packet socket that sends; protocol 0, so that it receives nothing
	ring int // packet socket that receives
	ip   int // raw IPv4 socket that sends; protocol 255, and a filter that drops that too
}

func (s sockets) all() []int { return []int{s.link, s.ring, s.ip} }

func (s sockets) close() error {
	var errs []error
	for _, fd := range s.all() {
		errs = append(errs, unix.Close(fd))
	}
	return errors.Join(errs...)
}

// newSockets makes sockets that receive nothing. ErrDenied tells that this is
// not allowed, or that the system has no such sockets.
func newSockets() (sockets, error) {
	const flags = unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK
	want := [...][3]int{
		{unix.AF_PACKET, unix.SOCK_DGRAM | flags, 0},
		{unix.AF_PACKET, unix.SOCK_DGRAM | flags, 0},
		{unix.AF_INET, unix.SOCK_RAW | flags, unix.IPPROTO_RAW},
	}
	var fds [len(want)]int
	for i, w := range want {
		fd, err := unix.Socket(w[0], w[1], w[2])
		if err == nil {
			fds[i] = fd
			if err = setFilter(fd, dropAll); err == nil {
				continue
			}
			i++
		}
		for _, open := range fds[:i] {
			err = errors.Join(err, unix.Close(open))
		}
		return sockets{}, denied(err)
	}
	return sockets{link: fds[0], ring: fds[1], ip: fds[2]}, nil
}

func denied(err error) error {
	for _, e := range []error{unix.EPERM, unix.EACCES, unix.EAFNOSUPPORT, unix.EPROTONOSUPPORT, unix.ESOCKTNOSUPPORT} {
		if errors.Is(err, e) {
			return ErrDenied
		}
	}
	return err
}

// listen makes the ring and then lets packets into it. Whatever the socket
// held before is thrown away behind a filter that drops all; only after the
// real one is in place is the socket bound.
func (s sockets) listen(f Filter) (*Receiver, error) {
	if err := setFilter(s.ring, dropAll); err != nil {
		return nil, err
	}
	if err := drain(s.ring); err != nil {
		return nil, err
	}
	// Outgoing packets are not for us. Kernels before 4.20 do not know the
	// option; there the filter drops them, at the cost of a copy.
	if err := unix.SetsockoptInt(s.ring, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1); err != nil && !errors.Is(err, unix.ENOPROTOOPT) {
		return nil, err
	}
	r, err := newReceiver(s.ring)
	if err != nil {
		return nil, err
	}
	r.count() // what came before is not this session's
	r.seen, r.drops = 0, 0
	if err = setFilter(s.ring, f.program()); err == nil {
		err = bind(s.ring, unix.ETH_P_ALL)
	}
	if err != nil {
		return nil, errors.Join(err, r.close(), s.park())
	}
	return r, nil
}

// parked is an ethertype that no packet has: RFC 1701 reserves it. Binding to 0
// would not end an earlier binding on every kernel.
const parked = 0xffff

// park makes the receiving socket deaf and gives its ring's memory back. The
// ring must be unmapped.
func (s sockets) park() error {
	if err := setFilter(s.ring, dropAll); err != nil {
		return err
	}
	if err := bind(s.ring, parked); err != nil {
		return err
	}
	if err := freeRing(s.ring); err != nil {
		return err
	}
	return drain(s.ring)
}

// bind makes the socket receive one protocol from all interfaces.
func bind(fd int, protocol uint16) error {
	return unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: protocol<<8 | protocol>>8})
}

func setFilter(fd int, program []bpf.Instruction) error {
	code, err := bpf.Assemble(program)
	if err != nil {
		return err
	}
	filter := make([]unix.SockFilter, len(code))
	for i, c := range code {
		filter[i] = unix.SockFilter{Code: c.Op, Jt: c.Jt, Jf: c.Jf, K: c.K}
	}
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
		&unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]})
}

// drain throws away what the socket has queued, which the filter lets no more
// come to.
func drain(fd int) error {
	for {
		_, _, err := unix.Recvfrom(fd, nil, unix.MSG_DONTWAIT|unix.MSG_TRUNC)
		switch {
		case errors.Is(err, unix.EAGAIN):
			return nil
		case err != nil && !errors.Is(err, unix.EINTR) && !errors.Is(err, unix.ENETDOWN):
			return err
		}
	}
}
