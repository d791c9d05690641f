package asm_test

import (
	"os"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/internal/dialect/asm"
)

// TestRoutesAreDocumented holds the coverage table to the routes: each has a row,
// and each row a conversation that asks for it.
func TestRoutesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../../docs/dialects/asm.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for line := range strings.SplitSeq(string(text), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 5 || !strings.HasPrefix(cells[1], " `") {
			continue
		}
		rows[strings.Trim(cells[1], " `")] = cells[3]
	}
	for _, route := range asm.Patterns() {
		tests, ok := rows[route]
		if !ok {
			t.Errorf("%s is not in the table", route)
		}
		delete(rows, route)
		for name := range strings.SplitSeq(tests, ",") {
			file, err := os.ReadFile("testdata/" + strings.TrimSpace(name) + ".exchange")
			if err != nil || !asked(string(file), route) {
				t.Errorf("%s: %s does not ask for it (%v)", route, name, err)
			}
		}
	}
	for route := range rows {
		t.Errorf("%s is in the table, and no route", route)
	}
}

// asked reports whether a conversation has a request for a route.
func asked(file, route string) bool {
	mux := asm.Mux()
	for line := range strings.SplitSeq(file, "\n") {
		f := strings.Fields(line)
		if len(f) < 4 || f[0] != "--" {
			continue
		}
		path, _, _ := strings.Cut(f[2], "?")
		if mux.Route(f[1], path) == route {
			return true
		}
	}
	return false
}
