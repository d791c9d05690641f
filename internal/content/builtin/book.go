package builtin

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/product"
)

// Book gives the records of the facts one by one: Open looks at where a line
// begins and which products it names, and a line is parsed when it is asked for.
// A scan of one host asks about a handful of products. Calls may overlap.
type Book struct {
	lines  []bookLine         // by rising number
	about  map[string][]int32 // lines with statements, by key (harrier.CPEKey)
	cycles map[string][]Cycle // by product
	ends   map[string]string  // products whose support ends, by key
	words  map[string]ownText
	sum    string
}

type bookLine struct {
	id   harrier.VulnID
	text string
}

// telling is part of Book.Sum: it rises when this package tells the same facts in
// other words, which TestTelling notices.
const telling = "2"

// Open reads the facts.
func Open() (*Book, error) {
	b := &Book{about: map[string][]int32{}, cycles: map[string][]Cycle{}, ends: map[string]string{}}
	files, err := fs.Glob(text, "*/*.txt")
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	sum.Write([]byte(telling))
	for _, file := range files {
		content, err := text.ReadFile(file)
		if err != nil {
			return nil, err
		}
		sum.Write(content)
		if strings.HasPrefix(file, "facts/") && file != "facts/eol.txt" {
			b.note(string(content))
		}
	}
	b.sum = hex.EncodeToString(sum.Sum(nil)[:6])
	slices.SortFunc(b.lines, func(x, y bookLine) int { return cmp.Compare(x.id, y.id) })
	if b.words, err = ownWords(); err != nil {
		return nil, err
	}
	cycles, err := Cycles()
	if err != nil {
		return nil, err
	}
	for _, c := range cycles {
		b.cycles[c.Product] = append(b.cycles[c.Product], c)
	}
	b.index()
	return b, nil
}

// note keeps the lines of a file.
func (b *Book) note(content string) {
	for line := range strings.Lines(content) {
		line = strings.TrimRight(line, "\r\n")
		name, _, _ := strings.Cut(line, "\t")
		if id, ok := harrier.CVENumber("CVE-" + name); ok {
			b.lines = append(b.lines, bookLine{id, line})
		}
	}
}

// index notes which lines speak of a key.
func (b *Book) index() {
	keys := map[string]string{} // by slug
	key := func(slug string) string {
		k, ok := keys[slug]
		if !ok {
			if p := product.BySlug(slug); p != nil {
				k = keyOf(p)
			}
			keys[slug] = k
		}
		return k
	}
	for i, line := range b.lines {
		rest := line.text[strings.LastIndexByte(line.text, '\t')+1:]
		for more := true; more; {
			var claim string
			claim, rest, more = strings.Cut(rest, " ")
			k := key(claim[:max(strings.IndexAny(claim, "[(="), 0)])
			if list := b.about[k]; k != "" && (len(list) == 0 || list[len(list)-1] != int32(i)) {
				b.about[k] = append(list, int32(i))
			}
		}
	}
	for slug := range b.cycles {
		if k := key(slug); k != "" {
			b.ends[k] = slug
		} else {
			delete(b.cycles, slug) // a test wants every product to be registered
		}
	}
}

// keyOf is the key of statements about p.
func keyOf(p *product.Product) string {
	parts := strings.SplitN(p.CPEs[0], ":", 3)
	return harrier.CPEKey(parts[0], parts[1], parts[2])
}

// Sum is twelve hexadecimal digits that change with what the records say.
func (b *Book) Sum() string { return b.sum }

// IDs are the numbers of all vulnerabilities with a CVE id, rising.
func (b *Book) IDs() []harrier.VulnID {
	out := make([]harrier.VulnID, len(b.lines))
	for i, line := range b.lines {
		out[i] = line.id
	}
	return out
}

// Has says whether there is a record of a CVE.
func (b *Book) Has(id harrier.VulnID) bool {
	_, ok := b.find(id)
	return ok
}

// Record returns the record of a CVE, nil when there is none.
func (b *Book) Record(id harrier.VulnID) (*harrier.Record, error) {
	i, ok := b.find(id)
	if !ok {
		return nil, nil
	}
	return b.record(i)
}

func (b *Book) find(id harrier.VulnID) (int, bool) {
	return slices.BinarySearchFunc(b.lines, id, func(l bookLine, id harrier.VulnID) int { return cmp.Compare(l.id, id) })
}

func (b *Book) record(i int) (*harrier.Record, error) {
	e, err := ParseEntry(b.lines[i].text)
	if err != nil {
		return nil, err
	}
	return e.record(b.words), nil
}

// About returns the records with statements about a key (harrier.CPEKey): those
// of CVEs by rising number, then that of support.
func (b *Book) About(key string) ([]*harrier.Record, error) {
	var out []*harrier.Record
	for _, i := range b.about[key] {
		r, err := b.record(int(i))
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	if slug, ok := b.ends[key]; ok {
		out = append(out, b.Support(slug))
	}
	return out, nil
}

// Supported lists the slugs of the products whose support ends, sorted.
func (b *Book) Supported() []string { return slices.Sorted(maps.Keys(b.cycles)) }

// Support returns the record about the support of a product, nil when nothing is
// known.
func (b *Book) Support(slug string) *harrier.Record {
	if len(b.cycles[slug]) == 0 {
		return nil
	}
	return supportRecord(product.BySlug(slug), b.cycles[slug])
}
