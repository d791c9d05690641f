package apiv3

import (
	"cmp"
	"hash/fnv"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	formatnexpose "github.com/harrier-scan/harrier/internal/format/nexpose"
)

// vulnerabilityRoutes are the catalogue and what mends what is in it.
//
// Source: section 12, rows 20 and 21.
func (a *api) vulnerabilityRoutes() {
	a.handle("GET /vulnerabilities", a.listVulnerabilities)
	a.handle("GET /vulnerabilities/{id}", a.getVulnerability)
	a.handle("GET /vulnerabilities/{id}/assets", a.vulnerabilityAssets)
	a.handle("GET /vulnerabilities/{id}/solutions", a.vulnerabilitySolutions)
	a.handle("GET /vulnerabilities/{id}/references", a.vulnerabilityReferences)
	a.handle("GET /vulnerabilities/{id}/exploits", a.vulnerabilityExploits)
	a.handle("GET /vulnerabilities/{id}/malware_kits", a.malwareKits)
	a.handle("GET /solutions", a.listSolutions)
	a.handle("GET /solutions/{id}", a.getSolution)
}

// vulnerability finds what a part of the path names.
func (a *api) vulnerability(q *query, part string) (harrier.Vulnerability, error) {
	return a.vulnerabilityOf(q, q.path(part))
}

func (a *api) vulnerabilityOf(q *query, id string) (harrier.Vulnerability, error) {
	id = strings.ToLower(strings.TrimSpace(id))
	if n, ok := formatnexpose.Number(id); ok {
		return a.Vulns.Vulnerability(q.ctx(), n)
	}
	v, err := a.Vulns.BySlug(q.ctx(), id)
	if harrier.KindOf(err) == harrier.NotFound && err != nil {
		if upper, other := a.Vulns.BySlug(q.ctx(), strings.ToUpper(id)); other == nil {
			return upper, nil
		}
	}
	return v, err
}

// severityWord is the word for a number from 1 to 10.
//
// Source: section 12, "Vulnerability".
func severityWord(n int) string {
	switch {
	case n >= 8:
		return "Critical"
	case n >= 4:
		return "Severe"
	}
	return "Moderate"
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// vulnerabilityObject is a vulnerability as this API shows it.
func vulnerabilityObject(q *query, v harrier.Vulnerability) obj {
	slug, score := formatnexpose.Slug(v), v.SeverityScore()
	added, modified := formatnexpose.Added(v)
	cves := v.CVEs
	if cves == nil {
		cves = []string{}
	}
	o := obj{
		"id": slug, "title": v.Name, "description": content(cmpText(v.Description, v.Synopsis)), "severity": severityWord(score), "severityScore": score,
		"riskScore": harrier.RiskOf(v, harrier.Certain, 100).Value, "categories": slices.DeleteFunc(v.Categories(), func(c string) bool { return c == "" }), "cves": cves, "cvss": cvssObject(q, slug, v), "pci": pciObject(v),
		"added": day(added), "modified": day(modified), "exploits": len(v.Exploits), "malwareKits": len(v.Malware()),
		"denialOfService": v.DenialOfService(),
		"links":           q.self("/vulnerabilities/"+slug, "Assets", "/assets", "Exploits", "/exploits", "Malware Kits", "/malware_kits", "References", "/references", "Solutions", "/solutions"),
	}
	if !v.Published.IsZero() {
		o["published"] = day(v.Published)
	}
	return o
}

func pciObject(v harrier.Vulnerability) obj {
	status, score := "Pass", 0.0
	if v.FailsPCI() {
		status = "Fail"
	}
	for _, n := range v.Values("pci_cvss") {
		score, _ = n.(float64)
	}
	return obj{
		"adjustedCVSSScore": int(math.Round(score)), "adjustedSeverityScore": v.PCISeverity(), "fail": status == "Fail", "status": status, "specialNotes": "",
	}
}

// letters are the names of the parts of vectors.
var letters = [2]map[string]string{
	{
		"AV": "accessVector", "AC": "accessComplexity", "Au": "authentication", "C": "confidentialityImpact", "I": "integrityImpact", "A": "availabilityImpact",
	},
	{
		"AV": "attackVector", "AC": "attackComplexity", "PR": "privilegeRequired", "UI": "userInteraction", "S": "scope", "C": "confidentialityImpact",
		"I": "integrityImpact", "A": "availabilityImpact",
	},
}

func cvssObject(q *query, slug string, v harrier.Vulnerability) obj {
	o := obj{"links": q.self("/vulnerabilities/" + slug)}
	for i, of := range []struct {
		vector string
		score  float64
	}{{strings.Trim(strings.TrimPrefix(v.CVSS2Vector, "CVSS2#"), "()"), v.CVSS2Score}, {v.CVSS3Vector, v.CVSS3Score}} {
		if of.vector == "" {
			continue
		}
		part := obj{"vector": of.vector, "score": of.score}
		for piece := range strings.SplitSeq(of.vector, "/") {
			k, value, _ := strings.Cut(piece, ":")
			if name := letters[i][k]; name != "" {
				part[name] = value
			}
		}
		part["exploitScore"], part["impactScore"] = subScores(i, part)
		o["v"+strconv.Itoa(i+2)] = part
	}
	return o
}

// subScores are the exploitability and the impact that a vector tells, by the
// equations of FIRST.
func subScores(version int, p obj) (exploit, impact float64) {
	n := func(name string, values map[string]float64) float64 {
		s, _ := p[name].(string)
		return values[s]
	}
	round := func(f float64) float64 { return math.Round(f*1e4) / 1e4 }
	if version == 0 {
		levels := map[string]float64{"P": 0.275, "C": 0.660}
		exploit = 20 * n("accessVector", map[string]float64{"L": 0.395, "A": 0.646, "N": 1}) * n("accessComplexity", map[string]float64{"H": 0.35, "M": 0.61, "L": 0.71}) *
			n("authentication", map[string]float64{"M": 0.45, "S": 0.56, "N": 0.704})
		impact = 10.41 * (1 - (1-n("confidentialityImpact", levels))*(1-n("integrityImpact", levels))*(1-n("availabilityImpact", levels)))
		return round(exploit), round(impact)
	}
	levels := map[string]float64{"L": 0.22, "H": 0.56}
	changed := p["scope"] == "C"
	rights := map[string]float64{"N": 0.85, "L": 0.62, "H": 0.27}
	if changed {
		rights["L"], rights["H"] = 0.68, 0.5
	}
	exploit = 8.22 * n("attackVector", map[string]float64{"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2}) * n("attackComplexity", map[string]float64{"L": 0.77, "H": 0.44}) *
		n("privilegeRequired", rights) * n("userInteraction", map[string]float64{"N": 0.85, "R": 0.62})
	base := 1 - (1-n("confidentialityImpact", levels))*(1-n("integrityImpact", levels))*(1-n("availabilityImpact", levels))
	impact = 6.42 * base
	if changed {
		impact = 7.52*(base-0.029) - 3.25*math.Pow(base-0.02, 15)
	}
	return round(exploit), round(max(impact, 0))
}

// vulnerabilityColumns are the fields of definitions behind the properties that
// the catalogue can be sorted by.
var vulnerabilityColumns = map[string]string{
	"id": "slug", "severity": "severity_score", "severityScore": "severity_score", "riskScore": "risk", "added": "added_at", "modified": "modified_at",
	"published": "published", "cvss.v2.score": "cvss2", "cvss.v3.score": "cvss3",
}

// listVulnerabilities turns the pages of the catalogue.
func (a *api) listVulnerabilities(q *query) (any, error) {
	return &pages{page: func(number, size int, order []sortKey) ([]obj, int, error) {
		if len(order) == 1 && order[0].field == "title" {
			return a.vulnerabilitiesByTitle(q, number, size, order[0].desc)
		}
		w := harrier.Walk{Limit: size, Offset: number * size}
		for _, k := range order {
			column, known := vulnerabilityColumns[k.field]
			if !known {
				return nil, 0, harrier.Invalidf("sort", "%q can not be sorted by", clip(k.field))
			}
			w.Sort = append(w.Sort, harrier.Order{Field: column, Desc: k.desc})
		}
		w.Sort = append(w.Sort, harrier.Order{Field: "slug"}) // of those that are equal in all others
		found, err := a.Vulns.Search(q.ctx(), nil, w)
		if err != nil {
			return nil, 0, err
		}
		var rows []obj
		for _, v := range found.Rows {
			rows = append(rows, vulnerabilityObject(q, v))
		}
		return rows, found.Total, nil
	}}, nil
}

// vulnerabilitiesByTitle is a page of the catalogue by its lines, which have the
// titles: a search would read all definitions for them.
func (a *api) vulnerabilitiesByTitle(q *query, number, size int, desc bool) ([]obj, int, error) {
	var all []harrier.Light
	for _, f := range a.Vulns.Families(q.ctx()) {
		_, part, err := a.Vulns.Family(q.ctx(), f.ID)
		if err != nil {
			return nil, 0, err
		}
		all = append(all, part...)
	}
	slices.SortFunc(all, func(a, b harrier.Light) int { return cmp.Compare(a.ID, b.ID) })
	all = slices.CompactFunc(all, func(a, b harrier.Light) bool { return a.ID == b.ID })
	slices.SortStableFunc(all, func(a, b harrier.Light) int {
		if desc {
			a, b = b, a
		}
		return cmp.Compare(a.Name, b.Name)
	})
	from := min(number*size, len(all))
	var rows []obj
	for _, l := range all[from:min(from+size, len(all))] {
		v, err := a.Vulns.Vulnerability(q.ctx(), l.ID)
		if err != nil {
			return nil, 0, err
		}
		rows = append(rows, vulnerabilityObject(q, v))
	}
	return rows, len(all), nil
}

func (a *api) getVulnerability(q *query) (any, error) {
	v, err := a.vulnerability(q, "id")
	if err != nil {
		return nil, err
	}
	return q.one(vulnerabilityObject(q, v))
}

func (a *api) vulnerabilityAssets(q *query) (any, error) {
	v, err := a.vulnerability(q, "id")
	if err != nil {
		return nil, err
	}
	sums, err := a.Findings.Sums(q.ctx(), q.by, harrier.And{
		harrier.Cmp{Field: "open", Op: harrier.Eq, Values: []any{true}}, harrier.Cmp{Field: "vulnerability", Op: harrier.Eq, Values: []any{int64(v.ID)}},
	}, harrier.SumQuery{By: harrier.ByAsset})
	if err != nil {
		return nil, err
	}
	var ids []harrier.ID
	for _, s := range sums.Rows {
		ids = append(ids, s.ID)
	}
	slices.Sort(ids)
	return references(q, ids)
}

// number31 makes an id of a text.
func number31(s string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s)) // never fails
	return int(h.Sum32()&0x7fffffff) | 1
}

func (a *api) vulnerabilityReferences(q *query) (any, error) {
	v, err := a.vulnerability(q, "id")
	if err != nil {
		return nil, err
	}
	p := &pages{all: []obj{}}
	for _, r := range formatnexpose.References(v) {
		o := obj{"id": number31(r.Source + " " + r.Text), "source": strings.ToLower(r.Source), "reference": r.Text, "links": q.self("/vulnerabilities/"+formatnexpose.Slug(v), "References", "/references")}
		switch {
		case r.Source == "URL":
			o["advisory"] = obj{"href": r.Text, "rel": "Advisory"}
		case r.Source == "CVE":
			o["advisory"] = obj{"href": "https://nvd.nist.gov/vuln/detail/" + r.Text, "rel": "Advisory"}
		}
		p.all = append(p.all, o)
	}
	return p, nil
}

// skills are how much is needed to use an exploit, by its rank.
var skills = map[string]string{"excellent": "novice", "great": "novice", "good": "intermediate", "normal": "intermediate"}

func (a *api) vulnerabilityExploits(q *query) (any, error) {
	v, err := a.vulnerability(q, "id")
	if err != nil {
		return nil, err
	}
	p := &pages{all: []obj{}}
	for _, e := range v.Exploits {
		source := obj{"name": e.Source, "key": e.ID}
		if e.URL != "" {
			source["link"] = obj{"href": e.URL, "rel": "Source", "id": e.ID}
		}
		p.all = append(p.all, obj{
			"id": number31(e.Source + " " + e.ID), "title": cmpText(e.Title, e.ID), "skillLevel": cmpText(skills[e.Rank], "expert"), "source": source,
			"links": q.self("/vulnerabilities/"+formatnexpose.Slug(v), "Exploits", "/exploits"),
		})
	}
	return p, nil
}

// malwareKits lists the malware that uses a vulnerability. How common it is, no
// source tells.
func (a *api) malwareKits(q *query) (any, error) {
	v, err := a.vulnerability(q, "id")
	if err != nil {
		return nil, err
	}
	p := &pages{all: []obj{}}
	for _, m := range v.Malware() {
		p.all = append(p.all, obj{
			"id": number31(m.Name), "name": m.Name, "popularity": "undefined",
			"links": q.self("/vulnerabilities/"+formatnexpose.Slug(v), "Malware Kits", "/malware_kits"),
		})
	}
	return p, nil
}
