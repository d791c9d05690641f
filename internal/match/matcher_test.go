package match

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
)

// TestMatcherKeeps shows that like services are decided once, and anew when the
// knowledge changes.
func TestMatcherKeeps(t *testing.T) {
	k := real()
	m := New(k)
	now := time.Now()
	services := []harrier.Service{sshOf("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2")}
	first := presentOn(m, services, now)
	asked := k.asked.Load()
	for i := range 10 {
		services[0].Endpoint = tcp(uint16(2200 + i))
		again := presentOn(m, services, now)
		if len(again) != 1 || again[0].Endpoint != services[0].Endpoint || again[0].Evidence != first[0].Evidence {
			t.Fatalf("Match = %+v; want as before at %s", again, services[0].Endpoint)
		}
	}
	if k.asked.Load() != asked {
		t.Errorf("%d questions for the same thing again; want none", k.asked.Load()-asked)
	}
	k.index, k.version = know().index, "2"
	if r := presentOn(m, services, now); len(r) != 0 {
		t.Errorf("Match after a change of knowledge = %+v; want nothing", r)
	}
}

func TestMatcherOverlaps(t *testing.T) {
	m := New(real())
	services := []harrier.Service{sshOf("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2"), webOf("nginx/1.18.0 (Ubuntu)")}
	want := presentOn(m, services, time.Unix(1e9, 0))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				if diff := cmp.Diff(want, presentOn(m, services, time.Unix(1e9, 0))); diff != "" {
					t.Error(diff)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestMemo(t *testing.T) {
	m := memo[int, string]{limit: 10}
	for i := range 100 {
		m.put("a", i, fmt.Sprint(i), 1)
		m.get("a", 0) // what is asked for stays
		if n := len(m.young) + len(m.old); n > 2*m.limit {
			t.Fatalf("%d kept; want at most %d", n, 2*m.limit)
		}
	}
	if v, ok := m.get("a", 0); !ok || v != "0" {
		t.Errorf("get(0) = %q, %v; want it kept", v, ok)
	}
	if _, ok := m.get("a", 50); ok {
		t.Error("get(50) is still there; want it forgotten")
	}
	if _, ok := m.get("b", 0); ok {
		t.Error("get of another version finds something")
	}
}

// manyServices are n services of some thousands of kinds, as retro-matching
// meets them.
func manyServices(n int) [][]harrier.Service {
	var kinds []harrier.Service
	for i := range 60 {
		for j := range 10 {
			kinds = append(kinds, sshOf(fmt.Sprintf("SSH-2.0-OpenSSH_%d.%dp1 Debian-2+deb12u%d", 6+i%4, i/4%10, j)), sshOf(fmt.Sprintf("SSH-2.0-OpenSSH_%d.%dp1 Ubuntu-3ubuntu0.%d", 6+i%4, i/4%10, j)))
		}
	}
	for i := range 300 {
		for _, by := range []string{"", " (Ubuntu)", " (Debian)"} {
			kinds = append(kinds, webOf(fmt.Sprintf("nginx/1.%d.%d%s", i/10, i%10, by)), webOf(fmt.Sprintf("Apache/2.%d.%d%s", i/100, i%100, by)))
		}
	}
	hosts := make([][]harrier.Service, 0, n/2)
	for i := 0; i+1 < n; i += 2 {
		hosts = append(hosts, []harrier.Service{kinds[i*7%len(kinds)], kinds[(i*13+1)%len(kinds)]})
	}
	return hosts
}

// crowded is knowledge with as many statements about a product as the real one.
func crowded() *fake {
	var list []harrier.Record
	for i := range 120 {
		cve := fmt.Sprintf("CVE-2023-%04d", 1000+i)
		list = append(list,
			says("nvd", cve, cpeRange("a:openbsd:openssh", harrier.Range{From: "5.0p1", Before: fmt.Sprintf("%d.%dp1", 6+i%4, i%10)})),
			says("debian", cve, debFix("deb/debian/12", "openssh", fmt.Sprintf("1:9.2p1-2+deb12u%d", i%9))),
			says("ubuntu", cve, debFix("deb/ubuntu/22.04", "openssh", fmt.Sprintf("1:8.9p1-3ubuntu0.%d", i%12))),
			says("bitnami", cve, bitnami(fmt.Sprintf("1.%d.0", i%30))),
			says("nvd", cve, cpeRange("a:apache:http_server", harrier.Range{From: "2.0.0", Before: fmt.Sprintf("2.%d.%d", i%3, i)})),
		)
	}
	return know(list...)
}

// BenchmarkMillion matches 1 M services of about 3,000 kinds, two on a host.
func BenchmarkMillion(b *testing.B) {
	k := crowdedIndex()
	hosts := manyServices(1_000_000)
	b.ReportAllocs()
	for b.Loop() {
		m := New(k)
		found := 0
		for i := range hosts {
			seen, _ := things(harrier.Host{}, hosts[i])
			for j := range seen {
				m.hitsOf(&seen[j], harrier.Settings{}, time.Unix(1.7e9, 0), func(sighting) { found++ })
			}
		}
		b.ReportMetric(float64(found), "found")
	}
}

// BenchmarkMatch states what is wrong with 10,000 services, with its evidence.
func BenchmarkMatch(b *testing.B) {
	m := New(crowdedIndex())
	hosts := manyServices(10_000)
	b.ReportAllocs()
	for b.Loop() {
		for i := range hosts {
			presentOn(m, hosts[i], time.Unix(1.7e9, 0))
		}
	}
}

func crowdedIndex() Knowledge {
	k := crowded()
	byID := map[harrier.VulnID]harrier.Vulnerability{}
	for _, r := range k.records {
		v, _, _ := k.Vulnerability(harrier.ContentNumber(r.ID)) // never fails
		byID[v.ID] = v
	}
	return indexed{k, byID}
}

// indexed answers definitions without a search.
type indexed struct {
	*fake
	vulns map[harrier.VulnID]harrier.Vulnerability
}

func (k indexed) Vulnerability(id harrier.VulnID) (harrier.Vulnerability, bool, error) {
	v, ok := k.vulns[id]
	return v, ok, nil
}

func BenchmarkDecide(b *testing.B) {
	m := New(crowded())
	seen, _ := things(harrier.Host{}, []harrier.Service{sshOf("SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.6")})
	for b.Loop() {
		if _, err := m.decisions(&seen[0], 0, time.Unix(1.7e9, 0)); err != nil {
			b.Fatal(err)
		}
	}
}

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		certainty harrier.Certainty
		source    string
		want      string
	}{
		{harrier.Certain, "active", "VE"}, {harrier.Certain, "debian", "VV"}, {harrier.Potential, "nvd", "VP"}, {harrier.Potential, "active", "VP"}, {harrier.Guessed, "nvd", "VP"},
	} {
		if got := Status(harrier.Observation{Certainty: c.certainty, Source: c.source}); got != c.want {
			t.Errorf("Status(%s by %s) = %s; want %s", c.certainty, c.source, got, c.want)
		}
	}
	f := &harrier.Finding{Certainty: harrier.Certain, Source: "debian", Intervals: []harrier.Interval{{Opened: time.Unix(1, 0)}}}
	if got := FindingStatus(f); got != "VV" {
		t.Errorf("FindingStatus of an open one = %s", got)
	}
	f.Intervals[0].Closed = time.Unix(2, 0)
	if got := FindingStatus(f); got != "NV" {
		t.Errorf("FindingStatus of a closed one = %s", got)
	}
	if got := strings.Join([]string{Code(harrier.Unknown, 0, ""), Code(harrier.Absent, 0, "")}, " "); got != "UK NV" {
		t.Errorf("Code = %s", got)
	}
}
