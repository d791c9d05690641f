package nexpose

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	formatnexpose "github.com/harrier-scan/harrier/internal/format/nexpose"
)

// ownTemplatePrefix begins the id of a report template that somebody made.
const ownTemplatePrefix = "own-"

// The names under which ReportTemplate.Given keeps what only this API has.
const (
	givenSections    = "nexpose.sections"    // JSON, those of a document as given
	givenDeviceNames = "nexpose.deviceNames" // "0" or "1"
)

// section is a part of a document with its properties, names and values.
type section struct {
	Name       string      `json:"name"` // "" for properties of the whole
	Properties [][2]string `json:"properties,omitempty"`
}

func ownTemplateID(id harrier.ID) string { return ownTemplatePrefix + ident(id) }

func ownTemplateKind(t harrier.ReportTemplate) string {
	if len(t.Columns) > 0 {
		return dataTemplate
	}
	return "document"
}

func ownTemplateAttrs(t harrier.ReportTemplate) []string {
	return []string{"id", ownTemplateID(t.ID), "name", t.Name, "scope", "silo", "type", ownTemplateKind(t), "builtin", "0"}
}

// ownReportTemplate is somebody's own template by its id. It answers NotFound.
func (a *api) ownReportTemplate(ctx context.Context, by harrier.Actor, id string) (harrier.ReportTemplate, error) {
	number, own := strings.CutPrefix(id, ownTemplatePrefix)
	n, err := strconv.ParseInt(number, 10, 64)
	if !own || err != nil {
		return harrier.ReportTemplate{}, harrier.Errorf(harrier.NotFound, "no report template %s", clip(id))
	}
	return a.Reports.Template(ctx, by, harrier.ID(n))
}

// saveReportTemplate stores a template of somebody's own. Sections of documents
// are the chapters of the model, see chapterOf; others are kept and given back.
//
// Source: section 8.3.
func (a *api) saveReportTemplate(c *call) (answer, error) {
	e := c.req.child("ReportTemplate")
	if e == nil {
		return answer{}, harrier.Invalidf("ReportTemplate", "is missing")
	}
	var t harrier.ReportTemplate
	id := strings.TrimSpace(e.attr("id"))
	if _, builtin := findTemplate(id); builtin {
		return answer{}, harrier.Errorf(harrier.Forbidden, "built-in report templates can not be changed")
	}
	if id != "" && id != "-1" {
		var err error
		if t, err = a.ownReportTemplate(c.ctx(), c.by, id); err != nil {
			return answer{}, err
		}
	}
	if err := readReportTemplate(e, &t); err != nil {
		return answer{}, err
	}
	err := error(nil)
	if t.ID == 0 {
		err = a.Reports.CreateTemplate(c.ctx(), c.by, &t)
	} else {
		err = a.Reports.UpdateTemplate(c.ctx(), c.by, &t)
	}
	return answer{attrs: []string{"template-id", ownTemplateID(t.ID)}}, err
}

func readReportTemplate(e *element, t *harrier.ReportTemplate) error {
	t.Name = strings.TrimSpace(e.attr("name"))
	t.Description = e.child("description").content()
	if t.Description == "" {
		t.Description = e.attr("description")
	}
	t.Chapters, t.Columns, t.Given = nil, nil, map[string]string{}
	if on := e.child("Settings", "showDeviceNames"); on != nil {
		shown, err := on.bool("enabled", true)
		if err != nil {
			return err
		}
		t.Given[givenDeviceNames] = digit(shown)
	}
	switch kind := strings.ToLower(e.attr("type")); kind {
	case dataTemplate:
		return readColumns(e.child("ReportAttributes"), t)
	case "", "document", "jasper":
		readSections(e.child("ReportSections"), t)
		return nil
	default:
		return harrier.Invalidf("type", "%q is neither document nor data", clip(kind))
	}
}

// columnKey compares the titles of columns as they are written and as slugs.
func columnKey(name string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '_' {
			return -1
		}
		return r
	}, strings.ReplaceAll(strings.ToLower(name), "alternative", "alternate"))
}

func readColumns(e *element, t *harrier.ReportTemplate) error {
	known := formatnexpose.Columns()
	for _, el := range e.all("ReportAttribute") {
		i := slices.IndexFunc(known, func(title string) bool { return columnKey(title) == columnKey(el.attr("name")) })
		if i < 0 {
			return harrier.Invalidf("ReportAttribute", "there is no attribute %q", clip(el.attr("name")))
		}
		t.Columns = append(t.Columns, known[i])
	}
	if len(t.Columns) == 0 {
		return harrier.Invalidf("ReportAttributes", "a data template has one at least")
	}
	return nil
}

// chapterOf is the chapter that a section is; "" for one that is not known. The
// names of sections are not settled, so that they are recognised by what they
// speak of.
//
// Source: sections 8.2 and 18.
func chapterOf(name string) string {
	name = strings.ToLower(name)
	if slices.Contains(harrier.AllChapters, name) {
		return name
	}
	for _, word := range []struct{ part, chapter string }{
		{"executive", harrier.ChapterSummary},
		{"overview", harrier.ChapterSummary},
		{"risk", harrier.ChapterTop},
		{"baseline", harrier.ChapterTrend},
		{"trend", harrier.ChapterTrend},
		{"remediation", harrier.ChapterRemedies},
		{"policy", harrier.ChapterCompliance},
		{"vulnerab", harrier.ChapterByPlugin},
		{"system", harrier.ChapterByHost},
		{"node", harrier.ChapterByHost},
		{"asset", harrier.ChapterHostSummary},
		{"service", harrier.ChapterByHost},
	} {
		if strings.Contains(name, word.part) {
			return word.chapter
		}
	}
	return ""
}

func readSections(e *element, t *harrier.ReportTemplate) {
	properties := func(e *element) (out [][2]string) {
		for _, p := range e.all("property") {
			out = append(out, [2]string{p.attr("name"), p.content()})
		}
		return out
	}
	var given []section
	if whole := properties(e); len(whole) > 0 {
		given = append(given, section{Properties: whole})
	}
	for _, el := range e.all("ReportSection") {
		name := el.attr("name")
		given = append(given, section{name, properties(el)})
		if c := chapterOf(name); c != "" && !slices.Contains(t.Chapters, c) {
			t.Chapters = append(t.Chapters, c)
		}
	}
	if len(given) > 0 {
		t.Given[givenSections] = toJSON(given)
	}
	if len(t.Chapters) == 0 {
		as, _ := harrier.TemplateNamed("detailed")
		t.Chapters = as.Chapters
	}
}

func writeOwnTemplate(o *out, t harrier.ReportTemplate) {
	o.start("ReportTemplate", ownTemplateAttrs(t)...)
	o.leaf("description", t.Description)
	if len(t.Columns) > 0 {
		writeColumns(o, t.Columns)
	} else {
		var given []section
		fromJSON(t.Given[givenSections], &given)
		writeSections(o, t.Chapters, given)
	}
	writeDeviceNames(o, orText(t.Given[givenDeviceNames], "1"))
	o.end()
}

// writeSections writes the sections as they were given, or the chapters as
// sections.
func writeSections(o *out, chapters []string, given []section) {
	o.start("ReportSections")
	write := func(list [][2]string) {
		for _, p := range list {
			o.leaf("property", p[1], "name", p[0])
		}
	}
	for _, s := range given {
		if s.Name == "" {
			write(s.Properties)
			continue
		}
		o.start("ReportSection", "name", s.Name)
		write(s.Properties)
		o.end()
	}
	if len(given) == 0 {
		for _, name := range chapters {
			o.empty("ReportSection", "name", name)
		}
	}
	o.end()
}

// deleteReportTemplate removes a template of somebody's own.
func (a *api) deleteReportTemplate(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	id := r.PathValue("id")
	if _, builtin := findTemplate(id); builtin {
		return harrier.Errorf(harrier.Forbidden, "built-in report templates can not be deleted")
	}
	t, err := a.ownReportTemplate(r.Context(), by, id)
	if err != nil {
		return err
	}
	if err := a.Reports.DeleteTemplate(r.Context(), by, t.ID); err != nil {
		return err
	}
	return writeText(w, http.StatusOK, "")
}

// templateDoors are what clients call about report templates beside the XML API.
//
// Source: sections 8.3 and 14.8.
func (a *api) templateDoors(m *kit.Mux) {
	m.Handle("DELETE /data/report/templates/{id}", a.door(a.deleteReportTemplate))
}
