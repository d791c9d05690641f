package console

import (
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check/all"
	"github.com/harrier-scan/harrier/internal/content/builtin"
	"github.com/harrier-scan/harrier/internal/product"
)

// ExploitedEntry is an entry of CISA's catalogue of vulnerabilities that are
// known to be exploited.
type ExploitedEntry struct {
	CVE     string
	Vendor  string
	Product string
}

// ExploitedCover says by which ways Harrier can find an entry.
type ExploitedCover struct {
	ExploitedEntry
	Version bool // content names versions of a product that a scan recognises
	Package bool // content names versions of a package
	Active  bool // a check asks the target for it
}

// Any reports whether there is a way to find it.
func (c ExploitedCover) Any() bool { return c.Version || c.Package || c.Active }

// ExploitedCount counts entries and the ways to find them.
type ExploitedCount struct {
	Vendor                                 string // "" for all
	Entries, Any, Version, Package, Active int
}

// Recorder tells what the sources say about a vulnerability, by its number:
// content that is in force.
type Recorder interface {
	Records(id harrier.VulnID) ([]harrier.Record, error)
}

// CoverExploited tells for each entry by which ways content and checks find it.
func CoverExploited(entries []ExploitedEntry, content Recorder) ([]ExploitedCover, error) {
	active := activeCVEs()
	out := make([]ExploitedCover, 0, len(entries))
	for _, e := range entries {
		c := ExploitedCover{ExploitedEntry: e, Active: active[e.CVE]}
		records, err := content.Records(harrier.ContentNumber(e.CVE))
		if err != nil {
			return nil, err
		}
		for i := range records {
			for j := range records[i].Affected {
				a := &records[i].Affected[j]
				if !a.Status.Affects() && !a.Otherwise.Affects() {
					continue
				}
				c.Version = c.Version || recognised(a)
				c.Package = c.Package || a.Package.Name != "" && !slices.Contains(productKinds, a.Package.Ecosystem)
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// productKinds are ecosystems without packages on a host: their names stand for
// products that a scan recognises.
var productKinds = []string{"bitnami", "eol", "retire", "generic"}

// recognised reports whether a statement is about a product that a scan
// recognises.
func recognised(a *harrier.Affected) bool {
	switch {
	case a.CPE != "":
		return product.ByFormatted(a.CPE) != nil
	case a.Maker != "":
		return product.ByMaker(a.Maker) != nil
	}
	return slices.Contains(productKinds, a.Package.Ecosystem) && len(product.ByPackage(a.Package.Ecosystem, a.Package.Name)) > 0
}

func activeCVEs() map[string]bool {
	out := map[string]bool{}
	for _, c := range all.Checks() {
		for _, cve := range c.Vulnerability.CVEs {
			out[cve] = true
		}
	}
	return out
}

// CountExploited counts what covers tell: all of them, then by vendor, the one
// with most entries first.
func CountExploited(covers []ExploitedCover) (total ExploitedCount, vendors []ExploitedCount) {
	by := map[string]*ExploitedCount{}
	for _, c := range covers {
		v := by[c.Vendor]
		if v == nil {
			v = &ExploitedCount{Vendor: c.Vendor}
			by[c.Vendor] = v
		}
		v.add(c)
		total.add(c)
	}
	for _, v := range by {
		vendors = append(vendors, *v)
	}
	slices.SortFunc(vendors, func(a, b ExploitedCount) int {
		return cmp.Or(cmp.Compare(b.Entries, a.Entries), cmp.Compare(a.Vendor, b.Vendor))
	})
	return total, vendors
}

func (n *ExploitedCount) add(c ExploitedCover) {
	one := func(counter *int, counts bool) {
		if counts {
			*counter++
		}
	}
	one(&n.Entries, true)
	one(&n.Any, c.Any())
	one(&n.Version, c.Version)
	one(&n.Package, c.Package)
	one(&n.Active, c.Active)
}

// maxCatalogue bounds a catalogue file; today's has 2 MB.
const maxCatalogue = 64 << 20

// ReadExploited reads the catalogue as CISA publishes it in JSON. Entries without
// a CVE id are left out.
func ReadExploited(r io.Reader) ([]ExploitedEntry, error) {
	var list struct {
		Vulnerabilities []struct {
			CVE     string `json:"cveID"`
			Vendor  string `json:"vendorProject"`
			Product string `json:"product"`
		}
	}
	if err := json.NewDecoder(io.LimitReader(r, maxCatalogue)).Decode(&list); err != nil {
		return nil, harrier.Errorf(harrier.Invalid, "this is no catalogue of exploited vulnerabilities").Because(err)
	}
	entries := map[string]ExploitedEntry{}
	for _, v := range list.Vulnerabilities {
		if cve := strings.ToUpper(v.CVE); harrier.IsCVE(cve) {
			entries[cve] = ExploitedEntry{CVE: cve, Vendor: strings.TrimSpace(v.Vendor), Product: strings.TrimSpace(v.Product)}
		}
	}
	return sortedEntries(entries), nil
}

// BuiltinExploited returns the catalogue as it is in the content of this build.
func BuiltinExploited() ([]ExploitedEntry, error) {
	entries := map[string]ExploitedEntry{}
	err := builtin.Entries(func(e *builtin.Entry) error {
		if e.KEV != nil {
			entries[e.CVE] = ExploitedEntry{CVE: e.CVE, Vendor: e.KEV.Vendor, Product: e.KEV.Product}
		}
		return nil
	})
	return sortedEntries(entries), err
}

func sortedEntries(entries map[string]ExploitedEntry) []ExploitedEntry {
	return slices.SortedFunc(maps.Values(entries), func(a, b ExploitedEntry) int { return cmp.Compare(a.CVE, b.CVE) })
}

// RecorderIn tells what the content in force in a data folder says, verified; what
// is built into the program where there is none. Close gives the content back.
func RecorderIn(data string) (records Recorder, closed func() error, err error) {
	k := newKnowledge()
	if err := k.install(data); err != nil {
		return nil, nil, err
	}
	return k, k.Close, nil
}
