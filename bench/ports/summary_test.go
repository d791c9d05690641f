package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/bench/measure"
)

// sample is three rounds of a case; the second was disturbed.
func sample(recall, frames int, fault string) []run {
	var runs []run
	for round, slow := range []float64{1, 3, 1.1} {
		for _, r := range []run{
			{Peer: harrierName, Use: measure.Use{Wall: 2 * slow, CPU: 1, RSS: 64 << 20}, Found: recall, Frames: frames, Fault: fault},
			{Peer: nmapT5, Use: measure.Use{Wall: 16 * slow, CPU: 2}, Found: 10_000, Frames: 1040},
		} {
			r.Case, r.Round, r.Probes, r.Truth, r.At = "256x1000-loss", round, 1000, 10_000, time.Unix(0, 0).UTC()
			r.Host = "a machine"
			runs = append(runs, r)
		}
	}
	return runs
}

func TestGoals(t *testing.T) {
	for name, c := range map[string]struct {
		runs []run
		want string // verdicts of speed, frames, recall, false
	}{
		"all kept":        {sample(10_000, 1150, ""), "kept kept kept kept"},
		"recall too low":  {sample(9_998, 1150, ""), "kept kept MISSED kept"},
		"too many frames": {sample(10_000, 1151, ""), "kept MISSED kept kept"},
		"failed":          {sample(0, 0, "exit status 1"), "MISSED MISSED MISSED MISSED"},
		"one false": {func() []run {
			runs := sample(10_000, 1100, "")
			runs[0].False = 1
			return runs
		}(), "kept kept kept MISSED"},
		"too slow": {func() []run {
			runs := sample(10_000, 1100, "")
			runs[0].Wall, runs[4].Wall = 3, 3
			return runs
		}(), "MISSED kept kept kept"},
		"nmap was stopped": {func() []run {
			runs := sample(10_000, 1100, "")
			for i := range runs {
				if runs[i].Peer == nmapT5 {
					runs[i].Fault = stopped + "3m0s"
				}
			}
			return runs
		}(), "kept kept kept kept"},
	} {
		all := byCase(c.runs)
		if len(all) != 1 {
			t.Fatalf("%s: %d cases; want 1", name, len(all))
		}
		var got []string
		for _, g := range all[0].goals {
			v, _ := g.measured(all[0])
			got = append(got, all[0].verdict(g, v))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: goals are %q; want %q", name, s, c.want)
		}
	}
}

func TestSpread(t *testing.T) {
	for want, values := range map[string][]float64{
		"-":                   nil,
		"2.00":                {2, 2},
		"2.50 (1.00..4.00)":   {4, 2, 1, 3},
		"3.00 (1.00..100.00)": {100, 1, 3},
	} {
		if got := spreadOf(values).text("%.2f"); got != want {
			t.Errorf("spread of %v = %q; want %q", values, got, want)
		}
	}
}

// TestPage checks that a page keeps what stands around its marks, and that
// runs come back from their file as they were.
func TestPage(t *testing.T) {
	record, page := filepath.Join(t.TempDir(), "runs"), filepath.Join(t.TempDir(), "page.md")
	for _, r := range sample(10_000, 1100, "") {
		if err := keep(record, r); err != nil {
			t.Fatal(err)
		}
	}
	runs, err := readRuns(record)
	if err != nil || len(runs) != 6 || runs[0] != sample(10_000, 1100, "")[0] {
		t.Fatalf("readRuns = %v, %v; want what was kept", runs, err)
	}
	beginMark, endMark := measure.Marks("bench/ports")
	if err := os.WriteFile(page, []byte("head\n"+beginMark+"former\n"+endMark+"tail\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time changes nothing
		if err := writePage(page, runs); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for _, want := range []string{"head\n" + beginMark, endMark + "tail\n", "Machine: a machine.", "| nmap -T5 | 17.60 (16.00..48.00) | 8.00 |", "| at least 7 times as fast as nmap -T5 | 8 | kept |"} {
		if strings.Count(text, want) != 1 {
			t.Errorf("the page has not once %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "former") {
		t.Errorf("the page still has what was there before:\n%s", text)
	}
	if err := os.WriteFile(page, []byte(beginMark), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writePage(page, runs); err == nil {
		t.Error("writePage wrote to a page with one of two marks")
	}
}
