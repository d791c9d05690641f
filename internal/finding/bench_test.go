package finding

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// BenchmarkFold folds hosts with 50 observations and five services each, as an
// engine sends them, into a SQLite file that syncs each commit. The first scan
// opens findings, those that follow see them again. The findings are kept in
// memory too, as the console does, or not.
func BenchmarkFold(b *testing.B) {
	b.Run("store", func(b *testing.B) { benchmarkFold(b, false) })
	b.Run("view", func(b *testing.B) { benchmarkFold(b, true) })
}

func benchmarkFold(b *testing.B, view bool) {
	const perHost, hosts = 50, 1000
	db, err := store.Open(b.Context(), filepath.Join(b.TempDir(), "bench.db"))
	must(b, err)
	b.Cleanup(func() { _ = db.Close() })
	if view {
		ctx, stop := context.WithCancel(b.Context())
		done := make(chan error, 1)
		go func() { done <- db.KeepView(ctx, slog.New(slog.DiscardHandler)) }()
		b.Cleanup(func() {
			stop()
			must(b, <-done)
		})
		for !db.ViewState().Ready {
			time.Sleep(time.Millisecond)
		}
	}
	r := New(Config{Store: db, Catalog: catalog{}, Now: func() time.Time { return day.AddDate(1, 0, 0) }})
	checks := make([]harrier.VulnID, 800)
	for i := range checks {
		checks[i] = harrier.VulnID(i + 1)
	}
	at, next := day, 0
	var sc harrier.Scan
	var group []harrier.Result
	for b.Loop() {
		if next%hosts == 0 {
			at = at.Add(time.Hour)
			sc = begin(b, db, at, checks, "10.0.0.0/16")
		}
		group = append(group, benchHost(sc.ID, next%hosts, perHost, at)...)
		if next++; len(group) >= 250 {
			fold(b, r, group...)
			group = group[:0]
		}
	}
	b.ReportMetric(float64(perHost)*float64(b.N)/b.Elapsed().Seconds(), "observations/s")
}

func benchHost(scan harrier.ID, n, observations int, at time.Time) []harrier.Result {
	h := hostAt(fmt.Sprintf("10.0.%d.%d", n/250, n%250+1), at)
	say := func(r harrier.Result) harrier.Result { r.Scan, r.Batch, r.Attempt = scan, n/16+1, 1; return r }
	out := []harrier.Result{say(harrier.Result{Host: h})}
	var services []harrier.Service
	c := &harrier.Coverage{Alive: true, Complete: true, Ports: harrier.Ports{TCP: harrier.DefaultPorts.TCP}}
	for i := range 5 {
		e := tcp(uint16(8000 + i))
		services = append(services, harrier.Service{Endpoint: e, Name: "http", Product: "nginx", Version: "1.24.0", Facts: map[string]string{"http.status": "200"}})
		c.Open = append(c.Open, harrier.Open{Endpoint: e, Known: true})
	}
	out = append(out, say(harrier.Result{Host: h, Services: services}))
	for from := 0; from < observations; from += 10 {
		var list []harrier.Observation
		for i := from; i < from+10; i++ {
			o := observation(harrier.VulnID(1+(n*7+i*13)%800), uint16(8000+i%5), at)
			o.Evidence = "the service answered without being asked for a password: version 1.24.0, mode standalone"
			list = append(list, o)
		}
		out = append(out, say(harrier.Result{Host: h, Observations: list}))
	}
	return append(out, say(harrier.Result{Host: ends(h, time.Minute), Coverage: c}))
}
