package finding

import (
	"context"
	"time"

	"github.com/harrier-scan/harrier"
)

// FoldHost stores what a file says about one host of the scan sc. Severity
// grades what the catalogue does not know.
type FoldHost = func(ctx context.Context, sc *harrier.Scan, h harrier.Host, list []harrier.Observation, severity map[harrier.VulnID]harrier.Severity) error

// Import runs do in one transaction, with the means to store hosts of a scan
// that a file tells of: what it observed is folded as present, and nothing is
// ever closed, since a file proves no absence. The scan must be inserted
// before its first host is folded. Then runs at last, in the same transaction,
// and sees all that was folded.
func (r *Room) Import(ctx context.Context, do func(ctx context.Context, fold FoldHost) error, then func(ctx context.Context) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var f *folding
	err := r.Store.InTx(ctx, func(ctx context.Context) error {
		if f != nil {
			r.cache.clear()
		}
		f = newFolding(r)
		fold := func(ctx context.Context, sc *harrier.Scan, h harrier.Host, list []harrier.Observation, severity map[harrier.VulnID]harrier.Severity) error {
			if err := f.imported(ctx, sc, h, list, severity); err != nil {
				return err
			}
			if len(f.hosts) < groupOfHosts {
				return nil
			}
			// Memory must not grow with the file.
			if err := f.flush(ctx); err != nil {
				return err
			}
			f.hosts, f.assets = map[hostKey]*host{}, map[harrier.ID]*asset{}
			r.cache.trim()
			return nil
		}
		if err := do(ctx, fold); err != nil {
			return err
		}
		if err := f.flush(ctx); err != nil {
			return err
		}
		return then(ctx)
	})
	if err != nil || f == nil {
		r.cache.clear()
		return err
	}
	for id := range f.scans {
		r.cache.forget(id)
	}
	r.cache.trim()
	return nil
}

// groupOfHosts is how many imported hosts are written at a time.
const groupOfHosts = 256

func (f *folding) imported(ctx context.Context, sc *harrier.Scan, said harrier.Host, list []harrier.Observation, severity map[harrier.VulnID]harrier.Severity) error {
	s := f.scans[sc.ID]
	if s == nil {
		var err error
		if s, err = f.open(ctx, *sc); err != nil {
			return err
		}
		f.scans[sc.ID], f.cache.scans[sc.ID] = s, s
	}
	said.Addr = said.Addr.Unmap()
	if said.Name == "" && said.Addr.IsValid() {
		said.Name = said.Addr.String()
	}
	if said.Name == "" {
		return harrier.Invalidf("host", "has neither a name nor an address")
	}
	if said.Started.IsZero() {
		said.Started = s.since
	}
	said.Started, said.Ended = said.Started.UTC().Truncate(time.Microsecond), said.Ended.UTC().Truncate(time.Microsecond)
	h, err := f.host(ctx, s, said)
	if err != nil {
		return err
	}
	h.meet(said)
	h.row.Ended = later(h.row.Ended, later(said.Started, said.Ended))
	h.row.Done, h.rowChanged = true, true
	if h.row.Alive && h.row.Addr.IsValid() && h.asset == nil {
		if err := f.recognise(ctx, s, h, harrier.Ports{}, true); err != nil {
			return err
		}
	}
	for _, o := range list {
		o = tidy(o)
		if o.At.IsZero() {
			o.At = h.row.Ended
		}
		o.At = o.At.UTC().Truncate(time.Microsecond)
		if err := f.observed(ctx, s, h, o, manner{given: severity}); err != nil {
			return err
		}
	}
	return nil
}
