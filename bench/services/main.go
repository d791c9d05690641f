// Command services measures how well and how fast Harrier and other programs
// identify services: real servers from Debian packages at one address of a
// network of their own, every program by turns in random order.
//
//	go run ./bench/services                                      root, Linux, Debian 12; installs the servers in a tree of their own
//	go run ./bench/services -markdown docs/performance.md
//
// Nothing leaves the machine: the servers run in a network namespace without a
// way out. The tree (some 2 GB) stays below -dir for the next run.
package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/harrier-scan/harrier/bench/measure"
	"github.com/harrier-scan/harrier/test/netbed"
)

//go:embed services.sh
var script []byte

type options struct {
	dir, bin string
	rounds   int
	limit    time.Duration
	peers    []string
}

func main() {
	var o options
	flag.StringVar(&o.dir, "dir", filepath.Join(os.TempDir(), "harrier-bench-services"), "folder for the servers' tree; it stays")
	flag.StringVar(&o.bin, "harrier", "", "a harrier that is built already")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds")
	flag.DurationVar(&o.limit, "limit", 5*time.Minute, "end a run after this time")
	only := flag.String("peer", "", "peers, separated by commas; all when empty")
	page := flag.String("markdown", "", "write the tables to this file, between its two marks when it has them")
	flag.Parse()
	if *only != "" {
		o.peers = strings.Split(*only, ",")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	runs, err := measureAll(ctx, o)
	if len(runs) > 0 {
		text := report(runs)
		fmt.Print(text)
		if *page != "" {
			err = errors.Join(err, measure.WritePage(*page, "bench/services", "\n"+text+"\n"))
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "services:", err)
		os.Exit(1) //nolint:gocritic // all is ended by then
	}
}

// address is where the servers listen: local to the target of package netbed.
const address = "10.77.1.1"

func measureAll(ctx context.Context, o options) (runs []run, err error) {
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return nil, err
	}
	if o.bin == "" {
		o.bin = filepath.Join(o.dir, "harrier")
		if err := netbed.Build(ctx, o.bin); err != nil {
			return nil, err
		}
	}
	file := filepath.Join(o.dir, "services.sh")
	if err := os.WriteFile(file, script, 0o755); err != nil {
		return nil, err
	}
	if err := command(exec.CommandContext(ctx, "bash", file, "install", o.dir)); err != nil {
		return nil, err
	}
	bed, err := netbed.New(ctx, netbed.Options{Name: "hbs", Quiet: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, bed.Close()) }()
	defer func() {
		err = errors.Join(err, command(bed.TargetCommand(context.WithoutCancel(ctx), "bash", file, "stop", o.dir)))
	}()
	if err := command(bed.TargetCommand(ctx, "bash", file, "start", o.dir, address)); err != nil {
		return nil, err
	}
	listening, err := listeners(ctx, bed)
	if err != nil {
		return nil, err
	}
	services, err := truth(ctx, filepath.Join(o.dir, "tree"), listening)
	if err != nil {
		return nil, err
	}
	return measurePeers(ctx, o, bed, services)
}

// command runs cmd, and shows what it says.
func command(cmd *exec.Cmd) error {
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	return nil
}

// listeners are the TCP ports on which something listens in the target.
func listeners(ctx context.Context, bed *netbed.Bed) (map[uint16]bool, error) {
	out, err := bed.TargetCommand(ctx, "ss", "-Htln").Output()
	if err != nil {
		return nil, err
	}
	ports := map[uint16]bool{}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) < 4 {
			continue
		}
		if n, err := strconv.ParseUint(f[3][strings.LastIndexByte(f[3], ':')+1:], 10, 16); err == nil {
			ports[uint16(n)] = true
		}
	}
	return ports, nil
}

func measurePeers(ctx context.Context, o options, bed *netbed.Bed, services []service) ([]run, error) {
	var list []string
	for _, s := range services {
		list = append(list, strconv.Itoa(int(s.port)))
	}
	j := job{ports: strings.Join(list, ","), out: filepath.Join(o.dir, "results")}
	var in []peer
	for _, p := range peers {
		if len(o.peers) > 0 && !slices.Contains(o.peers, p.name) {
			continue
		}
		if p.program == "" {
			p.program = o.bin
		} else if _, err := exec.LookPath(p.program); err != nil {
			if found := filepath.Join(os.Getenv("BENCH_BIN"), p.program); exists(found) {
				p.program = found
			} else {
				fmt.Fprintf(os.Stderr, "%s is not installed: left out\n", p.name)
				continue
			}
		}
		in = append(in, p)
	}
	var runs []run
	for round := range o.rounds {
		rand.Shuffle(len(in), func(a, b int) { in[a], in[b] = in[b], in[a] })
		for _, p := range in {
			_ = os.Remove(j.out)
			limited, cancel := context.WithTimeout(ctx, o.limit)
			cmd := bed.Command(limited, p.program, p.args(j)...)
			cmd.Dir = o.dir
			use, fault := measure.Watch(cmd)
			cancel()
			if ctx.Err() != nil {
				return runs, ctx.Err()
			}
			text, err := os.ReadFile(j.out)
			told, err2 := p.read(bytes.NewReader(text))
			r := run{peer: p.name, Use: use, fault: fault, score: judge(services, told)}
			if err := errors.Join(err, err2); err != nil && fault == "" {
				r.fault = err.Error()
			}
			fmt.Fprintf(os.Stderr, "round %d: %s %.2f s, %s %s\n", round+1, p.name, use.Wall, r.score.text(), r.fault)
			runs = append(runs, r)
		}
	}
	return runs, nil
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
