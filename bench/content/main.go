// Command content measures the knowledge base: how fast records become one, what
// memory and room that takes, how long an update and the look-ups last.
//
//	go run ./bench/content              # 250,000 records
//	go run ./bench/content -n 50000 -keep /tmp/content.db
//
// The records are like those of the published sets in ../shared/data (CVE
// records and advisories, with other numbers so that there are enough), or made
// up where those are absent.
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content"
)

func main() {
	n := flag.Int("n", 250_000, "records")
	keep := flag.String("keep", "", "keep the base in this file")
	data := flag.String("data", filepath.Join("..", "shared", "data"), "the folder of the published sets")
	flag.Parse()
	if err := run(*n, *keep, *data); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(n int, keep, data string) error {
	path := keep
	if path == "" {
		folder, err := os.MkdirTemp("", "content-bench-*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder)
		path = filepath.Join(folder, "content.db")
	}
	w, err := newWorld(data)
	if err != nil {
		return err
	}
	fmt.Printf("%d CVE records and %d advisories to go by (%s)\n", len(w.cves), len(w.advisories), w.from)
	if err := build(path, w, n); err != nil {
		return err
	}
	if err := update(path, w, n); err != nil {
		return err
	}
	return lookups(path, w)
}

func build(path string, w *world, n int) error {
	runtime.GC()
	before := peakRSS()
	start := time.Now()
	b, err := content.NewBuilder(path, content.Options{})
	if err != nil {
		return err
	}
	for i := range n {
		class, r := w.record(i)
		if err := b.Add(class, r); err != nil {
			return err
		}
	}
	added := time.Since(start)
	if err := b.Finish(content.Info{}); err != nil {
		return err
	}
	took := time.Since(start)
	size, err := os.Stat(path)
	if err != nil {
		return err
	}
	fmt.Printf("build     %d records in %.1f s (%.1f s until the last was added), %.0f records/s\n", n, took.Seconds(), added.Seconds(), float64(n)/took.Seconds())
	fmt.Printf("memory    %d MiB at most, of which %d MiB before\n", peakRSS()>>20, before>>20)
	fmt.Printf("file      %d MiB\n", size.Size()>>20)
	return nil
}

func update(path string, w *world, n int) error {
	next := path + ".next"
	defer os.Remove(next)
	start := time.Now()
	var begun time.Duration
	touched, keys, err := content.Update(path, next, func(b *content.Builder) error {
		begun = time.Since(start)
		for i := range 100 {
			class, r := w.record(i * (n / 100))
			r.Details += " Changed."
			if len(r.Affected) > 0 {
				r.Affected[0].Fixed = "99.9"
			}
			if err := b.Add(class, r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Printf("update    100 records in %.2f s, the copy took %.2f s of it; %d vulnerabilities touched, %d keys changed\n",
		time.Since(start).Seconds(), begun.Seconds(), len(touched), len(keys))
	return nil
}

func lookups(path string, w *world) error {
	start := time.Now()
	base, err := content.Open(path)
	if err != nil {
		return err
	}
	defer base.Close()
	fmt.Printf("open      %s\n", time.Since(start).Round(time.Microsecond))
	start = time.Now()
	total := 0
	for _, f := range base.Families() {
		total += f.Count
	}
	first, err := base.Family("Misc.", 0, 100)
	if err != nil {
		return err
	}
	fmt.Printf("families  %d vulnerabilities; the first %d of Misc. in %s\n", total, len(first), time.Since(start).Round(time.Microsecond))
	r := rand.New(rand.NewPCG(1, 2))
	for _, kind := range []string{"cpe", "pkg", "maker"} {
		keys := w.keys(kind)
		if err := measure(kind+" key", len(keys), r, func(i int) error {
			_, err := base.Statements(keys[i])
			return err
		}); err != nil {
			return err
		}
	}
	ids := w.ids()
	if err := measure("id", len(ids), r, func(i int) error {
		_, _, err := base.Vulnerability(ids[i])
		return err
	}); err != nil {
		return err
	}
	return measure("CVE name", len(ids), r, func(i int) error {
		_, _, err := base.Number(ids[i].CVE())
		return err
	})
}

// measure asks for up to 2,000 things for the first time, and again.
func measure(what string, n int, r *rand.Rand, ask func(i int) error) error {
	if n == 0 {
		return nil
	}
	order := r.Perm(n)[:min(n, 2000)]
	for _, round := range []string{"first", "again"} {
		times := make([]time.Duration, 0, len(order))
		for _, i := range order {
			start := time.Now()
			if err := ask(i); err != nil {
				return err
			}
			times = append(times, time.Since(start))
		}
		slices.Sort(times)
		fmt.Printf("%-9s %s: median %v, 99 %% within %v, slowest %v\n", what, round, times[len(times)/2], times[len(times)*99/100], times[len(times)-1])
	}
	return nil
}

// ids are the numbers of the world's CVEs.
func (w *world) ids() []harrier.VulnID {
	out := make([]harrier.VulnID, 0, len(w.seen))
	for id := range w.seen {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}
