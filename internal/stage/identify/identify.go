// Package identify is the stage that finds out what serves the open ports of a
// host: all ports at once within bounds, each told as soon as it is known.
//
// How many conversations go on at a time is bounded by package probe, for the
// host and for the process; the stage bounds the ports in hand.
package identify

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/osident"
	"github.com/harrier-scan/harrier/internal/probe"
)

// DefaultParallel is how many endpoints of one host are in hand at a time when
// Options do not say.
const DefaultParallel = 128

// MaxStrangers is after how many endpoints that nobody recognised the others of
// a host are not asked any more: a tarpit opens all and answers on none, and to
// wait for each takes a day.
const MaxStrangers = 128

// Options say how to ask. The zero value works.
type Options struct {
	Dial     probe.Dialer  // the way to the network; nil: a plain net.Dialer
	Parallel int           // endpoints of one host at a time; 0 means DefaultParallel; one when Gentle
	Timeout  time.Duration // for one answer; 0 means 5 s
	Gentle   bool          // see probe.Target
	Learned  *probe.Learned
	Trace    func(harrier.Endpoint, probe.Step) // calls about different endpoints may overlap; nil: nobody is told
	// Industrial allows questions in the protocols of machines.
	Industrial bool
	Now        func() time.Time
}

// Host identifies the open endpoints of a host and returns it with what the
// services tell of the machine (see osident.Identify). Found is called for every
// endpoint, one call at a time, in the order in which they become known: a
// service that was not recognised has no name. It answers ctx's error when ctx
// ended first; what was found until then was told.
func Host(ctx context.Context, host harrier.Host, open []harrier.Endpoint, o Options, found func(harrier.Service)) (harrier.Host, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	targets := make(chan probe.Target, len(open))
	for _, e := range open {
		targets <- o.target(host, e)
	}
	close(targets)
	var mu sync.Mutex
	var services []harrier.Service
	err := Run(ctx, targets, Stage{Parallel: o.parallel(host)}, func(_ context.Context, s harrier.Service, _ error) error {
		mu.Lock()
		defer mu.Unlock()
		now := o.Now().UTC()
		s.FirstSeen, s.LastSeen = now, now
		services = append(services, s)
		found(s)
		return nil
	})
	return osident.Identify(host, services), err
}

func (o Options) target(host harrier.Host, e harrier.Endpoint) probe.Target {
	t := probe.Target{
		Addr: host.Addr, Endpoint: e, Name: serverName(host), Dial: o.Dial, Timeout: o.Timeout, Learned: o.Learned,
		RTT: time.Duration(host.RTT) * time.Microsecond, Gentle: o.Gentle || host.Fragile, Industrial: o.Industrial,
	}
	if o.Trace != nil {
		t.Trace = func(s probe.Step) { o.Trace(e, s) }
	}
	return t
}

func (o Options) parallel(host harrier.Host) int {
	if o.Gentle || host.Fragile {
		return 1
	}
	return o.Parallel
}

// serverName is the name by which the target list asked for the host, if it is
// one, else the name that was looked up.
func serverName(host harrier.Host) string {
	if host.Name != "" && host.Name != host.Addr.String() {
		return host.Name
	}
	return host.FQDN
}

// Stage is how the endpoints of one host are worked through.
type Stage struct {
	Parallel int // endpoints in hand at a time; 0 means DefaultParallel
	// First is how many endpoints are in hand until one of them is known: what it
	// tells may be that the host bears little. They are not waited for long. 0
	// means Parallel.
	First    int
	Sessions int // conversations with the host at a time; 0 means what package probe finds right
	// Identify asks one endpoint; nil means probe.Identify.
	Identify func(context.Context, probe.Target) (harrier.Service, error)
}

// firstPatience is how long the others wait for one of the first endpoints.
const firstPatience = time.Second

// Run identifies the endpoints that come, all of one host, until there are no
// more, and tells of each as soon as it is known, with the error of its
// identification; calls of found may overlap. An endpoint that can not be
// reached any more, or is not recognised, is told without a name. Run ends
// early with ctx's error or that of found.
func Run(ctx context.Context, open <-chan probe.Target, s Stage, found func(ctx context.Context, s harrier.Service, err error) error) error {
	if s.Identify == nil {
		s.Identify = probe.Identify
	}
	if s.Parallel <= 0 {
		s.Parallel = DefaultParallel
	}
	peer := probe.NewPeer(s.Sessions)
	var strangers atomic.Int32
	early, known := 0, make(chan struct{})
	var once sync.Once
	late := time.NewTimer(firstPatience)
	defer late.Stop()
	g, asking := errgroup.WithContext(ctx)
	g.SetLimit(s.Parallel)
	for t := range open {
		if asking.Err() != nil {
			break
		}
		t.Peer = peer
		if early++; s.First > 0 && early > s.First {
			select {
			case <-known:
			case <-late.C:
			case <-asking.Done():
			}
			s.First = 0
		}
		g.Go(func() error {
			defer once.Do(func() { close(known) })
			if strangers.Load() >= MaxStrangers {
				return found(asking, probe.Refused(t.Endpoint, probe.NotAsked), nil)
			}
			service, err := s.Identify(asking, t)
			if asking.Err() != nil {
				return asking.Err()
			}
			if service.Name == "" {
				strangers.Add(1)
			}
			service.Endpoint = t.Endpoint
			return found(asking, service, err)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}
