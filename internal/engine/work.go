package engine

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/flight"
	"github.com/harrier-scan/harrier/internal/pipeline"
)

// work runs a batch to its end and acknowledges it. When ctx ends first, or
// results can not be stored, the batch is given back.
func (e *Engine) work(ctx context.Context, b *batch) {
	began := time.Now()
	e.c.Log.InfoContext(ctx, "batch began", "scan", b.name.scan, "batch", b.name.batch, "attempt", b.attempt)
	err := e.alive(ctx, b, func(ctx context.Context) error { return e.runBatch(ctx, b) })
	// The rest must happen even when the engine is told to end right now.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err != nil {
		e.c.Log.WarnContext(ctx, "batch given back", "scan", b.name.scan, "batch", b.name.batch, "err", err)
		err = b.latest().Nak(last, 0)
	} else {
		e.c.Log.InfoContext(ctx, "batch ended", "scan", b.name.scan, "batch", b.name.batch, "took", time.Since(began))
		err = b.latest().Ack(last)
	}
	if err != nil { // it comes again, and finds its hosts done
		e.c.Log.WarnContext(ctx, "delivery not settled", "scan", b.name.scan, "batch", b.name.batch, "err", err)
	}
}

// alive keeps the job in hand while do runs, and ends do when it is in hand no
// more: another engine scans those hosts by then.
func (e *Engine) alive(ctx context.Context, b *batch, do func(context.Context) error) error {
	ctx, lost := context.WithCancelCause(ctx)
	defer lost(nil)
	done := make(chan struct{})
	var telling sync.WaitGroup
	telling.Go(func() {
		tick := time.NewTicker(e.c.Beat)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			err := b.latest().InProgress(ctx)
			if notOurs(err) {
				lost(err)
			}
			if err != nil {
				e.c.Log.DebugContext(ctx, "progress not told", "scan", b.name.scan, "batch", b.name.batch, "err", err)
			}
		}
	})
	defer telling.Wait()
	defer close(done)
	return do(ctx)
}

// runBatch scans the batch and stores its results, its end last. The error says
// that the end was not stored.
func (e *Engine) runBatch(ctx context.Context, b *batch) error {
	e.record(b)
	out := newOutbox(e.bus, harrier.Result{Scan: b.name.scan, Batch: b.name.batch, Attempt: b.attempt, Engine: e.c.Name})
	var sending sync.WaitGroup
	sending.Go(func() { out.run(ctx) })
	err := e.scanBatch(ctx, b, out)
	if ctx.Err() != nil || out.failed() || notOurs(err) { // given back, or not in hand any more
		out.close()
		sending.Wait()
		return cmp.Or(out.failure(), context.Cause(ctx), err)
	}
	done := &harrier.BatchDone{}
	switch {
	case errors.Is(err, pipeline.ErrStopped):
		done.Stopped = true
	case err != nil:
		done.Error = harrier.MessageOf(err)
		e.c.Log.ErrorContext(ctx, "batch failed", "scan", b.name.scan, "batch", b.name.batch, "err", err)
	}
	done.At = time.Now().UTC()
	putErr := out.put(ctx, harrier.Result{Done: done})
	out.close()
	sending.Wait()
	return cmp.Or(out.failure(), putErr, ctx.Err())
}

// record notes in the flight record that the batch is in hand, and begins the
// record with the scan's first batch. A scan goes on without one that can't be
// had.
func (e *Engine) record(b *batch) {
	if e.c.Flight == nil {
		return
	}
	s := b.scan
	s.recording.Do(func() {
		record, err := e.c.Flight(flight.Scan{
			Scan: b.name.scan, UUID: b.job.ScanUUID, Engine: e.c.Name, EngineUUID: e.c.UUID, Version: e.c.Version,
			Exclude: b.job.Plan.Exclude, Guard: b.job.Plan.Guard,
		})
		if err != nil {
			e.c.Log.Error("no flight record of the scan", "scan", b.name.scan, "err", err)
			return
		}
		s.record, s.net.Released = record, record.Sent
		record.Watch(s.net.InHand)
	})
	if s.record != nil {
		s.record.Batch(flight.Batch{Batch: b.name.batch, Attempt: b.attempt, Targets: b.job.Targets})
	}
}

func (e *Engine) scanBatch(ctx context.Context, b *batch, out *outbox) error {
	select {
	case <-b.scan.stop: // before it began: nothing to look at
		return pipeline.ErrStopped
	default:
	}
	plan := b.job.Plan
	if plan.Survey != nil && len(b.job.Targets) == 0 {
		return e.survey(ctx, b, out)
	}
	skip, err := e.done(ctx, b)
	if err != nil {
		return err
	}
	var logins []harrier.Login
	if e.c.Logins != nil {
		if logins, err = e.c.Logins(ctx, b.job); err != nil {
			return err
		}
	}
	return pipeline.Run(ctx, b.scan.stop, e.tools, pipeline.Batch{
		Targets: b.job.Targets, Plan: plan, Net: b.scan.net, Hosts: b.scan.hosts, Learned: b.scan.learned, Skip: skip, Logins: logins, Publish: out.put,
	})
}

// notOurs reports whether the console says that a batch is not in this engine's
// hands.
func notOurs(err error) bool {
	k := harrier.KindOf(err)
	return err != nil && (k == harrier.Conflict || k == harrier.Forbidden)
}

// done asks, when the batch may have been handed out before, which of its hosts the
// console has. It asks until the console tells: to scan hosts twice takes longer
// than to wait, and without the console no result is stored anyway.
func (e *Engine) done(ctx context.Context, b *batch) (map[string]bool, error) {
	if !b.job.Again {
		return nil, nil //nolint:nilnil // none is done
	}
	for told := false; ; told = true {
		names, err := e.bus.AskDone(ctx, b.name.scan, b.name.batch)
		if err == nil {
			skip := make(map[string]bool, len(names))
			for _, n := range names {
				skip[n] = true
			}
			return skip, nil
		}
		if notOurs(err) {
			return nil, err
		}
		if !told {
			e.c.Log.WarnContext(ctx, "console not asked which hosts are done", "scan", b.name.scan, "batch", b.name.batch, "err", err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-b.scan.stop:
			return nil, pipeline.ErrStopped
		case <-time.After(time.Second):
		}
	}
}
