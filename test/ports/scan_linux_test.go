package ports

import (
	"context"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/test/netbed"
)

// limit is how long a scan may hang before its test fails.
const limit = 40 * time.Second

// seenHost is what a scan told of a host.
type seenHost struct {
	Address  netip.Addr `json:"address"`
	Alive    bool       `json:"alive"`
	Reason   string     `json:"reason"`
	Services []struct {
		Port uint16 `json:"port"`
	} `json:"services"`
}

// hosts scans and returns what was told, by address.
func (w *world) hosts(t *testing.T, args ...string) map[netip.Addr]seenHost {
	t.Helper()
	out := filepath.Join(t.TempDir(), "hosts.json")
	w.run(t, append([]string{"scan", "--ports-only", "--format", "json", "-o", out, "--progress", "never"}, args...)...)
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Hosts []seenHost `json:"hosts"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	all := map[netip.Addr]seenHost{}
	for _, h := range list.Hosts {
		all[h.Address] = h
	}
	return all
}

// run runs the program in the scanner's namespace.
func (w *world) run(t *testing.T, args ...string) *os.ProcessState {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := w.Command(ctx, w.bin, args...)
	cmd.Env = os.Environ()
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("harrier %v: %v\n%s", args, err, said)
	}
	return cmd.ProcessState
}

// inside runs the test Inside of this program in the scanner's namespace.
func (w *world) inside(t *testing.T, what string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := w.Command(ctx, os.Args[0], "-test.run=^TestInside$", "-test.v")
	cmd.Env = append(os.Environ(), insideEnv+"="+what)
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", what, err, said)
	}
	t.Logf("%s", said)
}

// watch returns a function that ends the watch and returns the frames. The
// kernel forgets its neighbours first: it would ask for those of earlier tests
// whether they are still there.
func (w *world) watch(t *testing.T) func() []netbed.Seen {
	t.Helper()
	for _, version := range []string{"-4", "-6"} {
		if out, err := w.Command(t.Context(), "ip", version, "neigh", "flush", "dev", "scan0").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	var mu sync.Mutex
	var all []netbed.Seen
	end, err := w.Watch(func(s netbed.Seen) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, s)
	})
	if err != nil {
		t.Fatal(err)
	}
	over := sync.OnceValue(end.Close)
	t.Cleanup(func() { _ = over() }) // of a test that failed before
	return func() []netbed.Seen {
		if err := over(); err != nil {
			t.Fatal(err)
		}
		return all
	}
}
