package nexpose

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
)

// What a profile keeps, by name in harrier.Profile.Given.
const (
	givenProfile  = ownField + "profile" // its id, when a client chose one
	givenAll      = ownField + "all."    // with what follows "all-": "true" or "false"
	givenNames    = ownField + "names"
	mostNameBytes = 16 << 10
)

// allOf are the attributes that give a silo all there is of a kind.
var allOf = []string{"all-licensed-modules", "all-global-engines", "all-global-report-templates", "all-global-scan-templates"}

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
	for _, name := range allOf {
		on := p.Given[givenAll+name]
		if on == "" {
			on = word(true)
		}
		all = append(all, name, on)
	}
	return []string{"id", profileID(p), "name", p.Name, "description", p.Description}, all
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

// readProfile puts a SiloProfileConfig into a profile. A list that is missing
// stays as it is. Of restricted formats, those that are made here are refused to
// the people of the silo.
func readProfile(e *element, p *harrier.Profile) error {
	if name := e.attr("name"); name != "" || p.ID == 0 {
		p.Name = name
	}
	if e.has("description") || p.ID == 0 {
		p.Description = e.attr("description")
	}
	given := map[string]string{}
	for k, v := range p.Given {
		given[k] = v
	}
	for _, name := range allOf {
		on, err := e.bool(name, given[givenAll+name] != "false")
		if err != nil {
			return err
		}
		given[givenAll+name] = word(on)
	}
	names := map[string][]string{}
	fromJSON(given[givenNames], &names)
	for _, l := range profileLists {
		from := e.child(l.list)
		if from == nil {
			continue
		}
		names[l.list] = nil
		for _, one := range from.all(l.one) {
			if name := one.attr("name"); name != "" && !slices.Contains(names[l.list], name) {
				names[l.list] = append(names[l.list], name)
			}
		}
	}
	text, err := json.Marshal(names)
	if err != nil {
		return fmt.Errorf("keep the names of a silo profile: %w", err)
	}
	if len(text) > mostNameBytes {
		return harrier.Invalidf("SiloProfileConfig", "has names of more than %d bytes", mostNameBytes)
	}
	given[givenNames] = string(text)
	p.Given, p.WithoutFormats = given, nil
	for _, w := range names["RestrictedReportFormats"] {
		if name := reportFormats[strings.ToLower(w)]; name != "" && !slices.Contains(p.WithoutFormats, name) {
			p.WithoutFormats = append(p.WithoutFormats, name)
		}
		if strings.EqualFold(w, "csv") { // there is one that is not of this API
			p.WithoutFormats = append(p.WithoutFormats, "csv")
		}
	}
	return nil
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
	if err := readProfile(e, &p); err != nil {
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
	if err := readProfile(e, &p); err != nil {
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
