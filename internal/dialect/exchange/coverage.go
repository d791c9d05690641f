package exchange

import (
	"flag"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

var update = flag.Bool("update", false, "write the tests that the conversations show into the coverage table")

// Table is a coverage table of a dialect, in a page of the documentation: rows of
// a route, a state (served, partly, refused, not), the tests that show it and a
// remark.
type Table struct {
	File   string                // the page
	Routes []string              // that there are: "GET /things/{id}"
	Path   func(p string) string // the path of a request as the routes have it; nil: as it is, cleaned
	Exact  bool                  // the column of tests is what -update writes, no other selection
}

// shown are the conversations that call a route.
type shown struct{ answered, refused []string }

var (
	row      = regexp.MustCompile("^\\| `([A-Z]+ [^`]+)` \\| (served|partly|refused|not) \\| ([^|]*) \\|(?: ([^|]*)\\|)?$")
	wild     = regexp.MustCompile(`\{[^}]*\}`)
	testName = regexp.MustCompile("`(Test[A-Za-z]+)`")
)

// Hold holds a coverage table to the routes and to the conversations in testdata:
// each route has a row, one that is "served" or "partly" served a conversation in
// which it answers, or a remark with the name of a test, and a row that is
// "refused" a conversation in which it does not; one of the tests that a row names is
// such, and all of them call the route. With -update the column of tests is written anew where it is wrong, and
// rows that are missing come at the end.
func (d Table) Hold(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(d.File)
	if err != nil {
		t.Fatal(err)
	}
	routes := d.conversations(t)
	missing := map[string]string{} // by what does not depend on names of parameters
	for r := range routes {
		missing[wild.ReplaceAllString(r, "{}")] = r
	}
	all := maps.Clone(missing)
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	last := len(lines)
	for i, line := range lines {
		m := row.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		last = i + 1
		key, state, remark := wild.ReplaceAllString(m[1], "{}"), m[2], strings.TrimSpace(m[4])
		route, have := all[key]
		delete(missing, key)
		if (state == "not") == have {
			t.Errorf("%s is %q in the table; is it a route: %v", m[1], state, have)
		}
		if !have {
			continue
		}
		tests := routes[route].of(state)
		if len(tests) == 0 && !namesTest(t, remark) {
			t.Errorf("%s is %q in the table, and no conversation shows it", m[1], state)
		}
		if now := "| `" + m[1] + "` | " + state + " | " + firstOf(tests) + " | " + remark + " |"; now != line && (d.Exact || !namesAll(m[3], tests, append(routes[route].answered, routes[route].refused...))) {
			if lines[i] = now; !*update {
				t.Errorf("%s: the tests are %s, not %s: run this test with -update", m[1], firstOf(tests), m[3])
			}
		}
	}
	for _, route := range slices.Sorted(maps.Values(missing)) {
		if !*update {
			t.Errorf("%s is a route and not in the table", route)
		}
		s, state := routes[route], "served"
		if len(s.answered) == 0 {
			state = "refused"
		}
		lines = slices.Insert(lines, last, "| `"+route+"` | "+state+" | "+firstOf(s.of(state))+" |  |")
		last++
	}
	if now := strings.Join(lines, "\n") + "\n"; *update && now != string(text) {
		if err := os.WriteFile(d.File, []byte(now), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func (s shown) of(state string) []string {
	if state == "refused" {
		return s.refused
	}
	return s.answered
}

func firstOf(tests []string) string { return strings.Join(tests[:min(len(tests), 3)], ", ") }

// namesAll reports whether a column names one of the tests at least, where there
// are any, and none that does not call the route.
func namesAll(column string, tests, calling []string) bool {
	names := strings.FieldsFunc(column, func(c rune) bool { return c == ',' || c == ' ' })
	shows := slices.ContainsFunc(names, func(n string) bool { return slices.Contains(tests, n) })
	return shows == (len(tests) > 0) && !slices.ContainsFunc(names, func(n string) bool { return !slices.Contains(calling, n) })
}

// namesTest reports whether a remark names a test of the package, or of one that
// does the work behind a door.
func namesTest(t *testing.T, remark string) bool {
	t.Helper()
	m := testName.FindStringSubmatch(remark)
	if m == nil {
		return false
	}
	var files []string
	for _, where := range []string{"*_test.go", "../../*/*_test.go", "../../*/*/*_test.go"} {
		list, err := filepath.Glob(where)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, list...)
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
func (d Table) conversations(t *testing.T) map[string]shown {
	t.Helper()
	routes, mux := map[string]shown{}, kit.NewMux(kit.Wire{})
	for _, p := range d.Routes {
		routes[p] = shown{}
		mux.Handle(p, http.NotFoundHandler())
	}
	files, err := filepath.Glob("testdata/*.exchange")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no conversations (%v)", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		list, err := Parse(string(text))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".exchange")
		for _, e := range list {
			path, _, _ := strings.Cut(e.Path, "?")
			if path = kit.CleanPath(path); d.Path != nil {
				path = d.Path(path)
			}
			route := mux.Route(e.Method, path)
			s, ok := routes[route]
			switch {
			case !ok:
			case e.Status < http.StatusBadRequest && !slices.Contains(s.answered, name):
				s.answered = append(s.answered, name)
			case e.Status >= http.StatusBadRequest && !slices.Contains(s.refused, name):
				s.refused = append(s.refused, name)
			}
			if ok {
				routes[route] = s
			}
		}
	}
	return routes
}
