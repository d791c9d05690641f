package identify_test

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/probe"
	"github.com/harrier-scan/harrier/internal/stage/identify"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func tcp(ports ...uint16) []harrier.Endpoint {
	var out []harrier.Endpoint
	for _, p := range ports {
		out = append(out, harrier.Endpoint{Protocol: harrier.TCP, Port: p})
	}
	return out
}

// byPort answers each port in its own way.
func byPort(peers map[uint16]wiretest.Dialer) probe.Dialer {
	return func(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error) {
		return peers[to.Port()](ctx, network, to)
	}
}

func TestHostStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		peers := map[uint16]wiretest.Dialer{
			22: wiretest.Banner("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\n"), 23: wiretest.Silence(), 80: wiretest.Answer("HTTP/1.0 200 OK\r\nServer: nginx/1.22.1\r\n\r\n"), 81: wiretest.Refuse(),
		}
		host := harrier.Host{Addr: netip.MustParseAddr("192.0.2.1"), RTT: 1000}
		began := time.Now()
		at := map[uint16]time.Duration{}
		got := map[uint16]harrier.Service{}
		host, err := identify.Host(t.Context(), host, tcp(22, 23, 80, 81), identify.Options{Dial: byPort(peers), Timeout: 3 * time.Second}, func(s harrier.Service) {
			got[s.Port], at[s.Port] = s, time.Since(began)
		})
		if err != nil || len(got) != 4 {
			t.Fatalf("Host told %d services, %v; want 4", len(got), err)
		}
		if got[22].Product != "OpenSSH" || got[80].Product != "nginx" || got[23].Name != "" || got[81].Name != "" {
			t.Errorf("Host told %v", got)
		}
		if at[80] >= at[23] {
			t.Errorf("the web server was told after %v, the silent port after %v; want the quick one first", at[80], at[23])
		}
		if got[22].FirstSeen.IsZero() || host.OS != "Debian GNU/Linux 12" {
			t.Errorf("first seen %v, OS %q; want a time, Debian GNU/Linux 12", got[22].FirstSeen, host.OS)
		}
	})
}

// counted counts itself out when it is closed.
type counted struct {
	net.Conn
	open *atomic.Int32
}

func (c *counted) Close() error {
	c.open.Add(-1)
	return c.Conn.Close()
}

// TestBounds counts the endpoints that are asked at a time.
func TestBounds(t *testing.T) {
	for _, c := range []struct {
		name    string
		options identify.Options
		most    int32 // connections: each endpoint in hand may have a few
		fragile bool
	}{
		{"gentle: one endpoint", identify.Options{Gentle: true}, 1, false},
		{"fragile: one endpoint", identify.Options{}, 1, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var now, most atomic.Int32
				dial := func(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error) {
					conn, err := wiretest.Silence()(ctx, network, to)
					n := now.Add(1)
					for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
					}
					return &counted{Conn: conn, open: &now}, err
				}
				c.options.Dial, c.options.Timeout = dial, time.Second
				host := harrier.Host{Addr: netip.MustParseAddr("192.0.2.1"), Fragile: c.fragile}
				told := 0
				if _, err := identify.Host(t.Context(), host, tcp(4711, 4712, 4713, 4714), c.options, func(harrier.Service) { told++ }); err != nil || told != 4 {
					t.Fatalf("Host told %d services, %v; want 4", told, err)
				}
				if most.Load() > c.most {
					t.Errorf("%d connections at a time; want at most %d", most.Load(), c.most)
				}
			})
		})
	}
}

// TestOneReal shows that one server among ports that say nothing, or a byte now
// and then, is told as soon as it is alone, in virtual time.
func TestOneReal(t *testing.T) {
	const banner = "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\n"
	drip := wiretest.Serve(func(c net.Conn) {
		for {
			if _, err := io.WriteString(c, "x"); err != nil {
				return
			}
			wiretest.Wait(c, time.Second)
		}
	})
	for _, others := range []int{50, 200} {
		took := map[int]time.Duration{}
		for _, n := range []int{0, others} {
			synctest.Test(t, func(t *testing.T) {
				peers := map[uint16]wiretest.Dialer{22: wiretest.Banner(banner)}
				open := tcp(22)
				for i := range n {
					port := uint16(20000 + i)
					peers[port], open = drip, append(open, tcp(port)...)
				}
				order, told := 0, 0
				began := time.Now()
				host := harrier.Host{Addr: netip.MustParseAddr("192.0.2.1"), RTT: 1000}
				_, err := identify.Host(t.Context(), host, open, identify.Options{Dial: byPort(peers)}, func(s harrier.Service) {
					if told++; s.Port == 22 {
						took[n], order = time.Since(began), told
					} else if s.Name != "" || s.Fact(probe.OutcomeFact) == "" {
						t.Errorf("%v = %q, %q; want no name and an outcome", s.Endpoint, s.Name, s.Fact(probe.OutcomeFact))
					}
				})
				if err != nil || told != n+1 || order != 1 {
					t.Errorf("the server was told as number %d of %d, %v; want the first of %d", order, told, err, n+1)
				}
				if all := time.Since(began); all > 2*time.Minute {
					t.Errorf("%d tarpits took %v; want at most 2m", n, all)
				}
			})
		}
		if took[others] != took[0] {
			t.Errorf("beside %d tarpits the server was told after %v; alone after %v", others, took[others], took[0])
		}
	}
}

// TestLast asks the real server behind the tarpits: it is not made to wait for
// what they are asked later.
func TestLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		peers := map[uint16]wiretest.Dialer{22: wiretest.Banner("SSH-2.0-OpenSSH_9.2p1\r\n")}
		var open []harrier.Endpoint
		for i := range 100 {
			port := uint16(20000 + i)
			peers[port], open = wiretest.Silence(), append(open, tcp(port)...)
		}
		began, order, told := time.Now(), 0, 0
		host := harrier.Host{Addr: netip.MustParseAddr("192.0.2.1"), RTT: 1000}
		_, err := identify.Host(t.Context(), host, append(open, tcp(22)...), identify.Options{Dial: byPort(peers)}, func(s harrier.Service) {
			if told++; s.Port == 22 {
				order = told
			}
		})
		if err != nil || order != 1 || told != 101 {
			t.Errorf("the server was told as number %d of %d, %v; want the first of 101", order, told, err)
		}
		t.Logf("all after %v", time.Since(began))
	})
}

// TestStrangers counts the questions to a host that opens every port.
func TestStrangers(t *testing.T) {
	var asked atomic.Int32
	targets := make(chan probe.Target, 1000)
	for i := range cap(targets) {
		targets <- probe.Target{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: uint16(1 + i)}}
	}
	close(targets)
	told, refused := 0, 0
	stage := identify.Stage{Parallel: 1, Identify: func(_ context.Context, target probe.Target) (harrier.Service, error) {
		if target.Peer == nil {
			t.Error("an endpoint without a Peer; want one for the host")
		}
		asked.Add(1)
		return harrier.Service{}, nil
	}}
	err := identify.Run(t.Context(), targets, stage, func(_ context.Context, s harrier.Service, _ error) error {
		if told++; s.Fact(probe.OutcomeFact) == probe.NotAsked {
			refused++
		}
		return nil
	})
	if err != nil || asked.Load() != identify.MaxStrangers || told != 1000 || refused != 1000-identify.MaxStrangers {
		t.Errorf("Run asked %d, told %d and refused %d, %v; want %d, 1000 and the rest", asked.Load(), told, refused, err, identify.MaxStrangers)
	}
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	host := harrier.Host{Addr: netip.MustParseAddr("192.0.2.1")}
	_, err := identify.Host(ctx, host, tcp(1, 2, 3), identify.Options{Dial: probe.Dialer(wiretest.Silence())}, func(s harrier.Service) { t.Errorf("told %v", s) })
	if err == nil {
		t.Error("Host of a canceled scan = nil; want the context's error")
	}
}
