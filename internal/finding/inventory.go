package finding

import (
	"context"

	"github.com/harrier-scan/harrier"
)

// TakeInventory stores the list of an asset's packages in the place of an
// earlier one, and folds what is known of them: it is complete, so that a package
// that is not in it is gone. It answers Forbidden without the right to edit
// everybody's objects, Invalid for a list whose distribution is not known, and
// NotFound for an unknown asset.
func (r *Room) TakeInventory(ctx context.Context, by harrier.Actor, id harrier.ID, inv harrier.Inventory) (opened, closed int, err error) {
	switch {
	case !by.May(harrier.EditAll):
		return 0, 0, harrier.Errorf(harrier.Forbidden, "you may not edit assets")
	case inv.Ecosystem() == "":
		return 0, 0, harrier.Invalidf("distro", "%q is no distribution whose packages are known", inv.Distro)
	}
	err = r.mend(ctx, func(ctx context.Context) error {
		f := newFolding(r)
		a, err := f.asset(ctx, id)
		if err != nil {
			return err
		}
		if !by.SeesRepository(a.Repository) || by.Narrow() {
			return harrier.Errorf(harrier.NotFound, "no asset %d", id)
		}
		if inv.Collected.IsZero() {
			inv.Collected = r.Now()
		}
		if err := r.Store.PutInventory(ctx, id, inv); err != nil {
			return err
		}
		if r.Judge != nil {
			if opened, closed, err = f.compare(ctx, a, harrier.FromScan); err != nil {
				return err
			}
			a.rethink = true
		}
		return f.flush(ctx)
	})
	if err != nil {
		r.mu.Lock()
		r.cache.clear()
		r.mu.Unlock()
	}
	return opened, closed, err
}
