package main

import (
	"errors"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/harrier-scan/harrier/internal/console"
)

// feedCoverageCommand tells how much of CISA's catalogue of exploited
// vulnerabilities Harrier finds by the content in force in the data folder, or by
// what is built in where there is none.
type feedCoverageCommand struct {
	KEV     string `name:"kev" placeholder:"FILE" help:"Catalogue of CISA in JSON; without it the one in the content of this build."`
	Missing bool   `help:"List the entries that nothing finds."`
	Vendors int    `default:"40" help:"Vendors in the table; 0 for all."`
	dataFlag
}

// Run prints the table.
func (c feedCoverageCommand) Run(s streams) error {
	entries, err := c.entries()
	if err != nil {
		return err
	}
	records, closed, err := console.RecorderIn(c.Data)
	if err != nil {
		return err
	}
	covers, err := console.CoverExploited(entries, records)
	if err := errors.Join(err, closed()); err != nil {
		return err
	}
	if c.Missing {
		for _, e := range covers {
			if !e.Any() {
				if _, err := fmt.Fprintf(s.out, "%s  %s %s\n", e.CVE, e.Vendor, e.Product); err != nil {
					return err
				}
			}
		}
		return nil
	}
	total, vendors := console.CountExploited(covers)
	rest := console.ExploitedCount{}
	if n := c.Vendors; n > 0 && len(vendors) > n {
		for _, v := range vendors[n:] {
			rest.Entries += v.Entries
			rest.Any += v.Any
			rest.Version += v.Version
			rest.Package += v.Package
			rest.Active += v.Active
		}
		rest.Vendor = fmt.Sprintf("%d others", len(vendors)-n)
		vendors = append(vendors[:n:n], rest)
	}
	total.Vendor = "all"
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(w, "entries\tany check\tversion\tpackage\tactive\t  vendor") // Flush tells of a failure
	for _, v := range append([]console.ExploitedCount{total}, vendors...) {
		_, _ = fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%d\t  %s\n", v.Entries, v.Any, v.Version, v.Package, v.Active, v.Vendor)
	}
	return w.Flush()
}

// entries reads the catalogue that is asked for.
func (c feedCoverageCommand) entries() ([]console.ExploitedEntry, error) {
	if c.KEV == "" {
		return console.BuiltinExploited()
	}
	f, err := os.Open(c.KEV)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return console.ReadExploited(f)
}
