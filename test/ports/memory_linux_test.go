package ports

import (
	"net/netip"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/harrier-scan/harrier/test/netbed"
)

// TestSoak demands that sweeps leave nothing behind in their process.
func TestSoak(t *testing.T) { use(t, netbed.Silent()).inside(t, "soak") }

// TestLongList demands that memory does not grow with the list of targets: few
// of them answer, and each is asked for one port.
func TestLongList(t *testing.T) {
	w := use(t, few)
	short, long := w.peak(t, "10.100.0.0/23", 1), w.peak(t, "10.101.0.0/21", 4)
	t.Logf("%d KiB for 512 addresses, %d KiB for 2,048", short, long)
	const slack = 32 << 10
	if long > short*11/10+slack {
		t.Errorf("%d KiB for 2,048 addresses, %d KiB for 512", long, short)
	}
}

// few leaves one address in 512 of the wide range.
var few = netbed.Rules("few", `
chain pre { type filter hook prerouting priority -300; ip daddr & 0.0.1.255 != 7 ip daddr 10.96.0.0/12 drop; }`)

// peak scans a net of which so many addresses answer, and returns how many KiB
// the program held at most.
func (w *world) peak(t *testing.T, target string, answer int) int64 {
	t.Helper()
	out := filepath.Join(t.TempDir(), "open")
	state := w.run(t, "scan", "--ports-only", "--format", "list", "--progress", "never", "-p", "80", "--ping", "icmp", "-o", out, target)
	found, err := netbed.ReadList(out)
	if err != nil {
		t.Fatal(err)
	}
	for at := range found {
		if !netip.MustParsePrefix(target).Contains(at.Addr()) || at.Port() != 80 {
			t.Errorf("%v was told open", at)
		}
	}
	if len(found) != answer {
		t.Errorf("%s: %d open ports; want %d", target, len(found), answer)
	}
	return state.SysUsage().(*syscall.Rusage).Maxrss
}
