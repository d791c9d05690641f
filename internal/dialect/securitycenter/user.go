package securitycenter

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

func (a api) userRoutes(m *router) {
	m.handle("GET /currentUser", a.getCurrentUser)
	m.handle("PATCH /currentUser", a.updateCurrentUser)
	m.handle("PATCH /currentUser/preferences", a.updatePreferences)
	m.handle("POST /currentUser/switch", a.switchUser)
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
	ID                 string           `json:"id"`
	UUID               string           `json:"uuid"`
	Status             string           `json:"status"`
	Username           string           `json:"username"`
	LDAPUsername       string           `json:"ldapUsername"`
	Firstname          string           `json:"firstname"`
	Lastname           string           `json:"lastname"`
	Title              string           `json:"title"`
	Email              string           `json:"email"`
	Address            string           `json:"address"`
	City               string           `json:"city"`
	State              string           `json:"state"`
	Country            string           `json:"country"`
	Phone              string           `json:"phone"`
	Fax                string           `json:"fax"`
	CreatedTime        string           `json:"createdTime"`
	ModifiedTime       string           `json:"modifiedTime"`
	LastLogin          string           `json:"lastLogin"`
	LastLoginIP        string           `json:"lastLoginIP"`
	MustChangePassword string           `json:"mustChangePassword"`
	Locked             string           `json:"locked"`
	FailedLogins       string           `json:"failedLogins"`
	AuthType           string           `json:"authType"`
	Fingerprint        *string          `json:"fingerprint"`
	Password           string           `json:"password"` // never the real one
	ManagedUsers       []ref            `json:"managedUsersGroups"`
	ManagedObjects     []ref            `json:"managedObjectsGroups"`
	Preferences        []userPreference `json:"preferences"`
	LinkedUsers        []string         `json:"linkedUsers"`
	APIKeys            []keyItem        `json:"apiKeys"`
	CanUse             bool             `json:"canUse"` // real booleans, unlike all others
	CanManage          bool             `json:"canManage"`
	Role               any              `json:"role"`
	ResponsibleAsset   any              `json:"responsibleAsset"`
	Group              ref              `json:"group"`
	LDAP               nullRef          `json:"ldap"`
	Parent             nullRef          `json:"parent"`
}

// passwordSet stands where a secret is kept.
const passwordSet = "SET"

func (a api) newUser(ctx context.Context, by harrier.Actor, u harrier.User) userItem {
	first, last := splitName(u)
	r, groups := a.roles(ctx, by).of(u.Role), a.groups(ctx, by)
	manages := by.ManagesUsersOf(u.Organization, u.Group) && by.May(r.may())
	w := userItem{
		ID: sid(u.ID), UUID: suuid(u.UUID), Status: "0", Username: u.Name, Firstname: first, Lastname: last, Email: u.Email,
		Title: u.Given["title"], Address: u.Given["address"], City: u.Given["city"], State: u.Given["state"], Country: u.Given["country"],
		Phone: u.Given["phone"], Fax: u.Given["fax"],
		CreatedTime: stime(u.Created), ModifiedTime: stime(u.Created), LastLogin: stime0(u.LastLogin),
		MustChangePassword: sbool(u.Given["mustChangePassword"] == "true"),
		Locked:             sbool(u.Disabled), FailedLogins: sid(u.Failures), AuthType: "tns", Password: passwordSet,
		ManagedUsers: groups.refs(u.ManagedUsers), ManagedObjects: groups.refs(u.ManagedObjects), Preferences: preferencesOfUser(u),
		LinkedUsers: []string{}, APIKeys: []keyItem{}, CanUse: true, CanManage: manages || u.ID == by.User,
		Role: r.ref(), ResponsibleAsset: noRef, Group: groups.ref(u.Group), LDAP: noRef, Parent: noRef,
	}
	if u.ManagedUsers == nil && r.may()&harrier.ManageUsers != 0 {
		w.ManagedUsers = append(w.ManagedUsers, w.Group)
	}
	if u.ManagedObjects == nil && r.may()&harrier.EditAll != 0 {
		w.ManagedObjects = append(w.ManagedObjects, w.Group)
	}
	if u.AccessKey != "" {
		w.APIKeys = append(w.APIKeys, keyItem{sid(u.ID), u.AccessKey})
	}
	if u.Responsible != 0 {
		if l, err := a.AssetLists.List(ctx, by, u.Responsible); err == nil {
			w.ResponsibleAsset = ref{sid(l.ID), l.Name, l.Description}
		}
	}
	return w
}

// currentUser is the answer of GET /currentUser.
type currentUser struct {
	userItem
	Name         string           `json:"name"`
	UserPrefs    []userPreference `json:"userPrefs"`
	Organization any              `json:"organization"`
	OrgName      string           `json:"orgName"`
}

// adminOrganization is where administrators of the installation belong: its id
// is a number.
var adminOrganization = nullRef{0, "Tenable Security Center Administration", ""}

func (a api) newCurrentUser(ctx context.Context, by harrier.Actor, u harrier.User) (currentUser, error) {
	w := currentUser{userItem: a.newUser(ctx, by, u), Name: u.Name, UserPrefs: preferencesOfUser(u), Organization: adminOrganization, OrgName: adminOrganization.Name}
	w.Role = newCurrentRole(a.roles(ctx, by).of(u.Role))
	if u.Organization != 0 {
		o, err := a.Identity.Organization(ctx, by, u.Organization)
		if err != nil {
			return w, err
		}
		w.Organization, w.OrgName = ref{sid(o.ID), o.Name, o.Description}, o.Name
	}
	return w, nil
}

func (a api) getCurrentUser(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	u, err := a.Identity.User(ctx, by, by.User)
	if err != nil {
		return nil, err
	}
	w, err := a.newCurrentUser(ctx, by, u)
	return pick(w, q.fields(), "id", "uuid"), err
}

func (a api) updateCurrentUser(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	u, err := a.changeUser(ctx, by, by.User, q)
	if err != nil {
		return nil, err
	}
	w, err := a.newCurrentUser(ctx, by, u)
	return pick(w, q.fields(), "id", "uuid"), err
}

// listUsers shows the users to those who manage them; others see themselves.
func (a api) listUsers(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	list, err := a.usersOf(ctx, by, q)
	if err != nil {
		return nil, err
	}
	out := make([]userItem, len(list))
	for i, u := range list {
		out[i] = a.newUser(ctx, by, u)
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

// usersOf are the users that by may see of the organisation that the route is
// below; of all where it is below none.
func (a api) usersOf(ctx context.Context, by harrier.Actor, q *query) ([]harrier.User, error) {
	list, err := a.visibleUsers(ctx, by)
	return slices.DeleteFunc(list, func(u harrier.User) bool { return q.organization != 0 && u.Organization != q.organization }), err
}

func (a api) getUser(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	u, err := a.Identity.User(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, "User", q.path("id"), "retrieve")
	}
	return pick(a.newUser(ctx, by, u), q.fields(), "id", "uuid"), nil
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
	ManagedUsers    *givens   `json:"managedUsersGroups"`
	ManagedObjects  *givens   `json:"managedObjectsGroups"`
	Responsible     *given    `json:"responsibleAssetID"`

	Preferences json.RawMessage `json:"preferences"`
}

// keptOfUser are the keys of a user that Harrier keeps for their own sake.
var keptOfUser = append([]string{"title", "mustChangePassword"}, contact[1:]...)

// apply puts what is given into u. It answers Invalid and NotFound.
func (in userRequest) apply(ctx context.Context, a api, by harrier.Actor, q *query, u *harrier.User) error {
	if in.AuthType != "" && in.AuthType != "tns" {
		return harrier.Invalidf("authType", "only %q is known", "tns")
	}
	if err := in.place(ctx, a, by, q, u); err != nil {
		return err
	}
	for _, id := range []*given{in.RoleID, in.Role} {
		if id == nil {
			continue
		}
		r, err := a.roleNamed(ctx, by, sid(*id))
		if err != nil {
			return missing(err, "Role", sid(*id), "use")
		}
		u.Role = r.is
	}
	u.Given = keep(q, u.Given, keptOfUser...)
	if list := bytes.TrimSpace(in.Preferences); bytes.HasPrefix(list, []byte("[")) { // "" and null are none
		var said givenPreferences
		if json.Unmarshal(list, &said) != nil {
			return harrier.Invalidf("preferences", "are no list of names and values")
		}
		if err := said.apply(u); err != nil {
			return err
		}
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
	first, last := splitName(*u)
	if in.Firstname != nil {
		first = string(*in.Firstname)
	}
	if in.Lastname != nil {
		last = string(*in.Lastname)
	}
	first, last = strings.TrimSpace(first), strings.TrimSpace(last)
	u.FullName = strings.TrimSpace(first + " " + last)
	if delete(u.Given, givenLastname); last != "" && (first == "" || strings.Contains(last, " ")) {
		if u.Given == nil {
			u.Given = map[string]string{}
		}
		u.Given[givenLastname] = last
	}
	return nil
}

// place puts where a user belongs and what they manage into u.
func (in userRequest) place(ctx context.Context, a api, by harrier.Actor, q *query, u *harrier.User) error {
	if q.organization != 0 {
		u.Organization = q.organization
	}
	if in.OrgID != nil && *in.OrgID > 0 {
		o, err := a.Identity.Organization(ctx, by, harrier.ID(*in.OrgID))
		if err != nil {
			return missing(err, "Organization", sid(*in.OrgID), "use")
		}
		u.Organization = o.ID
	}
	group := func(id given) (harrier.ID, error) {
		g, err := a.groupByID(ctx, by, sid(id), u.Organization)
		return g.ID, missing(err, "Group", sid(id), "use")
	}
	for _, id := range []*given{in.GroupID, in.Group} {
		if id == nil {
			continue
		}
		var err error
		if u.Group, err = group(*id); err != nil {
			return err
		}
	}
	for _, m := range []struct {
		from *givens
		to   *[]harrier.ID
	}{{in.ManagedUsers, &u.ManagedUsers}, {in.ManagedObjects, &u.ManagedObjects}} {
		if m.from == nil {
			continue
		}
		*m.to = []harrier.ID{}
		for _, one := range *m.from {
			id, err := group(one)
			if err != nil {
				return err
			}
			*m.to = append(*m.to, id)
		}
	}
	if in.Responsible != nil {
		u.Responsible = max(harrier.ID(*in.Responsible), 0)
	}
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
	if err := in.apply(ctx, a, by, q, &u); err != nil {
		return nil, err
	}
	if err := a.Identity.Create(ctx, by, &u, string(*in.Password)); err != nil {
		return nil, err
	}
	return pick(a.newUser(ctx, by, u), q.fields(), "id", "uuid"), nil
}

func (a api) updateUser(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	u, err := a.changeUser(ctx, by, q.id(), q)
	if err != nil {
		return nil, missing(err, "User", q.path("id"), "update")
	}
	return pick(a.newUser(ctx, by, u), q.fields(), "id", "uuid"), nil
}

// changeUser does what a PATCH says. Either all of it comes true or nothing.
func (a api) changeUser(ctx context.Context, by harrier.Actor, id harrier.ID, q *query) (harrier.User, error) {
	var in userRequest
	if err := q.body(&in); err != nil {
		return harrier.User{}, err
	}
	u, err := a.Identity.User(ctx, by, id)
	if err != nil {
		return u, err
	}
	old := u
	if err := in.apply(ctx, a, by, q, &u); err != nil {
		return u, err
	}
	if err := a.Identity.Update(ctx, by, &u); err != nil {
		return u, err
	}
	if in.Password != nil && *in.Password != passwordSet {
		if err := a.Identity.SetPassword(ctx, by, id, string(in.CurrentPassword), string(*in.Password)); err != nil {
			if undo := a.Identity.Update(context.WithoutCancel(ctx), by, &old); undo != nil {
				a.Log.ErrorContext(ctx, "user is changed by half", "user", id, "err", undo)
			}
			return u, err
		}
	}
	return u, nil
}

// deleteRequest is the body of DELETE /user/{id}.
type deleteRequest struct {
	MigrateTo given `json:"migrateUserID"`
}

// deleteUser removes a user. Their objects become those of another one, or stay,
// and belong to nobody but those who manage them.
func (a api) deleteUser(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var in deleteRequest
	if err := q.body(&in); err != nil {
		return nil, err
	}
	if _, err := a.Identity.User(ctx, by, q.id()); err != nil {
		return nil, missing(err, "User", q.path("id"), "delete")
	}
	return nil, missing(a.Identity.DeleteAndGive(ctx, by, q.id(), harrier.ID(max(in.MigrateTo, 0))), "User", q.path("id"), "delete")
}
