package needs

import (
	"os"
	"path/filepath"
	"testing"
)

// spy is a testing.TB that notes how it was ended instead of ending.
type spy struct {
	testing.TB
	skipped, failed bool
}

func (s *spy) Helper()               {}
func (s *spy) Skipf(string, ...any)  { s.skipped = true }
func (s *spy) Fatalf(string, ...any) { s.failed = true }

func TestUnmet(t *testing.T) {
	missing := map[string]func(testing.TB){
		"binary": func(t testing.TB) { Binary(t, "no-such-program-here", "no-package") },
		"env":    func(t testing.TB) { Env(t, "HARRIER_NO_SUCH_VARIABLE", "nobody") },
		"shared": func(t testing.TB) { Shared(t, filepath.Join(os.TempDir(), "no", "such", "file")) },
	}
	for name, ask := range missing {
		for ci, wantFailed := range map[string]bool{"": false, "1": true} {
			t.Setenv(CI, ci)
			s := &spy{TB: t}
			if ask(s); s.failed != wantFailed || s.skipped == wantFailed {
				t.Errorf("%s with %s=%q: failed %v, skipped %v; want failed %v", name, CI, ci, s.failed, s.skipped, wantFailed)
			}
		}
	}
}

func TestMet(t *testing.T) {
	t.Setenv(CI, "1")
	t.Setenv("HARRIER_SOME_VARIABLE", "x")
	s := &spy{TB: t}
	if path := Binary(s, "sh", "dash"); !filepath.IsAbs(path) {
		t.Errorf("Binary(sh) = %q; want an absolute path", path)
	}
	if got := Env(s, "HARRIER_SOME_VARIABLE", "the test"); got != "x" {
		t.Errorf("Env = %q; want x", got)
	}
	Shared(s, t.TempDir())
	if s.failed || s.skipped {
		t.Errorf("needs that are met ended the test: failed %v, skipped %v", s.failed, s.skipped)
	}
}
