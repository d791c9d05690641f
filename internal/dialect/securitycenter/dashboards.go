package securitycenter

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

func (a api) dashboardRoutes(m *router) {
	for _, name := range []string{"dashboard", "dashboardTab"} {
		m.handle("GET /"+name, a.listDashboards)
		m.handle("POST /"+name, a.createDashboard)
		m.handle("POST /"+name+"/import", a.importDashboard)
		m.handle("GET /"+name+"/{id}", a.getDashboard)
		m.handle("PATCH /"+name+"/{id}", a.changeDashboard)
		m.handle("DELETE /"+name+"/{id}", a.deleteDashboard)
		m.handle("POST /"+name+"/{id}/copy", a.copyDashboard)
		m.handle("POST /"+name+"/{id}/share", a.shareDashboard)
		m.handle("GET /"+name+"/{id}/export", a.exportDashboard)
		m.handle("GET /"+name+"/{id}/component", a.listComponents)
		m.handle("POST /"+name+"/{id}/component", a.createComponent)
		m.handle("GET /"+name+"/{id}/component/{component}", a.getComponent)
		m.handle("PATCH /"+name+"/{id}/component/{component}", a.changeComponent)
		m.handle("DELETE /"+name+"/{id}/component/{component}", a.deleteComponent)
		m.handle("POST /"+name+"/{id}/component/{component}/refresh", a.getComponent)
	}
	m.handle("GET /dashboardTemplate", a.listDashboardTemplates)
	m.handle("GET /dashboardTemplate/{id}", a.getDashboardTemplate)
	m.handle("GET /dashboardComponent", a.listAllComponents)
}

// dashboardBody is a dashboard in a request. Keys that are missing stay.
//
// Source: section 23.3.
type dashboardBody struct {
	Name        *kit.Text       `json:"name"`
	Description *kit.Text       `json:"description"`
	Tags        *kit.Text       `json:"tags"`
	Columns     json.RawMessage `json:"columns"`
	Groups      *givens         `json:"groups"`
	Template    *given          `json:"template"`
	Components  json.RawMessage `json:"components"`
}

type dashboardItem struct {
	ID          string          `json:"id"`
	UUID        string          `json:"uuid"`
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Tags        string          `json:"tags"`
	Activated   string          `json:"activated"`
	Order       string          `json:"order"`
	Columns     any             `json:"columns"`
	Status      string          `json:"status"`
	Failed      string          `json:"failedComponentCount"`
	Groups      []ref           `json:"groups"`
	Components  []componentItem `json:"components"`
	Created     string          `json:"createdTime"`
	Modified    string          `json:"modifiedTime"`
	CanUse      string          `json:"canUse"`
	CanManage   string          `json:"canManage"`
	Creator     personRef       `json:"creator"`
	Owner       personRef       `json:"owner"`
	OwnerGroup  ref             `json:"ownerGroup"`
	TargetGroup nullRef         `json:"targetGroup"`
}

type componentItem struct {
	ID          string `json:"id"`
	DashboardID string `json:"dashboardID"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Type        string `json:"componentType"`
	Definition  any    `json:"definition"`
	Status      string `json:"status"`
	Created     string `json:"createdTime"`
	Modified    string `json:"modifiedTime"`
}

// answeredComponent is a component with what it shows.
type answeredComponent struct {
	componentItem
	Data  any    `json:"data"`
	Error string `json:"errorMessage"`
}

func newComponent(dashboard harrier.ID, c harrier.DashboardComponent) componentItem {
	return componentItem{
		ID: sid(c.ID), DashboardID: sid(dashboard), Name: c.Name, Description: c.Description, Type: c.Kind, Status: "0",
		Definition: orRaw(json.RawMessage(c.Definition), "[]"), Created: stime(c.Created), Modified: stime(c.Modified),
	}
}

func (a api) dashboardItem(groups *groups, by harrier.Actor, person func(harrier.ID) personRef, d harrier.Dashboard, order int) dashboardItem {
	item := dashboardItem{
		ID: sid(d.ID), UUID: suuid(d.UUID), Name: d.Name, Description: d.Description, Tags: d.Tags, Activated: stime(d.Created), Order: sid(order), Status: "0", Failed: "0",
		Columns: orRaw(json.RawMessage(d.Columns), "[]"), Groups: groups.refs(d.Groups), Components: []componentItem{}, Created: stime(d.Created), Modified: stime(d.Modified),
		CanUse: sbool(true), CanManage: sbool(a.Alerts.EditsDashboard(by, d)), Creator: person(d.Owner), Owner: person(d.Owner), OwnerGroup: groups.owner(d.Owner), TargetGroup: noRef,
	}
	for _, c := range d.Components {
		item.Components = append(item.Components, newComponent(d.ID, c))
	}
	return item
}

func (a api) listDashboards(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	list, err := a.Alerts.Dashboards(ctx, by)
	if err != nil {
		return nil, err
	}
	person, err := a.personRefs(ctx)
	var usable, manageable []dashboardItem
	for i, d := range list {
		item := a.dashboardItem(a.groups(ctx, by), by, person, d, i+1)
		if usable = append(usable, item); item.CanManage == "true" {
			manageable = append(manageable, item)
		}
	}
	if err != nil {
		return nil, err
	}
	return lists(by, q, usable, manageable, q.fields("id", "name", "description", "status"), "id")
}

func (a api) showDashboard(ctx context.Context, by harrier.Actor, q *query, d harrier.Dashboard) (any, error) {
	person, err := a.personRefs(ctx)
	return pick(a.dashboardItem(a.groups(ctx, by), by, person, d, 1), q.fields(), "id"), err
}

func (a api) getDashboard(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	d, err := a.Alerts.Dashboard(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, "Dashboard", q.path("id"), "get")
	}
	return a.showDashboard(ctx, by, q, d)
}

func (a api) applyDashboard(ctx context.Context, by harrier.Actor, b dashboardBody, d *harrier.Dashboard) error {
	for _, set := range []struct {
		from *kit.Text
		to   *string
	}{{b.Name, &d.Name}, {b.Description, &d.Description}, {b.Tags, &d.Tags}} {
		if set.from != nil {
			*set.to = string(*set.from)
		}
	}
	if b.Groups != nil {
		var err error
		if d.Groups, err = a.sharedWith(ctx, by, *b.Groups); err != nil {
			return err
		}
	}
	if len(b.Columns) > 0 {
		d.Columns = string(b.Columns)
	}
	if b.Template != nil && *b.Template > 0 {
		t, ok := dashboardTemplate(harrier.ID(*b.Template))
		if !ok {
			return noObject("Dashboard Template", sid(*b.Template), "use")
		}
		if d.Components = t.components(); d.Name == "" {
			d.Name = t.name
		}
	}
	if len(b.Components) == 0 {
		return nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(b.Components, &list); err != nil {
		return fault(codeInvalid, 0, "The parameter 'components' is invalid.")
	}
	d.Components = nil
	for _, raw := range list {
		c := harrier.DashboardComponent{}
		keys, err := kit.DecodeBody(raw)
		if err != nil {
			return fault(codeInvalid, 0, "The parameter 'components' is invalid.")
		}
		if err := a.applyComponent(ctx, by, keys, &c); err != nil {
			return err
		}
		d.Components = append(d.Components, c)
	}
	return nil
}

func (a api) createDashboard(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var b dashboardBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	var d harrier.Dashboard
	if err := a.applyDashboard(ctx, by, b, &d); err != nil {
		return nil, err
	}
	if err := a.Alerts.CreateDashboard(ctx, by, &d); err != nil {
		return nil, err
	}
	return a.showDashboard(ctx, by, q, d)
}

func (a api) alterDashboard(ctx context.Context, by harrier.Actor, q *query, verb string, change func(context.Context, *harrier.Dashboard) error) (harrier.Dashboard, error) {
	d, err := a.Alerts.ChangeDashboard(ctx, by, q.id(), change)
	return d, missing(err, "Dashboard", q.path("id"), verb)
}

func (a api) changeDashboard(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var b dashboardBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	d, err := a.alterDashboard(ctx, by, q, "update", func(ctx context.Context, d *harrier.Dashboard) error { return a.applyDashboard(ctx, by, b, d) })
	if err != nil {
		return nil, err
	}
	return a.showDashboard(ctx, by, q, d)
}

func (a api) shareDashboard(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var b struct {
		Groups givens `json:"groups"`
	}
	if err := q.body(&b); err != nil {
		return nil, err
	}
	d, err := a.alterDashboard(ctx, by, q, "share", func(ctx context.Context, d *harrier.Dashboard) error {
		var err error
		d.Groups, err = a.sharedWith(ctx, by, b.Groups)
		return err
	})
	if err != nil {
		return nil, err
	}
	return a.showDashboard(ctx, by, q, d)
}

func (a api) deleteDashboard(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	return nil, missing(a.Alerts.DeleteDashboard(ctx, by, q.id()), "Dashboard", q.path("id"), "delete")
}

func (a api) copyDashboard(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	d, err := a.Alerts.Dashboard(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, "Dashboard", q.path("id"), "copy")
	}
	if name := q.param("name"); name != "" {
		d.Name = name
	} else {
		d.Name = "Copy of " + d.Name
	}
	d.Groups = nil
	if err := a.Alerts.CreateDashboard(ctx, by, &d); err != nil {
		return nil, err
	}
	return a.showDashboard(ctx, by, q, d)
}

// dashboardFile is an exported dashboard.
type dashboardFile struct {
	XMLName     xml.Name `xml:"dashboard"`
	Name        string   `xml:"name"`
	Description string   `xml:"description"`
	Tags        string   `xml:"tags"`
	Components  string   `xml:"components"` // as JSON
}

func (a api) exportDashboard(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	d, err := a.Alerts.Dashboard(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, "Dashboard", q.path("id"), "export")
	}
	item := a.dashboardItem(a.groups(ctx, by), by, func(harrier.ID) personRef { return personRef{} }, d, 1)
	list, err := kit.Marshal(item.Components)
	if err != nil {
		return nil, err
	}
	body, err := xml.MarshalIndent(dashboardFile{Name: d.Name, Description: d.Description, Tags: d.Tags, Components: string(list)}, "", "  ")
	body = append([]byte(xml.Header), body...)
	return kit.File{Name: "dashboard." + sid(d.ID) + ".xml", Type: "text/xml", Size: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body))}, err
}

// maxDashboard is the longest file of a dashboard, in bytes.
const maxDashboard = 8 << 20

func (a api) importDashboard(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	if q.param("filename") == "" {
		return nil, harrier.Errorf(harrier.Invalid, "The 'filename' parameter is required.")
	}
	f, err := a.Reports.OpenUpload(ctx, by, q.param("filename"))
	if err != nil {
		return nil, missing(err, "File", q.param("filename"), "import")
	}
	defer func() { _ = f.Close() }() // it was only read
	var in dashboardFile
	if err := xml.NewDecoder(io.LimitReader(f, maxDashboard)).Decode(&in); err != nil {
		return nil, fault(codeInvalid, 0, "The file is no dashboard.")
	}
	d := harrier.Dashboard{Name: in.Name, Description: in.Description, Tags: in.Tags}
	if name := q.param("name"); name != "" {
		d.Name = name
	}
	if err := a.applyDashboard(ctx, by, dashboardBody{Components: json.RawMessage(in.Components)}, &d); err != nil {
		return nil, err
	}
	if err := a.Alerts.CreateDashboard(ctx, by, &d); err != nil {
		return nil, err
	}
	return a.showDashboard(ctx, by, q, d)
}

// componentBody is a component in a request. Keys that are missing stay.
type componentBody struct {
	Name        *kit.Text       `json:"name"`
	Description *kit.Text       `json:"description"`
	Type        *kit.Text       `json:"componentType"`
	Definition  json.RawMessage `json:"definition"`
}

// componentTypes are the ways in which a component is shown.
var componentTypes = []string{"table", "barChart", "pieChart", "lineChart", "areaChart", "matrix"}

func (a api) applyComponent(ctx context.Context, by harrier.Actor, keys map[string]json.RawMessage, c *harrier.DashboardComponent) error {
	var b componentBody
	if err := kit.Fill(keys, &b); err != nil {
		return err
	}
	if b.Name != nil {
		c.Name = string(*b.Name)
	}
	if b.Description != nil {
		c.Description = string(*b.Description)
	}
	if b.Type != nil {
		c.Kind = string(*b.Type)
	}
	if c.Kind == "" {
		c.Kind = "table"
	}
	if !slices.Contains(componentTypes, c.Kind) {
		return fault(codeInvalid, 0, "The componentType '%s' is invalid (%s).", cut(c.Kind, 32), strings.Join(componentTypes, ", "))
	}
	if len(b.Definition) > 0 {
		text := b.Definition
		if inner, single := kit.Scalar(text); single {
			text = json.RawMessage(inner)
		}
		var out bytes.Buffer
		if len(text) > 0 && json.Compact(&out, text) != nil {
			return fault(codeInvalid, 0, "The parameter 'definition' is invalid.")
		}
		c.Definition = out.String()
	}
	c.Modified = a.Now().UTC()
	if c.Created.IsZero() {
		c.Created = c.Modified
	}
	body, asks := questionOf(c.Definition)
	if !asks {
		return nil
	}
	in, err := a.savedAnalysis(ctx, by, body)
	if err == nil && in.kind == "vuln" {
		_, err = a.reading(ctx, by, in.source).expr(in.filters)
	}
	if _, ok := vulnTools[in.tool]; err == nil && in.kind == "vuln" && !ok {
		err = fault(codeInvalid, 0, "The tool '%s' is invalid.", cut(in.tool, 64))
	}
	return err
}

// questionOf is what a component asks, as a body of an analysis; false where its
// definition holds no query.
func questionOf(definition string) (map[string]any, bool) {
	var d struct {
		Query  json.RawMessage            `json:"query"`
		Source map[string]json.RawMessage `json:"dataSource"`
	}
	whole := map[string]json.RawMessage{}
	if definition == "" || json.Unmarshal([]byte(definition), &whole) != nil || json.Unmarshal([]byte(definition), &d) != nil {
		return nil, false
	}
	if len(d.Source) > 0 {
		whole = d.Source
	}
	out := map[string]any{}
	for _, key := range []string{"query", "tool", "type", "sourceType", "sortColumn", "sortDirection", "view", "scanID", "startOffset", "endOffset", "filters"} {
		if v, ok := whole[key]; ok {
			out[key] = v
		}
	}
	if id, ok := whole["queryID"]; ok {
		out["query"] = map[string]json.RawMessage{"id": id}
	}
	_, asks := out["query"]
	_, tool := out["tool"]
	return out, asks || tool
}

// shownRows is how many rows a component shows unless it says otherwise.
const shownRows = 50

// answerComponent asks what a component asks. A question that can not be
// answered is told in the component: the others of the page are fine.
func (a api) answerComponent(ctx context.Context, by harrier.Actor, id harrier.ID, c harrier.DashboardComponent) (answeredComponent, error) {
	out := answeredComponent{componentItem: newComponent(id, c), Data: []any{}}
	body, asks := questionOf(c.Definition)
	if !asks {
		return out, nil
	}
	if _, paged := body["endOffset"]; !paged {
		body["startOffset"], body["endOffset"] = 0, shownRows
	}
	in, err := a.savedAnalysis(ctx, by, body)
	if err == nil && in.kind != "vuln" {
		err = fault(codeInvalid, 0, "The type '%s' is not shown on dashboards.", cut(in.kind, 32))
	}
	var found rows
	if err == nil {
		found, err = a.vulnAnalysis(ctx, by, in)
	}
	switch {
	case err == nil && found.whole != nil:
		out.Data = found.whole
	case err == nil:
		out.Data = in.answer(found)
	case harrier.KindOf(err) == harrier.Internal || harrier.KindOf(err) == harrier.Unavailable:
		return out, err
	default:
		out.Status, out.Error = "1", harrier.MessageOf(err)
	}
	return out, nil
}

// component finds the component of a request; -1 for none.
func componentAt(d harrier.Dashboard, q *query) int {
	return slices.IndexFunc(d.Components, func(c harrier.DashboardComponent) bool { return c.ID == idOf(q.path("component")) })
}

func (a api) listComponents(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	d, err := a.Alerts.Dashboard(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, "Dashboard", q.path("id"), "get")
	}
	out := []componentItem{}
	for _, c := range d.Components {
		out = append(out, newComponent(d.ID, c))
	}
	return pick(out, q.fields(), "id"), nil
}

func (a api) listAllComponents(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	all, err := a.Alerts.Dashboards(ctx, by)
	out := []componentItem{}
	for _, d := range all {
		for _, c := range d.Components {
			out = append(out, newComponent(d.ID, c))
		}
	}
	return pick(out, q.fields(), "id"), err
}

func (a api) getComponent(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	d, err := a.Alerts.Dashboard(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, "Dashboard", q.path("id"), "get")
	}
	i := componentAt(d, q)
	if i < 0 {
		return nil, noObject("Component", q.path("component"), "get")
	}
	out, err := a.answerComponent(ctx, by, d.ID, d.Components[i])
	return pick(out, q.fields(), "id"), err
}

func (a api) createComponent(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var c harrier.DashboardComponent
	if err := a.applyComponent(ctx, by, q.keys, &c); err != nil {
		return nil, err
	}
	d, err := a.alterDashboard(ctx, by, q, "update", func(ctx context.Context, d *harrier.Dashboard) error {
		d.Components = append(d.Components, c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return newComponent(d.ID, d.Components[len(d.Components)-1]), nil
}

func (a api) changeComponent(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	at := 0
	d, err := a.alterDashboard(ctx, by, q, "update", func(ctx context.Context, d *harrier.Dashboard) error {
		if at = componentAt(*d, q); at < 0 {
			return noObject("Component", q.path("component"), "update")
		}
		return a.applyComponent(ctx, by, q.keys, &d.Components[at])
	})
	if err != nil {
		return nil, err
	}
	return newComponent(d.ID, d.Components[at]), nil
}

func (a api) deleteComponent(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	_, err := a.alterDashboard(ctx, by, q, "update", func(ctx context.Context, d *harrier.Dashboard) error {
		at := componentAt(*d, q)
		if at < 0 {
			return noObject("Component", q.path("component"), "delete")
		}
		d.Components = slices.Delete(d.Components, at, at+1)
		return nil
	})
	return nil, err
}

// template is a dashboard to begin with.
type template struct {
	id                harrier.ID
	name, description string
	parts             [][3]string // name, kind, tool
}

var dashboardTemplates = []template{
	{1, "Vulnerability Overview", "What is open now, by severity, host and vulnerability.", [][3]string{
		{"By severity", "pieChart", "sumseverity"}, {"Hosts", "table", "sumip"}, {"Vulnerabilities", "table", "sumid"},
	}},
	{2, "What to do first", "The remedies that mend most.", [][3]string{{"Remedies", "table", "sumremediation"}, {"CVEs", "table", "sumcve"}}},
	{3, "What is there", "Systems, services and software.", [][3]string{
		{"Operating systems", "table", "listos"}, {"Services", "table", "listservices"}, {"Software", "table", "listsoftware"},
	}},
}

func dashboardTemplate(id harrier.ID) (template, bool) {
	i := slices.IndexFunc(dashboardTemplates, func(t template) bool { return t.id == id })
	if i < 0 {
		return template{}, false
	}
	return dashboardTemplates[i], true
}

func (t template) components() []harrier.DashboardComponent {
	var out []harrier.DashboardComponent
	for _, p := range t.parts {
		out = append(out, harrier.DashboardComponent{Name: p[0], Kind: p[1], Definition: `{"query":{"type":"vuln","tool":"` + p[2] + `","filters":[]},"sourceType":"cumulative"}`})
	}
	return out
}

func (a api) listDashboardTemplates(_ context.Context, _ harrier.Actor, q *query) (any, error) {
	out := []ref{}
	for _, t := range dashboardTemplates {
		out = append(out, ref{sid(t.id), t.name, t.description})
	}
	return pick(out, q.fields(), "id"), nil
}

func (a api) getDashboardTemplate(_ context.Context, _ harrier.Actor, q *query) (any, error) {
	t, ok := dashboardTemplate(q.id())
	if !ok {
		return nil, noObject("Dashboard Template", q.path("id"), "get")
	}
	parts := []componentItem{}
	for _, c := range t.components() {
		parts = append(parts, newComponent(0, c))
	}
	return map[string]any{"id": sid(t.id), "name": t.name, "description": t.description, "components": parts}, nil
}
