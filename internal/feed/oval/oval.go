// Package oval reads definitions of the Open Vulnerability and Assessment
// Language as Oracle publishes them for Oracle Linux: which package is earlier
// than which build, on which release.
//
// Source: OVAL 5.11; the tests' own comments tell what the tests, objects and
// states behind them say at length.
package oval

import (
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/csaf"
	"github.com/harrier-scan/harrier/internal/feed/rpm"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

// Format is Oracle Linux.
var Format = feed.Format{
	Name: "oracle", Title: "Oracle Linux security data (OVAL)", Publisher: "Oracle",
	Home: "https://linux.oracle.com/security/", Licence: "Oracle terms of use", Class: feed.Distribution,
	Remotes: func(time.Time) []feed.Remote {
		return []feed.Remote{{Name: "com.oracle.elsa-all.xml.bz2", URL: "https://linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2"}}
	},
	Wants: func(name string) bool {
		base := strings.ToLower(path.Base(name))
		return strings.HasPrefix(base, "com.oracle.elsa") && strings.Contains(base, ".xml")
	},
	Read: read,
}

// maxDepth bounds criteria within criteria.
const maxDepth = 32

// maxReferences bounds those of one definition that are looked at.
const maxReferences = 4096

type definition struct {
	Class    string `xml:"class,attr"`
	Metadata struct {
		Title      string `xml:"title"`
		References []struct {
			Source string `xml:"source,attr"`
			ID     string `xml:"ref_id,attr"`
			URL    string `xml:"ref_url,attr"`
		} `xml:"reference"`
		Description string `xml:"description"`
		Advisory    struct {
			Severity string `xml:"severity"`
			Issued   struct {
				Date string `xml:"date,attr"`
			} `xml:"issued"`
			CVEs []struct {
				ID    string `xml:",chardata"`
				CVSS2 string `xml:"cvss2,attr"` // "7.8/AV:N/AC:L/Au:N/C:N/I:N/A:C"
				CVSS3 string `xml:"cvss3,attr"` // "7.8/CVSS:3.1/AV:L/…"
			} `xml:"cve"`
		} `xml:"advisory"`
	} `xml:"metadata"`
	Criteria criteria `xml:"criteria"`
}

type criteria struct {
	Operator  string     `xml:"operator,attr"`
	Criteria  []criteria `xml:"criteria"`
	Criterion []struct {
		Comment string `xml:"comment,attr"`
		Negate  string `xml:"negate,attr"`
	} `xml:"criterion"`
}

// read reads the definitions of a file; what stands behind them is not needed.
func read(_ string, r io.Reader, to feed.Sink) error {
	s := wire.NewXML(r)
	for seen := false; ; {
		e, err := s.Next("oval_definitions", "definition", "tests")
		if errors.Is(err, io.EOF) && seen {
			return nil
		}
		if err != nil {
			return wire.Broken(err)
		}
		switch {
		case e.Name.Local == "oval_definitions":
			seen = true
			continue
		case !seen:
			return harrier.Errorf(harrier.Invalid, "not a file of OVAL definitions")
		case e.Name.Local == "tests":
			return nil
		}
		var d definition
		if err := s.Decode(&d, e); err != nil {
			return err
		}
		if err := d.put(wire.Attr(e, "id"), to); err != nil {
			return err
		}
	}
}

func (d *definition) put(id string, to feed.Sink) error {
	m := &d.Metadata
	rec := &harrier.Record{
		Source: "oracle", Severity: severity(m.Advisory.Severity), Details: wire.Text(m.Description),
		Published: wire.Time(m.Advisory.Issued.Date),
	}
	for _, ref := range m.References[:min(len(m.References), maxReferences)] {
		switch cve := strings.ToUpper(strings.TrimSpace(ref.ID)); {
		case strings.EqualFold(ref.Source, "elsa") && rec.ID == "":
			rec.ID = cve
			csaf.AddReference(rec, ref.URL, "vendor-advisory")
			continue
		case harrier.IsCVE(cve) && !slices.Contains(rec.CVEs, cve):
			rec.CVEs = append(rec.CVEs, cve)
		}
		csaf.AddReference(rec, ref.URL, "")
	}
	if !strings.HasPrefix(rec.ID, "ELSA-") || len(rec.ID) > 64 {
		to.Bad(fmt.Sprintf("%.80s", id), errors.New("a definition without an advisory's id"))
		return nil
	}
	// "ELSA-2007-0057:  Moderate: bind security update  (MODERATE)"
	rec.Title = strings.Join(strings.Fields(strings.TrimPrefix(strings.TrimSpace(m.Title), rec.ID+":")), " ")
	rec.Title = wire.Text(strings.TrimSuffix(rec.Title, "("+m.Advisory.Severity+")"))
	if len(rec.CVEs) == 1 { // of several the record can not say whose assessment it is
		for _, c := range m.Advisory.CVEs {
			score(rec, "3.1", c.CVSS3)
			score(rec, "2.0", c.CVSS2)
		}
	}
	w := walk{advisory: rec.ID}
	w.criteria(&d.Criteria, context{}, 0)
	rec.Affected = w.Affected()
	if w.unread > 0 {
		to.Bad(rec.ID, fmt.Errorf("%d tests that are not understood", w.unread))
	}
	return to.Put(rec)
}

// context is what holds for the tests of one criteria and those within.
type context struct{ release, arch, module string }

type walk struct {
	rpm.Statements
	advisory string
	unread   int
}

func (w *walk) criteria(c *criteria, in context, depth int) {
	if depth > maxDepth {
		w.unread++
		return
	}
	for _, t := range c.Criterion {
		comment := strings.TrimSpace(t.Comment)
		if rest, ok := strings.CutPrefix(comment, "Oracle Linux "); ok {
			if release, ok := strings.CutSuffix(rest, " is installed"); ok {
				in.release = release
			} else if arch, ok := strings.CutPrefix(rest, "arch is "); ok {
				in.arch = arch
			}
		} else if rest, ok := strings.CutPrefix(comment, "Module "); ok {
			if module, ok := strings.CutSuffix(rest, " is enabled"); ok {
				in.module = module
			}
		}
	}
	for _, t := range c.Criterion {
		name, evr, ok := strings.Cut(strings.TrimSpace(t.Comment), " is earlier than ")
		if !ok {
			continue // that a package is signed, or what the context has
		}
		n, ok := rpm.ParseEVR(name, evr)
		if !ok || !release(in.release) || t.Negate == "true" {
			w.unread++
			continue
		}
		n.Arch = in.arch
		w.Add(rpm.Claim{Ecosystem: "rpm/oracle/" + in.release, Package: n, Fixed: true, Module: in.module, Advisory: w.advisory})
	}
	for i := range c.Criteria {
		w.criteria(&c.Criteria[i], in, depth+1)
	}
}

func release(s string) bool {
	return s != "" && len(s) <= 4 && strings.Trim(s, "0123456789") == ""
}

// score reads "7.8/CVSS:3.1/AV:L/…".
func score(rec *harrier.Record, version, s string) {
	base, vector, ok := strings.Cut(s, "/")
	if f, err := strconv.ParseFloat(base, 64); ok && err == nil {
		csaf.AddScore(rec, version, vector, f)
	}
}

func severity(s string) string {
	switch s = strings.ToLower(strings.TrimSpace(s)); s {
	case "critical", "important", "moderate", "low":
		return s
	}
	return ""
}
