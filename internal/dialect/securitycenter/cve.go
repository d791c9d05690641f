package securitycenter

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// cveAnswer is what is known of a CVE. It has no envelope.
//
// Source: section 17.2.
type cveAnswer struct {
	ID           string           `json:"primary_vuln_id"`
	Descriptions []cveDescription `json:"descriptions"`
	CPEs         []string         `json:"cpe_metrics"`
	CVSS         []cveScore       `json:"cvss_metrics"`
	EPSS         []cveChance      `json:"epss_metrics"`
}

type cveDescription struct {
	Text      string `json:"description_text"`
	Published string `json:"publication_date"`
}

type cveScore struct {
	Score  float64 `json:"cvss3_base_score"`
	Vector string  `json:"cvss3_base_vector"`
}

type cveChance struct {
	EPSS       float64  `json:"epss"`
	Percentile *float64 `json:"percentile"` // not known
}

var cveName = regexp.MustCompile(`^CVE-\d{4}-\d{4,19}$`)

// getCVE tells what the plugins that are about a CVE say. Each list has an
// element: clients take the first one of each.
func (a api) getCVE(_ context.Context, _ harrier.Actor, q *query) (any, error) {
	name := strings.ToUpper(q.path("id"))
	if !cveName.MatchString(name) {
		return nil, fault(codeInvalid, 0, "'%s' is not a CVE.", cut(name, 32))
	}
	v, ok := a.aboutCVE(name)
	if !ok {
		return nil, missing(harrier.Errorf(harrier.NotFound, "no plugin is about %s", name), "CVE", name, "get")
	}
	out := cveAnswer{
		ID: name, CPEs: v.CPEs, CVSS: []cveScore{{v.CVSS3Score, v.CVSS3Vector}}, EPSS: []cveChance{{EPSS: v.EPSS}},
		Descriptions: []cveDescription{{v.Description, firstOf(v.Published, v.Added).UTC().Format(time.RFC3339)}},
	}
	if len(out.CPEs) == 0 {
		out.CPEs = []string{""}
	}
	return bare{out}, nil
}

// aboutCVE finds the plugin that is about a CVE, best about it alone.
func (a api) aboutCVE(name string) (best harrier.Vulnerability, found bool) {
	for _, v := range a.Vulns.All(context.Background()) {
		for _, c := range v.CVEs {
			if c == name && (!found || len(v.CVEs) < len(best.CVEs)) {
				best, found = v, true
			}
		}
	}
	return best, found
}

func firstOf(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Unix(0, 0)
}
