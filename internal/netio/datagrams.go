package netio

import (
	"context"
	"net/netip"
	"sync"

	"github.com/harrier-scan/harrier/internal/netio/datagram"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

// datagrams are the sockets that UDP questions leave by, opened when they are
// first needed.
type datagrams struct {
	mu     sync.Mutex
	socket *datagram.Socket
	err    error
}

func (n *Net) datagramSocket() (*datagram.Socket, error) {
	d := &n.datagrams
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.socket == nil && d.err == nil {
		d.socket, d.err = datagram.Open(datagram.Options{})
	}
	return d.socket, d.err
}

func (n *Net) closeDatagrams() error {
	d := &n.datagrams
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.socket == nil {
		return nil
	}
	err := d.socket.Close()
	d.socket, d.err = nil, sweep.ErrClosed
	return err
}

// Datagrams returns a way to ask declared targets questions over UDP. Send lets
// one datagram leave, when its turn has come; it answers Forbidden for what may
// not be reached, Unavailable for what could not leave. Answer is called for
// what comes back, one at a time, and must return soon. End ends the asking; no
// answer comes after it.
func (n *Net) Datagrams(answer func(datagram.Answer)) (send func(ctx context.Context, to netip.AddrPort, question []byte) error, end func()) {
	socket, err := n.datagramSocket()
	if err != nil {
		return func(context.Context, netip.AddrPort, []byte) error { return err }, func() {}
	}
	asker := socket.Asker(answer)
	return func(ctx context.Context, to netip.AddrPort, question []byte) error {
		to = netip.AddrPortFrom(plain(to.Addr()), to.Port())
		h, err := n.admit("udp", to)
		if err != nil {
			return err
		}
		if err := n.pass(ctx, h, "udp", to, true); err != nil {
			return err
		}
		return asker.Send(ctx, to, question)
	}, asker.Close
}

// datagramWay asks questions of kind UDP.
type datagramWay struct {
	asker    *datagram.Asker
	question func(port uint16) []byte
}

func (n *Net) datagramWay(answer func([]sweep.Answer)) supporter {
	socket, err := n.datagramSocket()
	if err != nil || n.Question == nil {
		return nil
	}
	return &datagramWay{question: n.Question, asker: socket.Asker(func(a datagram.Answer) {
		answer([]sweep.Answer{{
			Addr: a.From.Addr(), Item: sweep.Ask(sweep.UDP, a.From.Port()), State: a.State, At: a.At,
			Self: a.State == sweep.Unreachable && a.By == a.From.Addr(),
		}})
	})}
}

// Supports reports whether it asks questions of the kind.
func (w *datagramWay) Supports(k sweep.Kind) bool { return k == sweep.UDP }

// Send lets probes go. What can not leave is as good as lost.
func (w *datagramWay) Send(p []sweep.Probe) (int, error) {
	for i := range p {
		port := p[i].Item.Port()
		_ = w.asker.Send(context.Background(), netip.AddrPortFrom(p[i].Addr, port), w.question(port))
	}
	return len(p), nil
}

// Close ends the asking; the sockets are the Net's.
func (w *datagramWay) Close() error {
	w.asker.Close()
	return nil
}
