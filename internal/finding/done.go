package finding

import (
	"context"
	"time"

	"github.com/harrier-scan/harrier"
)

var noTime time.Time

// done answers an engine that takes up a batch which another one had begun: the
// hosts whose run is stored to the end, as "name|address".
func (r *Room) done(ctx context.Context, scan harrier.ID, batch int) ([]string, error) {
	rows, err := r.Store.ScanHosts(ctx, scan)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	batches, err := r.Store.Batches(ctx, scan)
	if err != nil {
		return nil, err
	}
	var in harrier.Targets
	for _, b := range batches {
		if b.Number == batch {
			in = b.Targets
		}
	}
	var out []string
	for _, h := range rows {
		if h.Done && holds(in, h.Host) {
			out = append(out, h.Name+"|"+h.Addr.String())
		}
	}
	return out, nil
}

// holds reports whether a host can stem from the targets; those of a net around
// a name can not be told, so they always can.
func holds(in harrier.Targets, h harrier.Host) bool {
	for _, t := range in {
		if t.Bits > 0 || t.Name != "" && t.Name == h.Name || t.IsRange() && !h.Addr.Less(t.First) && !t.Last.Less(h.Addr) {
			return true
		}
	}
	return false
}
