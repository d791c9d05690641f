// Package feed reads what publishers say about vulnerabilities. Each publisher's
// format is a folder below, a pure function from one file to records; where
// files come from, how they are unpacked and what becomes of the records is not
// its business.
package feed

import (
	"fmt"
	"io"
	"time"

	"github.com/harrier-scan/harrier"
)

// Format is one publisher's way to say what it knows.
type Format struct {
	Name      string // "nvd": the Source of its records, a folder's name
	Title     string // "National Vulnerability Database"
	Publisher string // "NIST"
	Home      string // where people read about it
	Licence   string // SPDX expression, or the name of the terms
	Notice    string // a text that the licence wants shown; "" for none
	Class     Class

	// Remotes are the files that it is published as at a time; nil when it is
	// only read from files.
	Remotes func(now time.Time) []Remote
	// Wants reports whether a file is one of its own, by the name within its
	// archive ("data/osv/GO-2024-2687.json"). Others are skipped without a word.
	Wants func(name string) bool
	// Read turns one unpacked file into records. An error is about the whole
	// file: what was put before it stays. Something wrong with one record goes to
	// Sink.Bad instead, and reading goes on. It keeps no more than one record in
	// memory where the file is larger than a few megabytes.
	Read func(name string, r io.Reader, to Sink) error
}

// Remote is a file to fetch.
type Remote struct {
	Name string // under which it is kept, unique in its Format: "nvdcve-2.0-2024.json.gz"
	URL  string
	// SHA256 is what the file has to have, hexadecimal; "" when nobody says so.
	SHA256 string
	// Next returns the address of the page behind one that was fetched, "" after
	// the last. Nil: there is one page.
	Next func(page io.Reader, url string) (string, error)
	// Hops is how many pages only tell where the next one is: they are read by Next
	// and not kept. The file is the page behind them.
	Hops int
	// Header is sent along, to the host of URL alone; its values, such as keys, are
	// in no log, error or file.
	Header map[string]string
	// Pause is the least time between two requests to the same host.
	Pause time.Duration
	// Every is how long what was fetched is good enough, because what changed
	// meanwhile is in other files of the Format; 0: ask each time.
	Every time.Duration
	// Optional files may be missing: a 404 is no fault.
	Optional bool
}

// Class orders sources by how near they are to what runs: the first that knows
// about a thing decides.
type Class uint8

// The classes, the one that is believed first in front.
const (
	Distribution Class = iota // who built the package: Debian, Red Hat, Alpine
	Vendor                    // the maker's own CSAF, VEX or CVRF
	Ecosystem                 // OSV: who looks after a kind of package
	CNA                       // the ranges in a CVE record
	Enriched                  // CPEs that CISA added to it
	NVD                       // NVD's configurations
	Overrides                 // what others added to NVD's
	Facts                     // says nothing about versions: EPSS, KEV, exploits
)

// String returns "distribution", "vendor", "ecosystem", "cna", "enriched",
// "nvd", "overrides" or "facts".
func (c Class) String() string {
	return [...]string{"distribution", "vendor", "ecosystem", "cna", "enriched", "nvd", "overrides", "facts"}[min(c, Facts)]
}

// Sink takes what a Format reads.
type Sink interface {
	// Put takes a record. An error ends the reading and is to be returned as it
	// is: there is no place for records any more.
	Put(r *harrier.Record) error
	// Bad notes a record that could not be read, with its name as far as known.
	Bad(id string, err error)
}

// Collect is a Sink that keeps everything, for tests and small files.
type Collect struct {
	Records []harrier.Record
	Faults  []string // "ID: what"
}

// Put keeps a copy of r.
func (c *Collect) Put(r *harrier.Record) error {
	c.Records = append(c.Records, *r)
	return nil
}

// Bad keeps the fault.
func (c *Collect) Bad(id string, err error) {
	c.Faults = append(c.Faults, fmt.Sprintf("%s: %v", id, err))
}
