package console

import (
	"context"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/finding"
	"github.com/harrier-scan/harrier/internal/store"
)

// Assets opens the room of assets of a console that is not running, for the
// operator. It answers Unavailable while a console runs on the data folder.
func Assets(ctx context.Context, c Config, use func(by harrier.Actor, assets *asset.Room) error) error {
	return foldsAtRest(ctx, c, func(db *store.DB, folds *finding.Room) error {
		return use(operator, asset.New(db, func(ctx context.Context, e harrier.Expr, p asset.Page) ([]harrier.Asset, int, error) {
			return db.SearchAssets(ctx, e, store.Page{Sort: p.Sort, Desc: p.Desc, Limit: p.Limit, Offset: p.Offset})
		}, folds))
	})
}
