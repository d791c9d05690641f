package apiv3

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/asset/members"
)

// groupRoutes are the asset groups, which are asset lists of the model: one of
// addresses is static, all others are dynamic.
//
// Source: section 12, row 10.
func (a *api) groupRoutes() {
	a.handle("GET /asset_groups", a.listGroups)
	a.handle("POST /asset_groups", a.createGroup)
	a.handle("GET /asset_groups/{id}", a.getGroup)
	a.handle("PUT /asset_groups/{id}", a.updateGroup)
	a.handle("DELETE /asset_groups/{id}", a.deleteGroup)
	a.handle("GET /asset_groups/{id}/assets", a.groupAssets)
	a.handle("PUT /asset_groups/{id}/assets", a.setGroupAssets)
	a.handle("DELETE /asset_groups/{id}/assets", a.setGroupAssets)
	a.handle("PUT /asset_groups/{id}/assets/{assetId}", a.groupAsset(true))
	a.handle("DELETE /asset_groups/{id}/assets/{assetId}", a.groupAsset(false))
	a.handle("GET /asset_groups/{id}/search_criteria", a.groupCriteria)
	a.handle("PUT /asset_groups/{id}/search_criteria", a.setGroupCriteria)
}

// The kinds of asset lists that this API makes.
const (
	staticList  = "static"
	dynamicList = "dynamic"
)

func groupType(l harrier.AssetList) string {
	if l.Kind == staticList {
		return staticList
	}
	return dynamicList
}

// groupObject is a group with what was found on its assets.
func (a *api) groupObject(q *query, l harrier.AssetList) (obj, error) {
	within, err := a.AssetLists.Members(q.ctx(), q.by, l.ID)
	if err != nil {
		return nil, err
	}
	w, n, err := a.weigh(q, within)
	if err != nil {
		return nil, err
	}
	o := obj{
		"id": l.ID, "name": l.Name, "description": l.Description, "type": groupType(l), "assets": n, "riskScore": float64(w.counts.Exposure()), "vulnerabilities": w.object(),
		"links": q.self("/asset_groups/"+ident(l.ID), "Assets", "/assets", "Search Criteria", "/search_criteria", "Tags", "/tags"),
	}
	if members.IsCriteria([]byte(l.Definition)) {
		o["searchCriteria"] = json.RawMessage(l.Definition)
	}
	return o, nil
}

// weigh sums up what was found on the assets that e holds for, and counts them.
func (a *api) weigh(q *query, e harrier.Expr) (weight, int, error) {
	var w weight
	if !q.by.May(harrier.ReadFindings) {
		return w, 0, nil
	}
	list, n, err := a.Assets.Assets(q.ctx(), q.by, e, asset.Page{Sort: "id"})
	if err != nil {
		return w, 0, err
	}
	for part := range slices.Chunk(list, maxSize) {
		ids := make([]any, len(part))
		for i, as := range part {
			ids[i] = int64(as.ID)
		}
		of, err := a.weights(q.ctx(), q.by, ids)
		if err != nil {
			return w, 0, err
		}
		for _, one := range of {
			w.critical, w.severe, w.total = w.critical+one.critical, w.severe+one.severe, w.total+one.total
			for s, k := range one.counts {
				w.counts[s] += k
			}
		}
	}
	return w, n, nil
}

func (a *api) listGroups(q *query) (any, error) {
	all, err := a.AssetLists.All(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	kind, name := q.param("type"), strings.ToLower(q.param("name"))
	all = slices.DeleteFunc(all, func(l harrier.AssetList) bool {
		return kind != "" && kind != groupType(l) || !strings.Contains(strings.ToLower(l.Name), name)
	})
	return pagesOf(q, all, func(l harrier.AssetList) (obj, error) { return a.groupObject(q, l) })
}

func (a *api) group(q *query) (harrier.AssetList, error) {
	id, err := q.id("id")
	if err != nil {
		return harrier.AssetList{}, err
	}
	return a.AssetLists.List(q.ctx(), q.by, id)
}

func (a *api) getGroup(q *query) (any, error) {
	l, err := a.group(q)
	if err != nil {
		return nil, err
	}
	o, err := a.groupObject(q, l)
	if err != nil {
		return nil, err
	}
	return q.one(o)
}

// nowhere is the definition of a static list of no assets: a list of addresses
// needs one.
const nowhere = "0.0.0.0"

// groupBody is a group as a client writes it.
type groupBody struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Type        string          `json:"type"`
	Criteria    json.RawMessage `json:"searchCriteria"`
}

// put puts a group into l. It answers Invalid for a change of its type.
func (b groupBody) put(l *harrier.AssetList) error {
	l.Name, l.Description = b.Name, b.Description
	switch kind := strings.ToLower(b.Type); {
	case kind != staticList && kind != dynamicList:
		return harrier.Invalidf("type", "%q is neither static nor dynamic", clip(b.Type))
	case l.ID != 0 && kind != groupType(*l):
		return harrier.Invalidf("type", "a group stays %s", groupType(*l))
	case kind == staticList:
		if l.ID == 0 {
			l.Kind, l.Definition = staticList, nowhere
		}
		return nil
	}
	text := criteriaText(b.Criteria)
	if text == "" {
		if l.ID != 0 && !members.IsCriteria([]byte(l.Definition)) {
			return nil // one that another API made
		}
		return harrier.Invalidf("searchCriteria", "a dynamic group needs them")
	}
	l.Kind, l.Definition = dynamicList, text
	return nil
}

func (a *api) createGroup(q *query) (any, error) {
	var b groupBody
	var l harrier.AssetList
	if err := q.body(&b); err != nil {
		return nil, err
	}
	if err := b.put(&l); err != nil {
		return nil, err
	}
	if err := a.AssetLists.Create(q.ctx(), q.by, &l); err != nil {
		return nil, err
	}
	return created{l.ID, "/asset_groups/" + ident(l.ID)}, nil
}

func (a *api) updateGroup(q *query) (any, error) {
	l, err := a.group(q)
	if err != nil {
		return nil, err
	}
	var b groupBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	if err := b.put(&l); err != nil {
		return nil, err
	}
	if err := a.AssetLists.Update(q.ctx(), q.by, &l); err != nil {
		return nil, err
	}
	return q.done()
}

func (a *api) deleteGroup(q *query) (any, error) {
	l, err := a.group(q)
	if err != nil {
		return nil, err
	}
	if err := a.AssetLists.Delete(q.ctx(), q.by, l.ID); err != nil {
		return nil, err
	}
	return q.done()
}

// groupMembers are the assets of a group.
func (a *api) groupMembers(q *query, id harrier.ID) ([]harrier.Asset, error) {
	within, err := a.AssetLists.Members(q.ctx(), q.by, id)
	if err != nil {
		return nil, err
	}
	found, _, err := a.Assets.Assets(q.ctx(), q.by, within, asset.Page{Sort: "id"})
	return found, err
}

func (a *api) groupAssets(q *query) (any, error) {
	l, err := a.group(q)
	if err != nil {
		return nil, err
	}
	found, err := a.groupMembers(q, l.ID)
	if err != nil {
		return nil, err
	}
	var ids []harrier.ID
	for _, as := range found {
		ids = append(ids, as.ID)
	}
	return references(q, ids)
}

// storeMembers makes a static list of the addresses of assets.
func (a *api) storeMembers(q *query, l harrier.AssetList, addrs []netip.Addr) (any, error) {
	if l.Kind != staticList {
		return nil, harrier.Errorf(harrier.Conflict, "asset group %d is dynamic: its criteria say what it holds", l.ID)
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	var list []string
	for _, addr := range slices.Compact(addrs) {
		if addr.IsValid() {
			list = append(list, addr.String())
		}
	}
	l.Definition = cmpText(strings.Join(list, ","), nowhere)
	if err := a.AssetLists.Update(q.ctx(), q.by, &l); err != nil {
		return nil, err
	}
	return q.done()
}

func (a *api) setGroupAssets(q *query) (any, error) {
	l, err := a.group(q)
	if err != nil {
		return nil, err
	}
	var ids []harrier.ID
	if q.r.Method == "PUT" {
		if ids, err = q.ids(); err != nil {
			return nil, err
		}
	}
	var addrs []netip.Addr
	for _, id := range ids {
		as, err := a.Assets.Asset(q.ctx(), q.by, id)
		if err != nil {
			return nil, err
		}
		addrs = append(addrs, as.Addr)
	}
	return a.storeMembers(q, l, addrs)
}

// groupAsset takes an asset into a group, or out of it.
func (a *api) groupAsset(in bool) handler {
	return func(q *query) (any, error) {
		l, err := a.group(q)
		if err != nil {
			return nil, err
		}
		id, err := q.id("assetId")
		if err != nil {
			return nil, err
		}
		as, err := a.Assets.Asset(q.ctx(), q.by, id)
		if err != nil {
			return nil, err
		}
		have, err := a.groupMembers(q, l.ID)
		if err != nil {
			return nil, err
		}
		var addrs []netip.Addr
		for _, h := range have {
			if h.ID != id {
				addrs = append(addrs, h.Addr)
			}
		}
		if in {
			addrs = append(addrs, as.Addr)
		}
		return a.storeMembers(q, l, addrs)
	}
}

func (a *api) groupCriteria(q *query) (any, error) {
	l, err := a.group(q)
	if err != nil {
		return nil, err
	}
	if !members.IsCriteria([]byte(l.Definition)) {
		return nil, harrier.Errorf(harrier.NotFound, "asset group %d has no search criteria", l.ID)
	}
	return json.RawMessage(l.Definition), nil
}

func (a *api) setGroupCriteria(q *query) (any, error) {
	l, err := a.group(q)
	if err != nil {
		return nil, err
	}
	if l.Kind == staticList {
		return nil, harrier.Errorf(harrier.Conflict, "asset group %d is static", l.ID)
	}
	var text json.RawMessage
	if err := q.body(&text); err != nil {
		return nil, err
	}
	if !members.IsCriteria(text) {
		return nil, harrier.Invalidf("filters", "are missing")
	}
	l.Kind, l.Definition = dynamicList, string(text)
	if err := a.AssetLists.Update(q.ctx(), q.by, &l); err != nil {
		return nil, err
	}
	return q.done()
}
