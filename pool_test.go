package harrier_test

import (
	"testing"

	"github.com/harrier-scan/harrier"
)

// TestFor finds the pool that is there for some targets.
func TestFor(t *testing.T) {
	pools := []harrier.Pool{
		{Name: "none"}, {Name: "wide", Targets: "10.0.0.0/8"}, {Name: "narrow", Targets: "10.1.0.0/16,192.0.2.0/24"}, {Name: "bad", Targets: "/"},
	}
	for targets, want := range map[string]string{
		"10.1.2.3": "narrow", "10.1.0.0/16,192.0.2.7": "narrow", "10.1.2.3,10.2.0.1": "wide", "10.0.0.0/8": "wide", "10.1.2.3,192.0.3.1": "",
		"10.1.2.3,www.example.org": "", "2001:db8::1": "",
	} {
		list, err := harrier.ParseTargets(targets)
		if err != nil {
			t.Fatal(err)
		}
		if p, ok := list.For(pools); p.Name != want || ok != (want != "") {
			t.Errorf("%s: %q, %v; want %q", targets, p.Name, ok, want)
		}
	}
}
