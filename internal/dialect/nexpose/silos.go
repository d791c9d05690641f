package nexpose

import (
	"strings"

	"github.com/harrier-scan/harrier"
)

// theSilo is the only silo, and the only profile, there is.
const theSilo = "default"

// siloCommands answer what there is one of: a silo with its profile and its
// users. There are no discovery connections.
//
// Source: sections 11.4 and 11.5.
func (a *api) siloCommands() {
	a.add("DiscoveryConnectionListing", func(*call) (answer, error) { return done(), nil })
	a.add("MultiTenantUserConfig", a.multiTenantUserConfig)
	a.add("MultiTenantUserListing", a.multiTenantUserListing)
	a.add("SiloConfig", a.siloConfig)
	a.add("SiloListing", a.siloListing)
	a.add("SiloProfileConfig", a.siloProfileConfig)
	a.add("SiloProfileListing", a.siloProfileListing)
	for noun, verbs := range map[string]string{
		"DiscoveryConnection": "Create Update Delete Connect", "MultiTenantUser": "Create Update Delete",
		"Silo": "Create Delete", "SiloProfile": "Create Delete",
	} {
		for verb := range strings.FieldsSeq(verbs) {
			a.add(noun+verb, func(*call) (answer, error) {
				return answer{}, harrier.Errorf(harrier.Forbidden, "this console has none of the kind %s but its own", noun)
			})
		}
	}
	// Clients create what these say is not there.
	a.add("SiloUpdate", func(c *call) (answer, error) {
		return answer{}, harrier.Errorf(harrier.NotFound, "A silo %s does not exist.", clip(c.req.child("SiloConfig").attr("id")))
	})
	a.add("SiloProfileUpdate", func(c *call) (answer, error) {
		return answer{}, harrier.Errorf(harrier.NotFound, "The silo profile %s does not exist.", clip(c.req.child("SiloProfileConfig").attr("id")))
	})
}

func (a *api) siloListing(c *call) (answer, error) {
	if err := operates(c.by); err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		o.start("SiloSummaries")
		o.start("SiloSummary", "id", theSilo, "name", theSilo, "description", "", "silo-profile-id", theSilo)
		o.empty("LicenseSummary", "assets", "0", "max-assets", "0", "max-hosted-assets", "0", "users", "0", "max-users", "0")
		o.end()
		o.end()
	}), nil
}

func isTheSilo(id string) error {
	if id != theSilo {
		return harrier.Errorf(harrier.NotFound, "A silo %s does not exist.", clip(id))
	}
	return nil
}

func (a *api) siloConfig(c *call) (answer, error) {
	if err := operates(c.by); err != nil {
		return answer{}, err
	}
	if err := isTheSilo(c.req.attr("silo-id")); err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		o.empty("SiloConfig", "id", theSilo, "name", theSilo, "description", "", "silo-profile-id", theSilo, "max-assets", "0", "max-users", "0", "max-hosted-assets", "0")
	}), nil
}

var allOfIt = []string{"all-licensed-modules", "true", "all-global-engines", "true", "all-global-report-templates", "true", "all-global-scan-templates", "true"}

func (a *api) siloProfileListing(c *call) (answer, error) {
	if err := operates(c.by); err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		o.start("SiloProfileSummaries")
		o.empty("SiloProfileSummary", append([]string{
			"id", theSilo, "name", theSilo, "description", "", "global-report-template-count", "0", "global-scan-engine-count", "0",
			"global-scan-template-count", "0", "licensed-module-count", "0", "restricted-report-section-count", "0",
		}, allOfIt...)...)
		o.end()
	}), nil
}

func (a *api) siloProfileConfig(c *call) (answer, error) {
	if err := operates(c.by); err != nil {
		return answer{}, err
	}
	if id := c.req.attr("silo-profile-id"); id != theSilo {
		return answer{}, harrier.Errorf(harrier.NotFound, "The silo profile %s does not exist.", clip(id))
	}
	return list(func(o *out) {
		o.start("SiloProfileConfig", append([]string{"id", theSilo, "name", theSilo, "description", ""}, allOfIt...)...)
		for _, name := range []string{
			"GlobalReportTemplates", "GlobalScanEngines", "GlobalScanTemplates", "LicensedModules", "RestrictedReportFormats", "RestrictedReportSections",
		} {
			o.empty(name)
		}
		o.end()
	}), nil
}

func (a *api) multiTenantUserListing(c *call) (answer, error) {
	users, err := a.Identity.Users(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		o.start("MultiTenantUserSummaries")
		for _, u := range users {
			by := authenticator(u)
			o.empty("MultiTenantUserSummary", "id", ident(u.ID), "full-name", u.FullName, "user-name", u.Name, "email", u.Email, "superuser", word(u.Role == harrier.Operator),
				"enabled", word(!u.Disabled), "auth-module", by[7], "auth-source", by[5], "silo-count", "1", "locked", "false")
		}
		o.end()
	}), nil
}

func (a *api) multiTenantUserConfig(c *call) (answer, error) {
	id, err := c.req.id("user-id")
	if err != nil {
		return answer{}, err
	}
	u, err := a.Identity.User(c.ctx(), c.by, id)
	if err != nil {
		return answer{}, err
	}
	r, err := a.reach(c)
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		sites, lists, everySite, everyList := r.of(u)
		o.start("MultiTenantUserConfig", "id", ident(u.ID), "full-name", u.FullName, "user-name", u.Name, "authsrcid", authenticator(u)[1], "email", u.Email,
			"superuser", word(u.Role == harrier.Operator), "enabled", word(!u.Disabled))
		o.start("SiloAccesses")
		o.start("SiloAccess", "silo-id", theSilo, "role-name", roleWord(u.Role, r.own), "all-groups", word(everyList), "all-sites", word(everySite), "default-silo", "true")
		o.start("AllowedGroups")
		for _, id := range lists {
			o.empty("AllowedGroup", "id", ident(id))
		}
		o.end()
		o.start("AllowedSites")
		for _, id := range sites {
			o.empty("AllowedSite", "id", ident(id))
		}
		for range 4 {
			o.end()
		}
	}), nil
}
