package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
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

// Marks between which writePage puts the tables.
const (
	beginMark = "<!-- bench/ports: begin -->\n"
	endMark   = "<!-- bench/ports: end -->\n"
)

// writePage writes the tables as Markdown to a file, or between the marks of
// a file that has them.
func writePage(file string, runs []run) error {
	old, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	head, rest, marked := strings.Cut(string(old), beginMark)
	_, tail, ended := strings.Cut(rest, endMark)
	if marked != ended {
		return fmt.Errorf("%s has one of two marks", file)
	}
	if !marked {
		head, tail = "", ""
	}
	return os.WriteFile(file, []byte(head+beginMark+markdown(runs)+endMark+tail), 0o644)
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
			b.WriteByte('\n')
			for i, row := range t {
				fmt.Fprintf(&b, "| %s |\n", strings.Join(cells(row), " | "))
				if i == 0 {
					fmt.Fprintln(&b, "|"+strings.Repeat(" --- |", len(row)))
				}
			}
		}
	}
	b.WriteByte('\n')
	return b.String()
}

// cells are a row whose text does not end its cells.
func cells(row []string) []string {
	safe := make([]string, len(row))
	for i, text := range row {
		safe[i] = strings.ReplaceAll(text, "|", "\\|")
	}
	return safe
}

func machines(runs []run) []string {
	var all []string
	for _, r := range runs {
		all = append(all, r.Host)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// host describes the machine.
func host() string {
	model := "unknown processor"
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, ok := strings.Cut(string(b), "model name"); ok {
			line, _, _ := strings.Cut(rest, "\n")
			model = strings.TrimLeft(line, "\t: ")
		}
	}
	kernel := runtime.GOOS
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		kernel = "Linux " + strings.TrimSpace(string(b))
	}
	return fmt.Sprintf("%d cores, %s, %s, %s", runtime.NumCPU(), model, kernel, runtime.Version())
}
