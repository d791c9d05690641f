package content_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content"
	"github.com/harrier-scan/harrier/internal/content/builtin"
	"github.com/harrier-scan/harrier/internal/feed"
)

// TestBuiltin asks what every program knows.
func TestBuiltin(t *testing.T) {
	b := content.Builtin()
	list, err := b.Statements(harrier.CPEKey("a", "f5", "nginx"))
	if err != nil || len(list) < 10 {
		t.Errorf("%d statements about nginx, %v", len(list), err)
	}
	n := 0
	for _, f := range b.Families() {
		lights, err := b.Family(f.Name, 0, 0)
		if err != nil || len(lights) != f.Count {
			t.Errorf("%d of %s, %v; want %d", len(lights), f.Name, err, f.Count)
		}
		for _, l := range lights[:min(len(lights), 100)] {
			v, found, err := b.Vulnerability(l.ID)
			if err != nil || !found || v.Name == "" || v.Synopsis == "" || v.Severity != l.Severity {
				t.Errorf("%d is %+v, %t, %v", l.ID, v, found, err)
			}
		}
		n += len(lights)
	}
	if n < 1000 {
		t.Errorf("%d vulnerabilities", n)
	}
}

// TestBuiltinIsMemory compares the lazy reading of the facts with the whole of
// them in memory: every question has the same answer.
func TestBuiltinIsMemory(t *testing.T) {
	lazy := content.ReadBuiltin()
	whole := content.Memory("", content.Options{}, func(emit func(feed.Class, *harrier.Record) error) error {
		return builtin.Records(func(r *harrier.Record) error { return emit(builtin.Class, r) })
	})
	for _, key := range append(builtin.Keys(), "", "cpe a:nobody:nothing") {
		got, err1 := lazy.Statements(key)
		want, err2 := whole.Statements(key)
		if err1 != nil || err2 != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %d statements and %v, want %d and %v", key, len(got), err1, len(want), err2)
		}
	}
	if got, want := lazy.Families(), whole.Families(); !slices.Equal(got, want) {
		t.Fatalf("families %v, want %v", got, want)
	}
	n := 0
	for _, f := range whole.Families() {
		got, err := lazy.Family(f.Name, 0, 0)
		want, _ := whole.Family(f.Name, 0, 0)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %d lines, %v; want %d", f.Name, len(got), err, len(want))
		}
		for _, l := range want {
			if n++; n%7 != 0 && l.ID.CVE() != "" {
				continue // one of seven is enough
			}
			v, found, err := lazy.Vulnerability(l.ID)
			w, _, _ := whole.Vulnerability(l.ID)
			if !found || err != nil || !reflect.DeepEqual(v, w) {
				t.Errorf("%d is %+v, %t, %v; want %+v", l.ID, v, found, err, w)
			}
			r, err := lazy.Records(l.ID)
			s, _ := whole.Records(l.ID)
			if err != nil || !reflect.DeepEqual(r, s) {
				t.Errorf("%d has %+v, %v; want %+v", l.ID, r, err, s)
			}
			for _, name := range []string{r[0].ID, strings.ToLower(r[0].ID)} {
				got, err := lazy.Numbers(name)
				want, _ := whole.Numbers(name)
				if err != nil || len(got) != 1 || !slices.Equal(got, want) {
					t.Errorf("%q is %v, %v; want %v", name, got, err, want)
				}
			}
		}
	}
	got, want := lazy.Info(), whole.Info()
	if !reflect.DeepEqual(got.Sources, want.Sources) || !strings.HasPrefix(got.Version, "builtin-") {
		t.Errorf("it is %+v, want the sources of %+v", got, want)
	}
	if _, found, err := lazy.Vulnerability(4711); found || err != nil {
		t.Errorf("4711 is there: %v", err)
	}
}

func BenchmarkBuiltin(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := content.ReadBuiltin().Statements(harrier.CPEKey("a", "f5", "nginx")); err != nil {
			b.Fatal(err)
		}
	}
}
