package wiretest

import (
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// Pipe returns both ends of a connection in memory. Unlike net.Pipe it has a
// buffer, so that a peer may speak before anybody reads, and for "udp" it keeps
// message bounds. The near end's remote address is to.
func Pipe(network string, to netip.AddrPort) (near, far net.Conn) {
	a, b := newStream(network == "udp"), newStream(network == "udp")
	here := endAddr{network, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 40000)}
	there := endAddr{network, to}
	return &end{in: a, out: b, local: here, remote: there}, &end{in: b, out: a, local: there, remote: here}
}

type endAddr struct {
	network string
	at      netip.AddrPort
}

func (a endAddr) Network() string { return a.network }
func (a endAddr) String() string  { return a.at.String() }

// end is one end of a pipe.
type end struct {
	in, out       *stream
	local, remote net.Addr
}

func (e *end) Read(b []byte) (int, error)  { return e.in.read(b) }
func (e *end) Write(b []byte) (int, error) { return e.out.write(b) }
func (e *end) LocalAddr() net.Addr         { return e.local }
func (e *end) RemoteAddr() net.Addr        { return e.remote }

// Close ends both directions: the peer reads what is buffered, then io.EOF.
func (e *end) Close() error {
	e.in.close()
	e.out.close()
	return nil
}

func (e *end) SetDeadline(t time.Time) error     { return e.SetReadDeadline(t) }
func (e *end) SetWriteDeadline(time.Time) error  { return nil } // writes never wait
func (e *end) SetReadDeadline(t time.Time) error { e.in.setDeadline(t); return nil }

// stream is one direction.
type stream struct {
	mu       sync.Mutex
	changed  *sync.Cond
	messages bool // keep bounds
	queue    [][]byte
	closed   bool
	deadline time.Time
	timer    *time.Timer
}

func newStream(messages bool) *stream {
	s := &stream{messages: messages}
	s.changed = sync.NewCond(&s.mu)
	return s
}

func (s *stream) write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, io.ErrClosedPipe
	}
	s.queue = append(s.queue, append([]byte(nil), b...))
	s.changed.Broadcast()
	return len(b), nil
}

func (s *stream) read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case !s.deadline.IsZero() && !time.Now().Before(s.deadline):
			return 0, os.ErrDeadlineExceeded
		case len(s.queue) > 0:
			n := copy(b, s.queue[0])
			if s.queue[0] = s.queue[0][n:]; s.messages || len(s.queue[0]) == 0 {
				s.queue = s.queue[1:]
			}
			return n, nil
		case s.closed:
			return 0, io.EOF
		}
		s.changed.Wait()
	}
}

func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
	}
	s.changed.Broadcast()
}

func (s *stream) setDeadline(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deadline = t
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
	if !t.IsZero() && !s.closed {
		s.timer = time.AfterFunc(time.Until(t), s.changed.Broadcast)
	}
	s.changed.Broadcast()
}
