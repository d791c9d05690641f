package securitycenter_test

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/securitycenter"
)

var update = flag.Bool("update", false, "write the tests that the conversations show into the coverage table")

const coverage = "../../../docs/dialects/securitycenter.md"

// shown are the conversations that call a route.
type shown struct{ answered, refused []string }

// row is a row of the coverage table: route, state, tests, remark.
var row = regexp.MustCompile("^\\| `([A-Z]+ [^`]+)` \\| (served|partly|refused|not) \\| ([^|]*) \\| ([^|]*) \\|$")

// TestRoutesAreDocumented holds the coverage table to the routes and to the
// conversations: each route has a row, one that is "served" or "partly" served
// has a conversation in which it answers, or a remark with the name of a test,
// and a row that is "refused" a conversation in which it does not. With -update the column of tests is written anew, and rows
// that are missing come at the end.
func TestRoutesAreDocumented(t *testing.T) {
	routes := conversations(t)
	text, err := os.ReadFile(coverage)
	if err != nil {
		t.Fatal(err)
	}
	missing := maps.Clone(routes)
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	last := len(lines)
	for i, line := range lines {
		m := row.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		route, state := m[1], m[2]
		s, have := routes[route]
		if state == "not" == have {
			t.Errorf("%s is %q in the table; is it a route: %v", route, state, have)
		}
		delete(missing, route)
		tests := s.answered
		if state == "refused" {
			tests = s.refused
		}
		if have && len(tests) == 0 && !namesTest(t, m[4]) {
			t.Errorf("%s is %q in the table, and no conversation shows it", route, state)
		}
		lines[i] = "| `" + route + "` | " + state + " | " + strings.Join(tests[:min(len(tests), 3)], ", ") + " | " + strings.TrimSpace(m[4]) + " |"
		last = i + 1
	}
	for _, route := range slices.Sorted(maps.Keys(missing)) {
		s := missing[route]
		if !*update {
			t.Errorf("%s is a route and not in the table", route)
		}
		state, tests := "served", s.answered
		if len(tests) == 0 {
			state, tests = "refused", s.refused
		}
		lines = slices.Insert(lines, last, "| `"+route+"` | "+state+" | "+strings.Join(tests[:min(len(tests), 3)], ", ")+" |  |")
		last++
	}
	now := strings.Join(lines, "\n") + "\n"
	switch {
	case now == string(text):
	case *update:
		if err := os.WriteFile(coverage, []byte(now), 0o600); err != nil {
			t.Fatal(err)
		}
	default:
		t.Error("the coverage table is out of date: run this test with -update")
	}
}

var testName = regexp.MustCompile("`(Test[A-Za-z]+)`")

// namesTest reports whether a remark names a test of this package.
func namesTest(t *testing.T, remark string) bool {
	t.Helper()
	m := testName.FindStringSubmatch(remark)
	if m == nil {
		return false
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "func "+m[1]+"(t *testing.T)") {
			return true
		}
	}
	t.Errorf("there is no %s", m[1])
	return false
}

// conversations tells for each route which of them call it, by rising name.
func conversations(t *testing.T) map[string]shown {
	t.Helper()
	routes := map[string]shown{}
	for _, p := range securitycenter.Patterns() {
		routes[p] = shown{}
	}
	files, err := filepath.Glob("testdata/*.exchange")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		list, err := exchange.Parse(string(text))
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".exchange")
		for _, e := range list {
			route := routeOf(routes, e.Method, e.Path)
			s, ok := routes[route]
			switch {
			case !ok:
			case e.Status == 200 && !slices.Contains(s.answered, name):
				s.answered = append(s.answered, name)
			case e.Status != 200 && !slices.Contains(s.refused, name):
				s.refused = append(s.refused, name)
			}
			if ok {
				routes[route] = s
			}
		}
	}
	return routes
}

// routeOf finds the route of a request: of those that fit the one with the most
// literal segments. "" is none.
func routeOf(routes map[string]shown, method, path string) string {
	path, _, _ = strings.Cut(path, "?")
	want := segments(strings.TrimPrefix(strings.ReplaceAll(path, "//", "/"), "/rest"))
	best, most := "", -1
	for p := range routes {
		m, pattern, _ := strings.Cut(p, " ")
		parts := segments(pattern)
		if m != method || len(parts) != len(want) {
			continue
		}
		literal := 0
		for i, s := range parts {
			switch {
			case s == want[i]:
				literal++
			case !strings.HasPrefix(s, "{"):
				literal = -1 << 10
			}
		}
		if literal > most {
			best, most = p, literal
		}
	}
	return best
}

func segments(path string) []string {
	return slices.DeleteFunc(strings.Split(path, "/"), func(s string) bool { return s == "" })
}
