package gate

import (
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
)

// dialOut keeps a connection to every engine that waits to be called, and
// carries what the engine says over it to the gate. Only the first step goes the
// other way round: the engine is the client over it, of TLS too, and both sides
// prove themselves as over any other connection.
func (g *Gate) dialOut(ctx context.Context) error {
	var calls sync.WaitGroup
	defer calls.Wait()
	type call struct {
		at  string
		end context.CancelFunc
	}
	calling := map[harrier.UUID]call{}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		g.mu.Lock()
		wanted := map[harrier.UUID]string{}
		for id, e := range g.engines {
			if e.Address != "" && e.Revoked.IsZero() {
				wanted[id] = net.JoinHostPort(e.Address, strconv.Itoa(e.Port))
			}
		}
		g.mu.Unlock()
		for id, c := range calling {
			if wanted[id] != c.at {
				c.end()
				delete(calling, id)
			}
		}
		for id, at := range wanted {
			if _, met := calling[id]; !met {
				run, end := context.WithCancel(ctx) //nolint:gosec // ended when the engine is not wanted any more, and with ctx
				calling[id] = call{at, end}
				calls.Go(func() { g.keepCalling(run, at) })
			}
		}
		select {
		case <-ctx.Done():
			for _, c := range calling {
				c.end()
			}
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (g *Gate) keepCalling(ctx context.Context, at string) {
	for wait, told := time.Second, false; ctx.Err() == nil; wait = min(2*wait, 15*time.Second) {
		began := time.Now()
		err := carry(ctx, at, g.Addr())
		if time.Since(began) > time.Minute {
			wait, told = time.Second, false
		}
		if err != nil && ctx.Err() == nil && !told {
			g.Log.WarnContext(ctx, "engine can not be called", "address", at, "err", err)
			told = true
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// carry connects two addresses until one of them hangs up.
func carry(ctx context.Context, a, b string) error {
	var d net.Dialer
	short, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	far, err := d.DialContext(short, "tcp", a)
	if err != nil {
		return err
	}
	defer far.Close()
	near, err := d.DialContext(short, "tcp", b)
	if err != nil {
		return err
	}
	defer near.Close()
	stop := context.AfterFunc(ctx, func() { _ = far.Close(); _ = near.Close() })
	defer stop()
	ends := make(chan error, 2)
	for _, way := range [][2]net.Conn{{far, near}, {near, far}} {
		go func() {
			_, err := io.Copy(way[0], way[1])
			_, _ = way[0].Close(), way[1].Close()
			ends <- err
		}()
	}
	err = <-ends
	<-ends
	if errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) {
		err = nil
	}
	return err
}

// Caller waits for consoles that call, instead of dialling one.
type Caller struct{ l net.Listener }

// Wait returns a Caller that listens on an address.
func Wait(ctx context.Context, listen string) (*Caller, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return nil, harrier.Errorf(harrier.Unavailable, "the console can not be waited for on %s", listen).Because(err)
	}
	return &Caller{l}, nil
}

// Addr is where the console finds the engine.
func (c *Caller) Addr() string { return c.l.Addr().String() }

// Close ends the waiting.
func (c *Caller) Close() error { return c.l.Close() }

// Dial returns the next connection of somebody who calls; whether that is the
// console shows in the handshake. It waits for a while.
func (c *Caller) Dial(string, string) (net.Conn, error) {
	if l, ok := c.l.(*net.TCPListener); ok {
		if err := l.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			return nil, err
		}
	}
	return c.l.Accept()
}
