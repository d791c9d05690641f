package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// factKey is what the key of a fact looks like.
var factKey = regexp.MustCompile(`^[a-z][a-z0-9]*(?:\.[a-z0-9_]+)+$`)

// fromWithin are keys that no probe can set: they wait for what is learnt
// inside a machine.
var fromWithin = map[string]bool{"host.uuid": true, "host.instance": true}

// TestFacts holds the readers of facts to the keys that probes set: in a call of
// Fact, and in the tables of keys.
func TestFacts(t *testing.T) {
	root := filepath.Join("..", "..")
	set := map[string]bool{}
	for _, file := range sources(t, filepath.Join(root, "internal", "probe")) {
		ast.Inspect(file, func(n ast.Node) bool {
			if key := literal(n); factKey.MatchString(key) {
				set[key] = true
			}
			return true
		})
	}
	read := map[string]bool{}
	for _, folder := range []string{".", "internal/osident", "internal/match", "internal/check", "internal/format"} {
		for _, file := range sources(t, filepath.Join(root, folder)) {
			readKeys(file, read)
		}
	}
	if len(set) < 100 || len(read) < 40 {
		t.Fatalf("%d keys set, %d read; the search does not see them", len(set), len(read))
	}
	for key := range read {
		if !set[key] && !fromWithin[key] {
			t.Errorf("the fact %s is read, and no probe sets it", key)
		}
	}
}

// readKeys notes the keys in calls of Fact and in the tables that name them.
func readKeys(file *ast.File, read map[string]bool) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Fact" && len(n.Args) == 1 && literal(n.Args[0]) != "" {
				read[literal(n.Args[0])] = true
			}
		case *ast.ValueSpec:
			if name := n.Names[0].Name; name != "identifierFacts" && name != "textFacts" {
				return true
			}
			ast.Inspect(n, func(n ast.Node) bool {
				if row, ok := n.(*ast.CompositeLit); ok && len(row.Elts) > 0 && literal(row.Elts[0]) != "" {
					read[literal(row.Elts[0])] = true
				}
				return true
			})
		}
		return true
	})
}

// literal is the text of a string literal; "" for anything else.
func literal(n ast.Node) string {
	if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
		if s, err := strconv.Unquote(l.Value); err == nil {
			return s
		}
	}
	return ""
}

// sources parses the files of a folder and those below it, without tests; of the
// root, those beside its go.mod only.
func sources(t *testing.T, folder string) []*ast.File {
	t.Helper()
	var out []*ast.File
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != folder && (folder == filepath.Join("..", "..") || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		out = append(out, file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
