package store

import (
	"context"
	"fmt"

	"github.com/harrier-scan/harrier"
)

// SignInsOf returns how the last scans of assets fared with their credentials;
// nothing for assets without a service that takes some, or whose last scan is
// deleted.
func (db *DB) SignInsOf(ctx context.Context, assets []harrier.ID) (map[harrier.ID][]harrier.SignIn, error) {
	servers := map[harrier.ID][]harrier.Endpoint{}
	var with []harrier.ID
	const listening = "SELECT asset, protocol, port FROM service WHERE name = 'ssh' AND asset IN %s ORDER BY asset, protocol, port"
	err := db.ofAssets(ctx, "servers to sign in to", listening, assets, func(scan func(...any) error) error {
		var asset harrier.ID
		var e harrier.Endpoint
		err := scan(&asset, &e.Protocol, &e.Port)
		if len(servers[asset]) == 0 {
			with = append(with, asset)
		}
		servers[asset] = append(servers[asset], e)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make(map[harrier.ID][]harrier.SignIn, len(with))
	planned := map[harrier.ID]*harrier.IDs{}
	looked := map[harrier.ID]*harrier.Coverage{}
	of := map[harrier.ID]harrier.ID{} // scans, by asset
	const covered = `SELECT h.asset, h.scan, c.data FROM scan_host h JOIN asset a ON a.id = h.asset AND a.last_scan = h.scan
		JOIN host_coverage c ON c.id = h.scan * 4294967296 + h.idx WHERE h.asset > 0 AND h.asset IN %s ORDER BY h.idx`
	err = db.ofAssets(ctx, "how signing in went", covered, with, func(scan func(...any) error) error {
		var asset, from harrier.ID
		var data []byte
		if err := scan(&asset, &from, &data); err != nil {
			return err
		}
		c, err := db.pack.coverage(data)
		looked[asset], of[asset] = c, from
		return err
	})
	if err != nil {
		return nil, err
	}
	for asset, c := range looked {
		from := of[asset]
		if planned[from] == nil {
			sc, err := db.Scan(ctx, from)
			if err != nil {
				return nil, fmt.Errorf("read what scan %d planned: %w", from, err)
			}
			planned[from] = harrier.NewIDs(sc.Plan.Checks)
		}
		c.Enabled = planned[from]
		out[asset] = harrier.SignIns(c, servers[asset])
	}
	return out, nil
}

// signIns replaces a comparison with the results of signing in by one with the
// assets that it holds for.
func (p preparer) signIns(e harrier.Cmp) (harrier.Expr, error) {
	var servers []harrier.ID
	err := p.db.rows(p.ctx, "SELECT DISTINCT asset FROM service WHERE name = 'ssh' ORDER BY asset", nil, func(scan func(...any) error) error {
		var id harrier.ID
		err := scan(&id)
		servers = append(servers, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read servers to sign in to: %w", err)
	}
	of, err := p.db.SignInsOf(p.ctx, servers)
	if err != nil {
		return nil, err
	}
	holds := harrier.NewMatcher(e)
	none := holds(func(string) []any { return nil })
	out := harrier.Cmp{Field: "id", Op: harrier.Eq}
	for _, id := range servers {
		if holds(func(string) (words []any) {
			for _, s := range of[id] {
				words = append(words, s.Result.String())
			}
			return words
		}) != none {
			out.Values = append(out.Values, int64(id))
		}
	}
	if none {
		return harrier.Not{Of: out}, nil
	}
	return out, nil
}

// vendors replaces a comparison with the makers of what listens by one with the
// CPE names that tell them.
func (p preparer) vendors(e harrier.Cmp) (harrier.Expr, error) {
	out := harrier.Cmp{Field: "cpe", Op: harrier.Eq}
	not := e.Op == harrier.Ne || e.Op == harrier.Lacks
	switch e.Op {
	case harrier.Ne:
		e.Op = harrier.Eq
	case harrier.Lacks:
		e.Op = harrier.Contains
	default:
	}
	holds := harrier.NewMatcher(e)
	err := p.db.rows(p.ctx, "SELECT DISTINCT cpe FROM service WHERE cpe <> ''", nil, func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		if vendor := harrier.VendorOf(name); vendor != "" && holds(func(string) []any { return []any{vendor} }) {
			out.Values = append(out.Values, name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read makers of software: %w", err)
	}
	if not {
		return harrier.Not{Of: out}, nil
	}
	return out, nil
}
