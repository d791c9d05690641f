package console

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/pipeline"
	"github.com/harrier-scan/harrier/internal/scan"
)

// OpenPorts finds the open ports of l's targets and tells of each host that
// answered when it is done: nothing is identified, checked or stored, whatever
// the policy says. It is the first stages of the pipeline without rooms around
// them. When ctx ends first, what was found so far has been told.
func OpenPorts(ctx context.Context, l LocalScan, tell func(h harrier.Host, c harrier.Coverage) error) error {
	p, err := l.policy()
	if err != nil {
		return err
	}
	plan := harrier.Plan{Settings: p.Settings}
	plan.Settings.PortsOnly = true
	targets, err := scan.Wanted(l.Targets, l.Exclude, &plan.Exclude)
	if err != nil {
		return err
	}
	s := plan.Settings
	n, finish, err := l.network(plan, targets)
	if err != nil {
		return err
	}
	o := &openPorts{tell: tell, count: harrier.Scan{Name: "open ports", Status: harrier.ScanRunning, HostsTotal: targets.Count()}, began: time.Now()}
	live, end := context.WithCancel(context.WithoutCancel(ctx)) // what was found is told when ctx ends
	defer end()
	g, live := errgroup.WithContext(live)
	g.Go(func() error {
		defer end()
		return pipeline.Run(live, ctx.Done(), pipeline.Tools{Resolver: net.DefaultResolver, Log: l.Log}, pipeline.Batch{
			Targets: targets, Plan: plan, Net: n, Hosts: semaphore.NewWeighted(int64(pipeline.MaxHosts(s))), Publish: o.take, Brief: true, Asking: 4096, // it is the only batch
		})
	})
	if l.Progress != nil {
		g.Go(func() error {
			tick := time.NewTicker(200 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-live.Done():
					return nil
				case <-tick.C:
					l.Progress(o.soFar())
				}
			}
		})
	}
	err = g.Wait()
	f := n.Figures()
	l.Log.InfoContext(ctx, "sweep ended", "hosts", targets.Count(), "packets", n.Sent(), "canaries", f.Canaries, "loss", f.Loss, "rate", int(f.Rate), "took", time.Since(o.began))
	if errors.Is(err, pipeline.ErrStopped) {
		err = nil
	}
	err = errors.Join(err, n.Close())
	finish()
	return err
}

// openPorts turns what the pipeline publishes into what is told.
type openPorts struct {
	tell  func(harrier.Host, harrier.Coverage) error
	began time.Time

	mu    sync.Mutex
	count harrier.Scan
	dead  int
}

func (o *openPorts) take(_ context.Context, r harrier.Result) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if r.Dead != nil { // the list is whole each time
		o.dead = 0
		for _, s := range r.Dead {
			o.dead += s.Count
		}
	}
	if r.Coverage == nil {
		return nil
	}
	o.count.HostsDone++
	return o.tell(*r.Host, *r.Coverage)
}

func (o *openPorts) soFar() harrier.Scan {
	o.mu.Lock()
	defer o.mu.Unlock()
	sc := o.count
	sc.HostsDone += o.dead
	return sc
}
