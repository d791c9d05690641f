package match

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
)

// fake is Knowledge over a few records.
type fake struct {
	records []harrier.Record
	version string
	broken  bool // Statements fails
	asked   atomic.Int64
	index   map[string][]harrier.Statement
}

// know returns Knowledge of records.
func know(records ...harrier.Record) *fake {
	k := &fake{records: records, version: "1", index: map[string][]harrier.Statement{}}
	for _, r := range records {
		for _, a := range r.Affected {
			key := keyOf(a)
			for _, name := range namesOf(r) {
				k.index[key] = append(k.index[key], harrier.Statement{
					Vulnerability: harrier.ContentNumber(name), Name: name, Source: r.Source, Record: r.ID, Affected: a,
				})
			}
		}
	}
	for _, list := range k.index {
		slices.SortStableFunc(list, func(a, b harrier.Statement) int {
			return cmp.Or(cmp.Compare(a.Vulnerability, b.Vulnerability), cmp.Compare(a.Source, b.Source))
		})
	}
	return k
}

func keyOf(a harrier.Affected) string {
	switch {
	case a.Package.Name != "":
		return harrier.PackageKey(a.Package)
	case a.CPE != "":
		raw, _ := cpeKey(a.CPE)
		p := strings.SplitN(raw, ":", 3)
		return harrier.CPEKey(p[0], p[1], p[2])
	}
	return harrier.MakerKey(a.Maker)
}

func namesOf(r harrier.Record) []string {
	if len(r.CVEs) > 0 {
		return r.CVEs
	}
	return []string{r.ID}
}

func (k *fake) Statements(key string) ([]harrier.Statement, error) {
	k.asked.Add(1)
	if k.broken {
		return nil, errors.New("disk gone")
	}
	return k.index[key], nil
}

func (k *fake) Vulnerability(id harrier.VulnID) (harrier.Vulnerability, bool, error) {
	for _, r := range k.records {
		for _, name := range namesOf(r) {
			if harrier.ContentNumber(name) == id {
				return harrier.Vulnerability{ID: id, CVEs: r.CVEs, Name: name, Withdrawn: r.Withdrawn}, true, nil
			}
		}
	}
	return harrier.Vulnerability{}, false, nil
}

func (k *fake) Number(name string) (harrier.VulnID, bool, error) {
	return harrier.ContentNumber(name), true, nil
}

func (k *fake) Records(id harrier.VulnID) ([]harrier.Record, error) {
	var out []harrier.Record
	for _, r := range k.records {
		if slices.ContainsFunc(namesOf(r), func(n string) bool { return harrier.ContentNumber(n) == id }) {
			out = append(out, r)
		}
	}
	return out, nil
}

func (k *fake) Class(source string) feed.Class {
	switch source {
	case "debian", "ubuntu", "redhat", "alma":
		return feed.Distribution
	case "cisco":
		return feed.Vendor
	case "bitnami", "osv", "retire":
		return feed.Ecosystem
	case "cvelist":
		return feed.CNA
	case "vulnrichment":
		return feed.Enriched
	case "nvd":
		return feed.NVD
	case "overrides", "eol":
		return feed.Overrides
	}
	return feed.Facts
}

func (k *fake) Version() string { return k.version }

// Words for records in tests.

func says(source, cve string, list ...harrier.Affected) harrier.Record {
	return harrier.Record{Source: source, ID: cve, CVEs: []string{cve}, Affected: list}
}

// debFix is a package that a version mends.
func debFix(ecosystem, name, fixed string) harrier.Affected {
	return harrier.Affected{
		Package: harrier.Package{Ecosystem: ecosystem, Name: name}, Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected,
		Ranges: []harrier.Range{{Before: fixed}}, Fixed: fixed,
	}
}

// always is a package of which every version has a status.
func always(ecosystem, name string, s harrier.Status) harrier.Affected {
	return harrier.Affected{Package: harrier.Package{Ecosystem: ecosystem, Name: name}, Status: s}
}

// cpeRange is a product of which versions in ranges are affected.
func cpeRange(name string, ranges ...harrier.Range) harrier.Affected {
	return harrier.Affected{CPE: "cpe:2.3:" + name + ":*:*:*:*:*:*:*:*", Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected, Ranges: ranges}
}
