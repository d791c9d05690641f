// Package nvd reads the National Vulnerability Database in its form 2.0: the
// yearly and the modified feeds, and pages of the API, which have the same
// shape. Mirrors that publish it too are read alike.
//
// Source: https://nvd.nist.gov/developers/vulnerabilities and the JSON schema
// cve_api_json_2.0.
package nvd

import (
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

// Format reads the feeds of NVD. The feed of a year holds what was assigned in
// it and is made anew each night; "modified" holds what changed within eight
// days, and is enough when it is fetched at least weekly. It comes last, so that
// it is read over what the years have.
var Format = feed.Format{
	Name:      source,
	Title:     "National Vulnerability Database",
	Publisher: "NIST",
	Home:      "https://nvd.nist.gov/",
	Licence:   "LicenseRef-US-public-domain",
	Notice:    "This product uses data from the NVD API but is not endorsed or certified by the NVD.",
	Class:     feed.NVD,
	Remotes:   remotes,
	Wants:     wants,
	Read:      read,
}

const source = "nvd"

// firstYear is the feed that also holds everything older.
const firstYear = 2002

func remotes(now time.Time) []feed.Remote {
	const base = "https://nvd.nist.gov/feeds/json/cve/2.0/"
	var list []feed.Remote
	add := func(which string, every time.Duration) {
		name := "nvdcve-2.0-" + which + ".json.gz"
		list = append(list, feed.Remote{Name: name, URL: base + name, Pause: time.Second, Every: every})
	}
	for year := firstYear; year <= max(now.UTC().Year(), firstYear); year++ {
		add(fmt.Sprint(year), 7*24*time.Hour)
	}
	add("modified", 0)
	return list
}

// wants knows the feeds, and saved pages of the API. The older form 1.1 has
// another shape and is not published any more.
func wants(name string) bool {
	name = strings.ToLower(path.Base(name))
	return strings.HasSuffix(name, ".json") && (strings.HasPrefix(name, "nvdcve-2.0-") || strings.HasPrefix(name, "nvd-api-"))
}

func read(_ string, r io.Reader, to feed.Sink) error {
	s := wire.NewJSON(r, wire.MaxRecord)
	return s.List("vulnerabilities", func() error {
		var item struct {
			CVE entry `json:"cve"`
		}
		return s.Each(&item, func(fault error) error { return item.CVE.put(fault, to) })
	})
}

// entry is a vulnerability as NVD writes it.
type entry struct {
	ID           string    `json:"id"`
	Published    string    `json:"published"`
	LastModified string    `json:"lastModified"`
	Status       string    `json:"vulnStatus"`
	Solution     string    `json:"evaluatorSolution"`
	Descriptions []message `json:"descriptions"`
	Metrics      struct {
		V40 []metric `json:"cvssMetricV40"`
		V31 []metric `json:"cvssMetricV31"`
		V30 []metric `json:"cvssMetricV30"`
		V2  []metric `json:"cvssMetricV2"`
	} `json:"metrics"`
	Weaknesses []struct {
		Description []message `json:"description"`
	} `json:"weaknesses"`
	Configurations []Configuration `json:"configurations"`
	References     []struct {
		URL  string   `json:"url"`
		Tags []string `json:"tags"`
	} `json:"references"`
	ExploitAdd     string `json:"cisaExploitAdd"`
	ActionDue      string `json:"cisaActionDue"`
	RequiredAction string `json:"cisaRequiredAction"`
	ExploitName    string `json:"cisaVulnerabilityName"`
}

type message struct {
	Lang  string `json:"lang"`
	Value string `json:"value"`
}

type metric struct {
	Source string `json:"source"`
	Type   string `json:"type"`
	Data   struct {
		Vector string      `json:"vectorString"`
		Base   wire.Number `json:"baseScore"`
	} `json:"cvssData"`
}

// put gives the record to its sink, or what is wrong with it.
func (e *entry) put(fault error, to feed.Sink) error {
	id, ok := wire.CVE(e.ID)
	if fault == nil && !ok {
		fault = errors.New("its id is no CVE id")
	}
	if fault != nil {
		to.Bad(wire.Word(e.ID), fault)
		return nil
	}
	r := &harrier.Record{
		Source: source, ID: id, CVEs: []string{id},
		Details:   english(e.Descriptions),
		Solution:  wire.Text(e.Solution),
		Published: wire.Time(e.Published),
		Modified:  wire.Time(e.LastModified),
	}
	if strings.EqualFold(e.Status, "Rejected") {
		r.Withdrawn = r.Modified
		if r.Withdrawn.IsZero() {
			r.Withdrawn = time.Unix(0, 0).UTC() // when is not told
		}
	}
	for _, list := range [][]metric{e.Metrics.V40, e.Metrics.V31, e.Metrics.V30, e.Metrics.V2} {
		for _, m := range list {
			if s, ok := wire.Score(m.Data.Vector, float64(m.Data.Base), m.Source, m.Type == "Primary"); ok && len(r.Scores) < 50 {
				r.Scores = append(r.Scores, s)
			}
		}
	}
	for _, w := range e.Weaknesses {
		for _, d := range w.Description {
			r.CWEs = wire.AddCWE(r.CWEs, d.Value)
		}
	}
	var links wire.Links
	for _, l := range e.References {
		links.Add(l.URL, l.Tags...)
	}
	r.References = links.List()
	if added := wire.Time(e.ExploitAdd); !added.IsZero() {
		r.KEV = &harrier.KEV{Added: added, Due: wire.Time(e.ActionDue), Name: wire.Word(e.ExploitName), Action: wire.Text(e.RequiredAction)}
	}
	var faults []error
	r.Affected, faults = Statements(e.Configurations)
	for _, err := range faults {
		to.Bad(id, err)
	}
	return to.Put(r)
}

func english(list []message) string {
	for _, m := range list {
		if m.Lang == "en" || strings.HasPrefix(m.Lang, "en-") {
			return wire.Text(m.Value)
		}
	}
	return ""
}
