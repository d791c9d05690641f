package pipeline_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/semaphore"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/osident"
	"github.com/harrier-scan/harrier/internal/pipeline"
	"github.com/harrier-scan/harrier/internal/probe"
)

// A port of a controller among the others: the host is told as fragile at once,
// and what disturbs is left out with the reason.
func TestController(t *testing.T) {
	listen(t, "127.1.27.1", 44818, 1)
	listen(t, "127.1.27.1", 18600, 1)
	set := tools()
	set.OS = osident.Identify
	harmless := func(context.Context, check.Target) (harrier.Verdict, string, error) { return harrier.Absent, "", nil }
	var disturbed atomic.Int32
	set.Checks = []check.Check{
		{CheckInfo: harrier.CheckInfo{ID: 1, Safe: true}, Run: harmless, Applies: func(harrier.Service) bool { return true }},
		{CheckInfo: harrier.CheckInfo{ID: 2}, HostLevel: true, Run: func(context.Context, check.Target) (harrier.Verdict, string, error) {
			disturbed.Add(1)
			return harrier.Absent, "", nil
		}},
	}
	var asked atomic.Int32
	set.Identify = func(_ context.Context, t probe.Target) (harrier.Service, error) {
		if t.Port == 44818 && (!t.Gentle || t.Industrial) {
			asked.Add(1)
		}
		return harrier.Service{Name: "something"}, nil
	}
	plan := harrier.Plan{Settings: harrier.Settings{Ports: "T:44818,18600", Unsafe: true, ScanOT: true}, Checks: []harrier.VulnID{1, 2}}
	l := run(t, "127.1.27.1", plan, set)
	h, c := l.hosts["127.1.27.1"], l.coverage["127.1.27.1"]
	if !h.Fragile || h.FragileWhy != "a programmable controller, by open ports (TCP port 44818)" || h.DeviceType != osident.PLC {
		t.Errorf("the controller is %+v", h)
	}
	if asked.Load() > 0 || disturbed.Load() > 0 {
		t.Errorf("it was asked %d times other than gently, and by %d unsafe checks", asked.Load(), disturbed.Load())
	}
	outcome, reason := c.Outcome(2, harrier.Endpoint{})
	if outcome != harrier.Skipped || !strings.Contains(reason, "controller") || !c.Complete {
		t.Errorf("the unsafe check is %v (%s), coverage %+v; want it skipped with the reason", outcome, reason, c)
	}
	if outcome, _ := c.Outcome(1, harrier.Endpoint{Protocol: harrier.TCP, Port: 18600}); outcome != harrier.Clean {
		t.Errorf("the safe check is %v; want clean", outcome)
	}
}

// A service that names a printer: what is asked from then on is asked gently,
// one at a time. What it turns out to be then is told.
func TestPrinterByBanner(t *testing.T) {
	const first, n = 18700, 20
	listen(t, "127.1.27.2", first, n)
	fragile := make(chan struct{})
	second := make(chan struct{})
	var once, another sync.Once
	var begun, gentle, together, overlaps atomic.Int32
	set := tools()
	set.OS = osident.Identify
	set.Identify = func(ctx context.Context, t probe.Target) (harrier.Service, error) {
		first := begun.Add(1) == 1
		if t.Gentle {
			gentle.Add(1)
			if together.Add(1) > 1 {
				overlaps.Add(1)
			}
			defer together.Add(-1)
			return harrier.Service{Name: "something"}, nil
		}
		if first { // it answers when another one is asked
			select {
			case <-second:
			case <-ctx.Done():
			}
			return harrier.Service{Name: "http", Facts: map[string]string{"http.server": "HP HTTP Server; HP Officejet Pro 8600"}}, nil
		}
		another.Do(func() { close(second) })
		select {
		case <-fragile:
		case <-ctx.Done():
		}
		return harrier.Service{Name: "ssh", Facts: map[string]string{"ssh.version": "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2"}}, nil
	}
	targets, err := harrier.ParseTargets("127.1.27.2")
	if err != nil {
		t.Fatal(err)
	}
	// A cap on the rate bounds how many ports are asked at a time.
	plan := harrier.Plan{Settings: harrier.Settings{Ports: "T:18700-18719", RatePPS: 100_000}, Checks: []harrier.VulnID{1}}
	l := &ledger{coverage: map[string]*harrier.Coverage{}, hosts: map[string]harrier.Host{}}
	way := netio.New(plan.Guard, plan.Exclude, netio.Pace{})
	defer way.Close()
	err = pipeline.Run(t.Context(), nil, set, pipeline.Batch{
		Targets: targets, Plan: plan, Net: way, Hosts: semaphore.NewWeighted(8),
		Publish: func(ctx context.Context, r harrier.Result) error {
			if r.Host != nil && r.Host.Fragile {
				once.Do(func() { close(fragile) })
			}
			return l.publish(ctx, r)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if gentle.Load() < n-8-1 || overlaps.Load() > 0 {
		t.Errorf("%d of %d ports were asked gently, %d beside another; want all but the first few, one at a time", gentle.Load(), n, overlaps.Load())
	}
	h := l.hosts["127.1.27.2"]
	if !strings.HasPrefix(h.FragileWhy, "a printer, by HTTP (HP HTTP Server") {
		t.Errorf("it is fragile for %q", h.FragileWhy)
	}
	if h.DeviceType != osident.Printer || len(h.Signs) < 2 {
		t.Errorf("it is a %q by %+v", h.DeviceType, h.Signs)
	}
}
