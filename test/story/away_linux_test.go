package story_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/internal/needs"
	"github.com/harrier-scan/harrier/test/netbed"
)

// targetEnv names the namespace of the servers: the test runs once more then, in
// that of the scanner.
const targetEnv = "HARRIER_STORY_TARGET"

// TestAway: a host that is switched off keeps its flaws until nobody has answered
// for as many days as the scan says; then they are patched, in every dialect.
func TestAway(t *testing.T) {
	if target := os.Getenv(targetEnv); target != "" {
		away(t, target)
		return
	}
	needs.Root(t)
	for tool, pkg := range map[string]string{"ip": "iproute2", "nft": "nftables", "ethtool": "ethtool"} {
		needs.Binary(t, tool, pkg)
	}
	bed, err := netbed.New(t.Context(), netbed.Options{Name: "away", Quiet: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = bed.Close() }() // the namespaces go with it
	cmd := bed.Command(t.Context(), os.Args[0], "-test.run=^TestAway$", "-test.v")
	cmd.Env = append(os.Environ(), targetEnv+"="+bed.Target())
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestAway") {
		t.Fatalf("%v\n%s", err, out)
	}
}

func away(t *testing.T, target string) {
	ip := func(args string) {
		t.Helper()
		if out, err := exec.CommandContext(t.Context(), "ip", strings.Fields("-n "+target+" "+args)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v: %s", args, err, out)
		}
	}
	inside := func(do func() error) error { return netbed.Inside(target, do) }
	ip("addr add 10.78.0.9/24 dev target0")
	l := newLab(t, &web{t: t, addr: "10.78.0.9", port: "0", inside: inside})
	second := &web{t: t, addr: "10.78.0.2", port: l.web.port, inside: inside} // which stays
	second.version.Store("1.18.0")
	second.listen()
	t.Cleanup(second.close)
	ping := strings.Replace(l.preferences(l.web.port), `"ping_the_remote_host":"no"`, `"ping_the_remote_host":"yes"`, 1)
	l.policy = l.text(l.must("POST", "/policy", fmt.Sprintf(`{"name":"all","policyTemplate":{"id":1},%s}`, ping)), "id")
	doors := l.openDoors(t, l.web.addr+","+second.addr)
	look := func(name string) {
		t.Helper()
		id := l.scan(name, `"policy":{"id":`+l.policy+`},"ipList":"`+l.web.addr+`","classifyMitigatedAge":"30"`, "")
		if got := l.finished(id); got != "Completed/Finished" {
			t.Errorf("%s: the scan ended as %s", name, got)
		}
	}
	look("there")
	l.pick()
	first, all := l.record("cumulative"), l.open()
	l.everywhere(t, doors, "there", false)

	ip("addr del 10.78.0.9/24 dev target0")
	for _, days := range []time.Duration{0, 29} {
		l.later(days * 24 * time.Hour)
		look(fmt.Sprintf("off for %d days", days))
		if got := l.open(); got != all || all == "" {
			t.Errorf("off for %d days: open are %s; want %s", days, got, all)
		}
		if l.record("patched") != nil {
			t.Errorf("off for %d days: the finding is among the patched ones", days)
		}
	}
	l.later(2 * 24 * time.Hour)
	look("off for 31 days")
	if got := l.open(); got != "" {
		t.Errorf("off for 31 days: open are %s; want none", got)
	}
	if got := l.record("patched"); got == nil || got["firstSeen"] != first["firstSeen"] {
		t.Errorf("off for 31 days: among the patched ones: %v; want the finding, first seen %v", got, first["firstSeen"])
	}
	l.everywhere(t, doors, "off for 31 days", false)

	ip("addr add 10.78.0.9/24 dev target0")
	look("back")
	if got := l.record("cumulative"); got == nil || got["firstSeen"] != first["firstSeen"] || got["hasBeenMitigated"] != "1" {
		t.Errorf("back: %v; want first seen %v, mitigated before", got, first["firstSeen"])
	}
}
