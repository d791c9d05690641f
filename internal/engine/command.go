package engine

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/bus"
	"github.com/harrier-scan/harrier/internal/flight"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/pipeline"
	"github.com/harrier-scan/harrier/internal/probe"
	"github.com/harrier-scan/harrier/internal/probe/question"
)

// scan is what the batches of one scan share here: the pace, the places for
// hosts, and its state.
type scan struct {
	users int
	net   *netio.Net
	hosts *semaphore.Weighted
	stop  chan struct{} // closed when the scan is to end
	once  sync.Once

	learned *probe.Learned

	recording sync.Once
	record    *flight.Record // nil: nothing is recorded
}

// batch is one batch in hand.
type batch struct {
	name batchName
	scan *scan
	job  harrier.Job

	mu       sync.Mutex
	attempt  int
	delivery *bus.Delivery // the newest
}

func (b *batch) latest() *bus.Delivery {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.delivery
}

// heldWait is how long a job of a paused scan stays away.
const heldWait = 2 * time.Second

// begin takes a delivery in hand. It returns nil when there is nothing to run:
// the batch runs here already and only its delivery is renewed, or its scan is
// paused.
func (e *Engine) begin(ctx context.Context, d *bus.Delivery) *batch {
	name := batchName{d.Job.Scan, d.Job.Batch}
	e.mu.Lock()
	defer e.mu.Unlock()
	if b := e.batches[name]; b != nil {
		b.mu.Lock()
		b.delivery = d
		b.mu.Unlock()
		return nil
	}
	if e.commands[name.scan] == harrier.Pause {
		if err := d.Nak(ctx, heldWait); err != nil {
			e.c.Log.WarnContext(ctx, "job not given back", "scan", name.scan, "batch", name.batch, "err", err)
		}
		return nil
	}
	d.Job.Plan.Settings = d.Job.Plan.Settings.Bounded(e.properties)
	b := &batch{name: name, scan: e.share(d.Job), job: d.Job, attempt: d.Attempt, delivery: d}
	e.batches[name] = b
	e.tell()
	return b
}

// share returns what the job's scan shares here. The caller holds mu.
func (e *Engine) share(j harrier.Job) *scan {
	s := e.scans[j.Scan]
	if s == nil {
		set := j.Plan.Settings
		s = &scan{
			net:   netio.New(j.Plan.Guard, j.Plan.Exclude, netio.Pace{Rate: set.RatePPS, HostRate: set.HostRatePPS, Printers: set.ScanPrinters, Files: set.MaxSessions}),
			hosts: semaphore.NewWeighted(int64(pipeline.MaxHosts(set))), stop: make(chan struct{}), learned: probe.NewLearned(),
		}
		s.net.Saw, s.net.Question = e.c.Saw, question.First
		s.follow(e.commands[j.Scan])
		e.scans[j.Scan] = s
	}
	s.users++
	return s
}

// finish lets go of a batch.
func (e *Engine) finish(b *batch) {
	e.mu.Lock()
	delete(e.batches, b.name)
	b.scan.users--
	last := b.scan.users == 0
	if last {
		delete(e.scans, b.name.scan)
	}
	e.tell()
	e.mu.Unlock()
	if !last {
		if b.scan.record != nil {
			b.scan.record.Flush()
		}
		return
	}
	if err := b.scan.net.Close(); err != nil {
		e.c.Log.Warn("the way to targets not closed", "scan", b.name.scan, "err", err)
	}
	if b.scan.record != nil {
		b.scan.record.Close(b.scan.net.Refused())
	}
}

// tellRoom wakes who waits for room. The caller holds mu.
func (e *Engine) tellRoom() {
	close(e.changed)
	e.changed = make(chan struct{})
}

// tell wakes who waits for room and asks for a heartbeat. The caller holds mu.
func (e *Engine) tell() {
	e.tellRoom()
	select {
	case e.nudge <- struct{}{}:
	default: // one is on its way
	}
}

// follow is told of commands. It does not wait for their effect. What it knows
// already changes nothing and is answered by no heartbeat: the answer to a
// heartbeat may be the command again.
func (e *Engine) follow(id harrier.ID, c harrier.Command) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if known, told := e.commands[id]; told && known == c {
		return
	}
	e.commands[id] = c
	if s := e.scans[id]; s != nil {
		s.follow(c)
	}
	e.tell()
}

func (s *scan) follow(c harrier.Command) {
	switch c {
	case harrier.Pause:
		s.net.Hold()
	case harrier.Resume:
		s.net.Resume()
	case harrier.Stop, harrier.Kill:
		s.once.Do(func() { close(s.stop) })
	}
}
