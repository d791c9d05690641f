package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/columns"
)

var assets = table[harrier.Asset]{
	name: "asset", noun: "asset", taken: "an asset with this UUID exists already",
	columns: `uuid repository addr addr_key mac fqdn netbios names os os_confidence os_method os_cpe device_type
		first_seen last_seen last_scan`,
	row: func(a *harrier.Asset) []any {
		return []any{
			longName{&a.UUID},
			&a.Repository,
			address{&a.Addr},
			derived(func() any { return addrKey(a) }), &a.MAC, &a.FQDN,
			&a.NetBIOS,
			document{&a.Names},
			&a.OS, &a.OSConfidence, &a.OSMethod, &a.OSCPE, &a.DeviceType,
			moment{&a.FirstSeen},
			moment{&a.LastSeen},
			&a.LastScan,
		}
	},
	more:    "importance open0 open1 open2 open3 open4",
	moreRow: func(a *harrier.Asset) []any { return append([]any{&a.Importance}, counts(&a.Open)...) },
	id:      func(a *harrier.Asset) *harrier.ID { return &a.ID },
	uuid:    func(a *harrier.Asset) *harrier.UUID { return &a.UUID },
}

func counts(c *harrier.Counts) []any { return []any{&c[0], &c[1], &c[2], &c[3], &c[4]} }

// addrKey orders assets by address: 16 bytes, none for no address.
func addrKey(a *harrier.Asset) []byte {
	if !a.Addr.IsValid() {
		return []byte{}
	}
	b := a.Addr.As16()
	return b[:]
}

// InsertAsset stores a and gives it an ID. Its Open counts are those of its
// findings, none at first, and its Importance is 100, whatever a says.
func (db *DB) InsertAsset(ctx context.Context, a *harrier.Asset) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if err := assets.insert(ctx, db, a); err != nil {
			return err
		}
		a.Open, a.Importance = harrier.Counts{}, 100
		db.touchAsset(ctx, a)
		return db.putNames(ctx, a)
	})
}

// SetImportance stores how much an asset matters. It answers NotFound.
func (db *DB) SetImportance(ctx context.Context, id harrier.ID, percent int) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		n, err := db.exec(ctx, "UPDATE asset SET importance = $1 WHERE id = $2", int64(percent), int64(id))
		if err != nil {
			return fmt.Errorf("set importance of asset %d: %w", id, err)
		}
		if n == 0 {
			return assets.missing(id)
		}
		db.touch(ctx, func(t *touched) {
			t.nouns = append(t.nouns, func(v *columns.View) error {
				v.SetImportance(id, percent)
				return nil
			})
		})
		return nil
	})
}

// UpdateAsset stores a over the one with its ID. Its Open counts stay as its
// findings have them, its Importance as it was set.
func (db *DB) UpdateAsset(ctx context.Context, a *harrier.Asset) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		var names []string
		found, err := db.one(ctx, "SELECT names FROM asset WHERE id = $1", []any{int64(a.ID)}, document{&names})
		switch {
		case err != nil:
			return fmt.Errorf("update asset %d: %w", a.ID, err)
		case !found:
			return assets.missing(a.ID)
		}
		if err := assets.update(ctx, db, a); err != nil {
			return err
		}
		db.touchAsset(ctx, a)
		if slices.Equal(names, a.Names) {
			return nil
		}
		if _, err := db.exec(ctx, "DELETE FROM asset_name WHERE asset = $1", int64(a.ID)); err != nil {
			return fmt.Errorf("update asset %d: %w", a.ID, err)
		}
		return db.putNames(ctx, a)
	})
}

func (db *DB) putNames(ctx context.Context, a *harrier.Asset) error {
	for _, name := range a.Names {
		if _, err := db.exec(ctx, "INSERT INTO asset_name (asset, name) VALUES ($1, $2) ON CONFLICT DO NOTHING",
			int64(a.ID), clean(name)); err != nil {
			return fmt.Errorf("names of asset %d: %w", a.ID, err)
		}
	}
	return nil
}

// Asset returns an asset with the counts of its open findings.
func (db *DB) Asset(ctx context.Context, id harrier.ID) (harrier.Asset, error) {
	return assets.byID(ctx, db, id)
}

// AssetByUUID returns an asset with the counts of its open findings.
func (db *DB) AssetByUUID(ctx context.Context, uuid harrier.UUID) (harrier.Asset, error) {
	a, found, err := assets.where(ctx, db, "uuid = $1", uuid.String())
	if err == nil && !found {
		err = harrier.Errorf(harrier.NotFound, "no asset %s", uuid)
	}
	return a, err
}

// AssetsLike returns the assets of a repository that share the address, MAC
// address, FQDN or NetBIOS name with h, by rising ID: the candidates for
// harrier.Tracking.Recognise.
func (db *DB) AssetsLike(ctx context.Context, repository harrier.ID, h harrier.Host) ([]harrier.Asset, error) {
	args := []any{int64(repository)}
	var same []string
	for _, by := range []struct{ column, value string }{
		{"addr", addrText(h.Addr)}, {"mac", h.MAC}, {"fqdn", h.FQDN}, {"netbios", h.NetBIOS},
	} {
		if by.value == "" {
			continue
		}
		args = append(args, clean(by.value))
		// The second half lets the index serve that leaves "" out.
		same = append(same, fmt.Sprintf("SELECT id FROM asset WHERE repository = $1 AND %s = $%d AND %s <> ''",
			by.column, len(args), by.column))
	}
	if len(same) == 0 {
		return nil, nil
	}
	return assets.list(ctx, db, "WHERE id IN ("+strings.Join(same, " UNION ")+") ORDER BY id", args...)
}
