package main

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
)

// world makes any number of records that are like published ones.
type world struct {
	from       string
	cves       []harrier.Record // like those of the CVE list
	advisories []harrier.Record // like those of a distribution
	known      map[string]bool  // keys
	seen       map[harrier.VulnID]bool
}

func newWorld(data string) (*world, error) {
	w := &world{from: "made up", known: map[string]bool{}, seen: map[harrier.VulnID]bool{}}
	err := errors.Join(each(filepath.Join(data, "vulnrichment.tar.gz"), w.addCVE), each(filepath.Join(data, "alma.tar.gz"), w.addAdvisory))
	switch {
	case errors.Is(err, os.ErrNotExist):
		w.makeUp()
	case err != nil:
		return nil, err
	default:
		w.from = data
	}
	return w, nil
}

// each reads the JSON files of a tar.gz.
func each(path string, do func(b []byte) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for archive := tar.NewReader(z); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !strings.HasSuffix(h.Name, ".json") {
			continue
		}
		b, err := io.ReadAll(archive)
		if err != nil {
			return err
		}
		if err := do(b); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
}

// addCVE keeps the shape of a CVE record.
func (w *world) addCVE(b []byte) error {
	var in struct {
		Containers struct {
			CNA struct {
				Title        string
				Descriptions []struct{ Value string }
				References   []struct{ URL string }
				Metrics      []struct {
					V31 struct{ VectorString string } `json:"cvssV3_1"`
				}
				Affected []struct {
					Vendor, Product string
					Versions        []struct{ Version, LessThan string }
				}
			}
		}
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	cna := in.Containers.CNA
	r := harrier.Record{Source: "cvelist", Title: cna.Title}
	for _, d := range cna.Descriptions {
		r.Details = d.Value
		break
	}
	for _, ref := range cna.References {
		r.References = append(r.References, harrier.Reference{URL: ref.URL})
	}
	for _, m := range cna.Metrics {
		r.Scores = append(r.Scores, harrier.Score{Vector: m.V31.VectorString})
	}
	for _, a := range cna.Affected[:min(len(cna.Affected), 50)] {
		one := harrier.Affected{Maker: strings.ToLower(a.Vendor + "/" + a.Product), Status: harrier.StatusAffected}
		for _, v := range a.Versions[:min(len(a.Versions), 50)] {
			one.Ranges = append(one.Ranges, harrier.Range{From: v.Version, Before: v.LessThan})
		}
		r.Affected = append(r.Affected, one)
	}
	w.cves = append(w.cves, r)
	return nil
}

// addAdvisory keeps the shape of an advisory.
func (w *world) addAdvisory(b []byte) error {
	var in struct {
		ID, Summary, Details string
		Related              []string
		Affected             []struct {
			Package struct{ Ecosystem, Name string }
			Ranges  []struct{ Events []map[string]string }
		}
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	r := harrier.Record{Source: "alma", ID: in.ID, Title: in.Summary, Details: in.Details, CVEs: in.Related}
	for _, a := range in.Affected {
		one := harrier.Affected{
			Package: harrier.Package{Ecosystem: "rpm/" + strings.ToLower(strings.ReplaceAll(a.Package.Ecosystem, ":", "/")), Name: a.Package.Name},
			Status:  harrier.StatusAffected, Advisory: in.ID,
		}
		for _, g := range a.Ranges {
			for _, e := range g.Events {
				one.Fixed += e["fixed"]
			}
		}
		r.Affected = append(r.Affected, one)
	}
	w.advisories = append(w.advisories, r)
	return nil
}

// makeUp stands in for the published sets.
func (w *world) makeUp() {
	w.cves, w.advisories = nil, nil
	for i := range 3000 {
		product := fmt.Sprintf("vendor%d/product %d", i%400, i%900)
		w.cves = append(w.cves, harrier.Record{
			Source: "cvelist", Title: "A weakness in " + product, Details: strings.Repeat(fmt.Sprintf("Part %d of %s does what it should not. ", i, product), 8),
			References: []harrier.Reference{{URL: fmt.Sprintf("https://example.com/advisories/%d", i)}},
			Scores:     []harrier.Score{{Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}},
			Affected:   []harrier.Affected{{Maker: product, Status: harrier.StatusAffected, Ranges: []harrier.Range{{From: "1.0", Before: fmt.Sprintf("1.%d", i%50)}}}},
		})
		r := harrier.Record{Source: "alma", ID: fmt.Sprintf("ALSA-%d", i), Title: "Update", CVEs: make([]string, 1+i%4)}
		for k := range 1 + i%20 {
			r.Affected = append(r.Affected, harrier.Affected{
				Package: harrier.Package{Ecosystem: "rpm/alma/9", Name: fmt.Sprintf("package%d-%d", i%500, k)}, Status: harrier.StatusAffected, Fixed: fmt.Sprintf("1.%d-1.el9", i),
			})
		}
		w.advisories = append(w.advisories, r)
	}
}

// cve is the n-th CVE id.
func cve(n int) string { return fmt.Sprintf("CVE-%d-%04d", 2015+n%11, 1000+n/11) }

// record makes the i-th record: of ten, four of the CVE list, two of NVD about
// the same CVEs, two of a tracker with three releases, one advisory and one
// EPSS score.
func (w *world) record(i int) (feed.Class, *harrier.Record) {
	round := i / 10
	n := round*4 + i%10%4
	id := cve(n)
	r := harrier.Record{ID: id, CVEs: []string{id}}
	class := feed.CNA
	model := w.cves[n%len(w.cves)]
	at := time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Hour)
	switch i % 10 {
	case 0, 1, 2, 3:
		id := r.ID
		r = model
		r.ID, r.CVEs, r.Published, r.Affected = id, []string{id}, at, slices.Clone(r.Affected)
	case 4, 5:
		class, r.Source, r.Details, r.References, r.Modified = feed.NVD, "nvd", model.Details, model.References, at
		r.Scores = []harrier.Score{{Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", By: "nvd@nist.gov", Primary: true}}
		for _, a := range model.Affected {
			vendor, product, _ := strings.Cut(cpeWord(a.Maker), "/")
			r.Affected = append(r.Affected, harrier.Affected{CPE: "cpe:2.3:a:" + vendor + ":" + product + ":*:*:*:*:*:*:*:*", Status: harrier.StatusAffected, Ranges: a.Ranges})
		}
	case 6, 7:
		class, r.Source = feed.Distribution, "debian"
		for _, release := range []string{"11", "12", "13"} {
			r.Affected = append(r.Affected, harrier.Affected{
				Package: harrier.Package{Ecosystem: "deb/debian/" + release, Name: fmt.Sprint("source", n%3000)}, Status: harrier.StatusAffected, Fixed: fmt.Sprintf("1.%d-%s", n%100, release),
			})
		}
	case 8:
		class = feed.Distribution
		r = w.advisories[round%len(w.advisories)]
		r.ID = fmt.Sprintf("%s-%d", r.ID, round/len(w.advisories))
		r.CVEs, r.Affected = make([]string, max(1, len(r.CVEs))), slices.Clone(r.Affected)
		for k := range r.CVEs {
			r.CVEs[k] = cve(max(0, round*4-k*7))
		}
	case 9:
		class, r.Source, r.EPSS = feed.Facts, "epss", &harrier.EPSS{Probability: float64(n%1000) / 1000, Percentile: 0.5, Date: at}
	}
	w.note(&r)
	return class, &r
}

func cpeWord(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '/' {
			return r
		}
		return '_'
	}, s)
}

// note remembers some of what can be asked for.
func (w *world) note(r *harrier.Record) {
	for _, a := range r.Affected {
		w.known[a.Key()] = true
	}
	if id, ok := harrier.CVENumber(r.ID); ok && id%16 == 0 {
		w.seen[id] = true
	}
}

func (w *world) keys(kind string) []string {
	var out []string
	for key := range maps.Keys(w.known) {
		if strings.HasPrefix(key, kind+" ") {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}
