package surface

import (
	"context"
	"slices"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
)

// together is how many facts go into one result.
const together = 100

// Survey makes the survey of a scan: it discovers what follows from the seeds
// of the plan and publishes the facts. Options say what the plan does not. When
// discovery went to its end, the last fact says so: see harrier.Surveyed.
func Survey(ctx context.Context, net *netio.Net, plan harrier.Plan, o Options, publish func(context.Context, harrier.Result) error) error {
	o.Net, o.Marks = net, MarksOf(plan.Survey.Marks)
	o.Passive = o.Passive || plan.Survey.Passive
	o.NoWords = o.NoWords || !plan.Survey.Words
	o.Known = plan.Survey.Known
	o = o.withDefaults()
	seeds := make([]Seed, len(plan.Survey.Seeds))
	for i, n := range plan.Survey.Seeds {
		seeds[i] = Seed{n}
	}
	var group []Fact
	send := func() error {
		if len(group) == 0 {
			return nil
		}
		r := harrier.Result{Facts: group}
		group = nil
		return publish(ctx, r)
	}
	res, err := Discover(ctx, seeds, o, func(f Fact) error {
		if group = append(group, f); len(group) < together {
			return nil
		}
		return send()
	})
	if err == nil {
		end := Fact{Node: Node{Kind: Root}, How: "seed", At: o.Now().UTC(), Attributes: map[string][]string{}}
		if res.Limited {
			end.Attributes[harrier.SurveyLimited] = slices.Sorted(slices.Values(append(res.Reasons, "true")))
		} else {
			end.Attributes[harrier.Surveyed] = []string{"true"}
		}
		for attribute, values := range map[string][]string{harrier.SurveyRemarks: res.Reasons, harrier.SurveyUnheard: res.Unheard} {
			if len(values) > 0 {
				end.Attributes[attribute] = values
			}
		}
		group = append(group, end)
	}
	if sendErr := send(); err == nil {
		err = sendErr
	}
	if err != nil || o.Passive || o.Browser == "" {
		return err
	}
	return pictures(ctx, o, res.fronts, publish)
}

// MarksOf are decisions as the model has them.
func MarksOf(list []harrier.NodeMark) Marks {
	marks := Marks{}
	for _, m := range list {
		marks[m.Node] = Mark{Secondary: m.Secondary, IgnoreIPs: m.IgnoreAddrs}
	}
	return marks
}

// Of is the graph of what a site's scans found, as it was during one of them.
func Of(nodes []harrier.SurfaceNode, links []harrier.SurfaceLink, scan harrier.ID, marks Marks) *Graph {
	return graph(nodes, links, marks, func(l harrier.SurfaceLink) bool { return l.During(scan) }, func(harrier.SurfaceNode) bool { return true })
}

// Seen is the graph of what the latest of a site's scans saw itself.
func Seen(nodes []harrier.SurfaceNode, links []harrier.SurfaceLink, scan harrier.ID, marks Marks) *Graph {
	return graph(nodes, links, marks, func(l harrier.SurfaceLink) bool { return l.LastScan == scan }, func(n harrier.SurfaceNode) bool { return n.ToldScan == scan })
}

func graph(nodes []harrier.SurfaceNode, links []harrier.SurfaceLink, marks Marks, holds func(harrier.SurfaceLink) bool, told func(harrier.SurfaceNode) bool) *Graph {
	g := NewGraph(marks)
	byID := make(map[harrier.ID]*harrier.SurfaceNode, len(nodes))
	for i := range nodes {
		byID[nodes[i].ID] = &nodes[i]
	}
	for _, l := range links {
		from, to := byID[l.From], byID[l.To]
		if from != nil && to != nil && holds(l) {
			g.Add(Fact{From: from.Node, Link: l.Link, Node: to.Node, How: l.How, At: l.LastSeen, Attributes: l.Attributes})
		}
	}
	for _, n := range nodes {
		if g.Has(n.Node) && len(n.Attributes) > 0 && told(n) {
			g.Add(Fact{Node: n.Node, How: "data", At: n.LastSeen, Attributes: n.Attributes})
		}
	}
	return g
}
