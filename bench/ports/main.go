// Command ports measures how Harrier finds open TCP ports beside the programs
// that people use for it, in one run: the same network, the same targets, the
// same ports, by turns in random order.
//
//	go run ./bench/ports                              # every case, three rounds
//	go run ./bench/ports -case 1x65535-rtt20 -rounds 5
//	go run ./bench/ports -json all.jsonl              # keep every run
//	go run ./bench/ports -from all.jsonl -markdown docs/performance.md
//
// It makes its own network out of namespaces (package test/netbed), so it
// needs root, Linux, ip, nft and ethtool. Peers are looked for in $BENCH_BIN and on
// PATH; what is missing is named and left out. On Debian:
//
//	apt-get install --no-install-recommends iproute2 nftables ethtool nmap masscan zmap
//
// zmap before version 4 asks one port only; a later one is used for the other
// cases when it is found under the name zmap-head. naabu is used when found.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

type options struct {
	cases  []string // by name; all when empty
	peers  []string // by name; all when empty
	rounds int
	limit  time.Duration // of one run
	ports  string        // in place of the ports of the cases with 1,000 of them
	extra  []string      // arguments of harrier
	bin    string        // a harrier that is built already
	record string        // where every run is kept
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "bare" {
		exit(bareMain(os.Args[2:]))
	}
	var o options
	list := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return r == ',' })
	}
	names := flag.String("case", "", "cases, separated by commas; all but memory when empty; list shows them")
	only := flag.String("peer", "", "peers, separated by commas; all when empty")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds of each case")
	flag.DurationVar(&o.limit, "limit", 3*time.Minute, "end a run after this time")
	flag.StringVar(&o.ports, "ports", "top1000", "the ports of the cases with 1,000 of them, as harrier scan reads them")
	extra := flag.String("extra", "", "more arguments of harrier scan, separated by blanks")
	flag.StringVar(&o.bin, "harrier", "", "a harrier that is built already")
	flag.StringVar(&o.record, "json", "", "append every run to this file, one JSON object a line")
	from := flag.String("from", "", "measure nothing: read the runs of this file")
	page := flag.String("markdown", "", "write the tables to this file: between its two marks when it has them")
	flag.Parse()
	o.cases, o.peers, o.extra = list(*names), list(*only), strings.Fields(*extra)

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(command(ctx, o, *from, *page))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "ports:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func command(ctx context.Context, o options, from, page string) error {
	if slices.Contains(o.cases, "list") {
		for _, c := range cases() {
			fmt.Printf("%-20s %s\n", c.name, c.about)
		}
		return nil
	}
	var runs []run
	var err error
	if from != "" {
		runs, err = readRuns(from)
	} else {
		runs, err = measureAll(ctx, o)
	}
	if len(runs) > 0 {
		printTables(os.Stdout, runs)
	}
	if err == nil && page != "" {
		err = writePage(page, runs)
	}
	return err
}

// measureAll measures every case that is asked for. What was measured before
// an error is returned with it.
func measureAll(ctx context.Context, o options) (runs []run, err error) {
	dir, err := os.MkdirTemp("", "harrier-ports-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary folder
	s, err := newSession(ctx, o, dir)
	if err != nil {
		return nil, err
	}
	defer s.close()
	for _, c := range cases() {
		if len(o.cases) == 0 && c.rare || len(o.cases) > 0 && !slices.Contains(o.cases, c.name) {
			continue
		}
		if err := s.measureCase(ctx, c, func(r run) error {
			runs = append(runs, r)
			return keep(o.record, r)
		}); err != nil {
			return runs, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	if len(runs) == 0 {
		return nil, fmt.Errorf("no run: -case list shows the cases")
	}
	return runs, nil
}

// find looks for a program where peers are kept, then on PATH.
func find(program string) (string, bool) {
	if program == "" {
		return "", false
	}
	if path := filepath.Join(os.Getenv("BENCH_BIN"), program); os.Getenv("BENCH_BIN") != "" && executable(path) {
		return path, true
	}
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/sbin") {
		if path := filepath.Join(dir, program); executable(path) {
			return path, true
		}
	}
	return "", false
}

func executable(path string) bool {
	fi, err := os.Stat(path)
	return err == nil && fi.Mode().IsRegular() && fi.Mode().Perm()&0o111 != 0
}
