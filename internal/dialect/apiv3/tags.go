package apiv3

import (
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
)

// tagRoutes are the tags and what they are on.
//
// Source: section 12, row 24.
func (a *api) tagRoutes() {
	a.handle("GET /tags", a.listTags)
	a.handle("POST /tags", a.createTag)
	a.handle("GET /tags/{id}", a.getTag)
	a.handle("PUT /tags/{id}", a.updateTag)
	a.handle("DELETE /tags/{id}", a.deleteTag)
	a.handle("GET /tags/{id}/assets", a.taggedAssets)
	a.handle("PUT /tags/{id}/assets/{assetId}", a.useTag(harrier.OnAsset, "assetId", "id", true))
	a.handle("DELETE /tags/{id}/assets/{assetId}", a.useTag(harrier.OnAsset, "assetId", "id", false))
	for place, name := range map[harrier.TagPlace]string{harrier.OnSite: "sites", harrier.OnList: "asset_groups"} {
		a.handle("GET /tags/{id}/"+name, a.tagUses(place))
		a.handle("PUT /tags/{id}/"+name, a.setTagUses(place, false))
		a.handle("DELETE /tags/{id}/"+name, a.setTagUses(place, true))
		a.handle("PUT /tags/{id}/"+name+"/{object}", a.useTag(place, "object", "id", true))
		a.handle("DELETE /tags/{id}/"+name+"/{object}", a.useTag(place, "object", "id", false))
		a.handle("GET /"+name+"/{id}/tags", a.tagsOn(place))
		a.handle("PUT /"+name+"/{id}/tags", a.setTagsOn(place))
		a.handle("PUT /"+name+"/{id}/tags/{tagId}", a.useTag(place, "id", "tagId", true))
		a.handle("DELETE /"+name+"/{id}/tags/{tagId}", a.useTag(place, "id", "tagId", false))
	}
	a.handle("GET /tags/{id}/search_criteria", a.tagCriteria)
	a.handle("PUT /tags/{id}/search_criteria", a.setTagCriteria)
	a.handle("DELETE /tags/{id}/search_criteria", a.setTagCriteria)
}

// tagObject is a tag as this API shows it.
func tagObject(q *query, t harrier.Tag) obj {
	source := "custom"
	if t.BuiltIn {
		source = "built-in"
	}
	o := obj{
		"id": t.ID, "name": t.Name, "type": string(t.Kind), "color": t.Color, "source": source,
		"links": q.self("/tags/"+ident(t.ID), "Assets", "/assets", "Sites", "/sites", "Asset Groups", "/asset_groups"),
	}
	o.when("created", t.Created)
	if t.Kind == harrier.CriticalityTag {
		o["riskModifier"] = float64(t.Weight) / 100
	}
	if t.Rule != "" {
		o["searchCriteria"] = json.RawMessage(t.Rule)
	}
	return o
}

func (a *api) listTags(q *query) (any, error) {
	all, err := a.Tags.All(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	name, kind := q.param("name"), q.param("type")
	p := &pages{all: []obj{}}
	for _, t := range all {
		if kind != "" && !strings.EqualFold(string(t.Kind), kind) || name != "" && !strings.Contains(strings.ToLower(t.Name), strings.ToLower(name)) {
			continue
		}
		p.all = append(p.all, tagObject(q, t))
	}
	return p, nil
}

// tagBody is a tag as a client writes it.
type tagBody struct {
	Name     string          `json:"name"`
	Type     string          `json:"type"`
	Color    string          `json:"color"`
	Modifier *float64        `json:"riskModifier"`
	Criteria json.RawMessage `json:"searchCriteria"`
}

func (b tagBody) put(t *harrier.Tag) error {
	t.Name, t.Kind, t.Color, t.Weight = b.Name, harrier.TagKind(strings.ToLower(b.Type)), strings.ToLower(b.Color), 0
	if b.Modifier != nil {
		if math.IsNaN(*b.Modifier) || *b.Modifier < 0.5 || *b.Modifier > 2 {
			return harrier.Invalidf("riskModifier", "must be from 0.5 to 2")
		}
		t.Weight = int(math.Round(*b.Modifier * 100))
	}
	t.Rule = criteriaText(b.Criteria)
	return nil
}

// criteriaText is a list of filters as it is kept; "" for none.
func criteriaText(raw json.RawMessage) string {
	text := strings.TrimSpace(string(raw))
	if text == "" || text == "null" {
		return ""
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) == nil && fields["filters"] == nil && len(fields) == 0 {
		return ""
	}
	return text
}

func (a *api) createTag(q *query) (any, error) {
	var b tagBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	var t harrier.Tag
	if err := b.put(&t); err != nil {
		return nil, err
	}
	if err := a.Tags.Create(q.ctx(), q.by, &t); err != nil {
		return nil, err
	}
	return created{t.ID, "/tags/" + ident(t.ID)}, nil
}

func (a *api) tag(q *query) (harrier.Tag, error) {
	id, err := q.id("id")
	if err != nil {
		return harrier.Tag{}, err
	}
	return a.Tags.Tag(q.ctx(), q.by, id)
}

func (a *api) getTag(q *query) (any, error) {
	t, err := a.tag(q)
	if err != nil {
		return nil, err
	}
	return q.one(tagObject(q, t))
}

func (a *api) updateTag(q *query) (any, error) {
	t, err := a.tag(q)
	if err != nil {
		return nil, err
	}
	var b tagBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	if err := b.put(&t); err != nil {
		return nil, err
	}
	if err := a.Tags.Update(q.ctx(), q.by, &t); err != nil {
		return nil, err
	}
	return q.done()
}

func (a *api) deleteTag(q *query) (any, error) {
	id, err := q.id("id")
	if err != nil {
		return nil, err
	}
	if err := a.Tags.Delete(q.ctx(), q.by, id); err != nil {
		return nil, err
	}
	return q.done()
}

func (a *api) taggedAssets(q *query) (any, error) {
	t, err := a.tag(q)
	if err != nil {
		return nil, err
	}
	e, err := a.Tags.Members(q.ctx(), q.by, t.ID)
	if err != nil {
		return nil, err
	}
	found, _, err := a.Assets.Assets(q.ctx(), q.by, e, asset.Page{Sort: "id"})
	if err != nil {
		return nil, err
	}
	ids := make([]harrier.ID, len(found))
	for i, as := range found {
		ids[i] = as.ID
	}
	why, err := a.Tags.Why(q.ctx(), q.by, ids...)
	if err != nil {
		return nil, err
	}
	rows := []obj{}
	for _, id := range ids {
		sources := []string{}
		i := slices.IndexFunc(why[id], func(o harrier.Tagged) bool { return o.ID == t.ID })
		if i >= 0 {
			for _, u := range why[id][i].Uses {
				sources = append(sources, map[harrier.TagPlace]string{harrier.OnSite: "site", harrier.OnList: "asset-group", harrier.OnAsset: "tag"}[u.On])
			}
			if why[id][i].ByRule {
				sources = append(sources, "criteria")
			}
		}
		rows = append(rows, obj{"id": id, "sources": slices.Compact(sources)})
	}
	return q.resources(rows)
}

// useTag puts a tag on something, or takes it off.
func (a *api) useTag(place harrier.TagPlace, object, tag string, on bool) handler {
	return func(q *query) (any, error) {
		thing, err := q.id(object)
		if err != nil {
			return nil, err
		}
		id, err := q.id(tag)
		if err != nil {
			return nil, err
		}
		if err := a.Tags.Use(q.ctx(), q.by, harrier.TagUse{Tag: id, On: place, Object: thing}, on); err != nil {
			return nil, err
		}
		return q.done()
	}
}

// tagUses lists what a tag is on, of one kind, as far as the client sees it.
func (a *api) tagUses(place harrier.TagPlace) handler {
	return func(q *query) (any, error) {
		id, err := q.id("id")
		if err != nil {
			return nil, err
		}
		ids, err := a.usesSeen(q, id, place)
		if err != nil {
			return nil, err
		}
		return references(q, ids)
	}
}

func (a *api) usesSeen(q *query, id harrier.ID, place harrier.TagPlace) ([]harrier.ID, error) {
	uses, err := a.Tags.Uses(q.ctx(), q.by, id, place)
	if err != nil {
		return nil, err
	}
	var out []harrier.ID
	for _, u := range uses {
		if err := a.sees(q, place, u.Object); err == nil {
			out = append(out, u.Object)
		} else if harrier.KindOf(err) != harrier.NotFound {
			return nil, err
		}
	}
	return out, nil
}

func (a *api) sees(q *query, place harrier.TagPlace, id harrier.ID) error {
	var err error
	if place == harrier.OnSite {
		_, err = a.Sites.Site(q.ctx(), q.by, id)
	} else {
		_, err = a.AssetLists.List(q.ctx(), q.by, id)
	}
	return err
}

// setTagUses puts a tag on what the body lists, of one kind, and on nothing
// else of that kind that the client sees.
func (a *api) setTagUses(place harrier.TagPlace, none bool) handler {
	return func(q *query) (any, error) {
		id, err := q.id("id")
		if err != nil {
			return nil, err
		}
		var want []harrier.ID
		if !none {
			if want, err = q.ids(); err != nil {
				return nil, err
			}
		}
		have, err := a.usesSeen(q, id, place)
		if err != nil {
			return nil, err
		}
		return a.changeUses(q, have, want, func(o harrier.ID) harrier.TagUse { return harrier.TagUse{Tag: id, On: place, Object: o} })
	}
}

func (a *api) changeUses(q *query, have, want []harrier.ID, use func(harrier.ID) harrier.TagUse) (any, error) {
	var off, on []harrier.TagUse
	for _, o := range have {
		if !slices.Contains(want, o) {
			off = append(off, use(o))
		}
	}
	for _, o := range want {
		on = append(on, use(o))
	}
	if err := a.Tags.UseAll(q.ctx(), q.by, on, true); err != nil {
		return nil, err
	}
	if err := a.Tags.UseAll(q.ctx(), q.by, off, false); err != nil {
		return nil, err
	}
	return q.done()
}

func (a *api) tagsOn(place harrier.TagPlace) handler {
	return func(q *query) (any, error) {
		id, err := q.id("id")
		if err != nil {
			return nil, err
		}
		if err := a.sees(q, place, id); err != nil {
			return nil, err
		}
		list, err := a.Tags.On(q.ctx(), q.by, place, id)
		if err != nil {
			return nil, err
		}
		if place == harrier.OnList {
			var ids []harrier.ID
			for _, t := range list {
				ids = append(ids, t.ID)
			}
			return references(q, ids)
		}
		rows := []obj{}
		for _, t := range list {
			rows = append(rows, tagObject(q, t))
		}
		return q.resources(rows)
	}
}

func (a *api) setTagsOn(place harrier.TagPlace) handler {
	return func(q *query) (any, error) {
		id, err := q.id("id")
		if err != nil {
			return nil, err
		}
		if err := a.sees(q, place, id); err != nil {
			return nil, err
		}
		want, err := q.ids()
		if err != nil {
			return nil, err
		}
		list, err := a.Tags.On(q.ctx(), q.by, place, id)
		if err != nil {
			return nil, err
		}
		var have []harrier.ID
		for _, t := range list {
			have = append(have, t.ID)
		}
		return a.changeUses(q, have, want, func(tag harrier.ID) harrier.TagUse { return harrier.TagUse{Tag: tag, On: place, Object: id} })
	}
}

func (a *api) tagCriteria(q *query) (any, error) {
	t, err := a.tag(q)
	if err != nil {
		return nil, err
	}
	if t.Rule == "" {
		return obj{"match": "all", "filters": []obj{}}, nil
	}
	return json.RawMessage(t.Rule), nil
}

func (a *api) setTagCriteria(q *query) (any, error) {
	t, err := a.tag(q)
	if err != nil {
		return nil, err
	}
	t.Rule = ""
	if q.r.Method == "PUT" {
		var text json.RawMessage
		if err := q.body(&text); err != nil {
			return nil, err
		}
		t.Rule = criteriaText(text)
	}
	if err := a.Tags.Update(q.ctx(), q.by, &t); err != nil {
		return nil, err
	}
	return q.done()
}
