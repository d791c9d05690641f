package nexpose

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
)

// givenSource is what a tag keeps of where a client says that it comes from.
const givenSource = ownField + "source"

// tagColors are the colours of tags as this API writes them.
//
// Source: section 14.7.
var tagColors = map[string]string{
	"default": "#f6f6f6", "blue": "#496a77", "green": "#7d8a58", "orange": "#de7200", "red": "#a0392e", "purple": "#844f7d",
}

func colorNamed(text string) (string, error) {
	for name, hex := range tagColors {
		if strings.EqualFold(text, hex) || strings.EqualFold(text, name) {
			return name, nil
		}
	}
	return "", harrier.Invalidf("COLOR", "%q is no colour of tags", clip(text))
}

// tagKind is the kind of a tag by any of the words for it.
func tagKind(word string) harrier.TagKind {
	kind := harrier.TagKind(strings.ToLower(strings.TrimSpace(word)))
	if kind == "general" || kind == "" {
		return harrier.CustomTag
	}
	return kind
}

// tagWord is the word for the kind of a tag in XML.
//
// Source: section 3.4.
func tagWord(kind harrier.TagKind) string {
	if kind == harrier.CustomTag {
		return "general"
	}
	return string(kind)
}

func tagSource(t harrier.Tag) string {
	if t.BuiltIn {
		return "Built-in"
	}
	return cmp.Or(t.Given[givenSource], "Harrier")
}

// writeTags writes the tags of a site or of an asset group, when there are any.
func writeTags(o *out, tags []harrier.Tag) {
	if len(tags) == 0 {
		return
	}
	o.start("Tags")
	for _, t := range tags {
		o.start("Tag", "id", ident(t.ID), "name", t.Name, "type", tagWord(t.Kind))
		o.empty("param", "name", "source", "value", tagSource(t))
		if t.Kind == harrier.CustomTag {
			o.empty("param", "name", "color", "value", tagColors[t.Color])
		}
		o.end()
	}
	o.end()
}

// tagElement is a tag in JSON as the element that XML has for it.
func tagElement(o map[string]any) *element {
	first := func(names ...string) string {
		for _, n := range names {
			if s := text(o[n]); s != "" {
				return s
			}
		}
		return ""
	}
	e := made("Tag", "id", first("tag_id", "id"), "name", first("tag_name", "name"), "type", first("tag_type", "type"))
	for _, at := range objects(o["attributes"]) {
		at := object(at)
		e.with(made("param", "name", strings.ToLower(text(at["tag_attribute_name"])), "value", text(at["tag_attribute_value"])))
	}
	return e
}

// tagNamed is the tag that an element means: the one with its id or, without
// one, with its kind and name, which is made when there is none.
func (a *api) tagNamed(ctx context.Context, by harrier.Actor, e *element) (harrier.Tag, error) {
	id, err := e.number("id", -1)
	if err != nil {
		return harrier.Tag{}, err
	}
	if id > 0 {
		return a.Tags.Tag(ctx, by, harrier.ID(id))
	}
	t := harrier.Tag{Name: strings.TrimSpace(e.attr("name")), Kind: tagKind(e.attr("type"))}
	all, err := a.Tags.All(ctx, by)
	if err != nil {
		return t, err
	}
	if i := slices.IndexFunc(all, func(o harrier.Tag) bool { return o.Kind == t.Kind && strings.EqualFold(o.Name, t.Name) }); i >= 0 {
		return all[i], nil
	}
	if err := putParams(&t, e); err != nil {
		return t, err
	}
	return t, a.Tags.Create(ctx, by, &t)
}

// setTags puts on something the tags that an element lists, and no others that
// by sees. Without the element the tags stay: clients that know of none do not
// take them away.
func (a *api) setTags(ctx context.Context, by harrier.Actor, on harrier.TagPlace, object harrier.ID, tags *element) error {
	if tags == nil {
		return nil
	}
	have, err := a.Tags.On(ctx, by, on, object)
	if err != nil {
		return err
	}
	var more, fewer []harrier.TagUse
	var want []harrier.ID
	for _, el := range tags.all("Tag") {
		t, err := a.tagNamed(ctx, by, el)
		if err != nil {
			return err
		}
		if want = append(want, t.ID); !slices.ContainsFunc(have, func(h harrier.Tag) bool { return h.ID == t.ID }) {
			more = append(more, harrier.TagUse{Tag: t.ID, On: on, Object: object})
		}
	}
	for _, h := range have {
		if !slices.Contains(want, h.ID) {
			fewer = append(fewer, harrier.TagUse{Tag: h.ID, On: on, Object: object})
		}
	}
	if len(fewer) > 0 {
		if err := a.Tags.UseAll(ctx, by, fewer, false); err != nil {
			return err
		}
	}
	if len(more) == 0 {
		return nil
	}
	return a.Tags.UseAll(ctx, by, more, true)
}

// putParams puts the attributes of an element into a tag.
func putParams(t *harrier.Tag, e *element) error {
	for _, p := range e.all("param") {
		v := strings.TrimSpace(p.attr("value"))
		switch strings.ToLower(p.attr("name")) {
		case "source":
			if t.Given = maps.Clone(t.Given); t.Given == nil {
				t.Given = map[string]string{}
			}
			if delete(t.Given, givenSource); v != "" {
				t.Given[givenSource] = v
			}
		case "color":
			if v == "" {
				continue
			}
			var err error
			if t.Color, err = colorNamed(v); err != nil {
				return err
			}
		case "risk_modifier":
			if v == "" {
				continue
			}
			n, err := strconv.ParseFloat(v, 64)
			if err != nil || math.IsNaN(n) || n < 0.5 || n > 2 {
				return harrier.Invalidf("RISK_MODIFIER", "must be from 0.5 to 2")
			}
			t.Weight = int(math.Round(n * 100))
		}
	}
	return nil
}

// tagObject is a tag in JSON.
//
// Source: section 14.7.
func tagObject(t harrier.Tag) map[string]any {
	attribute := func(name, value string) any {
		return map[string]any{"tag_attribute_name": name, "tag_attribute_value": value}
	}
	attributes := []any{attribute("SOURCE", tagSource(t))}
	switch t.Kind {
	case harrier.CustomTag:
		attributes = append(attributes, attribute("COLOR", tagColors[t.Color]))
	case harrier.CriticalityTag:
		attributes = append(attributes, attribute("RISK_MODIFIER", float(float64(t.Weight)/100)))
	default: // places and owners have no more to say
	}
	return map[string]any{"tag_id": t.ID, "tag_name": t.Name, "tag_type": strings.ToUpper(string(t.Kind)), "attributes": attributes}
}

// tagConfig is what a tag is put on, as a client writes it. What it does not
// say, or says null of, stays.
type tagConfig struct {
	Sites    *[]harrier.ID   `json:"site_ids"`
	Assets   *[]harrier.ID   `json:"tag_associated_asset_ids"`
	Groups   *[]harrier.ID   `json:"asset_group_ids"`
	Criteria json.RawMessage `json:"search_criteria"`
}
