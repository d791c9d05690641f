package ports_test

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/probe/question"
	"github.com/harrier-scan/harrier/internal/stage/ports"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listen opens TCP ports of the system's choice at addr and accepts on them.
func listen(t testing.TB, addr string, n int) []harrier.Endpoint {
	t.Helper()
	var out []harrier.Endpoint
	var accepting sync.WaitGroup
	t.Cleanup(accepting.Wait)
	for range n {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", net.JoinHostPort(addr, "0"))
		if err != nil {
			t.Fatalf("Listen(%s) = %v", addr, err)
		}
		t.Cleanup(func() { l.Close() })
		accepting.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				c.Close()
			}
		})
		out = append(out, harrier.Endpoint{Protocol: harrier.TCP, Port: netip.MustParseAddrPort(l.Addr().String()).Port()})
	}
	slices.SortFunc(out, harrier.Endpoint.Compare)
	return out
}

func declared(t testing.TB, addr string, pace netio.Pace) (*netio.Net, netip.Addr) {
	t.Helper()
	n, a := netio.New(harrier.Guard{}, nil, pace), netip.MustParseAddr(addr)
	t.Cleanup(func() { _ = n.Close() })
	if err := n.Declare(a, 0); err != nil {
		t.Fatalf("Declare(%s) = %v", addr, err)
	}
	return n, a
}

func ignore(context.Context, harrier.Endpoint, question.Heard) error { return nil }

func TestScanAllPorts(t *testing.T) {
	for _, addr := range []string{"127.1.2.10", "127.0.0.1"} {
		want := listen(t, addr, 40)
		n, a := declared(t, addr, netio.Pace{Printers: true})
		differ := ""
		// Other programs open ports for a moment, which are shut when they are asked
		// for again: such ones are not there at each of several times.
		for range 3 {
			var told []harrier.Endpoint
			r, err := ports.Scan(t.Context(), n, ports.Target{Addr: a, Settings: harrier.Settings{Ports: "T:1-65535", ScanPrinters: true}},
				func(_ context.Context, e harrier.Endpoint, _ question.Heard) error {
					told = append(told, e)
					return nil
				})
			if err != nil {
				t.Fatalf("Scan(%s) = %v", addr, err)
			}
			slices.SortFunc(told, harrier.Endpoint.Compare)
			if diff := cmp.Diff(r.Open, told); diff != "" {
				t.Errorf("Scan(%s): reported (-) and told (+) differ:\n%s", addr, diff)
			}
			if diff := cmp.Diff([]harrier.PortRange{{First: 1, Last: 65535}}, r.Known.TCP); diff != "" {
				t.Errorf("Scan(%s): known ports (-want +got):\n%s", addr, diff)
			}
			if differ = cmp.Diff(want, alsoOpen(t, addr, r.Open, want)); differ == "" {
				break
			}
		}
		if differ != "" {
			t.Errorf("Scan(%s): open ports (-want +got):\n%s", addr, differ)
		}
	}
}

// alsoOpen leaves those out of got that are not in want but do accept
// connections: other programs may listen at every address.
func alsoOpen(t *testing.T, addr string, got, want []harrier.Endpoint) []harrier.Endpoint {
	t.Helper()
	return slices.DeleteFunc(slices.Clone(got), func(e harrier.Endpoint) bool {
		if slices.Contains(want, e) {
			return false
		}
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", netip.AddrPortFrom(netip.MustParseAddr(addr), e.Port).String())
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

func TestScanLeavesPrintersAlone(t *testing.T) {
	for printers, want := range map[bool]int64{false: 4, true: 12} {
		settings := harrier.Settings{Ports: "T:9098-9109", ScanPrinters: printers}
		n, a := declared(t, "127.1.2.11", netio.Pace{Printers: settings.ScanPrinters})
		r, err := ports.Scan(t.Context(), n, ports.Target{Addr: a, Settings: settings}, ignore)
		for i := 0; n.Sent() < want && i < 200; i++ { // answers can be quicker than the count
			time.Sleep(10 * time.Millisecond)
		}
		if err != nil || n.Sent() != want || int64(r.Known.Count(harrier.TCP)) != want {
			t.Errorf("Scan(%+v) sent %d probes, knows %v, %v; want %d", settings, n.Sent(), r.Known, err, want)
		}
	}
}

// A scan that is stopped half way knows what it asked and nothing else.
func TestScanInterrupted(t *testing.T) {
	n, a := declared(t, "127.1.2.12", netio.Pace{Rate: 500})
	ctx, cancel := context.WithTimeout(t.Context(), 600*time.Millisecond)
	defer cancel()
	r, err := ports.Scan(ctx, n, ports.Target{Addr: a, Settings: harrier.Settings{Ports: "T:1-60000"}}, ignore)
	if err == nil {
		t.Fatal("Scan of 60,000 ports at 500 a second ended within 0.6 s")
	}
	if known := int64(r.Known.Count(harrier.TCP)); known == 0 || known > n.Sent() {
		t.Errorf("%d ports are known after %d probes; want some, and no more than that", known, n.Sent())
	}
}

func TestScanUDP(t *testing.T) {
	c, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.1.2.13:5353")
	if err != nil {
		t.Fatal(err)
	}
	silent, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.1.2.13:5355")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	var server sync.WaitGroup
	defer server.Wait()
	defer c.Close()
	server.Go(func() {
		buf := make([]byte, 1500)
		for {
			size, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			if slices.Equal(buf[:size], question.First(5353)) {
				_, _ = c.WriteTo(buf[:12], from)
			}
		}
	})
	n, a := declared(t, "127.1.2.13", netio.Pace{})
	r, err := ports.Scan(t.Context(), n, ports.Target{Addr: a, Settings: harrier.Settings{Ports: "U:5352-5355", UDP: true}}, ignore)
	if err != nil {
		t.Fatal(err)
	}
	want := ports.Report{
		Known:        harrier.Ports{UDP: []harrier.PortRange{{First: 5352, Last: 5354}}},
		Alive:        true,
		Open:         []harrier.Endpoint{{Protocol: harrier.UDP, Port: 5353}},
		OpenFiltered: harrier.Ports{UDP: []harrier.PortRange{{First: 5355, Last: 5355}}},
		Silent:       1, Reason: "some ports did not answer",
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("Scan (-want +got):\n%s", diff)
	}
}

func BenchmarkScanAllPorts(b *testing.B) {
	listen(b, "127.1.2.20", 50)
	n, a := declared(b, "127.1.2.20", netio.Pace{})
	for b.Loop() {
		r, err := ports.Scan(b.Context(), n, ports.Target{Addr: a, Settings: harrier.Settings{Ports: "T:1-9099,9108-65535"}}, ignore)
		if err != nil || len(r.Open) < 50 {
			b.Fatalf("Scan = %d open ports, %v; want at least 50", len(r.Open), err)
		}
	}
	b.ReportMetric(65527*float64(b.N)/b.Elapsed().Seconds(), "ports/s")
}
