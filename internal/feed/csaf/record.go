package csaf

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

// Bounds on what a record takes over.
const (
	maxReferences = 128
	maxScores     = 8
)

// Claim is what a document says of one product about one vulnerability.
type Claim struct {
	Item   Item
	Status string // the list that it is in: "fixed", "known_affected", "known_not_affected" …
	Flag   string // why it is not affected: "component_not_present"; "" when not told
	Fix    *Remediation
	// Unfixed says why there is no fix: of category "none_available" or
	// "no_fix_planned". Nil when the document does not say.
	Unfixed *Remediation
}

// statuses are the lists of a product status in the order in which they are read.
var statuses = []string{"fixed", "first_fixed", "recommended", "first_affected", "known_affected", "last_affected", "known_not_affected", "under_investigation"}

// Claims are what the document says of products about v, in its order. A product
// that the tree does not have is left out.
func (d *Document) Claims(v *Vulnerability) iter.Seq[Claim] {
	flags := map[string]string{}
	for _, f := range v.Flags {
		for _, id := range f.Products {
			flags[id] = f.Label
		}
	}
	fixes, unfixed := map[string]*Remediation{}, map[string]*Remediation{}
	for i := range v.Remediations {
		r := &v.Remediations[i]
		into := fixes
		switch r.Category {
		case "none_available", "no_fix_planned":
			into = unfixed
		case "vendor_fix":
		default:
			continue
		}
		for _, id := range r.Products {
			if into[id] == nil {
				into[id] = r
			}
		}
	}
	return func(yield func(Claim) bool) {
		for _, status := range statuses {
			for _, id := range v.ProductStatus[status] {
				for _, item := range d.Items(id) {
					if !yield(Claim{Item: item, Status: status, Flag: flags[id], Fix: fixes[id], Unfixed: unfixed[id]}) {
						return
					}
				}
			}
		}
	}
}

// Say appends to a record what a vulnerability of a document says of products,
// and returns what it could not read.
type Say func(d *Document, v *Vulnerability, r *harrier.Record) []error

// Read reads one document and puts a record per CVE of it, of the source named.
// Vulnerabilities without a CVE are one record together. The record of the only
// CVE has the document's id, others have "id/CVE".
func Read(r io.Reader, source string, to feed.Sink, say Say) error {
	d, err := Parse(r)
	if err != nil {
		return err
	}
	return d.put(source, to, say)
}

func (d *Document) put(source string, to feed.Sink, say Say) error {
	groups := map[string]*harrier.Record{}
	var order []*harrier.Record
	for i := range d.Vulnerabilities {
		v := &d.Vulnerabilities[i]
		cve := strings.ToUpper(strings.TrimSpace(v.CVE))
		if cve != "" && !harrier.IsCVE(cve) {
			to.Bad(d.ID, fmt.Errorf("%.40q is not a CVE id", cve))
			continue
		}
		rec := groups[cve]
		if rec == nil {
			rec = d.record(source, cve)
			groups[cve] = rec
			order = append(order, rec)
		}
		d.describe(rec, v)
		for _, fault := range say(d, v, rec) {
			to.Bad(rec.ID, fault)
		}
	}
	for _, rec := range order {
		if len(order) > 1 && len(rec.CVEs) == 1 {
			rec.ID = d.ID + "/" + rec.CVEs[0]
		}
		references(rec, d.References)
		if err := to.Put(rec); err != nil {
			return err
		}
	}
	return nil
}

func (d *Document) record(source, cve string) *harrier.Record {
	rec := &harrier.Record{Source: source, ID: d.ID, Severity: d.Severity, Published: d.Published, Modified: d.Modified}
	if cve != "" {
		rec.CVEs = []string{cve}
		if !strings.Contains(strings.ToUpper(d.ID), cve) {
			rec.Aliases = []string{d.ID}
		}
	}
	return rec
}

// describe fills in what is said of the vulnerability itself; the first that
// says something is kept.
func (d *Document) describe(rec *harrier.Record, v *Vulnerability) {
	keep := func(to *string, texts ...string) {
		for _, t := range texts {
			if *to == "" {
				*to = wire.Text(t)
			}
		}
	}
	title := v.Title
	if v.CVE == "" || strings.EqualFold(title, v.CVE) {
		title = d.Title
	}
	for _, t := range []string{title, d.Title} {
		if bare := strings.TrimSpace(t); v.CVE == "" || !strings.HasSuffix(bare, v.CVE) || len(bare) > len(v.CVE)+16 {
			keep(&rec.Title, bare)
		}
	}
	for _, notes := range [][]Note{v.Notes, d.Notes} {
		for _, n := range notes {
			switch n.Category {
			case "summary":
				keep(&rec.Summary, n.Text)
			case "description", "details":
				keep(&rec.Details, n.Text)
			}
		}
	}
	for _, t := range v.Threats {
		if word := strings.ToLower(strings.TrimSpace(t.Details)); t.Category == "impact" && isSeverity(word) {
			rec.Severity = word
			break
		}
	}
	for _, r := range v.Remediations {
		if r.Category == "vendor_fix" {
			keep(&rec.Solution, r.Details)
		}
	}
	for _, r := range v.Remediations {
		if r.Category == "workaround" || r.Category == "mitigation" {
			keep(&rec.Solution, r.Details)
		}
	}
	rec.CWEs = wire.AddCWE(rec.CWEs, v.CWE.ID)
	if t := wire.Time(v.Released); !t.IsZero() {
		rec.Published = t
	}
	for _, s := range v.Scores {
		for _, c := range []*cvss{s.V4, s.V3, s.V2} {
			if c != nil {
				AddScore(rec, c.Version, c.Vector, c.Base)
			}
		}
	}
	references(rec, v.References)
}

// AddScore takes over a CVSS assessment that has a vector and is not there yet.
// version is the one that it has when the vector does not say.
func AddScore(rec *harrier.Record, version, vector string, base float64) {
	vector = strings.Trim(strings.TrimSpace(vector), "()")
	if vector == "" || len(vector) > 512 || !(base >= 0 && base <= 10) || len(rec.Scores) >= maxScores {
		return
	}
	if prefix, _, ok := strings.Cut(vector, "/"); ok && strings.HasPrefix(prefix, "CVSS:") {
		version = prefix[len("CVSS:"):]
	}
	s := harrier.Score{Version: version, Vector: vector, Base: base}
	if !slices.Contains(rec.Scores, s) {
		rec.Scores = append(rec.Scores, s)
	}
}

// AddReference takes over a link that is not there yet.
func AddReference(rec *harrier.Record, url, tag string) {
	url = strings.TrimSpace(url)
	if len(rec.References) >= maxReferences || len(url) > 2048 || !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") ||
		slices.ContainsFunc(rec.References, func(has harrier.Reference) bool { return has.URL == url }) {
		return
	}
	ref := harrier.Reference{URL: url}
	if tag != "" {
		ref.Tags = []string{tag}
	}
	rec.References = append(rec.References, ref)
}

func references(rec *harrier.Record, from []Reference) {
	for _, r := range from {
		tag := ""
		if r.Category == "self" {
			tag = "vendor-advisory"
		}
		AddReference(rec, r.URL, tag)
	}
}

// isSeverity knows the words that publishers grade with.
func isSeverity(s string) bool {
	switch s {
	case "critical", "important", "high", "moderate", "medium", "low", "none":
		return true
	}
	return false
}
