package nexpose

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
)

// theSilo is the silo that every console has, its first organisation, and the
// profile of those that have no other.
const theSilo = "default"

// What an organisation keeps of a silo, by name in harrier.Organization.Given.
const (
	givenSilo         = ownField + "silo" // its id, when a client chose one
	givenSiloParts    = ownField + "parts"
	mostSiloPartBytes = 4096
)

// siloCommands are silos: the organisations of the model, which see nothing of
// each other.
//
// Source: sections 11.4 and 11.5.
func (a *api) siloCommands() {
	a.add("SiloConfig", a.siloConfig)
	a.change("SiloCreate", a.siloCreate)
	a.change("SiloDelete", a.siloDelete)
	a.add("SiloListing", a.siloListing)
	a.change("SiloUpdate", a.siloUpdate)
}

// siloID is the id of the silo that an organisation is.
func siloID(o harrier.Organization) string {
	if o.ID == harrier.FirstOrganization {
		return theSilo
	}
	if id := o.Given[givenSilo]; id != "" {
		return id
	}
	return ident(o.ID)
}

// silos lists the silos that by may see: those who run the installation all, and
// nobody else any, as the API knows only them to speak of silos.
func (a *api) silos(ctx context.Context, by harrier.Actor) ([]harrier.Organization, error) {
	if err := operates(by); err != nil {
		return nil, err
	}
	return a.Identity.Organizations(ctx, by)
}

// silo is the silo with an id.
func (a *api) silo(ctx context.Context, by harrier.Actor, id string) (harrier.Organization, error) {
	all, err := a.silos(ctx, by)
	if err != nil {
		return harrier.Organization{}, err
	}
	i := slices.IndexFunc(all, func(o harrier.Organization) bool { return id != "" && siloID(o) == id })
	if i < 0 {
		return harrier.Organization{}, harrier.Errorf(harrier.NotFound, "A silo %s does not exist.", clip(id))
	}
	return all[i], nil
}

// assetCounts counts the assets in the repositories of each silo.
func (a *api) assetCounts(ctx context.Context, by harrier.Actor, all []harrier.Organization) (map[harrier.ID]int, error) {
	out := map[harrier.ID]int{}
	for _, o := range all {
		if len(o.Repositories) == 0 {
			continue
		}
		in := harrier.Cmp{Field: "repository", Op: harrier.Eq}
		for _, id := range o.Repositories {
			in.Values = append(in.Values, int64(id))
		}
		_, n, err := a.Assets.Assets(ctx, by, in, asset.Page{Limit: 1})
		if err != nil {
			return nil, err
		}
		out[o.ID] = n
	}
	return out, nil
}

func (a *api) siloListing(c *call) (answer, error) {
	all, err := a.silos(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	users, err := a.Identity.Users(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	profiles, err := a.Identity.Profiles(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	assets, err := a.assetCounts(c.ctx(), c.by, all)
	if err != nil {
		return answer{}, err
	}
	count := map[harrier.ID]int{}
	for _, u := range users {
		count[u.Organization]++
	}
	return list(func(o *out) {
		o.start("SiloSummaries")
		for _, s := range all {
			o.start("SiloSummary", "id", siloID(s), "name", s.Name, "description", s.Description, "silo-profile-id", profileOf(s, profiles))
			o.empty("LicenseSummary", "assets", number(assets[s.ID]), "max-assets", number(s.MaxAssets), "max-hosted-assets", "0",
				"users", number(count[s.ID]), "max-users", number(s.MaxUsers))
			o.end()
		}
		o.end()
	}), nil
}

func (a *api) siloConfig(c *call) (answer, error) {
	s, err := a.silo(c.ctx(), c.by, c.req.attr("silo-id", "id"))
	if err != nil {
		return answer{}, err
	}
	profiles, err := a.Identity.Profiles(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	var parts []kept
	fromJSON(s.Given[givenSiloParts], &parts)
	return list(func(o *out) {
		o.start("SiloConfig", "id", siloID(s), "name", s.Name, "description", s.Description, "silo-profile-id", profileOf(s, profiles),
			"max-assets", number(s.MaxAssets), "max-users", number(s.MaxUsers), "max-hosted-assets", "0")
		for _, p := range parts {
			p.write(o)
		}
		o.end()
	}), nil
}

// kept is an element that is given back as it came, but for the case of its
// attributes.
type kept struct {
	Name     string      `json:"name"`
	Attrs    [][2]string `json:"attrs,omitempty"`
	Children []kept      `json:"children,omitempty"`
}

// siloWords are the names of elements that describe whose a silo is.
var siloWords = []string{"Merchant", "Organization", "Address", "DBAs", "DBA", "OtherIndustries", "Industry", "QSA"}

// keep reads the parts of e that have a known name.
func keep(e *element) []kept {
	var out []kept
	for _, c := range e.children {
		i := slices.IndexFunc(siloWords, func(w string) bool { return key(w) == c.key })
		if i < 0 {
			continue
		}
		k := kept{Name: siloWords[i], Children: keep(c)}
		for _, at := range c.attrs {
			k.Attrs = append(k.Attrs, [2]string{at.key, at.value})
		}
		out = append(out, k)
	}
	return out
}

func (k kept) write(o *out) {
	o.start(k.Name)
	seen := map[string]bool{}
	for _, at := range k.Attrs {
		if !seen[at[0]] {
			o.attr(at[0], at[1])
		}
		seen[at[0]] = true
	}
	for _, c := range k.Children {
		c.write(o)
	}
	o.end()
}

// readSilo puts a SiloConfig into an organisation.
func (a *api) readSilo(c *call, e *element, o *harrier.Organization) error {
	switch id := e.attr("silo-profile-id"); id {
	case "":
	case theSilo:
		o.Profile = 0
	default:
		p, err := a.siloProfile(c.ctx(), c.by, id)
		if err != nil {
			return err
		}
		o.Profile = p.ID
	}
	if name := e.attr("name"); name != "" || o.ID == 0 {
		o.Name = name
	}
	if e.has("description") || o.ID == 0 {
		o.Description = e.attr("description")
	}
	given := map[string]string{}
	for k, v := range o.Given {
		given[k] = v
	}
	hosted := 0
	for name, to := range map[string]*int{"max-assets": &o.MaxAssets, "max-users": &o.MaxUsers, "max-hosted-assets": &hosted} {
		n, err := e.number(name, *to)
		if err != nil {
			return err
		}
		if n < 0 {
			return harrier.Invalidf(name, "must not be negative")
		}
		*to = n
	}
	if hosted > 0 {
		return harrier.Invalidf("max-hosted-assets", "must be 0: no engine is hosted by others")
	}
	if parts := keep(e); len(parts) > 0 {
		text, err := json.Marshal(parts)
		if err != nil {
			return fmt.Errorf("keep the parts of a silo: %w", err)
		}
		if len(text) > mostSiloPartBytes {
			return harrier.Invalidf("SiloConfig", "describes itself in more than %d bytes", mostSiloPartBytes)
		}
		given[givenSiloParts] = string(text)
	}
	o.Given = given
	return nil
}

func (a *api) siloCreate(c *call) (answer, error) {
	e := c.req.child("SiloConfig")
	if e == nil {
		return answer{}, harrier.Invalidf("SiloConfig", "is missing")
	}
	all, err := a.silos(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	var o harrier.Organization
	if err := a.readSilo(c, e, &o); err != nil {
		return answer{}, err
	}
	if id := e.attr("id"); id != "" {
		if _, err := strconv.Atoi(id); err == nil || len(id) > 64 {
			return answer{}, harrier.Invalidf("id", "of a new silo must be a short word that is no number")
		}
		if slices.ContainsFunc(all, func(s harrier.Organization) bool { return siloID(s) == id }) {
			return answer{}, harrier.Errorf(harrier.Conflict, "there is a silo %s already", clip(id))
		}
		o.Given[givenSilo] = id
	}
	if err := a.Identity.CreateOrganization(c.ctx(), c.by, &o); err != nil {
		return answer{}, err
	}
	v := harrier.Repository{Name: o.Name, Description: "The assets of silo " + siloID(o) + "."} // this API has no word for it
	if err := a.Repositories.Create(c.ctx(), c.by, &v); err != nil {
		return answer{}, err
	}
	return answer{attrs: []string{"id", siloID(o)}}, a.Repositories.Assign(c.ctx(), c.by, v.ID, []harrier.ID{o.ID})
}

func (a *api) siloUpdate(c *call) (answer, error) {
	e := c.req.child("SiloConfig")
	o, err := a.silo(c.ctx(), c.by, e.attr("id"))
	if err != nil {
		return answer{}, err
	}
	if err := a.readSilo(c, e, &o); err != nil {
		return answer{}, err
	}
	if err := a.Identity.UpdateOrganization(c.ctx(), c.by, &o); err != nil {
		return answer{}, err
	}
	return answer{attrs: []string{"id", siloID(o)}}, nil
}

func (a *api) siloDelete(c *call) (answer, error) {
	o, err := a.silo(c.ctx(), c.by, c.req.attr("silo-id", "id"))
	if err != nil {
		return answer{}, err
	}
	if err := a.Identity.DeleteOrganization(c.ctx(), c.by, o.ID); err != nil {
		return answer{}, err
	}
	for _, id := range o.Repositories {
		others, err := a.Repositories.Users(c.ctx(), c.by, id)
		if err != nil {
			return answer{}, err
		}
		if len(others) > 0 {
			continue
		}
		if err := a.Repositories.Delete(c.ctx(), c.by, id); err != nil && harrier.KindOf(err) != harrier.Conflict { // what has assets stays
			return answer{}, err
		}
	}
	return done(), nil
}
