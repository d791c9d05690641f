package pipeline

import (
	"net/netip"
	"testing"

	"github.com/harrier-scan/harrier"
)

func TestDeadMerged(t *testing.T) {
	var d deadBook
	one := func(addr string) harrier.Target {
		a := netip.MustParseAddr(addr)
		return harrier.Target{First: a, Last: a}
	}
	for _, addr := range []string{"192.0.2.3", "192.0.2.1", "2001:db8::2", "192.0.2.2", "192.0.2.9", "2001:db8::1"} {
		d.add(one(addr), "no answer")
	}
	d.add(one("192.0.2.4"), "192.0.2.4 must never be scanned")
	d.add(harrier.Target{Name: "shop.example", First: netip.MustParseAddr("192.0.2.5"), Last: netip.MustParseAddr("192.0.2.5")}, "no answer")
	d.add(harrier.Target{Name: "nowhere.example"}, "the name does not resolve")
	got := map[string]int{}
	for _, s := range d.merged() {
		got[s.Target.String()+": "+s.Reason] = s.Count
	}
	want := map[string]int{
		"192.0.2.1-192.0.2.3: no answer": 3, "192.0.2.4: 192.0.2.4 must never be scanned": 1, "shop.example[192.0.2.5]: no answer": 1,
		"192.0.2.9: no answer": 1, "2001:db8::1-2001:db8::2: no answer": 2, "nowhere.example: the name does not resolve": 1,
	}
	if len(got) != len(want) {
		t.Errorf("merged = %v; want %v", got, want)
	}
	for span, n := range want {
		if got[span] != n {
			t.Errorf("merged counts %d for %q; want %d", got[span], span, n)
		}
	}
	if !d.news() || d.news() {
		t.Error("news is told once")
	}
}
