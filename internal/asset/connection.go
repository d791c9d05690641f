package asset

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/harrier-scan/harrier"
)

// ConnectionStore holds discovery connections. The methods are those of the store
// package.
type ConnectionStore interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error
	InsertConnection(ctx context.Context, c *harrier.Connection) error
	UpdateConnection(ctx context.Context, c *harrier.Connection) error
	DeleteConnection(ctx context.Context, id harrier.ID) error
	Connection(ctx context.Context, id harrier.ID) (harrier.Connection, error)
	Connections(ctx context.Context) ([]harrier.Connection, error)
	AppendAudit(ctx context.Context, e *harrier.AuditEntry) error
}

// Sealer seals secrets, each for a purpose.
type Sealer interface {
	Seal(purpose string, plaintext []byte) ([]byte, error)
}

// Connections is the part of the room that keeps discovery connections. All its
// methods answer Forbidden to those who do not run the installation. They may
// overlap.
type Connections struct {
	store ConnectionStore
	box   Sealer
	now   func() time.Time
}

// NewConnections returns the connections over store, with secrets sealed by box.
func NewConnections(store ConnectionStore, box Sealer, now func() time.Time) *Connections {
	return &Connections{store, box, now}
}

func mayConnect(by harrier.Actor) error {
	if !by.May(harrier.OperateConsole) || by.Organization != 0 {
		return harrier.Errorf(harrier.Forbidden, "you may not use discovery connections")
	}
	return nil
}

// All lists the connections, by rising ID, their secrets hidden.
func (r *Connections) All(ctx context.Context, by harrier.Actor) ([]harrier.Connection, error) {
	if err := mayConnect(by); err != nil {
		return nil, err
	}
	all, err := r.store.Connections(ctx)
	for i := range all {
		hide(&all[i])
	}
	return all, err
}

// Connection returns one connection, its secrets hidden. It answers NotFound.
func (r *Connections) Connection(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Connection, error) {
	if err := mayConnect(by); err != nil {
		return harrier.Connection{}, err
	}
	c, err := r.store.Connection(ctx, id)
	hide(&c)
	return c, err
}

func hide(c *harrier.Connection) {
	if c.Sealed != nil {
		c.Sealed = []byte{}
	}
}

// Create stores c with secrets, by their names, and gives it an ID, a UUID and
// its times. It answers Invalid for one that breaks its rules, and Conflict for a
// name that is taken.
func (r *Connections) Create(ctx context.Context, by harrier.Actor, c *harrier.Connection, secrets map[string]string) error {
	if err := mayConnect(by); err != nil {
		return err
	}
	now := r.now().UTC()
	made := *c
	made.ID, made.UUID, made.Created, made.Modified, made.Sealed = 0, harrier.NewUUID(now), now, now, nil
	return r.save(ctx, by, c, made, secrets, "connection.create", r.store.InsertConnection)
}

// Update stores c over the connection with its ID. Its secrets stay unless there
// are new ones, which replace all. It answers NotFound, and otherwise as Create.
func (r *Connections) Update(ctx context.Context, by harrier.Actor, c *harrier.Connection, secrets map[string]string) error {
	if err := mayConnect(by); err != nil {
		return err
	}
	return r.store.InTx(ctx, func(ctx context.Context) error {
		old, err := r.store.Connection(ctx, c.ID)
		if err != nil {
			return err
		}
		changed := *c
		changed.UUID, changed.Created, changed.Modified, changed.Sealed = old.UUID, old.Created, r.now().UTC(), old.Sealed
		return r.save(ctx, by, c, changed, secrets, "connection.update", r.store.UpdateConnection)
	})
}

func (r *Connections) save(ctx context.Context, by harrier.Actor, into *harrier.Connection, c harrier.Connection, secrets map[string]string, action string, put func(context.Context, *harrier.Connection) error) error {
	if err := c.Check(); err != nil {
		return err
	}
	if len(secrets) > 0 {
		text, err := json.Marshal(secrets)
		if err != nil {
			return fmt.Errorf("seal discovery connection: %w", err)
		}
		// Moved to another connection they can not be unsealed.
		if c.Sealed, err = r.box.Seal("discovery connection "+c.UUID.String(), text); err != nil {
			return fmt.Errorf("seal discovery connection: %w", err)
		}
	}
	err := r.store.InTx(ctx, func(ctx context.Context) error {
		if err := put(ctx, &c); err != nil {
			return err
		}
		return r.audit(ctx, by, action, c.ID, c.Name)
	})
	if err == nil {
		hide(&c)
		*into = c
	}
	return err
}

// Delete removes a connection. It answers NotFound.
func (r *Connections) Delete(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	if err := mayConnect(by); err != nil {
		return err
	}
	return r.store.InTx(ctx, func(ctx context.Context) error {
		if err := r.store.DeleteConnection(ctx, id); err != nil {
			return err
		}
		return r.audit(ctx, by, "connection.delete", id, "")
	})
}

func (r *Connections) audit(ctx context.Context, by harrier.Actor, action string, id harrier.ID, detail string) error {
	return r.store.AppendAudit(ctx, &harrier.AuditEntry{
		At: r.now(), Actor: by.Name, Via: by.Via, Action: action, Object: fmt.Sprintf("connection %d", id), Detail: detail,
	})
}
