package console

import (
	"context"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
	"github.com/harrier-scan/harrier/internal/surface"
)

// surfaceTargets tells what is to be scanned of what a scan's survey found.
func surfaceTargets(db *store.DB) func(ctx context.Context, sc harrier.Scan) (harrier.Targets, error) {
	return func(ctx context.Context, sc harrier.Scan) (harrier.Targets, error) {
		nodes, err := db.SurfaceNodes(ctx, sc.Site)
		if err != nil {
			return nil, err
		}
		links, err := db.SurfaceLinks(ctx, sc.Site)
		if err != nil {
			return nil, err
		}
		g := surface.Of(nodes, links, sc.ID, surface.MarksOf(sc.Plan.Survey.Marks))
		return g.Targets(), nil
	}
}
