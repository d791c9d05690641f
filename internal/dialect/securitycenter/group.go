package securitycenter

import (
	"context"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// groupItem is a group. Only its users are ever more than empty.
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
	m.handle("POST /group", a.refuseGroup)
	m.handle("GET /group/{id}", a.getGroup)
	m.handle("PATCH /group/{id}", a.updateGroup)
	m.handle("DELETE /group/{id}", a.deleteGroup)
}

// group is the one group, with the users that by may see.
func (a api) group(ctx context.Context, by harrier.Actor) (groupItem, error) {
	users, err := a.visibleUsers(ctx, by)
	g := groupItem{
		ref: theGroup, UUID: suuid(a.ServerUUID), CreatedTime: "-1", ModifiedTime: "-1", LCEs: []ref{}, Repositories: []ref{},
		Defining: []ref{{"0", "All Defined Ranges", ""}}, Users: []userRef{}, Assets: []ref{}, Policies: []ref{}, Queries: []ref{}, Credentials: []ref{},
		DashboardTabs: []ref{}, AuditFiles: []ref{}, ARCs: []ref{}, DataFields: []ref{},
	}
	for _, u := range users {
		if u.Role != harrier.Operator {
			g.Users = append(g.Users, newUserRef(u))
		}
	}
	g.UserCount = len(g.Users)
	return g, err
}

func (a api) listGroups(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	g, err := a.group(ctx, by)
	return pick([]groupItem{g}, q.fields("name", "description"), "id", "uuid"), err
}

func (a api) getGroup(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	if q.path("id") != theGroup.ID {
		return nil, noObject("Group", q.path("id"), "retrieve")
	}
	g, err := a.group(ctx, by)
	return pick(g, q.fields(), "id", "uuid"), err
}

// groupRequest is the part of a group that a client could change.
type groupRequest struct {
	Name        *kit.Text `json:"name"`
	Description *kit.Text `json:"description"`
	Users       *givens   `json:"users"`
}

// updateGroup takes a group as it is: nothing of it can be changed.
func (a api) updateGroup(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	if q.path("id") != theGroup.ID {
		return nil, noObject("Group", q.path("id"), "update")
	}
	var in groupRequest
	if err := q.body(&in); err != nil {
		return nil, err
	}
	if in.Name != nil && string(*in.Name) != theGroup.Name || in.Description != nil && string(*in.Description) != theGroup.Description || in.Users != nil {
		return a.refuseGroup(ctx, by, q)
	}
	return a.getGroup(ctx, by, q)
}

func (a api) deleteGroup(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	if q.path("id") != theGroup.ID {
		return nil, noObject("Group", q.path("id"), "delete")
	}
	return a.refuseGroup(ctx, by, q)
}

func (a api) refuseGroup(_ context.Context, by harrier.Actor, _ *query) (any, error) {
	if !by.May(harrier.ManageUsers) {
		return nil, notAllowed("You may not change groups.")
	}
	return nil, harrier.Errorf(harrier.Invalid, "There is one group, to which everybody belongs: it can not be changed.")
}
