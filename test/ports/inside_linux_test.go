package ports

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/netio/datagram"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

// insideEnv names what a process that was started in the scanner's namespace
// is to do.
const insideEnv = "HARRIER_PORTS_INSIDE"

// TestInside is the part of other tests that uses package netio in a process
// of its own, whose network is the scanner's.
func TestInside(t *testing.T) {
	switch os.Getenv(insideEnv) {
	case "guard":
		guard(t)
	case "soak":
		soak(t)
	case "firewalls":
		firewalls(t)
	default: // by itself it has nothing to do
	}
}

// What TestGuard asks, and may not.
var (
	guarded    = []string{"10.77.120.0/28", "fd77::120:0/124", "10.78.0.160/30", "fd78::160/126"}
	guardNever = []string{"10.77.120.8/29", "fd77::120:8/125", "10.78.0.162/31", "fd78::162/127"}
)

func guard(t *testing.T) {
	var never []netip.Prefix
	for _, p := range guardNever {
		never = append(never, netip.MustParsePrefix(p))
	}
	n := netio.New(harrier.Guard{Never: never}, nil, netio.Pace{})
	n.Question = func(uint16) []byte { return []byte("?") }
	defer closeNet(t, n)
	send, end := n.Datagrams(func(datagram.Answer) {})
	defer end()
	items := []sweep.Item{
		sweep.Ask(sweep.SYN, 22), sweep.Ask(sweep.ACK, 80), sweep.Ask(sweep.Echo, 0), sweep.Ask(sweep.Timestamp, 0),
		sweep.Ask(sweep.Neighbour, 0), sweep.Ask(sweep.UDP, 53),
	}
	plan := sweep.NewPlan(items)
	ask := func(a netip.Addr) []error {
		ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
		defer cancel()
		declared := n.Declare(a, 0)
		if declared == nil {
			defer n.Release(a)
		}
		at := netip.AddrPortFrom(a, 22)
		_, raw := n.Sweep(ctx, netio.Job{Addr: a, Plan: plan, Tries: 1}, nil)
		_, connect := n.Sweep(ctx, netio.Job{Addr: a, Plan: plan, Connect: true, Tries: 1}, nil)
		c, dial := n.Dial(ctx, "tcp", at)
		if dial == nil {
			c.Close()
		}
		_, ping := n.Ping(ctx, a, 100*time.Millisecond)
		return []error{declared, raw, connect, dial, ping, send(ctx, at, []byte("?"))}
	}
	var all errgroup.Group
	for _, a := range without(guarded, nil) {
		all.Go(func() error {
			var errs []error
			for i, err := range ask(a) {
				if forbidden := harrier.KindOf(err) == harrier.Forbidden; forbidden != inAny(a, guardNever) {
					errs = append(errs, harrier.Errorf(harrier.Internal, "%v by way %d: %v", a, i, err))
				}
			}
			return errors.Join(errs...)
		})
	}
	if err := all.Wait(); err != nil {
		t.Error(err)
	}
}

func closeNet(t *testing.T, n *netio.Net) {
	t.Helper()
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

// soak sweeps the same way again and again, over addresses of which some
// answer, and looks whether anything grows.
func soak(t *testing.T) {
	const rounds, early = 20, 5
	n := netio.New(harrier.Guard{}, nil, netio.Pace{})
	defer closeNet(t, n)
	plan := sweep.NewPlan([]sweep.Item{sweep.Ask(sweep.SYN, 22), sweep.Ask(sweep.SYN, 81), sweep.Ask(sweep.Echo, 0)})
	var before usage
	for round := range rounds {
		first := netip.MustParseAddr(fmt.Sprintf("10.%d.0.0", 97+round%4)) // the rest is taken from 10 bits
		var all errgroup.Group
		a, open := first, make(chan netip.Addr, 2048)
		for range 1024 {
			addr := a
			if err := n.Declare(addr, 0); err != nil {
				t.Fatal(err)
			}
			all.Go(func() error {
				defer n.Release(addr)
				_, err := n.Sweep(t.Context(), netio.Job{Addr: addr, Plan: plan, MaxWait: 200 * time.Millisecond}, func(_ context.Context, r sweep.Reply) error {
					if r.Item == sweep.Ask(sweep.SYN, 22) {
						open <- addr
					}
					return nil
				})
				return err
			})
			a = a.Next()
		}
		if err := all.Wait(); err != nil {
			t.Fatal(err)
		}
		if len(open) != 1024/16 {
			t.Errorf("round %d: %d open ports; want %d", round, len(open), 1024/16)
		}
		if round == early {
			before = used(t)
		}
	}
	after := used(t)
	t.Logf("after %d rounds %v, after %d %v", early+1, before, rounds, after)
	const slack = 1 << 20 // what comes and goes by itself; the race detector remembers the past
	if after.heap > before.heap*11/10+slack || !raced && after.resident > before.resident*11/10+slack || after.goroutines > before.goroutines {
		t.Errorf("grew from %v to %v", before, after)
	}
}

// usage is what a process holds.
type usage struct {
	heap, resident int // bytes
	goroutines     int
}

func (u usage) String() string {
	return fmt.Sprintf("%d KiB of heap, %d KiB resident, %d goroutines", u.heap>>10, u.resident>>10, u.goroutines)
}

func used(t *testing.T) usage {
	t.Helper()
	debug.FreeOSMemory()
	debug.FreeOSMemory() // what finalizers and pools let go of
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	f, err := os.Open("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		if kib, ok := strings.CutPrefix(in.Text(), "VmRSS:"); ok {
			n, err := strconv.Atoi(strings.Fields(kib)[0])
			if err != nil {
				t.Fatal(err)
			}
			return usage{int(m.HeapAlloc), n << 10, runtime.NumGoroutine()}
		}
	}
	t.Fatal("no VmRSS")
	return usage{}
}
