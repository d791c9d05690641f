package nexpose

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
)

// What this API keeps of a site beside what all dialects know, by name in
// harrier.SiteOptions.Given.
const (
	givenTemplate     = words.GivenTemplate
	givenRisk         = words.GivenRisk
	givenOrganization = words.GivenOrganization // JSON, attributes by key
	givenSchedules    = ownField + "schedules"  // JSON, attributes by key
	givenScanName     = words.GivenScanName
	givenDynamic      = ownField + "isDynamic"
	givenDynamicType  = ownField + "dynamicConfigType"
)

// siteDoc is all that this API tells of a site.
type siteDoc struct {
	harrier.Site
	policy    harrier.Policy
	template  string
	engine    harrier.ID
	alerts    []harrier.Alert
	schedules []map[string]string
	org       map[string]string
	tags      []harrier.Tag
	risk      string
}

func (a *api) loadSite(ctx context.Context, by harrier.Actor, id harrier.ID) (siteDoc, error) {
	s, err := a.Sites.Site(ctx, by, id)
	if err != nil {
		return siteDoc{}, err
	}
	d := siteDoc{Site: s, org: map[string]string{}, risk: float(riskFactor(s))}
	if d.policy, err = a.Policies.Policy(ctx, harrier.System, s.Policy); err != nil {
		return d, err
	}
	if a.Sites.Level(by, s) < harrier.MayConfigure {
		d.policy.Credentials = nil // who signs in where is for those who may change it
	}
	d.template = words.TemplateOf(s, d.policy)
	engines, err := a.engines(ctx, by)
	if err != nil {
		return d, err
	}
	d.engine = engines.Of(s)
	if d.alerts, err = a.siteAlerts(ctx, by, id); err != nil {
		return d, err
	}
	given := s.Options.Given
	fromJSON(given[givenOrganization], &d.org)
	if d.tags, err = a.Tags.On(ctx, by, harrier.OnSite, id); err != nil {
		return d, err
	}
	var schedules []map[string]string
	fromJSON(given[givenSchedules], &schedules)
	for _, run := range s.Runs() {
		if run.Targets == "" && (run.Schedule.Start != "" || run.Schedule.Rule != "") {
			d.schedules = append(d.schedules, a.scheduleAttrs(run, schedules))
		}
	}
	return d, nil
}

// fromJSON reads what was stored by toJSON; to keeps what it was when nothing
// was stored.
func fromJSON(text string, to any) { _ = json.Unmarshal([]byte(text), to) }

func toJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("keep %T: %v", v, err)) // maps and lists of texts always can be
	}
	return string(text)
}

// targetList is a target list as ranges and names.
func targetList(text string) harrier.Targets {
	list, err := harrier.ParseTargets(text)
	if err != nil {
		return nil // empty, or of before there was a rule against it
	}
	return list
}

// writeHosts writes a target list as ranges and names.
func writeHosts(o *out, name, text string) {
	o.start(name)
	for _, t := range targetList(text) {
		switch {
		case !t.IsRange():
			o.leaf("host", t.String())
		case t.First == t.Last:
			o.empty("range", "from", t.First.String())
		default:
			o.empty("range", "from", t.First.String(), "to", t.Last.String())
		}
	}
	o.end()
}

// readHosts reads the ranges and names of a Hosts element. An address among the
// names is an address.
func readHosts(e *element) ([]string, error) {
	var out []string
	for _, h := range e.all("range", "host") {
		text := h.content()
		if h.key == "range" {
			text = h.attr("from")
			if to := h.attr("to"); to != "" && to != text {
				text += "-" + to
			}
			if text == "" {
				return nil, harrier.Invalidf("from", "a range begins nowhere")
			}
		}
		if text = strings.ReplaceAll(text, " - ", "-"); text == "" {
			continue
		}
		if strings.ContainsAny(text, ", \t\r\n;") {
			return nil, harrier.Invalidf("host", "%q is not one host", clip(text))
		}
		if _, err := harrier.ParseTargets(text); err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, nil
}

// organizationAttrs are the attributes of an Organization.
//
// Source: section 3.4.
var organizationAttrs = []string{
	"name", "url", "primaryContact", "jobTitle", "email", "telephone", "businessAddress", "city", "state", "country", "zip",
}

// write writes the Site document.
//
// Source: section 3.4.
func (d siteDoc) write(o *out) {
	given := d.Options.Given
	o.start("Site", "id", ident(d.ID), "name", d.Name, "description", d.Description, "riskfactor", d.risk, "isDynamic", cmp.Or(given[givenDynamic], "0"))
	if v := given[givenDynamicType]; v != "" {
		o.attr("dynamicConfigType", v)
	}
	o.leaf("Description", d.Description)
	if len(d.org) > 0 {
		o.start("Organization")
		for _, name := range organizationAttrs {
			if v := d.org[key(name)]; v != "" {
				o.attr(name, v)
			}
		}
		o.end()
	}
	if users := d.users(); len(users) > 0 {
		o.start("Users")
		for _, id := range users {
			o.empty("user", "id", ident(id))
		}
		o.end()
	}
	writeHosts(o, "Hosts", d.Targets)
	writeHosts(o, "ExcludedHosts", d.Exclude)
	o.start("Credentials")
	for _, c := range d.policy.Credentials {
		writeCredential(o, d.Site, c)
	}
	o.end()
	o.start("Alerting")
	for _, al := range d.alerts {
		writeAlert(o, al)
	}
	o.end()
	o.start("ScanConfig", "configID", ident(d.ID), "name", d.scanName(), "configVersion", "3", "templateID", d.template, "engineID", ident(d.engine))
	o.start("Schedules")
	for _, at := range d.schedules {
		writeSchedule(o, at)
	}
	o.end()
	o.end()
	writeTags(o, d.tags)
	o.end()
}

func (d siteDoc) scanName() string {
	return cmp.Or(d.Options.Given[givenScanName], d.policy.Name)
}

// users are those with whom the site is shared, one by one.
func (d siteDoc) users() []harrier.ID {
	var out []harrier.ID
	for _, g := range d.Grants {
		if g.User != 0 && g.Level >= harrier.MayView {
			out = append(out, g.User)
		}
	}
	return out
}

// readUsers puts the users of a document into grants: who is named may scan, or
// what it may already; grants of groups and of everybody stay.
func readUsers(e *element, grants []harrier.Grant) ([]harrier.Grant, error) {
	var out []harrier.Grant
	for _, g := range grants {
		if g.User == 0 {
			out = append(out, g)
		}
	}
	for _, u := range e.child("Users").all("user") {
		id, err := u.id("id")
		if err != nil {
			return nil, err
		}
		g := harrier.Grant{User: id, Level: harrier.MayControl}
		if i := slices.IndexFunc(grants, func(h harrier.Grant) bool { return h.User == id }); i >= 0 {
			g = grants[i]
		}
		if !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	return out, nil
}
