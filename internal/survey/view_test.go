package survey

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
)

// TestChanges: what is different between two iterations follows from when links
// held, however many ways they were found in.
func TestChanges(t *testing.T) {
	at := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	id := func(n byte) harrier.UUID { return harrier.UUID{15: n} }
	v := &View{nodes: map[harrier.Node]*harrier.SurfaceNode{}, byID: map[harrier.ID]*harrier.SurfaceNode{}}
	for _, n := range []harrier.ID{10, 20, 30, 40} { // 15 was stopped
		v.Scans = append(v.Scans, harrier.Scan{ID: n, UUID: id(byte(n)), Ended: at(int(n) / 10)})
	}
	for n, key := range []string{"", "a.test", "b.test", "c.test", "d.test"} {
		v.byID[harrier.ID(n)] = &harrier.SurfaceNode{ID: harrier.ID(n), Node: harrier.Node{Kind: harrier.NodeDomain, Key: key}}
	}
	v.links = []harrier.SurfaceLink{
		{UUID: id(1), From: 1, To: 2, Link: harrier.LinkChild, How: "dns", FirstScan: 10, EndedScan: 30},
		{UUID: id(2), From: 1, To: 2, Link: harrier.LinkChild, How: "web", FirstScan: 20},                // it goes on
		{UUID: id(3), From: 1, To: 3, Link: harrier.LinkChild, How: "dns", FirstScan: 15, EndedScan: 30}, // first completed: 20
		{UUID: id(4), From: 1, To: 4, Link: harrier.LinkChild, How: "dns", FirstScan: 20, EndedScan: 30}, // transient
		{UUID: id(5), From: 1, To: 4, Link: harrier.LinkChild, How: "dns", FirstScan: 40},                // and back
		{UUID: id(6), From: 1, To: 3, Link: harrier.LinkCNAME, How: "dns", FirstScan: 10, EndedScan: 40}, //
		{UUID: id(7), From: 1, To: 3, Link: harrier.LinkMX, How: "dns", FirstScan: 41},                   // of one that goes on
		{UUID: id(8), From: 9, To: 3, Link: harrier.LinkNS, How: "dns", FirstScan: 10, EndedScan: 20},    // of nothing
	}
	tell := func(w Window) string {
		t.Helper()
		from, to, err := v.window(w)
		if err != nil {
			return err.Error()
		}
		out := &LinkChanges{}
		c := comparison{View: v, from: from, to: to, transient: w.Transient, out: out}
		c.links()
		text := ""
		for _, l := range sortedIDs(out.Added) {
			text += "+" + l
		}
		for _, l := range sortedIDs(out.Removed) {
			text += "-" + l
		}
		return text
	}
	for _, tt := range []struct {
		w    Window
		want string
	}{
		{Window{}, "+5-6"},
		{Window{Last: 4}, "+1+5"},
		{Window{Last: 9, Transient: true}, "+1+3+4+5+6-3-4-6"},
		{Window{From: id(10), To: id(20)}, "+3+4"},
		{Window{From: id(20), To: id(30)}, "-3-4"},
		{Window{From: id(10), To: id(30)}, ""},
		{Window{From: id(10), To: id(30), Transient: true}, "+3+4-3-4"},
		{Window{From: id(40), To: id(40)}, ""},
	} {
		if got := tell(tt.w); got != tt.want {
			t.Errorf("changes of %+v = %s; want %s", tt.w, got, tt.want)
		}
	}
	for _, w := range []Window{{From: id(99)}, {From: id(30), To: id(20)}} {
		if _, _, err := v.window(w); !errors.Is(err, ErrIteration) {
			t.Errorf("window(%+v) = %v; want %v", w, err, ErrIteration)
		}
	}
	if diff := cmp.Diff([]span{{10, 0}}, joined([]span{{20, 0}, {10, 20}}), cmp.AllowUnexported(span{})); diff != "" {
		t.Errorf("joined: %s", diff)
	}
}

func sortedIDs(list []LinkChange) []string {
	var out []string
	for n := range 9 {
		for _, l := range list {
			if int(l.ID[15]) == n {
				out = append(out, string(rune('0'+n)))
			}
		}
	}
	return out
}

func TestNewSeed(t *testing.T) {
	for _, tt := range []struct {
		name string
		kind harrier.NodeKind
		want string
		why  error
	}{
		{" WWW.Acme.Test. ", harrier.NodeDomain, "www.acme.test.", nil},
		{"https://acme.test:8443/x", harrier.NodeDomain, "acme.test", nil},
		{"bücher.test", harrier.NodeDomain, "bücher.test", nil},
		{"192.0.2.1", harrier.NodeIPv4, "192.0.2.1", nil},
		{"2001:DB8::1", harrier.NodeIPv6, "2001:db8::1", nil},
		{"192.0.2.1-192.0.2.9", harrier.NodeIPRange, "192.0.2.1-192.0.2.9", nil},
		{"192.0.2.1", harrier.NodeDomain, "", ErrSeed},
		{"acme.test", "", "", ErrSeed},
		{"", harrier.NodeDomain, "", ErrSeed},
	} {
		s, err := NewSeed(tt.name, tt.kind, nil)
		if !errors.Is(err, tt.why) || s.Name != tt.want {
			t.Errorf("NewSeed(%q, %s) = %q, %v; want %q, %v", tt.name, tt.kind, s.Name, err, tt.want, tt.why)
		}
	}
	r := New(Config{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.55.0/24")}})
	for key, bad := range map[string]bool{"127.0.0.1": true, "127.0.55.1": false, "127.0.54.0-127.0.55.9": true, "8.8.8.0-8.8.8.255": false, "255.255.255.255": true} {
		if err := r.reserved(t.Context(), harrier.Node{Kind: harrier.NodeIPRange, Key: key}); errors.Is(err, ErrReserved) != bad {
			t.Errorf("reserved(%s) = %v; want refused: %t", key, err, bad)
		}
	}
}
