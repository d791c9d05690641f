package product

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/internal/needs"
)

// TestEmitted wants a product for every CPE that the rules for services, web
// technologies and probes give: what is recognised must be found in content.
func TestEmitted(t *testing.T) {
	pattern := regexp.MustCompile(`(?m)^\s*(?:- )?cpe: (\S+)|cpe: "([a-z0-9_:-]+)"`)
	seen, missing := 0, 0
	for _, glob := range []string{"fingerprint/rules/*.yaml", "webtech/rules/*.yaml", "probe/*.go"} {
		files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(glob)))
		if err != nil || len(files) == 0 {
			t.Fatalf("no file is %s: %v", glob, err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range pattern.FindAllStringSubmatch(string(text), -1) {
				seen++
				if name := strings.Trim(m[1]+m[2], `'"`); ByCPE(name) == nil {
					missing++
					t.Errorf("%s: no product has the CPE %s", filepath.Base(f), name)
				}
			}
		}
	}
	t.Logf("%d products, %d rules with a CPE, %d without a product", len(All()), seen, missing)
	if seen < 450 || len(All()) < 600 {
		t.Errorf("%d rules and %d products; want at least 450 and 600", seen, len(All()))
	}
}

// TestPackagesExist compares the names of packages with the published sets that
// list them completely.
func TestPackagesExist(t *testing.T) {
	for _, set := range []struct{ kind, file, folder string }{
		{"bitnami", "bitnami.tar.gz", "bitnami/data/"},
		{"eol", "eol.tar.gz", "eol/products/"},
	} {
		names := entries(t, needs.Shared(t, filepath.Join("..", "..", "..", "shared", "data", set.file)), set.folder)
		for _, p := range All() {
			for _, name := range p.Package(set.kind) {
				if !names[name] {
					t.Errorf("%s: %s has no %q", p.Name, set.kind, name)
				}
			}
		}
	}
}

// entries returns the names right below a folder of a packed set, without ".md".
func entries(t *testing.T, file, folder string) map[string]bool {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		if rest, ok := strings.CutPrefix(strings.TrimPrefix(h.Name, "./"), folder); ok {
			name, _, _ := strings.Cut(rest, "/")
			found[strings.TrimSuffix(name, ".md")] = true
		}
	}
}
