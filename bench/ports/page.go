package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/harrier-scan/harrier/bench/measure"
)

func printTables(w io.Writer, runs []run) {
	for _, r := range byCase(runs) {
		fmt.Fprintf(w, "\n%s\n", r.title())
		for _, t := range []table{r.peersTable(), r.goalsTable()} {
			tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
			for _, row := range t {
				fmt.Fprintln(tw, "  "+strings.Join(row, "\t"))
			}
			_ = tw.Flush() // to a terminal or a pipe; there is nothing to do about it
		}
	}
}

// writePage writes the tables as Markdown to a file, or between the marks of
// a file that has them.
func writePage(file string, runs []run) error {
	return measure.WritePage(file, "bench/ports", markdown(runs))
}

func markdown(runs []run) string {
	var b bytes.Buffer
	for _, machine := range machines(runs) {
		fmt.Fprintf(&b, "\nMachine: %s.\n", machine)
	}
	for _, r := range byCase(runs) {
		name, rest, _ := strings.Cut(r.title(), ": ")
		fmt.Fprintf(&b, "\n### %s\n\n%s. `go run ./bench/ports -case %s`\n", name, rest, name)
		for _, t := range []table{r.peersTable(), r.goalsTable()} {
			b.WriteString("\n" + measure.Table(t).Markdown())
		}
	}
	b.WriteByte('\n')
	return b.String()
}

func machines(runs []run) []string {
	var all []string
	for _, r := range runs {
		all = append(all, r.Host)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
