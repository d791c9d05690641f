package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier/bench/measure"
)

// goal is a figure that Harrier is held to, over all runs.
type goal struct {
	about string
	kept  func(harrier, nmap []run) (measured string, kept bool)
}

func atLeast(n int, what string, value func(score) int) goal {
	return goal{fmt.Sprintf("at least %d %s", n, what), func(h, _ []run) (string, bool) {
		least := h[0]
		for _, r := range h {
			if value(r.score) < value(least.score) {
				least = r
			}
		}
		return fmt.Sprintf("%d of %d", value(least.score), least.score.total), value(least.score) >= n
	}}
}

var goals = []goal{
	atLeast(52, "names", func(s score) int { return s.names }),
	atLeast(50, "products", func(s score) int { return s.products }),
	{"every version that the wire shows", func(h, _ []run) (string, bool) {
		least := h[0].score
		for _, r := range h {
			if r.score.versions < least.versions {
				least = r.score
			}
		}
		return fmt.Sprintf("%d of %d", least.versions, least.reachable), least.versions == least.reachable
	}},
	{"no wrong version", func(h, _ []run) (string, bool) {
		most := 0
		for _, r := range h {
			most = max(most, r.score.wrong)
		}
		return fmt.Sprint(most), most == 0
	}},
	{"at least 30 times as fast as nmap -sV", func(h, n []run) (string, bool) {
		if len(n) == 0 {
			return "not measured", false
		}
		ratio := median(n, wall) / median(h, wall)
		return fmt.Sprintf("%.1f", ratio), ratio >= 30
	}},
}

func wall(r run) float64   { return r.Wall }
func cpu(r run) float64    { return r.CPU }
func memory(r run) float64 { return float64(r.RSS) / (1 << 20) }

func median(runs []run, of func(run) float64) float64 {
	var values []float64
	for _, r := range runs {
		values = append(values, of(r))
	}
	slices.Sort(values)
	if len(values) == 0 {
		return 0
	}
	return values[len(values)/2]
}

// report writes the tables as Markdown, and what Harrier missed.
func report(runs []run) string {
	by := map[string][]run{}
	for _, r := range runs {
		by[r.peer] = append(by[r.peer], r)
	}
	out := "Machine: " + measure.Host() + ".\n\n"
	t := measure.Table{{"program", "rounds", "wall s", "times harrier's", "CPU s", "memory MiB", "names", "TLS right", "products", "versions", "wrong versions", "CPE with version", ""}}
	for _, p := range peers {
		all := by[p.name]
		if len(all) == 0 {
			continue
		}
		s := all[len(all)-1].score
		ratio := "-"
		if h := by[harrierName]; len(h) > 0 {
			ratio = fmt.Sprintf("%.1f", median(all, wall)/median(h, wall))
		}
		t = append(t, []string{
			p.name, fmt.Sprint(len(all)), fmt.Sprintf("%.2f", median(all, wall)), ratio, fmt.Sprintf("%.2f", median(all, cpu)), fmt.Sprintf("%.0f", median(all, memory)),
			fmt.Sprintf("%d of %d", s.names, s.total), fmt.Sprint(s.tls), fmt.Sprint(s.products), fmt.Sprintf("%d of %d", s.versions, s.reachable), fmt.Sprint(s.wrong), fmt.Sprint(s.cpes),
			all[len(all)-1].fault,
		})
	}
	out += t.Markdown()
	h := by[harrierName]
	if len(h) == 0 {
		return out
	}
	g := measure.Table{{"goal", "measured", ""}}
	for _, goal := range goals {
		measured, kept := goal.kept(h, by[nmapName])
		g = append(g, []string{goal.about, measured, map[bool]string{true: "kept", false: "MISSED"}[kept]})
	}
	out += "\n" + g.Markdown()
	if misses := h[len(h)-1].score.misses; len(misses) > 0 {
		out += "\nWhat Harrier missed in the last round:\n\n- " + strings.Join(misses, "\n- ") + "\n"
	}
	return out
}
