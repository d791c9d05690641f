// Command rematch measures what new knowledge costs: how long a console compares
// a million stored services with it, and what that opens.
//
//	go run ./bench/rematch
//	go run ./bench/rematch -assets 20000
//
// The services are of products and versions that the builtin facts speak of, the
// more popular the more often, some with the marks of distributions. What is
// measured is finding.Room.Rematch over a SQLite file: for statements that
// changed, as an update of the content tells them, and for everything, as after
// an update that tells nothing.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/harrier-scan/harrier/bench/measure"
	"github.com/harrier-scan/harrier/internal/finding"
	"github.com/harrier-scan/harrier/internal/store"
)

func main() {
	assets := flag.Int("assets", 200_000, "assets, of five services each")
	records := flag.Int("records", 100, "new records")
	kinds := flag.Int("kinds", 3000, "kinds of services at most")
	flag.Parse()
	if err := run(context.Background(), *assets, *records, *kinds); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, assets, records, kinds int) error {
	dir, err := os.MkdirTemp("", "harrier-rematch-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary folder
	db, err := store.Open(ctx, filepath.Join(dir, "harrier.db"))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // nothing is read any more
	w, err := newWorld(dir, kinds)
	if err != nil {
		return err
	}
	fmt.Println(measure.Host())
	fmt.Printf("%d kinds of services, of %d products\n", len(w.kinds), w.products)
	room := finding.New(finding.Config{Store: db, Catalog: w, Judge: w.judge, Family: w.family})
	start := time.Now()
	targets := w.some(records)
	if err := w.fill(ctx, db, assets, targets); err != nil {
		return err
	}
	fmt.Printf("%-34s %7.2f s: %d findings of what will change\n", fmt.Sprintf("setup: %d services stored", 5*assets), time.Since(start).Seconds(), w.found)
	step := func(what string, keys []string) error {
		before := cpu()
		sum, err := room.Rematch(ctx, keys)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		fmt.Printf("%-34s %7.2f s, %5.2f s of CPU: %d subjects, %d changed; %d assets, %d findings opened, %d closed; %d MiB at most\n",
			what, sum.Took.Seconds(), (cpu() - before).Seconds(), sum.Subjects, sum.Changed, sum.Assets, sum.Opened, sum.Closed, peakRSS()>>20)
		return nil
	}
	if err := step("nothing new, everything compared", nil); err != nil {
		return err
	}
	news := func(what string, all bool) error {
		keys, err := w.learn(targets)
		if err != nil {
			return err
		}
		what = fmt.Sprintf("%s, %d keys", what, len(keys))
		if all {
			keys = nil
		}
		return step(what, keys)
	}
	if err := news(fmt.Sprintf("%d new records", records), false); err != nil {
		return err
	}
	if err := news(fmt.Sprintf("%d new records, all compared", records), true); err != nil {
		return err
	}
	if err := step("again", nil); err != nil {
		return err
	}
	return w.base.Load().Close()
}

// peakRSS is the greatest memory of this process so far, in bytes; 0 where the
// system does not tell.
func peakRSS() int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	var kib int64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		return 0
	}
	return kib << 10
}
