package nexpose

import (
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// roleCommands are those of roles.
//
// Source: section 11.2.
func (a *api) roleCommands() {
	a.change("RoleCreate", a.roleCreate)
	a.change("RoleDelete", a.roleDelete)
	a.add("RoleDetails", a.roleDetails)
	a.add("RoleListing", a.roleListing)
	a.change("RoleUpdate", a.roleUpdate)
}

// privilege is a right of the API with the permissions that it comes to.
type privilege struct {
	part, name string
	comes      harrier.Permission
}

const (
	global  = "GlobalPrivileges"
	ofSite  = "SitePrivileges"
	ofGroup = "AssetGroupPrivileges"
)

// privileges are all there are, in the order in which they are told.
var privileges = []privilege{
	{global, "CreateReports", harrier.ReadFindings},
	{global, "ConfigureGlobalSettings", harrier.OperateConsole},
	{global, "ManageSites", harrier.EditSites},
	{global, "ManageAssetGroups", harrier.EditSites},
	{global, "ManageDynamicAssetGroups", harrier.EditSites},
	{global, "ManageScanTemplates", harrier.EditPolicies},
	{global, "ManageReportTemplates", harrier.ReadFindings},
	{global, "GenerateRestrictedReports", harrier.ReadFindings},
	{global, "ManageScanEngines", harrier.ManageEngines},
	{global, "SubmitVulnExceptions", harrier.EditFindings},
	{global, "ApproveVulnExceptions", harrier.ReadAll | harrier.RecastFindings},
	{global, "DeleteVulnExceptions", harrier.EditFindings},
	{global, "CreateTickets", harrier.WriteTickets},
	{global, "CloseTickets", harrier.WriteTickets},
	{global, "TicketAssignee", harrier.ReadOwn},
	{global, "AddUsersToSite", harrier.ShareObjects},
	{global, "AddUsersToGroup", harrier.ShareObjects},
	{global, "AddUsersToReport", harrier.ShareObjects},
	{global, "ManagePolicies", harrier.EditPolicies},
	{global, "ManageTags", harrier.EditSites},
	{global, "ManageAdvPolicies", harrier.EditPolicies},
	{ofSite, "ViewAssetData", harrier.ReadFindings},
	{ofSite, "ConfigureSiteSettings", harrier.EditSites},
	{ofSite, "ConfigureTargets", harrier.EditSites},
	{ofSite, "ConfigureEngines", harrier.EditSites},
	{ofSite, "ConfigureScanTemplates", harrier.EditPolicies},
	{ofSite, "ConfigureAlerts", harrier.EditSites | harrier.WriteAlerts},
	{ofSite, "ConfigureCredentials", harrier.EditPolicies},
	{ofSite, "ConfigureScheduleScans", harrier.EditSites | harrier.RunScans},
	{ofSite, "ManualScans", harrier.RunScans},
	{ofSite, "PurgeData", harrier.EditAll},
	{ofGroup, "ViewAssetData", harrier.ReadFindings},
	{ofGroup, "ConfigureAssets", harrier.EditSites},
}

// knownRole is a role, built in or not.
type knownRole struct {
	id                      harrier.ID
	name, full, description string
	permissions             harrier.Permission
	given                   []string // the privileges as they were given; nil: as the permissions say
	own                     *harrier.RoleDefinition
}

func (k knownRole) attrs() []string {
	return []string{"id", ident(k.id), "name", k.name, "full-name", k.full}
}

func (k knownRole) has(p privilege) bool {
	if k.permissions&p.comes != p.comes {
		return false
	}
	return k.given == nil || slices.Contains(k.given, p.part+"/"+p.name)
}

const (
	givenFullName   = "nexpose.full-name"
	givenPrivileges = "nexpose.privileges"
	roleScope       = "global"
)

func (a *api) knownRoles(c *call) ([]knownRole, error) {
	own, err := a.Identity.Roles(c.ctx(), c.by)
	if err != nil {
		return nil, err
	}
	var list []knownRole
	for i, w := range roleWords {
		if !slices.ContainsFunc(list, func(k knownRole) bool { return k.name == w.word }) {
			list = append(list, knownRole{id: harrier.ID(i + 1), name: w.word, full: w.full, description: w.full, permissions: w.role.Permissions()})
		}
	}
	for _, d := range own {
		k := knownRole{id: d.ID, name: d.Name, full: d.Given[givenFullName], description: d.Description, permissions: d.Permissions, own: &d}
		if k.full == "" {
			k.full = d.Name
		}
		if text, ok := d.Given[givenPrivileges]; ok {
			k.given = strings.Split(text, " ")
		}
		list = append(list, k)
	}
	return list, nil
}

func (a *api) roleListing(c *call) (answer, error) {
	roles, err := a.knownRoles(c)
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		for _, k := range roles {
			o.empty("RoleSummary", append(k.attrs(), "description", k.description, "enabled", "true", "scope", roleScope)...)
		}
	}), nil
}

func (a *api) roleDetails(c *call) (answer, error) {
	roles, err := a.knownRoles(c)
	if err != nil {
		return answer{}, err
	}
	var wanted []knownRole
	for _, e := range c.req.all("Role") {
		k, err := find(roles, e)
		if err != nil {
			return answer{}, err
		}
		wanted = append(wanted, k)
	}
	if len(wanted) == 0 {
		return answer{}, harrier.Invalidf("Role", "is missing")
	}
	return list(func(o *out) {
		for _, k := range wanted {
			o.start("Role", append(k.attrs(), "enabled", "true", "scope", roleScope)...)
			o.leaf("Description", k.description)
			for _, part := range []string{global, ofSite, ofGroup} {
				o.start(part)
				for _, p := range privileges {
					if p.part == part {
						o.empty(p.name, "enabled", word(k.has(p)))
					}
				}
				o.end()
			}
			o.end()
		}
	}), nil
}

// find returns the role that an element names: by its name, or by its id where
// it has one.
func find(roles []knownRole, e *element) (knownRole, error) {
	name, id := e.attr("name"), e.attr("id")
	if name == "" && id == "" {
		return knownRole{}, harrier.Invalidf("name", "is missing")
	}
	for _, k := range roles {
		if id != "" && ident(k.id) == id || id == "" && strings.EqualFold(k.name, name) {
			return k, nil
		}
	}
	return knownRole{}, harrier.Errorf(harrier.NotFound, "no role %s", clip(name+id))
}

// readRole puts what an element says into d.
func readRole(e *element, d *harrier.RoleDefinition) error {
	d.Name, d.Description = e.attr("name"), e.child("Description").content()
	if slices.ContainsFunc(roleWords, func(w struct {
		word, full string
		role       harrier.Role
	},
	) bool {
		return strings.EqualFold(w.word, d.Name)
	}) {
		return harrier.Errorf(harrier.Conflict, "the role %s is built in", clip(d.Name))
	}
	d.Permissions = harrier.ReadOwn
	var given []string
	for _, p := range privileges {
		on, err := e.child(p.part, p.name).bool("enabled", false)
		if err != nil {
			return err
		}
		if on {
			d.Permissions |= p.comes
			given = append(given, p.part+"/"+p.name)
		}
	}
	d.Given = map[string]string{givenFullName: e.attr("full-name"), givenPrivileges: strings.Join(given, " ")}
	return nil
}

func (a *api) roleCreate(c *call) (answer, error) {
	e := c.req.child("Role")
	if e == nil {
		return answer{}, harrier.Invalidf("Role", "is missing")
	}
	var d harrier.RoleDefinition
	if err := readRole(e, &d); err != nil {
		return answer{}, err
	}
	err := a.Identity.CreateRole(c.ctx(), c.by, &d)
	return answer{attrs: []string{"id", ident(d.ID)}}, err
}

// ownRole is the role that a request names, which is not built in.
func (a *api) ownRole(c *call) (harrier.RoleDefinition, error) {
	roles, err := a.knownRoles(c)
	if err != nil {
		return harrier.RoleDefinition{}, err
	}
	e := c.req.child("Role")
	if e == nil {
		return harrier.RoleDefinition{}, harrier.Invalidf("Role", "is missing")
	}
	k, err := find(roles, e)
	if err == nil && k.own == nil {
		err = harrier.Errorf(harrier.Conflict, "the role %s is built in", k.name)
	}
	if err != nil {
		return harrier.RoleDefinition{}, err
	}
	return *k.own, nil
}

func (a *api) roleUpdate(c *call) (answer, error) {
	d, err := a.ownRole(c)
	if err == nil {
		err = readRole(c.req.child("Role"), &d)
	}
	if err != nil {
		return answer{}, err
	}
	return done(), a.Identity.UpdateRole(c.ctx(), c.by, &d)
}

func (a *api) roleDelete(c *call) (answer, error) {
	d, err := a.ownRole(c)
	if err != nil {
		return answer{}, err
	}
	return done(), a.Identity.DeleteRole(c.ctx(), c.by, d.ID)
}
