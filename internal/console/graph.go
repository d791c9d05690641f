package console

import (
	"context"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
	"github.com/harrier-scan/harrier/internal/surface"
)

// SurfaceGraph is the attack surface that the latest scan of a site saw. The site
// is told by its number, its UUID or its name; the console may be running. It
// answers NotFound for a site that there is not, or that has not been scanned, and
// Invalid for one that makes no surveys.
func SurfaceGraph(ctx context.Context, c Config, site string) (g *surface.Graph, err error) {
	err = beside(ctx, c, func(db *store.DB) error {
		s, err := siteCalled(ctx, db, site)
		if err != nil {
			return err
		}
		if s.Options.Survey == nil {
			return harrier.Invalidf("scan", "%q looks for no attack surface", s.Name)
		}
		nodes, links, err := (&surfaces{db: db}).load(ctx, s.ID)
		if err != nil {
			return err
		}
		if len(nodes) == 0 {
			return harrier.Errorf(harrier.NotFound, "nothing is known of %q yet", s.Name)
		}
		g = surface.Of(nodes, links, s.LastScan, surface.MarksOf(s.Options.Survey.Marks))
		return nil
	})
	return g, err
}

func siteCalled(ctx context.Context, db *store.DB, text string) (harrier.Site, error) {
	list, err := db.Sites(ctx)
	if err != nil {
		return harrier.Site{}, err
	}
	var named []harrier.Site
	for _, s := range list {
		if strconv.FormatInt(int64(s.ID), 10) == text || strings.EqualFold(s.UUID.String(), text) {
			return s, nil
		}
		if s.Name == text {
			named = append(named, s)
		}
	}
	switch len(named) {
	case 0:
		return harrier.Site{}, harrier.Errorf(harrier.NotFound, "there is no scan %q", text)
	case 1:
		return named[0], nil
	}
	return harrier.Site{}, harrier.Invalidf("scan", "%d scans are called %q: give the number or the UUID", len(named), text)
}
