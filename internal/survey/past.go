package survey

import (
	"context"
	"slices"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/surface"
)

// remember finds the nodes that were own in an iteration and lead nowhere now:
// what was told of their risks then stays true.
func (v *View) remember(nodes []harrier.SurfaceNode) {
	v.former = map[harrier.Node][]span{}
	spans := map[harrier.ID][]span{}
	for _, l := range v.links {
		if n := v.byID[l.To]; n != nil && !v.graph.Has(n.Node) {
			spans[l.To] = append(spans[l.To], span{l.FirstScan, l.EndedScan})
		}
	}
	last := map[harrier.ID][]harrier.ID{} // the last iteration with some nodes
	for id, list := range spans {
		spans[id] = joined(list)
		end := spans[id][len(spans[id])-1].end
		i := slices.IndexFunc(v.Scans, func(sc harrier.Scan) bool { return end != 0 && sc.ID >= end })
		if i > 0 {
			last[v.Scans[i-1].ID] = append(last[v.Scans[i-1].ID], id)
		}
	}
	for scan, gone := range last {
		g := surface.Of(nodes, v.links, scan, surface.MarksOf(v.site.Options.Survey.Marks))
		for _, id := range gone {
			if n := v.byID[id].Node; g.Scope(n) == surface.Primary {
				v.former[n] = spans[id]
			}
		}
	}
}

// was reports whether a node is own no more, and was once.
func (v *View) was(n harrier.Node) bool { return v.former[n] != nil && v.sees == nil }

// stood reports whether a risk was there in an iteration.
func (v *View) stood(k Risk, sc harrier.Scan) bool {
	return k.OpenAt(sc.Ended) && (!k.Former || slices.ContainsFunc(v.former[k.Node], func(s span) bool {
		return s.first <= sc.ID && (s.end == 0 || sc.ID < s.end)
	}))
}

// History lists the risks that Risks lists, also those that ended, and besides
// those of nodes that are own no more. It answers like Risks.
func (r *Room) History(ctx context.Context, by harrier.Actor, v *View) ([]Risk, error) {
	return r.list(ctx, by, v, true, func(a harrier.Asset, f harrier.JudgedFinding) (Risk, bool) {
		if k, ok := r.wanted(v, a, f); ok {
			return k, true
		}
		return r.former(v, a, f)
	})
}

// former is the risk that a finding was on a node that is own no more.
func (r *Room) former(v *View, a harrier.Asset, f harrier.JudgedFinding) (Risk, bool) {
	if f.Accepted != 0 || len(v.former) == 0 {
		return Risk{}, false
	}
	for _, n := range nodesOf(a, f) {
		if v.Own(n) { // it is a risk there, and hidden
			return Risk{}, false
		}
		if v.was(n) {
			k := r.describe(f, n)
			k.Former = true
			return k, true
		}
	}
	return Risk{}, false
}
