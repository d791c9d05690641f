package nessus

import (
	"context"
	"net/url"
	"slices"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// templateItem is a template in a list.
//
// Source: nessus-api.md, section 6.1.
type templateItem struct {
	UUID         string `json:"uuid"`
	Name         string `json:"name"`
	Title        string `json:"title"`
	Desc         string `json:"desc"`
	CloudOnly    bool   `json:"cloud_only"`
	Subscription bool   `json:"subscription_only"`
	IsAgent      bool   `json:"is_agent"`
	IsWAS        bool   `json:"is_was"`
	DynamicScan  bool   `json:"dynamic_scan"`
	Unsupported  bool   `json:"unsupported"`
	ManagerOnly  bool   `json:"manager_only"`
	License      bool   `json:"license_fulfilled"`
	Order        int    `json:"order"`
	Icon         string `json:"icon"`
	Category     string `json:"category"`
	MoreInfo     string `json:"more_info"`
}

// templatesReply is the answer of GET /editor/{type}/templates.
type templatesReply struct {
	Templates []templateItem `json:"templates"`
}

// editorOf names what an editor is for: "scan" or "policy".
type editorOf struct {
	Type string `from:"path type"`
}

// check answers NotFound for a kind of object that has no editor.
func (q editorOf) check() error {
	if q.Type != "scan" && q.Type != "policy" {
		return errFileNotFound
	}
	return nil
}

func (a api) listTemplates(_ context.Context, _ harrier.Actor, q editorOf) (templatesReply, error) {
	if err := q.check(); err != nil {
		return templatesReply{}, err
	}
	var reply templatesReply
	for i, id := range templateIDs {
		if id.scanOnly && q.Type == "policy" {
			continue
		}
		t, ok := a.Policies.Template(id.name)
		if !ok {
			continue
		}
		reply.Templates = append(reply.Templates, templateItem{
			UUID: id.uuid, Name: id.name, Title: id.title, Desc: t.Description, License: true, Order: i + 1, Icon: id.name, Category: "vulnerability",
		})
	}
	return reply, nil
}

// editorPage is an editor's page: what can be set, and what it is set to.
//
// Source: nessus-api.md, section 6.2.
type editorPage struct {
	UUID             string               `json:"uuid"`
	Name             string               `json:"name"`
	Title            string               `json:"title"`
	Owner            *string              `json:"owner"`
	UserPermissions  *harrier.Level       `json:"user_permissions"`
	IsAgent          bool                 `json:"is_agent"`
	IsWAS            bool                 `json:"is_was"`
	FilterAttributes []filterItem         `json:"filter_attributes"`
	Settings         map[string]editorTab `json:"settings"`
	Plugins          *editorPlugins       `json:"plugins,omitempty"`
	Credentials      editorList           `json:"credentials"`
	Compliance       editorList           `json:"compliance"`
}

// editorList has no entries: no kind of credential and no audit is honoured.
type editorList struct {
	Data []struct{} `json:"data"`
}

type editorPlugins struct {
	Families map[string]familyState `json:"families"`
	Locked   bool                   `json:"locked"`
}

type editorTab struct {
	Title    string          `json:"title"`
	Inputs   []editorInput   `json:"inputs"`
	Sections []editorSection `json:"sections"`
	Groups   []editorGroup   `json:"groups"`
	Modes    []editorMode    `json:"modes"`
}

type editorGroup struct {
	Name     string          `json:"name"`
	Title    string          `json:"title"`
	Inputs   []editorInput   `json:"inputs"`
	Sections []editorSection `json:"sections"`
}

type editorSection struct {
	Name   string        `json:"name"`
	Title  string        `json:"title"`
	Inputs []editorInput `json:"inputs"`
}

type editorInput struct {
	ID       string   `json:"id"`
	Type     string   `json:"type"`
	Name     string   `json:"name"`
	Default  string   `json:"default"`
	Options  []string `json:"options,omitempty"`
	Required bool     `json:"required"`
}

type editorMode struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Desc    string `json:"desc"`
	Default bool   `json:"default"`
	Custom  bool   `json:"custom"`
}

// tabTitles are the tabs of an editor and the titles of their groups.
var tabTitles = map[string]string{
	"basic": "Basic", "discovery": "Discovery", "assessment": "Assessment", "report": "Report", "advanced": "Advanced",
	"host_discovery": "Host Discovery", "network_discovery": "Port Scanning", "general": "General", "brute_force": "Brute Force",
}

// editorTabs lays the table of settings out, each with its value in set.
func editorTabs(set harrier.Settings, basic []editorInput) map[string]editorTab {
	tabs := map[string]editorTab{"basic": {
		Title: "Basic", Inputs: basic, Sections: []editorSection{}, Groups: []editorGroup{}, Modes: []editorMode{},
	}}
	for _, s := range settings {
		tab, ok := tabs[s.tab]
		if !ok {
			tab = editorTab{Title: tabTitles[s.tab], Sections: []editorSection{}, Groups: []editorGroup{}, Modes: []editorMode{}}
		}
		if s.kind == "mode" {
			for _, mode := range s.options {
				tab.Modes = append(tab.Modes, editorMode{ID: mode, Name: mode, Default: mode == s.get(set), Custom: mode == "custom"})
			}
		} else {
			tab.place(s, s.get(set))
		}
		tabs[s.tab] = tab
	}
	return tabs
}

// place puts an input into its group and section, which it makes when missing.
func (t *editorTab) place(s setting, value string) {
	g := slices.IndexFunc(t.Groups, func(g editorGroup) bool { return g.Name == s.group })
	if g < 0 {
		g = len(t.Groups)
		title, ok := tabTitles[s.group]
		if !ok {
			title = s.group
		}
		t.Groups = append(t.Groups, editorGroup{Name: s.group, Title: title})
	}
	group := &t.Groups[g]
	i := slices.IndexFunc(group.Sections, func(sec editorSection) bool { return sec.Title == s.section })
	if i < 0 {
		i = len(group.Sections)
		group.Sections = append(group.Sections, editorSection{Name: s.section, Title: s.section})
	}
	group.Sections[i].Inputs = append(group.Sections[i].Inputs, editorInput{ID: s.name, Type: s.kind, Name: s.label, Default: value, Options: s.options})
}

// basicInputs are the inputs of the first tab.
func basicInputs(name, description string, site *harrier.Site) []editorInput {
	list := []editorInput{
		{ID: "name", Type: "entry", Name: "Name", Default: name, Required: true},
		{ID: "description", Type: "textarea", Name: "Description", Default: description},
	}
	if site == nil {
		return list
	}
	return append(
		list,
		editorInput{ID: "folder_id", Type: "folder", Name: "Folder", Default: itoa(int(folderOf(*site)))},
		editorInput{ID: "scanner_id", Type: "scanner", Name: "Scanner", Default: itoa(scannerOf(*site))},
		editorInput{ID: "text_targets", Type: "textarea", Name: "Targets", Default: site.Targets, Required: true},
		editorInput{ID: "file_targets", Type: "file", Name: "Upload Targets"},
	)
}

// page shows a policy in an editor; site is nil for the editor of a policy.
func (a api) page(ctx context.Context, p harrier.Policy, site *harrier.Site) editorPage {
	id := templateByName(p.Template)
	name, description := p.Name, p.Description
	if site != nil {
		name, description = site.Name, site.Description
	}
	w := editorPage{
		UUID: id.uuid, Name: id.name, Title: id.title, FilterAttributes: filterItems(),
		Settings:    editorTabs(p.Settings, basicInputs(name, description, site)),
		Credentials: editorList{[]struct{}{}}, Compliance: editorList{[]struct{}{}},
	}
	if id.plugins || p.ID != 0 && site == nil {
		w.Plugins = &editorPlugins{Families: familyStates(p.Checks, a.Vulns.Families(ctx), a.Vulns.All(ctx), a.Vulns.ContentCounts(ctx)), Locked: !id.plugins}
	}
	return w
}

// editorTemplate is a GET /editor/{type}/templates/{uuid}.
type editorTemplate struct {
	editorOf
	UUID string `from:"path uuid"`
}

func (a api) getTemplate(ctx context.Context, _ harrier.Actor, q editorTemplate) (editorPage, error) {
	if err := q.check(); err != nil {
		return editorPage{}, err
	}
	id, t, err := a.roomTemplate(q.UUID)
	if err != nil || id.scanOnly && q.Type == "policy" {
		return editorPage{}, errFileNotFound
	}
	p := t.Policy("")
	p.Template = id.name
	if q.Type == "policy" {
		return a.page(ctx, p, nil), nil
	}
	return a.page(ctx, p, &harrier.Site{}), nil
}

// editorObject is a GET /editor/{type}/{id}.
type editorObject struct {
	editorOf
	byID
}

func (a api) getEditor(ctx context.Context, by harrier.Actor, q editorObject) (editorPage, error) {
	if err := q.check(); err != nil {
		return editorPage{}, err
	}
	p, site, owner, level, err := a.edited(ctx, by, q)
	if err != nil {
		return editorPage{}, err
	}
	w := a.page(ctx, p, site)
	name := a.names(ctx).of(owner)
	w.Owner, w.UserPermissions = &name, &level
	return w, nil
}

// edited finds the policy that an editor shows, and the site for a scan's.
func (a api) edited(ctx context.Context, by harrier.Actor, q editorObject) (harrier.Policy, *harrier.Site, harrier.ID, harrier.Level, error) {
	if q.Type == "policy" {
		p, err := a.Policies.Policy(ctx, by, q.ID)
		return p, nil, p.Owner, a.Policies.Level(by, p), err
	}
	s, err := a.Sites.Site(ctx, by, q.ID)
	if err != nil {
		return harrier.Policy{}, nil, 0, 0, err
	}
	p, err := a.Policies.Policy(ctx, harrier.System, s.Policy)
	return p, &s, s.Owner, a.Sites.Level(by, s), err
}

// familiesQuery is a GET /editor/{type}/{id}/families, with filters.
type familiesQuery struct {
	editorObject
	Query url.Values `from:"query *"`
}

// editorFamilies is its answer: only families with plugins that match.
type editorFamilies struct {
	Families map[string]familyState `json:"families"`
}

func (a api) getEditorFamilies(ctx context.Context, by harrier.Actor, q familiesQuery) (editorFamilies, error) {
	p, _, _, _, err := a.edited(ctx, by, q.editorObject)
	if err != nil {
		return editorFamilies{}, unknownPolicy(err, q.ID)
	}
	filter, err := queryFilter(q.Query)
	if err != nil {
		return editorFamilies{}, err
	}
	var more map[string]int
	if filter == nil { // a filter needs whole definitions, of which content has too many
		more = a.Vulns.ContentCounts(ctx)
	}
	return editorFamilies{familyStates(p.Checks, a.Vulns.Families(ctx), a.matching(ctx, filter), more)}, nil
}

// matching lists the vulnerabilities that a filter holds for.
func (a api) matching(ctx context.Context, filter harrier.Expr) []harrier.Vulnerability {
	fs := a.formatScan(ctx, harrier.Scan{})
	var out []harrier.Vulnerability
	for _, v := range a.Vulns.All(ctx) {
		r := format.Result{Observation: harrier.Observation{Vulnerability: v.ID}, Severity: v.Severity}
		if filter == nil || harrier.Matches(filter, format.Fields(fs, format.Host{}, r)) {
			out = append(out, v)
		}
	}
	return out
}

func unknownPolicy(err error, id harrier.ID) error {
	return whenMissing(err, said(harrier.NotFound, "Unknown policy ID: "+itoa(int(id))+"."))
}

// familyQuery is a GET /editor/{type}/{id}/families/{family}.
type familyQuery struct {
	familiesQuery
	Family int `from:"path family"`
}

// editorFamily is its answer.
type editorFamily struct {
	Plugins []editorPlugin `json:"plugins"`
}

type editorPlugin struct {
	ID     harrier.VulnID `json:"id"`
	Name   string         `json:"name"`
	Status string         `json:"status"`
}

func (a api) getEditorFamily(ctx context.Context, by harrier.Actor, q familyQuery) (editorFamily, error) {
	p, _, _, _, err := a.edited(ctx, by, q.editorObject)
	if err != nil {
		return editorFamily{}, unknownPolicy(err, q.ID)
	}
	filter, err := queryFilter(q.Query)
	if err != nil {
		return editorFamily{}, err
	}
	family, all, err := a.Vulns.Family(ctx, q.Family)
	if err != nil {
		return editorFamily{}, err
	}
	reply := editorFamily{Plugins: []editorPlugin{}}
	for _, v := range a.matching(ctx, filter) {
		if v.Family == family.Name {
			reply.Plugins = append(reply.Plugins, editorPlugin{v.ID, v.Name, pluginState(p.Checks, v.ID, v.Family)})
		}
	}
	for _, v := range all {
		if filter == nil && v.ID.OfContent() {
			reply.Plugins = append(reply.Plugins, editorPlugin{v.ID, v.Name, pluginState(p.Checks, v.ID, family.Name)})
		}
	}
	return reply, nil
}

// editorPluginQuery is a GET of one plugin in an editor.
type editorPluginQuery struct {
	editorObject
	Family int        `from:"path family"`
	Plugin harrier.ID `from:"path plugin"`
}

// descriptionReply is its answer.
type descriptionReply struct {
	Description pluginDescription `json:"plugindescription"`
}

func (a api) getEditorPlugin(ctx context.Context, by harrier.Actor, q editorPluginQuery) (descriptionReply, error) {
	if _, _, _, _, err := a.edited(ctx, by, q.editorObject); err != nil {
		return descriptionReply{}, unknownPolicy(err, q.ID)
	}
	v, err := a.vulnerability(ctx, q.Plugin)
	if err != nil {
		return descriptionReply{}, err
	}
	return descriptionReply{describe(v, v.Severity)}, nil
}
