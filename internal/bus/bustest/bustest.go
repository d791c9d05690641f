// Package bustest holds the promises of a bus as tests. Each implementation
// runs them from its own test.
package bustest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/bus"
)

// Bus is what both implementations offer.
type Bus interface {
	PublishJob(ctx context.Context, pool string, job harrier.Job) error
	FetchJob(ctx context.Context, pool string) (*bus.Delivery, error)
	PublishResult(ctx context.Context, r harrier.Result) error
	ConsumeResults(ctx context.Context, handle func(ctx context.Context, group []harrier.Result) error) error
	SetCommand(ctx context.Context, scan harrier.ID, c harrier.Command) error
	WatchCommands(ctx context.Context, follow func(scan harrier.ID, c harrier.Command)) error
	Beat(ctx context.Context, h harrier.Heartbeat) error
	WatchBeats(ctx context.Context, see func(harrier.Heartbeat)) error
	AskProperties(ctx context.Context, engine harrier.UUID) (map[string]string, error)
	ServeProperties(ctx context.Context, properties func(ctx context.Context, engine harrier.UUID) (map[string]string, error)) error
	AskDone(ctx context.Context, scan harrier.ID, batch int) ([]string, error)
	ServeDone(ctx context.Context, done func(ctx context.Context, scan harrier.ID, batch int) ([]string, error)) error
	DropScan(ctx context.Context, scan harrier.ID) error
}

// AckWait is the wait for acknowledgements of the buses that Run tests.
const AckWait = 600 * time.Millisecond

// Run puts every promise of a bus to the one that open returns: empty, and
// with AckWait for acknowledgements. It is full before it
// holds 20,000 results of some 100 bytes.
func Run(t *testing.T, open func(t *testing.T) Bus) {
	for _, promise := range []struct {
		name string
		test func(t *testing.T, b Bus)
	}{
		{"a job is handed out once", jobOnce},
		{"a job goes to its pool only", jobPool},
		{"a repeat of a queued job changes nothing", jobRepeat},
		{"a job can come again after its end", jobAgain},
		{"a silent engine loses its job", jobSilent},
		{"progress keeps a job", jobProgress},
		{"a job given back comes again", jobBack},
		{"waiting for a job ends with the context", jobCancelled},
		{"results come in order", resultOrder},
		{"a repeat of a result changes nothing", resultRepeat},
		{"a failed group comes again, first", resultFailed},
		{"the next consumer gets what the last one left", resultRestart},
		{"a full bus makes publishers wait and loses nothing", resultFull},
		{"the last command is kept", commands},
		{"heartbeats are seen", beats},
		{"the console answers which hosts are done", done},
		{"what is done is answered when results before are consumed", doneAfter},
		{"the console answers what an engine is to do otherwise", properties},
		{"a dropped scan is gone", dropScan},
	} {
		t.Run(promise.name, func(t *testing.T) {
			t.Parallel() // most of them wait
			promise.test(t, open(t))
		})
	}
}

// soon is how long the tests wait for what must happen.
const soon = 15 * time.Second

func job(scan harrier.ID, batch int) harrier.Job {
	targets, err := harrier.ParseTargets("127.0.0.1-9")
	if err != nil {
		panic(err) // the text is constant
	}
	return harrier.Job{Scan: scan, Batch: batch, Targets: targets, Plan: harrier.Plan{Checks: []harrier.VulnID{1, 2}}}
}

func publish(t *testing.T, b Bus, pool string, jobs ...harrier.Job) {
	t.Helper()
	for _, j := range jobs {
		if err := b.PublishJob(t.Context(), pool, j); err != nil {
			t.Fatalf("PublishJob(%d/%d) = %v", j.Scan, j.Batch, err)
		}
	}
}

func fetch(t *testing.T, b Bus, pool string) *bus.Delivery {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	d, err := b.FetchJob(ctx, pool)
	if err != nil {
		t.Fatalf("FetchJob(%q) = %v", pool, err)
	}
	return d
}

func ack(t *testing.T, d *bus.Delivery) {
	t.Helper()
	if err := d.Ack(t.Context()); err != nil {
		t.Fatalf("Ack = %v", err)
	}
}

// none fails when the local pool has a job within d.
func none(t *testing.T, b Bus, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if got, err := b.FetchJob(ctx, ""); err == nil {
		t.Fatalf("FetchJob = job %d/%d, attempt %d; want none", got.Job.Scan, got.Job.Batch, got.Attempt)
	}
}

func jobOnce(t *testing.T, b Bus) {
	publish(t, b, "", job(1, 1), job(1, 2))
	first, second := fetch(t, b, harrier.LocalPool), fetch(t, b, "")
	if first.Job.Batch != 1 || second.Job.Batch != 2 || first.Attempt != 1 || second.Attempt != 1 {
		t.Errorf("FetchJob = batch %d attempt %d, batch %d attempt %d; want batches 1 and 2 at the first attempt",
			first.Job.Batch, first.Attempt, second.Job.Batch, second.Attempt)
	}
	if got := first.Job.Targets.String(); got != "127.0.0.1-127.0.0.9" {
		t.Errorf("targets after the journey = %s; want 127.0.0.1-127.0.0.9", got)
	}
	ack(t, first)
	ack(t, second)
	ack(t, second) // harmless
	none(t, b, AckWait*3/2)
}

func jobPool(t *testing.T, b Bus) {
	publish(t, b, "far away/Zürich", job(1, 1))
	none(t, b, 300*time.Millisecond)
	ack(t, fetch(t, b, "far away/Zürich"))
}

func jobRepeat(t *testing.T, b Bus) {
	publish(t, b, "", job(1, 1), job(1, 1))
	d := fetch(t, b, "")
	publish(t, b, "", job(1, 1)) // in an engine's hands
	none(t, b, 300*time.Millisecond)
	ack(t, d)
	none(t, b, 300*time.Millisecond)
}

func jobAgain(t *testing.T, b Bus) {
	publish(t, b, "", job(1, 1))
	ack(t, fetch(t, b, ""))
	publish(t, b, "", job(1, 1))
	ack(t, fetch(t, b, ""))
	publish(t, b, "", job(1, 1))
	if err := b.DropScan(t.Context(), 1); err != nil {
		t.Fatalf("DropScan = %v", err)
	}
	publish(t, b, "", job(1, 1))
	ack(t, fetch(t, b, ""))
}

func jobSilent(t *testing.T, b Bus) {
	publish(t, b, "", job(1, 1))
	lost := fetch(t, b, "")
	next := fetch(t, b, "")
	if lost.Job.Again || !next.Job.Again {
		t.Errorf("handed out before = %t at first, %t after silence; want false, true", lost.Job.Again, next.Job.Again)
	}
	if next.Job.Batch != lost.Job.Batch || next.Attempt != 2 {
		t.Errorf("FetchJob after silence = batch %d attempt %d; want batch 1 attempt 2", next.Job.Batch, next.Attempt)
	}
	ack(t, next)
}

func jobProgress(t *testing.T, b Bus) {
	publish(t, b, "", job(1, 1))
	d := fetch(t, b, "")
	for range 6 {
		if err := d.InProgress(t.Context()); err != nil {
			t.Fatalf("InProgress = %v", err)
		}
		none(t, b, AckWait/3)
	}
	ack(t, d)
}

func jobBack(t *testing.T, b Bus) {
	publish(t, b, "", job(1, 1))
	if err := fetch(t, b, "").Nak(t.Context(), 0); err != nil {
		t.Fatalf("Nak = %v", err)
	}
	d := fetch(t, b, "")
	if d.Attempt != 2 {
		t.Errorf("attempt after Nak = %d; want 2", d.Attempt)
	}
	ack(t, d)
}

func jobCancelled(t *testing.T, b Bus) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := b.FetchJob(ctx, ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("FetchJob of an empty queue = %v; want %v", err, context.DeadlineExceeded)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("FetchJob returned %v after the context's end; want at once", took)
	}
	publish(t, b, "", job(1, 1)) // nothing that was left behind swallows it
	ack(t, fetch(t, b, ""))
}

func result(scan harrier.ID, seq int) harrier.Result {
	return harrier.Result{Scan: scan, Batch: 1, Attempt: 1, Seq: seq, Host: &harrier.Host{Name: fmt.Sprint("host ", seq)}}
}

func put(t *testing.T, b Bus, rs ...harrier.Result) {
	t.Helper()
	for _, r := range rs {
		if err := b.PublishResult(t.Context(), r); err != nil {
			t.Fatalf("PublishResult(%d) = %v", r.Seq, err)
		}
	}
}

// take consumes until n results came, or fails; handle decides about each
// group before it counts.
func take(t *testing.T, b Bus, n int, handle func(group []harrier.Result) error) []int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon*4)
	defer cancel()
	var got []int
	err := b.ConsumeResults(ctx, func(_ context.Context, group []harrier.Result) error {
		if len(group) == 0 || len(group) > bus.GroupSize {
			t.Errorf("a group of %d; want 1 to %d", len(group), bus.GroupSize)
		}
		if err := handle(group); err != nil {
			return err
		}
		for _, r := range group {
			got = append(got, r.Seq)
		}
		if len(got) >= n {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("ConsumeResults = %v after %d results; want the context's end after %d", err, len(got), n)
	}
	return got
}

func agree([]harrier.Result) error { return nil }

// numbers are those from 1 to n.
func numbers(n int) []int {
	var out []int
	for i := 1; i <= n; i++ {
		out = append(out, i)
	}
	return out
}

func resultOrder(t *testing.T, b Bus) {
	for seq := range 600 {
		put(t, b, result(1, seq+1))
	}
	if got, want := take(t, b, 600, agree), numbers(600); !slices.Equal(got, want) {
		t.Errorf("ConsumeResults = %v; want 1 to 600 in order", got)
	}
}

func resultRepeat(t *testing.T, b Bus) {
	put(t, b, result(1, 1), result(1, 1), result(1, 2), result(1, 1), result(1, 3))
	if got, want := take(t, b, 3, agree), numbers(3); !slices.Equal(got, want) {
		t.Errorf("ConsumeResults = %v; want %v", got, want)
	}
}

func resultFailed(t *testing.T, b Bus) {
	put(t, b, result(1, 1), result(1, 2))
	fails := 0
	got := take(t, b, 4, func([]harrier.Result) error {
		if fails++; fails <= 2 {
			put(t, b, result(1, 2+fails))
			return errors.New("the store is away")
		}
		return nil
	})
	if want := numbers(4); !slices.Equal(got, want) {
		t.Errorf("ConsumeResults = %v; want %v", got, want)
	}
}

func resultRestart(t *testing.T, b Bus) {
	for seq := range 300 {
		put(t, b, result(1, seq+1))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var first []int
	_ = b.ConsumeResults(ctx, func(_ context.Context, group []harrier.Result) error {
		if len(first) > 0 {
			cancel() // dies while it folds the second group
			return errors.New("killed")
		}
		for _, r := range group {
			first = append(first, r.Seq)
		}
		return nil
	})
	got := append(first, take(t, b, 300-len(first), agree)...)
	if want := numbers(300); !slices.Equal(got, want) {
		t.Errorf("both consumers = %v; want 1 to 300, each once", got)
	}
}

// resultFull publishes until nothing moves for a while, checks that the
// publisher waits, and then reads everything.
func resultFull(t *testing.T, b Bus) {
	const limit = 20_000
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var sent atomic.Int64
	var publisher sync.WaitGroup
	publisher.Go(func() {
		for n := 1; n <= limit && b.PublishResult(ctx, result(1, n)) == nil; n++ {
			sent.Store(int64(n))
		}
	})
	for last := int64(-1); last != sent.Load(); time.Sleep(600 * time.Millisecond) {
		last = sent.Load()
	}
	full := int(sent.Load())
	if full == limit {
		t.Fatalf("%d results were taken at once; want the publisher to wait", full)
	}
	got := take(t, b, full+10, agree)
	cancel()
	publisher.Wait()
	if want := numbers(len(got)); !slices.Equal(got, want) {
		t.Errorf("ConsumeResults after a full bus: %d results, out of order or with gaps", len(got))
	}
}

func commands(t *testing.T, b Bus) {
	for _, c := range []harrier.Command{harrier.Pause, harrier.Resume, harrier.Stop} {
		if err := b.SetCommand(t.Context(), 1, c); err != nil {
			t.Fatalf("SetCommand = %v", err)
		}
	}
	if err := b.SetCommand(t.Context(), 2, harrier.Pause); err != nil {
		t.Fatalf("SetCommand = %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	seen := map[harrier.ID]harrier.Command{}
	err := b.WatchCommands(ctx, func(scan harrier.ID, c harrier.Command) {
		if scan == 1 && c != harrier.Stop && c != harrier.Kill {
			t.Errorf("WatchCommands told %s, an old command; want the last one", c)
		}
		seen[scan] = c
		switch {
		case len(seen) == 2 && seen[1] == harrier.Stop:
			if err := b.SetCommand(ctx, 1, harrier.Kill); err != nil {
				t.Errorf("SetCommand while watching = %v", err)
			}
		case seen[1] == harrier.Kill:
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("WatchCommands = %v with %v seen; want a kill of scan 1 and a pause of scan 2", err, seen)
	}
}

func beats(t *testing.T, b Bus) {
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	var sender sync.WaitGroup
	sender.Go(func() {
		for ctx.Err() == nil {
			_ = b.Beat(ctx, harrier.Heartbeat{Engine: harrier.Engine{Name: "one"}, Active: []harrier.Activity{{Scan: 1, Batch: 2, Held: true}}})
			time.Sleep(20 * time.Millisecond)
		}
	})
	err := b.WatchBeats(ctx, func(h harrier.Heartbeat) {
		if h.Engine.Name != "one" || len(h.Active) != 1 || h.Active[0] != (harrier.Activity{Scan: 1, Batch: 2, Held: true}) {
			t.Errorf("heartbeat = %+v; want the one that was sent", h)
		}
		cancel()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("WatchBeats = %v; want a heartbeat", err)
	}
	sender.Wait()
}

func doneAfter(t *testing.T, b Bus) {
	put(t, b, result(1, 1), result(1, 2), result(1, 3))
	ctx, cancel := context.WithCancel(t.Context())
	var console sync.WaitGroup
	defer console.Wait()
	defer cancel()
	var folded atomic.Int64
	console.Go(func() {
		_ = b.ServeDone(ctx, func(context.Context, harrier.ID, int) ([]string, error) {
			return []string{fmt.Sprint(folded.Load())}, nil
		})
	})
	console.Go(func() {
		time.Sleep(300 * time.Millisecond)
		_ = b.ConsumeResults(ctx, func(_ context.Context, group []harrier.Result) error {
			time.Sleep(100 * time.Millisecond)
			folded.Add(int64(len(group)))
			return nil
		})
	})
	if got, err := b.AskDone(ctx, 1, 1); err != nil || !slices.Equal(got, []string{"3"}) {
		t.Errorf("AskDone = %v, %v; want the answer after three results", got, err)
	}
}

func done(t *testing.T, b Bus) {
	if _, err := b.AskDone(t.Context(), 1, 2); harrier.KindOf(err) != harrier.Unavailable {
		t.Errorf("AskDone with no console = %v; want Unavailable", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var console sync.WaitGroup
	console.Go(func() {
		_ = b.ServeDone(ctx, func(_ context.Context, scan harrier.ID, batch int) ([]string, error) {
			if scan == 9 {
				return nil, harrier.Errorf(harrier.NotFound, "no scan 9")
			}
			return []string{fmt.Sprintf("a|%d.%d", scan, batch)}, nil
		})
	})
	defer console.Wait()
	defer cancel()
	var got []string
	err := errors.New("not asked")
	for end := time.Now().Add(soon); err != nil && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		got, err = b.AskDone(t.Context(), 1, 2)
	}
	if err != nil || !slices.Equal(got, []string{"a|1.2"}) {
		t.Errorf("AskDone(1, 2) = %v, %v; want [a|1.2]", got, err)
	}
	if got, err := b.AskDone(t.Context(), 9, 1); err == nil {
		t.Errorf("AskDone(9, 1) = %v; want an error", got)
	}
}

func properties(t *testing.T, b Bus) {
	one, other := harrier.UUID{1}, harrier.UUID{2}
	if _, err := b.AskProperties(t.Context(), one); harrier.KindOf(err) != harrier.Unavailable {
		t.Errorf("AskProperties with no console = %v; want Unavailable", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var console sync.WaitGroup
	console.Go(func() {
		_ = b.ServeProperties(ctx, func(_ context.Context, engine harrier.UUID) (map[string]string, error) {
			if engine == other {
				return nil, harrier.Errorf(harrier.NotFound, "no such engine")
			}
			return map[string]string{"harrier.parallel": "2"}, nil
		})
	})
	defer console.Wait()
	defer cancel()
	var got map[string]string
	err := errors.New("not asked")
	for end := time.Now().Add(soon); err != nil && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		got, err = b.AskProperties(t.Context(), one)
	}
	if err != nil || len(got) != 1 || got["harrier.parallel"] != "2" {
		t.Errorf("AskProperties = %v, %v; want harrier.parallel 2", got, err)
	}
	if got, err := b.AskProperties(t.Context(), other); err == nil {
		t.Errorf("AskProperties of another = %v; want an error", got)
	}
}

func dropScan(t *testing.T, b Bus) {
	publish(t, b, "", job(1, 1), job(2, 1), job(1, 2))
	put(t, b, result(1, 1), result(2, 2), result(1, 3))
	if err := b.SetCommand(t.Context(), 1, harrier.Stop); err != nil {
		t.Fatalf("SetCommand = %v", err)
	}
	if err := b.SetCommand(t.Context(), 2, harrier.Pause); err != nil {
		t.Fatalf("SetCommand = %v", err)
	}
	if err := b.DropScan(t.Context(), 1); err != nil {
		t.Fatalf("DropScan = %v", err)
	}
	d := fetch(t, b, "")
	if d.Job.Scan != 2 {
		t.Errorf("FetchJob = a job of scan %d; want one of scan 2", d.Job.Scan)
	}
	ack(t, d)
	none(t, b, 300*time.Millisecond)
	if got, want := take(t, b, 1, agree), []int{2}; !slices.Equal(got, want) {
		t.Errorf("ConsumeResults = %v; want %v", got, want)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_ = b.WatchCommands(ctx, func(scan harrier.ID, _ harrier.Command) {
		if scan != 2 {
			t.Errorf("WatchCommands told of scan %d; want of scan 2 only", scan)
		}
		cancel()
	})
}
