package vuln

import (
	"cmp"
	"context"
	"fmt"
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
func (r *Room) Vulnerability(ctx context.Context, id harrier.VulnID) (harrier.Vulnerability, error) {
	if !id.OfContent() {
		v, found := r.catalog.Load().byID[id]
		if !found {
			return v, harrier.Errorf(harrier.NotFound, "no vulnerability %d", id)
		}
		return v, nil
	}
	v, found, err := r.ofContent(ctx, id)
	if err == nil && !found {
		return v, harrier.Errorf(harrier.NotFound, "no vulnerability %d", id)
	}
	return v, err
}

// Lookup returns the definition of a number, and false when there is none, or
// when content can not be read.
func (r *Room) Lookup(id harrier.VulnID) (harrier.Vulnerability, bool) {
	v, err := r.Vulnerability(context.Background(), id)
	return v, err == nil
}

// BySlug returns the definition with a slug, or NotFound.
func (r *Room) BySlug(ctx context.Context, slug string) (harrier.Vulnerability, error) {
	c := r.catalog.Load()
	if id, found := c.bySlug[slug]; found {
		return c.byID[id], nil
	}
	id, found := harrier.CVENumber(slug)
	if k := r.known(); !found && k != nil {
		var err error
		if id, found, err = k.Number(slug); err != nil {
			return harrier.Vulnerability{}, fmt.Errorf("slug %q: %w", slug, err)
		}
	}
	if found {
		// A name's number can be that of another vulnerability: an advisory's.
		if v, err := r.Vulnerability(ctx, id); err == nil && v.Slug == slug || err != nil && harrier.KindOf(err) != harrier.NotFound {
			return v, err
		}
	}
	return harrier.Vulnerability{}, harrier.Errorf(harrier.NotFound, "no vulnerability %q", slug)
}

// All returns every definition that is known without content, by rising number.
func (r *Room) All(context.Context) []harrier.Vulnerability { return r.catalog.Load().all }

// Families returns the families that have a vulnerability, by rising ID, with
// their sizes.
func (r *Room) Families(context.Context) []harrier.Family {
	c, more := r.catalog.Load(), r.contentCounts()
	if len(more) == 0 {
		return c.families
	}
	var out []harrier.Family
	for _, f := range families {
		if f.Count = len(c.byFamily[f.ID]) + more[f.Name]; f.Count > 0 {
			out = append(out, f)
		}
	}
	return out
}

// ContentCounts returns how many vulnerabilities content brings, by the name of
// their family.
func (r *Room) ContentCounts(context.Context) map[string]int { return r.contentCounts() }

// ContentVersion names the content; "" when there is none.
func (r *Room) ContentVersion(context.Context) string {
	if k := r.known(); k != nil {
		return k.Version()
	}
	return ""
}

func (r *Room) contentCounts() map[string]int {
	k := r.known()
	if k == nil {
		return nil
	}
	out := map[string]int{}
	for _, f := range k.Families() {
		if familyID(f.Name) != 0 {
			out[f.Name] = f.Count
		}
	}
	return out
}

// Family returns a family and its vulnerabilities by rising number, those of
// content behind the others, or NotFound. A family of the table that has none
// yet is found, and empty.
func (r *Room) Family(_ context.Context, id int) (harrier.Family, []harrier.Light, error) {
	c := r.catalog.Load()
	i := slices.IndexFunc(families, func(f harrier.Family) bool { return f.ID == id })
	if i < 0 {
		return harrier.Family{}, nil, harrier.Errorf(harrier.NotFound, "no plugin family %d", id)
	}
	f := families[i]
	var list []harrier.Light
	for _, v := range c.byFamily[id] {
		list = append(list, harrier.Light{ID: v.ID, Name: v.Name, Severity: v.Severity})
	}
	if k := r.known(); k != nil {
		more, err := k.Family(f.Name, 0, 0)
		if err != nil {
			return harrier.Family{}, nil, fmt.Errorf("plugin family %d: %w", id, err)
		}
		list = append(list, more...)
	}
	f.Count = len(list)
	return f, list, nil
}

// Checks returns every check of this program, by rising number.
func (r *Room) Checks() []harrier.CheckInfo { return r.catalog.Load().checks }
