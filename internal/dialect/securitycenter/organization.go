package securitycenter

import (
	"context"
	"slices"

	"github.com/harrier-scan/harrier"
)

// organizationItem is the organisation that everybody belongs to.
//
// Source: section 20.1.
type organizationItem struct {
	ref
	UUID             string   `json:"uuid"`
	Email            string   `json:"email"`
	Address          string   `json:"address"`
	City             string   `json:"city"`
	State            string   `json:"state"`
	Country          string   `json:"country"`
	Phone            string   `json:"phone"`
	Fax              string   `json:"fax"`
	IPInfoLinks      []string `json:"ipInfoLinks"`
	ZoneSelection    string   `json:"zoneSelection"`
	RestrictedIPs    string   `json:"restrictedIPs"`
	ScoreLow         string   `json:"vulnScoreLow"`
	ScoreMedium      string   `json:"vulnScoreMedium"`
	ScoreHigh        string   `json:"vulnScoreHigh"`
	ScoreCritical    string   `json:"vulnScoreCritical"`
	ScoringSystem    string   `json:"vulnScoringSystem"`
	CreatedTime      string   `json:"createdTime"`
	ModifiedTime     string   `json:"modifiedTime"`
	UserCount        string   `json:"userCount"`
	LCEs             []ref    `json:"lces"`
	Repositories     []orgRep `json:"repositories"`
	Zones            []ref    `json:"zones"`
	NessusManagers   []ref    `json:"nessusManagers"`
	PublishingSites  []ref    `json:"pubSites"`
	LDAPs            []ref    `json:"ldaps"`
	PasswordExpires  string   `json:"passwordExpires"`
	PasswordLifetime string   `json:"passwordExpiration"`
}

// orgRep is a repository that the organisation uses.
type orgRep struct {
	ref
	GroupAssign string `json:"groupAssign"`
}

func (a api) organizationRoutes(m *router) {
	m.handle("GET /currentOrganization", a.getCurrentOrganization)
	m.handle("GET /organization", a.listOrganizations)
	m.handle("POST /organization", a.refuseOrganization)
	m.handle("GET /organization/{id}", a.getOrganization)
	m.handle("PATCH /organization/{id}", a.changeOrganization)
	m.handle("DELETE /organization/{id}", a.changeOrganization)
	m.handle("GET /organization/{id}/user", a.organized(a.listUsers))
	m.handle("GET /organization/{id}/securityManager", a.organized(a.listManagers))
	m.handle("POST /organization/{id}/securityManager", a.organized(a.createManager))
	m.handle("GET /organization/{id}/securityManager/{user}", a.manager(a.getUser))
	m.handle("PATCH /organization/{id}/securityManager/{user}", a.manager(a.updateUser))
	m.handle("DELETE /organization/{id}/securityManager/{user}", a.manager(a.deleteUser))
}

func (a api) organization(ctx context.Context, by harrier.Actor) (organizationItem, error) {
	users, err := a.visibleUsers(ctx, by)
	n := 0
	for _, u := range users {
		if u.Role != harrier.Operator {
			n++
		}
	}
	return organizationItem{
		ref: theOrganization, UUID: suuid(a.ServerUUID), IPInfoLinks: []string{}, ZoneSelection: "auto_only",
		ScoreLow: "1", ScoreMedium: "3", ScoreHigh: "10", ScoreCritical: "40", ScoringSystem: "CVSS", CreatedTime: "-1", ModifiedTime: "-1",
		UserCount: sid(n), LCEs: []ref{}, Repositories: []orgRep{{ref{sid(harrier.DefaultRepository), "Default", ""}, "fullAccess"}},
		Zones: []ref{}, NessusManagers: []ref{}, PublishingSites: []ref{}, LDAPs: []ref{}, PasswordExpires: sbool(false), PasswordLifetime: "-1",
	}, err
}

func (a api) getCurrentOrganization(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	o, err := a.organization(ctx, by)
	return pick(o, q.fields(), "id", "uuid"), err
}

func (a api) listOrganizations(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	o, err := a.organization(ctx, by)
	return pick([]organizationItem{o}, q.fields("name", "description"), "id", "uuid"), err
}

func (a api) getOrganization(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	if q.path("id") != theOrganization.ID {
		return nil, noObject("Organization", q.path("id"), "retrieve")
	}
	return a.getCurrentOrganization(ctx, by, q)
}

func (a api) changeOrganization(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	if q.path("id") != theOrganization.ID {
		return nil, noObject("Organization", q.path("id"), "change")
	}
	return a.refuseOrganization(ctx, by, q)
}

func (a api) refuseOrganization(_ context.Context, by harrier.Actor, _ *query) (any, error) {
	if !by.May(harrier.OperateConsole) {
		return nil, notAllowed("You may not change organizations.")
	}
	return nil, harrier.Errorf(harrier.Invalid, "There is one organization, to which everybody belongs: it can not be changed.")
}

// organized does what h does below the one organisation.
func (a api) organized(h handler) handler {
	return func(ctx context.Context, by harrier.Actor, q *query) (any, error) {
		if q.path("id") != theOrganization.ID {
			return nil, noObject("Organization", q.path("id"), "retrieve")
		}
		return h(ctx, by, q)
	}
}

// manager does what h does with the user of the path, who must be a security
// manager.
func (a api) manager(h handler) handler {
	return a.organized(func(ctx context.Context, by harrier.Actor, q *query) (any, error) {
		user := q.path("user")
		u, err := a.Identity.User(ctx, by, idOf(user))
		if err == nil && u.Role != harrier.Administrator {
			err = harrier.Errorf(harrier.NotFound, "no security manager %d", u.ID)
		}
		if err != nil {
			return nil, missing(err, "User", user, "retrieve")
		}
		q.raw.SetPathValue("id", user)
		return h(ctx, by, q)
	})
}

func (a api) listManagers(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	list, err := a.visibleUsers(ctx, by)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(u harrier.User) bool { return u.Role != harrier.Administrator })
	out := make([]userItem, len(list))
	for i, u := range list {
		out[i] = newUser(by, u)
	}
	return pick(out, q.fields(), "id", "uuid"), nil
}

// createManager makes a security manager; the role needs not be said.
func (a api) createManager(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var in userRequest
	if err := q.body(&in); err != nil {
		return nil, err
	}
	manager := []byte(roleOf(harrier.Administrator).id)
	if !in.givesRole() && q.keys != nil {
		q.keys["roleID"] = manager
	}
	for _, id := range []*given{in.RoleID, in.Role} {
		if id != nil && sid(*id) != string(manager) {
			return nil, harrier.Invalidf("roleID", "a security manager has the role %s", manager)
		}
	}
	return a.createUser(ctx, by, q)
}
