package report

import (
	"cmp"
	"context"
	"iter"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/finding"
	"github.com/harrier-scan/harrier/internal/format"
)

// pageSize is how many findings are read at a time, unless Room.page says
// otherwise.
const pageSize = 2000

// maxTrend is up to how many findings a trend is worked out.
const maxTrend = 500_000

// ofFindings is a report of what is known of assets now.
func (r *Room) ofFindings(ctx context.Context, j job, f format.Format, asked Question) (source, error) {
	if r.Findings == nil {
		return source{}, harrier.Errorf(harrier.Unavailable, "findings can not be searched here")
	}
	scope := j.report.Scope
	state := cmp.Or(scope.State, asked.State, harrier.OpenFindings)
	within, err := r.within(ctx, j.by, scope)
	if err != nil {
		return source{}, err
	}
	all := harrier.And{within, orAll(asked.Expr)}
	e := harrier.And{all}
	switch state {
	case harrier.OpenFindings:
		e = append(e, eq("open", true))
	case harrier.ClosedFindings:
		e = append(e, eq("open", false))
	case harrier.AllFindings:
	}
	sums, err := r.Findings.Sums(ctx, j.by, e, harrier.SumQuery{By: harrier.ByAsset, Limit: 1})
	if err != nil {
		return source{}, err
	}
	s := format.Scan{
		Scan:    harrier.Scan{Name: j.report.Title, Status: harrier.ScanCompleted, Owner: j.report.Owner, Started: r.now(), Ended: r.now(), HostsAlive: sums.Groups, Present: sums.Counts},
		Version: r.Version,
		Vulnerability: func(id harrier.VulnID) (harrier.Vulnerability, bool) {
			v, err := r.Vulns.Vulnerability(ctx, id)
			return v, err == nil
		},
		Families: func() []harrier.Family { return r.Vulns.Families(ctx) },
	}
	if s.Scans, err = r.sources(ctx, j.by, scope.Sites); err != nil {
		return source{}, err
	}
	if s.About, err = r.about(ctx, scope, state); err != nil {
		return source{}, err
	}
	if f.Twice {
		if s.Trend, err = r.trend(ctx, j.by, all); err != nil {
			return source{}, err
		}
	}
	return source{s, r.tracked(ctx, j.by, e, r.cleaner(j, s, asked.Expr)), sums.Groups}, nil
}

func orAll(e harrier.Expr) harrier.Expr {
	if e == nil {
		return harrier.And{}
	}
	return e
}

func eq(field string, values ...any) harrier.Cmp {
	return harrier.Cmp{Field: field, Op: harrier.Eq, Values: values}
}

func ids(list []harrier.ID) []any {
	out := make([]any, len(list))
	for i, id := range list {
		out[i] = int64(id)
	}
	return out
}

// within is the condition that a finding is of an asset that scope names.
func (r *Room) within(ctx context.Context, by harrier.Actor, scope harrier.Scope) (harrier.Expr, error) {
	var some harrier.Or
	if len(scope.Assets) > 0 {
		some = append(some, eq("asset", ids(scope.Assets)...))
	}
	if len(scope.Repositories) > 0 {
		some = append(some, eq("repository", ids(scope.Repositories)...))
	}
	for _, id := range scope.Sites {
		_, err := r.Scans.Of(ctx, by, id)
		if harrier.KindOf(err) == harrier.NotFound {
			continue // it is gone, or no longer to be seen
		}
		if err != nil {
			return nil, err
		}
		// Told once: the findings are read in pages, and which assets scans of a site
		// saw is much to look up for each.
		sums, err := r.Findings.Sums(ctx, by, harrier.OfAsset{Of: eq("in_site", int64(id))}, harrier.SumQuery{By: harrier.ByAsset})
		if err != nil {
			return nil, err
		}
		seen := make([]harrier.ID, len(sums.Rows))
		for i, row := range sums.Rows {
			seen[i] = row.ID
		}
		if len(seen) > 0 {
			some = append(some, eq("asset", ids(seen)...))
		}
	}
	if len(scope.Tags) > 0 {
		some = append(some, harrier.OfAsset{Of: eq("tag", ids(scope.Tags)...)})
	}
	for _, id := range scope.AssetLists {
		if r.questions == nil {
			return nil, harrier.Errorf(harrier.Unavailable, "asset lists can not be read here")
		}
		e, err := r.questions.OfList(ctx, by, id)
		if err != nil {
			return nil, err
		}
		some = append(some, e)
	}
	if len(some) == 0 && len(scope.Sites) == 0 { // else it is about sites of which nothing is known
		return harrier.And{}, nil
	}
	return some, nil
}

// byAsset yields the findings that e holds for, those of an asset together, by
// rising asset. It reads a page at a time and goes on behind the last asset of
// it, so that it is as fast at the end as at the start.
func (r *Room) byAsset(ctx context.Context, by harrier.Actor, e harrier.Expr) iter.Seq2[[]harrier.JudgedFinding, error] {
	return func(yield func([]harrier.JudgedFinding, error) bool) {
		pageSize := r.page
		for last := int64(0); ; {
			behind := harrier.And{e, harrier.Cmp{Field: "asset", Op: harrier.Gt, Values: []any{last}}}
			page, _, err := r.Findings.Judged(ctx, by, behind, finding.Page{Sort: "asset", Limit: pageSize})
			if err == nil && len(page) == pageSize && page[0].Asset == page[pageSize-1].Asset {
				page, _, err = r.Findings.Judged(ctx, by, harrier.And{e, eq("asset", int64(page[0].Asset))}, finding.Page{Sort: "asset"})
			} else if err == nil && len(page) == pageSize { // the last asset may go on
				n := pageSize
				for page[n-1].Asset == page[pageSize-1].Asset {
					n--
				}
				page = page[:n]
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if len(page) == 0 {
				return
			}
			for len(page) > 0 {
				n := 1
				for n < len(page) && page[n].Asset == page[0].Asset {
					n++
				}
				last = int64(page[0].Asset)
				if !yield(page[:n], nil) {
					return
				}
				page = page[n:]
			}
		}
	}
}

// tracked yields the assets that have findings that e holds for, with what clean
// says was not found there.
func (r *Room) tracked(ctx context.Context, by harrier.Actor, e harrier.Expr, clean *cleaner) iter.Seq2[format.Host, error] {
	return func(yield func(format.Host, error) bool) {
		n := 0
		for list, err := range r.byAsset(ctx, by, e) {
			var h format.Host
			if err == nil {
				n++
				h, err = r.assetHost(ctx, list, n)
			}
			if err == nil {
				err = clean.put(ctx, &h)
			}
			if harrier.KindOf(err) == harrier.NotFound { // the asset went meanwhile
				continue
			}
			if !yield(h, err) || err != nil {
				return
			}
		}
	}
}

func (r *Room) assetHost(ctx context.Context, list []harrier.JudgedFinding, index int) (format.Host, error) {
	a, err := r.Store.Asset(ctx, list[0].Asset)
	if err != nil {
		return format.Host{}, err
	}
	h := format.Host{Importance: a.Importance, ScanHost: harrier.ScanHost{Scan: a.LastScan, Index: index, Asset: a.ID, Done: true, Host: harrier.Host{
		Addr: a.Addr, Alive: true, MAC: a.MAC, FQDN: a.FQDN, NetBIOS: a.NetBIOS, OS: a.OS, OSConfidence: a.OSConfidence, OSMethod: a.OSMethod,
		OSCPE: a.OSCPE, DeviceType: a.DeviceType, Started: a.LastSeen, Ended: a.LastSeen,
	}}}
	if a.Addr.IsValid() {
		h.Name = a.Addr.String()
	} else {
		h.Name = a.FQDN
	}
	for _, f := range list {
		h.Results = append(h.Results, format.Result{Severity: f.Severity, Since: f.FirstSeen(), Observation: harrier.Observation{
			Vulnerability: f.Vulnerability, Endpoint: f.Endpoint, Key: f.Key, Service: f.Service, Evidence: f.Evidence, Certainty: f.Certainty, Source: f.Source, At: f.LastSeen(),
		}})
		h.Present[min(f.Severity, harrier.Critical)]++
	}
	h.Services, err = r.Store.ServicesOf(ctx, a.ID)
	return h, err
}

// trend counts the findings that were open at the end of each of the last
// weeks; nothing when there are too many to be worth it, or none that is old.
func (r *Room) trend(ctx context.Context, by harrier.Actor, e harrier.Expr) ([]format.Moment, error) {
	sums, err := r.Findings.Sums(ctx, by, e, harrier.SumQuery{By: harrier.BySeverity})
	if err != nil || sums.Counts.Total() > maxTrend {
		return nil, err
	}
	out := make([]format.Moment, trendMoments)
	for i := range out {
		out[i].At = r.now().Add(-7 * 24 * time.Hour * time.Duration(trendMoments-1-i))
	}
	first := trendMoments - 1
	for list, err := range r.byAsset(ctx, by, harrier.And{e, harrier.Cmp{Field: "severity", Op: harrier.Gt, Values: []any{int64(harrier.Info)}}}) {
		if err != nil {
			return nil, err
		}
		for _, f := range list {
			for i := range out {
				if f.OpenAt(out[i].At) {
					out[i].Counts[min(f.Severity, harrier.Critical)]++
					first = min(first, i)
				}
			}
		}
	}
	return out[first:], nil
}
