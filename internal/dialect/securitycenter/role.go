package securitycenter

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// role is one of this API's roles and what it is in Harrier.
type role struct {
	id, name, description string
	is                    harrier.Role
	own                   *harrier.RoleDefinition // nil for a built-in one
}

// roles are the built-in roles.
//
// Source: section 20.4.
var roles = []role{
	{"0", "No Role", "May do nothing.", harrier.NoRole, nil},
	{"1", "Administrator", "Looks after the installation.", harrier.Operator, nil},
	{"2", "Security Manager", "May do everything in the organization.", harrier.Administrator, nil},
	{"3", "Security Analyst", "Scans, and works with the results.", harrier.Analyst, nil},
	{"4", "Vulnerability Analyst", "Works with the results.", harrier.VulnerabilityAnalyst, nil},
	{"5", "Executive", "Reads.", harrier.Executive, nil},
	{"6", "Credential Manager", "Looks after credentials.", harrier.CredentialManager, nil},
	{"7", "Auditor", "Reads.", harrier.Viewer, nil},
}

// roleOf returns a built-in role.
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

func ownRole(d harrier.RoleDefinition) role {
	return role{sid(d.ID), d.Name, d.Description, d.Role(), &d}
}

// roleNames tells the roles that by may see. Own ones are read when the first is
// asked for.
type roleNames struct {
	load  func() ([]harrier.RoleDefinition, error)
	known map[harrier.Role]role
}

func (a api) roles(ctx context.Context, by harrier.Actor) *roleNames {
	return &roleNames{load: func() ([]harrier.RoleDefinition, error) { return a.Identity.Roles(ctx, by) }}
}

func (n *roleNames) of(is harrier.Role) role {
	if _, own := is.Own(); !own {
		return roleOf(is)
	}
	if n.known == nil {
		n.known = map[harrier.Role]role{}
		list, _ := n.load() // without them it is No Role
		for _, d := range list {
			n.known[d.Role()] = ownRole(d)
		}
	}
	if r, ok := n.known[is]; ok {
		return r
	}
	return roles[0]
}

// roleNamed returns the role that a request names. It answers NotFound.
func (a api) roleNamed(ctx context.Context, by harrier.Actor, id string) (role, error) {
	if r, ok := roleByID(id); ok {
		return r, nil
	}
	d, err := a.Identity.Role(ctx, by, idOf(id))
	return ownRole(d), err
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

// may is what r lets its users do.
func (r role) may() harrier.Permission {
	if r.own != nil {
		return r.own.Permissions
	}
	return r.is.Permissions()
}

// permissions shows what r lets its users do; of what Harrier has no right for,
// what was said when the role was made.
func (r role) permissions() permissions {
	may := func(p harrier.Permission) string { return sbool(r.may()&p == p) }
	said := func(name string) string { return sbool(r.own != nil && r.own.Given[name] == "true") }
	// Of what Harrier has no right of its own for, a built-in role tells what it
	// comes to.
	saidOr := func(name string, p harrier.Permission) string {
		if r.own != nil {
			return said(name)
		}
		return may(p)
	}
	p := permissions{
		ManageApp: may(harrier.OperateConsole), ManageGroups: may(harrier.ManageUsers), ManageRoles: may(harrier.ManageUsers), ManageImages: said("permManageImages"),
		ManageRelationships: may(harrier.ManageUsers), ManageBlackouts: may(harrier.FreezeScans), ManageAttributeSets: said("permManageAttributeSets"),
		CreateTickets: may(harrier.WriteTickets), CreateAlerts: may(harrier.WriteAlerts), CreateAuditFiles: saidOr("permCreateAuditFiles", harrier.EditPolicies),
		CreateLDAPAssets: said("permCreateLDAPAssets"), CreatePolicies: may(harrier.EditPolicies), PurgeTickets: saidOr("permPurgeTickets", harrier.WriteTickets),
		PurgeScanResults: saidOr("permPurgeScanResults", harrier.RunScans), PurgeReportResults: saidOr("permPurgeReportResults", harrier.ReadFindings),
		Scan: "none", AgentsScan: said("permAgentsScan"), ShareObjects: may(harrier.ShareObjects), UpdateFeeds: may(harrier.OperateConsole),
		UploadResults: may(harrier.EditSites), ViewLogs: may(harrier.ManageUsers),
		AcceptRisk: may(harrier.EditFindings), RecastRisk: may(harrier.RecastFindings),
	}
	if r.may()&harrier.RunScans != 0 {
		if p.Scan = "full"; r.own != nil && r.own.Given["permScan"] == "policy" {
			p.Scan = "policy"
		}
	}
	return p
}

// rights are the permissions of this API that Harrier has rights for.
var rights = map[string]harrier.Permission{
	"permManageApp":             harrier.OperateConsole,
	"permManageGroups":          harrier.ManageUsers | harrier.ReadAll | harrier.EditAll,
	"permManageRoles":           harrier.ManageUsers | harrier.ReadAll | harrier.EditAll,
	"permCreatePolicies":        harrier.EditPolicies,
	"permShareObjects":          harrier.ShareObjects,
	"permUploadNessusResults":   harrier.EditSites,
	"permManageAcceptRiskRules": harrier.EditFindings,
	"permManageRecastRiskRules": harrier.RecastFindings,
	"permCreateTickets":         harrier.WriteTickets,
	"permCreateAlerts":          harrier.WriteAlerts,
	"permManageBlackoutWindows": harrier.FreezeScans,
}

// applyRole puts what a request says into d. Whoever has an own role may read.
func applyRole(q *query, d *harrier.RoleDefinition) error {
	var in struct {
		Name        *kit.Text `json:"name"`
		Description *kit.Text `json:"description"`
		Scan        *kit.Text `json:"permScan"`
	}
	if err := q.body(&in); err != nil {
		return err
	}
	if in.Name != nil {
		d.Name = strings.TrimSpace(string(*in.Name))
	}
	if in.Description != nil {
		d.Description = string(*in.Description)
	}
	d.Given = cloneMap(d.Given)
	d.Permissions |= harrier.ReadOwn | harrier.ReadFindings
	for _, name := range slices.Sorted(maps.Keys(q.keys)) {
		if !strings.HasPrefix(name, "perm") || name == "permScan" {
			continue
		}
		yes, err := q.truth(name)
		if err != nil {
			return err
		}
		d.Given[name] = sbool(yes)
		switch p, known := rights[name]; {
		case known && yes:
			d.Permissions |= p
		case known:
			d.Permissions &^= p
		}
	}
	if in.Scan != nil {
		const scans = harrier.RunScans | harrier.EditSites
		switch *in.Scan {
		case "full", "policy":
			d.Permissions |= scans
		case "none":
			d.Permissions &^= harrier.RunScans
			if d.Given["permUploadNessusResults"] != "true" {
				d.Permissions &^= harrier.EditSites
			}
		default:
			return harrier.Invalidf("permScan", "%q is none of full, policy, none", cut(string(*in.Scan), 32))
		}
		d.Given["permScan"] = string(*in.Scan)
	}
	return nil
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

// roleItem is a role. What is made or changed names its creator by id alone.
type roleItem struct {
	ref
	UUID         string              `json:"uuid"`
	Creator      *userRef            `json:"creator,omitempty"`
	CreatorID    string              `json:"creatorID,omitempty"`
	CreatedTime  string              `json:"createdTime"`
	ModifiedTime string              `json:"modifiedTime"`
	Counts       []organizationCount `json:"organizationCounts"`
	permissions
}

func (a api) newRole(ctx context.Context, by harrier.Actor, r role, users []harrier.User) roleItem {
	n := map[harrier.ID]int{}
	if by.Organization != 0 {
		n[by.Organization] = 0
	} else {
		n[harrier.FirstOrganization] = 0
	}
	for _, u := range users {
		if u.Role == r.is {
			n[u.Organization]++
		}
	}
	w := roleItem{
		ref: r.ref(), UUID: suuid(harrier.NamedUUID("role " + string(r.is))), Creator: &userRef{ID: "-1"}, CreatedTime: "-1", ModifiedTime: "-1",
		Counts: []organizationCount{}, permissions: r.permissions(),
	}
	for _, id := range slices.Sorted(maps.Keys(n)) {
		w.Counts = append(w.Counts, organizationCount{sid(id), sid(n[id])})
	}
	if r.own != nil {
		owner := a.people(ctx).ref(r.own.Owner)
		w.UUID, w.Creator, w.CreatedTime, w.ModifiedTime = suuid(r.own.UUID), &owner, stime(r.own.Created), stime(r.own.Modified)
	}
	return w
}

func (a api) roleRoutes(m *router) {
	m.handle("GET /role", a.listRoles)
	m.handle("POST /role", a.createRole)
	m.handle("GET /role/{id}", a.getRole)
	m.handle("PATCH /role/{id}", a.updateRole)
	m.handle("DELETE /role/{id}", a.deleteRole)
}

func (a api) listRoles(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	users, err := a.visibleUsers(ctx, by)
	if err != nil {
		return nil, err
	}
	own, err := a.Identity.Roles(ctx, by)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(roles)
	for _, d := range own {
		all = append(all, ownRole(d))
	}
	out := make([]roleItem, len(all))
	for i, r := range all {
		out[i] = a.newRole(ctx, by, r, users)
	}
	return pick(out, q.fields("name", "description"), "id", "uuid"), nil
}

func (a api) getRole(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	users, err := a.visibleUsers(ctx, by)
	if err != nil {
		return nil, err
	}
	r, err := a.roleNamed(ctx, by, q.path("id"))
	if err != nil {
		return nil, missing(err, "Role", q.path("id"), "retrieve")
	}
	return pick(a.newRole(ctx, by, r, users), q.fields(), "id", "uuid"), nil
}

func (a api) showRole(ctx context.Context, by harrier.Actor, q *query, d harrier.RoleDefinition) (any, error) {
	users, err := a.visibleUsers(ctx, by)
	w := a.newRole(ctx, by, ownRole(d), users)
	w.Creator, w.CreatorID = nil, sid(d.Owner)
	return pick(w, q.fields(), "id", "uuid"), err
}

func (a api) createRole(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var d harrier.RoleDefinition
	if err := applyRole(q, &d); err != nil {
		return nil, err
	}
	if err := a.Identity.CreateRole(ctx, by, &d); err != nil {
		return nil, err
	}
	return a.showRole(ctx, by, q, d)
}

// notOwn refuses to change a role that is built in.
func notOwn(by harrier.Actor, id string) error {
	if _, ok := roleByID(id); !ok {
		return nil
	}
	if !by.May(harrier.ManageUsers) {
		return notAllowed("You may not change roles.")
	}
	return harrier.Errorf(harrier.Invalid, "The role #%s is built in: it can not be changed.", id)
}

func (a api) updateRole(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	if err := notOwn(by, q.path("id")); err != nil {
		return nil, err
	}
	d, err := a.Identity.Role(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, "Role", q.path("id"), "update")
	}
	if err := applyRole(q, &d); err != nil {
		return nil, err
	}
	if err := a.Identity.UpdateRole(ctx, by, &d); err != nil {
		return nil, missing(err, "Role", q.path("id"), "update")
	}
	return a.showRole(ctx, by, q, d)
}

func (a api) deleteRole(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	if err := notOwn(by, q.path("id")); err != nil {
		return nil, err
	}
	return nil, missing(a.Identity.DeleteRole(ctx, by, q.id()), "Role", q.path("id"), "delete")
}
