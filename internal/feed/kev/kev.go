// Package kev reads CISA's catalogue of vulnerabilities that are known to be
// exploited, in both of its forms, JSON and CSV.
//
// Source: https://www.cisa.gov/known-exploited-vulnerabilities and the schema
// known_exploited_vulnerabilities_schema.json.
package kev

import (
	"errors"
	"io"
	"path"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

const source = "kev"

// Format reads the catalogue.
var Format = feed.Format{
	Name:      source,
	Title:     "Known Exploited Vulnerabilities Catalog",
	Publisher: "CISA",
	Home:      "https://www.cisa.gov/known-exploited-vulnerabilities-catalog",
	Licence:   "CC0-1.0",
	Class:     feed.Facts,
	Remotes: func(time.Time) []feed.Remote {
		return []feed.Remote{{
			Name: "known_exploited_vulnerabilities.json",
			URL:  "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
		}}
	},
	Wants: wants,
	Read:  read,
}

func wants(name string) bool {
	base := strings.ToLower(path.Base(name))
	return base == "known_exploited_vulnerabilities.json" || base == "known_exploited_vulnerabilities.csv"
}

func read(name string, r io.Reader, to feed.Sink) error {
	if strings.EqualFold(path.Ext(name), ".csv") {
		return readCSV(r, to)
	}
	s := wire.NewJSON(r, wire.MaxRecord)
	return s.List("vulnerabilities", func() error {
		var e entry
		return s.Each(&e, func(fault error) error { return e.put(fault, to) })
	})
}

func readCSV(r io.Reader, to feed.Sink) error {
	t, err := wire.NewTable(r, "cveID", "dateAdded")
	if err != nil {
		return err
	}
	return t.Rows(func(fault error) error {
		if fault != nil {
			to.Bad("", fault)
			return nil
		}
		e := entry{
			ID: t.Get("cveID"), Vendor: t.Get("vendorProject"), Product: t.Get("product"), Name: t.Get("vulnerabilityName"),
			Added: t.Get("dateAdded"), Description: t.Get("shortDescription"), Action: t.Get("requiredAction"),
			Due: t.Get("dueDate"), Ransomware: t.Get("knownRansomwareCampaignUse"), Notes: t.Get("notes"),
			CWEs: strings.Split(t.Get("cwes"), ","),
		}
		return e.put(nil, to)
	})
}

// entry is one of the catalogue.
type entry struct {
	ID          string   `json:"cveID"`
	Vendor      string   `json:"vendorProject"`
	Product     string   `json:"product"`
	Name        string   `json:"vulnerabilityName"`
	Added       string   `json:"dateAdded"`
	Description string   `json:"shortDescription"`
	Action      string   `json:"requiredAction"`
	Due         string   `json:"dueDate"`
	Ransomware  string   `json:"knownRansomwareCampaignUse"` // "Known" or "Unknown"
	Notes       string   `json:"notes"`                      // links and remarks, between semicolons
	CWEs        []string `json:"cwes"`
}

func (e *entry) put(fault error, to feed.Sink) error {
	id, ok := wire.CVE(e.ID)
	added := wire.Time(e.Added)
	switch {
	case fault != nil:
	case !ok:
		fault = errors.New("its id is no CVE id")
	case added.IsZero():
		fault = errors.New("when it was added is no date")
	}
	if fault != nil {
		to.Bad(wire.Word(e.ID), fault)
		return nil
	}
	r := &harrier.Record{
		Source: source, ID: id, CVEs: []string{id},
		Title: wire.Text(e.Name), Summary: wire.Text(e.Description),
		KEV: &harrier.KEV{
			Added: added, Due: wire.Time(e.Due), Ransomware: strings.EqualFold(strings.TrimSpace(e.Ransomware), "Known"),
			Vendor: wire.Word(e.Vendor), Product: wire.Word(e.Product), Name: wire.Word(e.Name), Action: wire.Text(e.Action),
		},
	}
	for _, w := range e.CWEs {
		r.CWEs = wire.AddCWE(r.CWEs, w)
	}
	var links wire.Links
	for _, word := range strings.FieldsFunc(wire.Text(e.Notes), func(c rune) bool { return c == ' ' || c == ';' || c == '\n' || c == '\t' || c == ',' }) {
		links.Add(word)
	}
	r.References = links.List()
	return to.Put(r)
}
