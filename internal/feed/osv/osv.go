// Package osv reads records in the Open Source Vulnerability format, as they
// are kept by osv.dev for every ecosystem and by several publishers in
// repositories of their own: one JSON file per record.
//
// Source: the OSV schema, version 1.7, https://ossf.github.io/osv-schema/.
package osv

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

// Bounds of one record. The longest that is published is a kernel's, of about
// three megabytes.
const (
	mostBytes    = 32 << 20
	mostAffected = 20_000
	mostVersions = 20_000
	mostEvents   = 2_000
	mostCPEs     = 1_000
)

// record is a record as it is published.
type record struct {
	ID         wire.String  `json:"id"`
	Published  wire.String  `json:"published"`
	Modified   wire.String  `json:"modified"`
	Withdrawn  wire.String  `json:"withdrawn"`
	Aliases    wire.Strings `json:"aliases"`
	Related    wire.Strings `json:"related"`
	Upstream   wire.Strings `json:"upstream"`
	Summary    wire.String  `json:"summary"`
	Details    wire.String  `json:"details"`
	Severity   []severity   `json:"severity"`
	Affected   []affected   `json:"affected"`
	References []struct {
		Type wire.String `json:"type"`
		URL  wire.String `json:"url"`
	} `json:"references"`
	Specific specific `json:"database_specific"`
}

type affected struct {
	Package struct {
		Ecosystem wire.String `json:"ecosystem"`
		Name      wire.String `json:"name"`
	} `json:"package"`
	Severity []severity   `json:"severity"`
	Ranges   []ranges     `json:"ranges"`
	Versions wire.Strings `json:"versions"`
	Specific specific     `json:"ecosystem_specific"`
}

type ranges struct {
	Type   wire.String `json:"type"`
	Events []event     `json:"events"`
}

// event is one end of a range; one of its fields is set.
type event struct {
	Introduced   wire.String `json:"introduced"`
	Fixed        wire.String `json:"fixed"`
	LastAffected wire.String `json:"last_affected"`
	Limit        wire.String `json:"limit"`
}

// read reads a file of one record, or of an array of them.
func read(d database, name string, r io.Reader, to feed.Sink) error {
	file := bufio.NewReader(r)
	in := wire.NewJSON(file, mostBytes)
	one := func() error {
		var rec record
		return in.Each(&rec, func(fault error) error {
			if fault != nil {
				to.Bad(cmp.Or(string(rec.ID), path.Base(name)), fault)
				return nil
			}
			return put(d, name, &rec, to)
		})
	}
	if first, _ := file.Peek(1); len(first) == 1 && first[0] == '[' {
		return in.Array(func() error { return one() })
	}
	return one()
}

var errNoID = errors.New("a record without an id")

// put turns one record into Harrier's words.
func put(d database, name string, rec *record, to feed.Sink) error {
	id := strings.TrimSpace(string(rec.ID))
	if id == "" || len(id) > 100 || strings.ContainsAny(id, "\x00\n") {
		to.Bad(path.Base(name), errNoID)
		return nil
	}
	out := harrier.Record{
		Source: d.name, ID: id,
		Title:     wire.Line(string(rec.Summary)),
		Details:   wire.Text(string(rec.Details)),
		Published: wire.Time(string(rec.Published)),
		Modified:  wire.Time(string(rec.Modified)),
		Withdrawn: wire.Time(string(rec.Withdrawn)),
	}
	out.CVEs, out.Aliases = names(d, rec)
	if len(out.CVEs) == 0 && d.class == feed.Distribution && !ofSecurity(id) {
		return nil // an update that mends nothing that is a weakness
	}
	out.Severity, out.Scores = severities(rec)
	out.CWEs = rec.Specific.cwes()
	out.References = links(rec)
	if out.Withdrawn.IsZero() {
		out.Affected = statements(d, rec)
	}
	return to.Put(&out)
}

// ofSecurity reports whether an advisory is one of security, by its name. Those
// who rebuild Red Hat's packages name advisories of mended faults "BA" and of new
// features "EA", as in "ALBA-2021:1099".
func ofSecurity(id string) bool {
	for _, maker := range []string{"AL", "RH", "RL", "RX"} {
		if rest, ok := strings.CutPrefix(id, maker); ok && (strings.HasPrefix(rest, "BA-") || strings.HasPrefix(rest, "EA-")) {
			return false
		}
	}
	return true
}

// names returns the CVE ids and the other names of a record. What a record calls
// upstream it is about, but may not be all of. Distributions name the CVEs that an
// advisory mends as related ones; what other publishers call related is another
// weakness.
func names(d database, rec *record) (cves, aliases []string) {
	var c, a wire.Names
	add := func(s string, alias bool) {
		if cve := wire.CVEOf(s); cve != "" {
			c.Add(cve)
		} else if alias {
			a.Add(strings.TrimSpace(s))
		}
	}
	add(string(rec.ID), false)
	for _, s := range rec.Aliases {
		add(s, true)
	}
	for _, s := range rec.Upstream {
		add(s, false)
	}
	if d.class == feed.Distribution {
		for _, s := range rec.Related {
			add(s, false)
		}
	}
	return c.List, a.List
}

// tags are what kinds of references are called.
var tags = map[string]string{
	"FIX": "patch", "EVIDENCE": "exploit", "ADVISORY": "vendor-advisory", "REPORT": "issue-tracking",
	"ARTICLE": "technical-description", "DETECTION": "detection", "INTRODUCED": "introduced", "PACKAGE": "product", "DISCUSSION": "discussion",
}

func links(rec *record) []harrier.Reference {
	var l wire.Links
	for _, ref := range rec.References {
		if tag := tags[string(ref.Type)]; tag != "" {
			l.Add(string(ref.URL), tag)
		} else {
			l.Add(string(ref.URL))
		}
	}
	return l.List()
}
