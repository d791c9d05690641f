package scan

import (
	"context"
	"time"

	"github.com/harrier-scan/harrier"
)

// Reimport takes the results of a scan that has ended over once more. What it
// observed is in findings already, so that this changes nothing, but that hosts
// which it found silent lose their findings when they have been so for age; nil
// leaves them alone. It answers NotFound and Forbidden as Launch does, and
// Conflict for a scan that goes on or whose results were discarded.
func (r *Room) Reimport(ctx context.Context, by harrier.Actor, id harrier.ID, age *time.Duration) (closed int, err error) {
	sc, err := r.Store.Scan(ctx, id)
	if err != nil {
		return 0, err
	}
	if _, err := r.controlled(ctx, by, sc.Site); err != nil {
		return 0, err
	}
	switch {
	case !sc.Status.Ended():
		return 0, harrier.Errorf(harrier.Conflict, "scan %d is not finished", id)
	case sc.Discarded:
		return 0, harrier.Errorf(harrier.Conflict, "the results of scan %d were discarded", id)
	case age == nil || r.Findings == nil:
		return 0, nil
	}
	return r.Findings.Silence(ctx, id, *age)
}
