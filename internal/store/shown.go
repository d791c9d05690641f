package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/harrier-scan/harrier"
)

// The table of assets counts the open findings of each. Exceptions hide and
// recast some of them in reads: what is asked and sorted by the counts is asked
// of those that show. Few assets have such findings; theirs are counted anew for
// each question, for the exceptions that are in force then.

// shownFields are the fields of assets that follow from the counts of their open
// findings.
var shownFields = map[string]func(a *harrier.Asset) any{
	"info":     func(a *harrier.Asset) any { return int64(a.Open[harrier.Info]) },
	"low":      func(a *harrier.Asset) any { return int64(a.Open[harrier.Low]) },
	"medium":   func(a *harrier.Asset) any { return int64(a.Open[harrier.Medium]) },
	"high":     func(a *harrier.Asset) any { return int64(a.Open[harrier.High]) },
	"critical": func(a *harrier.Asset) any { return int64(a.Open[harrier.Critical]) },
	"total":    func(a *harrier.Asset) any { return int64(a.Open.Total() - a.Open[harrier.Info]) },
	"risk":     func(a *harrier.Asset) any { return a.RiskScore() },
	"exposure": func(a *harrier.Asset) any { return int64(a.Exposure()) },
}

// shown are the assets with an open finding that an exception in force alters,
// with what shows of them and with their importance.
type shown struct {
	known  bool
	assets map[harrier.ID]*harrier.Asset
}

var (
	isOpen     = harrier.Cmp{Field: "open", Op: harrier.Eq, Values: []any{true}}
	isAccepted = harrier.Cmp{Field: "accepted", Op: harrier.Eq, Values: []any{true}}
	isRecast   = harrier.Cmp{Field: "recast", Op: harrier.Eq, Values: []any{true}}
)

// read finds them out once.
func (s *shown) read(ctx context.Context, db *DB) error {
	if s.known {
		return nil
	}
	now := time.Now()
	_, j, err := db.judging(ctx, now)
	if s.known = err == nil; err != nil || !j.rules {
		return err
	}
	altered, err := db.SumFindings(ctx, harrier.And{isOpen, harrier.Or{isAccepted, isRecast}}, harrier.SumQuery{By: harrier.ByAsset}, now)
	if err != nil || len(altered.Rows) == 0 {
		return err
	}
	s.assets = make(map[harrier.ID]*harrier.Asset, len(altered.Rows))
	ids, of := make([]harrier.ID, len(altered.Rows)), make([]any, len(altered.Rows))
	for i, a := range altered.Rows {
		ids[i], of[i] = a.ID, int64(a.ID)
		s.assets[a.ID] = &harrier.Asset{ID: a.ID}
	}
	those := harrier.Cmp{Field: "asset", Op: harrier.Eq, Values: of}
	left, err := db.SumFindings(ctx, harrier.And{isOpen, harrier.Not{Of: isAccepted}, those}, harrier.SumQuery{By: harrier.ByAsset}, now)
	if err != nil {
		return err
	}
	for _, a := range left.Rows {
		if one := s.assets[a.ID]; one != nil {
			one.Open = a.Counts
		}
	}
	return db.ofAssets(ctx, "importance", "SELECT id, importance FROM asset WHERE id IN %s", ids, func(scan func(...any) error) error {
		var a harrier.Asset
		err := scan(&a.ID, &a.Importance)
		if one := s.assets[a.ID]; one != nil {
			one.Importance = a.Importance
		}
		return err
	})
}

// counts are those of the assets, for the copy in memory.
func (s *shown) counts() map[harrier.ID]harrier.Counts {
	out := make(map[harrier.ID]harrier.Counts, len(s.assets))
	for id, a := range s.assets {
		out[id] = a.Open
	}
	return out
}

// counts replaces a comparison with what open findings count by one that holds
// for what shows of them: for the assets that exceptions alter by their IDs, for
// all others as it is.
func (p preparer) counts(e harrier.Cmp) (harrier.Expr, error) {
	if err := p.shown.read(p.ctx, p.db); err != nil || len(p.shown.assets) == 0 {
		return e, err
	}
	all, some := harrier.Cmp{Field: "id", Op: harrier.Eq}, harrier.Cmp{Field: "id", Op: harrier.Eq}
	holds := harrier.NewMatcher(e)
	for _, id := range slices.Sorted(maps.Keys(p.shown.assets)) {
		all.Values = append(all.Values, int64(id))
		if holds(func(field string) []any { return []any{shownFields[field](p.shown.assets[id])} }) {
			some.Values = append(some.Values, int64(id))
		}
	}
	return harrier.Or{some, harrier.And{e, harrier.Not{Of: all}}}, nil
}

// order is the one by a field of shownFields where exceptions alter what
// assets count.
func (s *shown) order(field string) walkKey {
	f, value := assetFields[field], shownFields[field]
	k := walkKey{sql: "CAST(" + f.sort + " AS TEXT)", kind: int64(0)}
	if f.decimal != "" {
		k.kind = float64(0)
	}
	k.of = func(id harrier.ID, text string) any {
		if a := s.assets[id]; a != nil {
			return value(a)
		}
		if f.decimal != "" {
			n, _ := strconv.ParseFloat(text, 64) // a database writes what can be read
			return n
		}
		n, _ := strconv.ParseInt(text, 10, 64)
		return n
	}
	return k
}

// tallied are the fields of assets that count what speaks of the vulnerabilities
// of their open findings, each once: exploits, and software of criminals.
var tallied = map[string]func(v *harrier.Vulnerability) []string{
	"exploit_count": func(v *harrier.Vulnerability) []string {
		var out []string
		for _, x := range v.Exploits {
			out = append(out, x.Source+"\x00"+x.ID)
		}
		return out
	},
	"malware_kits": func(v *harrier.Vulnerability) []string {
		var out []string
		for _, m := range v.Malware() {
			out = append(out, m.Name)
		}
		return out
	},
}

// tally replaces a comparison with such a number by one with the assets that it
// holds for.
func (p preparer) tally(e harrier.Cmp, of func(v *harrier.Vulnerability) []string) (harrier.Expr, error) {
	counts, err := p.db.tallies(p.ctx, of)
	if err != nil {
		return nil, err
	}
	holds := func(n int) bool { return harrier.Matches(e, func(string) []any { return []any{int64(n)} }) }
	none := holds(0) // and so for most
	out := harrier.Cmp{Field: "id", Op: harrier.Eq}
	for _, id := range slices.Sorted(maps.Keys(counts)) {
		if holds(counts[id]) != none {
			out.Values = append(out.Values, int64(id))
		}
	}
	if none {
		return harrier.Not{Of: out}, nil
	}
	return out, nil
}

// tallies counts what speaks of the vulnerabilities of assets: of their open
// findings that nobody accepted and that are more than facts. Assets without any
// are left out.
func (db *DB) tallies(ctx context.Context, of func(v *harrier.Vulnerability) []string) (map[harrier.ID]int, error) {
	d, err := db.readDefinitions(ctx)
	if err != nil {
		return nil, err
	}
	told := map[harrier.VulnID][]string{}
	var vulns []any
	for i := range d.list {
		if list := of(&d.list[i]); len(list) > 0 {
			told[d.list[i].ID] = list
			vulns = append(vulns, int64(d.list[i].ID))
		}
	}
	if len(vulns) == 0 {
		return nil, nil
	}
	c, _, err := db.judging(ctx, time.Now())
	if err != nil {
		return nil, err
	}
	where, err := c.where(harrier.And{
		harrier.Cmp{Field: "vulnerability", Op: harrier.Eq, Values: vulns},
		harrier.Not{Of: isAccepted},
		harrier.Cmp{Field: "severity", Op: harrier.Gt, Values: []any{int64(harrier.Info)}},
	})
	if err != nil {
		return nil, err
	}
	have := map[harrier.ID]map[string]bool{}
	err = db.rows(ctx, "SELECT DISTINCT asset, vuln FROM finding WHERE closed = 0 AND "+where, c.args, func(scan func(...any) error) error {
		var asset harrier.ID
		var vuln harrier.VulnID
		err := scan(&asset, &vuln)
		if have[asset] == nil {
			have[asset] = map[string]bool{}
		}
		for _, x := range told[vuln] {
			have[asset][x] = true
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count what speaks of findings: %w", err)
	}
	out := make(map[harrier.ID]int, len(have))
	for asset, list := range have {
		out[asset] = len(list)
	}
	return out, nil
}

// searchShown is a page of SearchAssets in the order of what shows: Walk knows
// it.
func (db *DB) searchShown(ctx context.Context, e harrier.Expr, p Page) ([]harrier.Asset, int, error) {
	found, err := db.WalkAssets(ctx, e, harrier.Walk{
		Sort: []harrier.Order{{Field: p.Sort, Desc: p.Desc}, {Field: "id", Desc: p.Desc}}, Offset: p.Offset, Limit: p.Limit, NoTotal: p.NoTotal,
	})
	return found.Rows, found.Total, err
}
