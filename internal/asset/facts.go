package asset

import (
	"context"

	"github.com/harrier-scan/harrier"
)

// FactStore reads what stands beside assets, for many at a time.
type FactStore interface {
	IdentifiersOf(ctx context.Context, assets []harrier.ID) (map[harrier.ID][]harrier.Identifier, error)
	SitesOf(ctx context.Context, assets []harrier.ID) (map[harrier.ID][]harrier.ID, error)
	LastLooks(ctx context.Context, assets []harrier.ID) (map[harrier.ID]Look, error)
	SignInsOf(ctx context.Context, assets []harrier.ID) (map[harrier.ID][]harrier.SignIn, error)
	EncountersOf(ctx context.Context, assets []harrier.ID) (map[harrier.ID][]harrier.Encounter, error)
	Inventory(ctx context.Context, asset harrier.ID) (inv harrier.Inventory, found bool, err error)
}

// Look is when a scan looked at an asset.
type Look = harrier.Look

// Facts are what stands beside an asset.
type Facts struct {
	Identifiers []harrier.Identifier // in the order of kinds and values
	Sites       []harrier.ID         // whose scans saw it, by rising ID
	Look        Look                 // of its last scan
	SignIns     []harrier.SignIn     // how that fared with its credentials
}

// Facts returns what stands beside assets that by was shown by this room.
// Those outside of the actor's scope must not be asked about.
func (r *Room) Facts(ctx context.Context, by harrier.Actor, assets []harrier.ID) (map[harrier.ID]Facts, error) {
	if err := may(by); err != nil {
		return nil, err
	}
	ids, err := r.store.IdentifiersOf(ctx, assets)
	if err != nil {
		return nil, err
	}
	sites, err := r.store.SitesOf(ctx, assets)
	if err != nil {
		return nil, err
	}
	looks, err := r.store.LastLooks(ctx, assets)
	if err != nil {
		return nil, err
	}
	signs, err := r.store.SignInsOf(ctx, assets)
	if err != nil {
		return nil, err
	}
	out := make(map[harrier.ID]Facts, len(assets))
	for _, id := range assets {
		out[id] = Facts{ids[id], sites[id], looks[id], signs[id]}
	}
	return out, nil
}

// Encounters returns the scans that met assets that by was shown by this room,
// oldest first. Which of their sites by sees is for the caller to know.
func (r *Room) Encounters(ctx context.Context, by harrier.Actor, assets []harrier.ID) (map[harrier.ID][]harrier.Encounter, error) {
	if err := may(by); err != nil {
		return nil, err
	}
	return r.store.EncountersOf(ctx, assets)
}

// Inventory returns what is installed on an asset; nothing where no scan could
// list it. It answers NotFound for an asset that does not exist.
func (r *Room) Inventory(ctx context.Context, by harrier.Actor, asset harrier.ID) (harrier.Inventory, error) {
	if _, err := r.Asset(ctx, by, asset); err != nil {
		return harrier.Inventory{}, err
	}
	inv, _, err := r.store.Inventory(ctx, asset)
	return inv, err
}
