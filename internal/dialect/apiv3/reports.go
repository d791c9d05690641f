package apiv3

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
	formatnexpose "github.com/harrier-scan/harrier/internal/format/nexpose"
)

// reportRoutes are the reports: their configurations, which the model calls
// definitions, and what was made of them.
//
// Source: section 12, row 23.
func (a *api) reportRoutes() {
	a.handle("GET /reports", a.listReports)
	a.handle("POST /reports", a.createReport)
	a.handle("GET /reports/{id}", a.getReport)
	a.handle("PUT /reports/{id}", a.updateReport)
	a.handle("DELETE /reports/{id}", a.deleteReport)
	a.handle("POST /reports/{id}/generate", a.generateReport)
	a.handle("GET /reports/{id}/history", a.reportHistory)
	a.handle("GET /reports/{id}/history/{instance}", a.reportInstance)
	a.handle("DELETE /reports/{id}/history/{instance}", a.deleteInstance)
	a.handle("GET /reports/{id}/history/{instance}/output", a.reportOutput)
	a.handle("GET /report_formats", a.reportFormats)
}

// formats are the words for formats, the word of the XML API for each, and the
// format of the model.
var formats = []struct{ word, xml, format string }{
	{"xml-export-v2", "raw-xml-v2", "raw-xml-v2"},
	{"xml-export", "raw-xml", "raw-xml"},
	{"nexpose-simple-xml", "ns-xml", "ns-xml"},
	{"csv-export", "csv", formatnexpose.Table.Name},
	{"pdf", "pdf", "pdf"},
	{"html", "html", "html"},
	{"text", "text", "table"},
}

// refused are words for what is not written here.
var refused = []string{"arf-xml", "cyberscope-xml", "database-export", "oval-xml", "qualys-xml", "scap-xml", "xccdf-csv", "xccdf-xml", "rtf", "xml"}

func formatOf(d harrier.ReportDefinition) string {
	for _, f := range formats {
		if f.format == d.Format {
			return f.word
		}
	}
	return d.Format
}

// documents are the templates of documents, and what they are written as.
var documents = map[string]string{
	"audit-report": "detailed", "report-card": "detailed", "policy-details": "detailed", "policy-eval": "detailed", "pci-host-details-v12": "detailed",
	"pci-vuln-details-v12": "detailed", "r7-discovered-assets": "detailed", "r7-vulnerability-exceptions": "detailed",
	"executive-overview": "executive", "baseline-comparison": "executive", "highest-risk-vulns": "executive", "pci-attestation-v12": "executive",
	"pci-executive-summary-v12": "executive", "policy-summary": "executive", "risk-scorecard": "executive", "rule-breakdown-summary": "executive",
	"top-riskiest-assets": "executive", "top-vulnerable-assets": "executive", "vulnerability-trends": "executive",
	"prioritized-remediations": "remediation", "prioritized-remediations-with-details": "remediation", "remediation-plan": "remediation",
	"top-policy-remediations": "remediation", "top-policy-remediations-with-details": "remediation",
}

func documentOf(d harrier.ReportDefinition) string {
	if id := d.Given[words.GivenReportTemplate]; documents[id] == d.Template && id != "" {
		return id
	}
	return map[string]string{"executive": "executive-overview", "remediation": "remediation-plan", "detailed": "audit-report"}[d.Template]
}

// reportBody is a report as a client writes it.
type reportBody struct {
	Name     string  `json:"name"`
	Format   string  `json:"format"`
	Template string  `json:"template"`
	Query    *string `json:"query"`
	Timezone string  `json:"timezone"`
	Language string  `json:"language"`
	Scope    struct {
		Sites  []int64 `json:"sites"`
		Assets []int64 `json:"assets"`
		Groups []int64 `json:"assetGroups"`
		Tags   []int64 `json:"tags"`
		Scan   int64   `json:"scan"`
	} `json:"scope"`
	Filters *struct {
		Severity   string   `json:"severity"`
		Statuses   []string `json:"statuses"`
		Categories *struct {
			Included []string `json:"included"`
			Excluded []string `json:"excluded"`
		} `json:"categories"`
	} `json:"filters"`
	Frequency *struct {
		Type   string      `json:"type"`
		Start  string      `json:"start"`
		Repeat *repeatBody `json:"repeat"`
	} `json:"frequency"`
	Email *struct {
		Recipients []string `json:"additionalRecipients"`
	} `json:"email"`
}

// What is kept of a report as it was given.
const (
	givenReportFilters   = words.OwnField + "v3-filters"
	givenReportFrequency = words.OwnField + "v3-frequency"
)

// put puts a body into d.
func (a *api) putReport(q *query, b reportBody, d *harrier.ReportDefinition) error {
	if strings.EqualFold(b.Format, "sql-query") || b.Query != nil {
		return harrier.Invalidf("format", "reports of format sql-query are not made here: csv-export has a row for each finding")
	}
	if strings.TrimSpace(b.Name) == "" {
		return harrier.Invalidf("name", "is missing")
	}
	if d.Given = maps.Clone(d.Given); d.Given == nil {
		d.Given = map[string]string{}
	}
	for _, name := range []string{givenReportFilters, givenReportFrequency, words.GivenFilters, words.GivenReportTemplate} {
		delete(d.Given, name)
	}
	d.Name, d.Options = b.Name, nil
	i := slices.IndexFunc(formats, func(f struct{ word, xml, format string }) bool { return f.word == b.Format })
	switch {
	case slices.Contains(refused, b.Format):
		return harrier.Invalidf("format", "reports of format %s are not made here", b.Format)
	case i < 0:
		return harrier.Invalidf("format", "there is no format %q", clip(b.Format))
	}
	d.Format, d.Template, d.Given[words.GivenFormat] = formats[i].format, "", formats[i].xml
	if d.Format == "pdf" || d.Format == "html" {
		id := cmpText(b.Template, "audit-report")
		as, known := documents[id]
		if !known {
			return harrier.Invalidf("template", "there is no document template %q", clip(id))
		}
		d.Template, d.Given[words.GivenReportTemplate] = as, id
	}
	for name, text := range map[string]string{words.GivenZone: b.Timezone, words.GivenLanguage: b.Language} {
		if delete(d.Given, name); text != "" {
			d.Given[name] = text
		}
	}
	if d.Recipients = nil; b.Email != nil {
		d.Recipients = b.Email.Recipients
	}
	if err := a.putScope(q, b, d); err != nil {
		return err
	}
	return putFrequency(b, d)
}

func wholeIDs(list []int64) []harrier.ID {
	var out []harrier.ID
	for _, n := range list {
		out = append(out, harrier.ID(n))
	}
	return out
}

// putScope puts what a report is about into d.
func (a *api) putScope(q *query, b reportBody, d *harrier.ReportDefinition) error {
	s := harrier.Scope{State: harrier.OpenFindings, Sites: wholeIDs(b.Scope.Sites), Assets: wholeIDs(b.Scope.Assets), AssetLists: wholeIDs(b.Scope.Groups), Tags: wholeIDs(b.Scope.Tags)}
	if b.Scope.Scan != 0 {
		s.Scans = []harrier.ID{harrier.ID(b.Scope.Scan)}
	}
	var only harrier.And
	for _, id := range s.Tags {
		if _, err := a.Tags.Tag(q.ctx(), q.by, id); err != nil {
			return err
		}
	}
	if len(s.Sites)+len(s.Assets)+len(s.AssetLists)+len(s.Tags)+len(s.Scans) == 0 {
		return harrier.Invalidf("scope", "name a site, an asset, a group, a tag or a scan")
	}
	if b.Filters != nil {
		more, err := filterExpr(b)
		if err != nil {
			return err
		}
		only = append(only, more...)
		text, err := json.Marshal(b.Filters)
		if err != nil {
			return fmt.Errorf("keep filters: %w", err)
		}
		d.Given[givenReportFilters] = string(text)
	}
	if len(only) > 0 {
		s.Only = harrier.Condition{Expr: only}
	}
	d.Scope = s
	return nil
}

// filterExpr is the condition that the filters of a report make.
func filterExpr(b reportBody) (harrier.And, error) {
	var out harrier.And
	switch b.Filters.Severity {
	case "", "all":
	case "critical":
		out = append(out, harrier.ScoredAtLeast(8))
	case "critical-and-severe":
		out = append(out, harrier.ScoredAtLeast(4))
	default:
		return nil, harrier.Invalidf("filters.severity", "%q is none of all, critical, critical-and-severe", clip(b.Filters.Severity))
	}
	var either harrier.Or
	for _, s := range b.Filters.Statuses {
		status, known := map[string]formatnexpose.Status{
			"vulnerable": formatnexpose.Exploited, "vulnerable-version": formatnexpose.Version, "potentially-vulnerable": formatnexpose.Possible, "vulnerable-potential": formatnexpose.Possible,
		}[s]
		if !known {
			return nil, harrier.Invalidf("filters.statuses", "%q is not a status", clip(s))
		}
		either = append(either, formatnexpose.Having(status))
	}
	if len(either) > 0 {
		out = append(out, either)
	}
	if c := b.Filters.Categories; c != nil {
		if len(c.Included) > 0 && len(c.Excluded) > 0 {
			return nil, harrier.Invalidf("filters.categories", "are included or excluded, not both")
		}
		of := func(list []string) harrier.Expr {
			var values []any
			for _, v := range list {
				values = append(values, v)
			}
			return harrier.Cmp{Field: "family", Op: harrier.Eq, Values: values}
		}
		if len(c.Included) > 0 {
			out = append(out, of(c.Included))
		}
		if len(c.Excluded) > 0 {
			out = append(out, harrier.Not{Of: of(c.Excluded)})
		}
	}
	return out, nil
}

func putFrequency(b reportBody, d *harrier.ReportDefinition) error {
	d.AfterScan, d.Schedule = false, harrier.Schedule{}
	f := b.Frequency
	if f == nil {
		return nil
	}
	switch f.Type {
	case "", "none":
		return nil
	case "scan":
		d.AfterScan = true
	case "schedule":
		start, ok := parseTime(f.Start)
		if !ok {
			return harrier.Invalidf("frequency.start", "%q is no date and time", clip(f.Start))
		}
		rule, err := f.Repeat.rule(start)
		if err != nil {
			return err
		}
		d.Schedule = harrier.Schedule{Enabled: true, Start: start.Format(startLayout), Rule: rule, Timezone: "UTC"}
	default:
		return harrier.Invalidf("frequency.type", "%q is none of schedule, scan, none", clip(f.Type))
	}
	return nil
}

// reportObject is a report as this API shows it.
func reportObject(q *query, d harrier.ReportDefinition) obj {
	scope := obj{}
	for name, ids := range map[string][]harrier.ID{"sites": d.Scope.Sites, "assets": d.Scope.Assets, "assetGroups": d.Scope.AssetLists, "tags": d.Scope.Tags} {
		if len(ids) > 0 {
			scope[name] = ids
		}
	}
	if len(d.Scope.Scans) > 0 {
		scope["scan"] = d.Scope.Scans[0]
	}
	o := obj{
		"id": d.ID, "name": d.Name, "format": formatOf(d), "owner": d.Owner, "scope": scope, "timezone": cmpText(d.Given[words.GivenZone], "UTC"),
		"language": cmpText(d.Given[words.GivenLanguage], "en-US"), "links": q.self("/reports/"+ident(d.ID), "History", "/history", "Generate", "/generate"),
	}
	o.set("template", documentOf(d))
	if text := d.Given[givenReportFilters]; text != "" {
		o["filters"] = json.RawMessage(text)
	}
	frequency := obj{"type": "none"}
	switch {
	case d.AfterScan:
		frequency["type"] = "scan"
	case d.Schedule.Start != "":
		frequency["type"] = "schedule"
		if r := repeatOf(d.Schedule.Rule); r != nil {
			frequency["repeat"] = r
		}
		if !d.NextRun.IsZero() {
			frequency["nextRuntimes"] = []string{instant(d.NextRun)}
		}
	}
	o["frequency"] = frequency
	if len(d.Recipients) > 0 {
		o["email"] = obj{"additionalRecipients": d.Recipients}
	}
	return o
}

func (a *api) listReports(q *query) (any, error) {
	all, err := a.Reports.Definitions(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	p := &pages{all: []obj{}}
	for _, d := range all {
		p.all = append(p.all, reportObject(q, d))
	}
	return p, nil
}

func (a *api) definition(q *query) (harrier.ReportDefinition, error) {
	id, err := q.id("id")
	if err != nil {
		return harrier.ReportDefinition{}, err
	}
	return a.Reports.Definition(q.ctx(), q.by, id)
}

func (a *api) createReport(q *query) (any, error) {
	var b reportBody
	var d harrier.ReportDefinition
	if err := q.body(&b); err != nil {
		return nil, err
	}
	if err := a.putReport(q, b, &d); err != nil {
		return nil, err
	}
	if err := a.Reports.CreateDefinition(q.ctx(), q.by, &d); err != nil {
		return nil, err
	}
	return created{d.ID, "/reports/" + ident(d.ID)}, nil
}

func (a *api) getReport(q *query) (any, error) {
	d, err := a.definition(q)
	if err != nil {
		return nil, err
	}
	return q.one(reportObject(q, d))
}

func (a *api) updateReport(q *query) (any, error) {
	d, err := a.definition(q)
	if err != nil {
		return nil, err
	}
	var b reportBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	if err := a.putReport(q, b, &d); err != nil {
		return nil, err
	}
	if err := a.Reports.UpdateDefinition(q.ctx(), q.by, &d); err != nil {
		return nil, err
	}
	return q.done()
}

func (a *api) deleteReport(q *query) (any, error) {
	d, err := a.definition(q)
	if err != nil {
		return nil, err
	}
	if err := a.Reports.DeleteWithReports(q.ctx(), q.by, d.ID); err != nil {
		return nil, err
	}
	return q.done()
}

func (a *api) generateReport(q *query) (any, error) {
	d, err := a.definition(q)
	if err != nil {
		return nil, err
	}
	r, err := a.Reports.Launch(q.ctx(), q.by, d.ID, 0)
	if err != nil {
		return nil, err
	}
	return obj{"id": r.ID, "links": q.self(instancePath(r))}, nil
}

// reportWords are the states of what was made.
//
// Source: section 12, row 23.
var reportWords = map[harrier.ReportStatus]string{
	harrier.ReportQueued: "running", harrier.ReportRunning: "running", harrier.ReportStopping: "running",
	harrier.ReportReady: "complete", harrier.ReportFailed: "failed", harrier.ReportStopped: "aborted",
}

func instancePath(r harrier.Report) string {
	return fmt.Sprintf("/reports/%d/history/%d", r.Definition, r.ID)
}

func (a *api) instanceObject(q *query, r harrier.Report) obj {
	path := instancePath(r)
	o := obj{"id": r.ID, "status": cmpText(reportWords[r.Status], "unknown"), "links": q.self(path)}
	o.when("generated", firstTime(r.Ended, r.Started, r.Created))
	if r.Status == harrier.ReportReady {
		o["uri"] = q.url(path + "/output")
		o["links"] = q.self(path, "Download", "/output")
		if body, size, err := a.Reports.Open(q.ctx(), r); err == nil {
			_ = body.Close() // it was not read
			o["size"] = obj{"bytes": size, "formatted": strconv.FormatInt(size, 10) + " bytes"}
		}
	}
	return o
}

func (a *api) reportHistory(q *query) (any, error) {
	d, err := a.definition(q)
	if err != nil {
		return nil, err
	}
	made, err := a.Reports.Of(q.ctx(), q.by, d.ID)
	if err != nil {
		return nil, err
	}
	rows := []obj{}
	for _, r := range made {
		rows = append(rows, a.instanceObject(q, r))
	}
	slices.SortFunc(rows, func(a, b obj) int { return compare(b["id"], a["id"]) })
	return q.resources(rows)
}

// instance is what was made of a report: by id, or the latest.
func (a *api) instance(q *query) (harrier.Report, error) {
	d, err := a.definition(q)
	if err != nil {
		return harrier.Report{}, err
	}
	made, err := a.Reports.Of(q.ctx(), q.by, d.ID)
	if err != nil {
		return harrier.Report{}, err
	}
	var out harrier.Report
	for _, r := range made {
		if q.path("instance") == "latest" && r.ID > out.ID || q.path("instance") == ident(r.ID) {
			out = r
		}
	}
	if out.ID == 0 {
		return out, harrier.Errorf(harrier.NotFound, "no instance %q", clip(q.path("instance")))
	}
	return out, nil
}

func (a *api) reportInstance(q *query) (any, error) {
	r, err := a.instance(q)
	if err != nil {
		return nil, err
	}
	return q.one(a.instanceObject(q, r))
}

func (a *api) deleteInstance(q *query) (any, error) {
	r, err := a.instance(q)
	if err != nil {
		return nil, err
	}
	if err := a.Reports.Delete(q.ctx(), q.by, r.ID); err != nil {
		return nil, err
	}
	return q.done()
}

func (a *api) reportOutput(q *query) (any, error) {
	r, err := a.instance(q)
	if err != nil {
		return nil, err
	}
	if r.Status != harrier.ReportReady {
		return nil, harrier.Errorf(harrier.NotFound, "report %d is not complete", r.ID)
	}
	body, size, err := a.Reports.Open(q.ctx(), r)
	if err != nil {
		return nil, err
	}
	ext := ""
	if i := strings.LastIndexByte(r.Name, '.'); i >= 0 {
		ext = r.Name[i:]
	}
	return kit.File{Name: r.Name, Type: kit.TypeByExtension(ext), Size: size, Body: body}, nil
}

func (a *api) reportFormats(q *query) (any, error) {
	rows := []obj{}
	for _, f := range formats {
		templates := []string{}
		if f.format == "pdf" || f.format == "html" {
			templates = slices.Sorted(maps.Keys(documents))
		}
		rows = append(rows, obj{"format": f.word, "templates": templates})
	}
	return q.resources(rows)
}
