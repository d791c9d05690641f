// Package builtin is the content that every Harrier has: facts about
// vulnerabilities of widespread servers (ids, affected versions, scores, dates),
// with names and sentences of our own. A fresh installation without internet
// knows this much; content from feeds takes its place.
//
// The facts are text in facts/, one file per year of CVE ids, written by
// internal/tools/builtin from published sets. own/ is written by hand: what some
// vulnerabilities are, in words, and what the sets do not tell.
//
// Source of the facts: the makers' advisories, the CVE list with what CISA adds
// to it, Bitnami's database, CISA's catalogue of exploited vulnerabilities,
// endoflife.date. No sentence of theirs is here.
package builtin

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/product"
)

//go:generate go run ../../tools/builtin -data ../../../../shared/data -o facts

// Source is the Source of its records.
const Source = "harrier"

// Class is where its records stand among sources: behind all others.
const Class = feed.Overrides

//go:embed facts/*.txt own/*.txt
var text embed.FS

// Entries calls use for every entry of the facts, by year and number. It ends
// with the first error, of use or of a line that is none.
func Entries(use func(*Entry) error) error {
	files, err := fs.Glob(text, "facts/[0-9]*.txt")
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := eachLine(file, func(line string) error {
			e, err := ParseEntry(line)
			if err != nil {
				return err
			}
			return use(&e)
		}); err != nil {
			return err
		}
	}
	return nil
}

// eachLine calls use for each line of a file that is neither empty nor a
// comment.
func eachLine(file string, use func(line string) error) error {
	content, err := text.ReadFile(file)
	if err != nil {
		return err
	}
	n := 0
	for line := range strings.Lines(string(content)) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if err := use(line); err != nil {
			return fmt.Errorf("%s:%d: %w", file, n, err)
		}
	}
	return nil
}

// Records calls emit for every record, those of vulnerabilities by year and
// number, then those of support. Emit may keep them. It ends with emit's error.
func Records(emit func(*harrier.Record) error) error {
	words, err := ownWords()
	if err != nil {
		return err
	}
	if err := Entries(func(e *Entry) error { return emit(e.record(words)) }); err != nil {
		return err
	}
	return supportRecords(emit)
}

// Keys returns the keys of all statements of the records (harrier.CPEKey), each
// once and sorted. It reads the facts once.
var Keys = sync.OnceValue(keys)

// Ranges returns how many vulnerabilities have statements about a product, by
// its slug.
var Ranges = sync.OnceValue(func() map[string]int {
	count := map[string]int{}
	_ = Entries(func(e *Entry) error { // a test reads the same entries
		for _, c := range e.Claims {
			count[c.Product]++
		}
		return nil
	})
	return count
})

// record is e as other packages know records.
func (e *Entry) record(words map[string]ownText) *harrier.Record {
	r := &harrier.Record{Source: Source, ID: e.CVE, CVEs: []string{e.CVE}, CWEs: e.CWEs}
	r.Published, _ = time.Parse(time.DateOnly, e.Published) // ParseEntry looked at it; zero when it is not known
	for _, v := range e.Vectors {
		r.Scores = append(r.Scores, harrier.Score{Version: versionOf(v), Vector: v, Primary: len(r.Scores) == 0})
	}
	if k := e.KEV; k != nil {
		r.KEV = &harrier.KEV{Ransomware: k.Ransomware, Vendor: k.Vendor, Product: k.Product}
		r.KEV.Added, _ = time.Parse(time.DateOnly, k.Added) // likewise
		r.KEV.Due, _ = time.Parse(time.DateOnly, k.Due)
	}
	for _, x := range e.Exploits {
		r.Exploits = append(r.Exploits, exploit(x))
	}
	r.References = []harrier.Reference{{URL: "https://nvd.nist.gov/vuln/detail/" + e.CVE}}
	var products []*product.Product
	for i := range e.Claims {
		c := &e.Claims[i]
		p := product.BySlug(c.Product)
		if p == nil {
			continue // a test wants every product to be registered
		}
		products = append(products, p)
		r.Affected = append(r.Affected, harrier.Affected{
			CPE: CPE(p), Status: harrier.StatusAffected, Ranges: c.Ranges, Versions: c.Versions, Scheme: p.Scheme,
		})
		if len(products) == 1 {
			r.References = append(r.References, harrier.Reference{URL: p.Home, Tags: []string{"vendor-advisory"}})
		}
	}
	e.describe(r, products, words)
	return r
}

// CPE is the formatted string under which statements about p stand.
func CPE(p *product.Product) string { return "cpe:2.3:" + p.CPEs[0] + ":*:*:*:*:*:*:*:*" }

// versionOf is the version of CVSS that a vector has.
func versionOf(vector string) string {
	version, _, _ := strings.Cut(strings.TrimPrefix(vector, "CVSS:"), "/")
	return version
}

// exploit reads an exploit of an entry.
func exploit(s string) harrier.Exploit {
	if path, ok := strings.CutPrefix(s, "m:"); ok {
		return harrier.Exploit{
			Source: "metasploit", ID: path,
			URL: "https://github.com/rapid7/metasploit-framework/blob/master/modules/" + path + ".rb",
		}
	}
	number := strings.TrimPrefix(s, "e:")
	return harrier.Exploit{Source: "exploitdb", ID: number, URL: "https://www.exploit-db.com/exploits/" + number}
}
