package main

import (
	"slices"
	"strings"
)

// table is what was measured, a line for each question and a column for each
// database: 95th percentiles in milliseconds, where a line says nothing else.
type table struct {
	columns, lines []string
	cells          map[[2]string]string
}

func (t *table) put(line, column, cell string) {
	if t.cells == nil {
		t.cells = map[[2]string]string{}
	}
	if !slices.Contains(t.columns, column) {
		t.columns = append(t.columns, column)
	}
	if !slices.Contains(t.lines, line) {
		t.lines = append(t.lines, line)
	}
	t.cells[[2]string{line, column}] = cell
}

// String writes it in Markdown.
func (t *table) String() string {
	var b strings.Builder
	b.WriteString("| what | " + strings.Join(t.columns, " | ") + " |\n|---" + strings.Repeat("|---", len(t.columns)) + "|\n")
	for _, line := range t.lines {
		b.WriteString("| " + line)
		for _, column := range t.columns {
			b.WriteString(" | " + t.cells[[2]string{line, column}])
		}
		b.WriteString(" |\n")
	}
	return b.String()
}
