package datagram

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

// pair is one unconnected socket for each IP version; nil where the system has
// none.
type pair struct {
	four, six *socket
}

func open(_ Options, tell func(peer, uint16, Answer)) (way, error) {
	four, err4 := listen(true, tell)
	six, err6 := listen(false, tell)
	if four == nil && six == nil {
		return nil, errors.Join(err4, err6)
	}
	return &pair{four, six}, nil
}

func (p *pair) send(ctx context.Context, to netip.AddrPort, question []byte) error {
	s := p.six
	if to.Addr().Is4() {
		s = p.four
	}
	if s == nil {
		return harrier.Errorf(harrier.Unavailable, "no way to %v: the system lacks that version of IP", to)
	}
	return s.send(ctx, to, question)
}

func (p *pair) close() error {
	var errs []error
	for _, s := range []*socket{p.four, p.six} {
		if s != nil {
			errs = append(errs, s.conn.Close())
			s.reader.Wait()
		}
	}
	return errors.Join(errs...)
}

// socket is an unconnected socket with an error queue.
type socket struct {
	four   bool
	conn   *net.UDPConn
	raw    syscall.RawConn
	tell   func(peer, uint16, Answer)
	reader sync.WaitGroup
}

// receiveBytes is the room that is asked for what is not read yet; ICMP errors
// that find none are lost.
const receiveBytes = 4 << 20

func listen(four bool, tell func(peer, uint16, Answer)) (*socket, error) {
	network := "udp6"
	if four {
		network = "udp4"
	}
	c, err := (&net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var err error
		if e := raw.Control(func(fd uintptr) { err = prepare(int(fd), four) }); e != nil {
			return e
		}
		return err
	}}).ListenPacket(context.Background(), network, ":0")
	if err != nil {
		return nil, err
	}
	s := &socket{four: four, conn: c.(*net.UDPConn), tell: tell}
	if s.raw, err = s.conn.SyscallConn(); err != nil {
		c.Close()
		return nil, err
	}
	s.reader.Go(s.read)
	return s, nil
}

// prepare sets the options of a new socket: an error queue, no path MTU
// discovery (a question that must be cut up is better than none), and no
// sending to broadcast addresses.
//
// Source: IP_RECVERR in Linux's ip(7), IPV6_RECVERR in ipv6(7).
func prepare(fd int, four bool) error {
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBytes) != nil { // needs a privilege
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBytes); err != nil {
			return err
		}
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_BROADCAST, 0); err != nil {
		return err
	}
	if !four {
		return unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVERR, 1)
	}
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DONT); err != nil {
		return err
	}
	return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_RECVERR, 1)
}

// pending are the errors that an earlier datagram may have left at the socket:
// an unconnected one hands them to whoever sends next, who must not take them
// for its own.
var pending = []syscall.Errno{
	unix.ECONNREFUSED, unix.EHOSTUNREACH, unix.ENETUNREACH, unix.EHOSTDOWN, unix.ENONET, unix.EACCES,
	unix.EPROTO, unix.ENOPROTOOPT, unix.EOPNOTSUPP, unix.EMSGSIZE,
}

// Bounds of trying again to send.
const (
	pendingTries = 50 // an error that is still there then is the datagram's own
	roomTries    = 12 // waits of 1 ms, doubled each time up to 100 ms: some 0.7 s
)

func (s *socket) send(ctx context.Context, to netip.AddrPort, question []byte) error {
	left, full := 0, 0
	for {
		_, err := s.conn.WriteToUDPAddrPort(question, to)
		var number syscall.Errno
		if err == nil || errors.Is(err, net.ErrClosed) || !errors.As(err, &number) {
			return err
		}
		switch {
		case slices.Contains(pending, number) && left < pendingTries:
			left++
		case (number == unix.ENOBUFS || number == unix.ENOMEM) && full < roomTries:
			if !sleep(ctx, min(time.Millisecond<<full, 100*time.Millisecond)) {
				return ctx.Err()
			}
			full++
		case number == unix.EPERM:
			return harrier.Errorf(harrier.Unavailable, "a firewall of this machine lets nothing leave to %v", to).Because(err)
		default:
			return harrier.Errorf(harrier.Unavailable, "nothing can be sent to %v", to).Because(err)
		}
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// read tells what comes in until the socket is closed.
func (s *socket) read() {
	datagrams, reports := newBatch(payloadBytes, 0), newBatch(0, controlBytes)
	for {
		err := s.raw.Read(func(fd uintptr) bool {
			reports.receive(int(fd), unix.MSG_ERRQUEUE)
			datagrams.receive(int(fd), 0)
			return reports.n+datagrams.n > 0
		})
		if err != nil {
			return
		}
		now := time.Now()
		for i := range datagrams.n {
			if from, port, ok := peerIn(datagrams.name(i)); ok {
				s.tell(from, port, Answer{State: sweep.Open, Payload: datagrams.payload(i), At: now})
			}
		}
		for i := range reports.n {
			s.report(reports.name(i), reports.control(i), now)
		}
	}
}

// report tells of one message of the error queue.
func (s *socket) report(asked, control []byte, now time.Time) {
	to, port, ok := peerIn(asked)
	if !ok {
		return
	}
	e, ok := readExtended(control)
	if !ok || e.four != s.four {
		return
	}
	v := judge(e.four, e.kind, e.code, e.by == to.addr)
	if v != nothing {
		s.tell(to, port, Answer{By: e.by, State: v.state, Prohibited: v.prohibited, At: now})
	}
}
