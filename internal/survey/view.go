package survey

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/surface"
)

// View is what the iterations of a site found, as of the newest one that has
// completed. It must not be changed; calls may overlap.
type View struct {
	Scan  harrier.Scan   // the newest completed iteration
	Scans []harrier.Scan // the completed ones, oldest first

	site  harrier.Site // as it is now
	graph *surface.Graph
	links []harrier.SurfaceLink
	nodes map[harrier.Node]*harrier.SurfaceNode
	byID  map[harrier.ID]*harrier.SurfaceNode
	holds map[ends]int // the first of links that holds
	stats map[harrier.ID]Stats
	sees  map[harrier.Node]bool // what an actor with a scope may see; nil: all

	pictures map[harrier.ID]bool // by the node

	former map[harrier.Node][]span // of nodes that were own: when they were there
}

// ends are what a link is told by, however it was found.
type ends struct {
	from, to harrier.ID
	link     harrier.Link
}

// kept is a view, or the making of one.
type kept struct {
	mu   sync.Mutex
	of   string
	view *View
}

// maxViews bounds how many surfaces are kept in memory.
const maxViews = 16

// View returns the surface of a site. It answers NotFound before the first
// iteration has completed, and like Site.
func (r *Room) View(ctx context.Context, by harrier.Actor, id harrier.UUID) (*View, error) {
	s, err := r.Site(ctx, by, id)
	if err != nil {
		return nil, err
	}
	return r.view(ctx, by, s)
}

// view is that of a site as it is now, as far as by may see it: what is kept of
// it is the same for all.
func (r *Room) view(ctx context.Context, by harrier.Actor, s harrier.Site) (*View, error) {
	whole, err := r.whole(ctx, by, s)
	if err != nil {
		return nil, err
	}
	v := *whole
	v.site = s
	if !scoped(by) {
		return &v, nil
	}
	assets, _, err := r.Assets.Assets(ctx, by, ofSite(s), asset.Page{})
	if err != nil && harrier.KindOf(err) != harrier.Forbidden {
		return nil, err
	}
	v.narrow(assets)
	return &v, nil
}

func (r *Room) whole(ctx context.Context, by harrier.Actor, s harrier.Site) (*View, error) {
	scans, err := r.Scans.Of(ctx, by, s.ID)
	if err != nil {
		return nil, err
	}
	scans = slices.DeleteFunc(scans, func(sc harrier.Scan) bool { return sc.Status != harrier.ScanCompleted })
	if len(scans) == 0 {
		return nil, harrier.Errorf(harrier.NotFound, "no iteration of scan %s has completed", s.UUID)
	}
	last := scans[len(scans)-1]
	marks, err := json.Marshal(s.Options.Survey.Marks)
	if err != nil {
		return nil, err
	}
	of := fmt.Sprintf("%d %d %d %s", last.ID, len(scans), last.Modified.UnixMicro(), marks)
	k := r.kept(s.ID)
	k.mu.Lock() // one makes it, the others wait
	defer k.mu.Unlock()
	if k.of == of {
		return k.view, nil
	}
	v, err := r.look(ctx, s, scans)
	if err != nil {
		return nil, err
	}
	k.of, k.view = of, v
	return v, nil
}

// kept is the place of a site's view; that of another one is given up for it.
func (r *Room) kept(site harrier.ID) *kept {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := r.views[site]
	if k == nil {
		k = &kept{}
		r.views[site] = k
	}
	r.order = append(slices.DeleteFunc(r.order, func(id harrier.ID) bool { return id == site }), site)
	if len(r.order) > maxViews {
		delete(r.views, r.order[0])
		r.order = r.order[1:]
	}
	return k
}

// look makes a view.
func (r *Room) look(ctx context.Context, s harrier.Site, scans []harrier.Scan) (*View, error) {
	nodes, err := r.Store.SurfaceNodes(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	links, err := r.Store.SurfaceLinks(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	pictures, err := r.Store.Screenshots(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	v := &View{
		pictures: map[harrier.ID]bool{},

		Scan: scans[len(scans)-1], Scans: scans, site: s, links: links, nodes: map[harrier.Node]*harrier.SurfaceNode{}, byID: map[harrier.ID]*harrier.SurfaceNode{},
	}
	v.graph = surface.Of(nodes, links, v.Scan.ID, surface.MarksOf(s.Options.Survey.Marks))
	for i := range nodes {
		v.nodes[nodes[i].Node], v.byID[nodes[i].ID] = &nodes[i], &nodes[i]
	}
	for _, id := range pictures {
		v.pictures[id] = true
	}
	v.index()
	v.history()
	v.remember(nodes)
	return v, nil
}

func (v *View) index() {
	v.holds = make(map[ends]int, len(v.links))
	for i, l := range v.links {
		k := ends{l.From, l.To, l.Link}
		if _, have := v.holds[k]; !have && l.During(v.Scan.ID) {
			v.holds[k] = i
		}
	}
}

// ofSite holds for the assets that the scans of a site saw.
func ofSite(s harrier.Site) harrier.Expr {
	return harrier.Cmp{Field: "site_id", Op: harrier.Eq, Values: []any{int64(s.ID)}}
}

// Of lists the nodes of a kind, by key: the own ones, or the others.
func (v *View) Of(kind harrier.NodeKind, own bool) []harrier.Node {
	return slices.DeleteFunc(v.graph.Of(kind), func(n harrier.Node) bool { return v.Own(n) != own || !v.seen(n) })
}

// Own reports whether a node is the organisation's own: primary.
func (v *View) Own(n harrier.Node) bool { return v.graph.Scope(n) == surface.Primary }

// Has reports whether a node is there.
func (v *View) Has(n harrier.Node) bool { return v.graph.Has(n) && v.seen(n) }

// Node is what is kept of a node.
func (v *View) Node(n harrier.Node) harrier.SurfaceNode {
	if have := v.nodes[n]; have != nil {
		return *have
	}
	return harrier.SurfaceNode{Node: n, Site: v.site.ID, UUID: harrier.NamedUUID(fmt.Sprintf("surface node %s %s", v.site.UUID, n)), FirstSeen: v.Scan.Created, LastSeen: v.Scan.Ended}
}

// To and From are the nodes that n leads to, and is led to from, by one of some
// links.
func (v *View) To(n harrier.Node, links ...harrier.Link) []harrier.Node {
	var out []harrier.Node
	for _, f := range v.graph.Out(n) {
		if slices.Contains(links, f.Link) && v.seen(f.Node) {
			out = append(out, f.Node)
		}
	}
	return sorted(out)
}

// From is like To.
func (v *View) From(n harrier.Node, links ...harrier.Link) []harrier.Node {
	var out []harrier.Node
	for _, f := range v.graph.In(n) {
		if slices.Contains(links, f.Link) && v.seen(f.From) {
			out = append(out, f.From)
		}
	}
	return sorted(out)
}

func sorted(list []harrier.Node) []harrier.Node {
	slices.SortFunc(list, harrier.Node.Compare)
	return slices.Compact(list)
}

// Attribute gives the first value of an attribute of a node; "" for none.
func (v *View) Attribute(n harrier.Node, name string) string {
	if list := v.graph.Attributes(n)[name]; len(list) > 0 {
		return list[0]
	}
	return ""
}

// Seed reports whether a node is a seed, or an address in a range that is one.
func (v *View) Seed(n harrier.Node) bool {
	if len(v.From(n, harrier.LinkSeeded)) > 0 {
		return true
	}
	a := n.Addr()
	return a.IsValid() && slices.ContainsFunc(v.From(n, harrier.LinkSubset), func(net harrier.Node) bool { return len(v.From(net, harrier.LinkSeeded)) > 0 })
}

// Link is the link between two nodes that holds, by what it is.
func (v *View) Link(from harrier.Node, link harrier.Link, to harrier.Node) (harrier.SurfaceLink, bool) {
	a, b := v.nodes[from], v.nodes[to]
	if a == nil || b == nil {
		return harrier.SurfaceLink{}, false
	}
	i, ok := v.holds[ends{a.ID, b.ID, link}]
	if !ok || !v.seen(from) || !v.seen(to) {
		return harrier.SurfaceLink{}, false
	}
	return v.links[i], true
}

// Stats are what appeared and went with an iteration, by the kind of nodes.
type Stats struct{ Added, Removed, InScope map[harrier.NodeKind]int }

// Stats are those of an iteration; InScope of the newest alone.
func (v *View) Stats(scan harrier.ID) Stats { return v.stats[scan] }

// history sums up when nodes were there: while something led to them.
func (v *View) history() {
	v.stats = map[harrier.ID]Stats{}
	for _, sc := range v.Scans {
		v.stats[sc.ID] = Stats{map[harrier.NodeKind]int{}, map[harrier.NodeKind]int{}, map[harrier.NodeKind]int{}}
	}
	spans := map[harrier.ID][]span{}
	for _, l := range v.links {
		spans[l.To] = append(spans[l.To], span{l.FirstScan, l.EndedScan})
	}
	for id, list := range spans {
		n := v.byID[id]
		if n == nil || !v.seen(n.Node) {
			continue
		}
		for _, s := range joined(list) {
			if at, ok := v.at(s.first); ok {
				v.stats[at].Added[n.Node.Kind]++
			}
			if at, ok := v.at(s.end); ok && s.end != 0 {
				v.stats[at].Removed[n.Node.Kind]++
			}
		}
	}
	for n := range v.graph.Nodes() {
		if v.Own(n) && v.seen(n) {
			v.stats[v.Scan.ID].InScope[n.Kind]++
		}
	}
}

// at is the first completed iteration from a scan on.
func (v *View) at(scan harrier.ID) (harrier.ID, bool) {
	i, _ := slices.BinarySearchFunc(v.Scans, scan, func(sc harrier.Scan, id harrier.ID) int { return cmp.Compare(sc.ID, id) })
	if i == len(v.Scans) {
		return 0, false
	}
	return v.Scans[i].ID, true
}

// span is a time from a scan to one before which it ended; 0: it goes on.
type span struct{ first, end harrier.ID }

// joined are spans that neither touch nor overlap, in order.
func joined(list []span) []span {
	slices.SortFunc(list, func(a, b span) int { return cmp.Compare(a.first, b.first) })
	var out []span
	for _, s := range list {
		if n := len(out); n > 0 && (out[n-1].end == 0 || s.first <= out[n-1].end) {
			if out[n-1].end != 0 && (s.end == 0 || s.end > out[n-1].end) {
				out[n-1].end = s.end
			}
			continue
		}
		out = append(out, s)
	}
	return out
}
