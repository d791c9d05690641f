// Package bus carries work between the console and its engines: jobs to the
// engines of a pool, results back, commands about scans, heartbeats, and the
// question which hosts of a batch are done.
//
// There are two of a kind. Memory is for one process that needs no
// persistence. Serve starts an embedded NATS server with JetStream on disk, that
// only this process reaches; Dial uses one that stands elsewhere. Both keep the
// promises that bustest.Run tests. Engines elsewhere come in by package gate:
//
//   - A job that was published stays queued until an engine acknowledges it.
//     One that is neither acknowledged nor reported on within the wait for
//     acknowledgements goes to the next engine, with a higher attempt.
//   - A result is stored when PublishResult returns, and stays until the
//     consumer's function returned nil for it. While the consumer is behind or
//     away, publishers wait: no result is dropped to make room.
//   - The last command of a scan is kept for engines that ask later.
//
// The bus is transport only. What has to outlive a lost bus is in the store,
// and every job can be published again from there.
package bus

import (
	"context"
	"time"

	"github.com/harrier-scan/harrier"
)

// The sizes of a group of results: a consumer gets up to GroupSize of them, or
// what came within GroupWait after the first.
const (
	GroupSize = 256
	GroupWait = 50 * time.Millisecond
)

// DefaultAckWait is how long an engine may be silent about a job before the
// job goes to another one.
const DefaultAckWait = 30 * time.Second

// Delivery is a job in an engine's hands. Its methods may overlap.
type Delivery struct {
	Job     harrier.Job
	Attempt int // from 1: how often the job was handed out
	via     settler
}

// settler is what an implementation does about one delivery.
type settler interface {
	ack(ctx context.Context) error
	nak(ctx context.Context, delay time.Duration) error
	inProgress(ctx context.Context) error
}

// Ack removes the job from the queue: it is done. It is not an error when the
// job was removed or handed out again meanwhile.
func (d *Delivery) Ack(ctx context.Context) error { return d.via.ack(ctx) }

// Nak gives the job back; it is handed out again after delay at the earliest.
func (d *Delivery) Nak(ctx context.Context, delay time.Duration) error { return d.via.nak(ctx, delay) }

// InProgress tells that the job is being worked on: the wait for its
// acknowledgement begins anew.
func (d *Delivery) InProgress(ctx context.Context) error { return d.via.inProgress(ctx) }

// poolOr returns the pool's name, LocalPool for "".
func poolOr(pool string) string {
	if pool == "" {
		return harrier.LocalPool
	}
	return pool
}

// pause waits for d or until ctx ends, and reports whether ctx goes on.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// handleGroup calls handle with group until it returns nil, waiting longer
// each time. It returns false when ctx ended first; the group is then to be
// delivered again.
func handleGroup(ctx context.Context, group []harrier.Result, handle func(context.Context, []harrier.Result) error) bool {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		if ctx.Err() != nil {
			return false
		}
		if err := handle(ctx, group); err == nil {
			return true
		}
		if !pause(ctx, wait) {
			return false
		}
	}
}
