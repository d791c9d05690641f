package asset

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset/members"
)

// ListStore holds the lists of assets. The methods are those of the store
// package.
type ListStore interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error
	InsertAssetList(ctx context.Context, l *harrier.AssetList) error
	UpdateAssetList(ctx context.Context, l *harrier.AssetList) error
	DeleteAssetList(ctx context.Context, id harrier.ID) error
	AssetList(ctx context.Context, id harrier.ID) (harrier.AssetList, error)
	AssetLists(ctx context.Context) ([]harrier.AssetList, error)
	Groups(ctx context.Context) ([]harrier.Group, error)
	Sites(ctx context.Context) ([]harrier.Site, error)
}

// Lists is the part of the room that keeps lists of assets. Its methods may
// overlap. What a list holds is worked out when it is asked for.
type Lists struct {
	store ListStore
	now   func() time.Time
}

// NewLists returns the lists over store.
func NewLists(store ListStore, now func() time.Time) *Lists { return &Lists{store, now} }

// All lists what by may see, by rising id: the own lists, shared ones, or all
// with the right to read everybody's objects.
func (l *Lists) All(ctx context.Context, by harrier.Actor) ([]harrier.AssetList, error) {
	all, err := l.store.AssetLists(ctx)
	return slices.DeleteFunc(all, func(a harrier.AssetList) bool { return !sees(by, a) }), err
}

func sees(by harrier.Actor, a harrier.AssetList) bool {
	return by.LevelOn(a.Owner, harrier.SharedWith(a.Groups)) >= harrier.MayView
}

// List returns one list. It answers NotFound for one that by may not see.
func (l *Lists) List(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.AssetList, error) {
	a, err := l.store.AssetList(ctx, id)
	if err == nil && !sees(by, a) {
		err = harrier.Errorf(harrier.NotFound, "no asset list %d", id)
	}
	if err != nil {
		return harrier.AssetList{}, err
	}
	return a, nil
}

// Targets are what lists define, as a target list: the addresses and names that
// their authors have written down, and of lists that are conditions the assets
// that they hold for, as far as by sees them. It answers NotFound for a list that
// by may not see.
func (l *Lists) Targets(ctx context.Context, by harrier.Actor, assets *Room, ids []harrier.ID) (string, error) {
	var parts []string
	for _, id := range ids {
		a, err := l.List(ctx, by, id)
		if err != nil {
			return "", err
		}
		switch a.Kind {
		case "static", "watchlist", "dnsname":
			parts = append(parts, members.Words(a.Definition)...)
			continue
		}
		e, err := l.Members(ctx, by, id)
		if err != nil {
			return "", err
		}
		text, err := assets.Targets(ctx, by, e)
		if err != nil {
			return "", err
		}
		if text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, ","), nil
}

// Edits reports whether by may change a.
func (l *Lists) Edits(by harrier.Actor, a harrier.AssetList) bool {
	return by.May(harrier.EditSites) && by.LevelOn(a.Owner, nil) >= harrier.Owns
}

// Create stores a and gives it an ID, a UUID and its owner, by. It answers
// Forbidden without the right to edit sites, and to share where a is shared;
// Invalid without a name and for a definition that can not be read; NotFound for
// one that names a list that by may not see.
func (l *Lists) Create(ctx context.Context, by harrier.Actor, a *harrier.AssetList) error {
	if !by.May(harrier.EditSites) {
		return harrier.Errorf(harrier.Forbidden, "you may not write asset lists")
	}
	if err := l.check(ctx, by, a, nil); err != nil {
		return err
	}
	a.Owner, a.Created = by.User, l.now().UTC()
	a.Modified, a.UUID = a.Created, harrier.NewUUID(a.Created)
	return l.store.InsertAssetList(ctx, a)
}

// Update stores what a says, but for its owner and creation. It answers
// NotFound, Forbidden and Invalid like the others, and Forbidden for a list that
// says what members of a group see, to those who do not manage groups or do not
// see everything themselves.
func (l *Lists) Update(ctx context.Context, by harrier.Actor, a *harrier.AssetList) error {
	return l.store.InTx(ctx, func(ctx context.Context) error {
		have, err := l.own(ctx, by, a.ID)
		if err != nil {
			return err
		}
		if err := l.check(ctx, by, a, have.Groups); err != nil {
			return err
		}
		if a.Kind != have.Kind || a.Definition != have.Definition {
			g, err := l.defines(ctx, a.ID)
			if err != nil {
				return err
			}
			if g.ID != 0 && (!by.May(harrier.ManageUsers) || by.Narrow()) {
				return harrier.Errorf(harrier.Forbidden, "asset list %d says what the members of %q see", a.ID, g.Name)
			}
		}
		a.UUID, a.Owner, a.Created, a.Modified = have.UUID, have.Owner, have.Created, l.now().UTC()
		return l.store.UpdateAssetList(ctx, a)
	})
}

// Delete removes a list. It answers NotFound and Forbidden, and Conflict for one
// that says what members of a group see, that another list is made of or that a
// site names.
func (l *Lists) Delete(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	return l.store.InTx(ctx, func(ctx context.Context) error {
		if _, err := l.own(ctx, by, id); err != nil {
			return err
		}
		g, err := l.defines(ctx, id)
		if err != nil {
			return err
		}
		if g.ID != 0 {
			return harrier.Errorf(harrier.Conflict, "asset list %d says what the members of %q see", id, g.Name)
		}
		all, err := l.store.AssetLists(ctx)
		if err != nil {
			return err
		}
		for _, other := range all {
			if other.ID != id && slices.Contains(members.Parts(other), id) {
				return harrier.Errorf(harrier.Conflict, "Unable to delete Asset #%d.\nIt is in use by Asset #%d.", id, other.ID)
			}
		}
		sites, err := l.store.Sites(ctx)
		if err != nil {
			return err
		}
		for _, s := range sites {
			if slices.Contains(s.Options.Lists, id) || slices.Contains(s.Options.Spared, id) {
				return harrier.Errorf(harrier.Conflict, "Unable to delete Asset #%d.\nIt is in use by Scan #%d.", id, s.ID)
			}
		}
		return l.store.DeleteAssetList(ctx, id)
	})
}

// defines returns a group whose members see what the list says, if there is one.
func (l *Lists) defines(ctx context.Context, id harrier.ID) (harrier.Group, error) {
	groups, err := l.store.Groups(ctx)
	if err != nil {
		return harrier.Group{}, err
	}
	lists, err := l.store.AssetLists(ctx)
	if err != nil {
		return harrier.Group{}, err
	}
	parts := map[harrier.ID][]harrier.ID{}
	for _, a := range lists {
		parts[a.ID] = members.Parts(a)
	}
	seen := map[harrier.ID]bool{}
	var holds func(list harrier.ID) bool
	holds = func(list harrier.ID) bool {
		if list == id {
			return true
		}
		if seen[list] {
			return false
		}
		seen[list] = true
		return slices.ContainsFunc(parts[list], holds)
	}
	for _, g := range groups {
		clear(seen)
		if slices.ContainsFunc(g.Lists, holds) {
			return g, nil
		}
	}
	return harrier.Group{}, nil
}

func (l *Lists) own(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.AssetList, error) {
	a, err := l.List(ctx, by, id)
	if err == nil && !l.Edits(by, a) {
		err = harrier.Errorf(harrier.Forbidden, "you may not change asset list %d", id)
	}
	return a, err
}

// Bounds of what a user may store, in bytes.
const (
	maxName       = 1 << 10
	maxDefinition = 1 << 20
)

// check answers Invalid, NotFound or Forbidden for a list that by may not write;
// shared are the groups that it was shared with before.
func (l *Lists) check(ctx context.Context, by harrier.Actor, a *harrier.AssetList, shared []harrier.ID) error {
	if err := checkList(a); err != nil {
		return err
	}
	if !by.May(harrier.ShareObjects) && !slices.Equal(a.Groups, shared) {
		return harrier.Errorf(harrier.Forbidden, "you may not share asset lists")
	}
	return l.readable(ctx, by, a)
}

func checkList(a *harrier.AssetList) error {
	a.Name = strings.TrimSpace(a.Name)
	switch {
	case a.Name == "":
		return harrier.Invalidf("name", "an asset list needs a name")
	case len(a.Name) > maxName || len(a.Tags) > maxName:
		return harrier.Invalidf("name", "name or tags are longer than %d bytes", maxName)
	case len(a.Definition) > maxDefinition || len(a.Description) > maxDefinition:
		return harrier.Invalidf("definition", "is longer than %d bytes", maxDefinition)
	}
	return nil
}

// Members is the condition that an asset, or a finding's asset, is in the list
// with an ID. Whoever may use a list may use what it is made of. It answers
// NotFound for a list that by may not see, or that is made of one that there is
// not.
func (l *Lists) Members(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Expr, error) {
	if id == harrier.EverythingList {
		return members.Everything, nil
	}
	a, err := l.List(ctx, by, id)
	if err != nil {
		return nil, err
	}
	return members.Of(a, l.now(), func(id harrier.ID) (harrier.AssetList, error) { return l.store.AssetList(ctx, id) })
}

// readable answers Invalid for a definition that can not be read or would
// contain itself, and NotFound for one that names a list that by may not see.
func (l *Lists) readable(ctx context.Context, by harrier.Actor, a *harrier.AssetList) error {
	_, err := members.Of(*a, l.now(), func(id harrier.ID) (harrier.AssetList, error) {
		if id == a.ID {
			return harrier.AssetList{}, harrier.Errorf(harrier.Invalid, "Asset #%d would contain itself.", id)
		}
		return l.List(ctx, by, id)
	})
	return err
}
