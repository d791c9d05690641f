package survey

import (
	"context"
	"slices"

	"github.com/harrier-scan/harrier"
)

// Iterations lists the scans of a site with a survey, oldest first, without their plans.
func (r *Room) Iterations(ctx context.Context, by harrier.Actor, s harrier.Site) ([]harrier.Scan, error) {
	list, err := r.Scans.Of(ctx, by, s.ID)
	return slices.DeleteFunc(list, func(sc harrier.Scan) bool { return sc.Status == harrier.ScanImported }), err
}

// Progress counts the parts of an iteration: its survey, and each batch of what
// that found.
type Progress struct{ Idle, Queued, Running, Done, Failed int }

// Progress tells how far an iteration of a site is. It answers NotFound.
func (r *Room) Progress(ctx context.Context, by harrier.Actor, s harrier.Site, id harrier.UUID) (Progress, error) {
	list, err := r.Iterations(ctx, by, s)
	if err != nil {
		return Progress{}, err
	}
	i := slices.IndexFunc(list, func(sc harrier.Scan) bool { return sc.UUID == id })
	if i < 0 {
		return Progress{}, missing("iteration", id)
	}
	return r.parts(ctx, list[i])
}

func (r *Room) parts(ctx context.Context, sc harrier.Scan) (p Progress, err error) {
	batches, err := r.Store.Batches(ctx, sc.ID)
	for _, b := range batches {
		switch {
		case b.Done:
			p.Done++
		case sc.Status.Ended():
			p.Failed++
		case sc.Status == harrier.ScanQueued:
			p.Queued++
		case sc.Status == harrier.ScanPaused || sc.Status == harrier.ScanPausing:
			p.Idle++
		default:
			p.Running++
		}
	}
	return p, err
}

// Folding reports whether an iteration has only to sum up what it found.
func (r *Room) Folding(ctx context.Context, sc harrier.Scan) (bool, error) {
	if sc.Status != harrier.ScanRunning {
		return false, nil
	}
	p, err := r.parts(ctx, sc)
	return err == nil && p.Done > 1 && p.Queued+p.Running+p.Idle == 0, err
}

// Limited reports whether the survey of the newest iteration ended before its
// end.
func (v *View) Limited() bool {
	return v.Attribute(harrier.Node{Kind: harrier.NodeRoot}, harrier.SurveyLimited) != ""
}

// Mark decides about a node: nil leaves a part as it is. It is in force at once.
// It answers NotFound for a node that is not there, Forbidden, and Invalid
// because of ErrMark for what can not be decided about a node of its kind.
func (r *Room) Mark(ctx context.Context, by harrier.Actor, node harrier.UUID, secondary, ignoreAddrs *bool) (harrier.SurfaceNode, harrier.Site, error) {
	n, s, err := r.NodeByID(ctx, by, node)
	if err != nil {
		return n, s, err
	}
	kind := n.Node.Kind
	switch {
	case secondary != nil && kind != harrier.NodeDomain && kind != harrier.NodeIPv4 && kind != harrier.NodeIPv6:
		return n, s, refuse(ErrMark, "a node of the type %s can not be made secondary", kind)
	case ignoreAddrs != nil && kind != harrier.NodeDomain:
		return n, s, refuse(ErrMark, "only the addresses of a domain can be ignored")
	}
	s, err = r.change(ctx, by, s.UUID, func(_ context.Context, s *harrier.Site) error {
		v := s.Options.Survey
		i := slices.IndexFunc(v.Marks, func(m harrier.NodeMark) bool { return m.Node == n.Node })
		if i < 0 {
			v.Marks, i = append(v.Marks, harrier.NodeMark{Node: n.Node}), len(v.Marks)
		}
		if secondary != nil {
			v.Marks[i].Secondary = *secondary
		}
		if ignoreAddrs != nil {
			v.Marks[i].IgnoreAddrs = *ignoreAddrs
		}
		if m := v.Marks[i]; !m.Secondary && !m.IgnoreAddrs {
			v.Marks = slices.Delete(v.Marks, i, i+1)
		}
		return nil
	})
	return n, s, err
}

// NodeByID returns a node of a surface that by may see, or NotFound.
func (r *Room) NodeByID(ctx context.Context, by harrier.Actor, id harrier.UUID) (harrier.SurfaceNode, harrier.Site, error) {
	n, err := r.Store.SurfaceNode(ctx, id)
	if err != nil {
		return n, harrier.Site{}, err
	}
	s, err := r.Store.Site(ctx, n.Site)
	if harrier.KindOf(err) == harrier.NotFound && err != nil || err == nil && (!visible(by, s) || s.Folder == harrier.Trash) {
		err = missing("node", id)
	}
	if err != nil || !scoped(by) {
		return n, s, err
	}
	v, err := r.view(ctx, by, s)
	if err == nil && !v.seen(n.Node) {
		err = missing("node", id)
	}
	return n, s, err
}
