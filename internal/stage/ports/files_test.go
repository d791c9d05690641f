//go:build unix

package ports_test

import (
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/stage/ports"
)

// fewFiles marks the process that runs TestFewFiles with a low limit.
const fewFiles = "HARRIER_TEST_FEW_FILES"

// With files for a handful of connections a scan still finds everything: what
// fails for want of a file is tried again, and counts as nothing.
func TestFewFiles(t *testing.T) {
	if os.Getenv(fewFiles) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFewFiles$", "-test.v")
		cmd.Env = append(os.Environ(), fewFiles+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("with few files: %v\n%s", err, out)
		}
		return
	}
	want := listen(t, "127.1.2.30", 10)
	used, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Skip("no /dev/fd here")
	}
	limit := syscall.Rlimit{Cur: uint64(len(used) + 24), Max: uint64(len(used) + 24)}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	for _, pace := range []netio.Pace{{}, {Files: 200}} { // knowing of the limit, and running into it
		n, a := declared(t, "127.1.2.30", pace)
		silenced := silentPorts(t, "127.1.2.30", 1) // the way to running into it: connections that stay open
		r, err := ports.Scan(t.Context(), n, ports.Target{Addr: a, RTT: time.Millisecond, Settings: harrier.Settings{Ports: "T:30000-61000"}}, ignore)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range want {
			if !slices.Contains(r.Open, e) {
				t.Errorf("with files for %d: %v is not found", pace.Files, e)
			}
		}
		if known := r.Known.Count(harrier.TCP); known != 31001 {
			t.Errorf("with files for %d: %d ports known, %d not; want all 31001", pace.Files, known, r.Silent)
		}
		if len(r.Open) > len(want)+8 || slices.Contains(r.Open, silenced[0]) {
			t.Errorf("with files for %d: open ports %v; want %v", pace.Files, r.Open, want)
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
}

// silentPorts returns ports whose system drops connection attempts: they listen
// and their queues are full.
func silentPorts(t *testing.T, addr string, n int) []harrier.Endpoint {
	t.Helper()
	var out []harrier.Endpoint
	for range n {
		out = append(out, silentPort(t, addr))
	}
	return out
}
