//go:build unix

package daemons

import (
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check/all"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestTable checks that the table is complete and names real checks, and that
// its twins really are some.
func TestTable(t *testing.T) {
	known := map[harrier.VulnID]bool{}
	for _, c := range all.Checks() {
		known[c.Vulnerability.ID] = true
	}
	packages := map[string]bool{}
	standard := map[harrier.Endpoint]string{}
	for _, d := range All() {
		if d.Package == "" || d.Binary == "" || packages[d.Package] {
			t.Errorf("%q (%s) lacks a name, or has one twice", d.Package, d.Binary)
		}
		packages[d.Package] = true
		for i, v := range d.Variants() {
			if len(v.Ports) != len(d.Flawed.Ports) {
				t.Errorf("%s: its variants have %d and %d ports", d.Package, len(d.Flawed.Ports), len(v.Ports))
			}
			for _, p := range v.Ports {
				e := harrier.Endpoint{Protocol: p.Protocol, Port: p.Standard}
				if i == 0 && standard[e] != "" {
					t.Errorf("%s is of %s and of %s", e, standard[e], d.Package)
				}
				standard[e] = d.Package
				if !strings.Contains("PQR", p.Key) || p.Standard == 0 || p.Name == "" || p.Version && p.Product == "" {
					t.Errorf("%s: %+v is not complete", d.Package, p)
				}
				if !slices.IsSorted(p.Findings) {
					t.Errorf("%s: findings %v are not in order", d.Package, p.Findings)
				}
				if i == 1 && len(p.Findings) > 0 {
					t.Errorf("%s: the fixed variant has findings %v", d.Package, p.Findings)
				}
				for _, id := range p.Findings {
					if !known[id] {
						t.Errorf("%s: no check reports %d", d.Package, id)
					}
				}
			}
		}
	}
}

// TestInstalled checks that what the tests install has every daemon.
func TestInstalled(t *testing.T) {
	b, err := os.ReadFile("../../scripts/setup-test.sh")
	if err != nil {
		t.Fatal(err)
	}
	installed := strings.Fields(string(b))
	for _, d := range All() {
		name := d.Package
		for _, cut := range []string{"-{PG}", "-bin"} {
			if short := strings.TrimSuffix(name, cut); !slices.Contains(installed, name) {
				name = short
			}
		}
		if !slices.ContainsFunc(installed, func(s string) bool { return s == name || s == name+"-light" }) {
			t.Errorf("scripts/setup-test.sh does not install %s", d.Package)
		}
	}
}

func TestStart(t *testing.T) {
	redis := slices.IndexFunc(All(), func(d Daemon) bool { return d.Package == "redis-server" })
	place := Place{Addr: netip.MustParseAddr("127.0.0.1")}
	var all []Listener
	t.Run("two at once", func(t *testing.T) {
		flawed := Start(t, place, All()[redis])
		place.Fixed = true
		for _, r := range slices.Concat(flawed, Start(t, place, All()[redis])) {
			for _, p := range r.Variant.Ports {
				all = append(all, Listener{r.Endpoint(p), place.Addr})
			}
		}
		for _, l := range all {
			if !listening(t, l) {
				t.Errorf("Start returned, but nobody listens on %v", l)
			}
		}
	})
	for _, l := range all {
		if listening(t, l) {
			t.Errorf("the test ended, but a daemon listens on %v", l)
		}
	}
}

func listening(t *testing.T, l Listener) bool {
	t.Helper()
	bound, err := Listeners(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	return slices.Contains(bound, l)
}

func TestSocketName(t *testing.T) {
	for in, want := range map[string]string{
		"0100007F:1F90":                         "127.0.0.1:8080",
		"00000000:0016":                         "0.0.0.0:22",
		"00000000000000000000000000000000:0016": "0.0.0.0:22",
		"0000000000000000FFFF00000100007F:0050": "127.0.0.1:80",
		"00000000000000000000000001000000:0050": "", // ::1
		"0100007F":                              "", "01:0016": "", "0100007F:10000": "", "x:1": "",
	} {
		addr, port, ok := socketName(in)
		got := ""
		if ok {
			got = netip.AddrPortFrom(addr, port).String()
		}
		if got != want {
			t.Errorf("socketName(%q) = %q; want %q", in, got, want)
		}
	}
}

func TestUpstream(t *testing.T) {
	for in, want := range map[string]string{"1:9.2p1-2+deb12u10": "9.2p1", "2.3.19.1+dfsg1-2.1": "2.3.19.1", "3.0.3": "3.0.3", "1:9.18.49-1~deb12u3": "9.18.49"} {
		if got := upstream(in); got != want {
			t.Errorf("upstream(%q) = %q; want %q", in, got, want)
		}
	}
}
