package testbed

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/test/daemons"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	flawed = "10.77.1.1"
	fixed  = "10.77.1.2"
	empty  = "10.77.1.3" // answers, but nobody listens
	mute   = "10.77.1.4" // drops everything
	barred = "10.77.1.5" // answers, and is asked by nobody: excluded

	ports = "T:1-65535,U:53,161,11211"
)

// TestTestbed scans real servers, flawed ones and their fixed twins, and
// compares what was found with the table in package daemons.
func TestTestbed(t *testing.T) {
	if testing.Short() {
		t.Skip("starts fifty servers and scans all their ports")
	}
	net := NewNetwork(t, netip.MustParseAddr(flawed), netip.MustParseAddr(fixed))
	net.Filter(t, "mute", "chain in { type filter hook prerouting priority -300; ip daddr "+mute+" drop; }")
	began := time.Now()
	authority := daemons.NewAuthority(t)
	want := map[place]truth{}
	for addr, isFixed := range map[string]bool{flawed: false, fixed: true} {
		running := daemons.Start(t, daemons.Place{
			Addr: netip.MustParseAddr(addr), Namespace: net.Target, Standard: true, Fixed: isFixed, Authority: authority,
		}, daemons.All()...)
		maps.Copy(want, truths(addr, running))
		if len(running) == 0 {
			t.Skip("no server is installed")
		}
		checkListeners(t, addr, running)
	}
	if t.Failed() {
		return
	}
	t.Logf("%d ports of %d addresses listen after %.1f s", len(want), 2, time.Since(began).Seconds())
	s := newScanner(t, net, authority.Path)
	targets := []string{flawed, fixed, empty, mute, "-p", ports}

	first := s.scan(t, targets...)
	checkScores(t, want, first)
	checkHosts(t, first)
	t.Run("again", func(t *testing.T) { testAgain(t, first, s.scan(t, targets...)) })
	t.Run("loss", func(t *testing.T) {
		net.Filter(t, "loss", `chain in { type filter hook prerouting priority -300; iifname "hrt0" numgen random mod 1000 < 10 counter name lost drop; }
 chain out { type filter hook postrouting priority 0; oifname "hrt0" numgen random mod 1000 < 10 counter name lost drop; }
 counter lost { }`)
		defer net.Filter(t, "loss", "")
		r := s.scan(t, targets...)
		score := compare(want, r).ports
		t.Logf("%s  wall %.1f s, 1%% of the packets lost each way (%d)", &score, r.wall.Seconds(), net.Packets(t, "loss")["lost"])
		for _, fault := range slices.Concat(score.missed, score.wrong) {
			t.Error(fault)
		}
	})
	t.Run("exclude", func(t *testing.T) { testExclude(t, s) })
}

// checkListeners checks that the table has every TCP port that is open: what
// nobody wrote down would count as found wrongly.
func checkListeners(t *testing.T, addr string, running []*daemons.Running) {
	t.Helper()
	bound, err := daemons.Listeners(running[0].PID())
	if err != nil {
		t.Fatal(err)
	}
	listed := truths(addr, running)
	for _, l := range bound {
		here := l.Addr.IsUnspecified() || l.Addr == netip.MustParseAddr(addr)
		if _, known := listed[place{addr, l.Endpoint}]; here && l.Protocol == harrier.TCP && !known {
			t.Errorf("a server listens on %s %s, which the table does not have", l.Addr, l.Endpoint)
		}
	}
}

// checkScores prints the table and wants it faultless, but for a few findings
// that may be missed.
func checkScores(t *testing.T, want map[place]truth, r report) {
	t.Helper()
	s := compare(want, r)
	var table strings.Builder
	for _, line := range s.lines() {
		fmt.Fprintln(&table, line)
	}
	t.Logf("\n%swall %.1f s, %d hosts planned, %d alive", &table, r.wall.Seconds(), r.Scan.Hosts.Planned, r.Scan.Hosts.Alive)
	for _, line := range s.lines() {
		for _, fault := range line.wrong {
			t.Error(fault)
		}
		for _, fault := range line.missed {
			if line == &s.findings && line.recall() >= 0.95 {
				t.Log(fault)
			} else {
				t.Error(fault)
			}
		}
	}
}

// checkHosts checks who was told alive.
func checkHosts(t *testing.T, r report) {
	t.Helper()
	alive := map[string]bool{}
	for _, h := range r.Hosts {
		alive[h.Address] = h.Alive
	}
	for addr, want := range map[string]bool{flawed: true, fixed: true, empty: true, mute: false} {
		if alive[addr] != want {
			t.Errorf("the scan told %s alive: %v; want %v", addr, alive[addr], want)
		}
	}
}

// testAgain checks that a second scan tells the same services and finds the
// same, of every kind.
func testAgain(t *testing.T, first, second report) {
	t.Logf("wall %.1f s, %d findings", second.wall.Seconds(), len(second.findings()))
	told, again := first.services(), second.services()
	for _, at := range places(told, again) { // what is not recognised lacks its findings below
		if told[at] != again[at] {
			t.Errorf("the scans told %+v and %+v at %s; want the same", told[at], again[at], at)
		}
	}
	for _, c := range []struct {
		name     string
		has, had map[found]finding
	}{{"only the first scan", first.findings(), second.findings()}, {"only the second scan", second.findings(), first.findings()}} {
		for id, f := range c.has {
			if _, both := c.had[id]; !both {
				t.Errorf("%s found %d %s at %s", c.name, id.vulnerability, f.Name, id.place)
			}
		}
	}
}

// testExclude checks that no packet reaches an excluded address, as the target
// counts them. No scan before this one asked the address: what servers send
// late on connections that have ended would be answered by the system.
func testExclude(t *testing.T, s scanner) {
	s.network.Filter(t, "guard", `chain in { type filter hook prerouting priority -400; ip daddr `+flawed+` counter name asked; ip daddr `+barred+` counter name excluded; }
 counter asked { }
 counter excluded { }`)
	defer s.network.Filter(t, "guard", "")
	r := s.scan(t, flawed, empty+"-"+barred, "--exclude", barred, "-p", "T:1-1024,U:53,161")
	packets := s.network.Packets(t, "guard")
	t.Logf("%d packets to %s, %d to the excluded %s", packets["asked"], flawed, packets["excluded"], barred)
	if packets["asked"] == 0 {
		t.Errorf("no packet reached %s", flawed)
	}
	if packets["excluded"] != 0 {
		t.Errorf("%d packets reached the excluded %s", packets["excluded"], barred)
	}
	for _, h := range r.Hosts {
		if h.Address == barred {
			t.Errorf("the results have the excluded %s", barred)
		}
	}
}
