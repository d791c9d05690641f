package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/harrier-scan/harrier"
)

// Some of what is searched by follows from what is kept and is itself not kept:
// harrier.VulnerabilityFields from definitions, the parts of systems' names,
// how many exploits apply to an asset, what its findings count under exceptions. Prepare replaces such comparisons by ones
// with what they hold for: numbers of vulnerabilities, names of systems, IDs of
// assets.

// definitions are the definitions without their long texts, as of a number of
// changes, and what was asked of them.
type definitions struct {
	version int64
	list    []harrier.Vulnerability

	lock    sync.Mutex
	answers map[string]answered
}

// answered is what a condition holds for.
type answered struct {
	ids, others []any
	undefined   bool // it holds for what has no definition
}

const definitionVersion = "definitions"

// preparer prepares one condition.
type preparer struct {
	db    *DB
	ctx   context.Context //nolint:containedctx // lives for one call
	shown *shown
}

// prepare makes a condition on findings ready for SQL.
func (db *DB) prepare(ctx context.Context, e harrier.Expr) (harrier.Expr, error) {
	return preparer{db, ctx, new(shown)}.expr(e, true)
}

func (p preparer) expr(e harrier.Expr, ofFinding bool) (harrier.Expr, error) {
	if ofFinding {
		if only, derived := ofDefinition(e); only && derived {
			return p.definitions(e)
		}
	}
	switch e := e.(type) {
	case harrier.And:
		list, err := p.parts(e, ofFinding, func(l []harrier.Expr) harrier.Expr { return harrier.And(l) })
		return harrier.And(list), err
	case harrier.Or:
		list, err := p.parts(e, ofFinding, func(l []harrier.Expr) harrier.Expr { return harrier.Or(l) })
		return harrier.Or(list), err
	case harrier.Not:
		of, err := p.expr(e.Of, ofFinding)
		return harrier.Not{Of: of}, err
	case harrier.Has:
		of, err := p.expr(e.Of, true)
		return harrier.Has{Of: of}, err
	case harrier.OfAsset:
		of, err := p.expr(e.Of, false)
		return harrier.OfAsset{Of: of}, err
	case harrier.Cmp:
		if !ofFinding && slices.Contains(harrier.OSFields, e.Field) {
			return p.systems(e)
		}
		switch {
		case ofFinding:
		case e.Field == "sign_in":
			return p.signIns(e)
		case e.Field == "software_vendor":
			return p.vendors(e)
		}
		if of, ok := tallied[e.Field]; ok && !ofFinding {
			return p.tally(e, of)
		}
		if _, ok := shownFields[e.Field]; ok && !ofFinding {
			return p.counts(e)
		}
	}
	return e, nil
}

// parts prepares the parts of an And or an Or; those that definitions decide
// together, as one.
func (p preparer) parts(list []harrier.Expr, ofFinding bool, join func([]harrier.Expr) harrier.Expr) ([]harrier.Expr, error) {
	var out, defined []harrier.Expr
	some := false
	for _, part := range list {
		if only, derived := ofDefinition(part); ofFinding && only {
			defined, some = append(defined, part), some || derived
			continue
		}
		one, err := p.expr(part, ofFinding)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	if !some {
		return append(defined, out...), nil
	}
	one, err := p.definitions(join(defined))
	return append([]harrier.Expr{one}, out...), err
}

// ofDefinition reports whether the definition of its vulnerability alone decides
// whether e holds for a finding, and whether e asks what no column has.
func ofDefinition(e harrier.Expr) (only, derived bool) {
	parts := func(list []harrier.Expr) (only, derived bool) {
		only = len(list) > 0
		for _, p := range list {
			o, d := ofDefinition(p)
			only, derived = only && o, derived || d
		}
		return only, derived
	}
	switch e := e.(type) {
	case harrier.And:
		return parts(e)
	case harrier.Or:
		return parts(e)
	case harrier.Not:
		return ofDefinition(e.Of)
	case harrier.Cmp:
		if _, ok := harrier.VulnerabilityFields[e.Field]; ok {
			return true, true
		}
		return slices.Contains(definedFields, e.Field), false
	}
	return false, false
}

// definedFields are the fields of definitions that columns have.
var definedFields = []string{"name", "family", "slug", "cvss2", "cvss3", "epss", "exploited", "exploit", "published", "cve"}

// definitions replaces a condition by the vulnerabilities that it holds for.
func (p preparer) definitions(e harrier.Expr) (harrier.Expr, error) {
	d, err := p.db.readDefinitions(p.ctx)
	if err != nil {
		return nil, err
	}
	key := fmt.Sprintf("%#v", e)
	d.lock.Lock()
	a, ok := d.answers[key]
	d.lock.Unlock()
	if !ok {
		holds := harrier.NewMatcher(e)
		for i := range d.list {
			v := &d.list[i]
			if holds(v.Values) {
				a.ids = append(a.ids, int64(v.ID))
			} else {
				a.others = append(a.others, int64(v.ID))
			}
		}
		a.undefined = holds(func(string) []any { return nil })
		d.lock.Lock()
		if len(d.answers) >= maxBodies {
			clear(d.answers)
		}
		if len(key) < 1<<16 {
			d.answers[key] = a
		}
		d.lock.Unlock()
	}
	if a.undefined {
		return harrier.Not{Of: harrier.Cmp{Field: "vulnerability", Op: harrier.Eq, Values: a.others}}, nil
	}
	return harrier.Cmp{Field: "vulnerability", Op: harrier.Eq, Values: a.ids}, nil
}

// readDefinitions returns the definitions as they are now.
func (db *DB) readDefinitions(ctx context.Context) (*definitions, error) {
	d := &definitions{answers: map[string]answered{}}
	if _, err := db.one(ctx, "SELECT last FROM sequence WHERE name = '"+definitionVersion+"'", nil, &d.version); err != nil {
		return nil, fmt.Errorf("read definitions: %w", err)
	}
	if have := db.definitions.Load(); have != nil && have.version == d.version {
		return have, nil
	}
	shared := map[string]string{}
	err := db.rows(ctx, "SELECT body FROM vulnerability ORDER BY id", nil, func(scan func(...any) error) error {
		var v harrier.Vulnerability
		err := scan(document{&v})
		v.Synopsis, v.Description, v.Solution, v.CPEs, v.CWEs, v.Sources = "", "", "", nil, nil, nil
		if s, ok := shared[v.Family]; ok {
			v.Family = s
		} else {
			shared[v.Family] = v.Family
		}
		d.list = append(d.list, v)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read definitions: %w", err)
	}
	// What a transaction reads of its own may never have been. A change after the
	// version was read is read again for it.
	if db.tx(ctx) == nil {
		db.definitions.Store(d)
	}
	return d, nil
}

// systemKey is the column of assets that the parts of a system's name follow
// from.
const systemKey = "(os || '|' || os_cpe || '|' || device_type)"

// systems replaces a comparison with a part of the system's name by one with the
// names that it holds for.
func (p preparer) systems(e harrier.Cmp) (harrier.Expr, error) {
	names, err := p.db.systems(p.ctx)
	if err != nil {
		return nil, err
	}
	out := harrier.Cmp{Field: "system", Op: harrier.Eq}
	holds := harrier.NewMatcher(e)
	for _, key := range slices.Sorted(maps.Keys(names)) {
		if holds(func(field string) []any { return []any{names[key].Value(field)} }) {
			out.Values = append(out.Values, key)
		}
	}
	return out, nil
}

// systems returns the systems that assets have, by systemKey.
func (db *DB) systems(ctx context.Context) (map[string]harrier.OSParts, error) {
	out := map[string]harrier.OSParts{}
	err := db.rows(ctx, "SELECT DISTINCT os, os_cpe, device_type FROM asset", nil, func(scan func(...any) error) error {
		var os, cpe, device string
		err := scan(&os, &cpe, &device)
		out[strings.Join([]string{os, cpe, device}, "|")] = harrier.PartsOfOS(os, cpe, device)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read systems: %w", err)
	}
	return out, nil
}
