package nexpose

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	formatnexpose "github.com/harrier-scan/harrier/internal/format/nexpose"
)

// vulnDoors are the side doors of the catalogue.
//
// Source: section 14.8.
func (a *api) vulnDoors(m *kit.Mux) {
	m.Handle("GET /api/2.0/vulnerability_definitions", a.door(a.definitions))
	m.Handle("GET /api/2.0/vulnerability_definitions/{id}", a.door(a.definition))
	m.Handle("GET /data/vulnerability/categories/dyntable", a.door(a.categoryTable))
	m.Handle("GET /data/vulnerability/checktypes/dyntable", a.door(a.checkTypeTable))
	m.Handle("GET /data/vulnerability/synopsis/dyntable", a.door(a.synopsisTable))
	m.Handle("GET /data/vulnerability/vulnerabilities/dyntable", a.door(a.checkTable))
}

// mostTitled is how many vulnerabilities a search by title finds.
const mostTitled = 500

// foundFlaws calls each for the vulnerabilities that e holds for, by rising id, until it
// answers false.
func (a *api) foundFlaws(ctx context.Context, e harrier.Expr, each func(harrier.Vulnerability) bool) error {
	walk := harrier.Walk{Sort: []harrier.Order{{Field: "slug"}}, Limit: 1000, NoTotal: true}
	for {
		part, err := a.Vulns.Search(ctx, e, walk)
		if err != nil {
			return err
		}
		for _, v := range part.Rows {
			if !each(v) {
				return nil
			}
		}
		if len(part.Rows) < walk.Limit {
			return nil
		}
		walk.After = part.Positions[len(part.Positions)-1]
	}
}

// titled is the condition that a title has all of the words of a phrase, or one of
// them.
func titled(phrase, all string) harrier.Expr {
	var each harrier.And
	var words []any
	for _, w := range strings.Fields(phrase) {
		each, words = append(each, harrier.Cmp{Field: "name", Op: harrier.Contains, Values: []any{w}}), append(words, w)
	}
	if all == "false" && len(words) > 0 {
		return harrier.Cmp{Field: "name", Op: harrier.Contains, Values: words}
	}
	return each
}

// definitions lists the catalogue, or what is found of it by a CVE, a reference or
// words of the title.
func (a *api) definitions(w http.ResponseWriter, r *http.Request, _ harrier.Actor) error {
	q := r.URL.Query()
	var e harrier.Expr = harrier.And{}
	most := int(^uint(0) >> 1)
	source, id := q.Get("source"), q.Get("id")
	switch {
	case q.Get("cve") != "":
		e = harrier.Cmp{Field: "cve", Op: harrier.Eq, Values: []any{q.Get("cve")}}
	case source != "" && id == "" || source == "" && id != "":
		return harrier.Invalidf("source", "goes together with id")
	case source != "":
		e = harrier.Cmp{Field: "reference", Op: harrier.Contains, Values: []any{id}}
		if strings.EqualFold(source, "cve") {
			e = harrier.Cmp{Field: "cve", Op: harrier.Eq, Values: []any{id}}
		}
	case q.Get("title") != "":
		e, most = titled(q.Get("title"), q.Get("all_words")), mostTitled
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	before := `{"resources":[`
	err := a.foundFlaws(r.Context(), e, func(v harrier.Vulnerability) bool {
		if source != "" && !slices.ContainsFunc(formatnexpose.References(v), func(f formatnexpose.Reference) bool {
			return strings.EqualFold(f.Source, source) && strings.EqualFold(f.Text, id)
		}) {
			return true
		}
		body, err := kit.Marshal(definitionObject(v))
		if err != nil {
			return true
		}
		_, err = io.WriteString(w, before+string(body))
		before, most = ",", most-1
		return err == nil && most > 0
	})
	if err != nil {
		if before == "," {
			panic(http.ErrAbortHandler) // the client must not take a part for all
		}
		return err
	}
	if before != "," {
		_, _ = io.WriteString(w, before) // a client that has gone gets nothing
	}
	_, _ = io.WriteString(w, "]}") // likewise
	return nil
}

func (a *api) definition(w http.ResponseWriter, r *http.Request, _ harrier.Actor) error {
	v, err := a.vulnerabilityOf(r.Context(), strings.ToLower(r.PathValue("id")))
	if err != nil {
		return err
	}
	return writeDoor(w, definitionObject(v))
}

// definitionObject is a vulnerability as version 2.0 has it.
func definitionObject(v harrier.Vulnerability) map[string]any {
	added, _ := formatnexpose.Added(v)
	score := v.SeverityScore()
	category := "Moderate"
	switch {
	case score >= 8:
		category = "Critical"
	case score >= 4:
		category = "Severe"
	}
	pci := "Pass"
	if v.FailsPCI() {
		pci = "Fail"
	}
	o := map[string]any{
		"id": formatnexpose.Slug(v), "title": v.Name, "description": cmp.Or(v.Description, v.Synopsis), "cves": append([]string{}, v.CVEs...),
		"date_published": nil, "date_added": added.UTC().Format(basicTime), "severity": category, "severity_score": score,
		"riskscore": harrier.RiskOf(v, harrier.Certain, 100).Value, "pci_status": pci, "pci_severity_score": v.PCISeverity(),
		"cvss_score": cmp.Or(v.CVSS2Score, v.CVSS3Score), "cvss_vector": formatnexpose.Vector(v), "denial_of_service": v.DenialOfService(),
	}
	if !v.Published.IsZero() {
		o["date_published"] = v.Published.UTC().Format(basicTime)
	}
	return o
}

// dynTable writes a table with columns; rows calls put for each of its rows.
//
// Source: section 14.9.
func dynTable(w http.ResponseWriter, columns []string, rows func(put func(cells ...string)) error) error {
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	o := newOut(w)
	o.start("DynTable")
	o.start("MetaData")
	for _, name := range columns {
		o.empty("Column", "name", name, "type", "string")
	}
	o.end()
	o.start("Data")
	err := rows(func(cells ...string) {
		o.start("tr")
		for _, c := range cells {
			o.leaf("td", c)
		}
		o.end()
	})
	if err != nil {
		return err
	}
	o.end()
	o.end()
	_ = o.flush() // a client that has gone gets nothing
	return nil
}

func (a *api) categoryTable(w http.ResponseWriter, r *http.Request, _ harrier.Actor) error {
	return dynTable(w, []string{"Category", "Count"}, func(put func(...string)) error {
		for _, f := range a.Vulns.Families(r.Context()) {
			put(f.Name, number(int64(f.Count)))
		}
		return nil
	})
}

// checkTypes are the types of checks: what disturbs a target, what does not, and
// what is told by versions alone.
var checkTypes = []string{"Safe", "Unsafe", "Version"}

func (a *api) checkTypeTable(w http.ResponseWriter, _ *http.Request, _ harrier.Actor) error {
	return dynTable(w, []string{"Category"}, func(put func(...string)) error {
		for _, t := range checkTypes {
			put(t)
		}
		return nil
	})
}

// synopsisTable lists the vulnerabilities that were added on some days, as
// VulnerabilityListing dates them.
func (a *api) synopsisTable(w http.ResponseWriter, r *http.Request, _ harrier.Actor) error {
	from, until := time.Time{}, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, to := range map[string]*time.Time{"addedMin": &from, "addedMax": &until} {
		text := r.URL.Query().Get(name)
		if text == "" {
			continue
		}
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return harrier.Invalidf(name, "%q is no date such as 2026-01-31", clip(text))
		}
		*to = day
	}
	if r.URL.Query().Get("addedMax") != "" { // the whole day counts
		until = until.AddDate(0, 0, 1)
	}
	columns := []string{"Vuln ID", "Vulnerability", "CVSS Base Vector", "CVSS Score", "Risk", "Severity", "Instances", "ExploitSource", "MalwareSource"}
	return dynTable(w, columns, func(put func(...string)) error {
		return a.foundFlaws(r.Context(), harrier.And{}, func(v harrier.Vulnerability) bool {
			if added, _ := formatnexpose.Added(v); added.Before(from) || !added.Before(until) {
				return true
			}
			exploit := ""
			if len(v.Exploits) > 0 {
				exploit = v.Exploits[0].ID
			}
			put(ident(harrier.ID(v.ID)), v.Name, formatnexpose.Vector(v), formatnexpose.Score(v), float(harrier.RiskOf(v, harrier.Certain, 100).Value),
				strconv.Itoa(v.SeverityScore()), "0", exploit, word(len(v.Malware()) > 0))
			return true
		})
	})
}

// checkTable lists the checks of the vulnerabilities whose titles have the words of
// a phrase.
func (a *api) checkTable(w http.ResponseWriter, r *http.Request, _ harrier.Actor) error {
	q := r.URL.Query()
	kinds := map[harrier.VulnID]string{}
	for _, c := range a.Vulns.Checks() {
		if kinds[c.ID] = "Safe"; !c.Safe {
			kinds[c.ID] = "Unsafe"
		}
	}
	columns := []string{"Vuln ID", "Vuln Check ID", "Vulnerability", "Severity", "Check Type", "Category"}
	return dynTable(w, columns, func(put func(...string)) error {
		return a.foundFlaws(r.Context(), titled(q.Get("phrase"), q.Get("allWords")), func(v harrier.Vulnerability) bool {
			id := formatnexpose.Slug(v)
			put(id, id, v.Name, strconv.Itoa(v.SeverityScore()), cmp.Or(kinds[v.ID], "Version"), v.Family)
			return true
		})
	})
}
