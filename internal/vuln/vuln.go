// Package vuln is the room of knowledge: what can be wrong (vulnerabilities),
// how it is looked for (checks) and how both are grouped (families). What the
// program finds by itself is held in memory, so that it can be asked for every
// line of every page; what content brings (numbers of harrier.VulnID.OfContent)
// is asked of Knowledge.
package vuln

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/harrier-scan/harrier"
)

// Store keeps what numbers mean, so that they keep meaning it.
type Store interface {
	PutVulnerabilities(ctx context.Context, list []harrier.Vulnerability) error
	Vulnerability(ctx context.Context, id harrier.VulnID) (harrier.Vulnerability, error)
	Vulnerabilities(ctx context.Context) ([]harrier.Vulnerability, error)
	InTx(ctx context.Context, do func(ctx context.Context) error) error
}

// Room answers questions about vulnerabilities and checks. Calls may overlap;
// the values that it returns share slices with each other and must not be
// changed.
type Room struct {
	store     Store
	writing   sync.Mutex
	catalog   atomic.Pointer[catalog]
	knowledge atomic.Pointer[Knowledge]
	kept      kept
	searched  searched
}

// New returns a room that knows nothing before Load.
func New(store Store) *Room {
	r := &Room{store: store}
	r.catalog.Store(index(nil, nil))
	return r
}

// importedSlug begins the slugs of definitions that came with an imported file:
// the only ones that later content may replace.
const importedSlug = "imported-"

// Load takes the content of this program over: definitions, and the checks
// that find them. Definitions that are known from earlier content stay known,
// so that old scans can be read. It answers Conflict for content that gives a
// known number another slug or a known slug another number, and Invalid for
// content that contradicts itself.
func (r *Room) Load(ctx context.Context, content []harrier.Vulnerability, checks []harrier.CheckInfo) error {
	content = slices.Clone(content)
	for i := range content {
		if content[i].UUID.IsZero() {
			content[i].UUID = harrier.NamedUUID(content[i].Slug)
		}
	}
	if err := validate(content, checks); err != nil {
		return err
	}
	checks = append([]harrier.CheckInfo{}, checks...)
	slices.SortStableFunc(checks, func(a, b harrier.CheckInfo) int { return cmp.Compare(a.ID, b.ID) })
	return r.merge(ctx, content, checks)
}

// Learn adds definitions that an imported file brings for numbers that are not
// known yet; what is known stays. Their slugs become "imported-NUMBER".
func (r *Room) Learn(ctx context.Context, definitions []harrier.Vulnerability) error {
	known, err := r.Keep(ctx, definitions)
	if err == nil {
		known()
	}
	return err
}

// Keep stores what Learn learns, in the transaction of ctx if it has one. It is
// known when known is called, after the commit.
func (r *Room) Keep(ctx context.Context, definitions []harrier.Vulnerability) (known func(), err error) {
	var fresh []harrier.Vulnerability
	seen := map[harrier.VulnID]bool{}
	for _, v := range definitions {
		if _, known := r.Lookup(v.ID); known || v.ID <= 0 || seen[v.ID] {
			continue
		}
		seen[v.ID] = true
		v.Slug = fmt.Sprint(importedSlug, v.ID)
		v.UUID = harrier.NamedUUID(v.Slug)
		fresh = append(fresh, v)
	}
	if len(fresh) == 0 {
		return func() {}, nil
	}
	err = r.store.InTx(ctx, func(ctx context.Context) error {
		stored, err := r.store.Vulnerabilities(ctx)
		if err != nil {
			return err
		}
		news, err := changes(stored, fresh)
		if err != nil {
			return err
		}
		return r.store.PutVulnerabilities(ctx, news)
	})
	if err != nil {
		return nil, fmt.Errorf("learn vulnerabilities: %w", err)
	}
	return func() { r.add(fresh) }, nil
}

// add puts definitions that are stored into the catalog, where it has none.
func (r *Room) add(list []harrier.Vulnerability) {
	r.writing.Lock()
	defer r.writing.Unlock()
	old := r.catalog.Load()
	byID := make(map[harrier.VulnID]harrier.Vulnerability, len(old.byID)+len(list))
	maps.Copy(byID, old.byID)
	for _, v := range list {
		if v.ID.OfContent() {
			r.kept.note(v)
		} else if _, there := byID[v.ID]; !there {
			byID[v.ID] = v
		}
	}
	r.catalog.Store(index(byID, old.checks))
}

// merge stores what is new and puts a new catalog in the place of the old one.
// Nil checks stand for those of the old one.
func (r *Room) merge(ctx context.Context, content []harrier.Vulnerability, checks []harrier.CheckInfo) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	var known []harrier.Vulnerability
	err := r.store.InTx(ctx, func(ctx context.Context) (err error) {
		if known, err = r.store.Vulnerabilities(ctx); err != nil {
			return err
		}
		news, err := changes(known, content)
		if err != nil || len(news) == 0 {
			return err
		}
		return r.store.PutVulnerabilities(ctx, news)
	})
	if err != nil {
		return fmt.Errorf("load vulnerabilities: %w", err)
	}
	if checks == nil {
		checks = r.catalog.Load().checks
	}
	byID := map[harrier.VulnID]harrier.Vulnerability{}
	for _, v := range slices.Concat(known, content) {
		if v.ID.OfContent() {
			r.kept.note(v)
			continue
		}
		byID[v.ID] = v
	}
	r.catalog.Store(index(byID, checks))
	return nil
}

// changes returns what of content is not known in this form yet. It answers
// Conflict for a number or a slug that changes its meaning.
func changes(known, content []harrier.Vulnerability) ([]harrier.Vulnerability, error) {
	ids, slugs := map[harrier.VulnID]harrier.Vulnerability{}, map[string]harrier.VulnID{}
	for _, v := range known {
		ids[v.ID], slugs[v.Slug] = v, v.ID
	}
	var out []harrier.Vulnerability
	for _, v := range content {
		old, found := ids[v.ID]
		if found && old.Slug != v.Slug && !strings.HasPrefix(old.Slug, importedSlug) {
			return nil, harrier.Errorf(harrier.Conflict, "number %d means %s and can not become %s", v.ID, old.Slug, v.Slug)
		}
		if id, used := slugs[v.Slug]; used && id != v.ID {
			return nil, harrier.Errorf(harrier.Conflict, "%s has the number %d and can not become %d", v.Slug, id, v.ID)
		}
		if !found || !reflect.DeepEqual(old, v) {
			out = append(out, v)
		}
	}
	return out, nil
}

// validate answers Invalid for content that contradicts itself.
func validate(content []harrier.Vulnerability, checks []harrier.CheckInfo) error {
	ids, slugs := map[harrier.VulnID]bool{}, map[string]bool{}
	for _, v := range content {
		switch {
		case v.ID <= 0 || v.Slug == "" || v.Name == "":
			return harrier.Invalidf("vulnerability", "%d %q %q lacks a number, a slug or a name", v.ID, v.Slug, v.Name)
		case ids[v.ID]:
			return harrier.Invalidf("vulnerability", "number %d is given twice", v.ID)
		case slugs[v.Slug]:
			return harrier.Invalidf("vulnerability", "slug %s is given twice", v.Slug)
		case familyID(v.Family) == 0:
			return harrier.Invalidf("vulnerability", "%s is of the family %q, which has no number", v.Slug, v.Family)
		}
		ids[v.ID], slugs[v.Slug] = true, true
	}
	for _, c := range checks {
		if !ids[c.ID] {
			return harrier.Invalidf("check", "%q finds vulnerability %d, which nobody defines", c.Name, c.ID)
		}
	}
	return nil
}
