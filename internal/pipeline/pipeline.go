// Package pipeline runs one batch of a scan: it joins the stages expand,
// discover, ports, identify, assess and collect by bounded channels. Each
// result leaves at once, so the first finding of the first host is out before
// the last host is asked; and when results can not leave, every stage waits.
//
// What goes wrong on one host ends nothing on the others.
package pipeline

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/probe"
	"github.com/harrier-scan/harrier/internal/stage/discover"
	"github.com/harrier-scan/harrier/internal/stage/expand"
)

// Resolver looks up names and addresses; net.DefaultResolver is one.
type Resolver interface {
	expand.Resolver
	LookupAddr(ctx context.Context, addr string) ([]string, error)
}

// Tools are what a pipeline works with. They are the same for all batches.
type Tools struct {
	Checks   []check.Check // active ones; those that a plan does not name are not run
	Identify func(ctx context.Context, t probe.Target) (harrier.Service, error)
	OS       func(h harrier.Host, services []harrier.Service) harrier.Host // what services tell of their host; nil tells nothing
	Resolver Resolver
	Log      *slog.Logger
}

// Batch is what to run.
type Batch struct {
	Targets harrier.Targets
	Plan    harrier.Plan
	Net     *netio.Net          // for the plan's guard rules and exclusions
	Hosts   *semaphore.Weighted // places for hosts whose services are talked to, shared by the scan's batches
	Learned *probe.Learned      // what was recognised so far, shared by the scan's batches; nil: this one learns by itself
	Skip    map[string]bool     // hosts that are done, by expand.Host.Key
	Logins  []harrier.Login     // what to sign in with
	Asking  int                 // hosts that are asked at a time whether they are there; 0 means 1,024
	// Brief leaves results out that tell of an open port of a host whose ports
	// alone are asked for: its coverage, at the end, has them all.
	Brief bool
	// Publish stores a result that lacks the names of scan, batch and sequence.
	// It waits when results can not leave. Calls may overlap; those about one
	// host come in order.
	Publish func(ctx context.Context, r harrier.Result) error
}

// MaxHosts is how many hosts a scan with the settings talks to at a time. How
// many are looked for, and swept for open ports, it does not bound: that goes
// at the pace that the network bears.
func MaxHosts(s harrier.Settings) int {
	if s.MaxHosts > 0 {
		return s.MaxHosts
	}
	return 64
}

// ErrStopped ends a run that was told to stop.
var ErrStopped = errors.New("scan stopped")

// Run scans the batch. When stop is closed it ends promptly: hosts in hand are
// reported as far as they were looked at, the error is ErrStopped. When ctx
// ends nothing more is published, and the error is ctx's. When Publish fails
// nothing more is asked, and the error is its.
func Run(ctx context.Context, stop <-chan struct{}, tools Tools, b Batch) error {
	work, cancel := context.WithCancelCause(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-stop:
			cancel(ErrStopped)
		case <-work.Done():
		}
	})
	defer watch.Wait()
	defer cancel(nil)

	// What was found before a stop is still published: only ctx ends that.
	publish := b.Publish
	b.Publish = func(_ context.Context, r harrier.Result) error {
		err := publish(ctx, r)
		if err != nil {
			cancel(err)
		}
		return err
	}
	r := &run{tools: tools, batch: b, planned: harrier.NewIDs(b.Plan.Checks), around: discover.NewNeighbourhood(b.Net), learned: b.Learned}
	if r.learned == nil {
		r.learned = probe.NewLearned()
	}
	err := r.stages(work)
	stopped := errors.Is(context.Cause(work), ErrStopped)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && !stopped:
		return cmp.Or(context.Cause(work), err)
	}
	if err := r.publishDead(ctx); err != nil {
		return err
	}
	if stopped {
		return ErrStopped
	}
	return nil
}

// run is one batch in progress.
type run struct {
	tools   Tools
	batch   Batch
	planned *harrier.IDs
	dead    deadBook
	around  *discover.Neighbourhood
	learned *probe.Learned
}

// live is a host that is there.
type live struct {
	expand.Host
	discover.Answer
	settings harrier.Settings
	fragile  bool
	started  time.Time
}

// How many hosts of a batch are asked at a time whether they are there, and how
// many are swept for open ports. When few ports are all that is wanted, a sweep
// is mostly the wait for the last answers, so as many may wait as may be asked
// whether they are there.
const (
	discoverers = 1024
	sweeping    = 16  // for each that may be talked to
	fewPorts    = 128 // no more than this
)

func (r *run) asking() int { return cmp.Or(r.batch.Asking, discoverers) }

func (r *run) sweeping() int {
	n := sweeping * MaxHosts(r.batch.Plan.Settings)
	s := r.batch.Plan.Settings
	if p, err := s.PlannedPorts(); s.PortsOnly && err == nil && p.Count(harrier.TCP)+p.Count(harrier.UDP) <= fewPorts {
		n = max(n, r.asking())
	}
	return n
}

// stages runs all stages until the batch is done. Work ends when the scan is
// stopped.
func (r *run) stages(work context.Context) error {
	g, work := errgroup.WithContext(work)
	hosts, alive := make(chan expand.Host, 64), make(chan live)
	g.Go(func() error {
		defer close(hosts)
		return r.expand(work, hosts)
	})
	g.Go(func() error {
		defer close(alive)
		return r.discoverAll(work, hosts, alive)
	})
	g.Go(func() error { return r.scanHosts(work, alive) })
	done := make(chan struct{})
	var telling sync.WaitGroup
	telling.Go(func() { r.tellDead(work, done) })
	err := g.Wait()
	close(done)
	telling.Wait()
	return err
}

func (r *run) expand(ctx context.Context, hosts chan<- expand.Host) error {
	plan := expand.Plan{
		Targets: r.batch.Targets, Exclude: r.batch.Plan.Exclude, AllAddresses: r.batch.Plan.Settings.AllAddresses,
		Resolver: r.tools.Resolver, Forbidden: r.batch.Net.Forbidden,
	}
	return expand.Run(ctx, plan, func(ctx context.Context, h expand.Host) error {
		if r.batch.Skip[h.Key()] {
			return nil
		}
		select {
		case hosts <- h:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}, r.dead.add)
}

// discoverAll takes hosts until there are no more, and hands on those that are
// there.
func (r *run) discoverAll(ctx context.Context, hosts <-chan expand.Host, alive chan<- live) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(r.asking())
	for h := range hosts {
		if ctx.Err() != nil {
			break
		}
		visit := r.around.Enter(h.Addr)
		g.Go(func() error {
			defer visit.Leave()
			return r.discover(ctx, h, visit, alive)
		})
	}
	r.around.Close()
	err := g.Wait()
	for range hosts { // lets expand end
	}
	return err
}

// discover asks one host whether it is there.
func (r *run) discover(ctx context.Context, h expand.Host, visit *discover.Visit, alive chan<- live) error {
	l := live{Host: h, started: time.Now().UTC()}
	l.settings, l.fragile = r.settingsFor(h.Addr)
	if err := r.batch.Net.Declare(h.Addr, l.settings.HostRatePPS); err != nil {
		r.dead.add(target(h), harrier.MessageOf(err))
		return nil
	}
	var err error
	if l.Answer, err = visit.Ping(ctx, l.settings); err == nil && l.Alive {
		select {
		case alive <- l: // released when its scan has ended
			return nil
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	r.batch.Net.Release(h.Addr)
	if err != nil {
		return err
	}
	r.dead.add(target(h), l.Reason)
	return nil
}

// settingsFor are the settings for one address: gentle ones for a fragile host.
func (r *run) settingsFor(addr netip.Addr) (s harrier.Settings, fragile bool) {
	s, fragile = r.batch.Plan.Settings, r.batch.Plan.Guard.IsFragile(addr)
	if fragile || s.Gentle {
		s = s.Gentled()
	}
	return s, fragile
}

func target(h expand.Host) harrier.Target {
	return harrier.Target{Name: h.Domain, First: h.Addr, Last: h.Addr}
}

// scanHosts scans what comes.
func (r *run) scanHosts(ctx context.Context, alive <-chan live) error {
	g := &errgroup.Group{}
	g.SetLimit(r.sweeping())
	for l := range alive {
		if ctx.Err() != nil {
			r.batch.Net.Release(l.Addr)
			continue
		}
		g.Go(func() error {
			defer r.batch.Net.Release(l.Addr)
			return r.scanHost(ctx, l)
		})
	}
	return cmp.Or(g.Wait(), ctx.Err())
}
