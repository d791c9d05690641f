package survey

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
)

// Window says between which completed iterations changes are told: From, which
// they start at, and To. Zero values: To is the newest, and From the one before
// the last Last of them.
type Window struct {
	From, To harrier.UUID
	Last     int // 0: 1
	// Transient tells also of what appeared and went inside the window.
	Transient bool
}

// LinkChange is a link that appeared or went.
type LinkChange struct {
	ID        harrier.UUID
	Link      harrier.Link // "RISK" leads to a risk
	From, To  harrier.SurfaceNode
	Risk      *Risk // where To is one
	AddedIn   harrier.UUID
	RemovedIn harrier.UUID // zero: it holds
}

// LinkRisk leads from a node to a risk of it.
const LinkRisk harrier.Link = "RISK"

// LinkChanges are what is different between two iterations.
type LinkChanges struct {
	From, To       harrier.UUID
	Iterations     []harrier.UUID // after From, to To
	Added, Removed []LinkChange
}

// LinkChanges compares two iterations. It answers Invalid because of
// ErrIteration for iterations that are not completed ones of the site, or the
// wrong way round.
func (r *Room) LinkChanges(ctx context.Context, by harrier.Actor, v *View, w Window) (LinkChanges, error) {
	from, to, err := v.window(w)
	if err != nil {
		return LinkChanges{}, err
	}
	c := comparison{View: v, from: from, to: to, transient: w.Transient}
	out := LinkChanges{To: v.Scans[to].UUID, From: v.Scans[max(from, 0)].UUID}
	for _, sc := range v.Scans[from+1 : to+1] {
		out.Iterations = append(out.Iterations, sc.UUID)
	}
	c.out = &out
	c.links()
	risks, err := r.History(ctx, by, v)
	if err != nil && harrier.KindOf(err) != harrier.Forbidden { // who may not see findings sees no risks
		return LinkChanges{}, err
	}
	for i := range risks {
		c.risk(&risks[i])
	}
	for _, list := range [][]LinkChange{out.Added, out.Removed} {
		slices.SortFunc(list, func(a, b LinkChange) int {
			return cmp.Or(cmp.Compare(a.Link, b.Link), a.From.Node.Compare(b.From.Node), a.To.Node.Compare(b.To.Node), cmp.Compare(a.ID.String(), b.ID.String()))
		})
	}
	return out, nil
}

// window is the places of From, -1 for before the first, and To.
func (v *View) window(w Window) (from, to int, err error) {
	place := func(id harrier.UUID) (int, error) {
		i := slices.IndexFunc(v.Scans, func(sc harrier.Scan) bool { return sc.UUID == id })
		if i < 0 {
			return 0, refuse(ErrIteration, "%s is no completed iteration of this scan", id)
		}
		return i, nil
	}
	to = len(v.Scans) - 1
	if !w.To.IsZero() {
		if to, err = place(w.To); err != nil {
			return 0, 0, err
		}
	}
	from = max(to-max(w.Last, 1), -1)
	if !w.From.IsZero() {
		if from, err = place(w.From); err != nil {
			return 0, 0, err
		}
	}
	if from > to {
		err = refuse(ErrIteration, "the first iteration is later than the second")
	}
	return from, to, err
}

// comparison is that of two iterations.
type comparison struct {
	*View
	from, to  int
	transient bool
	out       *LinkChanges
}

// links compares what was found. A link that was found in several ways holds
// while it is found in one of them.
func (c comparison) links() {
	groups := map[ends][]harrier.SurfaceLink{}
	for _, l := range c.View.links {
		k := ends{l.From, l.To, l.Link}
		groups[k] = append(groups[k], l)
	}
	for k, list := range groups {
		a, b := c.byID[k.from], c.byID[k.to]
		if a == nil || b == nil || !c.seen(a.Node) || !c.seen(b.Node) {
			continue
		}
		var spans []span
		for _, l := range list {
			spans = append(spans, span{l.FirstScan, l.EndedScan})
		}
		for _, s := range joined(spans) {
			first, ok := c.at(s.first)
			if !ok {
				continue
			}
			l := list[slices.IndexFunc(list, func(l harrier.SurfaceLink) bool { return l.FirstScan == s.first })]
			ended := -1
			if s.end != 0 {
				if end, ok := c.at(s.end); ok {
					ended = c.index(end)
				}
			}
			c.put(LinkChange{ID: l.UUID, Link: k.link, From: *a, To: *b}, c.index(first), ended)
		}
	}
}

func (c comparison) index(scan harrier.ID) int {
	return slices.IndexFunc(c.Scans, func(sc harrier.Scan) bool { return sc.ID == scan })
}

// risk compares when a risk was there.
func (c comparison) risk(k *Risk) {
	n := c.Node(k.Node)
	to := harrier.SurfaceNode{UUID: k.Kind, Node: harrier.Node{Kind: "Risk", Key: k.URN}}
	for _, i := range k.Intervals {
		first, ended := c.since(i.Opened), -1
		if !i.Closed.IsZero() {
			if ended = c.since(i.Closed); ended == len(c.Scans) {
				ended = -1
			}
		}
		for _, there := range c.stays(k) {
			if from, before := max(first, there[0]), sooner(ended, there[1]); from < len(c.Scans) {
				c.put(LinkChange{ID: k.Link, Link: LinkRisk, From: n, To: to, Risk: k}, from, before)
			}
		}
	}
}

// stays are the iterations in which the node of a risk was there: from one to
// before another; -1: it is.
func (c comparison) stays(k *Risk) (out [][2]int) {
	if !k.Former {
		return [][2]int{{0, -1}}
	}
	for _, s := range c.former[k.Node] {
		if first, ok := c.at(s.first); ok {
			there := [2]int{c.index(first), -1}
			if end, ok := c.at(s.end); ok && s.end != 0 {
				there[1] = c.index(end)
			}
			out = append(out, there)
		}
	}
	return out
}

// sooner is the first of two ends; -1 is none.
func sooner(a, b int) int {
	if a < 0 || b >= 0 && b < a {
		return b
	}
	return a
}

// since is the first iteration that ended at or after a time.
func (c comparison) since(t time.Time) int {
	i := slices.IndexFunc(c.Scans, func(sc harrier.Scan) bool { return !sc.Ended.Before(t) })
	if i < 0 {
		return len(c.Scans)
	}
	return i
}

// put files what was there from the iteration first to before ended; -1: still.
func (c comparison) put(l LinkChange, first, ended int) {
	if ended > c.to {
		ended = -1
	}
	if first > c.to || ended >= 0 && ended <= first {
		return
	}
	l.AddedIn = c.Scans[first].UUID
	if ended >= 0 {
		l.RemovedIn = c.Scans[ended].UUID
	}
	added, removed := first > c.from, ended > c.from
	if added && removed && !c.transient {
		return
	}
	if added {
		c.out.Added = append(c.out.Added, l)
	}
	if removed {
		c.out.Removed = append(c.out.Removed, l)
	}
}
