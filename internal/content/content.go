// Package content is the knowledge base: what every source says about
// vulnerabilities (records), what follows from it (one definition per
// vulnerability), and which things the sources speak of (statements by key).
//
// A Builder takes records and writes one SQLite file; a Base reads it. A file
// never changes once it is written: Update makes a new one, so that whoever
// reads the old one goes on undisturbed.
//
// # Which vulnerability a record speaks of
//
// A record belongs to each CVE id that it names, in CVEs, as an alias or as its
// ID. One that names none joins the CVEs of other records that bear its ID or
// one of its aliases; where there are none, or more than 64, it is a
// vulnerability of its own, named by its GHSA id if it has one (so that records
// of several databases about one advisory meet), else by its ID.
//
// What follows depends on the set of records alone, not on the order in which
// they came, with one exception: of two names without a CVE id that fall on the
// same number the one that had it first keeps it.
package content

import (
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
)

// Info says what a base holds and since when.
type Info struct {
	// Version names the content; it changes with every change. When it is "" the
	// Builder makes it from the records: "content-" and twelve hexadecimal digits.
	Version string
	Created time.Time // when the base was written; zero for now
	Sources []Source  // by name
}

// Source is a feed whose records are in a base.
type Source struct {
	Name      string // as in Record.Source
	Title     string
	Publisher string
	Home      string
	Licence   string // SPDX expression, or the name of the terms
	Notice    string // a text that the licence wants shown; "" for none
	Class     feed.Class
	Fetched   time.Time // when its files were fetched
	Records   int       // counted by the Builder
	Bad       int       // records and assessments that could not be used
}

// Light is a line of a list of vulnerabilities.
type Light = harrier.Light

// Options are how a base is built. The zero value is ready to use.
type Options struct {
	// Family names the plugin family of a product by "part:vendor:product" of its
	// CPE, "" when it is not known; nil asks internal/product.
	Family func(cpe string) string
	// Number returns the number that a name without a CVE id had in earlier
	// content, so that it keeps it; nil when there was none.
	Number func(name string) (harrier.VulnID, bool)
}

// Bounds of what a record may bring; what is beyond them is cut, or the record
// is bad where nothing sensible would be left.
const (
	maxName      = 256      // bytes of an ID, an alias, a CVE id
	maxNames     = 4096     // CVE ids and aliases of a record, each
	maxAffected  = 50_000   // statements of a record
	maxKey       = 1024     // bytes of the key of a statement
	maxEncoded   = 16 << 20 // bytes of a record
	maxJoined    = 64       // CVEs that a record without one may join through its names
	maxText      = 64 << 10 // bytes of one of a definition's texts
	maxTitle     = 300      // bytes of its name
	maxRefs      = 64       // of its references
	maxListed    = 256      // of its aliases and exploits
	maxSolutions = 64
	maxCPEs      = 32
)
