package bus

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
)

// memoryResults is how many results a MemoryBus holds before publishers wait.
const memoryResults = 1024

// MemoryBus is a bus within one process. It keeps nothing beyond it. Its
// methods may overlap.
type MemoryBus struct {
	// AckWait is how long an engine may be silent about a job; 0 means
	// DefaultAckWait. It is set before first use.
	AckWait time.Duration

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced at each change
	jobs     []*memoryJob  // in the order of publication
	results  []harrier.Result
	commands []memoryCommand // in the order of change; one per scan
	version  int             // of commands
	watchers map[int]chan harrier.Heartbeat
	serial   int // names watchers
	serve    func(context.Context, harrier.ID, int) ([]string, error)

	properties func(context.Context, harrier.UUID) (map[string]string, error)
}

type memoryJob struct {
	pool    string
	job     harrier.Job
	attempt int
	free    time.Time // from then on it may be handed out
}

type memoryCommand struct {
	scan    harrier.ID
	command harrier.Command
	version int
}

// Memory returns an empty bus within this process.
func Memory() *MemoryBus {
	return &MemoryBus{changed: make(chan struct{}), watchers: map[int]chan harrier.Heartbeat{}}
}

// tell wakes all that wait. The caller holds mu.
func (b *MemoryBus) tell() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// Close does nothing; it is there so that both buses are closed alike.
func (b *MemoryBus) Close() {}

// PublishJob queues job for the engines of pool. A repeat of (Scan, Batch)
// while that is queued or in an engine's hands changes nothing.
func (b *MemoryBus) PublishJob(ctx context.Context, pool string, job harrier.Job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	pool = poolOr(pool)
	if slices.ContainsFunc(b.jobs, func(j *memoryJob) bool {
		return j.pool == pool && j.job.Scan == job.Scan && j.job.Batch == job.Batch
	}) {
		return nil
	}
	b.jobs = append(b.jobs, &memoryJob{pool: pool, job: job})
	b.tell()
	return nil
}

// FetchJob waits for a job of pool and takes it in hand. It returns ctx's
// error when that ends first.
func (b *MemoryBus) FetchJob(ctx context.Context, pool string) (*Delivery, error) {
	for {
		d, changed, wait := b.takeJob(poolOr(pool))
		if d != nil {
			return d, nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// takeJob hands out the first free job of pool, or says for how long and on
// what to wait.
func (b *MemoryBus) takeJob(pool string) (*Delivery, <-chan struct{}, time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, wait := time.Now(), time.Hour
	for _, j := range b.jobs {
		if j.pool != pool {
			continue
		}
		if d := j.free.Sub(now); d > 0 {
			wait = min(wait, d)
			continue
		}
		j.attempt++
		j.free = now.Add(b.ackWait())
		job := j.job
		job.Again = job.Again || j.attempt > 1
		return &Delivery{Job: job, Attempt: j.attempt, via: memoryDelivery{b, j, j.attempt}}, nil, 0
	}
	return nil, b.changed, wait
}

func (b *MemoryBus) ackWait() time.Duration {
	if b.AckWait > 0 {
		return b.AckWait
	}
	return DefaultAckWait
}

// memoryDelivery settles one attempt of one job.
type memoryDelivery struct {
	bus     *MemoryBus
	job     *memoryJob
	attempt int
}

func (d memoryDelivery) ack(context.Context) error {
	d.bus.mu.Lock()
	defer d.bus.mu.Unlock()
	d.bus.jobs = slices.DeleteFunc(d.bus.jobs, func(j *memoryJob) bool { return j == d.job })
	return nil
}

func (d memoryDelivery) nak(_ context.Context, delay time.Duration) error {
	return d.hold(delay)
}

func (d memoryDelivery) inProgress(context.Context) error {
	return d.hold(d.bus.ackWait())
}

// hold keeps the job from being handed out for a time, unless it has been
// handed out again already.
func (d memoryDelivery) hold(delay time.Duration) error {
	d.bus.mu.Lock()
	defer d.bus.mu.Unlock()
	if d.job.attempt == d.attempt {
		d.job.free = time.Now().Add(delay)
		d.bus.tell()
	}
	return nil
}

// DropScan removes what the bus holds of a scan: jobs, results, command.
func (b *MemoryBus) DropScan(ctx context.Context, scan harrier.ID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.jobs = slices.DeleteFunc(b.jobs, func(j *memoryJob) bool { return j.job.Scan == scan })
	b.results = slices.DeleteFunc(b.results, func(r harrier.Result) bool { return r.Scan == scan })
	b.commands = slices.DeleteFunc(b.commands, func(c memoryCommand) bool { return c.scan == scan })
	b.tell()
	return nil
}
