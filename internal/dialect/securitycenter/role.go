package securitycenter

import (
	"context"

	"github.com/harrier-scan/harrier"
)

// role is one of this API's roles and what it is in Harrier.
type role struct {
	id, name, description string
	is                    harrier.Role
}

// roles are the roles of this API that Harrier has.
//
// Source: section 20.4.
var roles = []role{
	{"0", "No Role", "May do nothing.", harrier.NoRole},
	{"1", "Administrator", "Looks after the installation.", harrier.Operator},
	{"2", "Security Manager", "May do everything in the organization.", harrier.Administrator},
	{"3", "Security Analyst", "Scans, and works with the results.", harrier.Analyst},
	{"7", "Auditor", "Reads.", harrier.Viewer},
}

// roleOf returns the role of a user.
func roleOf(is harrier.Role) role {
	for _, r := range roles {
		if r.is == is {
			return r
		}
	}
	return roles[0]
}

func roleByID(id string) (role, bool) {
	for _, r := range roles {
		if r.id == id {
			return r, true
		}
	}
	return role{}, false
}

func (r role) ref() ref { return ref{r.id, r.name, r.description} }

// permissions are what a role may do.
type permissions struct {
	ManageApp           string `json:"permManageApp"`
	ManageGroups        string `json:"permManageGroups"`
	ManageRoles         string `json:"permManageRoles"`
	ManageImages        string `json:"permManageImages"`
	ManageRelationships string `json:"permManageGroupRelationships"`
	ManageBlackouts     string `json:"permManageBlackoutWindows"`
	ManageAttributeSets string `json:"permManageAttributeSets"`
	CreateTickets       string `json:"permCreateTickets"`
	CreateAlerts        string `json:"permCreateAlerts"`
	CreateAuditFiles    string `json:"permCreateAuditFiles"`
	CreateLDAPAssets    string `json:"permCreateLDAPAssets"`
	CreatePolicies      string `json:"permCreatePolicies"`
	PurgeTickets        string `json:"permPurgeTickets"`
	PurgeScanResults    string `json:"permPurgeScanResults"`
	PurgeReportResults  string `json:"permPurgeReportResults"`
	Scan                string `json:"permScan"` // "full" or "none"
	AgentsScan          string `json:"permAgentsScan"`
	ShareObjects        string `json:"permShareObjects"`
	UpdateFeeds         string `json:"permUpdateFeeds"`
	UploadResults       string `json:"permUploadNessusResults"`
	ViewLogs            string `json:"permViewOrgLogs"`
	AcceptRisk          string `json:"permManageAcceptRiskRules"`
	RecastRisk          string `json:"permManageRecastRiskRules"`
}

func (r role) permissions() permissions {
	may := func(p harrier.Permission) string { return sbool(r.is.Permissions()&p == p) }
	never := sbool(false)
	p := permissions{
		ManageApp: may(harrier.OperateConsole), ManageGroups: never, ManageRoles: never, ManageImages: never, ManageRelationships: never,
		ManageBlackouts: never, ManageAttributeSets: never, CreateTickets: never, CreateAlerts: never, CreateAuditFiles: never, CreateLDAPAssets: never,
		CreatePolicies: may(harrier.EditPolicies), PurgeTickets: never, PurgeScanResults: may(harrier.RunScans), PurgeReportResults: never,
		Scan: "none", AgentsScan: never, ShareObjects: may(harrier.EditSites), UpdateFeeds: may(harrier.OperateConsole),
		UploadResults: may(harrier.EditSites), ViewLogs: may(harrier.ManageUsers),
		AcceptRisk: may(harrier.EditFindings), RecastRisk: may(harrier.EditFindings),
	}
	if r.is.Permissions()&harrier.RunScans != 0 {
		p.Scan = "full"
	}
	return p
}

// currentRole is a role with what it may do.
type currentRole struct {
	ref
	permissions
}

func newCurrentRole(r role) currentRole { return currentRole{r.ref(), r.permissions()} }

// organizationCount says how many users of an organisation have a role.
type organizationCount struct {
	ID        string `json:"id"`
	UserCount string `json:"userCount"`
}

// roleItem is a role.
type roleItem struct {
	ref
	UUID         string              `json:"uuid"`
	Creator      userRef             `json:"creator"`
	CreatedTime  string              `json:"createdTime"`
	ModifiedTime string              `json:"modifiedTime"`
	Counts       []organizationCount `json:"organizationCounts"`
	permissions
}

func newRole(r role, users []harrier.User) roleItem {
	n := 0
	for _, u := range users {
		if u.Role == r.is {
			n++
		}
	}
	return roleItem{
		ref: r.ref(), UUID: suuid(harrier.NamedUUID("role " + string(r.is))), Creator: userRef{ID: "-1"}, CreatedTime: "-1", ModifiedTime: "-1",
		Counts: []organizationCount{{theOrganization.ID, sid(n)}}, permissions: r.permissions(),
	}
}

func (a api) roleRoutes(m *router) {
	m.handle("GET /role", a.listRoles)
	m.handle("POST /role", a.refuseRole)
	m.handle("GET /role/{id}", a.getRole)
	m.handle("PATCH /role/{id}", a.changeRole)
	m.handle("DELETE /role/{id}", a.changeRole)
}

func (a api) listRoles(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	users, err := a.visibleUsers(ctx, by)
	if err != nil {
		return nil, err
	}
	out := make([]roleItem, len(roles))
	for i, r := range roles {
		out[i] = newRole(r, users)
	}
	return pick(out, q.fields("name", "description"), "id", "uuid"), nil
}

func (a api) getRole(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	users, err := a.visibleUsers(ctx, by)
	if err != nil {
		return nil, err
	}
	r, ok := roleByID(q.path("id"))
	if !ok {
		return nil, noObject("Role", q.path("id"), "retrieve")
	}
	return pick(newRole(r, users), q.fields(), "id", "uuid"), nil
}

func (a api) refuseRole(_ context.Context, by harrier.Actor, _ *query) (any, error) {
	if !by.May(harrier.ManageUsers) {
		return nil, notAllowed("You may not change roles.")
	}
	return nil, harrier.Errorf(harrier.Invalid, "Roles are built in: there are no others.")
}

func (a api) changeRole(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	if _, ok := roleByID(q.path("id")); !ok {
		return nil, noObject("Role", q.path("id"), "change")
	}
	return a.refuseRole(ctx, by, q)
}
