package nexpose

import (
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// userCommands are those of users.
//
// Source: section 9.
func (a *api) userCommands() {
	a.add("UserAuthenticatorListing", a.userAuthenticatorListing)
	a.add("UserConfig", a.userConfig)
	a.add("UserDelete", a.userDelete)
	a.add("UserListing", a.userListing)
	a.change("UserSave", a.userSave)
}

// roleWords are the words of the API for the built-in roles, the one that is
// meant by a word first.
//
// Source: section 13.8.
var roleWords = []struct {
	word, full string
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

// roleWord is the word for a role: the name of one that is not built in.
func roleWord(r harrier.Role, own []harrier.RoleDefinition) string {
	for _, w := range roleWords {
		if w.role == r {
			return w.word
		}
	}
	for _, d := range own {
		if d.Role() == r {
			return d.Name
		}
	}
	return "custom"
}

// roleOf is the role that a word is for. A user who has one of several roles
// with that word keeps it.
func roleOf(word string, have harrier.Role, own []harrier.RoleDefinition) (harrier.Role, error) {
	if have != "" && strings.EqualFold(roleWord(have, own), word) {
		return have, nil
	}
	for _, w := range roleWords {
		if strings.EqualFold(w.word, word) {
			return w.role, nil
		}
	}
	for _, d := range own {
		if strings.EqualFold(d.Name, word) {
			return d.Role(), nil
		}
	}
	return "", harrier.Invalidf("role-name", "there is no role %q", clip(word))
}

// authenticators are those of a console, of administrators and of all others.
//
// Source: section 9.5.
var authenticators = [2][]string{
	{"id", "1", "external", "0", "authSource", "Builtin Administrators", "authModule", "XML"},
	{"id", "2", "external", "0", "authSource", "Builtin Users", "authModule", "DataStore"},
}

func authenticator(u harrier.User) []string {
	if u.Role == harrier.Operator {
		return authenticators[0]
	}
	return authenticators[1]
}

func (a *api) userAuthenticatorListing(*call) (answer, error) {
	return list(func(o *out) {
		for _, s := range authenticators {
			o.empty("AuthenticatorSummary", s...)
		}
	}), nil
}

// reach is what users of a console can get at.
type reach struct {
	groups map[harrier.ID]harrier.Group
	lists  []harrier.AssetList
	sites  []harrier.Site
	own    []harrier.RoleDefinition
}

func (a *api) reach(c *call) (reach, error) {
	var r reach
	var err error
	if r.groups, err = a.groupsByID(c.ctx(), c.by); err != nil {
		return r, err
	}
	if r.lists, err = a.AssetLists.All(c.ctx(), c.by); err != nil {
		return r, err
	}
	if r.sites, err = a.Sites.Sites(c.ctx(), c.by); err != nil {
		return r, err
	}
	r.own, err = a.Identity.Roles(c.ctx(), c.by)
	return r, err
}

// of returns the sites and groups of a user, and whether they are all there are.
func (r reach) of(u harrier.User) (sites, lists []harrier.ID, everySite, everyList bool) {
	lists, everyList = listsOf(u, r.groups)
	everySite = u.Role == harrier.Operator || u.Role == harrier.Administrator || u.AllSites
	for _, s := range r.sites {
		if grantedTo(s, u.ID) || s.Owner == u.ID {
			sites = append(sites, s.ID)
		}
	}
	return sites, lists, everySite, everyList
}

func (a *api) userListing(c *call) (answer, error) {
	users, err := a.Identity.Users(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	r, err := a.reach(c)
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		for _, u := range users {
			sites, lists, everySite, everyList := r.of(u)
			n, m := len(sites), len(lists)
			if everySite {
				n = len(r.sites)
			}
			if everyList {
				m = len(r.lists)
			}
			by := authenticator(u)
			o.empty("UserSummary", "id", ident(u.ID), by[4], by[5], by[6], by[7], "userName", u.Name, "fullName", u.FullName, "fullname", u.FullName, "email", u.Email,
				"administrator", digit(u.Role == harrier.Operator), "disabled", digit(u.Disabled), "locked", "0", "siteCount", number(n), "groupCount", number(m))
		}
	}), nil
}

// shownUser is a user with all that the three commands that show one tell.
type shownUser struct {
	harrier.User
	word                 string // for the role
	sites, lists         []harrier.ID
	everySite, everyList bool
}

func (a *api) shownUser(c *call, id harrier.ID) (shownUser, error) {
	u, err := a.Identity.User(c.ctx(), c.by, id)
	if err != nil {
		return shownUser{}, err
	}
	r, err := a.reach(c)
	if err != nil {
		return shownUser{}, err
	}
	s := shownUser{User: u, word: roleWord(u.Role, r.own)}
	s.sites, s.lists, s.everySite, s.everyList = r.of(u)
	return s, nil
}

func (a *api) userConfig(c *call) (answer, error) {
	id, err := c.req.id("id")
	if err != nil {
		return answer{}, err
	}
	u, err := a.shownUser(c, id)
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		by := authenticator(u.User)
		o.start("UserConfig", "id", ident(u.ID), "role-name", u.word, "authsrcid", by[1], "authModule", by[7], "authSource", by[5],
			"name", u.Name, "fullname", u.FullName, "email", u.Email, "enabled", digit(!u.Disabled), "allSites", word(u.everySite), "allGroups", word(u.everyList),
			"administrator", digit(u.Role == harrier.Operator))
		writeIDs(o, "site", u.sites)
		writeIDs(o, "group", u.lists)
		o.end()
	}), nil
}

func writeIDs(o *out, name string, ids []harrier.ID) {
	for _, id := range ids {
		o.empty(name, "id", ident(id))
	}
}

func (a *api) userDelete(c *call) (answer, error) {
	id, err := c.req.id("id")
	if err != nil {
		return answer{}, err
	}
	return done(), a.Identity.Delete(c.ctx(), c.by, id)
}

// wanted is what a UserSave asks for.
type wanted struct {
	user               harrier.User
	password           string
	everySite          bool
	sites, lists       []harrier.ID
	siteSaid, listSaid bool // the request speaks of them
	everyList          bool
}

func (a *api) userSave(c *call) (answer, error) {
	e := c.req.child("UserConfig")
	if e == nil {
		return answer{}, harrier.Invalidf("UserConfig", "is missing")
	}
	id, err := a.saveUser(c, e, 0)
	return answer{attrs: []string{"id", ident(id)}}, err
}

// saveUser stores what a UserConfig says of a user: of the organisation that is
// named, or of the caller's.
func (a *api) saveUser(c *call, e *element, organization harrier.ID) (harrier.ID, error) {
	w, err := a.wanted(c, e)
	if err != nil {
		return 0, err
	}
	if organization != 0 && w.user.Role != harrier.Operator && w.user.Organization != organization {
		w.user.Organization, w.user.Group, w.listSaid = organization, 0, true
	}
	if w.listSaid || w.user.ID == 0 {
		if err := a.placeUser(c, &w); err != nil {
			return 0, err
		}
	}
	if w.user.ID == 0 {
		err = a.Identity.Create(c.ctx(), c.by, &w.user, w.password)
	} else {
		if w.password != "" {
			err = a.Identity.SetPassword(c.ctx(), c.by, w.user.ID, "", w.password)
		}
		if err == nil {
			err = a.Identity.Update(c.ctx(), c.by, &w.user)
		}
	}
	if err == nil && w.siteSaid {
		err = a.grantSites(c.ctx(), c.by, w.user.ID, func(id harrier.ID) bool { return slices.Contains(w.sites, id) })
	}
	return w.user.ID, err
}

// placeUser puts the user of w into the group that sees what w says.
func (a *api) placeUser(c *call, w *wanted) error {
	u := &w.user
	if u.Role == harrier.Operator {
		return nil
	}
	if u.Organization == 0 {
		if u.Organization = c.by.Organization; u.Organization == 0 {
			u.Organization = harrier.FirstOrganization
		}
	}
	if w.everyList || u.Role == harrier.Administrator {
		g, err := a.Identity.FirstGroup(c.ctx(), c.by, u.Organization)
		u.Group = g.ID
		return err
	}
	if !c.by.May(harrier.ManageUsers) {
		return harrier.Errorf(harrier.Forbidden, "you may not change users")
	}
	var err error
	u.Group, err = a.groupFor(c.ctx(), c.by, u.Organization, w.lists)
	return err
}

// wanted reads a UserConfig and finds all that it names.
func (a *api) wanted(c *call, e *element) (wanted, error) {
	var w wanted
	id, err := e.id("id")
	if err != nil {
		return w, err
	}
	if !c.by.May(harrier.ManageUsers) {
		return w, harrier.Errorf(harrier.Forbidden, "you may not change users")
	}
	if id != -1 {
		if w.user, err = a.Identity.User(c.ctx(), c.by, id); err != nil {
			return w, err
		}
		if name := e.attr("name"); name != "" && !strings.EqualFold(name, w.user.Name) {
			return w, harrier.Invalidf("name", "a user keeps the name")
		}
	} else {
		w.user.Name = e.attr("name")
	}
	own, err := a.Identity.Roles(c.ctx(), c.by)
	if err != nil {
		return w, err
	}
	if word := e.attr("role-name"); word != "" || id == -1 {
		if w.user.Role, err = roleOf(word, w.user.Role, own); err != nil {
			return w, err
		}
	}
	for name, to := range map[string]*string{"fullname": &w.user.FullName, "email": &w.user.Email} {
		if e.has(name) {
			*to = e.attr(name)
		}
		if len(*to) > 128 {
			return w, harrier.Invalidf(name, "is longer than 128 bytes")
		}
	}
	enabled, err := e.bool("enabled", !w.user.Disabled)
	if err != nil {
		return w, err
	}
	w.user.Disabled, w.password = !enabled, e.attr("password")
	return w, a.wantedReach(c, e, &w)
}

func (a *api) wantedReach(c *call, e *element, w *wanted) error {
	var err error
	if w.everySite, err = e.bool("allSites", false); err != nil {
		return err
	}
	if w.everyList, err = e.bool("allGroups", false); err != nil {
		return err
	}
	sites := append(e.all("site"), e.child("Sites").all("site")...)
	lists := append(e.all("group"), e.child("Groups").all("group")...)
	w.siteSaid = len(sites) > 0 || e.attr("allSites") != "" || e.child("Sites") != nil
	w.listSaid = len(lists) > 0 || e.attr("allGroups") != "" || e.child("Groups") != nil
	for _, s := range sites {
		id, err := s.id("id")
		if err != nil {
			return err
		}
		if _, err := a.Sites.Site(c.ctx(), c.by, id); err != nil {
			return err
		}
		w.sites = append(w.sites, id)
	}
	for _, g := range lists {
		id, err := g.id("id")
		if err != nil {
			return err
		}
		if _, err := a.AssetLists.List(c.ctx(), c.by, id); err != nil {
			return err
		}
		w.lists = append(w.lists, id)
	}
	if w.siteSaid {
		w.user.AllSites = w.everySite
	}
	return nil
}
