//go:build unix

package dial

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

// echoes is how many echo requests of a family may be without an answer: far
// fewer than there are sequence numbers, so that a number is long unused when
// its turn comes again.
const echoes = 4096

// grain is the least time between two looks for those whose wait is over.
const grain = 5 * time.Millisecond

// echo asks for echo replies by datagram sockets, which need no privilege
// where the system lets the user's group have them: one for each family.
//
// Source: net.ipv4.ping_group_range in Linux's icmp(7); the "ICMP
// non-privileged" part of macOS's icmp(4).
type echo struct {
	pings   [2]*ping // by family: IPv4, IPv6; nil without
	running sync.WaitGroup
}

// newEcho returns nil where echo requests may not be sent.
func newEcho(answer func([]sweep.Answer)) *echo {
	e := &echo{}
	for six := range e.pings {
		p, err := newPing(six, answer)
		if err != nil {
			continue
		}
		e.pings[six] = p
		e.running.Go(p.read)
		e.running.Go(p.expire)
	}
	if e.pings == [2]*ping{} {
		return nil
	}
	return e
}

// send sends a request. It reports false when there is no room for it now.
func (e *echo) send(q *sweep.Probe) bool {
	six := 0
	if q.Addr.Is6() && !q.Addr.Is4In6() {
		six = 1
	}
	p := e.pings[six]
	if p == nil { // a family without is answered by the other's goroutine
		p = e.pings[1-six]
		return p.refuse(q, sweep.Local)
	}
	return p.send(q)
}

func (e *echo) close() error {
	var err error
	for _, p := range e.pings {
		if p != nil {
			p.mu.Lock()
			p.closed = true
			p.mu.Unlock()
			close(p.ended)
			err = errors.Join(err, p.conn.Close())
		}
	}
	e.running.Wait()
	return err
}

// ping is the socket of a family and what was asked through it.
type ping struct {
	answer  func([]sweep.Answer)
	conn    *net.UDPConn
	request byte // the type of a request, and that of a reply
	reply   byte
	cookie  [8]byte // in each request, so that replies to others are not ours
	ended   chan struct{}
	wake    chan struct{} // tells expire that there may be an earlier deadline

	mu      sync.Mutex
	closed  bool
	next    uint16
	asked   map[uint16]asked // by sequence number
	due     time.Time        // when expire looks for those whose wait is over
	refused []sweep.Answer
	buf     [16]byte
}

type asked struct {
	probe sweep.Probe
	began time.Time
}

func newPing(six int, answer func([]sweep.Answer)) (*ping, error) {
	family, protocol := unix.AF_INET, unix.IPPROTO_ICMP
	p := &ping{
		answer: answer, request: 8, reply: 0, // RFC 792
		ended: make(chan struct{}), wake: make(chan struct{}, 1), asked: make(map[uint16]asked),
	}
	if six == 1 {
		family, protocol = unix.AF_INET6, unix.IPPROTO_ICMPV6
		p.request, p.reply = 128, 129 // RFC 4443, section 4
	}
	_, _ = rand.Read(p.cookie[:]) // never fails
	syscall.ForkLock.RLock()
	fd, err := unix.Socket(family, unix.SOCK_DGRAM, protocol)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, err
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 1<<20) // less will do for fewer hosts
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "ping")
	defer f.Close() // the connection has a copy
	c, err := net.FilePacketConn(f)
	if err != nil {
		return nil, err
	}
	conn, ok := c.(*net.UDPConn)
	if !ok {
		c.Close()
		return nil, errors.ErrUnsupported
	}
	p.conn = conn
	return p, nil
}

func (p *ping) send(q *sweep.Probe) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return true // Close does not answer
	}
	if len(p.asked) >= echoes {
		return false
	}
	for p.next++; ; p.next++ {
		if _, taken := p.asked[p.next]; !taken {
			break
		}
	}
	m := p.buf[:]
	clear(m)
	m[0] = p.request
	binary.BigEndian.PutUint16(m[4:], uint16(os.Getpid())) // where the system does not choose it
	binary.BigEndian.PutUint16(m[6:], p.next)
	copy(m[8:], p.cookie[:])
	if p.request == 8 { // the system does it for IPv6
		binary.BigEndian.PutUint16(m[2:], checksum(m))
	}
	began := time.Now()
	// The wait that a full buffer needs is short: it empties as the link does.
	if _, err := p.conn.WriteToUDPAddrPort(m, netip.AddrPortFrom(q.Addr.Unmap(), 0)); err != nil {
		s := Classify(err)
		if s == sweep.Closed || s == sweep.Silent { // an error of another's
			s = sweep.Local
		}
		p.refuseLocked(q, s)
		return true
	}
	p.asked[p.next] = asked{*q, began}
	if deadline := began.Add(q.Wait); p.due.IsZero() || deadline.Before(p.due) {
		p.due = deadline
		p.nudge()
	}
	return true
}

// refuse lets expire answer what could not be sent.
func (p *ping) refuse(q *sweep.Probe, s sweep.State) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuseLocked(q, s)
	return true
}

func (p *ping) refuseLocked(q *sweep.Probe, s sweep.State) {
	p.refused = append(p.refused, sweep.Answer{Addr: q.Addr, Item: q.Item, Tag: q.Tag, State: s, At: time.Now()})
	p.nudge()
}

func (p *ping) nudge() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// read answers what replies come until the socket is closed.
func (p *ping) read() {
	buf := make([]byte, 1500)
	answers := make([]sweep.Answer, 1)
	for {
		n, from, err := p.conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // of a request, or of the link, which may last
			select {
			case <-p.ended:
				return
			case <-time.After(grain):
			}
			continue
		}
		at := time.Now()
		seq, ok := p.parse(buf[:n])
		if !ok {
			continue
		}
		p.mu.Lock()
		q, ok := p.asked[seq]
		// A reply from elsewhere says nothing about the address.
		ok = ok && !p.closed && q.probe.Addr.Unmap().WithZone("") == from.Addr().Unmap().WithZone("")
		if ok {
			delete(p.asked, seq)
		}
		p.mu.Unlock()
		if ok {
			answers[0] = sweep.Answer{Addr: q.probe.Addr, Item: q.probe.Item, Tag: q.probe.Tag, State: sweep.Open, At: at, RTT: at.Sub(q.began)}
			p.answer(answers)
		}
	}
}

// parse returns the sequence number of a reply to a request of ours.
func (p *ping) parse(data []byte) (seq uint16, ok bool) {
	if p.reply == 0 && len(data) > 0 && data[0]>>4 == 4 { // macOS leaves the IP header
		data = data[min(len(data), int(data[0]&15)*4):]
	}
	if len(data) < 16 || data[0] != p.reply || data[1] != 0 || !bytes.Equal(data[8:16], p.cookie[:]) {
		return 0, false
	}
	return binary.BigEndian.Uint16(data[6:]), true
}

// expire answers those whose wait is over, and what could not be sent.
func (p *ping) expire() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var answers []sweep.Answer
	for {
		select {
		case <-p.ended:
			return
		case <-p.wake:
		case <-timer.C:
		}
		p.mu.Lock()
		if p.closed {
			p.mu.Unlock()
			return
		}
		answers = append(answers[:0], p.refused...)
		p.refused = p.refused[:0]
		now, next := time.Now(), time.Hour // to the next deadline
		for seq, q := range p.asked {
			left := q.began.Add(q.probe.Wait).Sub(now)
			if left > 0 {
				next = min(next, left)
				continue
			}
			delete(p.asked, seq)
			answers = append(answers, sweep.Answer{Addr: q.probe.Addr, Item: q.probe.Item, Tag: q.probe.Tag, State: sweep.Silent, At: now})
		}
		next = max(next, grain)
		p.due = now.Add(next)
		p.mu.Unlock()
		if len(answers) > 0 {
			p.answer(answers)
		}
		timer.Reset(next)
	}
}

// checksum is the Internet checksum of data of even length.
//
// Source: RFC 1071.
func checksum(data []byte) uint16 {
	var sum uint32
	for i := 0; i < len(data); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(data[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
