package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// spread is a median and the ends.
type spread struct{ median, low, high float64 }

func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{math.NaN(), math.NaN(), math.NaN()}
	}
	v := slices.Sorted(slices.Values(values))
	return spread{(v[(len(v)-1)/2] + v[len(v)/2]) / 2, v[0], v[len(v)-1]}
}

func (s spread) text(format string) string {
	if math.IsNaN(s.median) {
		return "-"
	}
	if fmt.Sprintf(format, s.low) == fmt.Sprintf(format, s.high) {
		return fmt.Sprintf(format, s.median)
	}
	return fmt.Sprintf(format+" ("+format+"..", s.median, s.low) + fmt.Sprintf(format+")", s.high)
}

// results are the runs of one case.
type results struct {
	scenario
	runs []run
}

// byCase sorts runs into the cases that have any.
func byCase(runs []run) []results {
	var all []results
	for _, c := range cases() {
		of := results{scenario: c}
		for _, r := range runs {
			if r.Case == c.name {
				of.runs = append(of.runs, r)
			}
		}
		if len(of.runs) > 0 {
			all = append(all, of)
		}
	}
	return all
}

// of returns the runs of one peer.
func (r results) of(name string) []run {
	var list []run
	for _, one := range r.runs {
		if one.Peer == name {
			list = append(list, one)
		}
	}
	return list
}

// over is a value of every run of a peer.
func (r results) over(name string, value func(run) float64) spread {
	var v []float64
	for _, one := range r.of(name) {
		v = append(v, value(one))
	}
	return spreadOf(v)
}

// ratio is a value of peer a over that of peer b, round by round: what
// disturbs a round disturbs both. A run with a fault counts only as the upper
// part, and only when it was stopped: its time is then more than that.
func (r results) ratio(a, b string, value func(run) float64) spread {
	var v []float64
	for _, x := range r.of(a) {
		for _, y := range r.of(b) {
			fit := y.Fault == "" && (x.Fault == "" || x.stopped())
			if fit && x.Round == y.Round && value(y) > 0 {
				v = append(v, value(x)/value(y))
			}
		}
	}
	return spreadOf(v)
}

func wall(r run) float64   { return r.Wall }
func cpu(r run) float64    { return r.CPU }
func frames(r run) float64 { return float64(r.Frames) / float64(max(1, r.Probes)) }
func rss(r run) float64    { return float64(r.RSS) / (1 << 20) }
func falses(r run) float64 { return float64(r.False) }

// goal is something that harrier has to reach.
type goal struct {
	what  string // see measured
	peer  string // whom it is compared with, if anybody
	bound float64
}

// measured returns the value that the goal speaks of, the median where nothing
// else is said, and the goal in words.
func (g goal) measured(r results) (value spread, text string) {
	switch g.what {
	case "speed":
		return r.ratio(g.peer, harrierName, wall), fmt.Sprintf("at least %g times as fast as %s", g.bound, g.peer)
	case "slower":
		return r.ratio(harrierName, g.peer, wall), fmt.Sprintf("at most %g times the time of %s", g.bound, g.peer)
	case "cpu":
		return r.ratio(harrierName, g.peer, cpu), fmt.Sprintf("at most %g times the CPU time of %s", g.bound, g.peer)
	case "ideal":
		return r.over(harrierName, func(one run) float64 { return one.Wall * float64(r.pps) / float64(max(1, one.Probes)) }),
			fmt.Sprintf("at most %g times the ideal time", g.bound)
	case "frames":
		return r.over(harrierName, frames), fmt.Sprintf("at most %g frames a probe", g.bound)
	case "memory":
		return r.over(harrierName, rss), fmt.Sprintf("at most %g MiB of memory", g.bound)
	case "false":
		return r.over(harrierName, falses), "no port told open that is not"
	default:
		return r.over(harrierName, run.recall), fmt.Sprintf("recall at least %g", g.bound)
	}
}

// kept judges: correctness and memory by the worst run, time by the median.
func (g goal) kept(v spread) bool {
	switch g.what {
	case "speed":
		return v.median >= g.bound
	case "recall":
		return v.low >= g.bound
	case "false", "memory":
		return v.high <= g.bound
	default:
		return v.median <= g.bound
	}
}

// verdict is a word for the table. Nothing is kept by a run that failed.
func (r results) verdict(g goal, v spread) string {
	failed := slices.ContainsFunc(r.of(harrierName), func(one run) bool { return one.Fault != "" })
	switch {
	case failed:
		return "MISSED"
	case math.IsNaN(v.median):
		return "not measured"
	case g.kept(v):
		return "kept"
	default:
		return "MISSED"
	}
}

// table is rows of cells; the first is the head.
type table [][]string

func (r results) peersTable() table {
	t := table{{"program", "wall s", "times harrier's", "CPU s", "CPU µs a probe", "frames a probe", "recall", "false", "memory MiB", ""}}
	for _, p := range peers(nil) {
		runs := r.of(p.name)
		if len(runs) == 0 {
			continue
		}
		fault := ""
		for _, one := range runs {
			if one.Fault != "" {
				fault = strings.Join(strings.Fields(one.Fault), " ")
			}
		}
		t = append(t, []string{
			p.name,
			r.over(p.name, wall).text("%.2f"),
			r.ratio(p.name, harrierName, wall).text("%.2f"),
			r.over(p.name, cpu).text("%.2f"),
			r.over(p.name, func(one run) float64 { return one.CPU * 1e6 / float64(max(1, one.Probes)) }).text("%.1f"),
			r.over(p.name, frames).text("%.2f"),
			r.over(p.name, run.recall).text("%.5f"),
			r.over(p.name, falses).text("%.0f"),
			r.over(p.name, rss).text("%.0f"),
			fault,
		})
	}
	return t
}

func (r results) goalsTable() table {
	t := table{{"goal", "measured", ""}}
	for _, g := range r.goals {
		v, text := g.measured(r)
		t = append(t, []string{text, v.text("%.4g"), r.verdict(g, v)})
	}
	return t
}

// title says what was measured.
func (r results) title() string {
	first, rounds := r.runs[0], 0
	for _, one := range r.runs {
		rounds = max(rounds, len(r.of(one.Peer)))
	}
	return fmt.Sprintf("%s: %s; %d probes, %d open, %d rounds, %s", r.name, r.about, first.Probes, first.Truth, rounds, first.At.Format("2006-01-02 15:04"))
}
