// Command nessusfile measures .nessus files: how fast one is read, taken over
// into the database until it is searchable and durable, and written again. It
// runs on SQLite in a temporary folder, and on the PostgreSQL at
// HARRIER_TEST_POSTGRES if that is set.
//
//	go run ./bench/nessusfile
//	go run ./bench/nessusfile -hosts 10000 -estate 1000000
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"time"

	"github.com/harrier-scan/harrier/bench/measure"
)

type options struct {
	hosts, results, plugins int
	before                  int // findings that are there before
	only, dir               string
}

func main() {
	var o options
	flag.IntVar(&o.hosts, "hosts", 1000, "hosts of the file")
	flag.IntVar(&o.results, "results", 60, "results of each host")
	flag.IntVar(&o.plugins, "plugins", 2000, "plugins that they are of")
	flag.IntVar(&o.before, "estate", 0, "findings that are there before")
	flag.StringVar(&o.only, "only", "", "file, sqlite or postgres; all if empty")
	flag.StringVar(&o.dir, "dir", "", "folder for the files; a temporary one if empty")
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
	if err := run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.dir == "" {
		made, err := os.MkdirTemp("", "harrier-bench-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(made) }() // a temporary folder
		o.dir = made
	}
	fmt.Println(measure.Host())
	w := newWorld(o)
	file, err := w.file(ctx, filepath.Join(o.dir, "first.nessus"), 0, o.hosts, week)
	if err != nil {
		return err
	}
	if o.only == "" || o.only == "file" {
		if err := w.alone(ctx, file); err != nil {
			return err
		}
	}
	if o.only == "" || o.only == "sqlite" {
		if err := w.database(ctx, "sqlite", filepath.Join(o.dir, "bench.db"), file); err != nil {
			return err
		}
	}
	if server := os.Getenv("HARRIER_TEST_POSTGRES"); server != "" && (o.only == "" || o.only == "postgres") {
		address, drop, err := schema(ctx, server)
		if err != nil {
			return err
		}
		defer drop()
		return w.database(ctx, "postgres", address, file)
	}
	return nil
}

// step measures what do does, which says how many bytes and findings it went
// through; 0 for what does not matter.
func step(name, what string, do func() (bytes, findings int64, err error)) error {
	forget()
	begin, used := time.Now(), cpu()
	bytes, findings, err := do()
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	took, work := time.Since(begin).Seconds(), (cpu() - used).Seconds()
	line := fmt.Sprintf("%-9s %-44s %6.2f s %6.2f CPU-s", name, what, took, work)
	if bytes > 0 {
		line += fmt.Sprintf(" %6.0f MB/s", float64(bytes)/1e6/took)
	}
	if findings > 0 {
		line += fmt.Sprintf(" %9.0f findings/s", float64(findings)/took)
	}
	fmt.Printf("%s %5d MiB at most\n", line, peak()>>20)
	return nil
}
