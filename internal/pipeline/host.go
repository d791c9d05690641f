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
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
	"github.com/harrier-scan/harrier/internal/osident"
	"github.com/harrier-scan/harrier/internal/probe"
	"github.com/harrier-scan/harrier/internal/probe/question"
	"github.com/harrier-scan/harrier/internal/stage/assess"
	"github.com/harrier-scan/harrier/internal/stage/collect"
	"github.com/harrier-scan/harrier/internal/stage/discover"
	"github.com/harrier-scan/harrier/internal/stage/identify"
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

	door uint16 // guarded by mu: the first open TCP port, for the trace; 0: none yet
}

// job is one check to run; of the host as a whole with a zero service.
type job struct {
	check   check.Check
	service harrier.Service
}

// pacedIdentifiers is how many ports of one host are asked at a time what they
// serve when the rate of packets is capped: more would wait for each other.
const pacedIdentifiers = 8

// firstEndpoints is how many ports of a host are asked before one has shown what
// kind of host it is.
const firstEndpoints = 8

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
	defer h.leave()
	var refused []harrier.Done
	h.checks, refused = assess.Planned(r.tools.Checks, r.planned, l.settings, r.batch.Logins)
	for _, d := range refused {
		h.book.Add(d)
	}
	h.onLink(ctx)
	h.host.Raw = h.byRaw()
	reason, err := h.look(ctx)
	if errors.Is(context.Cause(ctx), ErrStopped) {
		reason, err = ErrStopped.Error(), nil
	}
	if err != nil { // the host will be scanned again
		return err
	}
	if h.hidden() {
		if reason != ErrStopped.Error() { // else nobody knows yet
			h.dead.add(target(l.Host), discover.NoAnswer)
		}
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

// sweep finds the open ports and hands each to found.
func (h *hostRun) sweep(ctx context.Context, found ports.Found) (reason string, err error) {
	report, err := ports.Scan(ctx, h.batch.Net, ports.Target{
		Addr: h.Addr, RTT: h.RTT, Witness: h.Item, Known: h.Known, Settings: h.set(),
		Gently: func() bool { return h.set().Gentle },
	}, found)
	h.book.Ports(report.Known, report.OpenFiltered.UDP)
	if err == nil {
		err = h.askStack(ctx, report)
	}
	if report.Alive && err == nil {
		err = h.show(ctx)
	}
	if harrier.KindOf(err) == harrier.Invalid {
		return harrier.MessageOf(err), nil
	}
	if report.Reason == ports.GaveUp {
		reason = report.Reason
	}
	return reason, err
}

// stages runs ports, identify and assess beside each other. A host whose ports
// alone are asked for has nothing beside: there may be thousands in hand.
func (h *hostRun) stages(ctx context.Context) (reason string, err error) {
	if h.set().PortsOnly {
		found := func(ctx context.Context, e harrier.Endpoint, _ question.Heard) error { return h.found(ctx, e) }
		if reason, err = h.sweep(ctx, found); err == nil && !h.hidden() {
			err = h.lookUpName(ctx)
		}
		return cmp.Or(reason, onlyPorts), err
	}
	g, ctx := errgroup.WithContext(ctx)
	open, jobs := make(chan probe.Target, 64), make(chan job, 64)
	g.Go(func() error { return h.lookUpName(ctx) })
	g.Go(func() error {
		defer close(open)
		r, err := h.sweep(ctx, func(ctx context.Context, e harrier.Endpoint, heard question.Heard) error {
			if err := h.found(ctx, e); err != nil {
				return err
			}
			return send(ctx, open, h.question(e, heard))
		})
		reason = r
		if err == nil {
			g.Go(func() error { return h.trace(ctx) })
		}
		return err
	})
	g.Go(func() error {
		defer close(jobs)
		return h.identifyAll(ctx, open, jobs)
	})
	for range max(1, h.maxChecks()) {
		g.Go(func() error { return h.assess(ctx, jobs) })
	}
	err = g.Wait()
	return reason, err
}

// leave gives the host's place free. It has one until its end is stored, so that
// no more hosts are scanned again after a death than have places.
func (h *hostRun) leave() {
	if h.placed {
		h.batch.Hosts.Release(1)
	}
}

func (h *hostRun) maxChecks() int {
	if n := h.set().MaxChecks; n > 0 {
		return n
	}
	return 8
}

// found tells of an open port at once.
func (h *hostRun) found(ctx context.Context, e harrier.Endpoint) error {
	h.book.Open(e, false)
	h.careful(ctx, h.watch.Open(e))
	h.noteDoor(e)
	if err := h.show(ctx); err != nil || h.batch.Brief {
		return err
	}
	return h.tell(ctx, harrier.Result{Services: []harrier.Service{{Endpoint: e, LastSeen: time.Now().UTC()}}})
}

// question is what is to be identified at an open port, which has answered
// before over UDP.
func (h *hostRun) question(e harrier.Endpoint, heard question.Heard) probe.Target {
	return probe.Target{
		Addr: h.Addr, Endpoint: e, Heard: heard, Name: h.Domain, Dial: h.batch.Net.Dial,
		Timeout: h.answerWait(), RTT: h.RTT, Learned: h.learned,
	}
}

// identifyAll asks the open ports what they serve and plans the checks: those
// of a service as soon as it is known, those of the host at the end.
func (h *hostRun) identifyAll(ctx context.Context, open <-chan probe.Target, jobs chan<- job) error {
	if err := h.batch.Hosts.Acquire(ctx, 1); err != nil {
		return err
	}
	h.placed = true
	stage := identify.Stage{Parallel: h.identifiers(), First: firstEndpoints, Sessions: h.set().HostMaxSessions, Identify: h.identify}
	err := identify.Run(ctx, open, stage, func(ctx context.Context, s harrier.Service, err error) error {
		if err != nil {
			h.tools.Log.DebugContext(ctx, "service not identified", "host", h.Name, "endpoint", s.Endpoint.String(), "err", err)
		}
		if s, err = h.recognised(ctx, s); err != nil {
			return err
		}
		for _, c := range assess.ForService(h.permitted(), s) {
			if err := send(ctx, jobs, job{c, s}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
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

// identifiers is how many ports of the host are in hand at a time.
func (h *hostRun) identifiers() int {
	switch set := h.set(); {
	case set.Gentle:
		return 1
	case set.RatePPS > 0 || set.HostRatePPS > 0:
		return pacedIdentifiers
	}
	return identify.DefaultParallel
}

func send[T any](ctx context.Context, to chan<- T, v T) error {
	select {
	case to <- v:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// recognised notes and tells what a port serves. The error is that of
// publishing.
func (h *hostRun) recognised(ctx context.Context, s harrier.Service) (harrier.Service, error) {
	s.LastSeen = time.Now().UTC()
	h.careful(ctx, h.watch.Service(s))
	h.mu.Lock()
	h.services = append(h.services, s)
	h.mu.Unlock()
	if err := h.tell(ctx, harrier.Result{Services: []harrier.Service{s}}); err != nil {
		return s, err
	}
	h.book.Open(s.Endpoint, s.Name != "" && s.Name != onlyTLS)
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

// identify asks one port what it serves, again when the scan was paused
// meanwhile: its timeouts then say nothing.
func (h *hostRun) identify(ctx context.Context, t probe.Target) (s harrier.Service, err error) {
	defer h.turn()()
	set := h.set()
	t.Gentle, t.Industrial = set.Gentle, set.ScanOT
	defer func() {
		if t.Gentle && !s.TLS && ctx.Err() == nil {
			asked := s
			asked.Endpoint = t.Endpoint
			h.unasked(asked)
		}
	}()
	for {
		if err := h.batch.Net.Ready(ctx); err != nil {
			return s, err
		}
		holds := h.batch.Net.Holds()
		s, err = h.guardedIdentify(ctx, t)
		if ctx.Err() != nil || h.batch.Net.Holds() == holds {
			return s, err
		}
	}
}

func (h *hostRun) guardedIdentify(ctx context.Context, t probe.Target) (s harrier.Service, err error) {
	defer func() {
		if p := recover(); p != nil {
			s, err = harrier.Service{}, fmt.Errorf("identify %s: fault: %v", t.Endpoint, p)
		}
	}()
	return h.tools.Identify(ctx, t)
}

// answerWait is how long one answer may take: what the settings say, and the
// time that a packet waits for its turn when the rate is capped.
func (h *hostRun) answerWait() time.Duration {
	set := h.set()
	wait := set.ReadTimeout.Or(5 * time.Second)
	for rate, queue := range map[int]int{set.RatePPS: MaxHosts(set) * (h.maxChecks() + pacedIdentifiers), set.HostRatePPS: h.maxChecks() + pacedIdentifiers} {
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
		Dial: h.batch.Net.Dial, Timeout: h.answerWait(), Settings: h.set(), Logins: assess.LoginsOf(h.batch.Logins, j.check.Login),
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
