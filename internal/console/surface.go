package console

import (
	"context"
	"slices"
	"sync"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
	"github.com/harrier-scan/harrier/internal/surface"
	"github.com/harrier-scan/harrier/internal/surface/judge"
)

// surfaces tells what the surveys of scans found, from the facts that are kept.
type surfaces struct {
	db *store.DB

	mu   sync.Mutex
	last []seenBy // the newest last
}

// seenBy is what a scan's survey saw.
type seenBy struct {
	scan   harrier.ID
	survey *judge.Survey
}

// maxLast bounds of how many scans that go on what they saw is kept in memory:
// each of their hosts asks for it.
const maxLast = 4

// kept is what a scan's survey saw; nil when that is not in memory.
func (s *surfaces) kept(scan harrier.ID) *judge.Survey {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.last, func(l seenBy) bool { return l.scan == scan })
	if i < 0 {
		return nil
	}
	l := s.last[i]
	s.last = append(slices.Delete(s.last, i, i+1), l)
	return l.survey
}

func (s *surfaces) keep(scan harrier.ID, survey *judge.Survey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = append(slices.DeleteFunc(s.last, func(l seenBy) bool { return l.scan == scan }), seenBy{scan, survey})
	if n := len(s.last) - maxLast; n > 0 {
		s.last = slices.Delete(s.last, 0, n)
	}
}

// Checks are the rules of package judge.
func (*surfaces) Checks() []harrier.VulnID { return judge.Checks() }

func (s *surfaces) load(ctx context.Context, site harrier.ID) (nodes []harrier.SurfaceNode, links []harrier.SurfaceLink, err error) {
	if nodes, err = s.db.SurfaceNodes(ctx, site); err != nil {
		return nil, nil, err
	}
	links, err = s.db.SurfaceLinks(ctx, site)
	return nodes, links, err
}

// Targets are what is to be scanned of what a scan's survey found.
func (s *surfaces) Targets(ctx context.Context, sc harrier.Scan) (harrier.Targets, error) {
	nodes, links, err := s.load(ctx, sc.Site)
	if err != nil {
		return nil, err
	}
	return surface.Seen(nodes, links, sc.ID, surface.MarksOf(sc.Plan.Survey.Marks)).Targets(), nil
}

// Known are the own names of a site's attack surface, those first that were seen
// last.
func (s *surfaces) Known(ctx context.Context, site harrier.ID) (names []string, err error) {
	nodes, links, err := s.load(ctx, site)
	if err != nil {
		return nil, err
	}
	holds := map[harrier.ID]bool{}
	for _, l := range links {
		if l.EndedScan == 0 && l.Link == harrier.LinkChild {
			holds[l.To] = true
		}
	}
	slices.SortStableFunc(nodes, func(a, b harrier.SurfaceNode) int { return b.LastSeen.Compare(a.LastSeen) })
	for _, n := range nodes {
		if n.Node.Kind == harrier.NodeDomain && holds[n.ID] && len(names) < harrier.MaxKnown {
			names = append(names, n.Node.Key)
		}
	}
	return names, nil
}

// Remarks are what a scan's survey could not ask.
func (s *surfaces) Remarks(ctx context.Context, sc harrier.Scan) ([]string, error) {
	root, err := s.db.SurfaceNodeOf(ctx, sc.Site, harrier.Node{Kind: harrier.NodeRoot})
	switch {
	case err != nil && harrier.KindOf(err) == harrier.NotFound:
		return nil, nil
	case err != nil || root.ToldScan != sc.ID:
		return nil, err
	}
	return root.Attributes[harrier.SurveyRemarks], nil
}

// Results are the risks of a survey that has ended.
func (s *surfaces) Results(ctx context.Context, sc harrier.Scan) ([]harrier.Result, error) {
	survey, err := s.survey(ctx, sc)
	if err != nil {
		return nil, err
	}
	out := survey.Results()
	for i := range out {
		out[i].Scan, out[i].Batch = sc.ID, 1
	}
	return out, nil
}

// survey is what a scan's survey saw; its end is told last.
func (s *surfaces) survey(ctx context.Context, sc harrier.Scan) (*judge.Survey, error) {
	nodes, links, err := s.load(ctx, sc.Site)
	if err != nil {
		return nil, err
	}
	marks := surface.MarksOf(sc.Plan.Survey.Marks)
	out := &judge.Survey{
		Graph: surface.Seen(nodes, links, sc.ID, marks), At: sc.Started, Passive: sc.Plan.Survey.Passive,
		Web: numbersOf(webChecks(sc.Plan)), Content: sc.Plan.Planned(nil).OfContent(), Software: map[surface.Node]bool{},
	}
	before := surface.Of(nodes, links, sc.ID, marks)
	gone := harrier.GoneLinks(nodes, links, sc.ID)
	left := surface.Of(nodes, slices.DeleteFunc(slices.Clone(links), func(l harrier.SurfaceLink) bool { return gone[l.ID] }), sc.ID, marks)
	for _, n := range nodes {
		if n.Node.Kind == surface.Domain {
			out.Software[n.Node] = slices.ContainsFunc(before.To(n.Node, surface.Hosts), func(page surface.Node) bool { return len(before.To(page, surface.UsesComponent)) > 0 })
		}
		switch {
		case n.Node.Kind == surface.Root && n.ToldScan == sc.ID:
			out.Complete = len(n.Attributes[harrier.Surveyed]) > 0
			out.At = n.LastSeen
		case n.Node.Kind == surface.Domain && n.FirstScan < sc.ID && before.Scope(n.Node) == surface.Primary:
			if !left.Has(n.Node) || len(out.Graph.Attributes(n.Node)["stale"]) > 0 {
				out.Gone = append(out.Gone, n.Node)
			}
		}
	}
	if !out.Complete { // nobody knows
		out.Gone = nil
	}
	slices.SortFunc(out.Gone, surface.Node.Compare)
	s.keep(sc.ID, out)
	return out, nil
}

// Facts are what a host adds to the attack surface.
func (*surfaces) Facts(sc harrier.Scan, h harrier.Host, services []harrier.Service) []harrier.Fact {
	return surface.HostFacts(sc.Plan.Survey, h, services)
}

// Unasked are the rules that the survey could not look at for a host.
func (s *surfaces) Unasked(ctx context.Context, sc harrier.Scan, h harrier.Host) ([]harrier.Done, error) {
	survey := s.kept(sc.ID)
	if survey == nil { // after a restart, or when many go on
		var err error
		if survey, err = s.survey(ctx, sc); err != nil {
			return nil, err
		}
	}
	return survey.Unasked(h.Addr), nil
}
