package console

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/flight"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/probe"
	"github.com/harrier-scan/harrier/internal/probe/question"
	"github.com/harrier-scan/harrier/internal/stage/identify"
)

// Place is an endpoint of a host.
type Place struct {
	Host string `json:"host"` // as it was asked for: a name or an address
	harrier.Endpoint
	Addr netip.Addr `json:"address"` // the zero value: to be looked up
}

// Identified is what was found out about a place, and how.
type Identified struct {
	Place
	Service harrier.Service `json:"service"`
	Trail   []probe.Step    `json:"trail"`
	Error   string          `json:"error,omitempty"` // why nothing was found out
}

// hostsAtOnce bounds how many hosts Identify asks at a time.
const hostsAtOnce = 64

// Identify finds out what serves places, and tells of each, one call at a time,
// as soon as it is known. It goes through the same network, with the same
// exclusions, caps and record of what is sent, as a scan with l's policy; nobody
// asks first whether a port is open. The targets of l are not used.
func Identify(ctx context.Context, l LocalScan, places []Place, tell func(Identified) error) error {
	p, err := l.policy()
	if err != nil {
		return err
	}
	plan := harrier.Plan{Settings: p.Settings}
	if plan.Settings.Gentle {
		plan.Settings = plan.Settings.Gentled()
	}
	if l.Exclude != "" {
		if plan.Exclude, err = harrier.ParseTargets(l.Exclude); err != nil {
			return harrier.Invalidf("exclude", "%s", harrier.MessageOf(err))
		}
	}
	places, order := lookUp(ctx, places)
	var targets harrier.Targets
	for _, addr := range order {
		targets = append(targets, harrier.Target{First: addr, Last: addr})
	}
	n, finish, err := l.network(plan, targets)
	if err != nil {
		return err
	}
	o := &identification{net: n, settings: plan.Settings, learned: probe.NewLearned(), tell: tell}
	g, asking := errgroup.WithContext(ctx)
	g.SetLimit(hostsAtOnce)
	for _, addr := range order {
		g.Go(func() error { return o.host(asking, addr, places) })
	}
	err = errors.Join(g.Wait(), n.Close())
	finish()
	return err
}

// lookUp finds the addresses of places, and lists each once; a name that is
// unknown has none.
func lookUp(ctx context.Context, places []Place) (found []Place, order []netip.Addr) {
	seen := map[netip.Addr]bool{}
	for _, p := range places {
		if !p.Addr.IsValid() {
			if addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", p.Host); err == nil && len(addrs) > 0 {
				p.Addr = addrs[0].Unmap()
			}
		}
		if !seen[p.Addr] {
			seen[p.Addr] = true
			order = append(order, p.Addr)
		}
		found = append(found, p)
	}
	return found, order
}

// identification is Identify in progress.
type identification struct {
	net      *netio.Net
	settings harrier.Settings
	learned  *probe.Learned

	mu   sync.Mutex
	tell func(Identified) error
}

// host identifies the places at one address.
func (o *identification) host(ctx context.Context, addr netip.Addr, places []Place) error {
	var why error
	if !addr.IsValid() {
		why = harrier.Errorf(harrier.Unavailable, "the name has no address")
	} else if why = o.net.Declare(addr, o.settings.HostRatePPS); why == nil {
		defer o.net.Release(addr)
	}
	trails := map[harrier.Endpoint]*Identified{}
	var open []probe.Target
	for _, p := range places {
		if p.Addr != addr || trails[p.Endpoint] != nil {
			continue
		}
		out := &Identified{Place: p, Service: harrier.Service{Endpoint: p.Endpoint}, Trail: []probe.Step{}}
		trails[p.Endpoint] = out
		if why != nil {
			if err := o.say(*out, why); err != nil {
				return err
			}
			continue
		}
		open = append(open, o.target(out))
	}
	targets := make(chan probe.Target, len(open))
	for _, t := range open {
		targets <- t
	}
	close(targets)
	stage := identify.Stage{Sessions: o.settings.HostMaxSessions}
	if o.settings.Gentle {
		stage.Parallel = 1
	}
	return identify.Run(ctx, targets, stage, func(_ context.Context, s harrier.Service, err error) error {
		out := trails[s.Endpoint]
		out.Service = s
		return o.say(*out, err)
	})
}

func (o *identification) target(out *Identified) probe.Target {
	t := probe.Target{
		Addr: out.Addr, Endpoint: out.Endpoint, Dial: o.net.Dial, Timeout: o.settings.ReadTimeout.Or(0),
		Gentle: o.settings.Gentle, Industrial: o.settings.ScanOT, Learned: o.learned,
		Trace: func(s probe.Step) { out.Trail = append(out.Trail, s) },
	}
	if _, err := netip.ParseAddr(out.Host); err != nil {
		t.Name = out.Host
	}
	return t
}

func (o *identification) say(out Identified, err error) error {
	if err != nil {
		out.Error = harrier.MessageOf(err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.tell(out)
}

// network returns the way to targets for plan, and records what is sent if l
// says so. Finish is called when the way is closed.
func (l LocalScan) network(plan harrier.Plan, targets harrier.Targets) (n *netio.Net, finish func(), err error) {
	s := plan.Settings
	n = netio.New(plan.Guard, plan.Exclude, netio.Pace{Rate: s.RatePPS, HostRate: s.HostRatePPS, Printers: s.ScanPrinters, Files: s.MaxSessions})
	n.Question = question.First
	record, ended, err := l.openFlight()
	if err != nil || record == nil {
		return n, func() {}, err
	}
	r, err := record(flight.Scan{UUID: harrier.NewUUID(time.Now()), Engine: "local", Version: l.Version, Exclude: plan.Exclude})
	if err != nil {
		ended()
		return nil, nil, err
	}
	r.Batch(flight.Batch{Batch: 1, Attempt: 1, Targets: targets})
	n.Released = r.Sent
	r.Watch(n.InHand)
	return n, func() {
		r.Close(n.Refused())
		ended()
	}, nil
}
