package content

import (
	"maps"
	"slices"
	"sync"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content/builtin"
	"github.com/harrier-scan/harrier/internal/feed"
)

// Builtin returns the content that is compiled into the program. It is opened
// when it is asked for the first time, read as far as it is asked, and shared:
// closing it does nothing.
var Builtin = sync.OnceValue(readBuiltin)

func readBuiltin() *Base {
	return newBase(&builtinKeeper{open: sync.OnceValues(openBuiltin)})
}

// builtinContent is the book with what it has no numbers for: the records of
// support, which name no CVE.
type builtinContent struct {
	*builtin.Book
	head  header
	names map[harrier.VulnID]string // of the records of support
	slugs map[harrier.VulnID]string // their products
	own   map[string]harrier.VulnID // by folded name
	lists func() (map[string][]Light, error)
}

func openBuiltin() (*builtinContent, error) {
	book, err := builtin.Open()
	if err != nil {
		return nil, err
	}
	c := &builtinContent{Book: book, names: map[harrier.VulnID]string{}, slugs: map[harrier.VulnID]string{}}
	slugs, names := map[string]string{}, []string(nil)
	for _, slug := range book.Supported() {
		name := ownName(namesOf(book.Support(slug)))
		slugs[name], names = slug, append(names, name)
	}
	c.own = number(names, nil, nil)
	for name, id := range c.own {
		c.names[id], c.slugs[id] = name, slugs[name]
	}
	c.head.classes = map[string]feed.Class{builtin.Source: builtin.Class}
	c.head.info = Info{Version: "builtin-" + book.Sum(), Sources: []Source{{Name: builtin.Source, Class: builtin.Class, Records: len(book.IDs()) + len(names)}}}
	c.lists = sync.OnceValues(c.list)
	return c, nil
}

// record returns a vulnerability's record; false when there is none.
func (c *builtinContent) record(id harrier.VulnID) (harrier.Record, bool, error) {
	r, err := c.Record(id)
	if slug, ok := c.slugs[id]; ok {
		r = c.Support(slug)
	}
	if r == nil || err != nil {
		return harrier.Record{}, false, err
	}
	out, _, ok := clean(r)
	return out, ok, nil
}

func (c *builtinContent) definition(id harrier.VulnID) (v harrier.Vulnerability, found bool, err error) {
	r, found, err := c.record(id)
	if !found || err != nil {
		return v, false, err
	}
	name := c.names[id]
	if name == "" {
		name = id.CVE()
	}
	return merge(id, name, []sourced{{builtin.Class, &r, true}}, productFamily), true, nil
}

// list sorts the vulnerabilities by family.
func (c *builtinContent) list() (map[string][]Light, error) {
	out := map[string][]Light{}
	ids := slices.AppendSeq(c.IDs(), maps.Keys(c.names))
	slices.Sort(ids)
	for _, id := range ids {
		v, _, err := c.definition(id)
		if err != nil {
			return nil, err
		}
		out[v.Family] = append(out[v.Family], Light{ID: id, Name: v.Name, Severity: v.Severity})
	}
	return out, nil
}

// builtinKeeper reads the content that is compiled into the program.
type builtinKeeper struct {
	open func() (*builtinContent, error)
}

func (k *builtinKeeper) close() error { return nil }

func (k *builtinKeeper) header() (*header, error) {
	c, err := k.open()
	if err != nil {
		return nil, err
	}
	return &c.head, nil
}

func (k *builtinKeeper) definition(id harrier.VulnID) (v harrier.Vulnerability, size int, found bool, err error) {
	c, err := k.open()
	if err != nil {
		return v, 0, false, err
	}
	v, found, err = c.definition(id)
	return v, len(v.Description) + 64*len(v.References), found, err
}

func (k *builtinKeeper) statements(key string) ([]harrier.Statement, int, error) {
	c, err := k.open()
	if err != nil {
		return nil, 0, err
	}
	records, err := c.About(key)
	if err != nil {
		return nil, 0, err
	}
	var out []harrier.Statement
	for _, r := range records {
		r, _, ok := clean(r)
		if !ok {
			continue
		}
		id, name := harrier.VulnID(0), ""
		if len(r.CVEs) > 0 {
			name = r.CVEs[0]
			id, _ = harrier.CVENumber(name) // the book found it by its number
		} else {
			name = ownName(namesOf(&r))
			id = c.own[name]
		}
		for _, a := range r.Affected {
			if a.Key() == key {
				out = append(out, harrier.Statement{Vulnerability: id, Name: name, Source: r.Source, Record: r.ID, Affected: a})
			}
		}
	}
	sortStatements(out)
	return out, 400 * len(out), nil
}

func (k *builtinKeeper) numbers(folded string) ([]harrier.VulnID, error) {
	c, err := k.open()
	if err != nil {
		return nil, err
	}
	if id, ok := c.own[folded]; ok {
		return []harrier.VulnID{id}, nil
	}
	return nil, nil
}

func (k *builtinKeeper) has(id harrier.VulnID) (bool, error) {
	c, err := k.open()
	if err != nil {
		return false, err
	}
	return c.Has(id) || c.names[id] != "", nil
}

func (k *builtinKeeper) records(id harrier.VulnID) ([]harrier.Record, error) {
	c, err := k.open()
	if err != nil {
		return nil, err
	}
	r, found, err := c.record(id)
	if !found || err != nil {
		return nil, err
	}
	return []harrier.Record{r}, nil
}

func (k *builtinKeeper) families() ([]harrier.Family, error) {
	c, err := k.open()
	if err != nil {
		return nil, err
	}
	lists, err := c.lists()
	return familiesOf(lists), err
}

func (k *builtinKeeper) family(name string, offset, limit int) ([]Light, error) {
	c, err := k.open()
	if err != nil {
		return nil, err
	}
	lists, err := c.lists()
	return part(lists[name], offset, limit), err
}
