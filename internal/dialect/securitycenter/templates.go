package securitycenter

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/policy"
)

// templateID joins the number that this API has for a template to Harrier's.
type templateID struct {
	id   int
	name string // Harrier's
}

// templateIDs are the templates that Harrier has.
//
// Source: securitycenter-api.md, section 7.1.
var templateIDs = []templateID{{1, "advanced"}, {2, "discovery"}, {3, "basic"}, {4, "patch_audit"}, {5, "webapp"}, {13, "drown"}}

// templateOf is the template of a policy by its name; those that this API has
// no number for are the first.
func (a api) templateOf(name string) (int, policy.Template) {
	i := slices.IndexFunc(templateIDs, func(t templateID) bool { return t.name == name })
	t, found := a.Policies.Template(templateIDs[max(i, 0)].name)
	if !found {
		return templateIDs[0].id, policy.Template{}
	}
	return templateIDs[max(i, 0)].id, t
}

// templateByID finds a template by its number in this API.
func (a api) templateByID(id int64) (policy.Template, bool) {
	i := slices.IndexFunc(templateIDs, func(t templateID) bool { return int64(t.id) == id })
	if i < 0 {
		return policy.Template{}, false
	}
	return a.Policies.Template(templateIDs[i].name)
}

// templateItem is a policy template.
//
// Source: securitycenter-api.md, section 7.2; editor is a JSON text.
type templateItem struct {
	ID             string `json:"id"`
	Name           string `json:"name"`
	Description    string `json:"description"`
	Editor         string `json:"editor"`
	DetailedEditor string `json:"detailedEditor"`
	Created        string `json:"createdTime"`
	Modified       string `json:"modifiedTime"`
	Published      string `json:"templatePubTime"`
	TemplateMod    string `json:"templateModTime"`
	DefinitionMod  string `json:"templateDefModTime"`
	Agent          string `json:"agent"`
	IsWAS          string `json:"isWas"`
}

func (a api) newTemplate(id int, t policy.Template) (templateItem, error) {
	editor, err := editorText(t.Settings)
	at := stime(a.Started)
	return templateItem{
		ID: strconv.Itoa(id), Name: t.Title, Description: t.Description, Editor: editor, DetailedEditor: editor, Created: at, Modified: at,
		Published: at, TemplateMod: at, DefinitionMod: at, Agent: sbool(false), IsWAS: sbool(false),
	}, err
}

func (a api) listTemplates(_ context.Context, _ harrier.Actor, q *query) (any, error) {
	fields := q.fields("id", "name", "description")
	out := []any{}
	for _, t := range templateIDs {
		have, found := a.Policies.Template(t.name)
		if !found {
			continue
		}
		item, err := a.newTemplate(t.id, have)
		if err != nil {
			return nil, err
		}
		out = append(out, pick(item, fields, "id"))
	}
	return out, nil
}

func (a api) getTemplate(_ context.Context, _ harrier.Actor, q *query) (any, error) {
	id := q.id()
	t, found := a.templateByID(int64(id))
	if !found {
		return nil, noObject("Policy Template", q.path("id"), "get")
	}
	item, err := a.newTemplate(int(id), t)
	return pick(item, q.fields(), "id"), err
}

// editor is what a client reads to know the preferences of a template.
//
// Source: securitycenter-api.md, section 7.2.
type editor struct {
	Plugins     string          `json:"plugins"`
	Compliance  string          `json:"compliance"`
	Global      []editorInput   `json:"globalSettings"`
	Credentials string          `json:"credentials"`
	Sections    []editorSection `json:"sections"`
}

type editorSection struct {
	ID          string          `json:"id"`
	Name        string          `json:"name"`
	Section     string          `json:"section"`
	Subsections []editorSection `json:"subsections,omitempty"`
	Inputs      []editorInput   `json:"inputs,omitempty"`
}

type editorInput struct {
	ID         string   `json:"id"`
	Type       string   `json:"type"`
	Name       string   `json:"name"`
	Default    string   `json:"default"`
	Preference string   `json:"preferenceID"`
	Required   string   `json:"required"`
	Options    []string `json:"options,omitempty"`
}

// noCredentials is the credentials part: none is honoured.
const noCredentials = `{"groups":[],"optionalSections":[]}`

// editorText lays the table of preferences out, each with its value in set.
func editorText(set harrier.Settings) (string, error) {
	e := editor{Plugins: sbool(true), Compliance: sbool(false), Global: []editorInput{}, Credentials: noCredentials}
	for _, s := range editorSections {
		section := editorSection{ID: s[0], Name: s[1], Section: s[0]}
		for _, p := range preferences {
			if p.section == s[0] {
				section.place(p, set)
			}
		}
		if len(section.Subsections) > 0 || s[0] == "setup" {
			e.Sections = append(e.Sections, section)
		}
	}
	text, err := json.Marshal(e)
	return string(text), err
}

// place puts a preference into its subsection, which it makes when missing.
// Subsections have no default: only what is a preference may look like one.
func (s *editorSection) place(p preference, set harrier.Settings) {
	i := slices.IndexFunc(s.Subsections, func(sub editorSection) bool { return sub.Name == p.group })
	if i < 0 {
		i = len(s.Subsections)
		s.Subsections = append(s.Subsections, editorSection{ID: s.ID + "_" + strconv.Itoa(i), Name: p.group, Section: s.ID})
	}
	in := editorInput{ID: p.name, Type: p.kind, Name: p.label, Default: p.standard, Preference: p.name, Required: sbool(false)}
	if p.get != nil {
		in.Default = p.get(set)
	}
	switch p.name {
	case "report_paranoia":
		in.Options = kit.Accuracies
	case "syn_firewall_detection", "tcp_firewall_detection":
		in.Options = kit.Firewalls
	}
	s.Subsections[i].Inputs = append(s.Subsections[i].Inputs, in)
}
