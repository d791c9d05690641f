//go:build !linux

package dial

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

const (
	backlog  = 256                  // probes that wait for a goroutine
	patience = 2 * time.Millisecond // how long Send waits for room
)

// Transport connects to ports by package net, each attempt in one of a bounded
// number of goroutines. It is a sweep.Transport.
type Transport struct {
	answer  func([]sweep.Answer)
	files   Files
	echo    *echo // nil where echo requests may not be sent
	max     int
	ctx     context.Context // ends attempts at Close
	end     context.CancelFunc
	queue   chan sweep.Probe
	running sync.WaitGroup
	waiting *time.Timer // Send's

	mu     sync.Mutex
	closed bool
	count  int // goroutines
	idle   int // those that wait for a probe
}

// New returns a transport that answers through the function. It may be called
// by several goroutines at a time, but never within Send. The error is always
// nil here.
func New(answer func([]sweep.Answer), o Options) (*Transport, error) {
	t := &Transport{
		answer: answer, files: o.files(), echo: newEcho(answer), max: o.max(),
		queue: make(chan sweep.Probe, backlog), waiting: time.NewTimer(time.Hour),
	}
	t.ctx, t.end = context.WithCancel(context.Background())
	return t, nil
}

// Send hands the probes to goroutines. See sweep.Transport; the error is
// net.ErrClosed after Close.
func (t *Transport) Send(probes []sweep.Probe) (int, error) {
	t.waiting.Reset(patience)
	for i := range probes {
		p := &probes[i]
		if p.Item.Kind() == sweep.Echo && t.echo != nil {
			if !t.echo.send(p) {
				return i, nil
			}
			continue
		}
		if !t.files.TryTake() {
			select { // so that nobody asks all the time
			case <-t.waiting.C:
			case <-t.ctx.Done():
			}
			return i, nil
		}
		if !t.hire() {
			t.files.Give()
			return i, net.ErrClosed
		}
		select {
		case t.queue <- *p:
			continue
		default:
		}
		select {
		case t.queue <- *p:
		case <-t.waiting.C:
			t.files.Give()
			return i, nil
		}
	}
	return len(probes), nil
}

// hire starts a goroutine when those that there are have enough to do. It
// reports false after Close.
func (t *Transport) hire() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed && t.idle <= len(t.queue) && t.count < t.max {
		t.count++
		t.idle++
		t.running.Go(t.run)
	}
	return !t.closed
}

// run answers probes, each of which comes with a file, until the end.
func (t *Transport) run() {
	answers := make([]sweep.Answer, 1)
	for {
		select {
		case <-t.ctx.Done():
			return
		case p := <-t.queue:
			t.stand(-1)
			answers[0] = t.ask(p)
			t.files.Give()
			if t.ctx.Err() == nil {
				t.answer(answers)
			}
			t.stand(1)
		}
	}
}

func (t *Transport) stand(idle int) {
	t.mu.Lock()
	t.idle += idle
	t.mu.Unlock()
}

// ask makes one attempt.
func (t *Transport) ask(p sweep.Probe) sweep.Answer {
	a := sweep.Answer{Addr: p.Addr, Item: p.Item, Tag: p.Tag}
	if p.Item.Kind() != sweep.SYN || !p.Addr.IsValid() {
		a.At = time.Now()
		return a
	}
	to := netip.AddrPortFrom(p.Addr.Unmap(), p.Item.Port())
	began := time.Now()
	a.State = attempt(t.ctx, to, p.Wait)
	a.At = time.Now()
	if a.State != sweep.Local && a.State != sweep.Silent {
		a.RTT = a.At.Sub(began)
	}
	return a
}

func attempt(ctx context.Context, to netip.AddrPort, wait time.Duration) sweep.State {
	if wait <= 0 {
		return sweep.Silent
	}
	c, err := (&net.Dialer{Timeout: wait}).DialContext(ctx, "tcp", to.String())
	if err != nil {
		if ctx.Err() != nil {
			return sweep.Local
		}
		return Classify(err)
	}
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // where it fails the close is an orderly one
	}
	own := c.LocalAddr().String()
	_ = c.Close()           // nothing was written
	if own == to.String() { // it talks to itself, and nobody listens
		return sweep.Local
	}
	return sweep.Open
}

// Close ends the transport and leaves what is in flight. It must not be called
// by the answer function.
func (t *Transport) Close() error {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return net.ErrClosed
	}
	t.closed = true
	t.mu.Unlock()
	t.end()
	t.running.Wait()
	for len(t.queue) > 0 {
		<-t.queue
		t.files.Give()
	}
	t.waiting.Stop()
	if t.echo != nil {
		return t.echo.close()
	}
	return nil
}
