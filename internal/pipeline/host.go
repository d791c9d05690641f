package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
	"github.com/harrier-scan/harrier/internal/osident"
	"github.com/harrier-scan/harrier/internal/probe"
	"github.com/harrier-scan/harrier/internal/stage/assess"
	"github.com/harrier-scan/harrier/internal/stage/collect"
	"github.com/harrier-scan/harrier/internal/stage/discover"
	"github.com/harrier-scan/harrier/internal/stage/ports"
)

// hostRun is the scan of one host.
type hostRun struct {
	*run
	live
	book   *collect.Book
	checks []check.Check // that may run; it and the settings are guarded by mu

	mu       sync.Mutex
	host     harrier.Host
	services []harrier.Service // recognised or at least asked

	watch osident.Watch
	alone sync.Mutex // held by what is asked of a host that bears little

	shown  bool // guarded by mu: the host was told of
	placed bool // it has a place among those that are talked to

	strangers atomic.Int32 // open ports that were not recognised
}

// job is one check to run; of the host as a whole with a zero service.
type job struct {
	check   check.Check
	service harrier.Service
}

// identifiers is how many ports of one host are asked at a time what they
// serve.
const identifiers = 8

// The reasons of a host that was not looked at any further.
const (
	onlyDiscovery = "only host discovery was asked for"
	onlyPorts     = "only the open ports were asked for"
)

// scanHost scans a host that is there and publishes its coverage at the end.
// The error is that of publishing, or of the context's end: nothing that a host
// does is one.
func (r *run) scanHost(ctx context.Context, l live) error {
	h := &hostRun{run: r, live: l, book: collect.New(r.planned), host: harrier.Host{
		Name: l.Name, Addr: l.Addr, Alive: true, Reason: l.Reason, RTT: l.RTT.Microseconds(), FQDN: l.Domain,
		Fragile: l.fragile, Started: l.started,
	}}
	var refused []harrier.Done
	h.checks, refused = assess.Planned(r.tools.Checks, r.planned, l.settings)
	for _, d := range refused {
		h.book.Add(d)
	}
	h.onLink(ctx)
	reason, err := h.look(ctx)
	if errors.Is(context.Cause(ctx), ErrStopped) {
		reason, err = ErrStopped.Error(), nil
	}
	if err != nil { // the host will be scanned again
		return err
	}
	if h.hidden() {
		h.dead.add(target(l.Host), discover.NoAnswer)
		return nil
	}
	h.mu.Lock()
	h.host.Ended = time.Now().UTC()
	h.mu.Unlock()
	coverage, err := h.book.Close(reason)
	if err != nil {
		return err
	}
	return h.tell(ctx, harrier.Result{Coverage: coverage})
}

// look tells of the host and looks at it. The reason says why that was not
// completely; "" when it was.
func (h *hostRun) look(ctx context.Context) (reason string, err error) {
	if h.Reason != discover.NotPinged {
		if err := h.show(ctx); err != nil {
			return "", err
		}
	}
	if h.set().DiscoverOnly {
		return onlyDiscovery, cmp.Or(h.show(ctx), h.lookUpName(ctx))
	}
	return h.stages(ctx)
}

// show tells of the host, once. One that was not asked whether it is there is
// told of when it first answers anything; it is none if it never does.
func (h *hostRun) show(ctx context.Context) error {
	h.mu.Lock()
	shown := h.shown
	h.shown = true
	h.mu.Unlock()
	if shown {
		return nil
	}
	return h.tell(ctx, harrier.Result{})
}

// hidden reports whether the host was never told of.
func (h *hostRun) hidden() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.shown
}

// stages runs ports, identify and assess beside each other.
func (h *hostRun) stages(ctx context.Context) (reason string, err error) {
	g, ctx := errgroup.WithContext(ctx)
	open, jobs := make(chan harrier.Endpoint, 64), make(chan job, 64)
	g.Go(func() error { return h.lookUpName(ctx) })
	g.Go(func() error {
		defer close(open)
		report, err := ports.Scan(ctx, h.batch.Net, ports.Target{
			Addr: h.Addr, RTT: h.RTT, Witness: h.Item, Known: h.Known, Settings: h.set(),
			Gently: func() bool { return h.set().Gentle },
		}, func(ctx context.Context, e harrier.Endpoint) error { return h.found(ctx, e, open) })
		h.book.Ports(report.Known)
		if err == nil {
			err = h.askStack(ctx, report)
		}
		if report.Alive && err == nil {
			err = h.show(ctx)
		}
		if harrier.KindOf(err) == harrier.Invalid {
			reason, err = harrier.MessageOf(err), nil
		} else if report.Reason == ports.GaveUp {
			reason = report.Reason
		}
		return err
	})
	if h.set().PortsOnly {
		close(jobs)
		g.Go(func() error {
			for range open { // each was told of
			}
			return nil
		})
		err := g.Wait()
		return cmp.Or(reason, onlyPorts), err
	}
	g.Go(func() error {
		defer close(jobs)
		return h.identifyAll(ctx, open, jobs)
	})
	for range max(1, h.maxChecks()) {
		g.Go(func() error { return h.assess(ctx, jobs) })
	}
	err = g.Wait()
	if h.placed {
		h.batch.Hosts.Release(1)
	}
	return reason, err
}

func (h *hostRun) maxChecks() int {
	if n := h.set().MaxChecks; n > 0 {
		return n
	}
	return 8
}

// found tells of an open port at once, and hands it on.
func (h *hostRun) found(ctx context.Context, e harrier.Endpoint, open chan<- harrier.Endpoint) error {
	h.book.Open(e, false)
	h.careful(ctx, h.watch.Open(e))
	if err := h.show(ctx); err != nil {
		return err
	}
	if err := h.tell(ctx, harrier.Result{Services: []harrier.Service{{Endpoint: e, LastSeen: time.Now().UTC()}}}); err != nil {
		return err
	}
	select {
	case open <- e:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// identifyAll asks the open ports what they serve and plans the checks: those
// of a service as soon as it is known, those of the host at the end.
func (h *hostRun) identifyAll(ctx context.Context, open <-chan harrier.Endpoint, jobs chan<- job) error {
	if err := h.batch.Hosts.Acquire(ctx, 1); err != nil {
		return err
	}
	h.placed = true
	g, asking := errgroup.WithContext(ctx)
	workers := identifiers
	if h.set().Gentle {
		workers = 1
	}
	for range workers {
		g.Go(func() error {
			for e := range open {
				s, err := h.identify(asking, e)
				if err != nil {
					return err
				}
				for _, c := range assess.ForService(h.permitted(), s) {
					if err := send(asking, jobs, job{c, s}); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	h.recogniseHost()
	_, services := h.snapshot()
	for _, c := range assess.ForHost(h.permitted(), services) {
		if err := send(ctx, jobs, job{check: c}); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func send(ctx context.Context, jobs chan<- job, j job) error {
	select {
	case jobs <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// maxStrangers is after how many open ports that nobody recognised the others
// of a host are not asked any more: a tarpit opens all and answers on none, and
// to wait for each takes a day.
const maxStrangers = 128

// identify asks one port what it serves. The error is ctx's or of publishing.
func (h *hostRun) identify(ctx context.Context, e harrier.Endpoint) (harrier.Service, error) {
	var s harrier.Service
	var err error
	var gentle bool // when it was asked
	if h.strangers.Load() < maxStrangers {
		gentle = h.set().Gentle
		over := h.turn()
		s, err = h.askService(ctx, e)
		over()
	}
	if ctx.Err() != nil {
		return s, ctx.Err()
	}
	if s.Name == "" {
		h.strangers.Add(1)
	}
	if err != nil {
		h.tools.Log.DebugContext(ctx, "service not identified", "host", h.Name, "endpoint", e.String(), "err", err)
	}
	s.Endpoint, s.LastSeen = e, time.Now().UTC()
	h.careful(ctx, h.watch.Service(s))
	h.mu.Lock()
	h.services = append(h.services, s)
	h.mu.Unlock()
	if err := h.tell(ctx, harrier.Result{Services: []harrier.Service{s}}); err != nil {
		return s, err
	}
	h.book.Open(e, s.Name != "" && s.Name != onlyTLS)
	if gentle && !s.TLS {
		h.unasked(s)
	}
	return s, nil
}

// onlyTLS is the name of a service that speaks TLS and, inside, nothing that is
// known: what else there is about it was not seen.
const onlyTLS = "tls"

// unasked notes the checks that would have something to ask of s if it spoke
// TLS, which a fragile host was not asked for.
func (h *hostRun) unasked(s harrier.Service) {
	secure := s
	secure.TLS = true
	for _, c := range assess.ForService(h.permitted(), secure) {
		if !c.Applies(s) {
			h.book.Add(harrier.Done{Check: c.ID, Endpoint: s.Endpoint, Outcome: harrier.Failed, Reason: "a fragile host is not asked for TLS"})
		}
	}
}

// askService runs the identification, again when the scan was paused
// meanwhile: its timeouts then say nothing.
func (h *hostRun) askService(ctx context.Context, e harrier.Endpoint) (s harrier.Service, err error) {
	for {
		if err := h.batch.Net.Ready(ctx); err != nil {
			return s, err
		}
		holds := h.batch.Net.Holds()
		s, err = h.guardedIdentify(ctx, e)
		if ctx.Err() != nil || h.batch.Net.Holds() == holds {
			return s, err
		}
	}
}

func (h *hostRun) guardedIdentify(ctx context.Context, e harrier.Endpoint) (s harrier.Service, err error) {
	defer func() {
		if p := recover(); p != nil {
			s, err = harrier.Service{}, fmt.Errorf("identify %s: fault: %v", e, p)
		}
	}()
	set := h.set()
	return h.tools.Identify(ctx, probe.Target{
		Addr: h.Addr, Endpoint: e, Name: h.Domain, Dial: h.batch.Net.Dial,
		Timeout: h.answerWait(), RTT: h.RTT, Gentle: set.Gentle, Industrial: set.ScanOT,
	})
}

// answerWait is how long one answer may take: what the settings say, and the
// time that a packet waits for its turn when the rate is capped.
func (h *hostRun) answerWait() time.Duration {
	set := h.set()
	wait := set.ReadTimeout.Or(5 * time.Second)
	for rate, queue := range map[int]int{set.RatePPS: MaxHosts(set) * (h.maxChecks() + identifiers), set.HostRatePPS: h.maxChecks() + identifiers} {
		if rate > 0 {
			wait += min(time.Minute, time.Duration(queue)*time.Second/time.Duration(rate))
		}
	}
	return wait
}

// recogniseHost takes over what the services tell of the host.
func (h *hostRun) recogniseHost() {
	if h.tools.OS == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	defer func() {
		if p := recover(); p != nil {
			h.tools.Log.Error("host not recognised", "host", h.Name, "err", fmt.Sprint(p))
		}
	}()
	if h.host.Stack == nil {
		h.host.Stack = h.batch.Net.Connected(h.Addr)
	}
	h.host = h.tools.OS(h.host, slices.Clone(h.services))
}

// assess runs checks until there are no more.
func (h *hostRun) assess(ctx context.Context, jobs <-chan job) error {
	for j := range jobs {
		if err := h.runCheck(ctx, j); err != nil {
			return err
		}
	}
	return nil
}

// checkAnswers is how many answers' time a whole check may take.
const checkAnswers = 8

func (h *hostRun) runCheck(ctx context.Context, j job) error {
	defer h.turn()()
	if !h.mayRun(j.check) {
		return nil // the book has it since the host showed itself
	}
	host, services := h.snapshot()
	t := check.Target{
		Addr: h.Addr, Host: host, Service: j.service, Services: services, Name: h.Domain,
		Dial: h.batch.Net.Dial, Timeout: h.answerWait(), Settings: h.set(),
	}
	for {
		if err := h.batch.Net.Ready(ctx); err != nil {
			return err
		}
		holds := h.batch.Net.Holds()
		out, err := assess.Run(ctx, j.check, t, checkAnswers*t.Timeout)
		if err != nil {
			return err
		}
		if out.Outcome == harrier.Failed && h.batch.Net.Holds() != holds {
			continue // the pause made it fail
		}
		if out.Observation != nil {
			if err := h.tell(ctx, harrier.Result{Observations: []harrier.Observation{*out.Observation}}); err != nil {
				return err
			}
		}
		h.book.Add(out.Done)
		return nil
	}
}

// lookUpName asks for the host's name, if the settings want it and none is
// known.
func (h *hostRun) lookUpName(ctx context.Context) error {
	if !h.set().ReverseNames || h.Domain != "" {
		return nil
	}
	wait, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	names, err := h.tools.Resolver.LookupAddr(wait, h.Addr.WithZone("").String())
	if err != nil || len(names) == 0 {
		return ctx.Err()
	}
	if name := strings.ToLower(strings.TrimSuffix(names[0], ".")); !isAddr(name) {
		h.mu.Lock()
		h.host.FQDN = name
		h.mu.Unlock()
	}
	return nil
}

func isAddr(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

// snapshot is what is known by now. The services are only ever added to, so
// that nothing is copied; nobody may change them.
func (h *hostRun) snapshot() (harrier.Host, []harrier.Service) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.host, slices.Clip(h.services)
}

// tell publishes something about the host.
func (h *hostRun) tell(ctx context.Context, r harrier.Result) error {
	host, _ := h.snapshot()
	r.Host = &host
	return h.batch.Publish(ctx, r)
}
