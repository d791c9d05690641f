package story_test

import (
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/harrier-scan/harrier/internal/dialect/exchange"
)

// TestStory follows the findings of one server through scans, repairs and
// relapses, all through the public APIs: what a scan saw opens, what a scan
// looked at again and did not see closes, and nothing else does either.
func TestStory(t *testing.T) {
	l := newLab(t, &web{t: t, addr: "127.0.0.91", port: "0"})
	l.policy = l.text(l.must("POST", "/policy", fmt.Sprintf(`{"name":"all","policyTemplate":{"id":1},%s}`, l.preferences(l.web.port))), "id")
	scan := l.scan("standard", `"policy":{"id":`+l.policy+`},"ipList":"`+l.web.addr+`"`, "")
	second := &web{t: t, addr: "127.0.0.93", port: l.web.port} // which stays as it is
	second.version.Store("1.18.0")
	second.listen()
	t.Cleanup(second.close)
	doors := l.openDoors(t, l.web.addr+","+second.addr)
	if got := l.finished(scan); got != "Completed/Finished" {
		t.Fatalf("the first scan ended as %s", got)
	}
	l.parity("after the first scan")
	l.everywhere(t, doors, "after the first scan", false)
	l.pick()
	first := l.record("cumulative")
	if first == nil || first["hasBeenMitigated"] != "0" {
		t.Fatalf("the finding reads %v", first)
	}
	all := l.open()

	stays := func(when string) {
		t.Helper()
		if got := l.open(); got != all {
			t.Errorf("%s: open are %s; want %s", when, got, all)
		}
		if l.record("patched") != nil {
			t.Errorf("%s: the finding is among the patched ones", when)
		}
		l.parity(when)
	}

	l.remediate("")
	stays("looked at again, as it was")

	l.web.down.Store(true)
	l.remediate("")
	stays("the service does not answer")
	l.web.down.Store(false)
	l.web.version.Store("9.0.0")
	l.remediate("1")
	stays("mended, at a port that was not asked")

	// A login that fails on a server that is mended says nothing about what a login had told.
	bad := l.text(l.must("POST", "/credential", `{"name":"bad","type":"ssh","authType":"password","username":"root","password":"wrong"}`), "id")
	l.web.version.Store("1.18.0")
	login := l.scan("login", `"policy":{"id":`+l.policy+`},"ipList":"`+l.web.addr+`","credentials":[{"id":`+bad+`}]`, "")
	if got := l.finished(login); got != "Completed/Finished" {
		t.Errorf("the scan that can not log in ended as %s", got)
	}
	stays("a login that failed")

	// A stopped scan, of a host before which another one keeps it waiting.
	l.web.version.Store("9.0.0")
	silent := exchange.Listen(t, "127.0.0.92:0", func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	slow := l.text(l.must("POST", "/policy", fmt.Sprintf(`{"name":"slow",%s}`, l.preferences(silent, `"max_hosts_per_scan":"1"`))), "id")
	stopped := l.scan("stopped", `"policy":{"id":`+slow+`},"ipList":"127.0.0.92","timeoutAction":"rollover","rolloverType":"template"`, "")
	l.await(stopped, "Running")
	l.must("POST", "/scanResult/"+stopped+"/stop", `{"type":"rollover"}`)
	if got := l.finished(stopped); got != "Partial/Finished" {
		t.Errorf("the stopped scan ended as %s; want Partial/Finished", got)
	}
	if got := l.open(); got != all {
		t.Errorf("a stopped scan left open %s; want %s", got, all)
	}
	rollover := l.named("/scan", "stopped - Rollover")
	if rollover == nil {
		t.Fatal("a stopped scan left no scan for the rest")
	}
	if got := l.text(l.must("GET", fmt.Sprint("/scan/", rollover["id"]), ""), "ipList"); got != "127.0.0.92" {
		t.Errorf("the rest to scan is %q; want 127.0.0.92", got)
	}

	// Mended for good.
	l.remediate("")
	if l.record("cumulative") != nil {
		t.Error("the finding is open though the service was mended")
	}
	patched := l.record("patched")
	if patched == nil || patched["firstSeen"] != first["firstSeen"] {
		t.Fatalf("among the patched ones: %v; want the finding, first seen %v", patched, first["firstSeen"])
	}
	for value, want := range map[string]int{"0:25": 1, "2:25": 0} {
		if got := len(l.analyse("patched", "listvuln", l.only(), fmt.Sprintf(`{"filterName":"lastMitigated","operator":"=","value":%q}`, value))); got != want {
			t.Errorf("lastMitigated %s finds %d; want %d", value, got, want)
		}
	}
	l.everywhere(t, doors, "patched", false)
	others := l.open()

	// Broken again.
	l.web.version.Store("1.18.0")
	l.remediate("")
	again := l.record("cumulative")
	if again == nil || again["firstSeen"] != first["firstSeen"] || again["hasBeenMitigated"] != "1" {
		t.Errorf("open again: %v; want first seen %v, mitigated before", again, first["firstSeen"])
	}
	if l.record("patched") != nil {
		t.Error("the finding is open and among the patched ones")
	}
	if got := l.open(); got == others {
		t.Error("nothing was opened again")
	}

	l.everywhere(t, doors, "open again", false)
	l.rules()
	l.ruled(t, doors)
	l.everywhere(t, doors, "after the rules", false)

	// Switched off: the host answers, and nothing listens at the port any more.
	l.web.close()
	l.remediate("")
	if got := l.record("patched"); got == nil || got["firstSeen"] != first["firstSeen"] || l.record("cumulative") != nil {
		t.Errorf("the port is closed: the finding is not patched: %v", got)
	}
	l.everywhere(t, doors, "switched off", false)
}

// rules accepts and recasts the finding: both alter what is read, and nothing
// that is kept.
func (l *lab) rules() {
	l.t.Helper()
	before := l.record("cumulative")
	made := l.list(l.must("POST", "/acceptRiskRule", fmt.Sprintf(`{"plugin":{"id":%q},"repositories":[{"id":1}],"hostType":"all","port":"any","protocol":"any","comments":"known","expires":-1}`, l.plugin)))
	if got := l.record("cumulative"); got == nil || got["acceptRisk"] != "1" || got["firstSeen"] != before["firstSeen"] {
		l.t.Errorf("accepted: %v", got)
	}
	l.must("DELETE", fmt.Sprint("/acceptRiskRule/", made[0]["id"]), "")
	made = l.list(l.must("POST", "/recastRiskRule", fmt.Sprintf(`{"plugin":{"id":%q},"repositories":[{"id":1}],"hostType":"all","port":"any","protocol":"any","comments":"known","newSeverity":{"id":0}}`, l.plugin)))
	if got := l.record("cumulative"); got == nil || got["recastRisk"] != "1" || severityOf(got) != "0" {
		l.t.Errorf("recast: %v", got)
	}
	l.must("DELETE", fmt.Sprint("/recastRiskRule/", made[0]["id"]), "")
	after := l.record("cumulative")
	for _, name := range []string{"acceptRisk", "recastRisk", "firstSeen", "lastSeen", "hasBeenMitigated"} {
		if after[name] != before[name] {
			l.t.Errorf("%s was %v before the rules and is %v after them", name, before[name], after[name])
		}
	}
	if severityOf(after) != severityOf(before) {
		l.t.Errorf("severity was %s before the rules and is %s after them", severityOf(before), severityOf(after))
	}
}

// ruled accepts and recasts the finding on both servers, and asks everywhere.
func (l *lab) ruled(t *testing.T, d doors) {
	t.Helper()
	for _, r := range []struct{ kind, more string }{
		{"acceptRiskRule", `"expires":-1`},
		{"recastRiskRule", `"newSeverity":{"id":0}`},
		{"recastRiskRule", `"newSeverity":{"id":1}`},
	} {
		made := l.list(l.must("POST", "/"+r.kind, fmt.Sprintf(`{"plugin":{"id":%q},"repositories":[{"id":1}],"hostType":"all","port":"any","protocol":"any","comments":"known",%s}`, l.plugin, r.more)))
		l.everywhere(t, d, r.kind+" "+r.more, r.kind == "recastRiskRule")
		l.must("DELETE", fmt.Sprint("/", r.kind, "/", made[0]["id"]), "")
	}
}
