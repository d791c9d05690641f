package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// ofAssets reads rows about assets, some hundred assets at a time: text has one
// %s, where the list of parameters goes.
func (db *DB) ofAssets(ctx context.Context, what, text string, assets []harrier.ID, row func(scan func(...any) error) error) error {
	err := byIDs(assets, func(where string, args []any) error {
		return db.rows(ctx, fmt.Sprintf(text, strings.TrimPrefix(where, "WHERE id IN ")), args, row)
	})
	if err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	return nil
}

// IdentifiersOf returns what assets are recognised by, each in the order of
// Identifiers.
func (db *DB) IdentifiersOf(ctx context.Context, assets []harrier.ID) (map[harrier.ID][]harrier.Identifier, error) {
	out := make(map[harrier.ID][]harrier.Identifier, len(assets))
	const text = `SELECT asset, kind, value, source, first_seen, last_seen, shared FROM asset_identifier WHERE asset IN %s ORDER BY asset, kind, value`
	err := db.ofAssets(ctx, "identifiers", text, assets, func(scan func(...any) error) error {
		var asset harrier.ID
		var i harrier.Identifier
		err := scan(&asset, &i.Kind, &i.Value, &i.Source, moment{&i.First}, moment{&i.Last}, &i.Shared)
		out[asset] = append(out[asset], i)
		return err
	})
	return out, err
}

// SitesOf returns the sites whose scans saw assets, by rising ID.
func (db *DB) SitesOf(ctx context.Context, assets []harrier.ID) (map[harrier.ID][]harrier.ID, error) {
	out := make(map[harrier.ID][]harrier.ID, len(assets))
	const text = `SELECT DISTINCT h.asset, s.site FROM scan_host h JOIN scan s ON s.id = h.scan WHERE h.asset > 0 AND h.asset IN %s ORDER BY h.asset, s.site`
	err := db.ofAssets(ctx, "sites of assets", text, assets, func(scan func(...any) error) error {
		var asset, site harrier.ID
		err := scan(&asset, &site)
		out[asset] = append(out[asset], site)
		return err
	})
	return out, err
}

// LastLooks returns when the last scan of assets looked at them; nothing for
// those that no scan has seen, or whose last scan is deleted.
func (db *DB) LastLooks(ctx context.Context, assets []harrier.ID) (map[harrier.ID]harrier.Look, error) {
	out := make(map[harrier.ID]harrier.Look, len(assets))
	const text = `SELECT h.asset, h.host FROM scan_host h JOIN asset a ON a.id = h.asset AND a.last_scan = h.scan WHERE h.asset > 0 AND h.asset IN %s ORDER BY h.idx`
	err := db.ofAssets(ctx, "last scans of assets", text, assets, func(scan func(...any) error) error {
		var asset harrier.ID
		var h harrier.Host
		err := scan(&asset, document{&h})
		if have, seen := out[asset]; !seen || h.Ended.After(have.Ended) {
			out[asset] = harrier.Look{Started: h.Started, Ended: h.Ended}
		}
		return err
	})
	return out, err
}

// EncountersOf returns the scans that met assets, oldest first.
func (db *DB) EncountersOf(ctx context.Context, assets []harrier.ID) (map[harrier.ID][]harrier.Encounter, error) {
	out := make(map[harrier.ID][]harrier.Encounter, len(assets))
	const text = `SELECT DISTINCT h.asset, s.id, s.site, s.owner, s.name, s.created, s.started, s.ended FROM scan_host h JOIN scan s ON s.id = h.scan
		WHERE h.asset > 0 AND h.asset IN %s ORDER BY h.asset, s.id`
	err := db.ofAssets(ctx, "scans of assets", text, assets, func(scan func(...any) error) error {
		var asset harrier.ID
		var e harrier.Encounter
		var created, started, ended time.Time
		err := scan(&asset, &e.Scan, &e.Site, &e.Owner, &e.Name, moment{&created}, moment{&started}, moment{&ended})
		switch e.At = ended; {
		case !ended.IsZero():
		case !started.IsZero():
			e.At = started
		default:
			e.At = created
		}
		out[asset] = append(out[asset], e)
		return err
	})
	return out, err
}
