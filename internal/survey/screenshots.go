package survey

import (
	"context"

	"github.com/harrier-scan/harrier"
)

// Screenshot is the newest picture of a page of a site, as WebP. It is named by
// the page's node. It answers NotFound like View, and where there is none that by
// may see.
func (r *Room) Screenshot(ctx context.Context, by harrier.Actor, site, node harrier.UUID) ([]byte, error) {
	v, err := r.View(ctx, by, site)
	if err != nil {
		return nil, err
	}
	n, err := r.Store.SurfaceNode(ctx, node)
	if err == nil && n.Site == v.site.ID && v.seen(n.Node) {
		var webp []byte
		if webp, err = r.Store.Screenshot(ctx, n.ID); err == nil {
			return webp, nil
		}
	}
	if err != nil && harrier.KindOf(err) != harrier.NotFound {
		return nil, err
	}
	return nil, missing("screenshot", node)
}

// Pictured reports whether there was a picture of a node when the view was made.
func (v *View) Pictured(n harrier.Node) bool {
	have := v.nodes[n]
	return have != nil && v.pictures[have.ID]
}
