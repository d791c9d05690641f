package apiv3

import (
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/finding"
	formatnexpose "github.com/harrier-scan/harrier/internal/format/nexpose"
)

// maxFindings bounds how many findings of one asset are read.
const maxFindings = 100_000

// found are the findings of an asset of one vulnerability.
type found struct {
	v       harrier.Vulnerability
	results []harrier.JudgedFinding
}

// findingsOf are the open findings of an asset, by vulnerability; of one, or of
// all for 0.
func (a *api) findingsOf(q *query, id harrier.ID, only harrier.VulnID) ([]found, error) {
	e := harrier.And{
		harrier.Cmp{Field: "asset", Op: harrier.Eq, Values: []any{int64(id)}},
		harrier.Cmp{Field: "open", Op: harrier.Eq, Values: []any{true}},
	}
	if only != 0 {
		e = append(e, harrier.Cmp{Field: "vulnerability", Op: harrier.Eq, Values: []any{int64(only)}})
	}
	list, _, err := a.Findings.Judged(q.ctx(), q.by, e, finding.Page{Sort: "id", Limit: maxFindings})
	if err != nil {
		return nil, err
	}
	at := map[harrier.VulnID]int{}
	var out []found
	for _, f := range list {
		i, seen := at[f.Vulnerability]
		if !seen {
			if f.Severity == harrier.Info {
				continue // a fact, or recast to one
			}
			v, _ := a.Vulns.Lookup(f.Vulnerability)
			if v.ID == 0 {
				v.ID = f.Vulnerability
			}
			i, at[f.Vulnerability] = len(out), len(out)
			out = append(out, found{v: v})
		}
		out[i].results = append(out[i].results, f)
	}
	slices.SortFunc(out, func(a, b found) int { return strings.Compare(formatnexpose.Slug(a.v), formatnexpose.Slug(b.v)) })
	return out, nil
}

// resultWords are the states of results.
//
// Source: section 12, "Vulnerability finding".
var resultWords = map[formatnexpose.Status]string{
	formatnexpose.Exploited: "vulnerable", formatnexpose.Version: "vulnerable-version", formatnexpose.Possible: "vulnerable-potential",
}

// object is a finding as this API shows it: instances that an exception accepts
// do not count.
func (f found) object(q *query, asset harrier.ID) obj {
	slug := formatnexpose.Slug(f.v)
	path := "/assets/" + ident(asset) + "/vulnerabilities/" + slug
	results, instances := []obj{}, 0
	since := time.Time{}
	for _, r := range f.results {
		status := resultWords[formatnexpose.StatusOf(r.Certainty, r.Source)]
		exceptions := []harrier.ID{}
		if r.Accepted != 0 {
			status += "-with-exception-applied"
			exceptions = append(exceptions, r.Accepted)
		} else {
			instances++
		}
		opened := r.FirstSeen()
		if n := len(r.Intervals); n > 0 {
			opened = r.Intervals[n-1].Opened
		}
		if since.IsZero() || opened.Before(since) {
			since = opened
		}
		o := obj{"status": status, "checkId": slug, "proof": "<p>" + escape(r.Evidence) + "</p>", "since": instant(opened), "exceptions": exceptions, "links": q.self("/vulnerabilities/" + slug)}
		o.set("key", r.Key)
		if r.Port != 0 {
			o["port"], o["protocol"] = r.Port, string(r.Protocol)
		}
		results = append(results, o)
	}
	status := "vulnerable"
	if instances == 0 {
		status = "invulnerable" // all are accepted
	}
	return obj{
		"id": slug, "status": status, "instances": instances, "since": instant(since), "results": results,
		"links": append(q.self(path, "Vulnerability Solutions", "/solution"), q.link("Vulnerability", "/vulnerabilities/"+slug), q.link("Asset", "/assets/"+ident(asset))),
	}
}

func (a *api) assetFindings(q *query) (any, error) {
	as, err := a.asset(q)
	if err != nil {
		return nil, err
	}
	list, err := a.findingsOf(q, as.ID, 0)
	if err != nil {
		return nil, err
	}
	p := &pages{}
	for _, f := range list {
		p.all = append(p.all, f.object(q, as.ID))
	}
	return p, nil
}

// oneFinding is what was found of the vulnerability that the path names; status
// "no-results" stands for nothing.
func (a *api) oneFinding(q *query) (harrier.Asset, found, error) {
	as, err := a.asset(q)
	if err != nil {
		return as, found{}, err
	}
	v, err := a.vulnerability(q, "vulnerabilityId")
	if err != nil {
		return as, found{}, err
	}
	list, err := a.findingsOf(q, as.ID, v.ID)
	if err != nil || len(list) == 0 {
		return as, found{v: v}, err
	}
	return as, list[0], nil
}

func (a *api) assetFinding(q *query) (any, error) {
	as, f, err := a.oneFinding(q)
	if err != nil {
		return nil, err
	}
	o := f.object(q, as.ID)
	if len(f.results) == 0 {
		o["status"] = "no-results"
		delete(o, "since")
	}
	return q.one(o)
}

// assetSolution lists what mends a finding, those that its evidence speaks of or
// that fit the asset's system first.
func (a *api) assetSolution(q *query) (any, error) {
	as, f, err := a.oneFinding(q)
	if err != nil {
		return nil, err
	}
	list := []obj{}
	if len(f.results) == 0 {
		return q.resources(list)
	}
	told := map[string]bool{}
	for _, r := range f.results {
		s, _ := f.v.SolutionFor(r.Evidence)
		told[s.ID] = true
	}
	for _, s := range solutionsOf(f.v) {
		o := solutionObject(q, s)
		confidence, how := "partial", "check"
		if told[s.ID] {
			confidence = "exact"
		} else if s.Applies != "" && fits(as, s.Applies) {
			confidence, how = "exact", "operating-system"
		}
		match := obj{"type": how, "confidence": confidence, "solution": solutionID(s.ID), "links": q.self("/solutions/" + solutionID(s.ID))}
		if how == "check" {
			match["check"] = formatnexpose.Slug(f.v)
		} else {
			match["fingerprint"] = system(as)
		}
		o["confidence"], o["matches"] = confidence, []obj{match}
		list = append(list, o)
	}
	slices.SortStableFunc(list, func(a, b obj) int { return strings.Compare(a["confidence"].(string), b["confidence"].(string)) })
	return q.resources(list)
}

// fits reports whether a solution for an ecosystem such as "deb/debian/12" is
// for the asset's system.
func fits(as harrier.Asset, applies string) bool {
	parts := strings.Split(strings.ToLower(applies), "/")
	os := strings.ToLower(as.OS)
	if len(parts) < 2 || !strings.Contains(os, parts[1]) {
		return false
	}
	return len(parts) < 3 || slices.ContainsFunc(strings.Fields(os), func(w string) bool { return w == parts[2] || strings.HasPrefix(w, parts[2]+".") })
}
