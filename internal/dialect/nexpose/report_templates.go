package nexpose

import (
	"context"
	"slices"

	"github.com/harrier-scan/harrier"
	formatnexpose "github.com/harrier-scan/harrier/internal/format/nexpose"
)

// reportTemplate is a kind of report that clients know.
type reportTemplate struct {
	id, name, kind string
	as             string // of harrier.Templates: what it is written as
	about          string
}

// dataTemplate is the kind of the template that is a table.
const dataTemplate = "data"

// defaultReportTemplate is the one that is taken when none is named.
const defaultReportTemplate = "audit-report"

// reportTemplates are all templates.
//
// Source: section 13.6.
var reportTemplates = []reportTemplate{
	{"audit-report", "Audit Report", "document", "detailed", "Everything that was found, by host and by vulnerability."},
	{"baseline-comparison", "Baseline Comparison", "document", "executive", "How the findings changed over time."},
	{"basic-vulnerability-check-results", "Basic Vulnerability Check Results (CSV)", dataTemplate, "", "A row for each finding."},
	{"executive-overview", "Executive Overview", "document", "executive", "Numbers and charts on a few pages."},
	{"highest-risk-vulns", "Highest Risk Vulnerabilities", "document", "executive", "What is gravest."},
	{"pci-attestation-v12", "PCI Attestation of Scan Compliance", "document", "executive", "Numbers and charts on a few pages."},
	{"pci-executive-summary-v12", "PCI Executive Summary", "document", "executive", "Numbers and charts on a few pages."},
	{"pci-host-details-v12", "PCI Host Details", "document", "detailed", "Everything that was found, by host."},
	{"pci-vuln-details-v12", "PCI Vulnerability Details", "document", "detailed", "Everything that was found, each explained."},
	{"policy-details", "Policy Details", "jasper", "detailed", "Everything that was found."},
	{"policy-eval", "Policy Evaluation", "document", "detailed", "Everything that was found."},
	{"policy-summary", "Policy Summary", "jasper", "executive", "Numbers and charts on a few pages."},
	{"prioritized-remediations", "Top Remediations", "jasper", "remediation", "What to do, weightiest first."},
	{"prioritized-remediations-with-details", "Top Remediations with Details", "jasper", "remediation", "What to do, weightiest first."},
	{"r7-discovered-assets", "Discovered Assets", "jasper", "detailed", "The hosts and what was found on them."},
	{"r7-vulnerability-exceptions", "Vulnerability Exceptions", "jasper", "detailed", "Everything that was found."},
	{"remediation-plan", "Remediation Plan", "document", "remediation", "What to do, weightiest first."},
	{"report-card", "Report Card", "document", "detailed", "Everything that was found, by host."},
	{"risk-scorecard", "Risk Scorecard", "jasper", "executive", "Numbers and charts on a few pages."},
	{"rule-breakdown-summary", "Rule Breakdown Summary", "jasper", "executive", "Numbers and charts on a few pages."},
	{"top-policy-remediations", "Top Policy Remediations", "jasper", "remediation", "What to do, weightiest first."},
	{"top-policy-remediations-with-details", "Top Policy Remediations with Details", "jasper", "remediation", "What to do, weightiest first."},
	{"top-riskiest-assets", "Top Riskiest Assets", "jasper", "executive", "What is gravest."},
	{"top-vulnerable-assets", "Top Vulnerable Assets", "jasper", "executive", "What is gravest."},
	{"vulnerability-trends", "Vulnerability Trends", "jasper", "executive", "How the findings changed over time."},
}

// reportTemplateCommands list the templates and show them.
//
// Source: sections 8.1 to 8.3.
func (a *api) reportTemplateCommands() {
	a.add("ReportTemplateListing", a.listReportTemplates)
	a.add("ReportTemplateConfig", a.showReportTemplate)
	a.change("ReportTemplateSave", a.saveReportTemplate)
}

func findTemplate(id string) (reportTemplate, bool) {
	i := slices.IndexFunc(reportTemplates, func(t reportTemplate) bool { return t.id == id })
	if i < 0 {
		return reportTemplate{}, false
	}
	return reportTemplates[i], true
}

// reportTemplates are the built-in templates that by may use.
func (a *api) reportTemplates(ctx context.Context, by harrier.Actor) ([]reportTemplate, error) {
	p, err := a.Reports.Profile(ctx, by)
	if err != nil || p.Only.Documents == nil {
		return reportTemplates, err
	}
	names := map[string][]string{}
	fromJSON(p.Given[givenNames], &names)
	return slices.DeleteFunc(slices.Clone(reportTemplates), func(t reportTemplate) bool {
		return !slices.Contains(names["GlobalReportTemplates"], t.id)
	}), nil
}

// mayReport answers Invalid for a report of tags that there are not, or for a
// document of a built-in template that a profile takes away from by.
func (a *api) mayReport(ctx context.Context, by harrier.Actor, d harrier.ReportDefinition) error {
	for _, id := range d.Scope.Tags {
		if _, err := a.Tags.Tag(ctx, by, id); harrier.KindOf(err) == harrier.NotFound {
			return harrier.Invalidf("filter", "there is no tag %d", id)
		} else if err != nil {
			return err
		}
	}
	return a.mayTemplate(ctx, by, d)
}

func (a *api) mayTemplate(ctx context.Context, by harrier.Actor, d harrier.ReportDefinition) error {
	if d.Template == "" || d.OwnTemplate != 0 {
		return nil
	}
	known, err := a.reportTemplates(ctx, by)
	id := orText(d.Given[givenReportTemplate], defaultReportTemplate)
	if err == nil && !slices.ContainsFunc(known, func(t reportTemplate) bool { return t.id == id }) {
		err = harrier.Invalidf("template-id", "there is no document template %q", clip(id))
	}
	return err
}

func (t reportTemplate) attrs() []string {
	return []string{"id", t.id, "name", t.name, "scope", "global", "type", t.kind, "builtin", "1"}
}

func (a *api) listReportTemplates(c *call) (answer, error) {
	own, err := a.Reports.Templates(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	known, err := a.reportTemplates(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		for _, t := range known {
			o.start("ReportTemplateSummary", t.attrs()...)
			o.leaf("description", t.about)
			o.end()
		}
		for _, t := range own {
			o.start("ReportTemplateSummary", ownTemplateAttrs(t)...)
			o.leaf("description", t.Description)
			o.end()
		}
	}), nil
}

func (a *api) showReportTemplate(c *call) (answer, error) {
	id := c.req.attr("template-id")
	known, err := a.reportTemplates(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	if t, ok := findTemplate(id); ok {
		if !slices.Contains(known, t) {
			return answer{}, harrier.Errorf(harrier.NotFound, "no report template %s", clip(id))
		}
		return list(func(o *out) { t.write(o) }), nil
	}
	t, err := a.ownReportTemplate(c.ctx(), c.by, id)
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) { writeOwnTemplate(o, t) }), nil
}

func (t reportTemplate) write(o *out) {
	o.start("ReportTemplate", t.attrs()...)
	o.leaf("description", t.about)
	if t.kind == dataTemplate {
		writeColumns(o, formatnexpose.DefaultColumns)
	} else {
		as, _ := harrier.TemplateNamed(t.as)
		writeSections(o, as.Chapters, nil)
	}
	writeDeviceNames(o, "1")
	o.end()
}

func writeColumns(o *out, columns []string) {
	o.start("ReportAttributes")
	for _, name := range columns {
		o.empty("ReportAttribute", "name", name)
	}
	o.end()
}

func writeDeviceNames(o *out, on string) {
	o.start("Settings")
	o.empty("showDeviceNames", "enabled", on)
	o.end()
}
