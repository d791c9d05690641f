package vuln

import (
	"cmp"
	"context"
	"slices"

	"github.com/harrier-scan/harrier"
)

// catalog is what is known at one moment. It never changes.
type catalog struct {
	all      []harrier.Vulnerability // by rising number
	byID     map[harrier.VulnID]harrier.Vulnerability
	bySlug   map[string]harrier.VulnID
	byFamily map[int][]harrier.Vulnerability // by rising number
	families []harrier.Family                // by rising ID, none empty
	checks   []harrier.CheckInfo             // by rising number
}

func index(byID map[harrier.VulnID]harrier.Vulnerability, checks []harrier.CheckInfo) *catalog {
	c := &catalog{byID: byID, bySlug: map[string]harrier.VulnID{}, byFamily: map[int][]harrier.Vulnerability{}, checks: checks}
	for id, v := range byID {
		c.bySlug[v.Slug] = id
		c.all = append(c.all, v)
	}
	slices.SortFunc(c.all, func(a, b harrier.Vulnerability) int { return cmp.Compare(a.ID, b.ID) })
	for _, v := range c.all {
		if id := familyID(v.Family); id != 0 {
			c.byFamily[id] = append(c.byFamily[id], v)
		}
	}
	for _, f := range families {
		if f.Count = len(c.byFamily[f.ID]); f.Count > 0 {
			c.families = append(c.families, f)
		}
	}
	return c
}

// Vulnerability returns the definition of a number, or NotFound.
func (r *Room) Vulnerability(_ context.Context, id harrier.VulnID) (harrier.Vulnerability, error) {
	v, found := r.Lookup(id)
	if !found {
		return v, harrier.Errorf(harrier.NotFound, "no vulnerability %d", id)
	}
	return v, nil
}

// Lookup returns the definition of a number, and false when there is none.
func (r *Room) Lookup(id harrier.VulnID) (harrier.Vulnerability, bool) {
	v, found := r.catalog.Load().byID[id]
	return v, found
}

// BySlug returns the definition with a slug, or NotFound.
func (r *Room) BySlug(_ context.Context, slug string) (harrier.Vulnerability, error) {
	c := r.catalog.Load()
	id, found := c.bySlug[slug]
	if !found {
		return harrier.Vulnerability{}, harrier.Errorf(harrier.NotFound, "no vulnerability %q", slug)
	}
	return c.byID[id], nil
}

// All returns every definition that is known, by rising number.
func (r *Room) All(context.Context) []harrier.Vulnerability { return r.catalog.Load().all }

// Families returns the families that have a vulnerability, by rising ID, with
// their sizes.
func (r *Room) Families(context.Context) []harrier.Family { return r.catalog.Load().families }

// Family returns a family and its vulnerabilities by rising number, or
// NotFound. A family of the table that has none yet is found, and empty.
func (r *Room) Family(_ context.Context, id int) (harrier.Family, []harrier.Vulnerability, error) {
	c := r.catalog.Load()
	i := slices.IndexFunc(families, func(f harrier.Family) bool { return f.ID == id })
	if i < 0 {
		return harrier.Family{}, nil, harrier.Errorf(harrier.NotFound, "no plugin family %d", id)
	}
	f := families[i]
	f.Count = len(c.byFamily[id])
	return f, c.byFamily[id], nil
}

// Checks returns every check of this program, by rising number.
func (r *Room) Checks() []harrier.CheckInfo { return r.catalog.Load().checks }
