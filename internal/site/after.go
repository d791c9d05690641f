package site

import (
	"context"
	"fmt"

	"github.com/harrier-scan/harrier"
)

// Followers counts the sites that come after each site, by any owner.
func (r *Room) Followers(ctx context.Context) (map[harrier.ID]int, error) {
	all, err := r.store.Sites(ctx)
	if err != nil {
		return nil, fmt.Errorf("list sites: %w", err)
	}
	out := map[harrier.ID]int{}
	for _, s := range all {
		if s.Schedule.After != 0 {
			out[s.Schedule.After]++
		}
	}
	return out, nil
}

// Retire stores s, whose scans alone are still of use, without a schedule and
// with the hidden policy p, unless that is nil: sites that came after it are on
// demand from then on. It answers as Update and UpdateWith do.
func (r *Room) Retire(ctx context.Context, by harrier.Actor, s *harrier.Site, p *harrier.Policy) error {
	s.Schedule, s.Options.Further = harrier.Schedule{}, nil
	return r.store.InTx(ctx, func(ctx context.Context) error {
		var err error
		if p == nil {
			err = r.Update(ctx, by, s)
		} else {
			err = r.UpdateWith(ctx, by, s, p)
		}
		if err != nil {
			return err
		}
		return r.release(ctx, s.ID)
	})
}

// release makes the sites that come after one on demand.
func (r *Room) release(ctx context.Context, id harrier.ID) error {
	all, err := r.store.Sites(ctx)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.Schedule.After != id {
			continue
		}
		s.Schedule, s.Modified = harrier.Schedule{}, r.now()
		if err := r.store.UpdateSite(ctx, &s); err != nil {
			return err
		}
	}
	return nil
}
