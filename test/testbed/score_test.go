package testbed

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/test/daemons"
)

// score counts one kind of statement against the truth.
type score struct {
	name          string
	truth         int      // true statements that can be told
	right         int      // of them, those that were told
	missed, wrong []string // the others, and what was told but is not true
}

func (s *score) recall() float64    { return ratio(s.right, s.truth) }
func (s *score) precision() float64 { return ratio(s.right, s.right+len(s.wrong)) }

func ratio(n, of int) float64 {
	if of == 0 {
		return 1
	}
	return float64(n) / float64(of)
}

func (s *score) String() string {
	return fmt.Sprintf("%-11s %7s  recall %.3f  precision %.3f", s.name, fmt.Sprintf("%d/%d", s.right, s.truth), s.recall(), s.precision())
}

// tell counts one statement: want is the truth, "" when it can't be told, and
// got what was told, "" for nothing.
func (s *score) tell(at fmt.Stringer, want, got string) {
	if want != "" {
		s.truth++
	}
	switch {
	case got == want && want != "":
		s.right++
	case got != want && got != "":
		s.wrong = append(s.wrong, fmt.Sprintf("%s %s: told %q; want %q", s.name, at, got, want))
	case want != "":
		s.missed = append(s.missed, fmt.Sprintf("%s %s: nothing told; want %q", s.name, at, want))
	}
}

// scores are the lines of the table.
type scores struct{ ports, services, products, versions, findings score }

func (s *scores) lines() []*score {
	return []*score{&s.ports, &s.services, &s.products, &s.versions, &s.findings}
}

// truth is what must be told of a place, and of which daemon.
type truth struct {
	daemons.Port
	daemon  string
	version string // of its package
}

// truths lists them by place.
func truths(addr string, running []*daemons.Running) map[place]truth {
	m := map[place]truth{}
	for _, r := range running {
		for _, p := range r.Variant.Ports {
			m[place{addr, r.Endpoint(p)}] = truth{p, r.Package, r.Version}
		}
	}
	return m
}

// compare scores a report.
func compare(want map[place]truth, r report) *scores {
	s := &scores{score{name: "open ports"}, score{name: "services"}, score{name: "products"}, score{name: "versions"}, score{name: "findings"}}
	told := r.services()
	for _, at := range places(want, told) {
		w, open := want[at]
		g, seen := told[at]
		s.ports.tell(at, word(open, "open"), word(seen, "open"))
		if open && seen {
			s.services.tell(at, kind(w.Name, w.TLS), word(g.Name != "", kind(g.Name, g.TLS)))
			s.products.tell(at, w.Product, g.Product)
			s.versions.tell(at, word(w.Version, w.version), g.Version)
			if g.Version == "" && hasVersion(g.CPE) {
				s.versions.wrong = append(s.versions.wrong, fmt.Sprintf("versions %s: told %q; want no version", at, g.CPE))
			}
		}
	}
	s.compareFindings(want, r)
	return s
}

// compareFindings scores what active checks reported. What follows from a
// version alone is not judged here: it is right when the version is.
func (s *scores) compareFindings(want map[place]truth, r report) {
	told := map[place]map[harrier.VulnID]finding{}
	for id, f := range r.findings() {
		if told[id.place] == nil {
			told[id.place] = map[harrier.VulnID]finding{}
		}
		if sev, err := harrier.ParseSeverity(f.Severity); f.Source == "active" && (err != nil || daemons.Judged(f.Vulnerability, sev)) {
			told[id.place][f.Vulnerability] = f
		}
	}
	for _, at := range places(want, told) {
		for _, id := range want[at].Findings {
			name := fmt.Sprint(id)
			_, seen := told[at][id]
			s.findings.tell(at, name, word(seen, name))
			delete(told[at], id)
		}
		for _, id := range slices.Sorted(maps.Keys(told[at])) {
			s.findings.tell(at, "", fmt.Sprintf("%d %s", id, told[at][id].Name))
		}
	}
}

func word(yes bool, text string) string {
	if yes {
		return text
	}
	return ""
}

func kind(name string, secure bool) string {
	if secure {
		return name + " inside TLS"
	}
	return name
}

// hasVersion reports whether a CPE 2.3 name says one.
func hasVersion(cpe string) bool {
	parts := strings.Split(cpe, ":")
	return len(parts) > 5 && parts[5] != "*" && parts[5] != "-"
}

// places lists the keys of both, in order.
func places[A, B any](a map[place]A, b map[place]B) []place {
	list := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.SortFunc(list, func(x, y place) int {
		if c := strings.Compare(x.addr, y.addr); c != 0 {
			return c
		}
		return x.Compare(y.Endpoint)
	})
	return slices.Compact(list)
}

// TestCompare checks that the scores tell a faultless report from one with each
// kind of fault.
func TestCompare(t *testing.T) {
	here, there := endpoint{6379, harrier.TCP}, endpoint{1, harrier.TCP}
	at := here.at("10.77.1.1")
	want := map[place]truth{at: {Port: daemons.Port{Name: "redis", Product: "Redis", Version: true, Findings: []harrier.VulnID{900001}}, version: "7.0"}}
	good := service{endpoint: here, Name: "redis", Product: "Redis", Version: "7.0"}
	flaw := finding{endpoint: here, Vulnerability: 900001, Severity: "critical", Source: "active"}
	for name, c := range map[string]struct {
		services []service
		findings []finding
		right    [5]int // ports, services, products, versions, findings
		wrong    [5]int
	}{
		"all":           {[]service{good}, []finding{flaw}, [5]int{1, 1, 1, 1, 1}, [5]int{}},
		"nothing":       {nil, nil, [5]int{}, [5]int{}},
		"only the port": {[]service{{endpoint: here}}, nil, [5]int{1}, [5]int{}},
		"a wrong name":  {[]service{{endpoint: here, Name: "http", TLS: true, Product: "x", Version: "8"}}, nil, [5]int{1}, [5]int{0, 1, 1, 1}},
		"a CPE version": {[]service{{endpoint: here, CPE: "cpe:2.3:a:redis:redis:7.0:*:*:*:*:*:*:*"}}, nil, [5]int{1}, [5]int{0, 0, 0, 1}},
		"a false port":  {[]service{good, {endpoint: there}}, nil, [5]int{1, 1, 1, 1}, [5]int{1}},
		"a false finding": {
			[]service{good},
			[]finding{flaw, {endpoint: here, Vulnerability: 900002, Severity: "high", Source: "active"}},
			[5]int{1, 1, 1, 1, 1},
			[5]int{0, 0, 0, 0, 1},
		},
		"a finding elsewhere": {nil, []finding{{endpoint: there, Vulnerability: 900001, Severity: "info", Source: "active"}}, [5]int{}, [5]int{0, 0, 0, 0, 1}},
		"not judged": {
			[]service{good},
			[]finding{flaw, {endpoint: here, Vulnerability: 1, Severity: "info", Source: "active"}, {endpoint: here, Vulnerability: 2, Severity: "high", Source: "banner"}},
			[5]int{1, 1, 1, 1, 1},
			[5]int{},
		},
	} {
		var r report
		r.Hosts = append(r.Hosts, struct {
			Address  string    `json:"address"`
			Alive    bool      `json:"alive"`
			Services []service `json:"services"`
			Findings []finding `json:"findings"`
		}{at.addr, true, c.services, c.findings})
		for i, s := range compare(want, r).lines() {
			if s.right != c.right[i] || len(s.wrong) != c.wrong[i] {
				t.Errorf("%s: compare scored %s with %d right and %q wrong; want %d and %d", name, s.name, s.right, s.wrong, c.right[i], c.wrong[i])
			}
		}
	}
}
