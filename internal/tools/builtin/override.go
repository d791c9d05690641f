package main

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/product"
)

// override reads a correction of NVD's configurations. Those that want two
// things at once are left out: a service shows only one of them.
func (c *collection) override(name string, text []byte) error {
	if !strings.HasSuffix(name, ".json") || !strings.Contains(name, "CVE-") {
		return nil
	}
	if _, id, ok := cutText(text, `"cve_id": "`); !ok || !harrier.IsCVE(id) {
		return nil
	} else if !namesProduct(text) { // most of them, and parsing is dear
		_, published, _ := cutText(text, `"published": "`)
		c.entry(id).published(published)
		return nil
	}
	var record struct {
		Annotation struct {
			ID        string `json:"cve_id"`
			Published string
		} `json:"_annotation"`
		CVE struct {
			Configurations []struct {
				Operator string
				Negate   bool
				Nodes    []struct {
					Negate   bool
					CPEMatch []match `json:"cpeMatch"`
				}
			}
		}
	}
	if err := json.Unmarshal(text, &record); err != nil {
		return err
	}
	if !harrier.IsCVE(record.Annotation.ID) {
		return nil
	}
	d := c.entry(record.Annotation.ID)
	d.published(record.Annotation.Published)
	for _, conf := range record.CVE.Configurations {
		if conf.Negate || strings.EqualFold(conf.Operator, "AND") && len(conf.Nodes) > 1 {
			continue
		}
		for _, node := range conf.Nodes {
			for i := range node.CPEMatch {
				if m := &node.CPEMatch[i]; m.Vulnerable && !node.Negate {
					d.match(m)
				}
			}
		}
	}
	return nil
}

// namesProduct reports whether a configuration is about a product that is
// registered.
func namesProduct(text []byte) bool {
	for rest := text; ; {
		after, cpe, ok := cutText(rest, `"criteria": "`)
		if !ok {
			return false
		}
		if product.ByFormatted(strings.ReplaceAll(cpe, `\\`, `\`)) != nil {
			return true
		}
		rest = after
	}
}

// cutText returns the text of the next JSON string behind key, as it is written,
// and what follows it.
func cutText(text []byte, key string) (after []byte, value string, ok bool) {
	_, after, ok = bytes.Cut(text, []byte(key))
	if !ok {
		return nil, "", false
	}
	end := bytes.IndexByte(after, '"')
	if end < 0 {
		return nil, "", false
	}
	return after[end:], string(after[:end]), true
}

type match struct {
	Criteria   string
	Vulnerable bool
	From       string `json:"versionStartIncluding"`
	After      string `json:"versionStartExcluding"`
	Before     string `json:"versionEndExcluding"`
	To         string `json:"versionEndIncluding"`
}

func (d *draft) match(m *match) {
	p := product.ByFormatted(m.Criteria)
	if p == nil {
		return
	}
	fields := strings.Split(strings.ReplaceAll(m.Criteria, `\:`, ""), ":")
	if len(fields) != 13 {
		return
	}
	r := harrier.Range{From: start(m.From), After: start(m.After), Before: clean(m.Before), To: clean(m.To)}
	if r.To != "" && r.Before != "" || r.From != "" && r.After != "" {
		return
	}
	switch v := clean(fields[5]); {
	case r != (harrier.Range{}):
		d.claim(byOverride, claimOf(p, []harrier.Range{r}, nil))
	case v != "*" && v != "-":
		if u := clean(fields[6]); u != "*" && u != "-" {
			v += "-" + u
		}
		d.claim(byOverride, claimOf(p, nil, []string{v}))
	}
}
