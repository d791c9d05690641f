package securitycenter

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// shownFilters are the filters of a saved query as it is shown: a list, with the
// objects that values name by their ids shown by name too, as far as by may see
// them. What is no list of filters is shown as it was sent.
//
// Source: section 12.
func (a api) shownFilters(ctx context.Context, by harrier.Actor, raw json.RawMessage) any {
	var list filters
	if len(raw) == 0 || json.Unmarshal(raw, &list) != nil {
		return orRaw(raw, "[]")
	}
	for i, f := range list {
		name, ok := a.namesOf(ctx, by, f.Name)
		if !ok {
			continue
		}
		in := json.NewDecoder(bytes.NewReader(f.Value))
		in.UseNumber()
		var v any
		if in.Decode(&v) != nil {
			continue
		}
		if text, err := kit.Marshal(named(v, name)); err == nil {
			list[i].Value = text
		}
	}
	return orEmpty(list)
}

// namesOf returns what names the objects that a filter's values are; false for
// filters whose values are no objects. It names nothing that by may not see.
func (a api) namesOf(ctx context.Context, by harrier.Actor, filter string) (func(harrier.ID) (shownRef, bool), bool) {
	switch filter {
	case "repository", "repositoryIDs":
		return func(id harrier.ID) (shownRef, bool) {
			r, err := a.Repositories.Repository(ctx, by, id)
			return shownRef{ref{sid(id), r.Name, r.Description}, suuid(r.UUID)}, err == nil
		}, true
	case "asset", "assetID", "outputAssets":
		return func(id harrier.ID) (shownRef, bool) {
			l, err := definedRangesList, error(nil)
			if id != harrier.EverythingList {
				l, err = a.AssetLists.List(ctx, by, id)
			}
			return shownRef{ref{sid(id), l.Name, l.Description}, suuid(l.UUID)}, err == nil
		}, true
	case "family", "familyID":
		return func(id harrier.ID) (shownRef, bool) {
			f, ok := a.familyByID(ctx, int(id))
			return shownRef{ref: ref{ID: sid(id), Name: f.name}}, ok
		}, true
	case "policy", "policyID":
		return func(id harrier.ID) (shownRef, bool) {
			p, err := a.Policies.Policy(ctx, by, id)
			return shownRef{ref{sid(id), p.Name, p.Description}, suuid(p.UUID)}, err == nil
		}, true
	case "auditFile", "auditFileID":
		return func(id harrier.ID) (shownRef, bool) {
			f, err := a.Policies.AuditFile(ctx, by, id)
			return shownRef{ref{sid(id), f.Name, f.Description}, suuid(f.UUID)}, err == nil
		}, true
	}
	return nil, false
}

// shownRef is a ref with a UUID.
type shownRef struct {
	ref
	UUID string `json:"uuid,omitempty"`
}

// named is a value of a filter with its objects in full: an object with an id, a
// list of such, or a tree of lists joined by operators.
func named(v any, name func(harrier.ID) (shownRef, bool)) any {
	switch v := v.(type) {
	case []any:
		out := slices.Clone(v)
		for i := range out {
			out[i] = named(out[i], name)
		}
		return out
	case map[string]any:
		if _, tree := v["operator"]; tree {
			out := maps.Clone(v)
			for key, of := range out {
				out[key] = named(of, name)
			}
			return out
		}
		text, err := kit.Marshal(v["id"])
		if err != nil {
			return v
		}
		var id given
		if _, said := v["id"]; !said || json.Unmarshal(text, &id) != nil {
			return v
		}
		if one, ok := name(harrier.ID(id)); ok {
			return one
		}
	}
	return v
}
