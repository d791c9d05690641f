package scan

import (
	"context"

	"github.com/harrier-scan/harrier"
)

// Covering returns a scan and a function that tells what it looked at on the
// host of an asset: nil where it saw none that by may see, where the host has not
// ended, and for imported ones. It answers NotFound like Scan.
func (r *Room) Covering(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Scan, func(ctx context.Context, asset harrier.ID) (*harrier.Coverage, error), error) {
	sc, err := r.Store.Scan(ctx, id)
	if err != nil {
		return harrier.Scan{}, nil, err
	}
	level, err := r.level(ctx, by, sc.Site)
	if err != nil {
		return harrier.Scan{}, nil, err
	}
	if level < harrier.MayView || !by.SeesRepository(sc.Repository) {
		return harrier.Scan{}, nil, harrier.Errorf(harrier.NotFound, "no scan %d", id)
	}
	planned := sc.Plan.Planned(r.Family)
	return sc, func(ctx context.Context, asset harrier.ID) (*harrier.Coverage, error) {
		h, err := r.Store.ScanHostOf(ctx, id, asset)
		if harrier.KindOf(err) == harrier.NotFound {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if seen, err := r.seen(ctx, by, []harrier.ScanHost{h}); err != nil || len(seen) == 0 {
			return nil, err
		}
		c, err := r.Store.HostCoverage(ctx, id, h.Index)
		if c != nil {
			c.Enabled = planned
		}
		return c, err
	}, nil
}
