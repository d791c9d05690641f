package nexpose

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

const tagsPath = "/api/2.0/tags"

// tagPlaces are the paths of what tags are put on.
var tagPlaces = map[string]harrier.TagPlace{"assets": harrier.OnAsset, "sites": harrier.OnSite, "asset_groups": harrier.OnList}

// tagDoors are the tags and what they are on.
//
// Source: section 14.7.
func (a *api) tagDoors(m *kit.Mux) {
	m.Handle("GET "+tagsPath, a.door(a.listTags))
	m.Handle("POST "+tagsPath, a.door(a.saveTag))
	m.Handle("GET "+tagsPath+"/{id}", a.door(a.getTag))
	m.Handle("PUT "+tagsPath+"/{id}", a.door(a.saveTag))
	m.Handle("DELETE "+tagsPath+"/{id}", a.door(a.deleteTag))
	for name, place := range tagPlaces {
		path := "/api/2.0/" + name + "/{object}/tags"
		m.Handle("GET "+path, a.door(a.tagsOn(place)))
		m.Handle("POST "+path, a.door(a.addTag(place)))
		m.Handle("PUT "+path+"/{id}", a.door(a.useTag(place, true)))
		m.Handle("DELETE "+path+"/{id}", a.door(a.useTag(place, false)))
	}
	m.Handle("GET /data/asset/{id}/selected-criticality-tag", a.door(a.selectedCriticality))
}

func (a *api) listTags(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	all, err := a.Tags.All(r.Context(), by)
	if err != nil {
		return err
	}
	rows := []any{}
	for _, t := range all {
		rows = append(rows, tagObject(t))
	}
	return writeDoor(w, map[string]any{"resources": rows})
}

// getTag shows a tag with what it is on, as far as the client sees that, and the
// assets that carry it.
func (a *api) getTag(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	id, err := doorID(r, "id")
	if err != nil {
		return err
	}
	ctx := r.Context()
	t, err := a.Tags.Tag(ctx, by, id)
	if err != nil {
		return err
	}
	carriers, err := a.carriers(ctx, by, id)
	if err != nil {
		return err
	}
	config := map[string]any{"search_criteria": nil}
	for name, place := range map[string]harrier.TagPlace{"site_ids": harrier.OnSite, "tag_associated_asset_ids": harrier.OnAsset, "asset_group_ids": harrier.OnList} {
		if config[name], err = a.tagged(ctx, by, id, place); err != nil {
			return err
		}
	}
	if c, ok := criteriaOf(t.Rule); ok {
		config["search_criteria"] = c.object()
	}
	o := tagObject(t)
	o["asset_ids"], o["tag_config"] = carriers, config
	return writeDoor(w, o)
}

func (a *api) carriers(ctx context.Context, by harrier.Actor, tag harrier.ID) ([]harrier.ID, error) {
	ids := []harrier.ID{}
	if !by.May(harrier.ReadFindings) {
		return ids, nil
	}
	within, err := a.Tags.Members(ctx, by, tag)
	if err != nil {
		return nil, err
	}
	found, _, err := a.Assets.Assets(ctx, by, within, asset.Page{Sort: "id"})
	for _, d := range found {
		ids = append(ids, d.ID)
	}
	return ids, err
}

// tagged are the things of one kind that a tag was put on and that by sees.
func (a *api) tagged(ctx context.Context, by harrier.Actor, tag harrier.ID, place harrier.TagPlace) ([]harrier.ID, error) {
	uses, err := a.Tags.Uses(ctx, by, tag, place)
	if err != nil {
		return nil, err
	}
	ids := []harrier.ID{}
	for _, u := range uses {
		if err := a.seesPlace(ctx, by, place, u.Object); err == nil {
			ids = append(ids, u.Object)
		} else if kind := harrier.KindOf(err); kind != harrier.NotFound && kind != harrier.Forbidden {
			return nil, err
		}
	}
	return ids, nil
}

func (a *api) seesPlace(ctx context.Context, by harrier.Actor, place harrier.TagPlace, id harrier.ID) (err error) {
	switch place {
	case harrier.OnSite:
		_, err = a.Sites.Site(ctx, by, id)
	case harrier.OnList:
		_, err = a.AssetLists.List(ctx, by, id)
	default:
		_, err = a.Assets.Asset(ctx, by, id)
	}
	return err
}

// saveTag stores a tag, and what it is on as far as the body says: all of it or
// nothing.
func (a *api) saveTag(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	o, err := readDoor(r)
	if err != nil {
		return err
	}
	var config tagConfig
	if raw, err := json.Marshal(o["tag_config"]); err != nil || json.Unmarshal(raw, &config) != nil {
		return harrier.Invalidf("tag_config", "can not be read")
	}
	status := http.StatusCreated
	var t harrier.Tag
	err = a.Together(r.Context(), func(ctx context.Context) error {
		if r.PathValue("id") != "" {
			id, err := doorID(r, "id")
			if err != nil {
				return err
			}
			if t, err = a.Tags.Tag(ctx, by, id); err != nil {
				return err
			}
			status = http.StatusOK
		}
		return a.saveTagParts(ctx, by, &t, o, config)
	})
	if err != nil {
		return err
	}
	return writeText(w, status, fmt.Sprint(tagsPath, "/", t.ID))
}

func (a *api) saveTagParts(ctx context.Context, by harrier.Actor, t *harrier.Tag, o map[string]any, config tagConfig) error {
	e := tagElement(o)
	was := *t
	if name := strings.TrimSpace(e.attr("name")); name != "" {
		t.Name = name
	}
	if word := e.attr("type"); word != "" || t.ID == 0 {
		t.Kind = tagKind(word)
	}
	if err := putParams(t, e); err != nil {
		return err
	}
	if config.Criteria != nil {
		if t.Rule = ""; string(config.Criteria) != "null" {
			c, err := readCriteria(config.Criteria)
			if err != nil {
				return err
			}
			if len(c.Criteria) > 0 {
				if t.Rule, err = c.filters(); err != nil {
					return err
				}
			}
		} else {
			t.Rule = was.Rule
		}
	}
	switch {
	case t.ID == 0:
		if err := a.Tags.Create(ctx, by, t); err != nil {
			return err
		}
	case !t.BuiltIn: // those stay as they are, and can be put on things
		if err := a.Tags.Update(ctx, by, t); err != nil {
			return err
		}
	case t.Name != was.Name || t.Kind != was.Kind || t.Rule != was.Rule:
		return harrier.Errorf(harrier.Forbidden, "tag %d is built in and stays as it is", t.ID)
	}
	for place, want := range map[harrier.TagPlace]*[]harrier.ID{harrier.OnSite: config.Sites, harrier.OnAsset: config.Assets, harrier.OnList: config.Groups} {
		if want == nil {
			continue
		}
		have, err := a.tagged(ctx, by, t.ID, place)
		if err != nil {
			return err
		}
		for on, ids := range map[bool][]harrier.ID{true: without(*want, have), false: without(have, *want)} {
			var uses []harrier.TagUse
			for _, id := range ids {
				uses = append(uses, harrier.TagUse{Tag: t.ID, On: place, Object: id})
			}
			if len(uses) > 0 {
				if err := a.Tags.UseAll(ctx, by, uses, on); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// without are the ids that others lack.
func without(ids, others []harrier.ID) []harrier.ID {
	return slices.DeleteFunc(slices.Clone(ids), func(id harrier.ID) bool { return slices.Contains(others, id) })
}

func (a *api) deleteTag(_ http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	id, err := doorID(r, "id")
	if err != nil {
		return err
	}
	return a.Tags.Delete(r.Context(), by, id)
}

// tagsOn lists the tags that were put on a thing, of an asset all that it
// carries.
func (a *api) tagsOn(place harrier.TagPlace) func(http.ResponseWriter, *http.Request, harrier.Actor) error {
	return func(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
		id, err := doorID(r, "object")
		if err != nil {
			return err
		}
		if err := a.seesPlace(r.Context(), by, place, id); err != nil {
			return err
		}
		var list []harrier.Tag
		if place == harrier.OnAsset {
			of, errOf := a.Tags.Of(r.Context(), by, id)
			list, err = of[id], errOf
		} else {
			list, err = a.Tags.On(r.Context(), by, place, id)
		}
		rows := []any{}
		for _, t := range list {
			o := tagObject(t)
			if place == harrier.OnAsset {
				o["asset_ids"] = []harrier.ID{id}
			}
			rows = append(rows, o)
		}
		if err != nil {
			return err
		}
		return writeDoor(w, map[string]any{"resources": rows})
	}
}

// addTag puts a tag on a thing: one that there is, or a new one.
func (a *api) addTag(place harrier.TagPlace) func(http.ResponseWriter, *http.Request, harrier.Actor) error {
	return func(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
		id, err := doorID(r, "object")
		if err != nil {
			return err
		}
		o, err := readDoor(r)
		if err != nil {
			return err
		}
		var t harrier.Tag
		err = a.Together(r.Context(), func(ctx context.Context) error {
			if t, err = a.tagNamed(ctx, by, tagElement(o)); err != nil {
				return err
			}
			return a.Tags.Use(ctx, by, harrier.TagUse{Tag: t.ID, On: place, Object: id}, true)
		})
		if err != nil {
			return err
		}
		return writeText(w, http.StatusCreated, fmt.Sprint(r.URL.Path, "/", t.ID))
	}
}

func (a *api) useTag(place harrier.TagPlace, on bool) func(http.ResponseWriter, *http.Request, harrier.Actor) error {
	return func(_ http.ResponseWriter, r *http.Request, by harrier.Actor) error {
		thing, err := doorID(r, "object")
		if err != nil {
			return err
		}
		id, err := doorID(r, "id")
		if err != nil {
			return err
		}
		return a.Tags.Use(r.Context(), by, harrier.TagUse{Tag: id, On: place, Object: thing}, on)
	}
}

// selectedCriticality names the tag that says how much an asset matters: the
// greatest of those that it carries. Without one the answer is empty.
func (a *api) selectedCriticality(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	id, err := doorID(r, "id")
	if err != nil {
		return err
	}
	if _, err := a.Assets.Asset(r.Context(), by, id); err != nil {
		return err
	}
	of, err := a.Tags.Of(r.Context(), by, id)
	if err != nil {
		return err
	}
	var top harrier.Tag
	for _, t := range of[id] {
		if t.Kind == harrier.CriticalityTag && t.Weight > top.Weight {
			top = t
		}
	}
	if top.ID == 0 {
		return writeText(w, http.StatusOK, "")
	}
	return writeDoor(w, map[string]any{"id": top.ID, "name": top.Name})
}
