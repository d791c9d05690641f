// Package asset is the room of assets: the hosts that are tracked over time,
// the services that listen on them, and what they are recognised by. Folding
// writes them; this room reads, and lets people merge what is one machine.
package asset

import (
	"context"

	"github.com/harrier-scan/harrier"
)

// Store is what the room reads from the database. The methods are those of the
// store package.
type Store interface {
	Asset(ctx context.Context, id harrier.ID) (harrier.Asset, error)
	AssetByUUID(ctx context.Context, uuid harrier.UUID) (harrier.Asset, error)
	CountAddresses(ctx context.Context, e harrier.Expr) (int, error)
	SetImportance(ctx context.Context, id harrier.ID, percent int) error
	ServicesOf(ctx context.Context, asset harrier.ID) ([]harrier.Service, error)
	IdentityStore
	FactStore
}

// Page is a part of a long list, and its order.
type Page struct {
	Sort          string // a field; "" for the store's own order
	Desc          bool
	Limit, Offset int // Limit 0: all
}

// Search lists assets that match e, and how many match: SearchAssets of the
// store.
type Search func(ctx context.Context, e harrier.Expr, p Page) ([]harrier.Asset, int, error)

// Room is the room of assets. Its methods may overlap. All of them answer
// Forbidden without the right to read findings, and NotFound for assets outside
// of the actor's scope: assets belong to repositories and not to one user.
type Room struct {
	store  Store
	search Search // nil: Assets answers Unavailable
	mender Mender // nil: nothing can be merged
}

// New returns the room over store.
func New(store Store, search Search, mender Mender) *Room { return &Room{store, search, mender} }

func may(by harrier.Actor) error {
	if !by.May(harrier.ReadFindings) {
		return harrier.Errorf(harrier.Forbidden, "you may not read assets")
	}
	return nil
}

// Asset returns one asset. It answers NotFound.
func (r *Room) Asset(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Asset, error) {
	if err := may(by); err != nil {
		return harrier.Asset{}, err
	}
	a, err := r.store.Asset(ctx, id)
	if err != nil {
		return harrier.Asset{}, err
	}
	if err := r.inSight(ctx, by, a); err != nil {
		return harrier.Asset{}, err
	}
	return a, nil
}

// inSight answers NotFound for an asset outside of by's scope.
func (r *Room) inSight(ctx context.Context, by harrier.Actor, a harrier.Asset) error {
	sees, err := Sees(ctx, r.search, by, a)
	if err == nil && !sees {
		err = harrier.Errorf(harrier.NotFound, "no asset %d", a.ID)
	}
	return err
}

// Sees reports whether an asset is in by's scope.
func Sees(ctx context.Context, search Search, by harrier.Actor, a harrier.Asset) (bool, error) {
	switch {
	case by.Scope == nil:
		return true, nil
	case !by.SeesRepository(a.Repository):
		return false, nil
	case !by.Narrow():
		return true, nil
	case search == nil:
		return false, nil
	}
	_, n, err := search(ctx, by.Within(harrier.Cmp{Field: "id", Op: harrier.Eq, Values: []any{int64(a.ID)}}), Page{Limit: 1})
	return n > 0, err
}

// ByUUID returns the asset with the long name uuid. It answers NotFound.
func (r *Room) ByUUID(ctx context.Context, by harrier.Actor, uuid harrier.UUID) (harrier.Asset, error) {
	if err := may(by); err != nil {
		return harrier.Asset{}, err
	}
	a, err := r.store.AssetByUUID(ctx, uuid)
	if err != nil {
		return harrier.Asset{}, err
	}
	if err := r.inSight(ctx, by, a); err != nil {
		return harrier.Asset{}, err
	}
	return a, nil
}

// Assets lists assets that match e, one page of them, and how many match.
func (r *Room) Assets(ctx context.Context, by harrier.Actor, e harrier.Expr, p Page) ([]harrier.Asset, int, error) {
	if err := may(by); err != nil {
		return nil, 0, err
	}
	if r.search == nil {
		return nil, 0, harrier.Errorf(harrier.Unavailable, "assets can not be searched here")
	}
	return r.search(ctx, by.Within(e), p)
}

// Addresses counts the addresses of the assets that match e, one that several
// assets have once.
func (r *Room) Addresses(ctx context.Context, by harrier.Actor, e harrier.Expr) (int, error) {
	if err := may(by); err != nil {
		return 0, err
	}
	return r.store.CountAddresses(ctx, by.Within(e))
}

// Services lists what listens on an asset, in the order of Endpoint.Compare. It
// answers NotFound for an asset that does not exist.
func (r *Room) Services(ctx context.Context, by harrier.Actor, asset harrier.ID) ([]harrier.Service, error) {
	if _, err := r.Asset(ctx, by, asset); err != nil {
		return nil, err
	}
	return r.store.ServicesOf(ctx, asset)
}

// SetImportance says how much an asset matters, in percent of an ordinary one.
// It answers Forbidden without the right to edit everybody's objects, Invalid
// outside of 50 to 200, and NotFound.
func (r *Room) SetImportance(ctx context.Context, by harrier.Actor, id harrier.ID, percent int) error {
	switch {
	case !by.May(harrier.EditAll):
		return harrier.Errorf(harrier.Forbidden, "you may not edit assets")
	case percent < 50 || percent > 200:
		return harrier.Invalidf("importance", "%d is not between 50 and 200 percent", percent)
	}
	if _, err := r.Asset(ctx, by, id); err != nil {
		return err
	}
	return r.store.SetImportance(ctx, id, percent)
}
