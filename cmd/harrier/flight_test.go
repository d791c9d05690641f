package main

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/internal/flight"
	built "github.com/harrier-scan/harrier/test/console"
)

// A scan that is killed leaves a record that names the addresses that it had in
// hand, and what was sent to them.
func TestKilledScanFlight(t *testing.T) {
	bin := built.Build(t)
	path := filepath.Join(filepath.Dir(bin), "record")
	cmd := exec.CommandContext(t.Context(), bin, "scan", "--connect", "--no-ping", "--ports-only", "--progress", "never", "-f", "list",
		"-p", "T:20000-60000", "--host-rate", "200", "--flight", path, "127.9.8.1-127.9.8.2")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(path + ".hand"); err == nil {
			break
		}
		if time.Now().After(until) {
			t.Error("nothing in hand was recorded within a minute")
			break
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	for addr, want := range map[string]bool{"127.9.8.1": true, "127.9.8.2": true, "127.9.8.3": false} {
		answers, _, err := flight.Search(path, netip.MustParseAddr(addr))
		if err != nil || len(answers) != 1 {
			t.Fatalf("Search of %s = %+v, %v; want one answer", addr, answers, err)
		}
		a := answers[0]
		n := flight.Sum(a.Sent)["tcp connection"]
		if a.Missing == "" || a.InHand.IsZero() == want || (n > 0) != want || (a.Target == flight.IsTarget) != want {
			t.Errorf("Search of %s = %+v; want it in hand and sent to: %v", addr, a, want)
		}
	}
}
