// Package measure is what all comparisons with other programs share: what a
// program used, the machine that it ran on, and the page of documentation that
// the figures are written to.
package measure

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
)

// Use is what a program used.
type Use struct {
	Wall    float64 `json:"wall"`    // seconds
	CPU     float64 `json:"cpu"`     // seconds, of the process and its children, with the kernel's work for them
	Machine float64 `json:"machine"` // seconds that the whole machine was busy
	RSS     int64   `json:"rss"`     // most memory at a time, in bytes
}

// Host describes the machine: cores, processor, kernel and Go.
func Host() string {
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

// Marks returns the lines between which WritePage puts what a bench says.
func Marks(bench string) (begin, end string) {
	return "<!-- " + bench + ": begin -->\n", "<!-- " + bench + ": end -->\n"
}

// WritePage writes text between the bench's marks of a file. A file without
// marks is replaced; one of two marks is an error.
func WritePage(file, bench, text string) error {
	begin, end := Marks(bench)
	old, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	head, rest, marked := strings.Cut(string(old), begin)
	_, tail, ended := strings.Cut(rest, end)
	if marked != ended {
		return fmt.Errorf("%s has one of two marks", file)
	}
	if !marked {
		head, tail = "", ""
	}
	return os.WriteFile(file, []byte(head+begin+text+end+tail), 0o644)
}

// Table is rows of cells; the first row names the columns.
type Table [][]string

// Markdown writes the table.
func (t Table) Markdown() string {
	var b strings.Builder
	for i, row := range t {
		safe := make([]string, len(row))
		for k, text := range row {
			safe[k] = strings.ReplaceAll(text, "|", "\\|") // it would end the cell
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(safe, " | "))
		if i == 0 {
			fmt.Fprintln(&b, "|"+strings.Repeat(" --- |", len(row)))
		}
	}
	return b.String()
}
