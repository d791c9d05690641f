package ports

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/probe/question"
	stage "github.com/harrier-scan/harrier/internal/stage/ports"
	"github.com/harrier-scan/harrier/test/netbed"
)

// TestFirewalls shows what each way of Settings.Firewalls does: at a host that
// sends so many resets a second, at one behind a firewall that drops a hundred
// ports, and at one whose firewall refuses the first packet of a connection.
func TestFirewalls(t *testing.T) {
	w := use(t, netbed.Rules("firewalls", `
set met { type ipv4_addr . inet_service; flags dynamic,timeout; timeout 60s; size 1024; }
set limits { type ipv4_addr; flags dynamic,timeout; timeout 60s; size 64; }
chain out { type filter hook output priority 0;
 ip saddr 10.77.150.1-10.77.150.8 tcp flags & rst == rst update @limits { ip saddr limit rate over 100/second burst 10 packets } drop
}
chain in { type filter hook input priority 0;
 ip daddr 10.77.151.0/24 tcp dport 20000-20099 drop
 ip daddr 10.77.152.0/24 tcp dport 22 tcp flags & (syn|ack) == syn ip daddr . tcp dport != @met add @met { ip daddr . tcp dport } reject with tcp reset
}`))
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := w.Command(ctx, self, "-test.run=^TestInside$", "-test.v")
	cmd.Env = append(os.Environ(), insideEnv+"=firewalls")
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v", err)
	}
	t.Logf("%s", said)
}

// firewalls is the part of TestFirewalls in the scanner's namespace.
func firewalls(t *testing.T) {
	n := netio.New(harrier.Guard{}, nil, netio.Pace{})
	defer closeNet(t, n)
	const all = 401
	scan := func(net, host int, way harrier.FirewallDetection, connect bool) stage.Report {
		a := netip.MustParseAddr(fmt.Sprintf("10.77.%d.%d", net, host))
		if err := n.Declare(a, 0); err != nil {
			t.Error(err)
			return stage.Report{}
		}
		defer n.Release(a)
		r, err := stage.Scan(t.Context(), n, stage.Target{Addr: a, Settings: harrier.Settings{
			Ports: "22,20000-20399", Connect: connect, Firewalls: way, ConnectFirewalls: way,
		}}, func(context.Context, harrier.Endpoint, question.Heard) error { return nil })
		if err != nil {
			t.Error(err)
		}
		return r
	}
	var beside sync.WaitGroup
	for i, way := range harrier.FirewallDetections {
		for j, connect := range []bool{false, true} {
			host := 1 + 2*i + j
			for other := range 8 { // which bear everything, so that the limit of one is not the loss of all
				beside.Go(func() { scan(150, 100+8*host+other, way, connect) })
			}
			beside.Go(func() {
				var limited, filtered, first stage.Report
				var three sync.WaitGroup
				three.Go(func() { limited = scan(150, host, way, connect) })
				three.Go(func() { filtered = scan(151, host, way, connect) })
				three.Go(func() { first = scan(152, host, way, connect) })
				three.Wait()
				name := fmt.Sprintf("%q, by connecting %v", way, connect)
				t.Logf("%s: %d refused where resets are limited; %d known and %d not behind the firewall; %d open after the first packet",
					name, limited.Refused, filtered.Known.Count(harrier.TCP), filtered.Silent, len(first.Open))
				// How much the loss alone brings is chance, and so are the last few where the
				// machine has no time for them: TestLaps of package sweep has the difference.
				if watched := way == harrier.FirewallsNormal || way == harrier.FirewallsAggressive; watched && limited.Refused < (all-1)*97/100 {
					t.Errorf("%s: %d ports refused where resets are limited; want nearly all %d", name, limited.Refused, all-1)
				}
				want := all
				if way == harrier.FirewallsSofter {
					want -= 100
				}
				if got := filtered.Known.Count(harrier.TCP); got != want || filtered.Silent != all-want || (filtered.Reason == "") != (want == all) {
					t.Errorf("%s: %d ports known behind the firewall, %d not (%s); want %d, %d", name, got, filtered.Silent, filtered.Reason, want, all-want)
				}
				if opened := way == harrier.FirewallsAggressive; opened != (len(first.Open) == 1) || first.Known.Count(harrier.TCP) != all {
					t.Errorf("%s: %v open where the first packet is refused", name, first.Open)
				}
			})
		}
	}
	beside.Wait()
}
