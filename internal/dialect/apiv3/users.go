package apiv3

import (
	"maps"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
)

// userRoutes are the users.
//
// Source: section 12, row 25.
func (a *api) userRoutes() {
	a.handle("GET /users", a.listUsers)
	a.handle("POST /users", a.createUser)
	a.handle("GET /users/{id}", a.getUser)
	a.handle("PUT /users/{id}", a.updateUser)
	a.handle("DELETE /users/{id}", a.deleteUser)
	a.handle("PUT /users/{id}/password", a.setPassword)
	a.handle("GET /users/{id}/sites", a.userSites)
	a.handle("GET /roles", a.listRoles)
	a.handle("GET /roles/{id}", a.getRole)
}

// roles are the words for the built-in roles, the one that is meant by a word
// first.
var roles = []struct {
	word, name string
	role       harrier.Role
}{
	{"global-admin", "Global Administrator", harrier.Operator},
	{"security-manager", "Security Manager", harrier.Administrator},
	{"site-admin", "Site Owner", harrier.Analyst},
	{"system-admin", "Asset Owner", harrier.VulnerabilityAnalyst},
	{"user", "User", harrier.Viewer},
	{"controls-insight-only", "ControlsInsight only", harrier.NoRole},
	{"user", "User", harrier.Executive},
	{"user", "User", harrier.CredentialManager},
}

// roleWord is the id and the name of a role.
func roleWord(r harrier.Role, own []harrier.RoleDefinition) (id, name string) {
	for _, w := range roles {
		if w.role == r {
			return w.word, w.name
		}
	}
	for _, d := range own {
		if d.Role() == r {
			return d.Name, d.Name
		}
	}
	return "custom", "Custom"
}

// roleOf is the role that an id is for. A user who has one of several roles with
// that id keeps it.
func roleOf(id string, have harrier.Role, own []harrier.RoleDefinition) (harrier.Role, error) {
	if word, _ := roleWord(have, own); have != "" && strings.EqualFold(word, id) {
		return have, nil
	}
	for _, w := range roles {
		if strings.EqualFold(w.word, id) {
			return w.role, nil
		}
	}
	for _, d := range own {
		if strings.EqualFold(d.Name, id) {
			return d.Role(), nil
		}
	}
	return "", harrier.Invalidf("role.id", "there is no role %q", clip(id))
}

// userObject is a user as this API shows it.
func (a *api) userObject(q *query, u harrier.User, own []harrier.RoleDefinition) obj {
	id, name := roleWord(u.Role, own)
	top := u.Role == harrier.Operator || u.Role == harrier.Administrator
	source := obj{"id": 2, "name": "Builtin Users", "type": "normal", "external": false}
	if u.Role == harrier.Operator {
		source = obj{"id": 1, "name": "Builtin Administrators", "type": "admin", "external": false}
	}
	privileges := []string{}
	if u.Role == harrier.Operator {
		privileges = append(privileges, "all-permissions")
	}
	return obj{
		"id": u.ID, "login": u.Name, "name": cmpText(u.FullName, u.Name), "email": u.Email, "enabled": !u.Disabled, "locked": false, "authentication": source,
		"locale": obj{"default": "en-US", "reports": "en-US"},
		"role":   obj{"id": id, "name": name, "superuser": u.Role == harrier.Operator, "allSites": top || u.Given[words.AllSites] != "", "allAssetGroups": top, "privileges": privileges},
		"links":  q.self("/users/"+ident(u.ID), "Sites", "/sites"),
	}
}

func (a *api) listUsers(q *query) (any, error) {
	all, err := a.Identity.Users(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	own, err := a.Identity.Roles(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	p := &pages{all: []obj{}}
	for _, u := range all {
		p.all = append(p.all, a.userObject(q, u, own))
	}
	return p, nil
}

func (a *api) user(q *query) (harrier.User, error) {
	id, err := q.id("id")
	if err != nil {
		return harrier.User{}, err
	}
	return a.Identity.User(q.ctx(), q.by, id)
}

func (a *api) getUser(q *query) (any, error) {
	u, err := a.user(q)
	if err != nil {
		return nil, err
	}
	own, err := a.Identity.Roles(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	return q.one(a.userObject(q, u, own))
}

// userBody is a user as a client writes it.
type userBody struct {
	Login    string  `json:"login"`
	Name     string  `json:"name"`
	Email    *string `json:"email"`
	Enabled  *bool   `json:"enabled"`
	Password string  `json:"password"`
	Role     *struct {
		ID        string `json:"id"`
		Superuser bool   `json:"superuser"`
		AllSites  bool   `json:"allSites"`
		AllGroups bool   `json:"allAssetGroups"`
	} `json:"role"`
}

// put puts a body into u.
func (a *api) putUser(q *query, b userBody, u *harrier.User) error {
	own, err := a.Identity.Roles(q.ctx(), q.by)
	if err != nil {
		return err
	}
	switch {
	case b.Login == "" && u.ID == 0:
		return harrier.Invalidf("login", "is missing")
	case u.ID != 0 && b.Login != "" && !strings.EqualFold(b.Login, u.Name):
		return harrier.Invalidf("login", "a user keeps the name")
	case b.Role == nil && u.ID == 0:
		return harrier.Invalidf("role", "is missing")
	}
	if u.ID == 0 {
		u.Name = b.Login
	}
	u.FullName = b.Name
	if b.Email != nil {
		u.Email = *b.Email
	}
	if b.Enabled != nil {
		u.Disabled = !*b.Enabled
	}
	if b.Role == nil {
		return nil
	}
	if b.Role.Superuser && b.Role.ID == "" {
		b.Role.ID = roles[0].word
	}
	if u.Role, err = roleOf(b.Role.ID, u.Role, own); err != nil {
		return err
	}
	u.Given = maps.Clone(u.Given)
	if u.Given == nil {
		u.Given = map[string]string{}
	}
	if delete(u.Given, words.AllSites); b.Role.AllSites {
		u.Given[words.AllSites] = "1"
	}
	if u.Role == harrier.Operator || u.ID != 0 && u.Organization != 0 {
		return nil
	}
	if u.Organization = q.by.Organization; u.Organization == 0 {
		u.Organization = harrier.FirstOrganization
	}
	g, err := a.Identity.FirstGroup(q.ctx(), q.by, u.Organization)
	u.Group = g.ID
	return err
}

func (a *api) createUser(q *query) (any, error) {
	var b userBody
	var u harrier.User
	if err := q.body(&b); err != nil {
		return nil, err
	}
	if !q.by.May(harrier.ManageUsers) {
		return nil, harrier.Errorf(harrier.Forbidden, "you may not make users")
	}
	if err := a.putUser(q, b, &u); err != nil {
		return nil, err
	}
	if err := a.Identity.Create(q.ctx(), q.by, &u, b.Password); err != nil {
		return nil, err
	}
	if err := a.grantSites(q, u); err != nil {
		return nil, err
	}
	return created{u.ID, "/users/" + ident(u.ID)}, nil
}

// grantSites gives a user who was given all sites those that there are.
func (a *api) grantSites(q *query, u harrier.User) error {
	if u.Given[words.AllSites] == "" {
		return nil
	}
	all, err := a.sites(q.ctx(), q.by)
	if err != nil {
		return err
	}
	for _, s := range all {
		has := slices.ContainsFunc(s.Grants, func(g harrier.Grant) bool { return g.User == u.ID })
		if has || a.Sites.Level(q.by, s) < harrier.MayConfigure {
			continue
		}
		s.Grants = append(slices.Clone(s.Grants), harrier.Grant{User: u.ID, Level: harrier.MayControl})
		if err := a.Sites.Update(q.ctx(), q.by, &s); err != nil {
			return err
		}
	}
	return nil
}

func (a *api) updateUser(q *query) (any, error) {
	u, err := a.user(q)
	if err != nil {
		return nil, err
	}
	var b userBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	if !q.by.May(harrier.ManageUsers) {
		return nil, harrier.Errorf(harrier.Forbidden, "you may not change users")
	}
	if err := a.putUser(q, b, &u); err != nil {
		return nil, err
	}
	if b.Password != "" {
		if err := a.Identity.SetPassword(q.ctx(), q.by, u.ID, "", b.Password); err != nil {
			return nil, err
		}
	}
	if err := a.Identity.Update(q.ctx(), q.by, &u); err != nil {
		return nil, err
	}
	if err := a.grantSites(q, u); err != nil {
		return nil, err
	}
	return q.done()
}

func (a *api) deleteUser(q *query) (any, error) {
	u, err := a.user(q)
	if err != nil {
		return nil, err
	}
	if err := a.Identity.Delete(q.ctx(), q.by, u.ID); err != nil {
		return nil, err
	}
	return q.done()
}

func (a *api) setPassword(q *query) (any, error) {
	u, err := a.user(q)
	if err != nil {
		return nil, err
	}
	text, err := q.text()
	if err != nil {
		return nil, err
	}
	_, current, _ := q.r.BasicAuth()
	if u.ID != q.by.User {
		current = ""
	}
	if err := a.Identity.SetPassword(q.ctx(), q.by, u.ID, current, text); err != nil {
		return nil, err
	}
	return q.done()
}

func (a *api) userSites(q *query) (any, error) {
	u, err := a.user(q)
	if err != nil {
		return nil, err
	}
	all, err := a.sites(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	var ids []harrier.ID
	for _, s := range all {
		granted := slices.ContainsFunc(s.Grants, func(g harrier.Grant) bool { return g.User == u.ID && g.Level >= harrier.MayView })
		if s.Owner == u.ID || granted || u.Given[words.AllSites] != "" || u.Role == harrier.Operator || u.Role == harrier.Administrator {
			ids = append(ids, s.ID)
		}
	}
	return references(q, ids)
}
