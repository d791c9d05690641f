package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
)

var surfaceNodes = table[harrier.SurfaceNode]{
	name: "surface_node", noun: "node", taken: "this node exists already",
	columns: `uuid site kind name attributes attributes_scan first_seen last_seen first_scan last_scan`,
	row: func(n *harrier.SurfaceNode) []any {
		return []any{
			longName{&n.UUID},
			&n.Site, &n.Node.Kind, &n.Node.Key,
			document{&n.Attributes},
			&n.ToldScan,
			moment{&n.FirstSeen},
			moment{&n.LastSeen},
			&n.FirstScan, &n.LastScan,
		}
	},
	id:   func(n *harrier.SurfaceNode) *harrier.ID { return &n.ID },
	uuid: func(n *harrier.SurfaceNode) *harrier.UUID { return &n.UUID },
}

var surfaceLinks = table[harrier.SurfaceLink]{
	name: "surface_link", noun: "link", taken: "this link exists already",
	columns: `uuid site from_node to_node link how attributes first_seen last_seen first_scan last_scan ended_scan ended`,
	row: func(l *harrier.SurfaceLink) []any {
		return []any{
			longName{&l.UUID},
			&l.Site, &l.From, &l.To, &l.Link, &l.How,
			document{&l.Attributes},
			moment{&l.FirstSeen},
			moment{&l.LastSeen},
			&l.FirstScan, &l.LastScan, &l.EndedScan,
			moment{&l.Ended},
		}
	},
	id:   func(l *harrier.SurfaceLink) *harrier.ID { return &l.ID },
	uuid: func(l *harrier.SurfaceLink) *harrier.UUID { return &l.UUID },
}

// SurfaceNodes returns the nodes of a site's attack surface by rising ID.
func (db *DB) SurfaceNodes(ctx context.Context, site harrier.ID) ([]harrier.SurfaceNode, error) {
	return surfaceNodes.list(ctx, db, "WHERE site = $1 ORDER BY id", int64(site))
}

// SurfaceLinks returns the links of a site's attack surface, ended ones too, by
// rising ID.
func (db *DB) SurfaceLinks(ctx context.Context, site harrier.ID) ([]harrier.SurfaceLink, error) {
	return surfaceLinks.list(ctx, db, "WHERE site = $1 ORDER BY id", int64(site))
}

// SurfaceNode returns the node with a UUID.
func (db *DB) SurfaceNode(ctx context.Context, uuid harrier.UUID) (harrier.SurfaceNode, error) {
	n, found, err := surfaceNodes.where(ctx, db, "uuid = $1", uuid.String())
	if err == nil && !found {
		err = harrier.Errorf(harrier.NotFound, "no node %s", uuid)
	}
	return n, err
}

// SurfaceNodeOf returns what is kept of a node of a site.
func (db *DB) SurfaceNodeOf(ctx context.Context, site harrier.ID, n harrier.Node) (harrier.SurfaceNode, error) {
	have, found, err := surfaceNodes.where(ctx, db, "site = $1 AND kind = $2 AND name = $3", int64(site), string(n.Kind), n.Key)
	if err == nil && !found {
		err = harrier.Errorf(harrier.NotFound, "no node %s", n)
	}
	return have, err
}

// SiteByUUID returns the site with a UUID.
func (db *DB) SiteByUUID(ctx context.Context, uuid harrier.UUID) (harrier.Site, error) {
	s, found, err := sites.where(ctx, db, "uuid = $1", uuid.String())
	if err == nil && !found {
		err = harrier.Errorf(harrier.NotFound, "no site %s", uuid)
	}
	return s, err
}

// PutFacts keeps what a scan of a site learnt. To put a fact again changes
// nothing. What a node was said to be by an earlier scan is forgotten when this
// one says something of it.
func (db *DB) PutFacts(ctx context.Context, site, scan harrier.ID, facts []harrier.Fact) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		ids := map[harrier.Node]harrier.ID{}
		for _, f := range facts {
			for _, n := range []harrier.Node{f.From, f.Node} {
				if _, known := ids[n]; known || n == f.From && f.Link == "" {
					continue
				}
				id, err := db.putNode(ctx, site, scan, n, f.At)
				if err != nil {
					return fmt.Errorf("keep node: %w", err)
				}
				ids[n] = id
			}
			var err error
			if f.Link == "" {
				err = db.putAttributes(ctx, scan, ids[f.Node], f.Attributes)
			} else {
				err = db.putLink(ctx, site, scan, ids[f.From], ids[f.Node], f)
			}
			if err != nil {
				return fmt.Errorf("keep fact: %w", err)
			}
		}
		return nil
	})
}

func (db *DB) putNode(ctx context.Context, site, scan harrier.ID, n harrier.Node, at time.Time) (id harrier.ID, err error) {
	_, err = db.one(ctx, `INSERT INTO surface_node (uuid, site, kind, name, attributes, attributes_scan, first_seen, last_seen, first_scan, last_scan)
		VALUES ($1, $2, $3, $4, 'null', 0, $5, $5, $6, $6)
		ON CONFLICT (site, kind, name) DO UPDATE SET last_scan = excluded.last_scan,
			last_seen = CASE WHEN surface_node.last_seen < excluded.last_seen THEN excluded.last_seen ELSE surface_node.last_seen END
		RETURNING id`,
		[]any{harrier.NewUUID(time.Now()).String(), int64(site), clean(string(n.Kind)), clean(n.Key), micros(at), int64(scan)}, &id)
	return id, err
}

func (db *DB) putAttributes(ctx context.Context, scan, id harrier.ID, said map[string][]string) error {
	var have map[string][]string
	var by harrier.ID
	if _, err := db.one(ctx, "SELECT attributes, attributes_scan FROM surface_node WHERE id = $1", []any{int64(id)}, document{&have}, &by); err != nil {
		return err
	}
	if by != scan {
		have = nil
	}
	joined, err := attributesText(have, said)
	if err != nil {
		return err
	}
	_, err = db.exec(ctx, "UPDATE surface_node SET attributes = $1, attributes_scan = $2 WHERE id = $3", joined, int64(scan), int64(id))
	return err
}

func (db *DB) putLink(ctx context.Context, site, scan, from, to harrier.ID, f harrier.Fact) error {
	said, err := attributesText(nil, f.Attributes)
	if err != nil {
		return err
	}
	_, err = db.exec(ctx, `INSERT INTO surface_link (uuid, site, from_node, to_node, link, how, attributes, first_seen, last_seen, first_scan, last_scan, ended_scan, ended)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $9, 0, 0)
		ON CONFLICT (site, from_node, to_node, link, how) WHERE ended_scan = 0 DO UPDATE SET last_scan = excluded.last_scan, attributes = excluded.attributes,
			last_seen = CASE WHEN surface_link.last_seen < excluded.last_seen THEN excluded.last_seen ELSE surface_link.last_seen END`,
		harrier.NewUUID(time.Now()).String(), int64(site), int64(from), int64(to), clean(string(f.Link)), clean(f.How), said, micros(f.At), int64(scan))
	return err
}

// attributesText is the JSON of two sets of attributes joined.
func attributesText(a, b map[string][]string) (string, error) {
	joined := maps.Clone(a)
	if joined == nil {
		joined = map[string][]string{}
	}
	for k, v := range b {
		joined[k] = slices.Compact(slices.Sorted(slices.Values(slices.Concat(joined[k], v))))
	}
	text, err := json.Marshal(joined)
	return clean(string(text)), err
}

// EndSurface ends the links of a site's attack surface that are gone by what its
// newest scan saw: see harrier.GoneLinks. Pictures of pages to which nothing
// leads any more are removed.
func (db *DB) EndSurface(ctx context.Context, site, scan harrier.ID, at time.Time) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		root, err := surfaceNodes.list(ctx, db, "WHERE site = $1 AND kind = $2 AND name = '' AND attributes_scan = $3", int64(site), string(harrier.NodeRoot), int64(scan))
		if err != nil || len(root) == 0 || len(root[0].Attributes[harrier.Surveyed]) == 0 {
			return err
		}
		nodes, err := db.SurfaceNodes(ctx, site)
		if err != nil {
			return err
		}
		links, err := surfaceLinks.list(ctx, db, "WHERE site = $1 AND ended_scan = 0 ORDER BY id", int64(site))
		if err != nil {
			return err
		}
		for id := range harrier.GoneLinks(nodes, links, scan) {
			if _, err = db.exec(ctx, "UPDATE surface_link SET ended_scan = $1, ended = $2 WHERE id = $3", int64(scan), micros(at), int64(id)); err != nil {
				return err
			}
		}
		_, err = db.exec(ctx, `DELETE FROM surface_screenshot WHERE site = $1
			AND NOT EXISTS (SELECT 1 FROM surface_link WHERE site = $1 AND to_node = surface_screenshot.node AND ended_scan = 0)`, int64(site))
		return err
	})
}
