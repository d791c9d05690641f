package engine

import (
	"context"
	"errors"
	"sync"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/pipeline"
)

// survey makes the survey with which a scan begins.
func (e *Engine) survey(ctx context.Context, b *batch, out *outbox) error {
	if e.c.Survey == nil {
		return harrier.Errorf(harrier.Unavailable, "this engine makes no surveys")
	}
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var watch sync.WaitGroup
	defer watch.Wait()
	over := make(chan struct{})
	defer close(over)
	watch.Go(func() {
		select {
		case <-b.scan.stop:
			cancel(pipeline.ErrStopped)
		case <-over:
		}
	})
	// What was found before a stop is still stored: only ctx ends that.
	err := e.c.Survey(inner, b.scan.net, b.job.Plan, func(_ context.Context, r harrier.Result) error { return out.put(ctx, r) })
	if errors.Is(context.Cause(inner), pipeline.ErrStopped) {
		return pipeline.ErrStopped
	}
	return err
}
