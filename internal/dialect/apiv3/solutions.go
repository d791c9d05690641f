package apiv3

import (
	"slices"
	"strings"
	"unicode"

	"github.com/harrier-scan/harrier"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
	formatnexpose "github.com/harrier-scan/harrier/internal/format/nexpose"
)

// ofText begins the id of the solution of a vulnerability that has it as a text
// alone; the rest is the id of the vulnerability.
const ofText = "fix-"

// solutionsOf are what mends v.
func solutionsOf(v harrier.Vulnerability) []harrier.Solution {
	if len(v.Solutions) == 0 && strings.TrimSpace(v.Solution) != "" {
		return []harrier.Solution{{ID: ofText + formatnexpose.Slug(v), Summary: v.Solution}}
	}
	return v.Solutions
}

// solutionID is the id of a solution as it stands in a path.
func solutionID(id string) string {
	return strings.Map(func(r rune) rune {
		if r == '/' || r == ':' || r == '%' || r == '?' || r == '#' || unicode.IsSpace(r) {
			return '-'
		}
		return unicode.ToLower(r)
	}, id)
}

// solutionTypes are the words for kinds of solutions.
var solutionTypes = map[string]string{"package": "patch", "upgrade": "patch", "patch": "patch", "configuration": "configuration", "workaround": "configuration"}

// estimates are how long solutions take, by kind.
var estimates = map[string]string{"package": "PT10M", "upgrade": "PT30M", "patch": "PT30M", "configuration": "PT15M", "workaround": "PT15M"}

// solutionObject is a solution as this API shows it.
//
// Source: section 12, row 7.
func solutionObject(q *query, s harrier.Solution) obj {
	id := solutionID(s.ID)
	more := ""
	if s.Advisory != "" {
		more = "See " + s.Advisory + "."
	}
	first, _, _ := strings.Cut(s.Summary, "\n")
	return obj{
		"id": id, "summary": content(first), "steps": content(s.Summary), "additionalInformation": content(more), "appliesTo": s.Applies,
		"type": cmpText(solutionTypes[s.Type], "unknown"), "estimate": cmpText(estimates[s.Type], "PT30M"), "links": q.self("/solutions/" + id),
	}
}

func (a *api) vulnerabilitySolutions(q *query) (any, error) {
	v, err := a.vulnerability(q, "id")
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, s := range solutionsOf(v) {
		ids = append(ids, solutionID(s.ID))
	}
	return references(q, ids)
}

// openSolutions are the solutions of what was found and is still open, by id.
func (a *api) openSolutions(q *query) (map[string]harrier.Solution, error) {
	sums, err := a.Findings.Sums(q.ctx(), q.by, words.OpenFlaws, harrier.SumQuery{By: harrier.ByVulnerability})
	if err != nil {
		return nil, err
	}
	out := map[string]harrier.Solution{}
	for _, row := range sums.Rows {
		v, known := a.Vulns.Lookup(harrier.VulnID(row.ID))
		if !known {
			continue
		}
		for _, s := range solutionsOf(v) {
			out[solutionID(s.ID)] = s
		}
	}
	return out, nil
}

// listSolutions lists the solutions of what is open: the catalogue has one for
// nearly each of some hundred thousand vulnerabilities.
func (a *api) listSolutions(q *query) (any, error) {
	known, err := a.openSolutions(q)
	if err != nil {
		return nil, err
	}
	p := &pages{all: []obj{}}
	for _, s := range known {
		p.all = append(p.all, solutionObject(q, s))
	}
	slices.SortFunc(p.all, func(a, b obj) int { return strings.Compare(a["id"].(string), b["id"].(string)) })
	return p, nil
}

// getSolution finds a solution by its id: among those of what is open, or, for
// one of a text, by the vulnerability that its id names.
func (a *api) getSolution(q *query) (any, error) {
	id := strings.ToLower(q.path("id"))
	if slug, ok := strings.CutPrefix(id, ofText); ok {
		v, err := a.vulnerabilityOf(q, slug)
		if err != nil {
			return nil, err
		}
		for _, s := range solutionsOf(v) {
			if solutionID(s.ID) == id {
				return q.one(solutionObject(q, s))
			}
		}
	}
	known, err := a.openSolutions(q)
	if err != nil {
		return nil, err
	}
	s, ok := known[id]
	if !ok {
		return nil, harrier.Errorf(harrier.NotFound, "no solution %q", clip(id))
	}
	return q.one(solutionObject(q, s))
}
