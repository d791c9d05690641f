package netio

import (
	"context"
	"sync"
)

// startWindow is how many port probes are in flight at first, in all.
const startWindow = 512

// window bounds the port probes in flight over all hosts. It grows while our
// own side copes and halves when it does not.
type window struct {
	mu     sync.Mutex
	size   float64
	max    float64
	flight int
	wait   []chan struct{} // first come, first served
}

// enter waits for a place.
func (w *window) enter(ctx context.Context) error {
	w.mu.Lock()
	if w.flight < int(w.size) && len(w.wait) == 0 {
		w.flight++
		w.mu.Unlock()
		return nil
	}
	place := make(chan struct{})
	w.wait = append(w.wait, place)
	w.mu.Unlock()
	select {
	case <-place:
		return nil
	case <-ctx.Done():
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, other := range w.wait {
		if other == place {
			w.wait = append(w.wait[:i], w.wait[i+1:]...)
			return ctx.Err()
		}
	}
	w.flight-- // the place came at the same moment: pass it on
	w.fill()
	return ctx.Err()
}

// leave frees a place, after a probe that ended in state s.
func (w *window) leave(s State) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flight--
	switch {
	case s.Answered():
		w.size = min(w.max, w.size+1/8.0)
	case s == Local:
		w.size = max(4, w.size/2)
	}
	w.fill()
}

// fill hands free places to those that wait. The caller holds mu.
func (w *window) fill() {
	for len(w.wait) > 0 && w.flight < int(w.size) {
		close(w.wait[0])
		w.wait = w.wait[1:]
		w.flight++
	}
}
