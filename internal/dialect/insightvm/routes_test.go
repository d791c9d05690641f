package insightvm_test

import (
	"os"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/internal/dialect/insightvm"
)

// TestRoutesAreDocumented holds the coverage table to the routes: each has a row,
// and each row a conversation that is there.
func TestRoutesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../../docs/dialects/insightvm.md")
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
	for _, route := range insightvm.Patterns() {
		tests, ok := rows[route]
		if !ok {
			t.Errorf("%s is not in the table", route)
		}
		delete(rows, route)
		_, path, _ := strings.Cut(route, " ")
		parts := strings.FieldsFunc(path, func(c rune) bool { return c == '/' })
		for name := range strings.SplitSeq(tests, ",") {
			name = strings.TrimSpace(name)
			file, err := os.ReadFile("testdata/" + name + ".exchange")
			if err != nil {
				t.Errorf("%s: %v", route, err)
				continue
			}
			for _, part := range parts {
				if !strings.HasPrefix(part, "{") && !strings.Contains(string(file), "/"+part) {
					t.Errorf("%s: %s has no /%s", route, name, part)
				}
			}
		}
	}
	for route := range rows {
		t.Errorf("%s is in the table, and no route", route)
	}
}
