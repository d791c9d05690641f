package main

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content/builtin"
	"github.com/harrier-scan/harrier/internal/product"
)

// catalogue reads CISA's catalogue of exploited vulnerabilities.
func (c *collection) catalogue(name string, text []byte) error {
	if !strings.HasSuffix(name, ".json") {
		return nil
	}
	var list struct {
		Vulnerabilities []struct {
			CVE        string `json:"cveID"`
			Vendor     string `json:"vendorProject"`
			Product    string
			Added      string   `json:"dateAdded"`
			Due        string   `json:"dueDate"`
			Ransomware string   `json:"knownRansomwareCampaignUse"`
			CWEs       []string `json:"cwes"`
		}
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	word := strings.NewReplacer("\t", " ", ";", ",", "\n", " ", "\r", " ")
	for _, v := range list.Vulnerabilities {
		if !harrier.IsCVE(v.CVE) || !dayPattern.MatchString(v.Added) {
			continue
		}
		d := c.entry(v.CVE)
		d.KEV = &builtin.KEV{
			Added: v.Added, Ransomware: strings.EqualFold(v.Ransomware, "known"),
			Vendor: strings.TrimSpace(word.Replace(v.Vendor)), Product: strings.TrimSpace(word.Replace(v.Product)),
		}
		if dayPattern.MatchString(v.Due) {
			d.KEV.Due = v.Due
		}
		for _, w := range v.CWEs {
			d.cwe(w)
		}
	}
	return nil
}

// modules reads a list of Metasploit modules for one CVE.
func (c *collection) modules(name string, text []byte) error {
	if !strings.HasSuffix(name, ".json") {
		return nil
	}
	var list []struct {
		CVEs       []string `json:"CveIDs"`
		Exploits   []string `json:"EdbIDs"`
		References []string
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	for _, m := range list {
		for _, cve := range m.CVEs {
			if !harrier.IsCVE(cve) {
				continue
			}
			d := c.entry(cve)
			for _, r := range m.References {
				if _, path, ok := strings.Cut(r, "metasploit-framework/blob/master/modules/"); ok && modulePattern.MatchString(path) {
					d.Exploits = append(d.Exploits, "m:"+strings.TrimSuffix(path, ".rb"))
				}
			}
			for _, number := range m.Exploits {
				number = strings.TrimPrefix(number, "EDB-")
				if numberPattern.MatchString(number) {
					d.Exploits = append(d.Exploits, "e:"+number)
				}
			}
		}
	}
	return nil
}

var (
	modulePattern = regexp.MustCompile(`^(?:exploits|auxiliary|post)/[a-z0-9_/.-]+\.(?:rb|py|go)$`)
	numberPattern = regexp.MustCompile(`^[0-9]{1,6}$`)
	vectorLine    = regexp.MustCompile(`(?m)^ {4}cvss-metrics: (CVSS:\S+)\s*$`)
	weaknessLine  = regexp.MustCompile(`(?m)^ {4}cwe-id: (CWE-[0-9,CWE-]+)\s*$`)
	idLine        = regexp.MustCompile(`(?m)^id: (CVE-\d{4}-\d{4,7})\s*$`)
)

// template takes the vector and the weakness that a check template names for its
// CVE, for those that no other set assesses.
func (c *collection) template(name string, text []byte) error {
	if !strings.HasSuffix(name, ".yaml") || !strings.Contains(name, "/CVE-") {
		return nil
	}
	if i := bytes.Index(text, []byte("\n  metadata:")); i > 0 {
		text = text[:i] // what is wanted stands before
	}
	id := idLine.FindSubmatch(text)
	if id == nil {
		return nil
	}
	d := c.entry(string(id[1]))
	if v := vectorLine.FindSubmatch(text); v != nil {
		d.vector(byOverride+1, string(v[1]))
	}
	if w := weaknessLine.FindSubmatch(text); w != nil && len(d.CWEs) == 0 {
		for _, one := range strings.Split(string(w[1]), ",") {
			d.cwe(one)
		}
	}
	return nil
}

// support reads a page of endoflife.date: when the cycles of a product end.
func (c *collection) support(name string, text []byte) error {
	_, file, ok := strings.Cut(name, "products/")
	if !ok {
		return nil
	}
	products := product.ByPackage("eol", strings.TrimSuffix(file, ".md"))
	if len(products) == 0 {
		return nil
	}
	parts := bytes.SplitN(text, []byte("\n---"), 2)
	var page struct {
		Releases []struct {
			Cycle string    `yaml:"releaseCycle"`
			End   yaml.Node `yaml:"eol"`
		}
	}
	if err := yaml.Unmarshal(parts[0], &page); err != nil {
		return err
	}
	for _, r := range page.Releases {
		if end, err := time.Parse(time.DateOnly, r.End.Value); err == nil && cyclePattern.MatchString(r.Cycle) {
			c.cycles = append(c.cycles, builtin.Cycle{Product: products[0].Slug(), Name: r.Cycle, End: end.Format(time.DateOnly)})
		}
	}
	return nil
}

var cyclePattern = regexp.MustCompile(`^[0-9]{1,4}(?:\.[0-9]{1,4}){0,3}$`)
