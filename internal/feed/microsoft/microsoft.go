// Package microsoft reads what the Microsoft Security Response Center says about
// Microsoft's products: a CVRF document per month, and single CSAF documents.
//
// Source: api.msrc.microsoft.com/cvrf/v3.0 and msrc.microsoft.com/csaf.
package microsoft

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/csaf"
	"github.com/harrier-scan/harrier/internal/feed/cvrf"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

// Format is Microsoft.
var Format = feed.Format{
	Name: "microsoft", Title: "Microsoft security updates (CVRF)", Publisher: "Microsoft",
	Home: "https://msrc.microsoft.com/update-guide", Licence: "Microsoft API terms of use", Class: feed.Vendor,
	Remotes: remotes,
	Wants:   func(name string) bool { return isMonth(name) || isCSAF(name) },
	Read: func(name string, r io.Reader, to feed.Sink) error {
		if isCSAF(name) {
			return csaf.Read(r, "microsoft", to, say)
		}
		return cvrf.Read(r, func(d *cvrf.Document, v *cvrf.Vulnerability) error { return put(d, v, to) })
	},
}

// month is how documents are named: "2024-Mar".
const month = "2006-Jan"

// remotes are the documents of the months since the first.
func remotes(now time.Time) []feed.Remote {
	var out []feed.Remote
	for at := time.Date(2016, time.April, 1, 0, 0, 0, 0, time.UTC); !at.After(now); at = at.AddDate(0, 1, 0) {
		name := at.Format(month)
		out = append(out, feed.Remote{Name: name + ".xml", URL: "https://api.msrc.microsoft.com/cvrf/v3.0/cvrf/" + name, Pause: time.Second})
	}
	return out
}

func isMonth(name string) bool {
	base := strings.TrimSuffix(path.Base(name), ".xml")
	_, err := time.Parse(month, base[:min(len(base), len(month))])
	return err == nil
}

func isCSAF(name string) bool {
	base := strings.ToLower(path.Base(name))
	return strings.HasPrefix(base, "msrc_") && strings.HasSuffix(base, ".json")
}

// put makes a record of a vulnerability. What is no CVE is an advisory of
// Microsoft's own, "ADV200005".
func put(d *cvrf.Document, v *cvrf.Vulnerability, to feed.Sink) error {
	id := strings.ToUpper(strings.TrimSpace(v.CVE))
	rec := &harrier.Record{Source: "microsoft", ID: id, Title: wire.Text(v.Title), Severity: severity(v), Published: wire.Time(d.Published)}
	switch {
	case harrier.IsCVE(id):
		rec.CVEs = []string{id}
		csaf.AddReference(rec, "https://msrc.microsoft.com/update-guide/vulnerability/"+id, "vendor-advisory")
	case strings.HasPrefix(id, "ADV") && len(id) < 16:
	default:
		to.Bad(fmt.Sprintf("%.64s", id), errors.New("neither a CVE id nor that of an advisory"))
		return nil
	}
	for _, n := range v.Notes {
		if n.Type == "Description" && rec.Details == "" {
			rec.Details = wire.Text(plain(n.Text))
		}
	}
	for _, c := range v.CWE {
		rec.CWEs = wire.AddCWE(rec.CWEs, c.ID)
	}
	for i, rev := range v.Revisions {
		if t := wire.Time(rev.Date); i == 0 || t.Before(rec.Published) {
			rec.Published = t
		}
		if t := wire.Time(rev.Date); t.After(rec.Modified) {
			rec.Modified = t
		}
	}
	// The assessment differs between products; the gravest stands for all.
	worst := -1
	for i, s := range v.Scores {
		if s.Vector != "" && (worst < 0 || s.Base > v.Scores[worst].Base) {
			worst = i
		}
	}
	if worst >= 0 {
		csaf.AddScore(rec, "3.1", v.Scores[worst].Vector, v.Scores[worst].Base)
	}
	for _, t := range v.Threats {
		if t.Type == "Exploit Status" && strings.Contains(strings.Join(strings.Fields(t.Text), " "), "Exploited:Yes") {
			rec.SSVC = &harrier.SSVC{Exploitation: "active"}
		}
	}
	rec.Affected = affected(d, v)
	for _, a := range rec.Affected {
		if len(a.Updates) > 0 {
			rec.Solution = "Install the security update that Microsoft publishes for the product."
			break
		}
	}
	return to.Put(rec)
}

// severity is the gravest that a product has.
func severity(v *cvrf.Vulnerability) string {
	grades := []string{"low", "moderate", "important", "critical"}
	worst := -1
	for _, t := range v.Threats {
		if t.Type == "Severity" {
			worst = max(worst, slices.Index(grades, strings.ToLower(strings.TrimSpace(t.Text))))
		}
	}
	if worst < 0 {
		return ""
	}
	return grades[worst]
}

// affected are the statements about the products of a vulnerability: by their
// names, and by a CPE for servers that tell their build over the network.
func affected(d *cvrf.Document, v *cvrf.Vulnerability) []harrier.Affected {
	updates := updatesOf(v)
	var out []harrier.Affected
	seen := map[string]bool{}
	for _, list := range v.Statuses {
		status := harrier.StatusAffected
		switch list.Type {
		case "Known Affected", "First Affected", "Last Affected":
		case "Known Not Affected":
			status = harrier.StatusNotAffected
		default:
			continue
		}
		for _, id := range list.Products {
			name := strings.ToLower(strings.Join(strings.Fields(d.Products[id]), " "))
			if name == "" || len(name) > 256 || seen[name+list.Type] {
				continue
			}
			seen[name+list.Type] = true
			a := harrier.Affected{Package: harrier.Package{Ecosystem: "windows", Name: name}, Status: status}
			if status == harrier.StatusAffected {
				mend(&a, updates[id])
			}
			out = append(out, a)
			if at, ok := onNetwork(name, a); ok {
				out = append(out, at)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b harrier.Affected) int {
		return cmp.Or(strings.Compare(a.Package.Name, b.Package.Name), strings.Compare(a.CPE, b.CPE))
	})
	return out
}
