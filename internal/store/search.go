package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/columns"
)

// Page says which part of a search's answer to return.
type Page struct {
	// Sort names the field to sort by; "" is the severity and then the time of
	// the last sight, gravest and newest first, for findings, and the ID for
	// assets. What is equal there is in the order of IDs.
	Sort   string
	Desc   bool // the other way round
	Limit  int  // at most so many; 0 means all
	Offset int  // leave so many out
	// After continues behind the entity with this ID in the order asked for:
	// on far pages much faster than Offset. Zero starts at the beginning.
	After harrier.ID
	// NoTotal leaves the total out (it is -1): counting what a rare condition
	// holds for means looking at everything.
	NoTotal bool
}

// check answers Invalid for a field that can not be sorted by.
func (p Page) check(fields map[string]field) error {
	if p.Sort != "" && fields[p.Sort].sort == "" {
		return harrier.Invalidf("sort", "%q can not be sorted by", p.Sort)
	}
	return nil
}

// tail adds the page to the condition: what follows the WHERE of a query on
// table. first are the columns to sort by before any other.
func (p Page) tail(c *condition, where, table string, first []string) (string, error) {
	keys := first
	if err := p.check(c.fields); err != nil {
		return "", err
	}
	if p.Sort != "" {
		keys = []string{c.fields[p.Sort].sort}
		if p.Sort == "severity" {
			keys = append(keys, "last_seen")
		}
	}
	if !slices.Contains(keys, "id") {
		keys = append(slices.Clone(keys), "id")
	}
	list, order, after := "", "", ""
	for i, k := range keys {
		if i > 0 {
			list, order, after = list+", ", order+", ", after+", "
		}
		list, after = list+k, after+k
		if order += k; p.Desc {
			order += " DESC"
		}
	}
	if p.After != 0 {
		than := ">"
		if p.Desc {
			than = "<"
		}
		where += fmt.Sprintf(" AND (%s) %s (SELECT %s FROM %s WHERE id = %s)", after, than, list, table, c.parameter(int64(p.After)))
	}
	where += " ORDER BY " + order
	if p.Limit > 0 {
		where += " LIMIT " + c.parameter(int64(p.Limit))
	} else if p.Offset > 0 {
		where += " LIMIT 9223372036854775807" // SQLite has no OFFSET without
	}
	if p.Offset > 0 {
		where += " OFFSET " + c.parameter(int64(p.Offset))
	}
	return where, nil
}

// SearchFindings returns a page of the findings that e holds for, with all of
// their intervals, and how many there are in all. It answers Invalid, naming
// the field, for what can not be searched or sorted by.
func (db *DB) SearchFindings(ctx context.Context, e harrier.Expr, p Page) ([]harrier.Finding, int, error) {
	if p.Sort == "" {
		p.Sort, p.Desc = "severity", !p.Desc
	}
	e, err := db.prepare(ctx, e)
	if err != nil {
		return nil, 0, err
	}
	c := condition{db: db, fields: findingFields}
	where, err := c.where(e)
	if err != nil {
		return nil, 0, err
	}
	if err := p.check(findingFields); err != nil {
		return nil, 0, err
	}
	if judged, total, ok, err := db.findingsFromView(ctx, e, p, nil); ok || err != nil {
		out := make([]harrier.Finding, len(judged))
		for i := range judged {
			out[i] = judged[i].Finding
		}
		return out, total, err
	}
	total := -1
	if !p.NoTotal {
		counts, err := db.CountFindings(ctx, e)
		if err != nil {
			return nil, 0, err
		}
		total = counts.Total()
	}
	tail, err := p.tail(&c, where, "finding", nil)
	if err != nil {
		return nil, 0, err
	}
	list, err := db.findings(ctx, "WHERE "+tail, c.args...)
	if err != nil {
		return nil, 0, fmt.Errorf("search findings: %w", err)
	}
	out := make([]harrier.Finding, len(list))
	for i, f := range list {
		out[i] = *f
	}
	return out, total, nil
}

// counted lists the fields by which the counts of findings are kept.
var counted = []string{"open", "repository", "severity", "state"}

// CountFindings counts the findings that e holds for by severity. Conditions
// on severity, state and repository alone take no longer for many findings
// than for few.
func (db *DB) CountFindings(ctx context.Context, e harrier.Expr) (harrier.Counts, error) {
	var out harrier.Counts
	e, err := db.prepare(ctx, e)
	if err != nil {
		return out, err
	}
	c := condition{db: db, fields: findingFields}
	where, err := c.where(e)
	if err != nil {
		return out, err
	}
	text := "SELECT severity, count(*) FROM finding WHERE " + where + " GROUP BY severity"
	if !slices.ContainsFunc(fieldsOf(e), func(f string) bool { return !slices.Contains(counted, f) }) {
		c = condition{db: db, fields: countFields}
		if where, err = c.where(e); err != nil {
			return out, err
		}
		text = "SELECT severity, CAST(sum(count) AS BIGINT) FROM finding_count WHERE " + where + " GROUP BY severity"
	} else if ok, err := db.answer(ctx, e, func(v *columns.View, e harrier.Expr) (err error) {
		out, err = v.Count(e)
		return err
	}, nil); ok || err != nil {
		return out, err
	}
	err = db.rows(ctx, text, c.args, func(scan func(...any) error) error {
		var s harrier.Severity
		var n int
		if err := scan(&s, &n); err != nil {
			return err
		}
		out[s] = n
		return nil
	})
	if err != nil {
		return out, fmt.Errorf("count findings: %w", err)
	}
	return out, nil
}

// countFields are the fields of findings by which the counts are kept.
var countFields = map[string]field{
	"open":       {choices: yesNo("open = 1", "open = 0")},
	"state":      {choices: []choice{{"open", "open = 1"}, {"closed", "open = 0"}}},
	"repository": {number: "repository"},
	"severity":   {ordinal: "severity", values: harrier.Severities},
}

// CountAddresses counts the addresses of the assets that e holds for, one that
// several assets have once. It answers Invalid, naming the field.
func (db *DB) CountAddresses(ctx context.Context, e harrier.Expr) (n int, err error) {
	c := condition{db: db, fields: assetFields}
	where, err := c.where(e)
	if err != nil {
		return 0, err
	}
	if _, err := db.one(ctx, "SELECT count(DISTINCT addr) FROM asset WHERE addr <> '' AND ("+where+")", c.args, &n); err != nil {
		return 0, fmt.Errorf("count addresses: %w", err)
	}
	return n, nil
}

// SearchAssets returns a page of the assets that e holds for, with the counts
// of their open findings, and how many there are in all. It answers Invalid,
// naming the field, for what can not be searched or sorted by.
func (db *DB) SearchAssets(ctx context.Context, e harrier.Expr, p Page) ([]harrier.Asset, int, error) {
	altered, whole := new(shown), e
	e, err := preparer{db, ctx, altered}.expr(e, false)
	if err == nil && shownFields[p.Sort] != nil && p.After == 0 {
		if err = altered.read(ctx, db); err == nil && len(altered.assets) > 0 {
			return db.searchShown(ctx, whole, p)
		}
	}
	if err != nil {
		return nil, 0, err
	}
	c := condition{db: db, fields: assetFields}
	where, err := c.where(e)
	if err != nil {
		return nil, 0, err
	}
	if err := p.check(assetFields); err != nil {
		return nil, 0, err
	}
	if list, total, ok, err := db.assetsFromView(ctx, e, p); ok || err != nil {
		return list, total, err
	}
	total := -1
	if !p.NoTotal {
		if _, err := db.one(ctx, "SELECT count(*) FROM asset WHERE "+where, c.args, &total); err != nil {
			return nil, 0, fmt.Errorf("count assets: %w", err)
		}
	}
	tail, err := p.tail(&c, where, "asset", []string{"id"})
	if err != nil {
		return nil, 0, err
	}
	list, err := assets.list(ctx, db, "WHERE "+tail, c.args...)
	if err != nil {
		return nil, 0, fmt.Errorf("search assets: %w", err)
	}
	return list, total, nil
}
