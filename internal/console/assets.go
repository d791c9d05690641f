package console

import (
	"context"
	"log/slog"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/finding"
	"github.com/harrier-scan/harrier/internal/store"
	"github.com/harrier-scan/harrier/internal/vuln"
)

// Assets opens the room of assets of a console that is not running, for the
// operator. It answers Unavailable while a console runs on the data folder.
func Assets(ctx context.Context, c Config, use func(by harrier.Actor, assets *asset.Room) error) error {
	return atRest(ctx, c, func(db *store.DB) error {
		vulns, k := vuln.New(db), newKnowledge()
		if err := k.install(c.Data); err != nil {
			return err
		}
		defer func() { _ = k.Close() }() // it was only read
		vulns.Know(k)
		if err := vulns.Load(ctx, nil, nil); err != nil {
			return err
		}
		folds := finding.New(finding.Config{
			Store: db, Catalog: vulns, Family: vulns.Check, Judge: newJudge(k), Log: slog.New(slog.DiscardHandler),
		})
		return use(operator, asset.New(db, func(ctx context.Context, e harrier.Expr, p asset.Page) ([]harrier.Asset, int, error) {
			return db.SearchAssets(ctx, e, store.Page{Sort: p.Sort, Desc: p.Desc, Limit: p.Limit, Offset: p.Offset})
		}, folds))
	})
}
