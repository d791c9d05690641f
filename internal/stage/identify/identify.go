// Package identify is the stage that finds out what serves the open ports of a
// host: all ports at once within bounds, each told as soon as it is known.
package identify

import (
	"context"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/osident"
	"github.com/harrier-scan/harrier/internal/probe"
)

// DefaultParallel is how many endpoints of one host are asked at a time when
// Options do not say.
const DefaultParallel = 32

// Options say how to ask.
type Options struct {
	Dial     probe.Dialer  // the way to the network; nil: a plain net.Dialer
	Parallel int           // endpoints of one host at a time; 0 means DefaultParallel, and one when Gentle
	Timeout  time.Duration // for one answer; 0 means 5 s
	Gentle   bool          // see probe.Target
	Slots    Slots         // shared by all hosts of an engine; nil: no bound over hosts
	Now      func() time.Time
}

// Slots bound how many endpoints are asked at a time over all hosts.
type Slots chan struct{}

// NewSlots returns n slots.
func NewSlots(n int) Slots { return make(Slots, n) }

func (s Slots) take(ctx context.Context) bool {
	if s == nil {
		return ctx.Err() == nil
	}
	select {
	case s <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s Slots) give() {
	if s != nil {
		<-s
	}
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
	results := make(chan harrier.Service)
	go func() {
		defer close(results)
		o.ask(ctx, host, open, results)
	}()
	var services []harrier.Service
	for s := range results {
		services = append(services, s)
		found(s)
	}
	return osident.Identify(host, services), ctx.Err()
}

// ask identifies endpoints within the bounds and returns when all are done.
func (o Options) ask(ctx context.Context, host harrier.Host, open []harrier.Endpoint, results chan<- harrier.Service) {
	parallel := o.Parallel
	switch {
	case o.Gentle || host.Fragile:
		parallel = 1
	case parallel <= 0:
		parallel = DefaultParallel
	}
	own := NewSlots(parallel)
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, e := range open {
		if !own.take(ctx) {
			return
		}
		if !o.Slots.take(ctx) {
			own.give()
			return
		}
		wg.Go(func() {
			defer own.give()
			defer o.Slots.give()
			if s, ok := o.identify(ctx, host, e); ok {
				results <- s
			}
		})
	}
}

// identify asks one endpoint; false when ctx ended before it was recognised. An
// endpoint that can not be reached any more is told without a name.
func (o Options) identify(ctx context.Context, host harrier.Host, e harrier.Endpoint) (harrier.Service, bool) {
	s, err := probe.Identify(ctx, probe.Target{
		Addr: host.Addr, Endpoint: e, Name: serverName(host), Dial: o.Dial, Timeout: o.Timeout,
		RTT: time.Duration(host.RTT) * time.Microsecond, Gentle: o.Gentle || host.Fragile,
	})
	now := o.Now().UTC()
	s.FirstSeen, s.LastSeen = now, now
	return s, err == nil || ctx.Err() == nil
}

// serverName is the name by which the target list asked for the host, if it is
// one, else the name that was looked up.
func serverName(host harrier.Host) string {
	if host.Name != "" && host.Name != host.Addr.String() {
		return host.Name
	}
	return host.FQDN
}
