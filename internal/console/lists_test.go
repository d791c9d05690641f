package console

import (
	"os"
	"path/filepath"
	"testing"
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
	want := folders(t, filepath.Join("..", "dialect"), "kit", "exchange")
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
	want := folders(t, filepath.Join("..", "format"), "formattest")
	for _, f := range Formats() {
		if !want[f.Name] {
			t.Errorf("format %q is listed twice, or has no folder", f.Name)
		}
		delete(want, f.Name)
		if f.Title == "" || f.Extension == "" || f.MIME == "" || f.Write == nil {
			t.Errorf("format %q is not complete", f.Name)
		}
	}
	for name := range want {
		t.Errorf("format %q is not listed", name)
	}
}
