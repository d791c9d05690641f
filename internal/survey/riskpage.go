package survey

import (
	"context"
	"slices"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/finding"
)

// RiskPage says which risks are wanted, and which part of them.
type RiskPage struct {
	Ended bool // those that ended too
	// Links and Kinds are the only ones that are wanted; nil: all.
	Links, Kinds map[harrier.UUID]bool

	ByLastSeen    bool // else by when they appeared
	Desc          bool // latest first
	Limit, Offset int  // Limit 0: all
}

// How many findings are read at a time, to find a page of risks among them.
const (
	fewFindings  = 500
	manyFindings = 5000
)

// Risks lists the risks of own nodes that by may see, by rising ID of their
// findings; those that ended too when ended is set. It answers Forbidden without
// the right to read findings.
func (r *Room) Risks(ctx context.Context, by harrier.Actor, v *View, ended bool) ([]Risk, error) {
	return r.list(ctx, by, v, ended, func(a harrier.Asset, f harrier.JudgedFinding) (Risk, bool) { return r.wanted(v, a, f) })
}

// list picks risks among the findings of a surface.
func (r *Room) list(ctx context.Context, by harrier.Actor, v *View, ended bool, pick func(harrier.Asset, harrier.JudgedFinding) (Risk, bool)) ([]Risk, error) {
	list, _, err := r.Findings.Judged(ctx, by, findingsOf(v, ended), finding.Page{Sort: "id", NoTotal: true})
	if err != nil {
		return nil, err
	}
	assets, _, err := r.Assets.Assets(ctx, by, ofSite(v.site), asset.Page{})
	if err != nil {
		return nil, err
	}
	known := make(map[harrier.ID]harrier.Asset, len(assets))
	for _, a := range assets {
		known[a.ID] = a
	}
	var out []Risk
	for _, f := range list {
		if k, ok := pick(known[f.Asset], f); ok {
			out = append(out, k)
		}
	}
	return out, nil
}

// RiskPage is a part of the risks that Risks lists, in an order in time; at the
// same time by ID. It reads no more findings than it takes to fill the page, and
// answers like Risks.
func (r *Room) RiskPage(ctx context.Context, by harrier.Actor, v *View, p RiskPage) ([]Risk, error) {
	var out []Risk
	err := r.eachRisk(ctx, by, v, p, func(k Risk) bool {
		if p.Offset > 0 {
			p.Offset--
			return true
		}
		out = append(out, k)
		return p.Limit == 0 || len(out) < p.Limit
	})
	return out, err
}

// CountRisks tells how many risks there are for a page without bounds. It answers
// like Risks.
func (r *Room) CountRisks(ctx context.Context, by harrier.Actor, v *View, p RiskPage) (n int, err error) {
	err = r.eachRisk(ctx, by, v, p, func(Risk) bool { n++; return true })
	return n, err
}

// eachRisk tells the risks that p is about until tell answers false: what they
// are is known here, when they were to the store.
func (r *Room) eachRisk(ctx context.Context, by harrier.Actor, v *View, p RiskPage, tell func(Risk) bool) error {
	part := finding.Page{Sort: "first_seen", Desc: p.Desc, NoTotal: true, Limit: manyFindings}
	if p.ByLastSeen {
		part.Sort = "last_seen"
	}
	if p.Limit > 0 && p.Links == nil && p.Kinds == nil { // findings that are no risks are few
		need := p.Offset + p.Limit
		part.Limit = min(max(need+need/8, fewFindings), manyFindings)
	}
	known := map[harrier.ID]harrier.Asset{}
	left := len(p.Links)
	for {
		list, _, err := r.Findings.Judged(ctx, by, findingsOf(v, p.Ended), part)
		if err != nil {
			return err
		}
		if err := r.learn(ctx, by, v, list, known); err != nil {
			return err
		}
		for _, f := range list {
			k, ok := r.wanted(v, known[f.Asset], f)
			if !ok || p.Links != nil && !p.Links[k.Link] || p.Kinds != nil && !p.Kinds[k.Kind] {
				continue
			}
			left--
			if !tell(k) || left == 0 && p.Links != nil {
				return nil
			}
		}
		if len(list) < part.Limit {
			return nil
		}
		part.After = list[len(list)-1].ID
	}
}

// learn adds the assets of some findings to those that are known.
func (r *Room) learn(ctx context.Context, by harrier.Actor, v *View, list []harrier.JudgedFinding, known map[harrier.ID]harrier.Asset) error {
	var ids []any
	for _, f := range list {
		if _, have := known[f.Asset]; !have {
			known[f.Asset] = harrier.Asset{}
			ids = append(ids, int64(f.Asset))
		}
	}
	for some := range slices.Chunk(ids, fewFindings) {
		assets, _, err := r.Assets.Assets(ctx, by, harrier.And{ofSite(v.site), harrier.Cmp{Field: "id", Op: harrier.Eq, Values: some}}, asset.Page{})
		if err != nil {
			return err
		}
		for _, a := range assets {
			known[a.ID] = a
		}
	}
	return nil
}

// findingsOf holds for the findings that may be risks of a surface.
func findingsOf(v *View, ended bool) harrier.Expr {
	e := harrier.Expr(harrier.OfAsset{Of: ofSite(v.site)})
	if !ended {
		e = harrier.And{e, harrier.Cmp{Field: "open", Op: harrier.Eq, Values: []any{true}}}
	}
	return e
}

// wanted is the risk that a finding is, if it is one: on an own node, not
// accepted, and not hidden by what the site says of addresses and components.
func (r *Room) wanted(v *View, a harrier.Asset, f harrier.JudgedFinding) (Risk, bool) {
	if f.Accepted != 0 {
		return Risk{}, false
	}
	s := v.site.Options.Survey
	k, ok := r.risk(v, a, f)
	if !ok || s.IgnoreAddrs && v.foreign(k.Node) || k.Backport && v.excluded(k) {
		return k, false
	}
	return k, true
}
