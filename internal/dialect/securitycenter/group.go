package securitycenter

import (
	"context"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// groupItem is a group.
//
// Source: section 20.3.
type groupItem struct {
	ref
	UUID          string    `json:"uuid"`
	CreatedTime   string    `json:"createdTime"`
	ModifiedTime  string    `json:"modifiedTime"`
	LCEs          []ref     `json:"lces"`
	Repositories  []ref     `json:"repositories"`
	Defining      []ref     `json:"definingAssets"`
	UserCount     int       `json:"userCount"`
	Users         []userRef `json:"users"`
	Assets        []ref     `json:"assets"`
	Policies      []ref     `json:"policies"`
	Queries       []ref     `json:"queries"`
	Credentials   []ref     `json:"credentials"`
	DashboardTabs []ref     `json:"dashboardTabs"`
	AuditFiles    []ref     `json:"auditFiles"`
	ARCs          []ref     `json:"arcs"`
	DataFields    []ref     `json:"assetDataFields"`
}

func (a api) groupRoutes(m *router) {
	m.handle("GET /group", a.listGroups)
	m.handle("POST /group", a.createGroup)
	m.handle("GET /group/{id}", a.getGroup)
	m.handle("PATCH /group/{id}", a.updateGroup)
	m.handle("DELETE /group/{id}", a.deleteGroup)
}

// groupOrg is the organisation whose groups by speaks of: their own, or the one
// that an administrator of the installation names.
func groupOrg(by harrier.Actor, q *query) harrier.ID {
	if by.Organization != 0 {
		return by.Organization
	}
	return max(idOf(q.param("orgID")), harrier.FirstOrganization)
}

// newGroup shows a group with the users and the shared objects that by may see.
func (a api) newGroup(ctx context.Context, by harrier.Actor, g harrier.Group) (groupItem, error) {
	w := groupItem{
		ref: ref{groupID(g), g.Name, g.Description}, UUID: suuid(g.UUID), CreatedTime: stime(g.Created), ModifiedTime: stime(g.Modified), LCEs: []ref{},
		Repositories: []ref{}, Defining: []ref{}, Users: []userRef{}, Assets: []ref{}, Policies: []ref{}, Queries: []ref{}, Credentials: []ref{},
		DashboardTabs: []ref{}, AuditFiles: []ref{}, ARCs: []ref{}, DataFields: []ref{},
	}
	users, err := a.visibleUsers(ctx, by)
	if err != nil {
		return w, err
	}
	for _, u := range users {
		if u.Group == g.ID {
			w.Users = append(w.Users, newUserRef(u))
		}
	}
	w.UserCount = len(w.Users)
	repositories, err := a.repositoryMap(ctx, by)
	if err != nil {
		return w, err
	}
	o, err := a.Identity.Organization(ctx, by, g.Organization)
	if err != nil {
		return w, err
	}
	for _, id := range o.Repositories {
		if r, ok := repositories[id]; ok && (g.First || slices.Contains(g.Repositories, id)) {
			w.Repositories = append(w.Repositories, ref{sid(r.ID), r.Name, r.Description})
		}
	}
	for _, id := range g.Lists {
		if id == harrier.EverythingList {
			w.Defining = append(w.Defining, ref{"0", definedRangesList.Name, ""})
			continue
		}
		l, err := a.AssetLists.List(ctx, by, id)
		if err != nil {
			l.ID = id // by may not see what it holds
		}
		w.Defining = append(w.Defining, ref{sid(l.ID), l.Name, l.Description})
	}
	shared, err := a.sharedObjects(ctx, by, g.ID)
	w.Assets, w.Policies, w.Queries, w.Credentials = shared["assets"], shared["policies"], shared["queries"], shared["credentials"]
	w.AuditFiles, w.DashboardTabs = shared["auditFiles"], shared["dashboardTabs"]
	return w, err
}

func (a api) listGroups(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	all, err := a.Identity.Groups(ctx, by)
	if err != nil {
		return nil, err
	}
	out := []groupItem{}
	for _, g := range all {
		if g.Organization != groupOrg(by, q) {
			continue
		}
		w, err := a.newGroup(ctx, by, g)
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return pick(out, q.fields("name", "description"), "id", "uuid"), nil
}

func (a api) showGroup(ctx context.Context, by harrier.Actor, q *query, g harrier.Group) (any, error) {
	w, err := a.newGroup(ctx, by, g)
	return pick(w, q.fields(), "id", "uuid"), err
}

func (a api) getGroup(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	g, err := a.groupByID(ctx, by, q.path("id"), groupOrg(by, q))
	if err != nil {
		return nil, missing(err, "Group", q.path("id"), "retrieve")
	}
	return a.showGroup(ctx, by, q, g)
}

// groupRequest is what a client says of a group: what is not given stays.
type groupRequest struct {
	Name         *kit.Text `json:"name"`
	Description  *kit.Text `json:"description"`
	Repositories *givens   `json:"repositories"`
	Defining     *givens   `json:"definingAssets"`
	Users        *givens   `json:"users"`
	Assets       *givens   `json:"assets"`
	Policies     *givens   `json:"policies"`
	Queries      *givens   `json:"queries"`
	Credentials  *givens   `json:"credentials"`
	AuditFiles   *givens   `json:"auditFiles"`
	Dashboards   *givens   `json:"dashboardTabs"`
}

// apply puts what is given into g, and reports whether anything changes.
func (in groupRequest) apply(g *harrier.Group) bool {
	old := *g
	if in.Name != nil {
		g.Name = strings.TrimSpace(string(*in.Name))
	}
	if in.Description != nil {
		g.Description = string(*in.Description)
	}
	if in.Repositories != nil {
		g.Repositories = in.Repositories.ids()
	}
	if in.Defining != nil {
		g.Lists = in.Defining.ids()
	}
	return g.Name != old.Name || g.Description != old.Description || !slices.Equal(g.Repositories, old.Repositories) || !slices.Equal(g.Lists, old.Lists)
}

func (a api) createGroup(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var in groupRequest
	if err := q.body(&in); err != nil {
		return nil, err
	}
	g := harrier.Group{Organization: groupOrg(by, q)}
	in.apply(&g)
	join, share, err := a.groupMembers(ctx, by, in, g)
	if err != nil {
		return nil, err
	}
	if err := a.Identity.CreateGroup(ctx, by, &g); err != nil {
		return nil, err
	}
	if err := a.fillGroup(ctx, by, g, join, share); err != nil {
		return nil, err
	}
	return a.showGroup(ctx, by, q, g)
}

// updateGroup also takes users into the group, and says which objects are shared
// with it. Users that it does not name stay: they must belong somewhere.
func (a api) updateGroup(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	g, err := a.groupByID(ctx, by, q.path("id"), groupOrg(by, q))
	if err != nil {
		return nil, missing(err, "Group", q.path("id"), "update")
	}
	var in groupRequest
	if err := q.body(&in); err != nil {
		return nil, err
	}
	join, share, err := a.groupMembers(ctx, by, in, g)
	if err != nil {
		return nil, err
	}
	if in.apply(&g) {
		if err := a.Identity.UpdateGroup(ctx, by, &g); err != nil {
			return nil, missing(err, "Group", q.path("id"), "update")
		}
	}
	if err := a.fillGroup(ctx, by, g, join, share); err != nil {
		return nil, err
	}
	return a.showGroup(ctx, by, q, g)
}

func (a api) deleteGroup(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	g, err := a.groupByID(ctx, by, q.path("id"), groupOrg(by, q))
	if err != nil {
		return nil, missing(err, "Group", q.path("id"), "delete")
	}
	return nil, missing(a.Identity.DeleteGroup(ctx, by, g.ID), "Group", q.path("id"), "delete")
}
