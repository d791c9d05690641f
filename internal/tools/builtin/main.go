// Command builtin writes the facts of internal/content/builtin from published
// sets: Bitnami's database, the CVE list with what CISA adds to it, corrections
// of NVD, CISA's catalogue, lists of exploits, endoflife.date. It takes ids,
// version ranges, vectors, numbers and dates of products that
// internal/product knows; it takes no sentence.
//
// Where several sets tell the versions of a product, the first in this order
// decides: what was written by hand, Bitnami, the CVE record, CISA's addition,
// the corrections. The same input gives the same output.
//
//	go generate ./internal/content/builtin
package main

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier/internal/content/builtin"
)

func main() {
	data := flag.String("data", filepath.Join("..", "shared", "data"), "folder with the packed sets")
	out := flag.String("o", filepath.Join("internal", "content", "builtin", "facts"), "folder to write to")
	flag.Parse()
	if err := run(*data, *out); err != nil {
		fmt.Fprintln(os.Stderr, "builtin:", err)
		os.Exit(1)
	}
}

func run(data, out string) error {
	files, err := generate(data)
	if err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(out, "*.txt"))
	if err != nil {
		return err
	}
	for _, f := range old {
		if err := os.Remove(f); err != nil {
			return err
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(out, name), []byte(text), 0o644); err != nil { //nolint:gosec // part of the sources
			return err
		}
	}
	return nil
}

// generate returns the files of the facts by name.
func generate(data string) (map[string]string, error) {
	c := collection{entries: map[string]*draft{}}
	own, err := builtin.OwnEntries()
	if err != nil {
		return nil, err
	}
	for i := range own {
		c.own(&own[i])
	}
	for _, set := range []struct {
		file string
		read func(name string, text []byte) error
	}{
		{"bitnami.tar.gz", c.bitnami},
		{"vulnrichment.tar.gz", c.record},
		{"nvd-overrides.tar.gz", c.override},
		{"kev.tar.gz", c.catalogue},
		{"msf.tar.gz", c.modules},
		{"nuclei-templates.tar.gz", c.template},
		{"eol.tar.gz", c.support},
	} {
		if err := each(filepath.Join(data, set.file), set.read); err != nil {
			return nil, fmt.Errorf("%s: %w", set.file, err)
		}
	}
	return c.files(), nil
}

// rank orders who tells versions; the lowest is believed.
type rank int

const (
	byHand rank = iota
	byBitnami
	byRecord
	byEnrichment
	byOverride
)

// draft is an entry while it is put together.
type draft struct {
	builtin.Entry
	claims  map[string]*ranked // by product
	vectors map[string]rank    // from whom
}

type ranked struct {
	builtin.Claim
	by rank
}

type collection struct {
	entries map[string]*draft
	cycles  []builtin.Cycle
}

// entry returns the draft of a CVE, which need not come to anything.
func (c *collection) entry(cve string) *draft {
	d := c.entries[cve]
	if d == nil {
		d = &draft{claims: map[string]*ranked{}, vectors: map[string]rank{}}
		d.CVE = cve
		c.entries[cve] = d
	}
	return d
}

// claim notes what one set says about a product's versions; what a better one
// said stays.
func (d *draft) claim(by rank, claim builtin.Claim) {
	if len(claim.Ranges)+len(claim.Versions) == 0 {
		return
	}
	before := d.claims[claim.Product]
	switch {
	case before == nil || by < before.by:
		d.claims[claim.Product] = &ranked{Claim: claim, by: by}
	case by == before.by:
		before.Add(claim)
	}
}

// vector notes a CVSS vector, of which the best of each version will stay.
func (d *draft) vector(by rank, v string) {
	v = strings.TrimRight(strings.TrimSpace(v), "/")
	if !vectorPattern.MatchString(v) {
		return
	}
	if before, ok := d.vectors[v]; !ok || by < before {
		d.vectors[v] = by
	}
}

func (d *draft) cwe(id string) {
	n, err := strconv.Atoi(strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(id)), "CWE-"))
	if err == nil && n > 0 && n < 2000 && !slices.Contains(d.CWEs, n) {
		d.CWEs = append(d.CWEs, n)
	}
}

// published notes the earliest day that a set names.
func (d *draft) published(instant string) {
	if len(instant) >= 10 && dayPattern.MatchString(instant[:10]) && (d.Published == "" || instant[:10] < d.Published) {
		d.Published = instant[:10]
	}
}

// files writes the drafts that tell something: by which products are affected,
// or that somebody exploits it.
func (c *collection) files() map[string]string {
	years := map[string][]string{}
	for _, id := range slices.SortedFunc(maps.Keys(c.entries), compareIDs) {
		d := c.entries[id]
		if len(d.claims) == 0 && d.KEV == nil {
			continue
		}
		d.finish()
		year := id[4:8]
		years[year] = append(years[year], d.String())
	}
	files := map[string]string{"eol.txt": c.cycleText()}
	for year, lines := range years {
		files[year+".txt"] = header + strings.Join(lines, "\n") + "\n"
	}
	return files
}

const header = "# Written by internal/tools/builtin. See Entry for the fields.\n"

func (c *collection) cycleText() string {
	var lines []string
	for _, y := range c.cycles {
		lines = append(lines, y.Product+"\t"+y.Name+"\t"+y.End+"\n")
	}
	slices.Sort(lines)
	return header + strings.Join(slices.Compact(lines), "")
}

// finish puts everything of d in order.
func (d *draft) finish() {
	d.Vectors = nil
	best := map[string]string{} // by version of CVSS
	for _, v := range slices.Sorted(maps.Keys(d.vectors)) {
		version := v[:strings.IndexByte(v, '/')]
		if b, ok := best[version]; !ok || d.vectors[v] < d.vectors[b] {
			best[version] = v
		}
	}
	if best["CVSS:3.1"] != "" {
		delete(best, "CVSS:3.0")
	}
	d.Vectors = slices.Sorted(maps.Values(best))
	slices.Sort(d.CWEs)
	slices.Sort(d.Exploits)
	d.Exploits = slices.Compact(d.Exploits)
	d.Claims = nil
	for _, name := range slices.Sorted(maps.Keys(d.claims)) {
		claim := d.claims[name].Claim
		slices.SortStableFunc(claim.Ranges, compareRanges)
		slices.Sort(claim.Versions)
		d.Claims = append(d.Claims, claim)
	}
	// What was written by hand leads, since it names the vulnerability.
	slices.SortStableFunc(d.Claims, func(a, b builtin.Claim) int {
		return cmp.Compare(min(d.claims[a.Product].by, byBitnami), min(d.claims[b.Product].by, byBitnami))
	})
}
