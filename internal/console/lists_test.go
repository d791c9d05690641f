package console

import (
	"cmp"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// folders lists the packages below a folder of the house, but for those that
// only help the others.
func folders(t *testing.T, path string, helpers ...string) map[string]bool {
	t.Helper()
	entries, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, e := range entries {
		if e.IsDir() && e.Name() != "testdata" {
			out[e.Name()] = true
		}
	}
	for _, h := range helpers {
		delete(out, h)
	}
	return out
}

func TestDialects(t *testing.T) {
	want := folders(t, filepath.Join("..", "dialect"), "kit", "exchange", "nexposewords")
	for _, d := range Dialects() {
		if !want[d.Name] {
			t.Errorf("dialect %q is listed twice, or has no folder", d.Name)
		}
		delete(want, d.Name)
		if d.Owns == nil || d.Handler == nil {
			t.Errorf("dialect %q is not complete", d.Name)
		}
	}
	for name := range want {
		t.Errorf("dialect %q is not listed", name)
	}
}

func TestFormats(t *testing.T) {
	want, names := folders(t, filepath.Join("..", "format"), "formattest", "document", "audit"), map[string]bool{}
	several := map[string]string{"raw-xml-v2": "nexpose", "raw-xml": "nexpose", "ns-xml": "nexpose", "nexpose-csv": "nexpose"} // folders of more than one
	known := maps.Clone(want)
	for _, f := range Formats() {
		folder := cmp.Or(several[f.Name], f.Name)
		if names[f.Name] || !known[folder] {
			t.Errorf("format %q is listed twice, or has no folder", f.Name)
		}
		names[f.Name] = true
		delete(want, folder)
		if f.Title == "" || f.Extension == "" || f.MIME == "" || f.Write == nil {
			t.Errorf("format %q is not complete", f.Name)
		}
	}
	for name := range want {
		t.Errorf("format %q is not listed", name)
	}
}

// formatDeclared is how a folder below feed says that it holds formats.
var formatDeclared = regexp.MustCompile(`(?m)^var (?:Formats? = |\w+ = (?:\[\])?feed\.Format\{)`)

func TestFeeds(t *testing.T) {
	names, files := map[string]bool{}, map[string]string{}
	for _, f := range Feeds() {
		if names[f.Name] {
			t.Errorf("feed %q is listed twice", f.Name)
		}
		names[f.Name] = true
		if home, err := url.Parse(f.Home); err != nil || home.Host == "" || f.Name == "" || strings.ContainsAny(f.Name, `/\ `) ||
			f.Title == "" || f.Publisher == "" || f.Licence == "" || f.Wants == nil || f.Read == nil {
			t.Errorf("feed %q is not complete: %v", f.Name, err)
		}
		if f.Remotes == nil {
			continue
		}
		for _, r := range f.Remotes(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)) {
			at, err := url.Parse(r.URL)
			if err != nil || at.Scheme != "https" || at.Host == "" || r.Name != filepath.Base(r.Name) || files[f.Name+"/"+r.Name] != "" {
				t.Errorf("feed %q: the file %q from %q is not complete, or there twice", f.Name, r.Name, r.URL)
			}
			files[f.Name+"/"+r.Name] = r.URL
		}
	}
	for _, folder := range feedFolders(t) {
		if !feedListed(t, folder) {
			t.Errorf("internal/feed/%s has a Format and is not listed", folder)
		}
	}
}

// feedFolders are the folders below feed with a Format in them.
func feedFolders(t *testing.T) []string {
	t.Helper()
	var out []string
	for name := range folders(t, filepath.Join("..", "feed")) {
		sources, err := filepath.Glob(filepath.Join("..", "feed", name, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range sources {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(file, "_test.go") && formatDeclared.Match(b) {
				out = append(out, name)
				break
			}
		}
	}
	return out
}

// feedListed reports whether the list is made with a folder.
func feedListed(t *testing.T, folder string) bool {
	t.Helper()
	b, err := os.ReadFile("lists.go")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(b), "/internal/feed/"+folder+`"`)
}
