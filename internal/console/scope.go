package console

import (
	"context"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/scan"
	"github.com/harrier-scan/harrier/internal/store"
)

// inScope asks the store which of some assets meet a condition, a few thousand
// at a time.
func inScope(db *store.DB) scan.InScope {
	const most = 5000
	return func(ctx context.Context, scope harrier.Expr, assets []harrier.ID) (map[harrier.ID]bool, error) {
		out := map[harrier.ID]bool{}
		for from := 0; from < len(assets); from += most {
			part := assets[from:min(from+most, len(assets))]
			ids := make([]any, len(part))
			for i, id := range part {
				ids[i] = int64(id)
			}
			e := harrier.And{harrier.Cmp{Field: "id", Op: harrier.Eq, Values: ids}, scope}
			list, _, err := db.SearchAssets(ctx, e, store.Page{NoTotal: true})
			if err != nil {
				return nil, err
			}
			for _, a := range list {
				out[a.ID] = true
			}
		}
		return out, nil
	}
}
