package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/console"
)

type scanCommand struct {
	Targets  []string `arg:"" help:"Addresses, nets, ranges, names, files with such, or - for standard input."`
	Ports    string   `short:"p" default:"default" placeholder:"PORTS" help:"Ports such as 22,80-443,T:8080,U:53; default or all."`
	Policy   string   `default:"basic" placeholder:"NAME" help:"Template (basic, advanced, discovery, webapp …) or a JSON file with settings and checks."`
	Exclude  []string `placeholder:"TARGET" help:"Targets to leave out."`
	Format   string   `short:"f" default:"table" enum:"table,json,nessus,csv,sarif" help:"table, json, nessus, csv or sarif."`
	Output   string   `short:"o" placeholder:"FILE" help:"Write the results there instead of to standard output."`
	FailOn   string   `placeholder:"SEVERITY" help:"End with code 2 when a finding is this grave or graver."`
	Rate     int      `placeholder:"N" help:"At most so many new connections a second; adaptive without."`
	Safe     bool     `help:"Only checks that can not disturb the target. This is the default; it overrides a policy that says otherwise."`
	NoPing   bool     `help:"Take every target as alive."`
	UDP      bool     `name:"udp" help:"Scan UDP ports too."`
	Progress string   `default:"auto" enum:"auto,always,never" help:"Show progress on standard error: auto, always or never."`
	Verbose  bool     `short:"v" help:"Log what happens."`
}

// Run scans and prints what it found.
func (c scanCommand) Run(ctx context.Context, s streams) error {
	threshold := harrier.Severity(0)
	if c.FailOn != "" {
		var err error
		if threshold, err = harrier.ParseSeverity(c.FailOn); err != nil {
			return harrier.Invalidf("fail-on", "%s", harrier.MessageOf(err))
		}
	}
	targets, err := collect(c.Targets, s.in)
	if err != nil {
		return err
	}
	exclude, err := collect(c.Exclude, s.in)
	if err != nil {
		return err
	}
	out, finish, err := c.open(s)
	if err != nil {
		return err
	}
	level := slog.LevelError
	if c.Verbose {
		level = slog.LevelDebug
	}
	show := newProgress(s.err, c.Progress)
	defer show.clear()
	var worst harrier.Counts
	err = console.ScanOnce(ctx, console.LocalScan{
		Targets: targets, Exclude: exclude, Ports: c.Ports, Policy: c.Policy, RatePPS: c.Rate,
		Safe: c.Safe, NoPing: c.NoPing, UDP: c.UDP, Version: version(),
		Log: slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: level})), Progress: show.update,
	}, func(ctx context.Context, r console.LocalResult) error {
		show.clear()
		worst = r.Scan.Present
		return r.Write(ctx, out, c.Format, lookOf(out))
	})
	show.clear()
	if err := errors.Join(err, finish(err == nil)); err != nil {
		return err
	}
	if c.FailOn != "" {
		if sev, any := worst.Worst(); any && sev >= threshold {
			return exitCode{2, fmt.Errorf("findings of severity %s", sev)}
		}
	}
	if ctx.Err() != nil {
		return exitCode{1, errInterrupted} // a pipeline must not take it for a clean scan
	}
	return nil
}

var errInterrupted = errors.New("interrupted: the results are not complete")

// open returns where results go and what to do at the end: a file appears
// whole or not at all; a device or a pipe is written to as it is.
func (c scanCommand) open(s streams) (io.Writer, func(ok bool) error, error) {
	if c.Output == "" || c.Output == "-" {
		return s.out, func(bool) error { return nil }, nil
	}
	if fi, err := os.Stat(c.Output); err == nil && !fi.Mode().IsRegular() {
		return c.openDevice()
	}
	f, err := os.OpenFile(c.Output+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, harrier.Invalidf("output", "%s can not be written", c.Output).Because(err)
	}
	w := bufio.NewWriter(f)
	return w, func(ok bool) error {
		err := errors.Join(w.Flush(), f.Close())
		if !ok || err != nil {
			return errors.Join(err, os.Remove(f.Name()))
		}
		return os.Rename(f.Name(), c.Output)
	}, nil
}

// openDevice opens what can not be replaced by a file: /dev/stdout, a pipe.
func (c scanCommand) openDevice() (io.Writer, func(ok bool) error, error) {
	f, err := os.OpenFile(c.Output, os.O_WRONLY, 0)
	if err != nil {
		return nil, nil, harrier.Invalidf("output", "%s can not be written", c.Output).Because(err)
	}
	w := bufio.NewWriter(f)
	return w, func(bool) error { return errors.Join(w.Flush(), f.Close()) }, nil
}

// collect joins target arguments: a file's lines (a # starts a comment), or
// standard input for "-", or the argument itself.
func collect(args []string, stdin io.Reader) (string, error) {
	var parts []string
	for _, a := range args {
		switch fi, err := os.Stat(strings.TrimPrefix(a, "@")); {
		case a == "-":
			text, err := lines(stdin)
			if err != nil {
				return "", harrier.Invalidf("targets", "standard input can not be read").Because(err)
			}
			parts = append(parts, text)
		case err == nil && fi.Mode().IsRegular():
			f, err := os.Open(strings.TrimPrefix(a, "@"))
			if err != nil {
				return "", harrier.Invalidf("targets", "%s can not be read", a).Because(err)
			}
			text, err := lines(f)
			if err := errors.Join(err, f.Close()); err != nil {
				return "", harrier.Invalidf("targets", "%s can not be read", a).Because(err)
			}
			parts = append(parts, text)
		case strings.HasPrefix(a, "@"):
			return "", harrier.Invalidf("targets", "%s is not a file", a[1:])
		default:
			parts = append(parts, a)
		}
	}
	return strings.Join(parts, "\n"), nil
}

func lines(r io.Reader) (string, error) {
	var b strings.Builder
	in := bufio.NewScanner(io.LimitReader(r, 64<<20))
	for in.Scan() {
		line, _, _ := strings.Cut(in.Text(), "#")
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return b.String(), in.Err()
}
