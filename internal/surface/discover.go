package surface

import (
	"context"
	"crypto/x509"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/surface/passive"
	"github.com/harrier-scan/harrier/internal/surface/place"
	"github.com/harrier-scan/harrier/internal/surface/resolve"
)

// Options say how far discovery goes. Only Net is needed.
type Options struct {
	Net       *netio.Net       // the one way out; its guard rules hold for all that is sent but to passive sources
	Resolvers []netip.AddrPort // recursive ones; none: delegation is followed from the root
	Roots     []netip.AddrPort // nil: those of the Internet
	// Passive sends nothing to what is looked at: only Resolvers and Sources
	// are asked, and no list of words is tried.
	Passive bool
	// AllowReserved are nets of private, loopback and such addresses that are like
	// any other here. None of the rest is ever asked or touched.
	AllowReserved []netip.Prefix
	Known         []string // names that were there before: those below seeds are looked at again
	Words         []string // labels to try below domains; nil: the built-in list
	NoWords       bool     // try no words and no permutations
	WordDepth     int      // levels below a seed at which words are tried; 0 means 3
	Sources       []passive.Source
	Places        *place.Table // nil: what is built in
	Marks         Marks
	WebPorts      []WebPort      // nil: http 80, https 443
	Authorities   *x509.CertPool // who may issue certificates; nil: those that this machine trusts
	Browser       string         // the Chromium that takes pictures of start pages for Survey, see shot.Find; "" for none
	Pages         int            // of one site, besides its front page; 0 means 10, negative none

	Technologies func(WebAnswer) []harrier.Technology  // what a page is made of; nil: its own headers say
	Examine      func(context.Context, WebServer) Exam // looks for what a server should not show; nil: nothing is looked for

	Rate     int           // questions a second to one resolver; 0 means 2000
	ZoneRate int           // to the servers of one zone; 0 means 200
	Timeout  time.Duration // for the first try of a question; 0 means 800ms
	Patience time.Duration // for one web request; 0 means 8s
	Workers  int           // tasks at a time; 0 means 64

	MaxNodes int           // 0 means 200,000
	MaxRange int           // addresses of a range whose reverse names are asked; 0 means 65,536
	Limit    time.Duration // for all; 0 means none
	Now      func() time.Time
}

// WebPort is a port where web servers are looked for.
type WebPort struct {
	Port uint16
	TLS  bool
}

// Result sums up.
type Result struct {
	Limited    bool     `json:"limited"`           // a budget was spent: there may be more
	Reasons    []string `json:"reasons,omitempty"` // why, and what could not be asked
	Unheard    []string `json:"unheard,omitempty"` // sources that did not answer
	Nodes      int      `json:"nodes"`
	Facts      int      `json:"facts"`
	Questions  int64    `json:"questions"`            // to the DNS
	Unanswered int64    `json:"unanswered,omitempty"` // questions that nobody answered
	Doubtful   int64    `json:"doubtful,omitempty"`   // answers that resolvers did not agree about

	Words     resolve.Tally    `json:"words"`
	Resolvers []resolve.Health `json:"resolvers,omitempty"`
	Targets   harrier.Targets  `json:"targets,omitempty"` // what a port scan should look at

	fronts []front // start pages that answered
}

// reserved reports whether a is nothing to be talked to.
func (o Options) reserved(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return Reserved(a) && !slices.ContainsFunc(o.AllowReserved, func(p netip.Prefix) bool { return p.Contains(a) })
}

// reservedIn are those of some addresses that are nothing to be talked to.
func (o Options) reservedIn(ts harrier.Targets) harrier.Targets {
	bad := harrier.Guard{Never: reservedNets}.Targets().Subtract(harrier.Guard{Never: o.AllowReserved}.Targets())
	return ts.Subtract(ts.Subtract(bad))
}

func (o Options) withDefaults() Options {
	def := func(n *int, d int) {
		if *n == 0 {
			*n = d
		}
	}
	def(&o.WordDepth, 3)
	def(&o.Pages, 10)
	def(&o.Workers, 64)
	def(&o.MaxNodes, 200_000)
	def(&o.MaxRange, 1<<16)
	if o.Words == nil {
		o.Words = Words()
	}
	if o.Places == nil {
		o.Places = place.Builtin()
	}
	if o.WebPorts == nil {
		o.WebPorts = []WebPort{{80, false}, {443, true}}
	}
	if pool, err := x509.SystemCertPool(); o.Authorities == nil && err == nil && !pool.Equal(x509.NewCertPool()) {
		o.Authorities = pool
	}
	if o.Patience == 0 {
		o.Patience = 8 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// discovery is one run.
type discovery struct {
	o   Options
	dns *resolve.Client
	own []string // the domains among the seeds
	// ranges are the ranges among them
	ranges harrier.Targets
	tell   func(Fact) error
	work   *work

	mu      sync.Mutex
	graph   *Graph
	facts   int
	reasons []string
	unheard []string
	err     error
	done    map[string]bool // tasks
	words   resolve.Tally

	fronts []front // in the order in which they answered

	wildMu sync.Mutex
	wilds  map[string]*wild
}

// Discover follows seeds to what belongs to them and hands each fact to emit,
// in an order in which a fact's source is emitted before it. It ends when
// nothing new follows, a budget is spent (Result.Limited), or ctx ends, and
// answers an error in the last case, when emit does, and when no resolver can
// be used. Emit is called by one goroutine at a time and holds discovery up for
// as long as it takes.
//
// The same world gives the same facts, but for their times: what is tried
// depends on what there is, not on the order in which it is found.
func Discover(ctx context.Context, seeds []Seed, o Options, emit func(Fact) error) (Result, error) {
	o = o.withDefaults()
	if o.Net == nil {
		return Result{}, errors.New("surface: no way to the network")
	}
	if o.Passive && len(o.Resolvers) == 0 {
		return Result{}, harrier.Invalidf("resolvers", "without resolvers, names can not be looked up passively")
	}
	o.Places.Sort()
	dns, err := resolve.New(o.Net, resolve.Options{
		Upstreams: o.Resolvers, Roots: o.Roots, Direct: !o.Passive, Rate: o.Rate, ZoneRate: o.ZoneRate, Timeout: o.Timeout, Now: o.Now,
		Allow: func(a netip.Addr) bool { return !o.reserved(a) },
	})
	if err != nil {
		return Result{}, err
	}
	defer dns.Close()
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	if o.Limit > 0 {
		inner, cancel = context.WithTimeout(ctx, o.Limit)
		defer cancel()
	}
	d := &discovery{o: o, dns: dns, tell: emit, graph: NewGraph(o.Marks), done: map[string]bool{}, wilds: map[string]*wild{}}
	d.work = newWork(inner, o.Workers)
	err = d.run(inner, seeds)
	res := d.result()
	switch {
	case d.err != nil:
		return res, d.err
	case ctx.Err() != nil:
		return res, ctx.Err()
	case inner.Err() != nil:
		res.Limited = true
		res.Reasons = append(res.Reasons, "the time was over")
		return res, nil
	}
	return res, err
}

func (d *discovery) run(ctx context.Context, seeds []Seed) error {
	defer d.work.stop()
	for _, s := range seeds {
		if s.Node.Kind == Domain && !slices.Contains(d.own, s.Node.Key) {
			d.own = append(d.own, s.Node.Key)
		}
		if first, last, ok := ends(s.Node.Key); ok && s.Node.Kind == IPRange {
			d.ranges = append(d.ranges, harrier.Target{First: first, Last: last})
		}
	}
	if err := d.dns.Check(ctx, d.own); err != nil {
		return err
	}
	for _, s := range seeds { // first, so that all are known to what follows from one
		d.link(Node{Kind: Root}, Seeded, s.Node, "seed", nil)
	}
	for _, s := range seeds {
		d.seed(s)
	}
	for _, name := range d.o.Known {
		if name = resolve.Canonical(name); name != "" && seedOf(d.own, name) != "" && !slices.Contains(d.own, name) {
			d.once("known "+name, func(ctx context.Context) { d.again(ctx, name) })
		}
	}
	d.work.wait()
	for range 2 { // permutations of what permutations found, and no further
		if d.o.NoWords || d.o.Passive || d.permute() == 0 {
			break
		}
		d.work.wait()
	}
	d.tellWildcards()
	return ctx.Err()
}

func (d *discovery) seed(s Seed) {
	switch s.Node.Kind {
	case Domain:
		d.named(s.Node.Key)
		d.once("words "+s.Node.Key, func(ctx context.Context) { d.tryWords(ctx, s.Node.Key) })
		d.once("around "+s.Node.Key, func(ctx context.Context) { d.around(ctx, s.Node.Key) })
		for _, source := range d.o.Sources {
			d.once("source "+source.Name()+" "+s.Node.Key, func(ctx context.Context) { d.ask(ctx, source, s.Node) })
		}
	case IPv4, IPv6:
		d.placed(s.Node.Addr())
	case IPRange:
		d.once("range "+s.Node.Key, func(ctx context.Context) { d.sweepRange(ctx, s.Node) })
	default: // no seed
	}
}

// ask takes what a passive source knows.
func (d *discovery) ask(ctx context.Context, source passive.Source, seed Node) {
	names, err := source.Names(ctx, seed.Key)
	if err != nil {
		d.remark("the source " + source.Name() + " can not be asked: " + err.Error())
		d.mu.Lock()
		d.unheard = append(d.unheard, source.Name())
		d.mu.Unlock()
		return
	}
	for _, n := range names {
		var attributes map[string][]string
		if n.About != "" {
			attributes = map[string][]string{"about": {n.About}}
		}
		d.domain(seed, Child, n.Name, source.Name(), attributes)
	}
}

// emit takes a fact. It reports whether there is room for it.
func (d *discovery) emit(f Fact) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return false
	}
	if !d.graph.Has(f.Node) && len(d.graph.order) > d.o.MaxNodes {
		d.limit("there are more assets than may be kept")
		return false
	}
	f.At = d.o.Now().UTC()
	for _, v := range f.Attributes {
		slices.Sort(v)
	}
	if !d.graph.Add(f) {
		return true
	}
	d.facts++
	if err := d.tell(f); err != nil {
		d.err = err
		d.work.cancel()
		return false
	}
	return true
}

const limited = "limit: "

func (d *discovery) limit(why string) {
	if !slices.Contains(d.reasons, limited+why) {
		d.reasons = append(d.reasons, limited+why)
	}
}

func (d *discovery) remark(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Contains(d.reasons, what) && len(d.reasons) < 100 {
		d.reasons = append(d.reasons, what)
	}
}

func (d *discovery) link(from Node, link Link, to Node, how string, attributes map[string][]string) bool {
	return d.emit(Fact{From: from, Link: link, Node: to, How: how, Attributes: attributes})
}

// attribute says something of a node.
func (d *discovery) attribute(n Node, how, name string, values ...string) {
	values = slices.DeleteFunc(slices.Clone(values), func(s string) bool { return s == "" })
	if len(values) > 0 {
		d.emit(Fact{Node: n, How: how, Attributes: map[string][]string{name: values}})
	}
}

// once does a task if it was not asked for before.
func (d *discovery) once(key string, do func(ctx context.Context)) {
	d.mu.Lock()
	seen := d.done[key]
	d.done[key] = true
	d.mu.Unlock()
	if !seen {
		d.work.add(do)
	}
}

// primary reports whether a node is own as far as is known by now.
func (d *discovery) primary(n Node) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.graph.Scope(n) == Primary
}

func (d *discovery) result() Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	res := Result{
		Nodes: len(d.graph.order) - 1, Facts: d.facts, Questions: d.dns.Questions(), Unanswered: d.dns.Unanswered(), Doubtful: d.dns.Doubtful(),
		Words: d.words, Resolvers: d.dns.Health(), Targets: d.graph.Targets(),
	}
	for _, f := range d.fronts {
		if d.graph.Scope(f.node) == Primary {
			res.fronts = append(res.fronts, f)
		}
	}
	for _, r := range d.reasons {
		r, is := strings.CutPrefix(r, limited)
		res.Limited = res.Limited || is
		res.Reasons = append(res.Reasons, r)
	}
	slices.Sort(res.Reasons)
	res.Unheard = slices.Compact(slices.Sorted(slices.Values(d.unheard)))
	return res
}
