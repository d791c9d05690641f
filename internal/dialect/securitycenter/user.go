package securitycenter

import (
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

func (a api) userRoutes(m *router) {
	m.handle("GET /currentUser", a.getCurrentUser)
	m.handle("PATCH /currentUser", a.updateCurrentUser)
	m.handle("GET /user", a.listUsers)
	m.handle("POST /user", a.createUser)
	m.handle("GET /user/{id}", a.getUser)
	m.handle("PATCH /user/{id}", a.updateUser)
	m.handle("DELETE /user/{id}", a.deleteUser)
}

// keyItem is a pair of API keys without its secret.
type keyItem struct {
	ID        string `json:"id"`
	AccessKey string `json:"accessKey"`
}

// userItem is a user. What Harrier does not know of people is always empty.
//
// Source: sections 5.3 and 20.2.
type userItem struct {
	ID                 string    `json:"id"`
	UUID               string    `json:"uuid"`
	Status             string    `json:"status"`
	Username           string    `json:"username"`
	LDAPUsername       string    `json:"ldapUsername"`
	Firstname          string    `json:"firstname"`
	Lastname           string    `json:"lastname"`
	Title              string    `json:"title"`
	Email              string    `json:"email"`
	Address            string    `json:"address"`
	City               string    `json:"city"`
	State              string    `json:"state"`
	Country            string    `json:"country"`
	Phone              string    `json:"phone"`
	Fax                string    `json:"fax"`
	CreatedTime        string    `json:"createdTime"`
	ModifiedTime       string    `json:"modifiedTime"`
	LastLogin          string    `json:"lastLogin"`
	LastLoginIP        string    `json:"lastLoginIP"`
	MustChangePassword string    `json:"mustChangePassword"`
	Locked             string    `json:"locked"`
	FailedLogins       string    `json:"failedLogins"`
	AuthType           string    `json:"authType"`
	Fingerprint        *string   `json:"fingerprint"`
	Password           string    `json:"password"` // never the real one
	ManagedUsers       []ref     `json:"managedUsersGroups"`
	ManagedObjects     []ref     `json:"managedObjectsGroups"`
	Preferences        []string  `json:"preferences"`
	LinkedUsers        []string  `json:"linkedUsers"`
	APIKeys            []keyItem `json:"apiKeys"`
	CanUse             bool      `json:"canUse"` // real booleans, unlike all others
	CanManage          bool      `json:"canManage"`
	Role               any       `json:"role"`
	ResponsibleAsset   nullRef   `json:"responsibleAsset"`
	Group              ref       `json:"group"`
	LDAP               nullRef   `json:"ldap"`
	Parent             nullRef   `json:"parent"`
}

// passwordSet stands where a secret is kept.
const passwordSet = "SET"

func newUser(by harrier.Actor, u harrier.User) userItem {
	first, last := splitName(u.FullName)
	manages := by.May(harrier.ManageUsers) && by.May(u.Role.Permissions())
	w := userItem{
		ID: sid(u.ID), UUID: suuid(u.UUID), Status: "0", Username: u.Name, Firstname: first, Lastname: last, Email: u.Email,
		CreatedTime: stime(u.Created), ModifiedTime: stime(u.Created), LastLogin: stime0(u.LastLogin), MustChangePassword: sbool(false),
		Locked: sbool(u.Disabled), FailedLogins: sid(u.Failures), AuthType: "tns", Password: passwordSet,
		ManagedUsers: []ref{}, ManagedObjects: []ref{}, Preferences: []string{}, LinkedUsers: []string{}, APIKeys: []keyItem{},
		CanUse: true, CanManage: manages || u.ID == by.User,
		Role: roleOf(u.Role).ref(), ResponsibleAsset: noRef, Group: theGroup, LDAP: noRef, Parent: noRef,
	}
	if u.Role.Permissions()&harrier.ManageUsers != 0 {
		w.ManagedUsers = append(w.ManagedUsers, theGroup)
	}
	if u.Role.Permissions()&harrier.EditAll != 0 {
		w.ManagedObjects = append(w.ManagedObjects, theGroup)
	}
	if u.AccessKey != "" {
		w.APIKeys = append(w.APIKeys, keyItem{sid(u.ID), u.AccessKey})
	}
	return w
}

// currentUser is the answer of GET /currentUser.
type currentUser struct {
	userItem
	Name         string   `json:"name"`
	UserPrefs    []string `json:"userPrefs"`
	Organization any      `json:"organization"`
	OrgName      string   `json:"orgName"`
}

// adminOrganization is where administrators of the installation belong: its id
// is a number.
var adminOrganization = nullRef{0, "Tenable Security Center Administration", ""}

func newCurrentUser(by harrier.Actor, u harrier.User) currentUser {
	w := currentUser{userItem: newUser(by, u), Name: u.Name, UserPrefs: []string{}, Organization: theOrganization, OrgName: theOrganization.Name}
	w.Role = newCurrentRole(roleOf(u.Role))
	if isAdmin(by) {
		w.Organization, w.OrgName = adminOrganization, adminOrganization.Name
	}
	return w
}

func (a api) getCurrentUser(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	u, err := a.Identity.User(ctx, by, by.User)
	if err != nil {
		return nil, err
	}
	return pick(newCurrentUser(by, u), q.fields(), "id", "uuid"), nil
}

func (a api) updateCurrentUser(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	u, warnings, err := a.changeUser(ctx, by, by.User, q)
	if err != nil {
		return nil, err
	}
	return remarked{response: pick(newCurrentUser(by, u), q.fields(), "id", "uuid"), warnings: warnings}, nil
}

// listUsers shows the users to those who manage them; others see themselves.
func (a api) listUsers(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	list, err := a.visibleUsers(ctx, by)
	if err != nil {
		return nil, err
	}
	out := make([]userItem, len(list))
	for i, u := range list {
		out[i] = newUser(by, u)
	}
	return pick(out, q.fields(), "id", "uuid"), nil
}

func (a api) visibleUsers(ctx context.Context, by harrier.Actor) ([]harrier.User, error) {
	if by.May(harrier.ManageUsers) {
		return a.Identity.Users(ctx, by)
	}
	u, err := a.Identity.User(ctx, by, by.User)
	return []harrier.User{u}, err
}

func (a api) getUser(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	u, err := a.Identity.User(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, "User", q.path("id"), "retrieve")
	}
	return pick(newUser(by, u), q.fields(), "id", "uuid"), nil
}

// userRequest is what a client says of a user: what is not given stays.
type userRequest struct {
	Username        *kit.Text `json:"username"`
	Password        *kit.Text `json:"password"`
	CurrentPassword kit.Text  `json:"currentPassword"`
	RoleID          *given    `json:"roleID"`
	Role            *given    `json:"role"`
	GroupID         *given    `json:"groupID"`
	Group           *given    `json:"group"`
	OrgID           *given    `json:"orgID"`
	AuthType        kit.Text  `json:"authType"`
	Firstname       *kit.Text `json:"firstname"`
	Lastname        *kit.Text `json:"lastname"`
	Email           *kit.Text `json:"email"`
	Locked          *kit.Bool `json:"locked"`
	MustChange      kit.Bool  `json:"mustChangePassword"`
	Title           kit.Text  `json:"title"`
	Address         kit.Text  `json:"address"`
	City            kit.Text  `json:"city"`
	State           kit.Text  `json:"state"`
	Country         kit.Text  `json:"country"`
	Phone           kit.Text  `json:"phone"`
	Fax             kit.Text  `json:"fax"`
}

// notKept warns of what a client said in vain.
func (in userRequest) notKept() []warning {
	var out []warning
	for _, f := range []struct {
		name  string
		given bool
	}{
		{"title", in.Title != ""},
		{"address", in.Address != ""},
		{"city", in.City != ""},
		{"state", in.State != ""},
		{"country", in.Country != ""},
		{"phone", in.Phone != ""},
		{"fax", in.Fax != ""},
		{"mustChangePassword", bool(in.MustChange)},
	} {
		if f.given {
			out = append(out, warning{sid(codeInvalid), "The parameter '" + f.name + "' is not kept."})
		}
	}
	return out
}

// apply puts what is given into u. It answers Invalid and NotFound.
func (in userRequest) apply(u *harrier.User) error {
	if in.AuthType != "" && in.AuthType != "tns" {
		return harrier.Invalidf("authType", "only %q is known", "tns")
	}
	if in.OrgID != nil && *in.OrgID > 0 && sid(*in.OrgID) != theOrganization.ID {
		return noObject("Organization", sid(*in.OrgID), "use")
	}
	for _, g := range []*given{in.GroupID, in.Group} {
		if g != nil && *g > 0 {
			return noObject("Group", sid(*g), "use")
		}
	}
	for _, id := range []*given{in.RoleID, in.Role} {
		if id == nil {
			continue
		}
		r, ok := roleByID(sid(*id))
		if !ok {
			return noObject("Role", sid(*id), "use")
		}
		u.Role = r.is
	}
	if in.Username != nil {
		u.Name = string(*in.Username)
	}
	if in.Email != nil {
		u.Email = string(*in.Email)
	}
	if in.Locked != nil {
		u.Disabled = bool(*in.Locked)
	}
	first, last := splitName(u.FullName)
	if in.Firstname != nil {
		first = string(*in.Firstname)
	}
	if in.Lastname != nil {
		last = string(*in.Lastname)
	}
	u.FullName = strings.TrimSpace(first + " " + last)
	return nil
}

// givesRole reports whether a role is named.
func (in userRequest) givesRole() bool { return in.RoleID != nil || in.Role != nil }

func (a api) createUser(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var in userRequest
	if err := q.body(&in); err != nil {
		return nil, err
	}
	switch {
	case in.Username == nil:
		return nil, harrier.Errorf(harrier.Invalid, "The parameter 'username' is needed.")
	case in.Password == nil:
		return nil, harrier.Errorf(harrier.Invalid, "The parameter 'password' is needed.")
	case !in.givesRole():
		return nil, harrier.Errorf(harrier.Invalid, "The parameter 'roleID' is needed.")
	}
	var u harrier.User
	if err := in.apply(&u); err != nil {
		return nil, err
	}
	if err := a.Identity.Create(ctx, by, &u, string(*in.Password)); err != nil {
		return nil, err
	}
	return remarked{response: pick(newUser(by, u), q.fields(), "id", "uuid"), warnings: in.notKept()}, nil
}

func (a api) updateUser(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	u, warnings, err := a.changeUser(ctx, by, q.id(), q)
	if err != nil {
		return nil, missing(err, "User", q.path("id"), "update")
	}
	return remarked{response: pick(newUser(by, u), q.fields(), "id", "uuid"), warnings: warnings}, nil
}

// changeUser does what a PATCH says. Either all of it comes true or nothing.
func (a api) changeUser(ctx context.Context, by harrier.Actor, id harrier.ID, q *query) (harrier.User, []warning, error) {
	var in userRequest
	if err := q.body(&in); err != nil {
		return harrier.User{}, nil, err
	}
	u, err := a.Identity.User(ctx, by, id)
	if err != nil {
		return u, nil, err
	}
	old := u
	if err := in.apply(&u); err != nil {
		return u, nil, err
	}
	if err := a.Identity.Update(ctx, by, &u); err != nil {
		return u, nil, err
	}
	if in.Password != nil && *in.Password != passwordSet {
		if err := a.Identity.SetPassword(ctx, by, id, string(in.CurrentPassword), string(*in.Password)); err != nil {
			if undo := a.Identity.Update(context.WithoutCancel(ctx), by, &old); undo != nil {
				a.Log.ErrorContext(ctx, "user is changed by half", "user", id, "err", undo)
			}
			return u, nil, err
		}
	}
	return u, in.notKept(), nil
}

// deleteRequest is the body of DELETE /user/{id}.
type deleteRequest struct {
	MigrateTo given `json:"migrateUserID"`
}

// deleteUser removes a user. Their objects stay, and belong to nobody but the
// managers: they can not be handed on.
func (a api) deleteUser(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var in deleteRequest
	if err := q.body(&in); err != nil {
		return nil, err
	}
	if in.MigrateTo > 0 {
		return nil, harrier.Invalidf("migrateUserID", "the objects of a user can not be given to another one")
	}
	if _, err := a.Identity.User(ctx, by, q.id()); err != nil {
		return nil, missing(err, "User", q.path("id"), "delete")
	}
	return nil, missing(a.Identity.Delete(ctx, by, q.id()), "User", q.path("id"), "delete")
}
