package nexpose

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
)

// reportCommands are the reports: their configurations, which the model calls
// definitions, and what was made of them.
//
// Source: section 8.
func (a *api) reportCommands() {
	a.add("ReportAdhocGenerate", a.adhocReport)
	a.add("ReportConfig", a.reportConfig)
	a.change("ReportDelete", a.deleteReport)
	a.add("ReportGenerate", a.generateReport)
	a.add("ReportHistory", a.reportHistory)
	a.add("ReportListing", a.listReports)
	a.change("ReportSave", a.saveReport)
}

// reportWords are the states of reports.
//
// Source: section 13.4.
var reportWords = map[harrier.ReportStatus]string{
	harrier.ReportQueued: "Started", harrier.ReportRunning: "Started", harrier.ReportStopping: "Started",
	harrier.ReportReady: "Generated", harrier.ReportFailed: "Failed", harrier.ReportStopped: "Aborted",
}

// uri is where the file of a report is fetched.
//
// Source: section 8.8.
func (a *api) uri(r harrier.Report) string {
	extension := "txt"
	for _, f := range a.Reports.Shapes() {
		if f.Name == r.Format {
			extension = f.Extension
		}
	}
	return fmt.Sprintf("/reports/%08d/%08d/report.%s", r.Definition, r.ID, extension)
}

// templateOf is the template as this API calls it.
func templateOf(d harrier.ReportDefinition) string {
	if d.OwnTemplate != 0 {
		return ownTemplateID(d.OwnTemplate)
	}
	if id := d.Given[givenReportTemplate]; id != "" {
		return id
	}
	switch d.Template {
	case "executive":
		return "executive-overview"
	case "remediation":
		return "remediation-plan"
	}
	return defaultReportTemplate
}

func (a *api) listReports(c *call) (answer, error) {
	all, err := a.Reports.Definitions(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	made, err := a.Reports.Reports(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	last, ready := map[harrier.ID]harrier.Report{}, map[harrier.ID]harrier.Report{}
	for _, r := range made {
		last[r.Definition] = r
		if r.Status == harrier.ReportReady {
			ready[r.Definition] = r
		}
	}
	return list(func(o *out) {
		for _, d := range all {
			r, any := last[d.ID]
			status := "Unknown"
			if any {
				status = reportWords[r.Status]
			}
			o.start("ReportConfigSummary", "template-id", templateOf(d), "cfg-id", ident(d.ID), "name", d.Name, "status", status, "generated-on", stamp(generated(r)))
			if r, any := ready[d.ID]; any {
				o.attr("report-URI", a.uri(r))
			}
			o.attr("scope", "silo")
			o.end()
		}
	}), nil
}

// generated is when a report was made, or begun while it is being made.
func generated(r harrier.Report) (t time.Time) {
	for _, t = range []time.Time{r.Ended, r.Started, r.Created} {
		if !t.IsZero() {
			return t
		}
	}
	return t
}

func (a *api) reportHistory(c *call) (answer, error) {
	id, err := c.req.id("reportcfg-id", "report-id")
	if err != nil {
		return answer{}, err
	}
	made, err := a.Reports.Of(c.ctx(), c.by, id)
	if err != nil {
		return answer{}, err
	}
	slices.Reverse(made)
	return list(func(o *out) {
		for _, r := range made {
			o.start("ReportSummary", "id", ident(r.ID), "cfg-id", ident(r.Definition), "status", reportWords[r.Status], "generated-on", stamp(generated(r)))
			if r.Status == harrier.ReportReady {
				o.attr("report-URI", a.uri(r))
			}
			o.end()
		}
	}), nil
}

func (a *api) generateReport(c *call) (answer, error) {
	id, err := c.req.id("report-id", "reportcfg-id")
	if err != nil {
		return answer{}, err
	}
	r, err := a.Reports.Launch(c.ctx(), c.by, id, 0)
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		o.empty("ReportSummary", "id", ident(r.ID), "cfg-id", ident(r.Definition), "status", "Started")
	}), nil
}

// deleteReport removes a report, or a configuration with all of its reports.
func (a *api) deleteReport(c *call) (answer, error) {
	if c.req.attr("report-id") == "" {
		id, err := c.req.id("reportcfg-id")
		if err != nil {
			return answer{}, err
		}
		return done(), a.Reports.DeleteWithReports(c.ctx(), c.by, id)
	}
	id, err := c.req.id("report-id")
	if err != nil {
		return answer{}, err
	}
	return done(), a.Reports.Delete(c.ctx(), c.by, id)
}

func (a *api) saveReport(c *call) (answer, error) {
	e := c.req.child("ReportConfig")
	now, err := c.req.bool("generate-now", false)
	if err != nil {
		return answer{}, err
	}
	id := harrier.ID(-1)
	if e.attr("id") != "" {
		if id, err = e.id("id"); err != nil {
			return answer{}, err
		}
	}
	var d harrier.ReportDefinition
	if id > 0 {
		if d, err = a.Reports.Definition(c.ctx(), c.by, id); err != nil {
			return answer{}, err
		}
	}
	if err := readReportConfig(e, &d); err != nil {
		return answer{}, err
	}
	if err := a.mayReport(c.ctx(), c.by, d); err != nil {
		return answer{}, err
	}
	if err := a.freeReportName(c.ctx(), c.by, d); err != nil {
		return answer{}, err
	}
	if d.ID > 0 {
		err = a.Reports.UpdateDefinition(c.ctx(), c.by, &d)
	} else {
		err = a.Reports.CreateDefinition(c.ctx(), c.by, &d)
	}
	if err == nil && now {
		_, err = a.Reports.Launch(c.ctx(), c.by, d.ID, 0)
	}
	if err != nil {
		return answer{}, err
	}
	return answer{attrs: []string{"reportcfg-id", ident(d.ID)}}, nil
}

// freeReportName answers Conflict when another definition that by sees has the
// name.
func (a *api) freeReportName(ctx context.Context, by harrier.Actor, d harrier.ReportDefinition) error {
	all, err := a.Reports.Definitions(ctx, by)
	for _, other := range all {
		if other.ID != d.ID && other.Name == d.Name {
			return harrier.Errorf(harrier.Conflict, "there is another report of the name %s", clip(d.Name))
		}
	}
	return err
}

func (a *api) reportConfig(c *call) (answer, error) {
	id, err := c.req.id("reportcfg-id", "report-id")
	if err != nil {
		return answer{}, err
	}
	d := harrier.ReportDefinition{ID: -1, Name: "New report", Owner: c.by.User, Template: "detailed", Format: "pdf"}
	if id != -1 {
		if d, err = a.Reports.Definition(c.ctx(), c.by, id); err != nil {
			return answer{}, err
		}
	}
	return list(func(o *out) { writeReportConfig(o, d) }), nil
}

func writeReportConfig(o *out, d harrier.ReportDefinition) {
	o.start("ReportConfig", "id", ident(d.ID), "name", d.Name, "template-id", templateOf(d), "format", formatWord(d), "owner", ident(d.Owner),
		"timezone", cmp.Or(d.Given[givenZone], "UTC"))
	if l := d.Given[givenLanguage]; l != "" {
		o.attr("language", l)
	}
	if d.Description != "" {
		o.leaf("description", d.Description)
	}
	writeReportFilters(o, d)
	o.start("Users")
	writeIDs(o, "user", d.Users)
	o.end()
	if b := d.Given[givenBaseline]; b != "" {
		o.empty("Baseline", "compareTo", b)
	}
	writeGenerate(o, d)
	o.start("Delivery")
	o.start("Storage", "storeOnServer", "1")
	if at := d.Given[givenLocation]; at != "" {
		o.leaf("location", at)
	}
	o.end()
	writeMail(o, d)
	o.end()
	o.end()
}

// writeMail writes to whom a report goes by mail, when it goes to anybody.
func writeMail(o *out, d harrier.ReportDefinition) {
	if len(d.Recipients) == 0 && d.Mail == (harrier.ReportMail{}) && d.Given[givenEveryone]+d.Given[givenSender]+d.Given[givenRelay] == "" {
		return
	}
	word := func(f harrier.MailForm) string {
		if f == harrier.AsNotice {
			return "url"
		}
		return string(f)
	}
	o.start("Email", "sendAs", cmp.Or(word(d.Mail.Recipients), "file"))
	if d.Mail.Users != "" {
		o.attr("sendToAclAs", word(d.Mail.Users))
	}
	if d.Mail.Owner != "" {
		o.attr("sendToOwnerAs", word(d.Mail.Owner))
	}
	o.attr("toAllAuthorized", cmp.Or(d.Given[givenEveryone], "0"))
	o.start("Recipients")
	for _, to := range d.Recipients {
		o.leaf("Recipient", to)
	}
	o.end()
	for _, kept := range [][2]string{{"SmtpRelayServer", d.Given[givenRelay]}, {"Sender", d.Given[givenSender]}} {
		if kept[1] != "" {
			o.leaf(kept[0], kept[1])
		}
	}
	o.end()
}

func writeReportFilters(o *out, d harrier.ReportDefinition) {
	o.start("Filters")
	for _, part := range []struct {
		kind string
		ids  []harrier.ID
	}{{"site", d.Scope.Sites}, {"group", d.Scope.AssetLists}, {"device", d.Scope.Assets}, {"tag", d.Scope.Tags}, {"scan", d.Scope.Scans}} {
		for _, id := range part.ids {
			o.empty("filter", "type", part.kind, "id", ident(id))
		}
	}
	if d.Scope.Last {
		o.empty("filter", "type", "scan", "id", "last")
	}
	if d.Scope.First {
		o.empty("filter", "type", "scan", "id", "first")
	}
	var kept [][2]string
	if err := json.Unmarshal([]byte(d.Given[givenFilters]), &kept); err == nil {
		for _, f := range kept {
			o.empty("filter", "type", f[0], "id", f[1])
		}
	}
	o.end()
}
