package asset

import (
	"context"
	"slices"

	"github.com/harrier-scan/harrier"
)

// IdentityStore is what the room reads of how assets are recognised.
type IdentityStore interface {
	Identifiers(ctx context.Context, asset harrier.ID) ([]harrier.Identifier, error)
	Recognitions(ctx context.Context, asset harrier.ID, limit int) ([]harrier.Recognition, error)
	AssetsAlike(ctx context.Context, repository harrier.ID, s harrier.Sight) ([]harrier.Known, error)
	Merges(ctx context.Context) ([]harrier.Merge, error)
}

// Mender makes two assets one and two again: the room that folds, since both
// must not happen at the same time.
type Mender interface {
	Merge(ctx context.Context, by harrier.Actor, into, from harrier.ID) (harrier.Merge, error)
	UndoMerge(ctx context.Context, by harrier.Actor, merge harrier.ID) (harrier.Merge, error)
}

// Explanation is why an asset is held to be one machine.
type Explanation struct {
	harrier.Asset
	Identifiers  []harrier.Identifier
	Recognitions []harrier.Recognition // of hosts of scans as this asset, newest first, at most 20
	Merges       []harrier.Merge       // into or of this asset, newest first
	// Alike are assets that may be the same machine, the likeliest first. In a
	// repository that is tracked by IP nothing else comes of it.
	Alike []harrier.Match
}

// Explain tells what an asset is recognised by, why hosts were held to be it,
// what was merged into it, and which assets may be the same machine. It answers
// NotFound; of an asset that was merged, with where it went.
func (r *Room) Explain(ctx context.Context, by harrier.Actor, id harrier.ID) (Explanation, error) {
	var e Explanation
	if err := may(by); err != nil {
		return e, err
	}
	merges, err := r.store.Merges(ctx)
	if err != nil {
		return e, err
	}
	if e.Asset, err = r.Asset(ctx, by, id); err != nil {
		if by.Scope == nil {
			err = gone(merges, id, err)
		}
		return Explanation{}, err
	}
	e.Merges = slices.DeleteFunc(merges, func(m harrier.Merge) bool { return m.Into != id && m.From != id })
	if e.Identifiers, err = r.store.Identifiers(ctx, id); err != nil {
		return e, err
	}
	if e.Recognitions, err = r.store.Recognitions(ctx, id, 20); err != nil {
		return e, err
	}
	sight := harrier.Sight{Identifiers: e.Identifiers}
	known, err := r.store.AssetsAlike(ctx, e.Repository, sight)
	for _, k := range known {
		m := sight.Match(k)
		if k.ID == id || m.Score < harrier.SameScore {
			continue
		}
		if _, err := r.Asset(ctx, by, k.ID); harrier.KindOf(err) == harrier.NotFound && err != nil {
			continue
		}
		e.Alike = append(e.Alike, m)
	}
	slices.SortStableFunc(e.Alike, func(a, b harrier.Match) int { return b.Score - a.Score })
	return e, err
}

// gone says where an asset went that is not found.
func gone(merges []harrier.Merge, id harrier.ID, err error) error {
	for _, m := range merges {
		if m.From == id && m.Undone.IsZero() && harrier.KindOf(err) == harrier.NotFound {
			return harrier.Errorf(harrier.NotFound, "asset %d is a part of asset %d since merge %d", id, m.Into, m.ID)
		}
	}
	return err
}

// Merges lists what was merged, newest first, without the detail.
func (r *Room) Merges(ctx context.Context, by harrier.Actor) ([]harrier.Merge, error) {
	if err := may(by); err != nil {
		return nil, err
	}
	all, err := r.store.Merges(ctx)
	if err != nil || by.Scope == nil {
		return all, err
	}
	var out []harrier.Merge
	for _, m := range all {
		_, err := r.Asset(ctx, by, m.Into)
		switch {
		case err == nil:
			out = append(out, m)
		case harrier.KindOf(err) != harrier.NotFound:
			return nil, err
		}
	}
	return out, nil
}

// Merge makes two assets one: into stays. See finding.Room.Merge. Both must be in
// by's scope.
func (r *Room) Merge(ctx context.Context, by harrier.Actor, into, from harrier.ID) (harrier.Merge, error) {
	for _, id := range []harrier.ID{into, from} {
		if by.Scope == nil {
			break
		}
		if _, err := r.Asset(ctx, by, id); err != nil {
			return harrier.Merge{}, err
		}
	}
	if r.mender == nil {
		return harrier.Merge{}, harrier.Errorf(harrier.Unavailable, "assets can not be merged here")
	}
	return r.mender.Merge(ctx, by, into, from)
}

// UndoMerge takes a merge back. See finding.Room.UndoMerge. It answers NotFound
// for a merge into an asset outside of by's scope.
func (r *Room) UndoMerge(ctx context.Context, by harrier.Actor, merge harrier.ID) (harrier.Merge, error) {
	if by.Scope != nil {
		list, err := r.Merges(ctx, by)
		if err != nil {
			return harrier.Merge{}, err
		}
		if !slices.ContainsFunc(list, func(m harrier.Merge) bool { return m.ID == merge }) {
			return harrier.Merge{}, harrier.Errorf(harrier.NotFound, "no merge %d", merge)
		}
	}
	if r.mender == nil {
		return harrier.Merge{}, harrier.Errorf(harrier.Unavailable, "merges can not be undone here")
	}
	return r.mender.UndoMerge(ctx, by, merge)
}

// Software lists the products that listen on an asset. It answers NotFound for
// an asset that does not exist.
func (r *Room) Software(ctx context.Context, by harrier.Actor, asset harrier.ID) ([]harrier.Software, error) {
	services, err := r.Services(ctx, by, asset)
	return harrier.SoftwareOf(services), err
}

// Certificates lists the certificates that an asset shows. It answers NotFound
// for an asset that does not exist.
func (r *Room) Certificates(ctx context.Context, by harrier.Actor, asset harrier.ID) ([]harrier.CertificateUse, error) {
	services, err := r.Services(ctx, by, asset)
	return harrier.CertificatesOf(services), err
}
