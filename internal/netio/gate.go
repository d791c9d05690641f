package netio

import (
	"context"
	"sync"
)

// gate holds packets back while it is shut. The zero value is open.
type gate struct {
	flow  sync.RWMutex // read-locked while a batch of probes leaves
	mu    sync.Mutex
	shut  chan struct{} // nil while open; closed when it opens
	holds int           // how often it was shut
}

// Hold keeps everything from leaving until Resume. Answers to what has left
// already still come in.
func (n *Net) Hold() {
	n.gate.flow.Lock() // what is leaving has left
	defer n.gate.flow.Unlock()
	n.gate.mu.Lock()
	defer n.gate.mu.Unlock()
	if n.gate.shut == nil {
		n.gate.shut = make(chan struct{})
		n.gate.holds++
	}
}

// Resume lets packets leave again.
func (n *Net) Resume() {
	n.gate.mu.Lock()
	defer n.gate.mu.Unlock()
	if n.gate.shut != nil {
		close(n.gate.shut)
		n.gate.shut = nil
	}
}

// Held reports whether packets are held back right now.
func (n *Net) Held() bool {
	n.gate.mu.Lock()
	defer n.gate.mu.Unlock()
	return n.gate.shut != nil
}

// Holds is how often Hold has shut the gate. What took place between two calls
// with different answers was interrupted: its timeouts say nothing about the
// target.
func (n *Net) Holds() int {
	n.gate.mu.Lock()
	defer n.gate.mu.Unlock()
	return n.gate.holds
}

// Ready waits while packets are held back. It returns ctx's error when that
// ends first.
func (n *Net) Ready(ctx context.Context) error {
	_, err := n.gate.wait(ctx)
	return err
}

// wait returns when the gate is open, and whether it had to wait.
func (g *gate) wait(ctx context.Context) (waited bool, err error) {
	for {
		g.mu.Lock()
		shut := g.shut
		g.mu.Unlock()
		if shut == nil {
			return waited, ctx.Err()
		}
		waited = true
		select {
		case <-ctx.Done():
			return waited, ctx.Err()
		case <-shut:
		}
	}
}
