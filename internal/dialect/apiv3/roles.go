package apiv3

import (
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// roleObjects are the roles that users can have: the built-in ones by their words,
// each once, and those of the installation's own.
func (a *api) roleObjects(q *query) ([]obj, error) {
	own, err := a.Identity.Roles(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	rows, seen := []obj{}, []string{}
	add := func(id, name string, role harrier.Role) {
		if slices.Contains(seen, id) {
			return
		}
		seen = append(seen, id)
		privileges := []string{}
		if role == harrier.Operator {
			privileges = append(privileges, "all-permissions")
		}
		rows = append(rows, obj{"id": id, "name": name, "description": name + ".", "privileges": privileges, "links": q.self("/roles/" + id)})
	}
	for _, w := range roles {
		add(w.word, w.name, w.role)
	}
	for _, d := range own {
		add(d.Name, d.Name, d.Role())
	}
	return rows, nil
}

func (a *api) listRoles(q *query) (any, error) {
	rows, err := a.roleObjects(q)
	if err != nil {
		return nil, err
	}
	return q.resources(rows)
}

func (a *api) getRole(q *query) (any, error) {
	rows, err := a.roleObjects(q)
	if err != nil {
		return nil, err
	}
	for _, o := range rows {
		if strings.EqualFold(o["id"].(string), q.path("id")) {
			return q.one(o)
		}
	}
	return nil, harrier.Errorf(harrier.NotFound, "no role %q", clip(q.path("id")))
}
