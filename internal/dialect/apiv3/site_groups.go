package apiv3

import (
	"slices"

	"github.com/harrier-scan/harrier"
)

// siteGroupRoutes are the asset groups whose assets a site scans, or leaves alone.
func (a *api) siteGroupRoutes() {
	for name, of := range map[string]func(*harrier.Site) *[]harrier.ID{
		"included_asset_groups": func(s *harrier.Site) *[]harrier.ID { return &s.Options.Lists },
		"excluded_asset_groups": func(s *harrier.Site) *[]harrier.ID { return &s.Options.Spared },
	} {
		change := func(put func(q *query, have []harrier.ID) ([]harrier.ID, error)) handler {
			return func(q *query) (any, error) {
				s, err := a.site(q)
				if err != nil {
					return nil, err
				}
				if *of(&s), err = put(q, slices.Clone(*of(&s))); err != nil {
					return nil, err
				}
				if err := a.Sites.Update(q.ctx(), q.by, &s); err != nil {
					return nil, err
				}
				return q.done()
			}
		}
		at := " /sites/{id}/" + name
		a.handle("GET"+at, func(q *query) (any, error) { return a.siteGroups(q, of) })
		a.handle("PUT"+at, change(func(q *query, _ []harrier.ID) ([]harrier.ID, error) { return q.ids() }))
		a.handle("DELETE"+at, change(func(*query, []harrier.ID) ([]harrier.ID, error) { return nil, nil }))
		a.handle("DELETE"+at+"/{assetGroupId}", change(func(q *query, have []harrier.ID) ([]harrier.ID, error) {
			id, err := q.id("assetGroupId")
			i := slices.Index(have, id)
			if err == nil && i < 0 {
				err = harrier.Errorf(harrier.NotFound, "no asset group %d of the site", id)
			}
			if err != nil {
				return nil, err
			}
			return slices.Delete(have, i, i+1), nil
		}))
	}
}

// siteGroups are the groups that a site names and that the client may see.
func (a *api) siteGroups(q *query, of func(*harrier.Site) *[]harrier.ID) (any, error) {
	s, err := a.site(q)
	if err != nil {
		return nil, err
	}
	rows := []obj{}
	for _, id := range *of(&s) {
		l, err := a.AssetLists.List(q.ctx(), q.by, id)
		if harrier.KindOf(err) == harrier.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		o, err := a.groupObject(q, l)
		if err != nil {
			return nil, err
		}
		rows = append(rows, o)
	}
	return q.resources(rows)
}
