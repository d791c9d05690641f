package bus_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/bus"
)

// What was stored survives the end of the server, and what is published again
// after the start is neither doubled nor refused.
func TestServerRestart(t *testing.T) {
	t.Parallel()
	config := bus.Config{Dir: t.TempDir()}
	s := serve(t, config)
	c := connect(t, s)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for batch := 1; batch <= 3; batch++ {
		must(c.PublishJob(t.Context(), "", harrier.Job{Scan: 7, Batch: batch}))
	}
	d, err := c.FetchJob(t.Context(), "")
	must(err)
	must(d.Ack(t.Context()))
	for seq := 1; seq <= 3; seq++ {
		must(c.PublishResult(t.Context(), harrier.Result{Scan: 7, Batch: 1, Attempt: 1, Seq: seq}))
	}
	must(c.SetCommand(t.Context(), 7, harrier.Pause))
	s.Close()

	c = connect(t, serve(t, config))
	for batch := 1; batch <= 3; batch++ { // the console publishes what is not done in its store
		must(c.PublishJob(t.Context(), "", harrier.Job{Scan: 7, Batch: batch}))
	}
	must(c.PublishResult(t.Context(), harrier.Result{Scan: 7, Batch: 1, Attempt: 1, Seq: 3}))
	batches := map[int]int{}
	for range 3 {
		d, err := c.FetchJob(t.Context(), "")
		must(err)
		batches[d.Job.Batch]++
		if want := d.Job.Batch != 1; d.Job.Again != want {
			t.Errorf("batch %d may have been handed out before: %t; want %t", d.Job.Batch, d.Job.Again, want)
		}
	}
	if len(batches) != 3 {
		t.Errorf("batches after the restart = %v; want 1, 2, 3, each once", batches)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var seqs []int
	_ = c.ConsumeResults(ctx, func(_ context.Context, group []harrier.Result) error {
		for _, r := range group {
			seqs = append(seqs, r.Seq)
		}
		if len(seqs) >= 3 { // and whatever else there is
			time.AfterFunc(500*time.Millisecond, cancel)
		}
		return nil
	})
	if len(seqs) != 3 || seqs[2] != 3 {
		t.Errorf("results after the restart = %v; want 1, 2, 3", seqs)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	err = c.WatchCommands(ctx, func(scan harrier.ID, c harrier.Command) {
		if scan != 7 || c != harrier.Pause {
			t.Errorf("command after the restart = %s of scan %d; want pause of 7", c, scan)
		}
		cancel()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("WatchCommands after the restart = %v; want the pause", err)
	}
}

func TestServeRefuses(t *testing.T) {
	for _, test := range []struct {
		config bus.Config
		want   harrier.Kind
	}{
		{bus.Config{}, harrier.Invalid},
		{bus.Config{Dir: "/proc/no/such/folder"}, harrier.Unavailable},
	} {
		if s, err := bus.Serve(t.Context(), test.config); harrier.KindOf(err) != test.want {
			t.Errorf("Serve(%+v) = %v, %v; want %v", test.config, s, err, test.want)
		}
	}
}

func BenchmarkResults(b *testing.B) {
	s, err := bus.Serve(b.Context(), bus.Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	c, err := s.Connect(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	var consuming sync.WaitGroup
	got := 0
	consuming.Go(func() {
		_ = c.ConsumeResults(ctx, func(_ context.Context, group []harrier.Result) error {
			if got += len(group); got >= b.N {
				cancel()
			}
			return nil
		})
	})
	evidence := strings.Repeat("x", 400)
	var publishing sync.WaitGroup
	const publishers = 4
	for p := range publishers {
		publishing.Go(func() {
			for n := p; n < b.N; n += publishers {
				_ = c.PublishResult(ctx, harrier.Result{
					Scan: 1, Batch: p, Attempt: 1, Seq: n,
					Observations: []harrier.Observation{{Vulnerability: 1, Evidence: evidence}},
				})
			}
		})
	}
	publishing.Wait()
	consuming.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "results/s")
}
