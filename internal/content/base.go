package content

import (
	"slices"
	"sort"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
)

// Base is content that can be asked. Calls may overlap; what they return is
// shared and must not be changed. They answer Unavailable for a base that is
// damaged.
type Base struct {
	from       keeper
	statements *cache[string, []harrier.Statement]
	vulns      *cache[harrier.VulnID, harrier.Vulnerability]
}

// keeper is where a Base has its content: a file, or memory.
type keeper interface {
	header() (*header, error)
	// definition and statements also return about how many bytes they take.
	definition(id harrier.VulnID) (v harrier.Vulnerability, size int, found bool, err error)
	statements(key string) ([]harrier.Statement, int, error)
	// numbers are those of a folded name that is no CVE id: that of the
	// vulnerability with the name alone, else those of the records that bear it.
	numbers(folded string) ([]harrier.VulnID, error)
	has(id harrier.VulnID) (bool, error)
	records(id harrier.VulnID) ([]harrier.Record, error)
	families() ([]harrier.Family, error)
	family(name string, offset, limit int) ([]Light, error)
	close() error
}

// header is what a Base holds in memory.
type header struct {
	info    Info
	classes map[string]feed.Class
	gone    []harrier.VulnID // withdrawn, by rising number
}

func (h *header) isGone(id harrier.VulnID) bool {
	_, found := slices.BinarySearch(h.gone, id)
	return found
}

// Bounds of what a Base keeps decoded, in bytes.
const (
	statementCache = 48 << 20
	vulnCache      = 16 << 20
)

func newBase(from keeper) *Base {
	return &Base{from: from, statements: newCache[string, []harrier.Statement](statementCache), vulns: newCache[harrier.VulnID, harrier.Vulnerability](vulnCache)}
}

// Close ends the base; nobody may ask it any more.
func (b *Base) Close() error { return b.from.close() }

// Statements returns what the sources say about the thing of a key
// (harrier.CPEKey, PackageKey, MakerKey), by vulnerability, source and record.
// Vulnerabilities that were withdrawn are left out. None: nothing is known.
func (b *Base) Statements(key string) ([]harrier.Statement, error) {
	if list, ok := b.statements.get(key); ok {
		return list, nil
	}
	list, size, err := b.from.statements(key)
	if err != nil {
		return nil, damaged(err)
	}
	b.statements.put(strings.Clone(key), list, size+len(key)+128)
	return list, nil
}

// Vulnerability returns the definition of a number, and false when there is
// none.
func (b *Base) Vulnerability(id harrier.VulnID) (harrier.Vulnerability, bool, error) {
	if v, ok := b.vulns.get(id); ok {
		return v, true, nil
	}
	v, size, found, err := b.from.definition(id)
	if err != nil || !found {
		return harrier.Vulnerability{}, false, damaged(err)
	}
	b.vulns.put(id, v, size+1024)
	return v, true, nil
}

// Number returns the number of a vulnerability by its name or one of its
// aliases, in any case. Of an advisory about several it is the lowest.
func (b *Base) Number(name string) (harrier.VulnID, bool, error) {
	list, err := b.Numbers(name)
	if err != nil || len(list) == 0 {
		return 0, false, err
	}
	return list[0], true, nil
}

// Numbers returns the numbers of all vulnerabilities that have a name or an
// alias, in any case, by rising number.
func (b *Base) Numbers(name string) ([]harrier.VulnID, error) {
	if id, ok := harrier.CVENumber(name); ok {
		found, err := b.from.has(id)
		if err != nil || !found {
			return nil, damaged(err)
		}
		return []harrier.VulnID{id}, nil
	}
	if name == "" || len(name) > maxName {
		return nil, nil
	}
	list, err := b.from.numbers(fold(name))
	return list, damaged(err)
}

// Records returns every source's record about a vulnerability, those that are
// believed first in front.
func (b *Base) Records(id harrier.VulnID) ([]harrier.Record, error) {
	list, err := b.from.records(id)
	return list, damaged(err)
}

// Class is the class of a source; feed.Facts for one that is not known.
func (b *Base) Class(source string) feed.Class {
	h, err := b.from.header()
	if err != nil {
		return feed.Facts
	}
	if c, ok := h.classes[source]; ok {
		return c
	}
	return feed.Facts
}

// Version names the content; it changes with every change.
func (b *Base) Version() string { return b.Info().Version }

// Info says what the base holds. It is not to be changed.
func (b *Base) Info() Info {
	h, err := b.from.header()
	if err != nil {
		return Info{}
	}
	return h.info
}

// Families returns the plugin families of the vulnerabilities by name, with how
// many are in each; they have no ID. Vulnerabilities that were withdrawn do not
// count.
func (b *Base) Families() []harrier.Family {
	list, err := b.from.families()
	if err != nil {
		return nil
	}
	return list
}

// Family lists vulnerabilities of a family by rising number, from the one with
// the index offset on, at most limit of them; limit 0 is all.
func (b *Base) Family(name string, offset, limit int) ([]Light, error) {
	if offset < 0 || limit < 0 {
		return nil, harrier.Errorf(harrier.Invalid, "offset and limit can not be negative")
	}
	list, err := b.from.family(name, offset, limit)
	return list, damaged(err)
}

// damaged is the error of a base that can not be read.
func damaged(err error) error { return unavailable("the content can not be read", err) }

// readOrder puts the records of a vulnerability into the order of Records.
func readOrder(records []harrier.Record, class func(string) feed.Class) {
	sort.SliceStable(records, func(i, j int) bool {
		a, b := records[i], records[j]
		if x, y := class(a.Source), class(b.Source); x != y {
			return x < y
		}
		if a.Source != b.Source {
			return a.Source < b.Source
		}
		return a.ID < b.ID
	})
}
