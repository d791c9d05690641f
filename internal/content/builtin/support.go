package builtin

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/product"
)

// Cycle is a line of releases whose support has an end. Its text is the
// product's slug, the numbers with which its versions start, and the last day:
// "nginx	1.26	2025-04-23".
type Cycle struct {
	Product string
	Name    string // "1.26"
	End     string // "2025-04-23"
}

// Cycles returns the support cycles of products, by product and name.
func Cycles() ([]Cycle, error) {
	var out []Cycle
	err := eachLine("facts/eol.txt", func(line string) error {
		fields := strings.Split(line, "\t")
		if len(fields) != 3 || !day(fields[2]) || next(fields[1]) == "" {
			return fmt.Errorf("%q is no cycle", line)
		}
		out = append(out, Cycle{fields[0], fields[1], fields[2]})
		return nil
	})
	return out, err
}

// supportRecords gives one record per product.
func supportRecords(emit func(*harrier.Record) error) error {
	cycles, err := Cycles()
	if err != nil {
		return err
	}
	for len(cycles) > 0 {
		n := slices.IndexFunc(cycles, func(c Cycle) bool { return c.Product != cycles[0].Product })
		if n < 0 {
			n = len(cycles)
		}
		if p := product.BySlug(cycles[0].Product); p != nil { // a test wants it
			if err := emit(supportRecord(p, cycles[:n])); err != nil {
				return err
			}
		}
		cycles = cycles[n:]
	}
	return nil
}

func supportRecord(p *product.Product, cycles []Cycle) *harrier.Record {
	r := &harrier.Record{
		Source: Source, ID: "EOL-" + p.Slug(),
		Title:      p.Name + ": version without support",
		Summary:    "The maker does not mend faults of this version any more.",
		Details:    fmt.Sprintf("The maker of %s has ended the support of this line of releases. Vulnerabilities that are found from now on stay in it.", p.Name),
		Solution:   fmt.Sprintf("Update %s to a version that is supported.", p.Name),
		References: []harrier.Reference{{URL: p.Home}},
		CWEs:       []int{1104},
	}
	for _, c := range cycles {
		end, _ := time.Parse(time.DateOnly, c.End) // Cycles looked at it
		r.Affected = append(r.Affected, harrier.Affected{
			CPE: CPE(p), Status: harrier.StatusEndOfSupport, Scheme: p.Scheme, Since: end,
			Ranges: []harrier.Range{{From: c.Name, Before: next(c.Name)}},
		})
	}
	return r
}

// next is the cycle behind one of dotted numbers: "1.27" of "1.26"; "" for
// anything else.
func next(cycle string) string {
	i := strings.LastIndexByte(cycle, '.') + 1
	for _, number := range strings.Split(cycle, ".") {
		if number == "" || len(number) > 6 || strings.Trim(number, "0123456789") != "" {
			return ""
		}
	}
	n, err := strconv.Atoi(cycle[i:])
	if err != nil {
		return ""
	}
	return cycle[:i] + strconv.Itoa(n+1)
}

// keys collects the keys of all statements.
func keys() []string {
	var out []string
	add := func(slug string) {
		if p := product.BySlug(slug); p != nil {
			out = append(out, keyOf(p))
		}
	}
	for slug := range Ranges() {
		add(slug)
	}
	cycles, _ := Cycles() // a test reads the same
	for _, c := range cycles {
		add(c.Product)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
