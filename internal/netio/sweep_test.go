package netio

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

func synPlan(ports ...uint16) *sweep.Plan {
	var items []sweep.Item
	for _, p := range ports {
		items = append(items, sweep.Ask(sweep.SYN, p))
	}
	return sweep.NewPlan(items)
}

// A sweep of this machine finds what listens, by connecting.
func TestSweepLocal(t *testing.T) {
	open, _ := listener(t, "127.1.4.1:0")
	n := New(harrier.Guard{}, nil, Pace{})
	defer n.Close()
	if _, err := n.Sweep(t.Context(), Job{Addr: open.Addr(), Plan: synPlan(1)}, nil); harrier.KindOf(err) != harrier.Forbidden {
		t.Errorf("Sweep of an address that nobody declared = %v; want Forbidden", err)
	}
	if err := n.Declare(open.Addr(), 0); err != nil {
		t.Fatal(err)
	}
	var ports []uint16
	for p := uint16(1); p < 9000; p++ {
		ports = append(ports, p)
	}
	ports = append(ports, open.Port())
	if open.Port() < 9000 {
		t.Skip("the port is among the others")
	}
	var found []sweep.Reply
	r, err := n.Sweep(t.Context(), Job{Addr: open.Addr(), Plan: synPlan(ports...)}, func(_ context.Context, r sweep.Reply) error {
		found = append(found, r)
		return nil
	})
	if err != nil || r.Unsettled() != 0 || r.State(len(ports)-1) != sweep.Open {
		t.Errorf("Sweep = %d unsettled, the open port %v, %v; want all known and open", r.Unsettled(), r.State(len(ports)-1), err)
	}
	seen := false
	for _, f := range found {
		seen = seen || f.Item.Port() == open.Port() && f.RTT > 0
	}
	if !seen || len(found) > 10 {
		t.Errorf("found %v; want %v among a few", found, open)
	}
	f := n.Flight(open.Addr())
	if int(f.Counts[Connection]) < len(ports) || f.Counts[SYN] != 0 || f.First.IsZero() || f.Last.Before(f.First) || n.SentTo(open.Addr()) != int64(f.Total()) {
		t.Errorf("Flight = %+v; want %d connections and no raw packet", f, len(ports))
	}
	if _, err := n.Sweep(t.Context(), Job{Addr: open.Addr(), Plan: synPlan(80, 9100)}, nil); harrier.KindOf(err) != harrier.Forbidden {
		t.Errorf("Sweep of a printer's port = %v; want Forbidden", err)
	}
}

// Nothing leaves while held, and the sweep goes on after.
func TestSweepHold(t *testing.T) {
	open, _ := listener(t, "127.1.4.2:0")
	n := New(harrier.Guard{}, nil, Pace{})
	defer n.Close()
	if err := n.Declare(open.Addr(), 0); err != nil {
		t.Fatal(err)
	}
	n.Hold()
	done := make(chan error)
	go func() {
		_, err := n.Sweep(t.Context(), Job{Addr: open.Addr(), Plan: synPlan(open.Port(), 1, 2, 3)}, nil)
		done <- err
	}()
	select {
	case err := <-done:
		t.Errorf("Sweep while held ended: %v", err)
	case <-time.After(150 * time.Millisecond):
	}
	if n.Sent() != 0 {
		t.Errorf("%d sent while held; want none", n.Sent())
	}
	n.Resume()
	if err := <-done; err != nil {
		t.Error(err)
	}
	for i := 0; n.Sent() < 4 && i < 100; i++ { // answers can be quicker than the count
		time.Sleep(10 * time.Millisecond)
	}
	if n.Sent() < 4 {
		t.Errorf("%d sent; want all", n.Sent())
	}
}

// The last look at what leaves stops what nobody may reach, whoever asked.
func TestChecked(t *testing.T) {
	n := New(harrier.Guard{Never: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/30"), netip.MustParsePrefix("fd00::/64")}}, targets(t, "10.0.0.9-10.0.0.12"), Pace{})
	left := &recorder{}
	c := &checked{net: n, way: left}
	var probes []sweep.Probe
	for i := range 16 {
		a := netip.AddrFrom4([4]byte{10, 0, 0, byte(i)})
		_ = n.Declare(a, 0) // refused for some
		n.mu.Lock()
		if i%2 == 0 && n.hosts[a] == nil { // even if one was declared somehow
			n.hosts[a] = &host{users: 1, log: &flight{}}
		}
		n.mu.Unlock()
		probes = append(probes, sweep.Probe{Addr: a, Item: sweep.Ask(sweep.SYN, 80)})
	}
	probes = append(probes, sweep.Probe{Addr: netip.MustParseAddr("10.0.0.5"), Item: sweep.Ask(sweep.SYN, 9100)},
		sweep.Probe{Addr: netip.MustParseAddr("192.0.2.1"), Item: sweep.Ask(sweep.Echo, 0)}, sweep.Probe{Addr: netip.MustParseAddr("fd00::1")})
	if done, err := c.Send(probes); done != len(probes) || err != nil {
		t.Errorf("Send = %d, %v; want all dealt with", done, err)
	}
	var got []byte
	for _, p := range left.probes {
		got = append(got, p.Addr.As16()[15])
	}
	if want := []byte{4, 5, 6, 7, 8, 13, 14, 15}; string(got) != string(want) {
		t.Errorf("left for %v; want %v", got, want)
	}
	if n.Sent() != 8 || n.SentTo(netip.MustParseAddr("10.0.0.5")) != 1 {
		t.Errorf("Sent() = %d, %d to one; want 8, 1", n.Sent(), n.SentTo(netip.MustParseAddr("10.0.0.5")))
	}
}

// recorder is a transport that takes all, a few at a time.
type recorder struct{ probes []sweep.Probe }

func (r *recorder) Send(p []sweep.Probe) (int, error) {
	r.probes = append(r.probes, p...)
	return len(p), nil
}

func (r *recorder) Close() error { return nil }

func BenchmarkChecked(b *testing.B) {
	n := New(harrier.Guard{Never: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/30"), netip.MustParsePrefix("fd00::/64")}}, nil, Pace{})
	c := &checked{net: n, way: nothing{}}
	probes := make([]sweep.Probe, 64)
	for i := range probes {
		a := netip.AddrFrom4([4]byte{10, 0, 1, byte(i)})
		if err := n.Declare(a, 0); err != nil {
			b.Fatal(err)
		}
		probes[i] = sweep.Probe{Addr: a, Item: sweep.Ask(sweep.SYN, 80)}
	}
	for b.Loop() {
		_, _ = c.Send(probes)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/64, "ns/probe")
}

type nothing struct{}

func (nothing) Send(p []sweep.Probe) (int, error) { return len(p), nil }
func (nothing) Close() error                      { return nil }
