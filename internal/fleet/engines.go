package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// Engines lists the engines that were ever heard of, saved or enrolled, by
// rising id, with what they said last. Pool is the first pool that has the
// engine as a member. Everybody who may see anything may see them, but for those
// that a profile takes away.
func (r *Room) Engines(ctx context.Context, by harrier.Actor) ([]harrier.Engine, error) {
	if !by.May(harrier.ReadOwn) {
		return nil, harrier.Errorf(harrier.Forbidden, "you may not see engines")
	}
	list, err := r.Store.Engines(ctx)
	if err != nil {
		return nil, err
	}
	pools, err := r.Store.Pools(ctx)
	if err != nil {
		return nil, err
	}
	for i := range list {
		r.fresh(&list[i], pools)
	}
	only, err := r.Only(ctx, by)
	return slices.DeleteFunc(list, func(e harrier.Engine) bool { return !only.MayUse(e) }), err
}

// Only is what the profile of by's organisation leaves of the engines.
func (r *Room) Only(ctx context.Context, by harrier.Actor) (harrier.Only, error) {
	if by.Organization == 0 {
		return harrier.Only{}, nil
	}
	p, err := r.Store.ProfileOf(ctx, by.Organization)
	return p.Only, err
}

// Engine returns one engine as Engines does, or NotFound.
func (r *Room) Engine(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Engine, error) {
	list, err := r.Engines(ctx, by)
	if err != nil {
		return harrier.Engine{}, err
	}
	if i := slices.IndexFunc(list, func(e harrier.Engine) bool { return e.ID == id }); i >= 0 {
		return list[i], nil
	}
	return harrier.Engine{}, harrier.Errorf(harrier.NotFound, "no engine %d", id)
}

// fresh puts into e, as it is stored, what it said since, and its pool.
func (r *Room) fresh(e *harrier.Engine, pools []harrier.Pool) {
	if e.Remote() {
		if len(e.Key) > 0 || e.LastSeen.IsZero() {
			e.Pool = ""
		}
		for _, p := range pools {
			if p.Name != harrier.LocalPool && slices.Contains(p.Members, e.ID) {
				e.Pool = p.Name
				break
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.seen[e.UUID]
	if s == nil || s.LastSeen.Before(e.LastSeen) {
		return
	}
	e.Version, e.Protocol, e.Hostname, e.Raw = s.Version, s.Protocol, s.Hostname, s.Raw
	e.Started, e.LastSeen, e.Running, e.Parallel = s.Started, s.LastSeen, s.Running, s.Parallel
	e.Scans = slices.Clone(s.Scans)
}

// SaveEngine stores what an operator says of an engine: name, address, port and
// what a dialect gave. One with the ID zero is new, and waits for its
// enrolment; e then has its ID. It answers Forbidden without ManageEngines,
// Invalid for an engine that breaks its own rules, Conflict for a name that
// another one has, and for the console's own engine when more than what a
// dialect gave changes.
func (r *Room) SaveEngine(ctx context.Context, by harrier.Actor, e *harrier.Engine) error {
	if err := manages(by); err != nil {
		return err
	}
	if err := e.Check(); err != nil {
		return err
	}
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		if err := r.free(ctx, *e); err != nil {
			return err
		}
		if e.ID == 0 {
			made := harrier.Engine{
				UUID: e.UUID, Name: e.Name, Address: e.Address, Port: e.Port, Given: e.Given, Created: r.Now().UTC(),
			}
			if err := r.Store.InsertEngine(ctx, &made); err != nil {
				return err
			}
			*e = made
			return r.audit(ctx, by, "engine.create", made.ID, made.Name)
		}
		old, err := r.Store.Engine(ctx, e.ID)
		if err != nil {
			return err
		}
		if !old.Remote() && (old.Name != e.Name || old.Address != e.Address || old.Port != e.Port) {
			return harrier.Errorf(harrier.Conflict, "the console's own engine can not be changed")
		}
		old.Name, old.Address, old.Port, old.Given = e.Name, e.Address, e.Port, e.Given
		if err := r.Store.UpdateEngine(ctx, &old); err != nil {
			return err
		}
		return r.audit(ctx, by, "engine.update", old.ID, old.Name)
	})
}

// free answers Conflict when another engine has the name of e, or is called at
// its address and port.
func (r *Room) free(ctx context.Context, e harrier.Engine) error {
	list, err := r.Store.Engines(ctx)
	if err != nil {
		return err
	}
	for _, o := range list {
		switch {
		case o.ID == e.ID:
		case strings.EqualFold(o.Name, e.Name):
			return harrier.Errorf(harrier.Conflict, "there is an engine called %q already", o.Name)
		case e.Address != "" && strings.EqualFold(o.Address, e.Address) && o.Port == e.Port:
			return harrier.Errorf(harrier.Conflict, "engine %q is at %s port %d already", o.Name, o.Address, o.Port)
		}
	}
	return nil
}

// DeleteEngine forgets an engine: its key is refused from then on, and it
// leaves its pools. It answers Forbidden without ManageEngines, NotFound, and
// Conflict for the console's own engine, for one that has batches in hand, and
// for one that a site is bound to.
func (r *Room) DeleteEngine(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	if err := manages(by); err != nil {
		return err
	}
	err := r.Store.InTx(ctx, func(ctx context.Context) error {
		e, err := r.Engine(ctx, harrier.System, id)
		switch {
		case err != nil:
			return err
		case !e.Remote():
			return harrier.Errorf(harrier.Conflict, "the console's own engine can not be deleted")
		case e.Running > 0 && e.Alive(r.Now()):
			return harrier.Errorf(harrier.Conflict, "engine %q is at work", e.Name)
		}
		if err := r.unbound(ctx, fmt.Sprintf("engine %q", e.Name), func(s harrier.Site) bool { return s.Engine == id }); err != nil {
			return err
		}
		pools, err := r.Store.Pools(ctx)
		if err != nil {
			return err
		}
		for _, p := range pools {
			if n := len(p.Members); n > 0 {
				if p.Members = slices.DeleteFunc(p.Members, func(m harrier.ID) bool { return m == id }); len(p.Members) < n {
					if err := r.Store.UpdatePool(ctx, &p); err != nil {
						return err
					}
				}
			}
		}
		if err := r.Store.DeleteEngine(ctx, id); err != nil {
			return err
		}
		r.forget(e.UUID)
		return r.audit(ctx, by, "engine.delete", id, e.Name)
	})
	if err == nil {
		r.Changed()
	}
	return err
}

func (r *Room) forget(id harrier.UUID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.seen, id)
}

// unbound answers Conflict when a site is bound to what.
func (r *Room) unbound(ctx context.Context, what string, bound func(harrier.Site) bool) error {
	sites, err := r.Store.Sites(ctx)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(sites, bound); i >= 0 {
		return harrier.Errorf(harrier.Conflict, "%s is used by site %d", what, sites[i].ID)
	}
	return nil
}

func manages(by harrier.Actor) error {
	if !by.May(harrier.ManageEngines) {
		return harrier.Errorf(harrier.Forbidden, "you may not manage engines")
	}
	return nil
}

func (r *Room) audit(ctx context.Context, by harrier.Actor, action string, id harrier.ID, detail string) error {
	return r.Store.AppendAudit(ctx, &harrier.AuditEntry{
		At: r.Now().UTC(), Actor: by.Name, Via: by.Via, Action: action, Object: fmt.Sprintf("engine %d", id), Detail: detail,
	})
}
