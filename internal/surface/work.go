package surface

import (
	"context"
	"sync"
)

// work is a line of tasks, which add others, and those who do them.
type work struct {
	ctx    context.Context //nolint:containedctx // of the run that it is a part of
	cancel context.CancelFunc

	mu      sync.Mutex
	change  *sync.Cond
	line    []func(context.Context)
	pending int // in the line and in hand
	closed  bool
	workers sync.WaitGroup
}

func newWork(ctx context.Context, n int) *work {
	w := &work{}
	w.ctx, w.cancel = context.WithCancel(ctx)
	w.change = sync.NewCond(&w.mu)
	for range n {
		w.workers.Go(w.run)
	}
	return w
}

func (w *work) add(do func(context.Context)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending++
	w.line = append(w.line, do)
	w.change.Broadcast()
}

func (w *work) run() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		for len(w.line) == 0 && !w.closed {
			w.change.Wait()
		}
		if len(w.line) == 0 {
			return
		}
		do := w.line[0]
		w.line = w.line[1:]
		w.mu.Unlock()
		if w.ctx.Err() == nil {
			do(w.ctx)
		}
		w.mu.Lock()
		if w.pending--; w.pending == 0 {
			w.change.Broadcast()
		}
	}
}

// wait returns when there is nothing to do.
func (w *work) wait() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.pending > 0 {
		w.change.Wait()
	}
}

// stop ends those who do the tasks, after the last one.
func (w *work) stop() {
	w.mu.Lock()
	w.closed = true
	w.change.Broadcast()
	w.mu.Unlock()
	w.workers.Wait()
	w.cancel()
}
