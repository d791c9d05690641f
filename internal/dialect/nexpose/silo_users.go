package nexpose

import (
	"github.com/harrier-scan/harrier"
)

// siloUserCommands are the users of all silos. A user belongs to one; those who
// run the installation, the superusers, to none and see all.
//
// Source: section 11.5.
func (a *api) siloUserCommands() {
	a.add("MultiTenantUserConfig", a.multiTenantUserConfig)
	a.change("MultiTenantUserCreate", func(c *call) (answer, error) { return a.multiTenantUserSave(c, true) })
	a.add("MultiTenantUserDelete", a.multiTenantUserDelete)
	a.add("MultiTenantUserListing", a.multiTenantUserListing)
	a.change("MultiTenantUserUpdate", func(c *call) (answer, error) { return a.multiTenantUserSave(c, false) })
}

func (a *api) multiTenantUserListing(c *call) (answer, error) {
	users, err := a.Identity.Users(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	all, err := a.Identity.Organizations(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		o.start("MultiTenantUserSummaries")
		for _, u := range users {
			by, silos := authenticator(u), 1
			if u.Organization == 0 {
				silos = len(all)
			}
			o.empty("MultiTenantUserSummary", "id", ident(u.ID), "full-name", u.FullName, "user-name", u.Name, "email", u.Email, "superuser", word(u.Role == harrier.Operator),
				"enabled", word(!u.Disabled), "auth-module", by[7], "auth-source", by[5], "silo-count", number(int64(silos)), "locked", "false")
		}
		o.end()
	}), nil
}

func (a *api) multiTenantUserConfig(c *call) (answer, error) {
	id, err := c.req.id("user-id")
	if err != nil {
		return answer{}, err
	}
	u, err := a.shownUser(c, id)
	if err != nil {
		return answer{}, err
	}
	all, err := a.Identity.Organizations(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		o.start("MultiTenantUserConfig", "id", ident(u.ID), "full-name", u.FullName, "user-name", u.Name, "authsrcid", authenticator(u.User)[1], "email", u.Email,
			"superuser", word(u.Role == harrier.Operator), "enabled", word(!u.Disabled))
		o.start("SiloAccesses")
		for _, s := range all {
			if u.Organization != 0 && u.Organization != s.ID {
				continue
			}
			o.start("SiloAccess", "silo-id", siloID(s), "role-name", u.word, "all-groups", word(u.everyList), "all-sites", word(u.everySite),
				"default-silo", word(u.Organization == s.ID || s.ID == harrier.FirstOrganization))
			o.start("AllowedGroups")
			writeIDs(o, "AllowedGroup", u.lists)
			o.end()
			o.start("AllowedSites")
			writeIDs(o, "AllowedSite", u.sites)
			o.end()
			o.end()
		}
		o.end()
		o.end()
	}), nil
}

// multiTenantUserSave stores a user with the access that it has to one silo, as
// UserSave stores those of the caller's.
func (a *api) multiTenantUserSave(c *call, isNew bool) (answer, error) {
	e := c.req.child("MultiTenantUserConfig")
	if e == nil {
		return answer{}, harrier.Invalidf("MultiTenantUserConfig", "is missing")
	}
	if err := operates(c.by); err != nil {
		return answer{}, err
	}
	id := "-1"
	if !isNew {
		n, err := e.id("id")
		if err != nil {
			return answer{}, err
		}
		if id = ident(n); n < 1 {
			return answer{}, harrier.Invalidf("id", "is of no user")
		}
	}
	user := made("UserConfig", "id", id, "name", e.attr("user-name"), "password", e.attr("password"), "enabled", e.attr("enabled"))
	for from, to := range map[string]string{"full-name": "fullname", "email": "email"} {
		if e.has(from) {
			user.attrs = append(user.attrs, attribute{to, e.attr(from)})
		}
	}
	super, err := e.bool("superuser", false)
	if err != nil {
		return answer{}, err
	}
	var silo harrier.ID
	switch access := e.child("SiloAccesses").all("SiloAccess"); {
	case super:
		user.attrs = append(user.attrs, attribute{"role-name", "global-admin"})
	case len(access) > 1:
		return answer{}, harrier.Invalidf("SiloAccess", "is there more than once: a user belongs to one silo")
	case len(access) == 0 && isNew:
		return answer{}, harrier.Invalidf("SiloAccess", "is missing")
	case len(access) == 1:
		s, err := a.silo(c.ctx(), c.by, access[0].attr("silo-id"))
		if err != nil {
			return answer{}, err
		}
		silo = s.ID
		user.attrs = append(user.attrs, attribute{"role-name", access[0].attr("role-name")},
			attribute{"allsites", access[0].attr("all-sites")}, attribute{"allgroups", access[0].attr("all-groups")})
		for _, g := range access[0].child("AllowedGroups").all("AllowedGroup") {
			user.with(made("group", "id", g.attr("id")))
		}
		for _, s := range access[0].child("AllowedSites").all("AllowedSite") {
			user.with(made("site", "id", s.attr("id")))
		}
	}
	saved, err := a.saveUser(c, user, silo)
	return answer{attrs: []string{"user-id", ident(saved)}}, err
}

func (a *api) multiTenantUserDelete(c *call) (answer, error) {
	id, err := c.req.id("user-id")
	if err != nil {
		return answer{}, err
	}
	return done(), a.Identity.Delete(c.ctx(), c.by, id)
}
