package scan

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
)

// view is a scan as an actor sees it: with the exceptions that apply.
type view struct {
	store   Runs
	scan    harrier.Scan
	rules   []harrier.Exception // about vulnerabilities that the scan observed
	vulns   []harrier.ScanVuln
	grades  map[harrier.VulnID]harrier.Severity
	at      time.Time
	planned *harrier.IDs // of the scan, once it was needed
	family  func(harrier.VulnID) harrier.VulnID
	narrow  bool               // not all hosts are seen, but only
	seen    []harrier.ScanHost // these
	shown   map[int]bool       // by their index
}

// view opens a scan for reading. Rules apply to the scans of their owner and to
// whatever their owner reads, so that nobody changes what others see; those
// without an owner apply to all.
func (r *Room) view(ctx context.Context, by harrier.Actor, scan harrier.ID) (*view, error) {
	sc, err := r.Store.Scan(ctx, scan)
	if err != nil {
		return nil, err
	}
	level, err := r.level(ctx, by, sc.Site)
	if err != nil {
		return nil, err
	}
	if level < harrier.MayView || !by.SeesRepository(sc.Repository) {
		return nil, harrier.Errorf(harrier.NotFound, "no scan %d", scan)
	}
	v := &view{store: r.Store, family: r.Family, scan: sc, grades: map[harrier.VulnID]harrier.Severity{}, at: r.Now()}
	if v.narrow = by.Narrow(); v.narrow {
		if v.seen, err = r.hosts(ctx, by, scan); err != nil {
			return nil, err
		}
		v.shown = make(map[int]bool, len(v.seen))
		for _, h := range v.seen {
			v.shown[h.Index] = true
		}
	}
	if v.vulns, err = r.Store.ScanVulns(ctx, scan); err != nil {
		return nil, err
	}
	for _, n := range v.vulns {
		v.grades[n.Vulnerability] = max(v.grades[n.Vulnerability], n.Severity)
	}
	rules, err := r.Store.Exceptions(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range rules {
		if e.Repository == sc.Repository {
			e.Repository = 0
		}
		if e.Narrow() { // whole hosts are judged here
			continue
		}
		if _, observed := v.grades[e.Vulnerability]; observed && (e.Owner == 0 || e.Owner == sc.Owner || e.Owner == by.User) {
			v.rules = append(v.rules, e)
		}
	}
	return v, nil
}

// coverage reads the coverage of a host; nil while it has none.
func (v *view) coverage(ctx context.Context, index int) (*harrier.Coverage, error) {
	c, err := v.store.HostCoverage(ctx, v.scan.ID, index)
	if err != nil {
		return nil, err
	}
	return v.enabled(c), nil
}

// enabled fills in what is not stored with each coverage; c may be nil.
func (v *view) enabled(c *harrier.Coverage) *harrier.Coverage {
	if c == nil {
		return nil
	}
	if v.planned == nil {
		v.planned = v.scan.Plan.Planned(v.family)
	}
	c.Enabled = v.planned
	return c
}

// names are those by which rules may name a host.
func names(h harrier.Host) []string {
	out := []string{h.Name}
	if h.Addr.IsValid() {
		out = append(out, h.Addr.String())
	}
	for _, n := range []string{h.FQDN, h.NetBIOS} {
		if n != "" {
			out = append(out, n)
		}
	}
	return out
}

// touches reports whether a rule can speak of h.
func (v *view) touches(h harrier.Host) bool {
	return slices.ContainsFunc(v.rules, func(e harrier.Exception) bool {
		return e.Names(names(h)...)
	})
}

// host reads the observations of h and judges them.
func (v *view) host(ctx context.Context, h harrier.ScanHost) (HostResult, error) {
	list, err := v.store.HostObservations(ctx, v.scan.ID, h.Index)
	if err != nil {
		return HostResult{}, err
	}
	return v.judged(h, list), nil
}

// hostsAtOnce is how many hosts of a scan are read at a time.
const hostsAtOnce = 16

// page reads the next hosts above an index.
func (v *view) page(ctx context.Context, after int) (list []HostResult, last int, more bool, err error) {
	hosts, err := v.store.ScanHostsFrom(ctx, v.scan.ID, after, hostsAtOnce)
	if err != nil || len(hosts) == 0 {
		return nil, after, false, err
	}
	first, last := hosts[0].Index, hosts[len(hosts)-1].Index
	seen, err := v.store.ObservationsBetween(ctx, v.scan.ID, first, last)
	if err != nil {
		return nil, after, false, err
	}
	covered, err := v.store.CoverageBetween(ctx, v.scan.ID, first, last)
	if err != nil {
		return nil, after, false, err
	}
	for _, h := range hosts {
		if v.narrow && !v.shown[h.Index] {
			continue
		}
		res := v.judged(h, seen[h.Index])
		res.Coverage = v.enabled(covered[h.Index])
		list = append(list, res)
	}
	return list, last, len(hosts) == hostsAtOnce, nil
}

// judged applies the rules to what was observed on a host.
func (v *view) judged(h harrier.ScanHost, list []harrier.Observation) HostResult {
	res := HostResult{ScanHost: h, Observations: make([]Judged, 0, len(list))}
	res.Present = harrier.Counts{}
	names := names(h.Host)
	for _, o := range list {
		severity, show := harrier.Judge(v.rules, o.Vulnerability, v.grades[o.Vulnerability], v.at, names...)
		if show {
			res.Observations = append(res.Observations, Judged{o, severity})
			res.Present[severity]++
		}
	}
	slices.SortFunc(res.Observations, func(a, b Judged) int { return a.Instance().Compare(b.Instance()) })
	return res
}

// vulnerabilities applies the rules to the sums of the scan. Only hosts that a
// rule names have to be read; all others are judged at once.
func (v *view) vulnerabilities(ctx context.Context) ([]harrier.ScanVuln, error) {
	type key struct {
		id       harrier.VulnID
		severity harrier.Severity
	}
	sums := map[key]harrier.ScanVuln{}
	add := func(id harrier.VulnID, s harrier.Severity, count, hosts int) {
		k := key{id, s}
		n := sums[k]
		sums[k] = harrier.ScanVuln{Vulnerability: id, Severity: s, Count: n.Count + count, Hosts: n.Hosts + hosts}
	}
	if v.narrow {
		if err := v.countSeen(ctx, add); err != nil {
			return nil, err
		}
	}
	for _, n := range v.vulns {
		if s, show := harrier.Judge(v.rules, n.Vulnerability, v.grades[n.Vulnerability], v.at); show && !v.narrow {
			add(n.Vulnerability, s, n.Count, n.Hosts)
		}
	}
	if !v.narrow && slices.ContainsFunc(v.rules, func(e harrier.Exception) bool { return e.Host != "" }) {
		if err := v.named(ctx, add); err != nil {
			return nil, err
		}
	}
	out := make([]harrier.ScanVuln, 0, len(sums))
	for _, n := range sums {
		if n.Count > 0 {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b harrier.ScanVuln) int {
		return cmp.Or(-cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Vulnerability, b.Vulnerability))
	})
	return out, nil
}

// named moves the observations of hosts that a rule names from where the
// nameless judgement put them to where they belong.
func (v *view) named(ctx context.Context, add func(harrier.VulnID, harrier.Severity, int, int)) error {
	hosts, err := v.store.ScanHosts(ctx, v.scan.ID)
	if err != nil {
		return err
	}
	for _, h := range hosts {
		names := names(h.Host)
		if !slices.ContainsFunc(v.rules, func(e harrier.Exception) bool { return e.Host != "" && e.Names(names...) }) {
			continue
		}
		list, err := v.store.HostObservations(ctx, v.scan.ID, h.Index)
		if err != nil {
			return err
		}
		counts := map[harrier.VulnID]int{}
		for _, o := range list {
			counts[o.Vulnerability]++
		}
		for id, n := range counts {
			if s, show := harrier.Judge(v.rules, id, v.grades[id], v.at); show {
				add(id, s, -n, -1)
			}
			if s, show := harrier.Judge(v.rules, id, v.grades[id], v.at, names...); show {
				add(id, s, n, 1)
			}
		}
	}
	return nil
}
