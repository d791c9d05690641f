package suse

import (
	"fmt"
	"io"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/csaf"
	"github.com/harrier-scan/harrier/internal/feed/cvrf"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

// lists are CSAF's names for the statuses of CVRF, whose lists mean the same.
var lists = map[string]string{
	"Fixed": "fixed", "First Fixed": "first_fixed", "Recommended": "recommended",
	"Known Affected": "known_affected", "First Affected": "first_affected", "Last Affected": "last_affected",
	"Known Not Affected": "known_not_affected", "Under Investigation": "under_investigation",
}

// readCVRF reads a document of the older kind. SUSE writes a product as
// "product:build" where it relates the two.
func readCVRF(r io.Reader, to feed.Sink) error {
	return cvrf.Read(r, func(d *cvrf.Document, v *cvrf.Vulnerability) error {
		id := strings.TrimPrefix(d.ID, "SUSE ")
		cve := strings.ToUpper(strings.TrimSpace(v.CVE))
		if id == "" || len(id) > 256 || !harrier.IsCVE(cve) {
			to.Bad(id, fmt.Errorf("%.40q is not a CVE id, or the document has no id", v.CVE))
			return nil
		}
		rec := &harrier.Record{
			Source: "suse", ID: id, CVEs: []string{cve},
			Published: wire.Time(d.Published), Modified: wire.Time(d.Modified),
		}
		advisory := ""
		if !strings.EqualFold(id, cve) {
			advisory = id
			rec.Title = wire.Text(d.Title)
			rec.ID, rec.Aliases = id+"/"+cve, []string{id}
		}
		for _, n := range v.Notes {
			if n.Type == "General" || n.Type == "Description" {
				rec.Details = wire.Text(n.Text)
				break
			}
		}
		for _, t := range v.Threats {
			if t.Type == "Impact" {
				rec.Severity = strings.ToLower(strings.TrimSpace(t.Text))
			}
		}
		for _, s := range v.Scores3 {
			csaf.AddScore(rec, "3.1", s.Vector, s.Base)
		}
		for _, s := range v.Scores2 {
			csaf.AddScore(rec, "2.0", s.Vector, s.Base)
		}
		for _, ref := range v.References {
			csaf.AddReference(rec, ref.URL, "")
		}
		var said statements
		for _, list := range v.Statuses {
			for _, product := range list.Products {
				part, ok := d.Parts[product]
				if !ok {
					continue
				}
				said.add(part.Of, part.Part, lists[list.Type], harrier.StatusAffected, "")
			}
		}
		var fault error
		if rec.Affected, fault = said.affected(nil, advisory); fault != nil {
			to.Bad(rec.ID, fault)
		}
		return to.Put(rec)
	})
}
