package nexpose

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
)

// readProfile puts a SiloProfileConfig into a profile. A list that is missing
// stays as it is. Whatever a list names has to be there, so that nothing is kept
// that has no effect; names beside an attribute that gives all have none in this
// API.
//
// Source: section 11.5.
func (a *api) readProfile(c *call, e *element, p *harrier.Profile) error {
	if name := e.attr("name"); name != "" || p.ID == 0 {
		p.Name = name
	}
	if e.has("description") || p.ID == 0 {
		p.Description = e.attr("description")
	}
	names, err := readProfileNames(e, p.Given[givenNames])
	if err != nil {
		return err
	}
	given := map[string]string{}
	for k, v := range p.Given {
		given[k] = v
	}
	given[givenNames], given[words.GivenTemplates] = toJSON(names), toJSON(names["GlobalScanTemplates"])
	p.Given = given
	if all, err := e.bool("all-licensed-modules", true); err != nil {
		return err
	} else if !all || len(names["LicensedModules"]) > 0 {
		return harrier.Invalidf("LicensedModules", "there are none: every silo has all of the console")
	}
	if p.WithoutFormats, err = restrictedFormats(names["RestrictedReportFormats"]); err != nil {
		return err
	}
	p.WithoutChapters = nil
	for _, name := range names["RestrictedReportSections"] {
		chapter := chapterOf(name)
		if chapter == "" {
			return harrier.Invalidf("RestrictedReportSection", "there is no section %q", clip(name))
		}
		if !slices.Contains(p.WithoutChapters, chapter) {
			p.WithoutChapters = append(p.WithoutChapters, chapter)
		}
	}
	return a.readOnly(c, e, names, p)
}

// readProfileNames are the names of each list: those of e, or as they were.
func readProfileNames(e *element, before string) (map[string][]string, error) {
	names := map[string][]string{}
	fromJSON(before, &names)
	for _, l := range profileLists {
		from := e.child(l.list)
		if from == nil {
			continue
		}
		names[l.list] = nil
		for _, one := range from.all(l.one) {
			if name := one.attr("name"); name != "" && !slices.Contains(names[l.list], name) {
				names[l.list] = append(names[l.list], name)
			}
		}
	}
	text, err := json.Marshal(names)
	if err != nil {
		return nil, fmt.Errorf("keep the names of a silo profile: %w", err)
	}
	if len(text) > mostNameBytes {
		return nil, harrier.Invalidf("SiloProfileConfig", "has names of more than %d bytes", mostNameBytes)
	}
	return names, nil
}

// restrictedFormats are the formats of the model that words stand for.
func restrictedFormats(given []string) ([]string, error) {
	var out []string
	for _, w := range given {
		w = strings.ToLower(w)
		name := reportFormats[w]
		if name == "" && !slices.Contains(refusedFormats, w) { // which nobody has here
			return nil, harrier.Invalidf("RestrictedReportFormat", "there is no format %q", clip(w))
		}
		if name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
		if w == "csv" { // there is one that is not of this API
			out = append(out, "csv")
		}
	}
	return out, nil
}

// readOnly is what a profile leaves of that which belongs to the whole console:
// all, or what its lists name.
func (a *api) readOnly(c *call, e *element, names map[string][]string, p *harrier.Profile) error {
	crew, err := a.engines(c.ctx(), c.by)
	if err != nil {
		return err
	}
	was := p.Only
	p.Only = harrier.Only{}
	if all, err := e.bool("all-global-engines", was.Engines == nil); err != nil {
		return err
	} else if !all {
		p.Only.Engines = []harrier.ID{}
	}
	for _, name := range names["GlobalScanEngines"] {
		engine, there := crew.Named(name)
		if !there {
			return harrier.Invalidf("GlobalScanEngine", "there is no engine %q", clip(name))
		}
		id := engine.ID
		if id == crew.Local() {
			id = harrier.OwnEngine
		}
		if p.Only.Engines != nil {
			p.Only.Engines = append(p.Only.Engines, id)
		}
	}
	if all, err := e.bool("all-global-scan-templates", was.Templates == nil); err != nil {
		return err
	} else if !all {
		p.Only.Templates = []string{}
	}
	for _, id := range names["GlobalScanTemplates"] {
		i := slices.IndexFunc(words.ScanTemplates, func(t words.ScanTemplate) bool { return t.ID == id })
		if i < 0 {
			return harrier.Invalidf("GlobalScanTemplate", "there is no built-in scan template %q", clip(id))
		}
		if base := words.ScanTemplates[i].Base(); p.Only.Templates != nil && !slices.Contains(p.Only.Templates, base) {
			p.Only.Templates = append(p.Only.Templates, base)
		}
	}
	if all, err := e.bool("all-global-report-templates", was.Documents == nil); err != nil {
		return err
	} else if !all {
		p.Only.Documents = []string{}
	}
	for _, id := range names["GlobalReportTemplates"] {
		t, ok := findTemplate(id)
		if !ok {
			return harrier.Invalidf("GlobalReportTemplate", "there is no built-in report template %q", clip(id))
		}
		if p.Only.Documents != nil && t.as != "" && !slices.Contains(p.Only.Documents, t.as) {
			p.Only.Documents = append(p.Only.Documents, t.as)
		}
	}
	return nil
}
