package nexpose

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
	formatnexpose "github.com/harrier-scan/harrier/internal/format/nexpose"
)

// reportFormats are the formats by the words of the API.
//
// Source: section 13.5.
var reportFormats = map[string]string{
	"raw-xml-v2": "raw-xml-v2", "raw-xml": "raw-xml", "ns-xml": "ns-xml", "xml": "raw-xml", "csv": formatnexpose.Table.Name, "pdf": "pdf", "html": "html", "text": "table",
}

// refusedFormats are words of the API for what is not written here.
var refusedFormats = []string{"sql", "db", "qualys-xml", "rtf"}

// formatWord is the API's word for a format: the one that was given, if it still
// means the same.
func formatWord(d harrier.ReportDefinition) string {
	if w := d.Given[givenFormat]; reportFormats[w] == d.Format {
		return w
	}
	switch d.Format {
	case formatnexpose.Table.Name:
		return "csv"
	case "table":
		return "text"
	}
	return d.Format
}

// The names under which ReportDefinition.Given keeps what only this API has.
const (
	givenFormat         = words.GivenFormat
	givenReportTemplate = words.GivenReportTemplate
	givenZone           = words.GivenZone
	givenLanguage       = words.GivenLanguage
	givenFilters        = words.GivenFilters  // [[type,id],…] of those that restrict
	givenBaseline       = "nexpose.compareTo" // as given
	givenSchedule       = "nexpose.schedule"  // attributes, by name
	givenLocation       = "nexpose.location"
	givenEveryone       = "nexpose.toAllAuthorized"
	givenSender         = "nexpose.sender"
	givenRelay          = "nexpose.relay"
)

// readReportConfig reads a ReportConfig, or an AdhocReportConfig, into d.
//
// Source: section 8.5.
func readReportConfig(e *element, d *harrier.ReportDefinition) error {
	if e == nil {
		return harrier.Invalidf("ReportConfig", "is missing")
	}
	d.Given = keepOthers(d.Given)
	d.Name = cmp.Or(strings.TrimSpace(e.attr("name")), d.Name)
	d.Description = cmp.Or(e.child("description").content(), strings.TrimSpace(e.attr("description")))
	keep := func(name, value string) {
		if value != "" {
			d.Given[name] = value
		}
	}
	for name, attr := range map[string]string{givenFormat: "format", givenReportTemplate: "template-id", givenZone: "timezone", givenLanguage: "language"} {
		keep(name, e.attr(attr))
	}
	keep(givenBaseline, e.child("Baseline").attr("compareTo"))
	if err := readShape(e, d); err != nil {
		return err
	}
	if err := readReportFilters(e.child("Filters"), d); err != nil {
		return err
	}
	askClean(d)
	if err := readGenerate(e.child("Generate"), d); err != nil {
		return err
	}
	if err := readDelivery(e.child("Delivery"), d); err != nil {
		return err
	}
	return readPeople(e, d)
}

// readPeople reads whose report it is and with whom it is shared.
func readPeople(e *element, d *harrier.ReportDefinition) error {
	owner, err := e.number("owner", 0)
	if err != nil {
		return err
	}
	if owner > 0 {
		d.Owner = harrier.ID(owner)
	}
	d.Users = nil
	for _, u := range e.child("Users").all("user") {
		id, err := u.id("id")
		if err != nil {
			return err
		}
		if !slices.Contains(d.Users, id) {
			d.Users = append(d.Users, id)
		}
	}
	return nil
}

// keepOthers are the settings of a definition that other dialects gave it.
func keepOthers(given map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range given {
		if !strings.HasPrefix(k, "nexpose.") {
			out[k] = v
		}
	}
	return out
}

// readShape reads format and template. Raw formats have no template, whatever
// is named.
func readShape(e *element, d *harrier.ReportDefinition) error {
	word := e.attr("format")
	name, ok := reportFormats[word]
	switch {
	case slices.Contains(refusedFormats, word):
		return harrier.Invalidf("format", "reports of format %s are not made here", word)
	case !ok:
		return harrier.Invalidf("format", "there is no format %q", clip(word))
	}
	d.Format, d.Template, d.Options, d.OwnTemplate = name, "", nil, 0
	if zone := e.attr("timezone"); zone != "" && (name == "pdf" || name == "html") {
		d.Options = map[string]string{"time_zone": zone} // one that there is not is UTC
	}
	id := e.attr("template-id")
	number, own := strings.CutPrefix(id, ownTemplatePrefix)
	if n, err := strconv.ParseInt(number, 10, 64); own && err == nil && (word == "csv" || name == "pdf" || name == "html") {
		if d.OwnTemplate = harrier.ID(n); word != "csv" {
			d.Template = "detailed"
		}
		return nil
	}
	if name != "pdf" && name != "html" {
		return nil
	}
	t, ok := findTemplate(cmp.Or(id, defaultReportTemplate))
	if !ok || t.kind == dataTemplate {
		return harrier.Invalidf("template-id", "there is no document template %q", clip(id))
	}
	d.Template = t.as
	return nil
}

// legacyFilters are filters as elements of their own.
var legacyFilters = map[string]string{"sitefilter": "site", "devicefilter": "device", "assetgroupfilter": "group", "scanfilter": "scan"}

// readReportFilters reads what a report is about.
func readReportFilters(e *element, d *harrier.ReportDefinition) error {
	d.Scope = harrier.Scope{}
	d.Scope.State = harrier.OpenFindings
	scoped := false
	var restrict [][2]string
	if e != nil {
		for _, f := range e.children {
			kind, id := strings.ToLower(f.attr("type")), strings.TrimSpace(f.attr("id"))
			if legacy, ok := legacyFilters[f.key]; ok {
				kind, id = legacy, strings.TrimSpace(f.attr("id", "scan-id", "site-id", "device-id", "group-id"))
			} else if f.key != "filter" {
				continue
			}
			id = cmp.Or(id, f.content())
			switch kind {
			case "site", "group", "device", "scan", "tag":
				scoped = true
				if err := addScope(d, kind, id); err != nil {
					return err
				}
			case "vuln-severity", "vuln-status", "vuln-categories":
				restrict = append(restrict, [2]string{kind, id})
			case "query", "version":
				return harrier.Invalidf("filter", "reports of format sql are not made here")
			}
		}
	}
	if !scoped {
		return harrier.Invalidf("Filters", "name a site, group, device, tag or scan")
	}
	if d.Scope.Last || d.Scope.First { // of these sites
		d.Scope.Scans = nil
	}
	only, err := restriction(restrict)
	if err != nil {
		return err
	}
	d.Scope.Only = harrier.Condition{Expr: only}
	if len(restrict) > 0 {
		text, err := json.Marshal(restrict)
		if err != nil {
			return err
		}
		d.Given[givenFilters] = string(text)
	}
	return nil
}

func addScope(d *harrier.ReportDefinition, kind, id string) error {
	if kind == "scan" && strings.EqualFold(id, "last") {
		d.Scope.Last = true
		return nil
	}
	if kind == "scan" && strings.EqualFold(id, "first") {
		d.Scope.First = true
		return nil
	}
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n <= 0 {
		return harrier.Invalidf("filter", "%q is not the id of a %s", clip(id), kind)
	}
	to := map[string]*[]harrier.ID{"site": &d.Scope.Sites, "group": &d.Scope.AssetLists, "device": &d.Scope.Assets, "tag": &d.Scope.Tags, "scan": &d.Scope.Scans}[kind]
	if !slices.Contains(*to, harrier.ID(n)) {
		*to = append(*to, harrier.ID(n))
	}
	return nil
}

// askClean has a raw export, or a table, list also what was not found, where the scan template
// stores it: one that names no status has them all.
//
// Source: section 12.3.
func askClean(d *harrier.ReportDefinition) {
	if slices.Contains([]string{"raw-xml-v2", "raw-xml", "ns-xml", formatnexpose.Table.Name}, d.Format) && !strings.Contains(d.Given[givenFilters], `"vuln-status"`) {
		d.Options = map[string]string{"clean": "stored"}
	}
}

// restriction is the condition that the vuln-* filters are: those of a type are
// joined by or, the types by and.
func restriction(list [][2]string) (harrier.Expr, error) {
	byType := map[string]harrier.Or{}
	var out harrier.And
	for _, f := range list {
		switch f[0] {
		case "vuln-severity":
			n, err := strconv.Atoi(f[1])
			if err != nil || n < 0 || n > 10 {
				return nil, harrier.Invalidf("filter", "%q is not a severity from 1 to 10", clip(f[1]))
			}
			byType[f[0]] = append(byType[f[0]], harrier.ScoredAtLeast(n))
		case "vuln-status":
			status, ok := map[string]formatnexpose.Status{
				"vulnerable-exploited": formatnexpose.Exploited, "vulnerable-version": formatnexpose.Version,
				"potential": formatnexpose.Possible, "vulnerable-potential": formatnexpose.Possible,
			}[f[1]]
			if !ok {
				return nil, harrier.Invalidf("filter", "%q is not a status of vulnerabilities", clip(f[1]))
			}
			byType[f[0]] = append(byType[f[0]], formatnexpose.Having(status))
		case "vuln-categories":
			how, names, _ := strings.Cut(f[1], ":")
			var values []any
			for name := range strings.SplitSeq(names, ",") {
				if name = strings.TrimSpace(name); name != "" {
					values = append(values, name)
				}
			}
			in := harrier.Cmp{Field: "family", Op: harrier.Eq, Values: values}
			switch {
			case len(values) == 0 || how != "include" && how != "exclude":
				return nil, harrier.Invalidf("filter", "%q is neither include: nor exclude: with names of categories", clip(f[1]))
			case how == "include":
				byType[f[0]] = append(byType[f[0]], in)
			default:
				out = append(out, harrier.Not{Of: in})
			}
		}
	}
	for _, kind := range []string{"vuln-severity", "vuln-status", "vuln-categories"} {
		if len(byType[kind]) > 0 {
			out = append(out, byType[kind])
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// mailForms are the words for how a mail brings a report.
var mailForms = map[string]harrier.MailForm{"file": harrier.AsFile, "zip": harrier.AsZip, "url": harrier.AsNotice, "none": "", "": ""}

func readDelivery(e *element, d *harrier.ReportDefinition) error {
	d.Recipients, d.Mail = nil, harrier.ReportMail{}
	mail := e.child("Email")
	for _, r := range mail.child("Recipients").all("Recipient") {
		if to := r.content(); to != "" {
			d.Recipients = append(d.Recipients, to)
		}
	}
	for name, to := range map[string]*harrier.MailForm{"sendAs": &d.Mail.Recipients, "sendToOwnerAs": &d.Mail.Owner, "sendToAclAs": &d.Mail.Users} {
		word := strings.ToLower(mail.attr(name))
		form, known := mailForms[word]
		if !known {
			return harrier.Invalidf(name, "%q is none of file, zip, url and none", clip(word))
		}
		*to = form
	}
	for name, text := range map[string]string{
		givenEveryone: mail.attr("toAllAuthorized"), givenSender: mail.child("Sender").content(), givenRelay: mail.child("SmtpRelayServer").content(),
		givenLocation: e.child("Storage", "location").content(),
	} {
		if text != "" {
			d.Given[name] = text
		}
	}
	return nil
}

// attrsText keeps the attributes of an element, by name.
func attrsText(e *element) string {
	kept := map[string]string{}
	for _, a := range e.attrs {
		if a.value != "" {
			kept[a.key] = a.value
		}
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return ""
	}
	return string(text)
}
