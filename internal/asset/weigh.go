package asset

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
)

// settleEvery is how often it is worked out anew which assets carry which tags,
// for rules that speak of days.
const settleEvery = time.Hour

// Run keeps the assets of tags as they should be until ctx ends.
func (r *Tags) Run(ctx context.Context) error {
	every := time.NewTicker(settleEvery)
	defer every.Stop()
	for {
		if err := r.Settle(ctx); err != nil && ctx.Err() == nil {
			r.log.ErrorContext(ctx, "assets not tagged anew", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		case <-r.wake:
		}
	}
}

// Heard works tags out anew, soon, after what can have changed which assets
// carry them.
func (r *Tags) Heard(e harrier.Event) {
	if e.Kind != harrier.ScanEnded {
		return
	}
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Settle works out which assets carry which tags, and how much they matter.
func (r *Tags) Settle(ctx context.Context) error {
	all, err := r.store.Tags(ctx)
	if err != nil {
		return err
	}
	return r.settled(ctx, all...)
}

// settled works out which assets carry tags that changed or are gone. Each is
// worked out in a transaction, of which one writes at a time: what was read is
// still so when it is written. A lock beside them would wait for a transaction
// that waits for the lock.
func (r *Tags) settled(ctx context.Context, changed ...harrier.Tag) error {
	for _, t := range changed {
		if err := r.store.InTx(ctx, func(ctx context.Context) error { return r.settle(ctx, t.ID) }); err != nil {
			return fmt.Errorf("tag %d: %w", t.ID, err)
		}
	}
	if slices.ContainsFunc(changed, func(t harrier.Tag) bool { return t.Kind == harrier.CriticalityTag }) {
		return r.weigh(ctx)
	}
	return nil
}

func (r *Tags) settle(ctx context.Context, id harrier.ID) error {
	want := map[harrier.ID]bool{}
	t, err := r.store.Tag(ctx, id)
	if err == nil {
		if want, err = r.carriers(ctx, t); err != nil {
			return err
		}
	} else if harrier.KindOf(err) != harrier.NotFound {
		return err
	}
	have, err := r.store.TagCarriers(ctx, id)
	if err != nil {
		return err
	}
	var fewer []harrier.ID
	for _, asset := range have {
		if !want[asset] {
			fewer = append(fewer, asset)
		}
		delete(want, asset)
	}
	more := make([]harrier.ID, 0, len(want))
	for asset := range want {
		more = append(more, asset)
	}
	if len(more)+len(fewer) == 0 {
		return nil
	}
	slices.Sort(more)
	return r.store.SetTagCarriers(ctx, id, more, fewer)
}

func (r *Tags) carriers(ctx context.Context, t harrier.Tag) (map[harrier.ID]bool, error) {
	parts, err := r.parts(ctx, t)
	if err != nil {
		return nil, err
	}
	out := map[harrier.ID]bool{}
	for _, e := range parts {
		list, _, err := r.search(ctx, e, Page{})
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			out[a.ID] = true
		}
	}
	return out, nil
}

// weigh gives all assets with tags that say how much they matter the heaviest
// one's importance, and those that lost theirs what they had before.
func (r *Tags) weigh(ctx context.Context) error {
	return r.store.InTx(ctx, func(ctx context.Context) error {
		all, err := r.store.Tags(ctx)
		if err != nil {
			return err
		}
		want := map[harrier.ID]int{}
		for _, t := range all {
			if t.Kind != harrier.CriticalityTag {
				continue
			}
			carriers, err := r.store.TagCarriers(ctx, t.ID)
			if err != nil {
				return err
			}
			for _, id := range carriers {
				want[id] = max(want[id], t.Weight)
			}
		}
		have, err := r.store.TagWeights(ctx)
		if err != nil {
			return err
		}
		for id, percent := range want {
			if err := r.weighOne(ctx, id, percent); err != nil {
				return err
			}
		}
		for id, before := range have {
			if _, still := want[id]; still {
				continue
			}
			if err := r.store.SetImportance(ctx, id, before); err != nil && harrier.KindOf(err) != harrier.NotFound {
				return err
			}
			if err := r.store.DropTagWeight(ctx, id); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *Tags) weighOne(ctx context.Context, id harrier.ID, percent int) error {
	a, err := r.store.Asset(ctx, id)
	if err != nil {
		if harrier.KindOf(err) == harrier.NotFound {
			err = nil // gone meanwhile
		}
		return err
	}
	before := a.Importance
	if before == 0 {
		before = 100
	}
	if err := r.store.KeepTagWeight(ctx, id, before); err != nil || before == percent {
		return err
	}
	return r.store.SetImportance(ctx, id, percent)
}
