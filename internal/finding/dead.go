package finding

import (
	"context"
	"slices"

	"github.com/harrier-scan/harrier"
)

// deadSpans are the targets of a scan that did not answer, by batch.
type deadSpans struct {
	spans   map[int][]harrier.Span
	changed map[int]bool
}

// aboutDead adds the targets that a batch found silent. They change no asset:
// silence is no proof of anything.
func (f *folding) aboutDead(ctx context.Context, s *scan, res *harrier.Result) error {
	if s.dead == nil {
		d, err := f.loadDead(ctx, s.ID)
		if err != nil {
			return err
		}
		s.dead = d
	}
	have := s.dead.spans[res.Batch]
	for _, n := range res.Dead {
		if n.Count = n.Target.Count(); n.Count > 0 && !slices.Contains(have, n) {
			have = append(have, n)
			s.dead.changed[res.Batch] = true
		}
	}
	s.dead.spans[res.Batch] = have
	return nil
}

// loadDead reads what is stored and finds the batches to which it belongs.
func (f *folding) loadDead(ctx context.Context, id harrier.ID) (*deadSpans, error) {
	d := &deadSpans{spans: map[int][]harrier.Span{}, changed: map[int]bool{}}
	stored, err := f.Store.Dead(ctx, id)
	if err != nil || len(stored) == 0 {
		return d, err
	}
	batches, err := f.Store.Batches(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, s := range stored {
		n := home(batches, s.Target)
		d.spans[n] = append(d.spans[n], s)
	}
	return d, nil
}

// home is the batch that a silent target belongs to: the one that holds it, or
// one that holds a name with a net around it.
func home(batches []harrier.Batch, t harrier.Target) int {
	masked := 0
	for _, b := range batches {
		for _, has := range b.Targets {
			switch {
			case has == t, t.IsRange() && has.IsRange() && !t.First.Less(has.First) && !has.Last.Less(t.First),
				!t.IsRange() && has.Name == t.Name:
				return b.Number
			case has.Bits > 0 && masked == 0:
				masked = b.Number
			}
		}
	}
	return masked
}

func (f *folding) flushDead(ctx context.Context, s *scan) error {
	if s.dead == nil {
		return nil
	}
	for n := range s.dead.changed {
		if err := f.Store.PutDead(ctx, s.ID, n, s.dead.spans[n]); err != nil {
			return err
		}
	}
	clear(s.dead.changed)
	return nil
}
