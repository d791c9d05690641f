// Package format holds what all output shapes share: the rows that they are
// made of and how a shape is described. Each shape is a folder below.
//
// Formats stream: they take one host at a time from an iterator and write it
// before they ask for the next, so that memory does not grow with the scan.
package format

import (
	"context"
	"io"
	"iter"
	"time"

	"github.com/harrier-scan/harrier"
)

// Host is one host of a scan with what was found on it.
type Host struct {
	harrier.ScanHost
	Results []Result
	// Services are those of the host, in the order of their endpoints, where
	// the caller has them. Nil: see OpenServices.
	Services []harrier.Service
	// Looked says what was looked at on the host, where the caller knows.
	Looked *harrier.Coverage
	// Importance is that of the asset in percent; 0 where it is not known.
	Importance int
	// OpenFiltered are UDP ports of which it is not known whether they are open or
	// filtered, where the caller has them.
	OpenFiltered []harrier.PortRange
	// Absent is what checks looked for and did not find, where it was asked for.
	Absent []Absent
}

// Absent is what a check looked for at a place and did not find. An Endpoint
// with no protocol stands for the whole host.
type Absent struct {
	Vulnerability harrier.VulnID
	harrier.Endpoint
}

// Result is an observation with the severity at which it shows, after the
// exceptions.
type Result struct {
	harrier.Observation
	Severity harrier.Severity
	// Since is when it was first seen on the asset; zero where that is not known.
	Since time.Time
}

// Moment is how many findings were open at an instant.
type Moment struct {
	At     time.Time
	Counts harrier.Counts
}

// Scan is what a format is told of the scan as a whole. The zero value of each
// field but Scan is allowed: what it would have told is left out.
type Scan struct {
	Scan   harrier.Scan
	Site   harrier.Site
	Policy harrier.Policy
	// Vulnerability looks a definition up; nil knows none.
	Vulnerability func(harrier.VulnID) (harrier.Vulnerability, bool)
	// Families lists the plugin families; nil has none.
	Families func() []harrier.Family
	Version  string            // of Harrier, "0.3.0"
	Options  map[string]string // of the format, by its own names
	Without  []string          // chapters that whoever gets the document may not have
	Coverage harrier.Totals
	Dead     []harrier.Span // targets that did not answer

	// Scans are those that the results come from, where there is not one alone, in
	// Scan.
	Scans []harrier.Scan

	// Title is the name of a document; "" is the name of the scan.
	Title string
	// About says in words what is in a document, each with its value: "Site",
	// "lab". Nil: the scan says it.
	About [][2]string
	Made  time.Time // when the document is made; zero is left out
	Trend []Moment  // oldest first
}

// Format is one output shape.
type Format struct {
	Name      string // "nessus", "csv": how a request names it
	Title     string // for people: "Nessus v2 XML"
	Extension string // of files, without the dot
	MIME      string
	// Twice tells that Write ranges over the hosts more than once, so that they
	// must come again, and the same.
	Twice bool
	// Write writes the document of one scan. Hosts come in the order in which
	// they are to stand; an error that they yield ends the document, which is
	// then incomplete, and is returned.
	Write func(ctx context.Context, w io.Writer, s Scan, hosts iter.Seq2[Host, error]) error
}

// Lookup returns the definition of id. For one that is not known it returns a
// placeholder that says so, so that a result is never lost with its definition.
func (s Scan) Lookup(id harrier.VulnID) harrier.Vulnerability {
	if s.Vulnerability != nil {
		if v, ok := s.Vulnerability(id); ok {
			return v
		}
	}
	return unknownVulnerability(id)
}

// Option returns an option, or otherwise when it is not given.
func (s Scan) Option(name, otherwise string) string {
	if v, ok := s.Options[name]; ok {
		return v
	}
	return otherwise
}
