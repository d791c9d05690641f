// Command store measures package store: how many observations a second are
// folded into a database, and how long typical reads take over what is there
// then. It runs on SQLite in a temporary folder, and on the PostgreSQL at
// HARRIER_TEST_POSTGRES if that is set.
//
//	go run ./bench/store -n 1000000 -assets 10000
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"time"

	"github.com/harrier-scan/harrier/internal/store"
)

type options struct {
	findings, assets, vulns int
	group                   int // hosts in one transaction
	scans                   int // up to three
	rounds                  int // of every read
}

func main() {
	var o options
	flag.IntVar(&o.findings, "n", 1_000_000, "findings")
	flag.IntVar(&o.assets, "assets", 10_000, "assets")
	flag.IntVar(&o.vulns, "vulns", 20_000, "vulnerabilities")
	flag.IntVar(&o.group, "group", 32, "hosts in one transaction")
	flag.IntVar(&o.rounds, "rounds", 50, "how often every read is measured")
	flag.IntVar(&o.scans, "scans", 3, "scans of the estate, one to three")
	dir := flag.String("dir", "", "folder for the SQLite file; a temporary one if empty")
	only := flag.String("only", "", "sqlite or postgres; both if empty")
	profile := flag.String("cpuprofile", "", "file for a CPU profile")
	flag.Parse()
	if *profile != "" {
		f, err := os.Create(*profile)
		if err == nil {
			err = pprof.StartCPUProfile(f)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		defer pprof.StopCPUProfile()
	}
	if err := run(context.Background(), o, *dir, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, dir, only string) error {
	if dir == "" {
		made, err := os.MkdirTemp("", "harrier-bench-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(made) }() // a temporary folder
		dir = made
	}
	if only != "postgres" {
		file := filepath.Join(dir, "bench.db")
		if err := measure(ctx, "sqlite", file, o); err != nil {
			return err
		}
		if info, err := os.Stat(file); err == nil {
			fmt.Printf("%-9s %-48s %d MB\n", "sqlite", "file", info.Size()>>20)
		}
	}
	if server := os.Getenv("HARRIER_TEST_POSTGRES"); server != "" && only != "sqlite" {
		address, drop, err := schema(ctx, server)
		if err != nil {
			return err
		}
		defer drop()
		return measure(ctx, "postgres", address, o)
	}
	return nil
}

func measure(ctx context.Context, name, dsn string, o options) error {
	db, err := store.Open(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // nothing is lost: each transaction is kept
	w := newWorld(db, o)
	if err := w.prepare(ctx); err != nil {
		return err
	}
	for i, what := range []string{"first scan: all new", "second scan: all seen again", "third scan: 5% gone, 5% changed"}[:o.scans] {
		var clock watch
		n, err := w.scan(ctx, i, &clock)
		if err != nil {
			return err
		}
		took, work := clock.took, clock.work
		fmt.Printf("%-9s %-48s %8.0f observations/s (%d in %.1f s, %.1f CPU-s)\n",
			name, what, float64(n)/took.Seconds(), n, took.Seconds(), work.Seconds())
	}
	for _, r := range w.reads() {
		times := make([]time.Duration, o.rounds)
		for i := range times {
			start := time.Now()
			if err := r.run(ctx, i); err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			times[i] = time.Since(start)
		}
		slices.Sort(times)
		fmt.Printf("%-9s %-48s p50 %9.3f ms   p95 %9.3f ms\n", name, r.name, ms(times[len(times)/2]), ms(times[len(times)*95/100]))
	}
	return nil
}

// watch adds up the time from each start to the next stop.
type watch struct {
	took, work time.Duration // of the clock, and of all cores
	at         time.Time
	used       time.Duration
}

func (w *watch) start() { w.at, w.used = time.Now(), cpu() }

func (w *watch) stop() { w.took, w.work = w.took+time.Since(w.at), w.work+cpu()-w.used }

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
