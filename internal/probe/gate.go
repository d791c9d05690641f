package probe

import (
	"context"
	"slices"
	"sync"
)

// rank is how soon a conversation is let through a gate.
type rank uint8

// The ranks: the likely questions of a port, those that fit many ports, those
// that a port's number gives no reason for, and to look closer at what is
// recognised.
const (
	likely rank = iota
	general
	unlikely
	closer
	ranks
)

// inOrder lists the ranks, the one that is let in first first: what is begun is
// brought to an end.
var inOrder = [ranks]rank{closer, likely, general, unlikely}

// gate lets so many conversations go on at a time, and only half as many
// unlikely ones, so that there is always room for the others. Who waits is let
// in by rank, then in the order of coming.
type gate struct {
	mu      sync.Mutex
	free    int
	spare   int // of free: for unlikely ones
	waiting [ranks][]chan struct{}
}

func newGate(places int) *gate {
	return &gate{free: places, spare: max(1, places/2)}
}

// enter waits for a place, which leave gives back. It answers ctx's error.
func (g *gate) enter(ctx context.Context, r rank) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g.mu.Lock()
	if g.take(r) {
		g.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	g.waiting[r] = append(g.waiting[r], turn)
	g.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	if i := slices.Index(g.waiting[r], turn); i >= 0 {
		g.waiting[r] = slices.Delete(g.waiting[r], i, i+1)
		g.mu.Unlock()
	} else { // it was let in meanwhile
		g.mu.Unlock()
		g.leave(r)
	}
	return ctx.Err()
}

func (g *gate) leave(r rank) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.free++
	if r == unlikely {
		g.spare++
	}
	for _, r := range inOrder {
		for len(g.waiting[r]) > 0 && g.take(r) {
			close(g.waiting[r][0])
			g.waiting[r] = g.waiting[r][1:]
		}
	}
}

// take takes a place if there is one. The caller holds mu.
func (g *gate) take(r rank) bool {
	if g.free == 0 || r == unlikely && g.spare == 0 {
		return false
	}
	g.free--
	if r == unlikely {
		g.spare--
	}
	return true
}
