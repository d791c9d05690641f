package securitycenter

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

func (a api) reportDefinitionRoutes(m *router) {
	m.handle("GET /reportDefinition", a.listReportDefinitions)
	m.handle("POST /reportDefinition", a.createReportDefinition)
	m.handle("POST /reportDefinition/import", a.importReportDefinition)
	m.handle("GET /reportDefinition/{id}", a.getReportDefinition)
	m.handle("PATCH /reportDefinition/{id}", a.changeReportDefinition)
	m.handle("DELETE /reportDefinition/{id}", a.deleteReportDefinition)
	m.handle("POST /reportDefinition/{id}/copy", a.copyReportDefinition)
	m.handle("GET /reportDefinition/{id}/export", a.exportReportDefinition)
	m.handle("POST /reportDefinition/{id}/launch", a.launchReportDefinition)
}

// reportTypes are the types of reports that are made; refusedTypes those that
// the original has beside them.
var (
	reportTypes  = []string{"pdf", "csv", "html"}
	refusedTypes = []string{"rtf", "arf", "asr", "lasr"}
)

const reportDefinitionNoun = "Report Definition"

// What this dialect keeps of a definition beside what all dialects know, by
// name in harrier.ReportDefinition.
const (
	givenDefinition = ownPrefix + "definition" // JSON
	givenPoints     = ownPrefix + "dataPoints"
	givenMailUsers  = ownPrefix + "emailUsers"   // JSON
	givenTargets    = ownPrefix + "emailTargets" // text
	givenShareUsers = ownPrefix + "shareUsers"   // JSON
	givenSites      = ownPrefix + "pubSites"     // JSON
	givenAttributes = ownPrefix + "attributeSet" // JSON
)

// reportDefinitionItem is a report definition.
//
// Source: securitycenter-api.md, section 23.1.
type reportDefinitionItem struct {
	ID           string          `json:"id"`
	UUID         string          `json:"uuid"`
	Name         string          `json:"name"`
	Description  string          `json:"description"`
	Type         string          `json:"type"`
	Status       string          `json:"status"`
	Points       string          `json:"dataPoints"`
	Targets      string          `json:"emailTargets"`
	Created      string          `json:"createdTime"`
	Modified     string          `json:"modifiedTime"`
	MailUsers    json.RawMessage `json:"emailUsers"`
	ShareUsers   json.RawMessage `json:"shareUsers"`
	Sites        json.RawMessage `json:"pubSites"`
	AttributeSet json.RawMessage `json:"attributeSet"`
	Definition   json.RawMessage `json:"definition"`
	Schedule     scheduleItem    `json:"schedule"`
	Groups       []ref           `json:"groups"`
	CanUse       string          `json:"canUse"`
	CanManage    string          `json:"canManage"`
	Creator      userRef         `json:"creator"`
	Owner        userRef         `json:"owner"`
	OwnerGroup   ref             `json:"ownerGroup"`
}

// reportDefinitionShown are the default members of lists.
var reportDefinitionShown = []string{"id", "name", "description", "type", "status"}

func (a api) reportDefinitionItem(p *people, groups *groups, by harrier.Actor, d harrier.ReportDefinition) reportDefinitionItem {
	kept, owner := d.Given, p.ref(d.Owner)
	return reportDefinitionItem{
		ID: sid(d.ID), UUID: suuid(d.UUID), Name: d.Name, Description: d.Description, Type: d.Format, Status: "0",
		Points: cmp.Or(kept[givenPoints], "-1"), Targets: mailTargets(d), Created: stime(d.Created), Modified: stime(d.Modified),
		MailUsers: rawList(kept[givenMailUsers]), ShareUsers: rawList(kept[givenShareUsers]), Sites: rawList(kept[givenSites]),
		AttributeSet: orRaw(json.RawMessage(kept[givenAttributes]), `{"id":-1,"name":"","description":""}`), Definition: orRaw(json.RawMessage(kept[givenDefinition]), "{}"),
		Schedule: reportSchedule(d), Groups: groups.refs(d.Groups), CanUse: sbool(true), CanManage: sbool(a.Reports.Edits(by, d)), Creator: owner, Owner: owner, OwnerGroup: groups.owner(d.Owner),
	}
}

// mailTargets are the addresses that a definition names. Those of the users that
// it names are theirs to show; where this dialect said nothing, another one named
// them all.
func mailTargets(d harrier.ReportDefinition) string {
	if d.Given[givenTargets] == "" && d.Given[givenMailUsers] == "" {
		return strings.Join(d.Recipients, ",")
	}
	return d.Given[givenTargets]
}

func reportSchedule(d harrier.ReportDefinition) scheduleItem {
	w := scheduleItem{ID: sid(d.ID), ObjectType: "report", Type: "template", Enabled: sbool(true), Dependent: noRef}
	if d.Schedule.Start == "" {
		return w
	}
	w.Type, w.Start, w.Rule, w.Enabled = "ical", startText(d.Schedule), d.Schedule.Rule, sbool(d.Schedule.Enabled)
	switch {
	case !d.NextRun.IsZero():
		w.NextRun = d.NextRun.Unix()
	case d.Schedule.Enabled:
		w.NextRun = -1
	}
	return w
}

func (a api) listReportDefinitions(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	list, err := a.Reports.Definitions(ctx, by)
	if err != nil {
		return nil, err
	}
	p, groups := a.people(ctx), a.groups(ctx, by)
	var usable, manageable []reportDefinitionItem
	for _, d := range list {
		item := a.reportDefinitionItem(p, groups, by, d)
		if want := q.param("type"); want != "" && want != item.Type {
			continue
		}
		if usable = append(usable, item); item.CanManage == "true" {
			manageable = append(manageable, item)
		}
	}
	return lists(by, q, usable, manageable, q.fields(reportDefinitionShown...), "id")
}

func (a api) showReportDefinition(ctx context.Context, by harrier.Actor, q *query, d harrier.ReportDefinition) (any, error) {
	return pick(a.reportDefinitionItem(a.people(ctx), a.groups(ctx, by), by, d), q.fields(), "id"), nil
}

func (a api) getReportDefinition(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	d, err := a.Reports.Definition(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, reportDefinitionNoun, q.path("id"), "get")
	}
	return a.showReportDefinition(ctx, by, q, d)
}

// reportDefinitionBody is a definition in a request. Keys that are missing stay
// as they are.
type reportDefinitionBody struct {
	Name         *kit.Text        `json:"name"`
	Description  *kit.Text        `json:"description"`
	Type         *kit.Text        `json:"type"`
	Definition   json.RawMessage  `json:"definition"`
	Points       *kit.Text        `json:"dataPoints"`
	MailUsers    json.RawMessage  `json:"emailUsers"`
	Targets      *kit.Text        `json:"emailTargets"`
	ShareUsers   json.RawMessage  `json:"shareUsers"`
	Sites        json.RawMessage  `json:"pubSites"`
	AttributeSet json.RawMessage  `json:"attributeSet"`
	Groups       *givens          `json:"groups"`
	Schedule     *scheduleRequest `json:"schedule"`
}

// apply puts what a request says into d, and says whether a report is wanted at
// once.
func (b reportDefinitionBody) apply(ctx context.Context, a api, by harrier.Actor, d *harrier.ReportDefinition) (now bool, err error) {
	d.Given = maps.Clone(d.Given)
	if d.Given == nil {
		d.Given = map[string]string{}
	}
	if b.Name != nil {
		d.Name = strings.TrimSpace(string(*b.Name))
	}
	if b.Description != nil {
		d.Description = string(*b.Description)
	}
	if b.Type != nil {
		d.Format = strings.ToLower(strings.TrimSpace(string(*b.Type)))
	}
	switch {
	case d.Name == "":
		return false, fault(codeInvalid, 0, "The parameter 'name' is required.")
	case d.Format == "":
		return false, fault(codeInvalid, 0, "The parameter 'type' is required (%s).", strings.Join(reportTypes, ", "))
	case slices.Contains(refusedTypes, d.Format):
		return false, fault(codeInvalid, 0, "Reports of type '%s' are not made by this server (%s).", d.Format, strings.Join(reportTypes, ", "))
	case b.Type != nil && !slices.Contains(reportTypes, d.Format):
		return false, fault(codeInvalid, 0, "The type '%s' is invalid (%s).", cut(d.Format, 32), strings.Join(reportTypes, ", "))
	}
	for name, raw := range map[string]json.RawMessage{
		givenMailUsers: b.MailUsers, givenShareUsers: b.ShareUsers, givenSites: b.Sites, givenAttributes: b.AttributeSet,
	} {
		if len(raw) > 0 {
			d.Given[name] = string(raw)
		}
	}
	if b.Points != nil {
		d.Given[givenPoints] = string(*b.Points)
	}
	if b.Targets != nil {
		d.Given[givenTargets] = string(*b.Targets)
	}
	if b.Groups != nil {
		if d.Groups, err = a.sharedWith(ctx, by, *b.Groups); err != nil {
			return false, err
		}
	}
	if len(b.MailUsers) > 0 || b.Targets != nil {
		if d.Recipients, err = a.recipients(ctx, by, d.Given[givenTargets], json.RawMessage(d.Given[givenMailUsers])); err != nil {
			return false, err
		}
	}
	if len(b.Definition) > 0 {
		if err := a.readDefinition(ctx, by, b.Definition, d); err != nil {
			return false, err
		}
	}
	if d.Template == "" && d.Format != "csv" {
		d.Template = "detailed"
	}
	if d.Format == "csv" {
		d.Template = ""
	}
	if b.Schedule != nil {
		return b.Schedule.ofReport(d)
	}
	return false, nil
}

// ofReport puts the schedule into d.
func (q scheduleRequest) ofReport(d *harrier.ReportDefinition) (now bool, err error) {
	switch kind := strings.ToLower(string(q.Type)); kind {
	case "ical":
		if q.Start == "" || q.Rule == "" {
			return false, fault(codeInvalid, 0, "A schedule of type 'ical' needs 'start' and 'repeatRule'.")
		}
		d.Schedule = scheduleOf(string(q.Start), string(q.Rule))
		d.Schedule.Enabled = true
		if q.Enabled != nil {
			d.Schedule.Enabled = bool(*q.Enabled)
		}
		return false, checkSchedule(d.Schedule)
	case "now":
		d.Schedule, now = harrier.Schedule{}, true
	case "", "never", "template":
		d.Schedule = harrier.Schedule{}
	default:
		return false, fault(codeInvalid, 0, "The value '%s' for schedule 'type' is invalid (valid values: ical, never, now, template).", cut(kind, 40))
	}
	return now, nil
}

// recipients are the mail addresses of a text and of users.
func (a api) recipients(ctx context.Context, by harrier.Actor, targets string, users json.RawMessage) ([]string, error) {
	var list givens
	if len(users) > 0 && json.Unmarshal(users, &list) != nil {
		return nil, fault(codeInvalid, 0, "The parameter 'emailUsers' is invalid.")
	}
	out := strings.FieldsFunc(targets, func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\n' || r == '\r' })
	if len(list) > 0 {
		people, err := a.peers(ctx, by)
		if err != nil {
			return nil, err
		}
		for _, id := range list.ids() {
			if _, ok := people[id]; !ok {
				return nil, noObject("User", sid(id), "get")
			}
		}
		addresses, err := a.Identity.Addresses(ctx, list.ids())
		if err != nil {
			return nil, err
		}
		out = append(out, addresses...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func (a api) createReportDefinition(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var b reportDefinitionBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	var d harrier.ReportDefinition
	now, err := b.apply(ctx, a, by, &d)
	if err != nil {
		return nil, err
	}
	if err := a.Reports.CreateDefinition(ctx, by, &d); err != nil {
		return nil, err
	}
	if now {
		if _, err := a.Reports.Launch(ctx, by, d.ID, 0); err != nil {
			return nil, err
		}
	}
	return a.showReportDefinition(ctx, by, q, d)
}

func (a api) changeReportDefinition(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var b reportDefinitionBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	d, err := a.Reports.Definition(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, reportDefinitionNoun, q.path("id"), "update")
	}
	now, err := b.apply(ctx, a, by, &d)
	if err != nil {
		return nil, err
	}
	if err := a.Reports.UpdateDefinition(ctx, by, &d); err != nil {
		return nil, missing(err, reportDefinitionNoun, q.path("id"), "update")
	}
	if now {
		if _, err := a.Reports.Launch(ctx, by, d.ID, 0); err != nil {
			return nil, err
		}
	}
	return a.showReportDefinition(ctx, by, q, d)
}

func (a api) deleteReportDefinition(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	return nil, missing(a.Reports.DeleteDefinition(ctx, by, q.id()), reportDefinitionNoun, q.path("id"), "delete")
}

func (a api) copyReportDefinition(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	d, err := a.Reports.Definition(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, reportDefinitionNoun, q.path("id"), "copy")
	}
	name := strings.TrimSpace(q.param("name"))
	if name == "" {
		name = "Copy of " + d.Name
	}
	d.ID, d.Name, d.Owner, d.Groups, d.Users, d.Schedule.Enabled = 0, name, 0, nil, nil, false
	if err := a.Reports.CreateDefinition(ctx, by, &d); err != nil {
		return nil, err
	}
	return a.showReportDefinition(ctx, by, q, d)
}

// launched is the answer to a launch.
type launchedReport struct {
	Definition string        `json:"reportDefinitionID"`
	Result     launchedState `json:"reportResult"`
}

type launchedState struct {
	Creator     string `json:"creatorID"`
	Owner       string `json:"ownerID"`
	OwnerGroup  string `json:"ownerGID"`
	Definition  string `json:"reportDefinitionID"`
	Job         string `json:"jobID"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Type        string `json:"type"`
	Status      string `json:"status"`
	Error       string `json:"errorDetails"`
	Steps       int    `json:"totalSteps"`
	Done        int    `json:"completedSteps"`
	Start       int64  `json:"startTime"`
	Finish      int64  `json:"finishTime"`
	Sites       []ref  `json:"pubSites"`
	ID          string `json:"id"`
}

func (a api) launchReportDefinition(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	d, err := a.Reports.Definition(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, reportDefinitionNoun, q.path("id"), "launch")
	}
	rep, err := a.Reports.Launch(ctx, by, d.ID, 0)
	if err != nil {
		return nil, err
	}
	return launchedReport{sid(d.ID), launchedState{
		Creator: sid(rep.Owner), Owner: sid(rep.Owner), OwnerGroup: "0", Definition: sid(d.ID), Job: sid(rep.ID), Name: rep.Title, Description: d.Description, Type: rep.Format,
		Status: "Queued", Steps: -1, Start: -1, Sites: []ref{}, ID: sid(rep.ID),
	}}, nil
}

// exportedDefinition is a definition as a file. It names nothing that another
// installation does not have.
type exportedDefinition struct {
	Kind        string          `json:"harrier"` // "report definition"
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Type        string          `json:"type"`
	Definition  json.RawMessage `json:"definition"`
	Points      string          `json:"dataPoints"`
}

const exportedKind = "report definition"

func (a api) exportReportDefinition(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	d, err := a.Reports.Definition(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, reportDefinitionNoun, q.path("id"), "export")
	}
	item := a.reportDefinitionItem(a.people(ctx), a.groups(ctx, by), by, d)
	text, err := kit.Marshal(exportedDefinition{exportedKind, d.Name, d.Description, d.Format, item.Definition, item.Points})
	return kit.File{Name: "report-definition-" + strconv.FormatInt(int64(d.ID), 10) + ".json", Type: "application/json", Size: int64(len(text)), Body: io.NopCloser(bytes.NewReader(text))}, err
}

// maxDefinitionFile is how long a file with a definition may be.
const maxDefinitionFile = 1 << 20

func (a api) importReportDefinition(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	f, err := a.openUpload(ctx, by, q.param("filename"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(f, maxDefinitionFile+1))
	if err != nil {
		return nil, err
	}
	var in exportedDefinition
	if len(text) > maxDefinitionFile || json.Unmarshal(text, &in) != nil || in.Kind != exportedKind {
		return nil, fault(codeInvalid, 0, "The file is no report definition.")
	}
	name, description, kind, points := kit.Text(in.Name), kit.Text(in.Description), kit.Text(in.Type), kit.Text(in.Points)
	if n := strings.TrimSpace(q.param("name")); n != "" {
		name = kit.Text(n)
	}
	b := reportDefinitionBody{Name: &name, Description: &description, Type: &kind, Points: &points, Definition: in.Definition}
	var d harrier.ReportDefinition
	if _, err := b.apply(ctx, a, by, &d); err != nil {
		return nil, err
	}
	if err := a.Reports.CreateDefinition(ctx, by, &d); err != nil {
		return nil, err
	}
	return a.showReportDefinition(ctx, by, q, d)
}
