package fleet

import (
	"context"
	"fmt"
	"slices"

	"github.com/harrier-scan/harrier"
)

// Pools lists the pools of engines, by rising id. LocalPool is among
// them when engines elsewhere share the work of the console's own, which is in it
// anyway. Everybody who may see anything may see them, but for those with a member
// that a profile takes away.
func (r *Room) Pools(ctx context.Context, by harrier.Actor) ([]harrier.Pool, error) {
	if !by.May(harrier.ReadOwn) {
		return nil, harrier.Errorf(harrier.Forbidden, "you may not see engines")
	}
	only, err := r.Only(ctx, by)
	if err != nil {
		return nil, err
	}
	list, err := r.Store.Pools(ctx)
	return slices.DeleteFunc(list, func(p harrier.Pool) bool { return !only.MayShare(p) }), err
}

// CreatePool stores p, which then has its ID. It answers Forbidden without
// ManageEngines, Invalid for a pool that breaks its own rules or names an engine
// that is not there or is the console's own, and Conflict for a name that is
// taken.
func (r *Room) CreatePool(ctx context.Context, by harrier.Actor, p *harrier.Pool) error {
	return r.savePool(ctx, by, p, "pool.create", func(ctx context.Context) error {
		p.Created = r.Now().UTC()
		return r.Store.InsertPool(ctx, p)
	})
}

// UpdatePool stores name and members of the pool with p's ID. Sites that are
// bound to it follow a new name. Errors are those of CreatePool, and NotFound.
func (r *Room) UpdatePool(ctx context.Context, by harrier.Actor, p *harrier.Pool) error {
	return r.savePool(ctx, by, p, "pool.update", func(ctx context.Context) error {
		old, err := r.Store.Pool(ctx, p.ID)
		if err != nil {
			return err
		}
		if old.Name == harrier.LocalPool && p.Name != old.Name {
			return harrier.Errorf(harrier.Conflict, "the pool of the console's own engine keeps its name")
		}
		p.UUID, p.Created = old.UUID, old.Created
		if err := r.Store.UpdatePool(ctx, p); err != nil || old.Name == p.Name {
			return err
		}
		sites, err := r.Store.Sites(ctx)
		if err != nil {
			return err
		}
		for _, s := range sites {
			if s.Pool == old.Name {
				s.Pool = p.Name
				if err := r.Store.UpdateSite(ctx, &s); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (r *Room) savePool(ctx context.Context, by harrier.Actor, p *harrier.Pool, action string, save func(context.Context) error) error {
	if err := manages(by); err != nil {
		return err
	}
	if err := p.Check(); err != nil {
		return err
	}
	p.Members = slices.Compact(slices.Sorted(slices.Values(p.Members)))
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		engines, err := r.Store.Engines(ctx)
		if err != nil {
			return err
		}
		for _, id := range p.Members {
			i := slices.IndexFunc(engines, func(e harrier.Engine) bool { return e.ID == id })
			if i < 0 {
				return harrier.Invalidf("members", "no engine %d", id)
			}
			if !engines[i].Remote() {
				return harrier.Invalidf("members", "the console's own engine works for pool %q only", harrier.LocalPool)
			}
		}
		if err := save(ctx); err != nil {
			return err
		}
		return r.auditPool(ctx, by, action, *p)
	})
}

// DeletePool removes a pool; its engines stay. It answers Forbidden without
// ManageEngines, NotFound, and Conflict when a site is bound to it.
func (r *Room) DeletePool(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	if err := manages(by); err != nil {
		return err
	}
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		p, err := r.Store.Pool(ctx, id)
		if err != nil {
			return err
		}
		if err := r.unbound(ctx, fmt.Sprintf("pool %q", p.Name), func(s harrier.Site) bool { return s.Engine == 0 && s.Pool == p.Name && p.Name != harrier.LocalPool }); err != nil {
			return err
		}
		if err := r.Store.DeletePool(ctx, id); err != nil {
			return err
		}
		return r.auditPool(ctx, by, "pool.delete", p)
	})
}

func (r *Room) auditPool(ctx context.Context, by harrier.Actor, action string, p harrier.Pool) error {
	return r.Store.AppendAudit(ctx, &harrier.AuditEntry{
		At: r.Now().UTC(), Actor: by.Name, Via: by.Via, Action: action, Object: fmt.Sprintf("pool %d", p.ID), Detail: p.Name,
	})
}
