package survey

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// Group is a scan group: a repository of an organisation.
type Group struct {
	harrier.Repository
	Organization harrier.Organization
	CreatedBy    harrier.ID // 0: not known
	UpdatedBy    harrier.ID
	Updated      time.Time
	Deleted      bool
}

// groupNote is what a repository does not say of itself.
type groupNote struct {
	CreatedBy, UpdatedBy harrier.ID
	Updated              time.Time
	Deleted              bool
}

func groupKey(id harrier.ID) string { return fmt.Sprintf("survey.group.%d", id) }

// Groups lists the scan groups that by may use, by rising ID; deleted ones too.
func (r *Room) Groups(ctx context.Context, by harrier.Actor) ([]Group, error) {
	all, err := r.Repositories.All(ctx, by)
	if err != nil {
		return nil, err
	}
	var out []Group
	for _, v := range all {
		users, err := r.Repositories.Users(ctx, by, v.ID)
		if err != nil {
			return nil, err
		}
		if len(users) == 0 {
			continue
		}
		g := Group{Repository: v, Organization: users[0], Updated: v.Created}
		if text, ok, err := r.Store.Value(ctx, groupKey(v.ID)); err != nil {
			return nil, err
		} else if ok {
			var n groupNote
			if err := json.Unmarshal([]byte(text), &n); err != nil {
				return nil, fmt.Errorf("read group %d: %w", v.ID, err)
			}
			g.CreatedBy, g.UpdatedBy, g.Updated, g.Deleted = n.CreatedBy, n.UpdatedBy, n.Updated, n.Deleted
		}
		out = append(out, g)
	}
	return out, nil
}

// Group returns one that is not deleted, or NotFound.
func (r *Room) Group(ctx context.Context, by harrier.Actor, id harrier.UUID) (Group, error) {
	all, err := r.Groups(ctx, by)
	if err != nil {
		return Group{}, err
	}
	if i := slices.IndexFunc(all, func(g Group) bool { return g.UUID == id && !g.Deleted }); i >= 0 {
		return all[i], nil
	}
	return Group{}, missing("scan group", id)
}

func mayGroup(by harrier.Actor) bool { return by.May(harrier.OperateConsole) && by.Organization == 0 }

func (r *Room) note(ctx context.Context, by harrier.Actor, g *Group) error {
	g.UpdatedBy, g.Updated = by.User, r.Now().UTC()
	text, err := json.Marshal(groupNote{g.CreatedBy, g.UpdatedBy, g.Updated, g.Deleted})
	if err != nil {
		return err
	}
	return r.Store.SetValue(ctx, groupKey(g.ID), string(text))
}

// CreateGroup makes a scan group in an organisation. It answers as the creation
// of a repository does.
func (r *Room) CreateGroup(ctx context.Context, by harrier.Actor, name string, of harrier.Organization) (Group, error) {
	g := Group{Repository: harrier.Repository{Name: name}, Organization: of, CreatedBy: by.User}
	err := r.Store.InTx(ctx, func(ctx context.Context) error {
		if err := r.Repositories.Create(ctx, by, &g.Repository); err != nil {
			return err
		}
		if err := r.Repositories.Assign(ctx, by, g.ID, []harrier.ID{of.ID}); err != nil {
			return err
		}
		return r.note(ctx, by, &g)
	})
	return g, err
}

// RenameGroup gives a scan group another name. It answers NotFound, Forbidden
// and Invalid.
func (r *Room) RenameGroup(ctx context.Context, by harrier.Actor, id harrier.UUID, name *string) (g Group, err error) {
	err = r.Store.InTx(ctx, func(ctx context.Context) error {
		if g, err = r.Group(ctx, by, id); err != nil {
			return err
		}
		if !mayGroup(by) {
			return harrier.Errorf(harrier.Forbidden, "you may not change scan groups")
		}
		if name == nil {
			return nil
		}
		g.Name = *name
		if err := r.Repositories.Update(ctx, by, &g.Repository); err != nil {
			return err
		}
		return r.note(ctx, by, &g)
	})
	return g, err
}

// DeleteGroup marks a scan group as deleted, and its scans, all or nothing. The first one that
// every installation has stays. It answers NotFound, Forbidden and Invalid.
func (r *Room) DeleteGroup(ctx context.Context, by harrier.Actor, id harrier.UUID) error {
	g, err := r.Group(ctx, by, id)
	switch {
	case err != nil:
		return err
	case !mayGroup(by):
		return harrier.Errorf(harrier.Forbidden, "you may not delete scan groups")
	case g.ID == harrier.DefaultRepository:
		return refuse(ErrGroup, "the first scan group stays")
	}
	sites, err := r.Sites(ctx, by)
	if err != nil {
		return err
	}
	var stopped []func(context.Context)
	err = r.Store.InTx(ctx, func(ctx context.Context) error {
		stopped = nil
		for _, s := range sites {
			if s.Repository != g.ID || s.Folder == harrier.Trash {
				continue
			}
			more, err := r.remove(ctx, by, s.UUID)
			if err != nil {
				return err
			}
			stopped = append(stopped, more...)
		}
		g.Deleted = true
		return r.note(ctx, by, &g)
	})
	if err == nil {
		tell(ctx, stopped)
	}
	return err
}

// Bounds of the blobs of an organisation, such as its logo: bytes.
const (
	MaxBlob    = 1 << 20
	maxBlobKey = 64
)

func blobKey(org harrier.ID, key string) (string, error) {
	if key == "" || len(key) > maxBlobKey || strings.ContainsFunc(key, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return "", harrier.Errorf(harrier.NotFound, "no such asset")
	}
	return fmt.Sprintf("survey.asset.%d.%s", org, key), nil
}

// inside reports whether by may know of an organisation.
func inside(by harrier.Actor, org harrier.ID) bool {
	return by.Organization == 0 || by.Organization == org
}

// Blob returns a named text of an organisation. It answers NotFound, also to
// those of other organisations.
func (r *Room) Blob(ctx context.Context, by harrier.Actor, org harrier.ID, key string) (string, error) {
	k, err := blobKey(org, key)
	if err == nil && !inside(by, org) {
		err = harrier.Errorf(harrier.NotFound, "no such asset")
	}
	if err != nil {
		return "", err
	}
	text, _, err := r.Store.Value(ctx, k)
	if err == nil && text == "" {
		err = harrier.Errorf(harrier.NotFound, "no such asset")
	}
	return text, err
}

// PutBlob keeps a named text of an organisation; "" takes it away. It answers
// NotFound to those of other organisations and for a name that can not be,
// Forbidden to those who do not manage it, and Invalid for a text of more than a
// mebibyte.
func (r *Room) PutBlob(ctx context.Context, by harrier.Actor, org harrier.ID, key, text string) error {
	k, err := blobKey(org, key)
	switch {
	case !inside(by, org):
		return harrier.Errorf(harrier.NotFound, "no such asset")
	case !by.May(harrier.ManageUsers):
		return harrier.Errorf(harrier.Forbidden, "you may not change the organisation")
	case err != nil:
		return err
	case len(text) > MaxBlob:
		return harrier.Invalidf("asset", "is longer than %d bytes", MaxBlob)
	}
	return r.Store.SetValue(ctx, k, text)
}
