// Package overrides reads the configurations that Anchore publishes for CVEs
// that NVD has not analysed: a file per CVE, in the shape of NVD 2.0, with an
// annotation that says where it comes from.
//
// Source: https://github.com/anchore/nvd-data-overrides
package overrides

import (
	"encoding/json"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/nvd"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

const source = "overrides"

// Format reads the files of the repository.
var Format = feed.Format{
	Name:      source,
	Title:     "NVD data overrides",
	Publisher: "Anchore",
	Home:      "https://github.com/anchore/nvd-data-overrides",
	Licence:   "CC0-1.0",
	Class:     feed.Overrides,
	Remotes: func(time.Time) []feed.Remote {
		return []feed.Remote{{
			Name: "nvd-data-overrides.zip",
			URL:  "https://github.com/anchore/nvd-data-overrides/archive/refs/heads/main.zip",
		}}
	},
	Wants: wants,
	Read:  read,
}

func wants(name string) bool {
	id, ok := strings.CutSuffix(path.Base(name), ".json")
	_, cve := wire.CVE(id)
	return ok && cve
}

// file is one of them. What the annotation quotes of NVD is not taken over: its
// own record tells.
type file struct {
	Annotation struct {
		ID        string `json:"cve_id"`
		Published string `json:"published"`
		Modified  string `json:"modified"`
	} `json:"_annotation"`
	CVE *struct {
		Configurations []nvd.Configuration `json:"configurations"`
		References     []struct {
			URL  string   `json:"url"`
			Tags []string `json:"tags"`
		} `json:"references"`
	} `json:"cve"`
}

func read(name string, r io.Reader, to feed.Sink) error {
	data, err := wire.ReadAll(r)
	if err != nil {
		return err
	}
	id := strings.TrimSuffix(path.Base(name), ".json")
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		to.Bad(wire.Word(id), wire.Broken(err))
		return nil
	}
	if f.Annotation.ID != "" {
		id = f.Annotation.ID
	}
	cve, ok := wire.CVE(id)
	if !ok || f.CVE == nil {
		to.Bad(wire.Word(id), errors.New("it is no override of a CVE"))
		return nil
	}
	rec := &harrier.Record{
		Source: source, ID: cve, CVEs: []string{cve},
		Published: wire.Time(f.Annotation.Published),
		Modified:  wire.Time(f.Annotation.Modified),
	}
	var faults []error
	rec.Affected, faults = nvd.Statements(apart(f.CVE.Configurations))
	for _, err := range faults {
		to.Bad(cve, err)
	}
	var links wire.Links
	for _, l := range f.CVE.References {
		links.Add(l.URL, l.Tags...)
	}
	rec.References = links.List()
	return to.Put(rec)
}

// apart splits configurations in which several vulnerable products and one
// platform must be there at the same time. The products are names of one and the
// same here, "docker:desktop" and "docker:docker_desktop", which nobody has
// both: each of them with the platform is meant.
func apart(list []nvd.Configuration) []nvd.Configuration {
	out := make([]nvd.Configuration, 0, len(list))
	for _, c := range list {
		var products, platforms []nvd.Node
		for _, n := range c.Nodes {
			if slices.ContainsFunc(n.Match, func(m nvd.Match) bool { return m.Vulnerable }) {
				products = append(products, n)
			} else {
				platforms = append(platforms, n)
			}
		}
		if c.Operator != "AND" || c.Negate || len(products) < 2 || len(platforms) != 1 {
			out = append(out, c)
			continue
		}
		for _, n := range products {
			out = append(out, nvd.Configuration{Operator: c.Operator, Nodes: []nvd.Node{n, platforms[0]}})
		}
	}
	return out
}
