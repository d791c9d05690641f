package store

import (
	"context"

	"github.com/harrier-scan/harrier"
)

// PutScreenshot keeps the newest picture of a page of a site's attack surface, as
// a scan took it. One of a node that is not there is dropped.
func (db *DB) PutScreenshot(ctx context.Context, site, scan harrier.ID, s harrier.Screenshot) error {
	_, err := db.exec(ctx, `INSERT INTO surface_screenshot (node, site, scan, taken, webp)
		SELECT id, site, $1, $2, $3 FROM surface_node WHERE site = $4 AND kind = $5 AND name = $6
		ON CONFLICT (node) DO UPDATE SET scan = excluded.scan, taken = excluded.taken, webp = excluded.webp`,
		int64(scan), micros(s.At), s.WebP, int64(site), clean(string(s.Node.Kind)), clean(s.Node.Key))
	return err
}

// Screenshots lists the nodes of a site's attack surface that have a picture.
func (db *DB) Screenshots(ctx context.Context, site harrier.ID) (nodes []harrier.ID, err error) {
	var id harrier.ID
	err = db.rows(ctx, "SELECT node FROM surface_screenshot WHERE site = $1 ORDER BY node", []any{int64(site)}, func(scan func(...any) error) error {
		if err := scan(&id); err != nil {
			return err
		}
		nodes = append(nodes, id)
		return nil
	})
	return nodes, err
}

// Screenshot is the picture of a node, as WebP. It answers NotFound where there
// is none.
func (db *DB) Screenshot(ctx context.Context, node harrier.ID) (webp []byte, err error) {
	found, err := db.one(ctx, "SELECT webp FROM surface_screenshot WHERE node = $1", []any{int64(node)}, &webp)
	if err == nil && !found {
		err = harrier.Errorf(harrier.NotFound, "no picture of node %d", node)
	}
	return webp, err
}
