package content_test

import (
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content"
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

func BenchmarkBuiltin(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := content.ReadBuiltin().Statements(harrier.CPEKey("a", "f5", "nginx")); err != nil {
			b.Fatal(err)
		}
	}
}
