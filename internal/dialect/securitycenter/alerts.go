package securitycenter

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/alert"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

func (a api) alertRoutes(m *router) {
	if a.Alerts != nil { // nil where only the routes are asked for
		a.Alerts.AskWith(a.answerSaved)
	}
	m.handle("GET /alert", a.listAlerts)
	m.handle("POST /alert", a.createAlert)
	m.handle("GET /alert/{id}", a.getAlert)
	m.handle("PATCH /alert/{id}", a.changeAlert)
	m.handle("DELETE /alert/{id}", a.deleteAlert)
	m.handle("POST /alert/{id}/execute", a.executeAlert)
}

// alertBody is an alert in a request. Keys that are missing stay as they are.
//
// Source: section 22.1.
type alertBody struct {
	Name        *kit.Text       `json:"name"`
	Description *kit.Text       `json:"description"`
	Tool        *kit.Text       `json:"triggerName"`
	Operator    *kit.Text       `json:"triggerOperator"`
	Value       *kit.Int        `json:"triggerValue"`
	Every       *kit.Bool       `json:"executeOnEveryTrigger"`
	Status      json.RawMessage `json:"status"`
	Query       json.RawMessage `json:"query"`
	Schedule    json.RawMessage `json:"schedule"`
	Actions     json.RawMessage `json:"action"`
}

// What an alert keeps of what this API says of it.
const (
	alertKind  = "schedule.type"
	alertStart = "schedule.start"
	alertRule  = "schedule.repeatRule"
)

type alertItem struct {
	ID            string        `json:"id"`
	UUID          string        `json:"uuid"`
	Name          string        `json:"name"`
	Description   string        `json:"description"`
	Status        string        `json:"status"`
	Tool          string        `json:"triggerName"`
	Operator      string        `json:"triggerOperator"`
	Value         string        `json:"triggerValue"`
	Modified      string        `json:"modifiedTime"`
	Created       string        `json:"createdTime"`
	LastTriggered string        `json:"lastTriggered"`
	LastEvaluated string        `json:"lastEvaluated"`
	Every         string        `json:"executeOnEveryTrigger"`
	Did           string        `json:"didTriggerLastEvaluation"`
	Actions       []alertAction `json:"action"`
	Schedule      scheduleItem  `json:"schedule"`
	Query         any           `json:"query"`
	CanUse        string        `json:"canUse"`
	CanManage     string        `json:"canManage"`
	Owner         personRef     `json:"owner"`
	OwnerGroup    ref           `json:"ownerGroup"`
}

// alertView is what alerts are shown with.
type alertView struct {
	api
	by     harrier.Actor
	person func(harrier.ID) personRef
	groups *groups
	query  map[harrier.ID]harrier.SavedQuery
}

func (a api) alertView(ctx context.Context, by harrier.Actor) (*alertView, error) {
	v := &alertView{api: a, by: by, groups: a.groups(ctx, by), query: map[harrier.ID]harrier.SavedQuery{}}
	var err error
	if v.person, err = a.personRefs(ctx); err != nil {
		return nil, err
	}
	list, err := a.Findings.Queries(ctx, by)
	for _, q := range list {
		v.query[q.ID] = q
	}
	return v, err
}

func (v *alertView) item(l harrier.Alert) alertItem {
	item := alertItem{
		ID: sid(l.ID), UUID: suuid(l.UUID), Name: l.Name, Description: l.Description, Status: "0", Tool: l.Trigger.Tool, Operator: string(l.Trigger.Op),
		Value: sid(harrier.ID(l.Trigger.Value)), Modified: stime(l.Modified), Created: stime(l.Created), LastTriggered: stime0(l.LastTriggered),
		LastEvaluated: stime0(l.LastEvaluated), Every: sbool(l.EveryTime), Did: sbool(l.Holds), Actions: []alertAction{}, Query: noRef,
		CanUse: sbool(true), CanManage: sbool(v.Alerts.Edits(v.by, l)), Owner: v.person(l.Owner), OwnerGroup: v.groups.owner(l.Owner),
		Schedule: scheduleItem{ID: sid(l.ID), ObjectType: "alert", Type: "template", Enabled: sbool(!l.Disabled), Dependent: noRef},
	}
	if s := &item.Schedule; l.Schedule.Planned() {
		s.Type, s.Start, s.Rule = "ical", startText(l.Schedule), l.Schedule.Rule
		if kept := l.Given; scheduleOf(kept[alertStart], kept[alertRule]) == enabled(l.Schedule) {
			s.Start, s.Rule = kept[alertStart], kept[alertRule]
		}
		if s.NextRun = -1; !l.NextRun.IsZero() {
			s.NextRun = l.NextRun.Unix()
		}
	} else if kind := l.Given[alertKind]; kind != "" && kind != "ical" {
		s.Type = kind
	}
	if l.Disabled {
		item.Status = "1"
	}
	if q, ok := v.query[l.Trigger.Query]; ok {
		item.Query = ref{sid(q.ID), q.Name, q.Description}
	}
	for _, c := range l.Actions {
		item.Actions = append(item.Actions, v.newAction(c))
	}
	return item
}

func (a api) listAlerts(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	list, err := a.Alerts.Alerts(ctx, by)
	if err != nil {
		return nil, err
	}
	v, err := a.alertView(ctx, by)
	if err != nil {
		return nil, err
	}
	var usable, manageable []alertItem
	for _, l := range list {
		item := v.item(l)
		if usable = append(usable, item); item.CanManage == "true" {
			manageable = append(manageable, item)
		}
	}
	return lists(by, q, usable, manageable, q.fields("id", "name", "description", "status"), "id")
}

func (a api) showAlert(ctx context.Context, by harrier.Actor, q *query, l harrier.Alert) (any, error) {
	v, err := a.alertView(ctx, by)
	if err != nil {
		return nil, err
	}
	return pick(v.item(l), q.fields(), "id"), nil
}

func (a api) getAlert(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	l, err := a.Alerts.Alert(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, "Alert", q.path("id"), "get")
	}
	return a.showAlert(ctx, by, q, l)
}

// triggerOps are the operators of triggers, in every spelling.
var triggerOps = map[string]harrier.Op{">=": harrier.Ge, "<=": harrier.Le, "=": harrier.Eq, "==": harrier.Eq, "!=": harrier.Ne}

// apply puts what a request says into l, all but the query.
func (b alertBody) apply(l *harrier.Alert, by harrier.Actor, people map[harrier.ID]harrier.User) error {
	if b.Name != nil {
		l.Name = string(*b.Name)
	}
	if b.Description != nil {
		l.Description = string(*b.Description)
	}
	if b.Tool != nil {
		l.Trigger.Tool = string(*b.Tool)
	}
	if _, ok := vulnTools[l.Trigger.Tool]; !ok && (len(l.Events) == 0 || l.Trigger.Tool != "") {
		return fault(codeInvalid, 0, "The triggerName '%s' is invalid.", cut(l.Trigger.Tool, 64))
	}
	if b.Operator != nil {
		op, ok := triggerOps[strings.TrimSpace(string(*b.Operator))]
		if !ok {
			return fault(codeInvalid, 0, "The triggerOperator '%s' is invalid (>=, <=, =, !=).", cut(string(*b.Operator), 32))
		}
		l.Trigger.Op = op
	}
	if b.Value != nil {
		if *b.Value < 0 || *b.Value > 1<<31 {
			return fault(codeInvalid, 0, "The triggerValue is invalid.")
		}
		l.Trigger.Value = int(*b.Value)
	}
	if b.Every != nil {
		l.EveryTime = bool(*b.Every)
	}
	if err := b.applySchedule(l); err != nil || len(b.Actions) == 0 {
		return err
	}
	var err error
	l.Actions, err = readActions(b.Actions, l.Actions, by, people)
	return err
}

func (b alertBody) applySchedule(l *harrier.Alert) error {
	if text := strings.TrimSpace(string(b.Schedule)); text == "" || text == "null" || text == `""` || text == "[]" {
		return nil
	}
	var in struct {
		Type    kit.Text  `json:"type"`
		Start   kit.Text  `json:"start"`
		Rule    kit.Text  `json:"repeatRule"`
		Enabled *kit.Bool `json:"enabled"`
	}
	if keys, err := kit.DecodeBody(b.Schedule); err != nil || kit.Fill(keys, &in) != nil {
		return fault(codeInvalid, 0, "The parameter 'schedule' is invalid.")
	}
	l.Schedule = harrier.Schedule{}
	l.Given = map[string]string{alertKind: string(in.Type), alertStart: string(in.Start), alertRule: string(in.Rule)}
	switch in.Type {
	case "ical":
		if in.Start == "" || in.Rule == "" {
			return fault(codeInvalid, 0, "A schedule of the type 'ical' needs 'start' and 'repeatRule'.")
		}
		l.Schedule = scheduleOf(string(in.Start), string(in.Rule))
		if err := checkSchedule(l.Schedule); err != nil {
			return err
		}
		l.Schedule.Enabled = in.Enabled == nil || bool(*in.Enabled)
	case "", "never", "template", "now":
	default:
		return fault(codeInvalid, 0, "The schedule type '%s' is invalid (ical, never, template, now).", cut(string(in.Type), 32))
	}
	return nil
}

// applyQuery names the query of an alert: a saved one by its id, or one made
// here of filters.
func (a api) applyQuery(ctx context.Context, by harrier.Actor, l *harrier.Alert, raw json.RawMessage) (made harrier.ID, err error) {
	if text := strings.TrimSpace(string(raw)); text == "" || text == "null" || text == `""` || text == "[]" {
		return 0, nil
	}
	var in queryBody
	var id given
	keys, err := kit.DecodeBody(raw)
	if err == nil {
		err = kit.Fill(keys, &in)
	}
	if err != nil || json.Unmarshal(raw, &id) != nil {
		return 0, fault(codeInvalid, 0, "The parameter 'query' is invalid.")
	}
	if id > 0 {
		if _, err := a.Findings.Query(ctx, by, harrier.ID(id)); err != nil {
			return 0, missing(err, "Query", sid(id), "use")
		}
		l.Trigger.Query = harrier.ID(id)
		return 0, nil
	}
	name := kit.Text("Query for alert '" + cut(l.Name, 200) + "' at " + a.Now().UTC().Format("Jan 02, 2006 15:04:05"))
	kind, tool := kit.Text("vuln"), kit.Text(l.Trigger.Tool)
	if in.Name = &name; in.Type == nil || *in.Type == "" {
		in.Type = &kind
	}
	if in.Tool == nil || *in.Tool == "" {
		in.Tool = &tool
	}
	var s harrier.SavedQuery
	if err := in.apply(&s, a.checkQuery(ctx, by, &s), a.shareQueryWith(ctx, by, &s)); err != nil {
		return 0, err
	}
	if s.Kind != "vuln" {
		return 0, fault(codeInvalid, 0, "Alerts need a query of the type 'vuln'.")
	}
	if err := a.Findings.CreateQuery(ctx, by, &s); err != nil {
		return 0, err
	}
	l.Trigger.Query = s.ID
	return s.ID, nil
}

// putAlert stores an alert; a query that was made for it goes with it when it
// is refused.
func (a api) putAlert(ctx context.Context, by harrier.Actor, l *harrier.Alert, raw json.RawMessage, put func() error) error {
	made, err := a.applyQuery(ctx, by, l, raw)
	if err != nil {
		return err
	}
	if err := put(); err != nil {
		if made != 0 {
			_ = a.Findings.DeleteQuery(ctx, by, made) // the first fault tells more
		}
		return err
	}
	return nil
}

func (a api) createAlert(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var b alertBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	people, err := a.peers(ctx, by)
	if err != nil {
		return nil, err
	}
	l := harrier.Alert{Trigger: harrier.Trigger{Op: harrier.Ge}}
	if err := b.apply(&l, by, people); err != nil {
		return nil, err
	}
	if err := a.checkObjects(ctx, by, l.Actions, nil); err != nil {
		return nil, err
	}
	if !by.May(harrier.WriteAlerts) {
		return nil, notAllowed("You may not edit alerts.")
	}
	if err := a.putAlert(ctx, by, &l, b.Query, func() error { return a.Alerts.CreateAlert(ctx, by, &l) }); err != nil {
		return nil, err
	}
	return a.showAlert(ctx, by, q, l)
}

func (a api) changeAlert(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var b alertBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	people, err := a.peers(ctx, by)
	if err != nil {
		return nil, err
	}
	l, err := a.Alerts.Alert(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, "Alert", q.path("id"), "update")
	}
	if !a.Alerts.Edits(by, l) {
		return nil, notAllowed("You may not change this alert.")
	}
	before := l.Actions
	if err := b.apply(&l, by, people); err != nil {
		return nil, err
	}
	if err := a.checkObjects(ctx, by, l.Actions, before); err != nil {
		return nil, err
	}
	if err := a.putAlert(ctx, by, &l, b.Query, func() error { return a.Alerts.UpdateAlert(ctx, by, &l) }); err != nil {
		return nil, missing(err, "Alert", q.path("id"), "update")
	}
	return a.showAlert(ctx, by, q, l)
}

// checkObjects answers Invalid for an action that would launch what by may not
// use, unless it was there before.
func (a api) checkObjects(ctx context.Context, by harrier.Actor, actions, before []harrier.AlertAction) error {
	for _, c := range actions {
		if slices.ContainsFunc(before, func(b harrier.AlertAction) bool { return b.Kind == c.Kind && b.Object == c.Object }) {
			continue
		}
		noun, err := "", error(nil)
		switch c.Kind { //nolint:exhaustive // the others launch nothing
		case harrier.LaunchReport:
			noun = reportDefinitionNoun
			_, err = a.Reports.Definition(ctx, by, c.Object)
		case harrier.LaunchScan:
			noun = "Scan"
			_, err = a.site(ctx, by, c.Object, "use")
		}
		if harrier.KindOf(err) == harrier.NotFound && err != nil {
			err = fault(codeInvalid, 0, "%s #%d does not exist.", noun, c.Object)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a api) deleteAlert(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	return nil, missing(a.Alerts.DeleteAlert(ctx, by, q.id()), "Alert", q.path("id"), "delete")
}

func (a api) executeAlert(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	l, err := a.Alerts.Execute(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, "Alert", q.path("id"), "execute")
	}
	return a.showAlert(ctx, by, q, l)
}

// shownMembers are the members of records that a message shows.
var shownMembers = []string{
	"ip", "dnsName", "pluginID", "pluginName", "name", "severity", "cveID", "port", "protocol", "family", "repository", "score", "total", "count",
	"hostTotal", "severityCritical", "severityHigh", "severityMedium", "severityLow", "detectionMethod", "asset", "solution",
}

// answerSaved answers a saved query for an alert.
func (a api) answerSaved(ctx context.Context, by harrier.Actor, s harrier.SavedQuery, tool string, limit int) (alert.Answer, error) {
	if s.Kind != "vuln" {
		return alert.Answer{}, harrier.Errorf(harrier.Invalid, "a query of the type %q has no count", s.Kind)
	}
	in, err := a.savedAnalysis(ctx, by, map[string]any{"tool": tool, "query": map[string]any{"id": s.ID}, "startOffset": 0, "endOffset": max(limit, 1)})
	if err != nil {
		return alert.Answer{}, err
	}
	out, err := a.vulnAnalysis(ctx, by, in)
	if err != nil {
		return alert.Answer{}, err
	}
	answer := alert.Answer{Count: out.total}
	for _, row := range out.list[:min(limit, len(out.list))] {
		line, err := lineOf(row)
		if err != nil {
			return answer, err
		}
		answer.Lines = append(answer.Lines, line)
	}
	return answer, nil
}

// savedAnalysis reads a question as a request would put it.
func (a api) savedAnalysis(ctx context.Context, by harrier.Actor, body map[string]any) (analysisQuery, error) {
	text, err := kit.Marshal(body)
	if err != nil {
		return analysisQuery{}, err
	}
	keys, err := kit.DecodeBody(text)
	if err != nil {
		return analysisQuery{}, err
	}
	return readAnalysis(&query{keys: keys}, func(id harrier.ID) (analysisBody, error) { return a.storedQuery(ctx, by, id) })
}

// lineOf is a record on one line for people: "ip 192.0.2.1, score 12".
func lineOf(row any) (string, error) {
	text, err := kit.Marshal(picked{row, shownMembers})
	if err != nil {
		return "", err
	}
	in := json.NewDecoder(bytes.NewReader(text))
	if _, err := in.Token(); err != nil {
		return "", err
	}
	var parts []string
	for in.More() {
		name, err := in.Token()
		if err != nil {
			return "", err
		}
		var value json.RawMessage
		if err := in.Decode(&value); err != nil {
			return "", err
		}
		var named struct{ Name string }
		v, single := kit.Scalar(value)
		if !single && json.Unmarshal(value, &named) == nil {
			v = named.Name
		}
		if v = cut(v, 200); v != "" {
			parts = append(parts, name.(string)+" "+v) //nolint:forcetypeassert // a name is a text
		}
	}
	return cut(strings.Join(parts, ", "), 500), nil
}

// numbersOf are the ids of g that are some.
func numbersOf(g givens) []harrier.ID {
	return slices.DeleteFunc(g.ids(), func(id harrier.ID) bool { return id <= 0 })
}
