package finding

import (
	"context"
	"fmt"

	"github.com/harrier-scan/harrier"
)

// DeleteAssets removes assets, all or none, with all that is tracked of them; what
// scans saw of them stays with their results. The next scan that sees the machine
// makes a new asset. It answers Forbidden without the right to edit everybody's
// objects, and NotFound for an asset outside of by's scope.
func (r *Room) DeleteAssets(ctx context.Context, by harrier.Actor, ids ...harrier.ID) error {
	if !by.May(harrier.EditAll) {
		return harrier.Errorf(harrier.Forbidden, "you may not delete assets")
	}
	return r.mend(ctx, func(ctx context.Context) error {
		for _, id := range ids {
			a, err := r.Store.Asset(ctx, id)
			if err != nil {
				return err
			}
			if !seesWhole(by, a.Repository) {
				return harrier.Errorf(harrier.NotFound, "no asset %d", id)
			}
			if err := r.forget(ctx, id); err != nil {
				return err
			}
			if err := r.Store.AppendAudit(ctx, &harrier.AuditEntry{
				At: r.Now().UTC(), Actor: by.Name, Via: by.Via, Action: "asset.delete", Object: fmt.Sprintf("asset %d", id), Detail: a.Addr.String(),
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Abandon runs do, which takes scans away, and removes those of some assets that
// no scan has seen any more, in one transaction. Without the right to delete
// assets they stay; the errors are those of do.
func (r *Room) Abandon(ctx context.Context, by harrier.Actor, assets []harrier.ID, do func(ctx context.Context) error) error {
	return r.mend(ctx, func(ctx context.Context) error {
		if err := do(ctx); err != nil || !by.May(harrier.EditAll) || by.Narrow() {
			return err
		}
		for _, id := range assets {
			hosts, err := r.Store.HostsOf(ctx, id)
			if err != nil || len(hosts) > 0 {
				if err != nil {
					return err
				}
				continue
			}
			a, err := r.Store.Asset(ctx, id)
			if harrier.KindOf(err) == harrier.NotFound || err == nil && !by.SeesRepository(a.Repository) {
				continue
			}
			if err == nil {
				err = r.forget(ctx, id)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// forget removes an asset with its findings in the transaction of ctx.
func (r *Room) forget(ctx context.Context, id harrier.ID) error {
	findings, err := r.Store.FindingsOf(ctx, id)
	if err != nil {
		return err
	}
	ids := make([]harrier.ID, len(findings))
	for i, f := range findings {
		ids[i] = f.ID
	}
	if err := r.Store.DeleteFindings(ctx, ids); err != nil {
		return err
	}
	hosts, err := r.Store.HostsOf(ctx, id)
	if err != nil {
		return err
	}
	if err := r.Store.GiveHosts(ctx, hosts, 0); err != nil {
		return err
	}
	return r.Store.DeleteAsset(ctx, id)
}
