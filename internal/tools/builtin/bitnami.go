package main

import (
	"encoding/json"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/product"
)

// bitnami reads one OSV record of Bitnami's database.
func (c *collection) bitnami(name string, text []byte) error {
	if !strings.HasSuffix(name, ".json") {
		return nil
	}
	var record struct {
		Aliases   []string `json:"aliases"`
		Published string   `json:"published"`
		Withdrawn string   `json:"withdrawn"`
		Affected  []struct {
			Package  struct{ Name string }
			Severity []struct{ Score string }
			Ranges   []struct {
				Events []struct {
					Introduced   string
					Fixed        string
					LastAffected string `json:"last_affected"`
				}
			}
		}
	}
	if err := json.Unmarshal(text, &record); err != nil {
		return err
	}
	if record.Withdrawn != "" {
		return nil
	}
	for _, cve := range record.Aliases {
		if !harrier.IsCVE(cve) {
			continue
		}
		d := c.entry(cve)
		for _, a := range record.Affected {
			var ranges []harrier.Range
			for _, r := range a.Ranges {
				from := ""
				for _, e := range r.Events {
					switch {
					case e.Introduced != "":
						from = start(e.Introduced)
					case e.Fixed != "":
						ranges = append(ranges, harrier.Range{From: from, Before: clean(e.Fixed)})
					case e.LastAffected != "":
						ranges = append(ranges, harrier.Range{From: from, To: clean(e.LastAffected)})
					}
				}
			}
			for _, p := range product.ByPackage("bitnami", a.Package.Name) {
				d.claim(byBitnami, claimOf(p, ranges, nil))
				for _, s := range a.Severity {
					d.vector(byBitnami, s.Score)
				}
			}
		}
	}
	return nil
}
