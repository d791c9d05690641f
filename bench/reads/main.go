// Command reads measures questions about many findings: the store with its copy
// in memory, on SQLite and on PostgreSQL, beside hand-written SQL on PostgreSQL
// over the same data in the same run.
//
//	scripts/with-postgres.sh go run ./bench/reads -n 1000000 -assets 10000
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// result is what one read took, in milliseconds.
type result struct {
	Read     string  `json:"read"`
	On       string  `json:"on"` // "sqlite", "postgres", "sql"
	Findings int     `json:"findings"`
	Median   float64 `json:"median_ms"`
	P95      float64 `json:"p95_ms"`
	CPU      float64 `json:"cpu_ms"` // of this process for one, on all cores
}

type options struct {
	world
	rounds, slow int
	json         bool
	without      bool
	search, both bool
	table        *table // of the searches, for docs/performance.md
	profile      string
}

func main() {
	var o options
	flag.IntVar(&o.findings, "n", 1_000_000, "findings")
	flag.IntVar(&o.assets, "assets", 10_000, "assets")
	flag.IntVar(&o.vulns, "vulns", 20_000, "vulnerabilities")
	flag.IntVar(&o.rounds, "rounds", 40, "how often every read is measured")
	flag.IntVar(&o.slow, "sql-rounds", 5, "how often every hand-written one is; 0: not")
	flag.BoolVar(&o.json, "json", false, "print a JSON object for each read")
	flag.BoolVar(&o.without, "without", false, "also measure the store without its copy in memory")
	dir := flag.String("dir", "", "folder for the SQLite file, which is used again when it is there; a temporary one if empty")
	flag.BoolVar(&o.search, "search", false, "measure the search language, changes and walks instead")
	flag.BoolVar(&o.both, "both", false, "measure what -search measures too, on the same data")
	only := flag.String("only", "", "sqlite, postgres, or memory, which needs no database; the first two if empty")
	profile := flag.String("cpuprofile", "", "file for a CPU profile of reading into memory and of the reads from there")
	flag.Parse()
	o.profile, o.table = *profile, new(table)
	if err := run(context.Background(), o, *dir, *only); err != nil {
		fmt.Fprintln(os.Stderr, "reads:", err)
		os.Exit(1)
	}
	if (o.search || o.both) && !o.json {
		fmt.Print(o.table)
	}
}

func run(ctx context.Context, o options, dir, only string) error {
	if dir == "" {
		made, err := os.MkdirTemp("", "harrier-reads-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(made) }() // a temporary folder
		dir = made
	}
	if only == "memory" {
		return o.memory(ctx)
	}
	if only != "postgres" {
		if err := o.measure(ctx, "sqlite", filepath.Join(dir, "reads.db"), nil); err != nil {
			return err
		}
		runtime.GC()
	}
	server := os.Getenv("HARRIER_TEST_POSTGRES")
	if server == "" || only == "sqlite" {
		return nil
	}
	address, db, drop, err := schema(ctx, server)
	if err != nil {
		return err
	}
	defer drop()
	return o.measure(ctx, "postgres", address, db)
}

func (o options) measure(ctx context.Context, on, dsn string, direct *sql.DB) error {
	db, err := store.Open(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // the data go with it
	begin := time.Now()
	w := o.world
	there, err := db.CountFindings(ctx, is("state", harrier.Eq, "open"))
	if err != nil {
		return err
	}
	if there.Total() == 0 { // else the folder is of an earlier run
		if err := w.fill(ctx, db, direct); err != nil {
			return fmt.Errorf("fill: %w", err)
		}
		o.say("%s: %d findings on %d assets written in %.1f s", on, o.findings, o.assets, time.Since(begin).Seconds())
	}
	if o.search {
		return o.searches(ctx, on, db)
	}
	reads := w.reads()
	if o.without {
		for _, r := range reads {
			if err := o.time(ctx, on+" alone", r.name, o.slow, func(n int) error { return r.store(ctx, db, n) }); err != nil {
				return err
			}
		}
	}
	if o.profile != "" {
		f, err := os.Create(o.profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	stop := sync.OnceFunc(o.keep(ctx, on, db))
	defer stop()
	for _, r := range reads {
		if err := o.time(ctx, on, r.name, o.rounds, func(n int) error { return r.store(ctx, db, n) }); err != nil {
			return err
		}
		if direct == nil || o.slow == 0 {
			continue
		}
		conn, err := direct.Conn(ctx)
		if err != nil {
			return err
		}
		err = o.time(ctx, "sql", r.name, o.slow, func(n int) error {
			text, args := r.sql(n)
			return ask(ctx, conn, text, args)
		})
		_ = conn.Close() // back into the pool
		if err != nil {
			return err
		}
	}
	state := db.ViewState()
	o.say("%s: %d questions answered from memory, %d by SQL", on, state.Answers, state.Passed)
	stop()
	if !o.both {
		return nil
	}
	return o.searches(ctx, on, db)
}

// memory asks the copy alone.
func (o options) memory(ctx context.Context) error {
	before, begin := heap(), time.Now()
	w := o.world
	v, err := w.view()
	if err != nil {
		return err
	}
	used := heap() - before
	o.say("memory: %d findings made in %.1f s, %d MB, %.1f bytes a finding; the process %s", o.findings, time.Since(begin).Seconds(), used>>20,
		float64(used)/float64(o.findings), resident())
	for _, r := range w.reads() {
		if err := o.time(ctx, "memory", r.name, o.rounds, func(n int) error { return r.view(v, n) }); err != nil {
			return err
		}
	}
	return nil
}

// keep waits until the findings are in memory, and tells what that took.
func (o options) keep(ctx context.Context, on string, db *store.DB) (stop func()) {
	before := heap()
	begin, worked := time.Now(), cpu()
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- db.KeepView(ctx, slog.New(slog.DiscardHandler)) }()
	for !db.ViewState().Ready {
		time.Sleep(10 * time.Millisecond)
	}
	took := time.Since(begin)
	worked = cpu() - worked
	used := heap() - before
	o.say("%s: in memory after %.1f s, %.1f s of CPU, %d MB, %.1f bytes a finding; the process %s", on, took.Seconds(), worked.Seconds(), used>>20, float64(used)/float64(o.findings), resident())
	return func() {
		cancel()
		<-done
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// resident is how much memory the process has, and had at most.
func resident() string {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "?"
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "VmRSS") || strings.HasPrefix(line, "VmHWM") {
			out = append(out, strings.Join(strings.Fields(line), " "))
		}
	}
	return strings.Join(out, ", ")
}

func (o options) time(ctx context.Context, on, name string, rounds int, once func(round int) error) error {
	if err := once(0); err != nil { // warm
		return fmt.Errorf("%s on %s: %w", name, on, err)
	}
	took := make([]float64, rounds)
	before := cpu()
	for n := range took {
		begin := time.Now()
		if err := once(n + 1); err != nil {
			return fmt.Errorf("%s on %s: %w", name, on, err)
		}
		took[n] = float64(time.Since(begin).Microseconds()) / 1000
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	used := float64((cpu() - before).Microseconds()) / 1000 / float64(rounds)
	slices.Sort(took)
	r := result{name, on, o.findings, took[len(took)/2], took[(len(took)*95+99)/100-1], used}
	o.table.put(name, on, fmt.Sprintf("%.0f", r.P95))
	if o.json {
		return json.NewEncoder(os.Stdout).Encode(r)
	}
	fmt.Printf("%-15s %-70s median %8.1f ms  p95 %8.1f ms  CPU %7.1f ms\n", r.On, r.Read, r.Median, r.P95, r.CPU)
	return nil
}

func (o options) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
}

// schema makes a schema for the measurement and returns how to drop it.
func schema(ctx context.Context, server string) (address string, db *sql.DB, drop func(), err error) {
	const name = "harrier_reads"
	u, err := url.Parse(server)
	if err != nil {
		return "", nil, nil, err
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	plain := u.String()
	q.Set("jit", "off")
	q.Set("work_mem", "64MB")
	u.RawQuery = q.Encode()
	if db, err = sql.Open("pgx", u.String()); err != nil {
		return "", nil, nil, err
	}
	if _, err := db.ExecContext(ctx, "CREATE SCHEMA "+name); err != nil {
		return "", nil, nil, fmt.Errorf("make the schema %s: %w", name, err)
	}
	return plain, db, func() {
		if _, err := db.ExecContext(ctx, "DROP SCHEMA "+name+" CASCADE"); err != nil {
			fmt.Fprintln(os.Stderr, "the schema stays:", err)
		}
		_ = db.Close() // the last use
	}, nil
}
