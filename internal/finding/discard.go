package finding

import (
	"context"
	"fmt"

	"github.com/harrier-scan/harrier"
)

// DeleteAsset removes an asset with all that is tracked of it; what scans saw
// of it stays with their results. The next scan that sees the machine makes a new
// asset. It answers Forbidden without the right to edit everybody's objects, and
// NotFound for an asset outside of by's scope.
func (r *Room) DeleteAsset(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	if !by.May(harrier.EditAll) {
		return harrier.Errorf(harrier.Forbidden, "you may not delete assets")
	}
	return r.mend(ctx, func(ctx context.Context) error {
		a, err := r.Store.Asset(ctx, id)
		if err != nil {
			return err
		}
		if !by.SeesRepository(a.Repository) || by.Narrow() { // whoever sees a part only deletes nothing of it
			return harrier.Errorf(harrier.NotFound, "no asset %d", id)
		}
		if err := r.forget(ctx, id); err != nil {
			return err
		}
		return r.Store.AppendAudit(ctx, &harrier.AuditEntry{
			At: r.Now().UTC(), Actor: by.Name, Via: by.Via, Action: "asset.delete", Object: fmt.Sprintf("asset %d", id), Detail: a.Addr.String(),
		})
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
