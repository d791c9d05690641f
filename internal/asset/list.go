package asset

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
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
}

// Lists is the part of the room that keeps lists of assets. Its methods may
// overlap. What a list holds is worked out by who asks: its definition is text.
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
	return len(a.Groups) > 0 || by.LevelOn(a.Owner, nil) >= harrier.MayView
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

// Edits reports whether by may change a.
func (l *Lists) Edits(by harrier.Actor, a harrier.AssetList) bool {
	return by.May(harrier.EditSites) && by.LevelOn(a.Owner, nil) >= harrier.Owns
}

// Create stores a and gives it an ID, a UUID and its owner, by. It answers
// Forbidden without the right to edit sites, and Invalid without a name.
func (l *Lists) Create(ctx context.Context, by harrier.Actor, a *harrier.AssetList) error {
	if !by.May(harrier.EditSites) {
		return harrier.Errorf(harrier.Forbidden, "you may not write asset lists")
	}
	if err := checkList(a); err != nil {
		return err
	}
	a.Owner, a.Created = by.User, l.now().UTC()
	a.Modified, a.UUID = a.Created, harrier.NewUUID(a.Created)
	return l.store.InsertAssetList(ctx, a)
}

// Update stores what a says, but for its owner and creation. It answers
// NotFound, Forbidden and Invalid like the others.
func (l *Lists) Update(ctx context.Context, by harrier.Actor, a *harrier.AssetList) error {
	if err := checkList(a); err != nil {
		return err
	}
	return l.store.InTx(ctx, func(ctx context.Context) error {
		have, err := l.own(ctx, by, a.ID)
		if err != nil {
			return err
		}
		a.UUID, a.Owner, a.Created, a.Modified = have.UUID, have.Owner, have.Created, l.now().UTC()
		return l.store.UpdateAssetList(ctx, a)
	})
}

// Delete removes a list. It answers NotFound and Forbidden.
func (l *Lists) Delete(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	return l.store.InTx(ctx, func(ctx context.Context) error {
		if _, err := l.own(ctx, by, id); err != nil {
			return err
		}
		return l.store.DeleteAssetList(ctx, id)
	})
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
