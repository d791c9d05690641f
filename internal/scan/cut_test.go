package scan

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
)

func prefixes(t testing.TB, list ...string) []netip.Prefix {
	t.Helper()
	p, err := harrier.ParsePrefixes("guard", list)
	must(t, err)
	return p
}

func TestCutTargets(t *testing.T) {
	guard := harrier.Guard{Never: prefixes(t, "192.0.2.128/25", "198.51.100.7"), Fragile: prefixes(t, "192.0.2.0/28")}
	for _, tt := range []struct {
		list, exclude             string
		count, forbidden, batches int
		reason, fault             string
	}{
		{list: "203.0.113.0/24", count: 256, batches: 16},
		{list: "203.0.113.1, 203.0.113.1\n203.0.113.1", count: 1, batches: 1},
		{list: "203.0.113.0/24", exclude: "203.0.113.0/25 203.0.113.200", count: 127, batches: 8},
		{list: "192.0.2.0/24", count: 128, forbidden: 128, batches: 8, reason: "192.0.2.128/25"},
		{list: "192.0.2.16-192.0.2.19", count: 4, batches: 1},
		{list: "192.0.2.8", count: 1, batches: 1, reason: "treated gently (192.0.2.0/28)"},
		{list: "192.0.2.200,198.51.100.7", fault: "guard rule", reason: "192.0.2.128/25, 198.51.100.7"},
		{list: "www.example.com[198.51.100.7]", fault: "guard rule"},
		{list: "www.example.com,www.example.org", count: 2, batches: 1},
		{list: "203.0.113.9", exclude: "203.0.113.0/24", fault: "excluded"},
		{list: "", fault: "empty"},
		{list: "999.1.1.1", fault: "999.1.1.1"},
		{list: "127.0.0.1/33", fault: "127.0.0.1/33"},
		{list: "203.0.113.9", exclude: "a b/99", fault: "exclude"},
		{list: "10.0.0.0/8", count: 1 << 24, batches: MaxBatches},
		{list: "2001:db8::/104", count: 1 << 24, batches: MaxBatches},
		{list: strings.Repeat("10.0.0.0/8,11.0.0.0/8,", 9) + "12.0.0.0/7,14.0.0.0/8,15.0.0.0/8,16.0.0.0/8", fault: "too many"},
	} {
		p, err := cutTargets(tt.list, tt.exclude, guard, 16)
		if tt.fault != "" {
			if harrier.KindOf(err) != harrier.Invalid || !strings.Contains(err.Error(), tt.fault) || !strings.Contains(err.Error(), tt.reason) {
				t.Errorf("cutTargets(%q) = %v; want Invalid with %q", tt.list, err, tt.fault)
			}
			continue
		}
		if err != nil || p.count != tt.count || p.forbidden != tt.forbidden || len(p.batches) > tt.batches || len(p.batches) < tt.batches/2 || !strings.Contains(p.reason, tt.reason) {
			t.Errorf("cutTargets(%q) = %d addresses, %d forbidden, %d batches, %q, %v; want %d, %d, %d, %q",
				tt.list, p.count, p.forbidden, len(p.batches), p.reason, err, tt.count, tt.forbidden, tt.batches, tt.reason)
		}
		n := 0
		for _, b := range p.batches {
			n += b.Count()
		}
		if n != p.count {
			t.Errorf("cutTargets(%q): the batches hold %d addresses; want %d", tt.list, n, p.count)
		}
	}
}

func FuzzCutTargets(f *testing.F) {
	f.Add("192.0.2.0/24,www.example.com", "192.0.2.7", "192.0.2.0/30")
	f.Add("10.0-3.0.1-9", "fe80::1%eth0", "::/0")
	f.Fuzz(func(t *testing.T, list, exclude, never string) {
		rules, err := harrier.ParsePrefixes("guard", strings.Fields(never))
		if err != nil || len(list) > 100 {
			return
		}
		g := harrier.Guard{Never: rules}
		p, err := cutTargets(list, exclude, g, 16)
		if err != nil {
			if harrier.KindOf(err) != harrier.Invalid {
				t.Errorf("cutTargets(%q, %q, %q) = %v; want Invalid", list, exclude, never, err)
			}
			return
		}
		n := 0
		for _, b := range p.batches {
			for _, one := range b {
				n += one.Count()
				if one.First.IsValid() && (g.Forbids(one.First) || g.Forbids(one.Last) || p.exclude.Contains(one.First)) {
					t.Errorf("cutTargets(%q, %q, %q) has %s, which is forbidden", list, exclude, never, one)
				}
			}
		}
		if n != p.count || len(p.batches) > MaxBatches+len(p.batches[0]) {
			t.Errorf("cutTargets(%q): %d addresses in %d batches; want %d", list, n, len(p.batches), p.count)
		}
	})
}

// TestAccount compares the arithmetic of ranges with counting one by one.
func TestAccount(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 5))
	addr := func(n int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}) }
	span := func() harrier.Target {
		a := rnd.IntN(60)
		return harrier.Target{First: addr(a), Last: addr(a + rnd.IntN(64-a))}
	}
	for range 2000 {
		var targets harrier.Targets
		var hosts []harrier.ScanHost
		var reported []harrier.Span
		for range 1 + rnd.IntN(3) {
			targets = append(targets, span())
		}
		state := map[netip.Addr]string{}
		for n := range 64 {
			if targets.Contains(addr(n)) {
				state[addr(n)] = "missing"
			}
		}
		for range rnd.IntN(4) {
			s := span()
			if !targets.Contains(s.First) || !targets.Contains(s.Last) || len(targets) > 1 {
				continue
			}
			reported = append(reported, harrier.Span{Target: s, Count: s.Count(), Reason: "no answer"})
			for a := range s.Addrs() {
				state[a] = "dead"
			}
		}
		for range rnd.IntN(5) {
			a := addr(rnd.IntN(64))
			if _, in := state[a]; in && state[a] != "host" {
				hosts = append(hosts, harrier.ScanHost{Host: harrier.Host{Name: a.String(), Addr: a}})
				state[a] = "host"
			}
		}
		want := map[string]int{}
		for _, s := range state {
			want[s]++
		}
		dead, missing := account(targets, hosts, reported, "stopped")
		got := map[string]int{}
		for name, n := range map[string]int{"dead": counted(dead), "missing": counted(missing), "host": len(hosts)} {
			if n > 0 {
				got[name] = n
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("account(%v, %v, %v):\n%s", targets, hosts, reported, diff)
		}
	}
}

func TestAccountNames(t *testing.T) {
	list := func(s string) harrier.Targets { out, err := harrier.ParseTargets(s); must(t, err); return out }
	host := func(name, addr string) harrier.ScanHost {
		return harrier.ScanHost{Host: harrier.Host{Name: name, Addr: netip.MustParseAddr(addr)}}
	}
	dead := func(s string) harrier.Span {
		t := list(s)[0]
		return harrier.Span{Target: t, Count: t.Count(), Reason: "no answer"}
	}
	for _, tt := range []struct {
		targets       string
		hosts         []harrier.ScanHost
		reported      []harrier.Span
		dead, missing int
	}{
		{"www.example.com", nil, nil, 0, 1},
		{"www.example.com", []harrier.ScanHost{host("www.example.com", "192.0.2.1")}, nil, 0, 0},
		{"www.example.com", nil, []harrier.Span{dead("www.example.com"), dead("www.example.com")}, 1, 0},
		{"www.example.com/30", nil, nil, 0, 4},
		{"www.example.com/30", []harrier.ScanHost{host("192.0.2.1", "192.0.2.1")}, []harrier.Span{dead("192.0.2.2-192.0.2.3")}, 2, 0},
		{"192.0.2.1,www.example.com[192.0.2.1]", []harrier.ScanHost{host("192.0.2.1", "192.0.2.1")}, nil, 0, 1},
		{"192.0.2.1,www.example.com[192.0.2.1]", []harrier.ScanHost{host("www.example.com", "192.0.2.1")}, nil, 0, 1},
		{"192.0.2.1,www.example.com", []harrier.ScanHost{host("www.example.com", "192.0.2.1")}, []harrier.Span{dead("192.0.2.1")}, 1, 0},
	} {
		d, m := account(list(tt.targets), tt.hosts, tt.reported, "stopped")
		if counted(d) != tt.dead || counted(m) != tt.missing {
			t.Errorf("account(%s, %d hosts, %v) = %v dead, %v missing; want %d, %d", tt.targets, len(tt.hosts), tt.reported, d, m, tt.dead, tt.missing)
		}
	}
}
