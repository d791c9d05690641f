package ubuntu

import (
	"errors"
	"net/url"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

// vex is an OpenVEX document about one CVE, or about a notice.
type vex struct {
	Metadata struct {
		ID        wire.String `json:"@id"`
		Timestamp wire.String `json:"timestamp"`
	}
	Statements []statement
}

type statement struct {
	Vulnerability struct {
		Name        wire.String `json:"name"`
		Description wire.String `json:"description"`
	} `json:"vulnerability"`
	Status        wire.String `json:"status"`
	Justification wire.String `json:"justification"`
	Products      []struct {
		ID wire.String `json:"@id"`
	} `json:"products"`
}

var errNoCVE = errors.New("a statement that is about no CVE")

// putVEX writes a document about a CVE. One about a notice says that all its
// CVEs are mended, which the notice itself does.
func putVEX(doc *vex, to feed.Sink) error {
	var rec harrier.Record
	for i := range doc.Statements {
		s := &doc.Statements[i]
		id := wire.CVEOf(string(s.Vulnerability.Name))
		switch {
		case strings.HasPrefix(string(s.Vulnerability.Name), "USN-"):
			continue
		case id == "" || rec.ID != "" && rec.CVEs[0] != id:
			to.Bad(wire.Line(string(s.Vulnerability.Name)), errNoCVE)
			continue
		case rec.ID == "":
			rec = harrier.Record{
				Source: source, ID: id + " VEX", CVEs: []string{id}, Summary: wire.Text(string(s.Vulnerability.Description)),
				Modified:   wire.Time(string(doc.Metadata.Timestamp)),
				References: []harrier.Reference{{URL: home + id, Tags: []string{"vendor-advisory"}}},
			}
		}
		for _, p := range s.Products {
			if len(rec.Affected) >= mostPackages {
				break
			}
			if a, ok := s.said(string(p.ID)); ok {
				rec.Affected = append(rec.Affected, a)
			}
		}
	}
	if rec.ID == "" {
		return nil
	}
	return to.Put(&rec)
}

// said is what a statement says about the product with a package URL; false for
// what is no source package of a known release. The version in it is the one
// that mended, or the one that the release had when the statement was made.
func (s *statement) said(purl string) (harrier.Affected, bool) {
	rest, ok := strings.CutPrefix(purl, "pkg:deb/ubuntu/")
	path, query, both := strings.Cut(rest, "?")
	if !ok || !both || len(purl) > 500 {
		return harrier.Affected{}, false
	}
	name, at, _ := strings.Cut(path, "@")
	q, err := url.ParseQuery(query)
	if err != nil || q.Get("arch") != "source" || !named(name) {
		return harrier.Affected{}, false
	}
	word := ecosystem(q.Get("distro"), "")
	if word == "" {
		return harrier.Affected{}, false
	}
	a := harrier.Affected{Package: harrier.Package{Ecosystem: word, Name: strings.ToLower(name)}, Why: wire.Line(string(s.Justification))}
	switch s.Status {
	case "not_affected":
		a.Status = harrier.StatusNotAffected
	case "affected":
		a.Status = harrier.StatusAffected
	case "fixed":
		at, err = url.PathUnescape(at)
		if at = version(at); err != nil || at == "" {
			return harrier.Affected{}, false
		}
		a.Status, a.Otherwise, a.Ranges = harrier.StatusAffected, harrier.StatusNotAffected, []harrier.Range{{Before: at}}
	}
	return a, true // "under_investigation": unknown
}
