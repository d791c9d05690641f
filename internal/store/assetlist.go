package store

import (
	"context"

	"github.com/harrier-scan/harrier"
)

var assetLists = table[harrier.AssetList]{
	name: "asset_list", noun: "asset list", taken: "an asset list with this UUID exists already",
	columns: "uuid name description tags kind definition owner groups created modified",
	row: func(l *harrier.AssetList) []any {
		return []any{
			longName{&l.UUID},
			&l.Name, &l.Description, &l.Tags, &l.Kind, &l.Definition, &l.Owner,
			document{&l.Groups},
			moment{&l.Created},
			moment{&l.Modified},
		}
	},
	id:   func(l *harrier.AssetList) *harrier.ID { return &l.ID },
	uuid: func(l *harrier.AssetList) *harrier.UUID { return &l.UUID },
}

// InsertAssetList stores l and gives it an ID.
func (db *DB) InsertAssetList(ctx context.Context, l *harrier.AssetList) error {
	return assetLists.insert(ctx, db, l)
}

// UpdateAssetList stores l over the one with its ID.
func (db *DB) UpdateAssetList(ctx context.Context, l *harrier.AssetList) error {
	return assetLists.update(ctx, db, l)
}

// DeleteAssetList removes an asset list.
func (db *DB) DeleteAssetList(ctx context.Context, id harrier.ID) error {
	return assetLists.delete(ctx, db, id)
}

// AssetList returns an asset list.
func (db *DB) AssetList(ctx context.Context, id harrier.ID) (harrier.AssetList, error) {
	return assetLists.byID(ctx, db, id)
}

// AssetLists returns all asset lists by rising ID.
func (db *DB) AssetLists(ctx context.Context) ([]harrier.AssetList, error) {
	return assetLists.list(ctx, db, "ORDER BY id")
}
