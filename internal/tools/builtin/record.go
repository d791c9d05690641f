package main

import (
	"encoding/json"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/product"
)

// container is what one organisation says in a CVE record.
type container struct {
	Title        string
	DatePublic   string `json:"datePublic"`
	Affected     []affected
	ProblemTypes []struct {
		Descriptions []struct {
			CWE string `json:"cweId"`
		}
	} `json:"problemTypes"`
	Metrics []map[string]json.RawMessage
}

type affected struct {
	Vendor   string
	Product  string
	CPEs     []string `json:"cpes"`
	Versions []struct {
		Version     string
		Status      string
		VersionType string `json:"versionType"`
		LessThan    string `json:"lessThan"`
		LessOrEqual string `json:"lessThanOrEqual"`
	}
}

// record reads a CVE record with CISA's additions.
//
// Source: CVE record format 5, https://github.com/CVEProject/cve-schema.
func (c *collection) record(name string, text []byte) error {
	if !strings.HasSuffix(name, ".json") || !strings.Contains(name, "/CVE-") {
		return nil
	}
	var record struct {
		Meta struct {
			ID        string `json:"cveId"`
			State     string
			Published string `json:"datePublished"`
		} `json:"cveMetadata"`
		Containers struct {
			CNA container
			ADP []container
		}
	}
	if err := json.Unmarshal(text, &record); err != nil {
		return err
	}
	if !harrier.IsCVE(record.Meta.ID) || record.Meta.State == "REJECTED" {
		return nil
	}
	d := c.entry(record.Meta.ID)
	d.published(record.Meta.Published)
	d.container(byRecord, &record.Containers.CNA)
	for i := range record.Containers.ADP {
		d.container(byEnrichment, &record.Containers.ADP[i])
	}
	return nil
}

func (d *draft) container(by rank, c *container) {
	for _, m := range c.Metrics {
		for kind, raw := range m {
			var metric struct {
				Vector string `json:"vectorString"`
			}
			if strings.HasPrefix(kind, "cvssV") && json.Unmarshal(raw, &metric) == nil {
				d.vector(by, metric.Vector)
			}
		}
	}
	for _, p := range c.ProblemTypes {
		for _, w := range p.Descriptions {
			d.cwe(w.CWE)
		}
	}
	for _, a := range c.Affected {
		ranges, versions := a.versions()
		seen := map[*product.Product]bool{nil: true}
		p := product.ByMaker(strings.TrimSpace(a.Vendor) + "/" + strings.TrimSpace(a.Product))
		for _, named := range append([]*product.Product{p}, byCPEs(a.CPEs)...) {
			if !seen[named] {
				seen[named] = true
				d.claim(by, claimOf(named, ranges, versions))
			}
		}
	}
}

func byCPEs(cpes []string) []*product.Product {
	var out []*product.Product
	for _, c := range cpes {
		out = append(out, product.ByFormatted(strings.ToLower(c)))
	}
	return out
}

// versions reads the versions of a statement that are affected.
func (a *affected) versions() (ranges []harrier.Range, single []string) {
	for _, v := range a.Versions {
		if v.Status != "affected" || strings.Contains(v.VersionType, "rpm") || v.VersionType == "git" {
			continue
		}
		switch {
		case v.LessThan != "" && v.LessThan != "*":
			ranges = append(ranges, harrier.Range{From: start(v.Version), Before: clean(v.LessThan)})
		case v.LessOrEqual != "" && v.LessOrEqual != "*" && v.LessOrEqual != "latest":
			ranges = append(ranges, harrier.Range{From: start(v.Version), To: clean(v.LessOrEqual)})
		case v.LessThan+v.LessOrEqual != "": // no end
			if from := start(v.Version); from != "" {
				ranges = append(ranges, harrier.Range{From: from})
			}
		case strings.ContainsAny(v.Version, "<>="):
			if r, ok := comparison(v.Version); ok {
				ranges = append(ranges, r)
			}
		case start(v.Version) != "":
			single = append(single, clean(v.Version))
		}
	}
	return ranges, single
}

// comparison reads ">= 1.0, < 2.0", as GitHub writes versions; false for
// anything else.
func comparison(s string) (r harrier.Range, ok bool) {
	for _, part := range strings.Split(s, ",") {
		part = strings.TrimSpace(part)
		number := strings.TrimLeft(part, "<>= ")
		sign := strings.TrimSpace(part[:len(part)-len(number)])
		switch number = clean(number); sign {
		case ">=":
			r.From = start(number)
		case ">":
			r.After = number
		case "<":
			r.Before = number
		case "<=":
			r.To = number
		case "=", "==":
			r.From, r.To = number, number
		default:
			return r, false
		}
	}
	return r, (r.Before == "" || r.To == "") && (r.From == "" || r.After == "") && r != (harrier.Range{})
}
