package fleet

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
)

// PropertyStore keeps what engines are told to do otherwise, and who told them.
type PropertyStore interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error
	EngineProperties(ctx context.Context) (map[harrier.UUID]map[string]string, error)
	PutEngineProperties(ctx context.Context, engine harrier.UUID, properties map[string]string) error
	AppendAudit(ctx context.Context, e *harrier.AuditEntry) error
}

// Properties are what an engine is to do otherwise.
type Properties struct {
	Values map[string]string // by name
	// Followed says that the engine said at Told that it follows these.
	Followed bool
	Told     time.Time // zero: it was not heard of since the console started
}

// Properties returns what the engines are to do otherwise, by their UUIDs; one
// that was told nothing and was not heard of has none. It answers like Engines.
func (r *Room) Properties(ctx context.Context, by harrier.Actor) (map[harrier.UUID]Properties, error) {
	if !by.May(harrier.ReadOwn) {
		return nil, harrier.Errorf(harrier.Forbidden, "you may not see engines")
	}
	all, err := r.Store.EngineProperties(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[harrier.UUID]Properties, len(all))
	for id, values := range all {
		out[id] = Properties{Values: values}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, s := range r.seen {
		p := out[id]
		p.Followed = maps.Equal(p.Values, s.properties)
		if p.Told = s.LastSeen; s.Started.IsZero() {
			p.Told = time.Time{}
		}
		out[id] = p
	}
	return out, nil
}

// SetProperties gives an engine properties, and takes those away that remove
// names; the others stay. The engine follows within some seconds, for whatever
// it begins from then on. It answers Forbidden without the right to manage
// engines, NotFound for an engine that there is not, and Invalid, naming the
// property, for what an engine can not have.
func (r *Room) SetProperties(ctx context.Context, by harrier.Actor, engine harrier.ID, set map[string]string, remove []string) error {
	if !by.May(harrier.ManageEngines) {
		return harrier.Errorf(harrier.Forbidden, "you may not change engines")
	}
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		list, err := r.Store.Engines(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(e harrier.Engine) bool { return e.ID == engine })
		if i < 0 {
			return harrier.Errorf(harrier.NotFound, "no engine %d", engine)
		}
		all, err := r.Store.EngineProperties(ctx)
		if err != nil {
			return err
		}
		have := maps.Clone(all[list[i].UUID])
		if have == nil {
			have = map[string]string{}
		}
		maps.Copy(have, set)
		for _, name := range remove {
			delete(have, name)
		}
		if err := harrier.CheckProperties(have); err != nil {
			return err
		}
		if err := r.Store.PutEngineProperties(ctx, list[i].UUID, have); err != nil {
			return err
		}
		return r.Store.AppendAudit(ctx, &harrier.AuditEntry{
			At: r.Now().UTC(), Actor: by.Name, Via: by.Via, Action: "engine.properties", Object: fmt.Sprintf("engine %d", engine),
			Detail: fmt.Sprintf("%d set, %d removed", len(set), len(remove)),
		})
	})
}

// tellProperties answers engines that ask what they are to do otherwise, until
// ctx ends.
func (r *Room) tellProperties(ctx context.Context) error {
	for ctx.Err() == nil {
		err := r.Bus.ServeProperties(ctx, func(ctx context.Context, engine harrier.UUID) (map[string]string, error) {
			all, err := r.Store.EngineProperties(ctx)
			return all[engine], err
		})
		if err != nil && ctx.Err() == nil {
			r.Log.WarnContext(ctx, "engine properties are not told", "err", err)
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
	return nil
}
