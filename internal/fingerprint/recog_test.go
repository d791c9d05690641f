package fingerprint

import (
	"path/filepath"
	"testing"

	"github.com/harrier-scan/harrier/internal/needs"
)

// recogRules reads the published files with their examples.
func recogRules(t testing.TB) []*rule {
	t.Helper()
	g, err := readPlace(needs.Shared(t, filepath.Join("..", "..", "..", "shared", "data", "recog.tar.gz")))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := parse(g, User)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func TestRecogExamples(t *testing.T) {
	rules := recogRules(t)
	played, lost := 0, 0
	set := newSet(Recog, rules)
	for _, r := range rules {
		maker, ok := r.tells.(*recogMaker)
		if !ok {
			t.Fatalf("%s is no rule of Recog", r.id)
		}
		for _, e := range r.examples {
			played++
			m, ok := r.match(e.text)
			if !ok {
				t.Errorf("%s:%d: %s does not match %q", r.file, r.line, r.expr, e.text)
				continue
			}
			_ = m
			values := maker.values(groups{e.text, r.re.FindStringSubmatchIndex(e.text)})
			for name, want := range e.want {
				if got := values[name]; got != want {
					t.Errorf("%s:%d: %s = %q of %q; want %q", r.file, r.line, name, got, e.text, want)
				}
			}
			if w, _ := set.Match(r.kind, e.text); w.Rule != r.id {
				lost++
			}
		}
	}
	t.Logf("%d rules, %d examples, %d won by another rule", len(rules), played, lost)
}
