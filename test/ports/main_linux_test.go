package ports

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier/internal/needs"
	"github.com/harrier-scan/harrier/test/netbed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(whole{m}) }

// whole is a run of all tests, and the end of what they share.
type whole struct{ tests *testing.M }

func (w whole) Run() int {
	// Scans that run beside each other mostly wait, however few processors there are.
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	code := w.tests.Run()
	if err := shared.close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

// world is a network and the program. The tests share one: they run one after
// the other, and each starts with a shape of its own and with addresses that no
// other has asked.
type world struct {
	*netbed.Bed
	dir, bin string
	make     sync.Once
	err      error
}

var shared world

func use(t *testing.T, p netbed.Profile) *world {
	t.Helper()
	needs.Root(t)
	needs.Binary(t, "ip", "iproute2")
	needs.Binary(t, "ethtool", "ethtool")
	needs.Binary(t, "nft", "nftables")
	w := &shared
	w.make.Do(func() {
		if w.dir, w.err = os.MkdirTemp("", "harrier-ports-"); w.err != nil { //nolint:usetesting // it outlives the first test
			return
		}
		w.bin = filepath.Join(w.dir, "harrier")
		if w.err = netbed.Build(t.Context(), w.bin); w.err != nil {
			return
		}
		if w.Bed, w.err = netbed.New(t.Context(), netbed.Options{Name: "hrs"}); w.err != nil {
			return
		}
		w.err = w.InTarget(tellClosed)
	})
	if w.err != nil {
		t.Fatal(w.err)
	}
	if err := w.Shape(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	return w
}

// tellClosed lets the target's kernel, which stands for many hosts, send as
// many ICMP errors as these would.
func tellClosed() error {
	var errs []error
	for _, name := range []string{"ipv4/icmp_ratelimit", "ipv6/icmp/ratelimit"} {
		errs = append(errs, os.WriteFile("/proc/sys/net/"+name, []byte("0"), 0o600))
	}
	return errors.Join(errs...)
}

func (w *world) close() error {
	var errs []error
	if w.Bed != nil {
		errs = append(errs, w.Close())
	}
	if w.dir != "" {
		errs = append(errs, os.RemoveAll(w.dir))
	}
	return errors.Join(errs...)
}
