package finding

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/match"
)

func (k hostKey) compare(o hostKey) int {
	return cmp.Or(cmp.Compare(k.scan, o.scan), cmp.Compare(k.name, o.name), cmp.Compare(k.addr, o.addr))
}

func keyOf(scan harrier.ID, h harrier.Host) hostKey {
	k := hostKey{scan: scan, name: h.Name}
	if h.Addr.IsValid() {
		k.addr = h.Addr.String()
	}
	return k
}

// host is one host of one scan.
type host struct {
	key      hostKey
	row      harrier.ScanHost
	seen     map[harrier.Instance]harrier.Observation
	per      map[harrier.VulnID]int               // how many of seen
	services map[harrier.Endpoint]harrier.Service // of this scan
	coverage *harrier.Coverage                    // nil before the end of its run
	judged   map[place]bool                       // what software could be compared with what is known
	asset    *asset                               // nil while it has not answered

	// What is to be written.
	rowChanged, coverageChanged bool
	seenChanged                 bool
	waits, waitsChanged         bool // to be recognised, when its scan has seen more
}

// host returns the state of h in scan s, from memory or from the store.
func (f *folding) host(ctx context.Context, s *scan, h harrier.Host) (*host, error) {
	k := keyOf(s.ID, h)
	if have := f.hosts[k]; have != nil {
		return have, nil
	}
	if have := f.cache.host(k); have != nil {
		f.hosts[k] = have
		if have.asset != nil {
			f.assets[have.asset.ID] = have.asset
		}
		return have, nil
	}
	n := &host{
		key: k, seen: map[harrier.Instance]harrier.Observation{}, per: map[harrier.VulnID]int{},
		services: map[harrier.Endpoint]harrier.Service{},
	}
	var row harrier.ScanHost
	var err error
	fresh := f.isNew(k)
	if !fresh {
		row, err = f.Store.ScanHostByName(ctx, k.scan, k.name, k.addr)
	}
	switch {
	case fresh, harrier.KindOf(err) == harrier.NotFound:
		n.row = harrier.ScanHost{Scan: s.ID, Host: harrier.Host{Name: h.Name, Addr: h.Addr}}
	case err != nil:
		return nil, err
	default:
		n.row = row
		if err := f.load(ctx, s, n); err != nil {
			return nil, err
		}
	}
	f.cache.keep(n)
	f.hosts[k] = n
	return n, nil
}

// load reads the rest of a host whose row is known.
func (f *folding) load(ctx context.Context, s *scan, n *host) error {
	list, err := f.Store.HostObservations(ctx, s.ID, n.row.Index)
	if err != nil {
		return err
	}
	for _, o := range list {
		n.seen[o.Instance()] = o
		n.per[o.Vulnerability]++
	}
	if n.row.Done {
		if n.coverage, err = f.Store.HostCoverage(ctx, s.ID, n.row.Index); err != nil {
			return err
		}
	}
	if n.coverage != nil {
		n.coverage.Enabled = s.planned
	}
	if n.row.Asset == 0 {
		return f.loadWaiting(ctx, s, n)
	}
	if n.asset, err = f.asset(ctx, n.row.Asset); err != nil {
		return err
	}
	for e, svc := range n.asset.services {
		if !svc.LastSeen.Before(s.since) {
			n.services[e] = svc
		}
	}
	return nil
}

// aboutHost folds a message about a host.
func (f *folding) aboutHost(ctx context.Context, s *scan, res *harrier.Result) error {
	said := *res.Host
	said.Addr = said.Addr.Unmap()
	if said.Name == "" && said.Addr.IsValid() {
		said.Name = said.Addr.String()
	}
	if said.Name == "" {
		return nil
	}
	said.Started = f.when(s, said.Started)
	ended := said.Started
	if !said.Ended.IsZero() {
		ended = f.when(s, said.Ended)
	}
	h, err := f.host(ctx, s, said)
	if err != nil {
		return err
	}
	changed := h.meet(said)
	if h.row.Alive && h.asset == nil {
		if err := f.appeared(ctx, s, h); err != nil {
			return err
		}
	}
	if h.asset != nil && changed {
		h.asset.learn(s, h.row.Host)
	}
	for _, svc := range res.Services {
		svc.LastSeen = later(f.when(s, svc.LastSeen), said.Started)
		changed = h.offers(svc, s) || changed
	}
	for _, o := range res.Observations {
		o = tidy(o)
		o.At = f.when(s, o.At)
		if o.At.Equal(s.since) {
			o.At = said.Started
		}
		if err := f.observed(ctx, s, h, o, manner{}); err != nil {
			return err
		}
	}
	if res.Coverage != nil {
		return f.hostEnded(ctx, s, h, *res.Coverage, ended)
	}
	if changed && h.coverage != nil { // another attempt knows more
		return f.derive(ctx, s, h)
	}
	return nil
}

// meet joins what a message says of the host itself, and reports whether that
// changed anything.
func (h *host) meet(said harrier.Host) bool {
	said.Ended = h.row.Ended
	joined := said
	if h.row.Index != 0 || h.rowChanged {
		joined = fullerHost(h.row.Host, said)
		joined.Ended = h.row.Ended
	}
	if reflect.DeepEqual(joined, h.row.Host) && (h.row.Index != 0 || h.rowChanged) {
		return false
	}
	h.row.Host, h.rowChanged = joined, true
	return true
}

// offers joins what this scan says of a service.
func (h *host) offers(svc harrier.Service, s *scan) bool {
	svc.Asset = 0
	have, known := h.services[svc.Endpoint]
	if known {
		have.Asset = 0
		svc = richerService(have, svc)
		if svc.LastSeen.Equal(have.LastSeen) && compareServices(svc, have) == 0 {
			return false
		}
	}
	h.services[svc.Endpoint] = svc
	if h.asset != nil {
		h.asset.serves(svc, s)
	}
	h.waitsChanged = h.waits
	return true
}

// manner is how an observation came about.
type manner struct {
	concluded bool                                // from facts, not said by an engine
	given     map[harrier.VulnID]harrier.Severity // grades of what the catalogue does not know
}

// observed folds one present observation of this scan.
func (f *folding) observed(ctx context.Context, s *scan, h *host, o harrier.Observation, how manner) error {
	i, said := o.Instance(), o.At
	before, known := h.seen[i]
	if known {
		if !how.concluded || !before.At.Equal(s.since) {
			o = laterObservation(before, o)
		}
		if o == before {
			return f.present(ctx, s, h, o, said, how)
		}
	} else {
		severity := f.severity(ctx, o.Vulnerability, how.given)
		h.row.Present[severity]++
		h.rowChanged = true
		n := s.counts[o.Vulnerability]
		if n == nil {
			n = &harrier.ScanVuln{Vulnerability: o.Vulnerability, Severity: severity}
			s.counts[o.Vulnerability] = n
		}
		n.Count++
		if h.per[o.Vulnerability]++; h.per[o.Vulnerability] == 1 {
			n.Hosts++
		}
	}
	h.seen[i] = o
	h.seenChanged = true
	if h.coverage != nil {
		f.countIn(s, h, o)
		h.row.Coverage, h.rowChanged, h.coverageChanged = h.coverage.Totals(), true, true
	}
	return f.present(ctx, s, h, o, said, how)
}

// grade is what the catalogue says of a vulnerability.
type grade struct {
	severity harrier.Severity
	known    bool
}

// severity grades by the catalogue, else as given, else as information.
func (f *folding) severity(ctx context.Context, id harrier.VulnID, given map[harrier.VulnID]harrier.Severity) harrier.Severity {
	g, met := f.grades[id]
	if !met {
		v, err := f.Catalog.Vulnerability(ctx, id)
		g = grade{v.Severity, err == nil}
		f.grades[id] = g
	}
	if !g.known {
		return given[id]
	}
	return g.severity
}

// countIn notes an observation in the coverage of its host.
func (f *folding) countIn(s *scan, h *host, o harrier.Observation) {
	if s.planned.Has(o.Vulnerability) {
		h.coverage.Add(harrier.Done{Check: o.Vulnerability, Endpoint: o.Endpoint, Outcome: harrier.Vulnerable})
	}
}

// hostEnded folds the end of a host's run. Of several the one that stands
// decides what is closed.
func (f *folding) hostEnded(ctx context.Context, s *scan, h *host, c harrier.Coverage, ended time.Time) error {
	if h.waits {
		if err := f.looked(ctx, s, h, &c); err != nil {
			return err
		}
	}
	if h.asset != nil && c.Alive && h.asset.LastSeen.Before(ended) {
		h.asset.LastSeen, h.asset.changed = ended, true
	}
	if h.coverage != nil && stands(h.coverage, h.row.Ended, &c, ended) {
		return f.derive(ctx, s, h)
	}
	if h.asset != nil {
		h.asset.reopen(h)
	}
	said, err := f.unasked(ctx, s, h, c.Entries)
	if err != nil {
		return err
	}
	c.Planned, c.Enabled, c.Entries = s.planned.Len(), s.planned, nil
	c.Open = slices.Clone(c.Open)
	slices.SortFunc(c.Open, func(a, b harrier.Open) int { return a.Endpoint.Compare(b.Endpoint) })
	for _, d := range said {
		if s.planned.Has(d.Check) {
			c.Add(d)
		}
	}
	h.coverage = &c
	h.row.Ended, h.row.Done, h.rowChanged, h.coverageChanged = ended, true, true, true
	for _, o := range h.seen {
		f.countIn(s, h, o)
	}
	if err := f.derive(ctx, s, h); err != nil {
		return err
	}
	if err := f.surface(ctx, s, h); err != nil {
		return err
	}
	if h.asset != nil {
		h.asset.rethink = true
	}
	return f.close(ctx, s, h)
}

// derive adds what follows from the facts about a host whose run has ended, and
// counts its coverage anew.
func (f *folding) derive(ctx context.Context, s *scan, h *host) error {
	services := sortedServices(h.services)
	plain := h.row.Host
	c := match.Context{Scan: settled(s.Scan), Version: f.Version, Now: h.row.Ended}
	var list []harrier.Observation
	if plain.Addr.IsValid() || s.Plan.Survey == nil { // a survey's domains are no machines
		f.guard(ctx, s, h, func() { list = f.Facts(c, plain, services, s.planned) })
	}
	list = append(list, f.judge(ctx, s, h, services)...)
	for _, o := range list {
		// What follows from facts is dated by the scan, and a later conclusion
		// replaces an earlier one: it must not matter when it was drawn.
		o = tidy(o)
		o.At = s.since
		if err := f.observed(ctx, s, h, o, manner{concluded: true}); err != nil {
			return err
		}
	}
	h.row.Coverage, h.rowChanged, h.coverageChanged = h.coverage.Totals(), true, true
	if h.asset == nil {
		return nil
	}
	return f.learnIdentifiers(ctx, s, h.asset, identifiers(h))
}

// settled is a scan without what changes while it runs, so that what is stated
// about it does not depend on when it is asked.
func settled(sc harrier.Scan) harrier.Scan {
	sc.Status, sc.Reason, sc.Modified, sc.Ended = harrier.ScanRunning, "", sc.Created, sc.Ended.UTC()
	sc.HostsDone, sc.HostsAlive, sc.Present, sc.Coverage = 0, 0, harrier.Counts{}, harrier.Totals{}
	return sc
}

// guard keeps a fault in the judgement of one host from stopping all folding.
func (f *folding) guard(ctx context.Context, s *scan, h *host, do func()) {
	if err := safely(func() error { do(); return nil }); err != nil {
		f.Log.ErrorContext(ctx, "host not judged", "scan", s.ID, "host", h.row.Name, "err", err)
	}
}

// fault is the error of what panicked.
type fault struct{ what any }

func (f fault) Error() string { return fmt.Sprint(f.what) }

// safely turns a panic of do into a fault.
func safely(do func() error) (err error) {
	defer func() {
		if what := recover(); what != nil {
			err = fault{what}
		}
	}()
	return do()
}

func sortedServices(m map[harrier.Endpoint]harrier.Service) []harrier.Service {
	out := make([]harrier.Service, 0, len(m))
	for _, s := range m {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b harrier.Service) int { return a.Endpoint.Compare(b.Endpoint) })
	return out
}

func (f *folding) flushHost(ctx context.Context, h *host) error {
	return f.flushHosts(ctx, []*host{h})
}

// flushHosts writes hosts, those of one scan one after the other.
func (f *folding) flushHosts(ctx context.Context, list []*host) error {
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].key.scan == list[0].key.scan {
			n++
		}
		if err := f.flushHostsOf(ctx, list[0].key.scan, list[:n]); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

func (f *folding) flushHostsOf(ctx context.Context, scan harrier.ID, list []*host) error {
	var rows []*harrier.ScanHost
	for _, h := range list {
		if h.asset != nil && h.row.Asset != h.asset.ID {
			h.row.Asset, h.rowChanged = h.asset.ID, true
		}
		if h.rowChanged {
			h.rowChanged = false
			rows = append(rows, &h.row)
		}
	}
	if err := f.Store.PutScanHosts(ctx, rows); err != nil {
		return err
	}
	seen := map[int][]harrier.Observation{}
	for _, h := range list {
		if h.waits && h.waitsChanged {
			h.waitsChanged = false
			if err := f.Store.PutWaiting(ctx, scan, h.row.Index, sortedServices(h.services)); err != nil {
				return err
			}
		}
		if h.seenChanged {
			h.seenChanged = false
			seen[h.row.Index] = slices.SortedFunc(maps.Values(h.seen), func(a, b harrier.Observation) int { return a.Instance().Compare(b.Instance()) })
		}
		if h.coverageChanged {
			h.coverageChanged = false
			if err := f.Store.PutHostCoverage(ctx, scan, h.row.Index, h.coverage); err != nil {
				return err
			}
		}
	}
	if len(seen) == 0 {
		return nil
	}
	return f.Store.PutObservations(ctx, scan, seen)
}

// addrOf is the address in a key.
func addrOf(k hostKey) netip.Addr {
	a, _ := netip.ParseAddr(k.addr) // written by keyOf; the zero Addr for ""
	return a
}
