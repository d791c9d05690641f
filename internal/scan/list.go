package scan

import (
	"context"
	"slices"

	"github.com/harrier-scan/harrier"
)

// List returns scans of all sites that by may see, newest first: those after
// the first offset of them, at most limit (0: all), and how many there are.
func (r *Room) List(ctx context.Context, by harrier.Actor, offset, limit int) ([]harrier.Scan, int, error) {
	sites, err := r.visibleSites(ctx, by)
	if err != nil {
		return nil, 0, err
	}
	names, err := r.Store.ScanSeats(ctx)
	if err != nil {
		return nil, 0, err
	}
	ids := make([]harrier.ID, 0, len(names))
	for _, n := range names {
		seen, there := sites[n.Site]
		if !there { // the site is gone
			seen = by.LevelOn(0, nil) >= harrier.MayView
		}
		if seen && by.SeesRepository(n.Repository) {
			ids = append(ids, n.ID)
		}
	}
	slices.Reverse(ids)
	total := len(ids)
	ids = ids[min(offset, total):]
	if limit > 0 {
		ids = ids[:min(limit, len(ids))]
	}
	list := make([]harrier.Scan, 0, len(ids))
	for _, id := range ids {
		sc, err := r.Store.Scan(ctx, id)
		if harrier.KindOf(err) == harrier.NotFound && err != nil { // deleted meanwhile
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		list = append(list, sc)
	}
	list, err = r.allWithSums(ctx, by, list)
	return list, total, err
}
