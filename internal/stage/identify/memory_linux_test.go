//go:build !race

package identify_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/probe"
	"github.com/harrier-scan/harrier/internal/stage/identify"
)

// What TestMemory opens: ports on each of so many addresses of this machine.
const (
	memoryHosts = 40
	memoryPorts = 250
	memoryFirst = 21000
	memoryMost  = 512 << 20
)

const memoryRole = "HARRIER_TEST_MEMORY"

// TestMemory asks 10,000 open ports at once that answer nothing, without an end,
// or byte by byte, and looks at what the process that asks takes at most. The
// peers live in the test's process, so that only the asking is measured.
func TestMemory(t *testing.T) {
	if os.Getenv(memoryRole) != "" {
		askAll(t)
		return
	}
	if testing.Short() {
		t.Skip("opens 10,000 ports")
	}
	servePeers(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMemory$", "-test.v")
	cmd.Env = append(os.Environ(), memoryRole+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// servePeers listens, on all addresses of 127.0.0.0/8, at the ports of
// TestMemory: a peer's kind follows from its port.
func servePeers(t *testing.T) {
	flood := []byte(strings.Repeat("endless ", 1<<10))
	record := append([]byte{0x16, 3, 3, 0x20, 0}, make([]byte, 0x2000)...)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	t.Cleanup(func() { cancel(); wg.Wait() })
	serve := func(c net.Conn, kind int) {
		defer context.AfterFunc(ctx, func() { c.Close() })()
		defer c.Close()
		switch kind % 4 {
		case 0: // silent
			_, _ = io.Copy(io.Discard, c)
		case 1: // a banner without end
			for {
				if _, err := c.Write(flood); err != nil {
					return
				}
				time.Sleep(5 * time.Millisecond) // the machine has to keep up
			}
		case 2: // a byte now and then
			for {
				if _, err := c.Write([]byte("x")); err != nil {
					return
				}
				_ = c.SetReadDeadline(time.Now().Add(time.Second))
				if _, err := io.Copy(io.Discard, c); err == nil {
					return
				}
			}
		case 3: // handshake records without end, once it is asked
			if _, err := c.Read(make([]byte, 1)); err != nil {
				return
			}
			for {
				if _, err := c.Write(record); err != nil {
					return
				}
				time.Sleep(5 * time.Millisecond)
			}
		}
	}
	for i := range memoryPorts {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", fmt.Sprint(":", memoryFirst+i))
		if err != nil {
			t.Fatal(err)
		}
		context.AfterFunc(ctx, func() { l.Close() })
		wg.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				wg.Go(func() { serve(c, i) })
			}
		})
	}
}

// askAll is the process that asks, with the memory limit of harrier engine.
func askAll(t *testing.T) {
	debug.SetMemoryLimit(384 << 20)
	var now, most, told atomic.Int32
	ask := func(ctx context.Context, target probe.Target) (harrier.Service, error) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		return probe.Identify(ctx, target)
	}
	var kept sync.Map // a scan keeps what was found of a host until its end
	var wg sync.WaitGroup
	began := time.Now()
	for i := range memoryHosts {
		targets := make(chan probe.Target, memoryPorts)
		for port := range memoryPorts {
			targets <- probe.Target{
				Addr:     netip.AddrFrom4([4]byte{127, 9, 0, byte(1 + i)}),
				Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: uint16(memoryFirst + port)}, Timeout: 2 * time.Second, Deadline: 15 * time.Second,
			}
		}
		close(targets)
		wg.Go(func() {
			err := identify.Run(t.Context(), targets, identify.Stage{Parallel: memoryPorts, Identify: ask}, func(_ context.Context, s harrier.Service, _ error) error {
				told.Add(1) // a busy machine may let some connections time out
				kept.Store([2]int{i, int(s.Port)}, s)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	peak := peakMemory(t)
	t.Logf("%d ports in hand at once, all told after %v, peak memory %d MiB", most.Load(), time.Since(began).Round(time.Second), peak>>20)
	outcomes := map[string]int{}
	kept.Range(func(_, v any) bool {
		s := v.(harrier.Service)
		outcomes[s.Name+" "+s.Fact(probe.OutcomeFact)]++
		return true
	})
	t.Log(outcomes)
	if most.Load() < memoryHosts*memoryPorts*8/10 || told.Load() != memoryHosts*memoryPorts {
		t.Errorf("%d ports were in hand at once, %d told; want most and all of %d", most.Load(), told.Load(), memoryHosts*memoryPorts)
	}
	if peak > memoryMost {
		t.Errorf("the process took %d MiB; want at most %d", peak>>20, memoryMost>>20)
	}
}

// peakMemory is the most that the process ever had in memory, in bytes.
func peakMemory(t *testing.T) int {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		if rest, found := strings.CutPrefix(in.Text(), "VmHWM:"); found {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			return kib << 10
		}
	}
	t.Fatal("the kernel tells no peak")
	return 0
}
