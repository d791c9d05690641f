// Package arch keeps the map of the house true: it reads the import clauses of
// every file and compares them with the rules of docs/architecture.md.
package arch

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/harrier-scan/harrier"

// rule says what the folders that start with one of from may import of the
// house, beside themselves.
type rule struct {
	from []string
	may  []string
}

var (
	rooms  = []string{"internal/site", "internal/scan", "internal/finding", "internal/asset", "internal/vuln", "internal/policy", "internal/fleet", "internal/report", "internal/identity", "internal/alert"}
	words  = "."
	doors  = append(slices.Clone(rooms), words, "internal/survey", "internal/dialect/kit", "internal/dialect/nexposewords", "internal/format", "internal/match", "internal/calendar", "internal/oui", "internal/search")
	ground = []string{words}
)

// rules are tried in order; the first whose from fits a folder holds.
var rules = []rule{
	{[]string{"cmd", "bench", "test", "internal/console", "internal/dialect/exchange", "internal/arch", "internal/tools"}, []string{""}}, // these join everything
	{[]string{"internal/dialect"}, doors},
	{[]string{"internal/web"}, doors},
	{[]string{"internal/survey"}, append(slices.Clone(rooms), words, "internal/surface")},
	{rooms, append(slices.Clone(rooms), words, "internal/match", "internal/calendar", "internal/secret", "internal/format")},
	{[]string{"internal/columns", "internal/search"}, ground},
	{[]string{"internal/store"}, []string{words, "internal/columns"}},
	{[]string{"internal/gate"}, []string{words, "internal/bus"}},
	{[]string{"internal/bus", "internal/secret", "internal/pki", "internal/calendar", "internal/server"}, ground},
	{[]string{"internal/feed"}, []string{words, "internal/feed", "internal/version", "internal/cpe"}},
	{[]string{"internal/content"}, []string{words, "internal/feed", "internal/content", "internal/product", "internal/version", "internal/cpe"}},
	{[]string{"internal/version"}, nil},
	{[]string{"internal/inventory"}, []string{words, "internal/version"}},
	{[]string{"internal/product"}, []string{"internal/cpe"}},
	{[]string{"internal/match"}, []string{words, "internal/oui", "internal/version", "internal/product", "internal/cpe", "internal/feed"}},
	{[]string{"internal/oui"}, nil},
	{[]string{"internal/osident"}, []string{words, "internal/oui", "internal/cpe"}},
	{[]string{"internal/format"}, []string{words, "internal/format", "internal/oui"}},
	{[]string{"internal/netio", "internal/probe", "internal/wiretest"}, []string{words, "internal/netio", "internal/probe", "internal/fingerprint", "internal/webtech", "internal/cpe", "internal/wiretest"}},
	{[]string{"internal/cpe", "internal/prefilter"}, nil},
	{[]string{"internal/fingerprint"}, []string{words, "internal/cpe", "internal/prefilter"}},
	{[]string{"internal/check"}, []string{words, "internal/probe", "internal/netio", "internal/check", "internal/match", "internal/wiretest"}},
	{[]string{"internal/webtech"}, []string{words, "internal/webtech", "internal/cpe", "internal/prefilter"}},
	{[]string{"internal/surface"}, []string{words, "internal/netio", "internal/surface"}},
	{[]string{"internal/flight"}, []string{words, "internal/netio"}},
	{[]string{"internal/engine", "internal/pipeline", "internal/stage"}, []string{words, "internal/flight", "internal/netio", "internal/bus", "internal/probe", "internal/osident", "internal/check", "internal/stage", "internal/pipeline", "internal/match/cpe", "internal/wiretest"}},
	{[]string{"internal/needs"}, nil},
	{[]string{words}, nil},
}

func within(folder, top string) bool {
	return top == "" || folder == top || strings.HasPrefix(folder, top+"/") && top != "."
}

func ruleFor(folder string) (rule, bool) {
	for _, r := range rules {
		if slices.ContainsFunc(r.from, func(top string) bool { return within(folder, top) }) {
			return r, true
		}
	}
	return rule{}, false
}

func TestImports(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go"):
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		seen++
		checkFile(t, path, filepath.ToSlash(rel))
		return nil
	})
	if err != nil || seen < 50 {
		t.Fatalf("%d files read, %v; want the whole house", seen, err)
	}
}

func checkFile(t *testing.T, path, rel string) {
	t.Helper()
	folder := filepath.ToSlash(filepath.Dir(rel))
	r, ok := ruleFor(folder)
	if !ok {
		t.Errorf("%s: the folder %s is not on the map", rel, folder)
		return
	}
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, src, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	isTest := strings.HasSuffix(rel, "_test.go") || strings.HasSuffix(folder, "test")
	for _, imp := range file.Imports {
		name, err := strconv.Unquote(imp.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		target, house := strings.CutPrefix(name, module)
		if !house {
			if folder == words && !isTest && strings.Contains(name, ".") {
				t.Errorf("%s imports %s; the words need nothing but the standard library", rel, name)
			}
			continue
		}
		if target = strings.TrimPrefix(target, "/"); target == "" {
			target = words
		}
		allowed := isTest || within(target, folder) || slices.ContainsFunc(r.may, func(top string) bool { return within(target, top) })
		if doorOf(folder) != "" && doorOf(target) != "" && doorOf(folder) != doorOf(target) && folder != "internal/dialect/exchange" {
			allowed = false // doors do not see each other
		}
		if !allowed {
			t.Errorf("%s imports %s, which the map does not allow for %s", rel, name, folder)
		}
	}
}

// doorOf names the dialect that a folder belongs to; "" for none.
func doorOf(folder string) string {
	rest, ok := strings.CutPrefix(folder, "internal/dialect/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	if name == "kit" || name == "exchange" || name == "nexposewords" {
		return ""
	}
	return name
}
