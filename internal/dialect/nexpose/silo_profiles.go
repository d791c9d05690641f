package nexpose

import (
	"context"
	"slices"
	"strconv"

	"github.com/harrier-scan/harrier"
)

// What a profile keeps, by name in harrier.Profile.Given.
const (
	givenProfile  = ownField + "profile" // its id, when a client chose one
	givenNames    = ownField + "names"   // JSON: the names of each list as given
	mostNameBytes = 16 << 10
)

// profileLists are the lists of names of a profile, with their elements and what
// the listing counts them as, "" for what it does not.
var profileLists = []struct{ list, one, count string }{
	{"GlobalReportTemplates", "GlobalReportTemplate", "global-report-template-count"},
	{"GlobalScanEngines", "GlobalScanEngine", "global-scan-engine-count"},
	{"GlobalScanTemplates", "GlobalScanTemplate", "global-scan-template-count"},
	{"LicensedModules", "LicensedModule", "licensed-module-count"},
	{"RestrictedReportFormats", "RestrictedReportFormat", ""},
	{"RestrictedReportSections", "RestrictedReportSection", "restricted-report-section-count"},
}

// siloProfileCommands are silo profiles: the profiles of the model, and "default",
// which takes nothing away.
//
// Source: section 11.5.
func (a *api) siloProfileCommands() {
	a.add("SiloProfileConfig", a.siloProfileConfig)
	a.add("SiloProfileListing", a.siloProfileListing)
	a.change("SiloProfileCreate", a.siloProfileCreate)
	a.change("SiloProfileUpdate", a.siloProfileUpdate)
	a.add("SiloProfileDelete", a.siloProfileDelete)
}

// theProfile takes nothing away.
var theProfile = harrier.Profile{Name: theSilo}

func profileID(p harrier.Profile) string {
	if p.ID == 0 {
		return theSilo
	}
	if id := p.Given[givenProfile]; id != "" {
		return id
	}
	return ident(p.ID)
}

// profileOf is the id of the profile of a silo.
func profileOf(o harrier.Organization, all []harrier.Profile) string {
	for _, p := range all {
		if p.ID == o.Profile {
			return profileID(p)
		}
	}
	return theSilo
}

func (a *api) siloProfile(ctx context.Context, by harrier.Actor, id string) (harrier.Profile, error) {
	all, err := a.Identity.Profiles(ctx, by)
	if err != nil {
		return harrier.Profile{}, err
	}
	i := slices.IndexFunc(all, func(p harrier.Profile) bool { return profileID(p) == id })
	if i < 0 {
		return harrier.Profile{}, harrier.Errorf(harrier.NotFound, "The silo profile %s does not exist.", clip(id))
	}
	return all[i], nil
}

// profileAttrs are the attributes that listing and configuration share.
func profileAttrs(p harrier.Profile) (whose, all []string) {
	return []string{"id", profileID(p), "name", p.Name, "description", p.Description}, []string{
		"all-licensed-modules", word(true), "all-global-engines", word(p.Only.Engines == nil),
		"all-global-report-templates", word(p.Only.Documents == nil), "all-global-scan-templates", word(p.Only.Templates == nil),
	}
}

func (a *api) siloProfileListing(c *call) (answer, error) {
	profiles, err := a.Identity.Profiles(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		o.start("SiloProfileSummaries")
		for _, p := range append([]harrier.Profile{theProfile}, profiles...) {
			attrs, all := profileAttrs(p)
			names := map[string][]string{}
			fromJSON(p.Given[givenNames], &names)
			for _, l := range profileLists {
				if l.count != "" {
					attrs = append(attrs, l.count, strconv.Itoa(len(names[l.list])))
				}
			}
			o.empty("SiloProfileSummary", append(attrs, all...)...)
		}
		o.end()
	}), nil
}

func (a *api) siloProfileConfig(c *call) (answer, error) {
	if err := operates(c.by); err != nil {
		return answer{}, err
	}
	p := theProfile
	if id := c.req.attr("silo-profile-id", "id"); id != theSilo {
		var err error
		if p, err = a.siloProfile(c.ctx(), c.by, id); err != nil {
			return answer{}, err
		}
	}
	return list(func(o *out) {
		attrs, all := profileAttrs(p)
		names := map[string][]string{}
		fromJSON(p.Given[givenNames], &names)
		o.start("SiloProfileConfig", append(attrs, all...)...)
		for _, l := range profileLists {
			o.start(l.list)
			for _, name := range names[l.list] {
				o.empty(l.one, "name", name)
			}
			o.end()
		}
		o.end()
	}), nil
}

func (a *api) siloProfileCreate(c *call) (answer, error) {
	e := c.req.child("SiloProfileConfig")
	if e == nil {
		return answer{}, harrier.Invalidf("SiloProfileConfig", "is missing")
	}
	all, err := a.Identity.Profiles(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	var p harrier.Profile
	if err := a.readProfile(c, e, &p); err != nil {
		return answer{}, err
	}
	if id := e.attr("id"); id != "" && id != "-1" {
		if _, err := strconv.Atoi(id); err == nil || len(id) > 64 {
			return answer{}, harrier.Invalidf("id", "of a new silo profile must be a short word that is no number")
		}
		if id == theSilo || slices.ContainsFunc(all, func(p harrier.Profile) bool { return profileID(p) == id }) {
			return answer{}, harrier.Errorf(harrier.Conflict, "there is a silo profile %s already", clip(id))
		}
		p.Given[givenProfile] = id
	}
	if err := a.Identity.CreateProfile(c.ctx(), c.by, &p); err != nil {
		return answer{}, err
	}
	return answer{attrs: []string{"silo-profile-id", profileID(p)}}, nil
}

func (a *api) siloProfileUpdate(c *call) (answer, error) {
	e := c.req.child("SiloProfileConfig")
	if e.attr("id") == theSilo {
		return answer{}, harrier.Errorf(harrier.Forbidden, "the silo profile %s stays as it is", theSilo)
	}
	p, err := a.siloProfile(c.ctx(), c.by, e.attr("id")) // clients create what this says is not there
	if err != nil {
		return answer{}, err
	}
	if err := a.readProfile(c, e, &p); err != nil {
		return answer{}, err
	}
	if err := a.Identity.UpdateProfile(c.ctx(), c.by, &p); err != nil {
		return answer{}, err
	}
	return answer{attrs: []string{"silo-profile-id", profileID(p)}}, nil
}

func (a *api) siloProfileDelete(c *call) (answer, error) {
	id := c.req.attr("silo-profile-id", "id")
	if id == theSilo {
		return answer{}, harrier.Errorf(harrier.Forbidden, "the silo profile %s stays as it is", theSilo)
	}
	p, err := a.siloProfile(c.ctx(), c.by, id)
	if err != nil {
		return answer{}, err
	}
	return done(), a.Identity.DeleteProfile(c.ctx(), c.by, p.ID)
}
