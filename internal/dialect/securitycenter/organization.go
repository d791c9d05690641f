package securitycenter

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// organizationItem is an organisation.
//
// Source: section 20.1.
type organizationItem struct {
	ref
	UUID             string   `json:"uuid"`
	Email            string   `json:"email"`
	Address          string   `json:"address"`
	City             string   `json:"city"`
	State            string   `json:"state"`
	Country          string   `json:"country"`
	Phone            string   `json:"phone"`
	Fax              string   `json:"fax"`
	IPInfoLinks      []ipLink `json:"ipInfoLinks"`
	ZoneSelection    string   `json:"zoneSelection"`
	RestrictedIPs    string   `json:"restrictedIPs"`
	ScoreLow         string   `json:"vulnScoreLow"`
	ScoreMedium      string   `json:"vulnScoreMedium"`
	ScoreHigh        string   `json:"vulnScoreHigh"`
	ScoreCritical    string   `json:"vulnScoreCritical"`
	ScoringSystem    string   `json:"vulnScoringSystem"`
	CreatedTime      string   `json:"createdTime"`
	ModifiedTime     string   `json:"modifiedTime"`
	UserCount        string   `json:"userCount"`
	LCEs             []ref    `json:"lces"`
	Repositories     []orgRep `json:"repositories"`
	Zones            []ref    `json:"zones"`
	NessusManagers   []ref    `json:"nessusManagers"`
	PublishingSites  []ref    `json:"pubSites"`
	LDAPs            []ref    `json:"ldaps"`
	PasswordExpires  string   `json:"passwordExpires"`
	PasswordLifetime string   `json:"passwordExpiration"`
}

// ipLink is where more is to be read of an address, which stands there as %IP%.
type ipLink struct {
	Name string `json:"name"`
	Link string `json:"link"`
}

// keptLinks is the key under which an organisation's links are kept, as JSON.
const keptLinks = "ipInfoLinks"

func linksOf(o harrier.Organization) []ipLink {
	out := []ipLink{}
	_ = json.Unmarshal([]byte(o.Given[keptLinks]), &out) // none, where there are none
	return out
}

// keepLinks puts the links of a request into o.
func keepLinks(raw json.RawMessage, o *harrier.Organization) error {
	if raw = bytes.TrimSpace(raw); len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	links := []ipLink{}
	if text, single := kit.Scalar(raw); !single || text != "" {
		var said []struct {
			Name kit.Text `json:"name"`
			Link kit.Text `json:"link"`
		}
		if json.Unmarshal(raw, &said) != nil {
			return harrier.Invalidf(keptLinks, "are no list of names and links")
		}
		for _, l := range said {
			if u, err := url.Parse(strings.ReplaceAll(string(l.Link), "%IP%", "")); err != nil || u.Scheme != "http" && u.Scheme != "https" {
				return harrier.Invalidf(keptLinks, "%q is no http or https address", cut(string(l.Link), 80))
			}
			links = append(links, ipLink{string(l.Name), string(l.Link)})
		}
	}
	text, err := kit.Marshal(links)
	if err != nil {
		return err
	}
	o.Given[keptLinks] = string(text)
	return nil
}

// orgRep is a repository that the organisation uses.
type orgRep struct {
	ref
	GroupAssign string `json:"groupAssign"`
}

func (a api) organizationRoutes(m *router) {
	m.handle("GET /currentOrganization", a.getCurrentOrganization)
	m.handle("GET /organization", a.listOrganizations)
	m.handle("POST /organization", a.createOrganization)
	m.handle("GET /organization/{id}", a.getOrganization)
	m.handle("PATCH /organization/{id}", a.updateOrganization)
	m.handle("DELETE /organization/{id}", a.deleteOrganization)
	m.handle("GET /organization/{id}/user", a.organized(a.listUsers))
	m.handle("GET /organization/{id}/securityManager", a.organized(a.listManagers))
	m.handle("POST /organization/{id}/securityManager", a.organized(a.createManager))
	m.handle("GET /organization/{id}/securityManager/{user}", a.manager(a.getUser))
	m.handle("PATCH /organization/{id}/securityManager/{user}", a.manager(a.updateUser))
	m.handle("DELETE /organization/{id}/securityManager/{user}", a.manager(a.deleteUser))
	for _, k := range []ruleKind{{"acceptRiskRule", true}, {"recastRiskRule", false}} {
		m.handle("GET /organization/{id}/"+k.name, a.organized(k.list(a, false)))
	}
}

// contact are the keys of organisations and users that Harrier keeps for their
// sake alone.
var contact = []string{"email", "address", "city", "state", "country", "phone", "fax"}

func (a api) organization(ctx context.Context, by harrier.Actor, o harrier.Organization) (organizationItem, error) {
	users, err := a.visibleUsers(ctx, by)
	if err != nil {
		return organizationItem{}, err
	}
	n := 0
	for _, u := range users {
		if u.Organization == o.ID {
			n++
		}
	}
	score := func(i int) string { return strconv.Itoa(o.Scores[i]) }
	w := organizationItem{
		ref: ref{sid(o.ID), o.Name, o.Description}, UUID: suuid(o.UUID), IPInfoLinks: linksOf(o), ZoneSelection: o.ZoneSelection, RestrictedIPs: o.RestrictedIPs,
		Email: o.Given["email"], Address: o.Given["address"], City: o.Given["city"], State: o.Given["state"], Country: o.Given["country"],
		Phone: o.Given["phone"], Fax: o.Given["fax"],
		ScoreLow: score(0), ScoreMedium: score(1), ScoreHigh: score(2), ScoreCritical: score(3), ScoringSystem: "CVSS",
		CreatedTime: stime(o.Created), ModifiedTime: stime(o.Modified), UserCount: sid(n), LCEs: []ref{}, Repositories: []orgRep{},
		Zones: []ref{}, NessusManagers: []ref{}, PublishingSites: []ref{}, LDAPs: []ref{}, PasswordExpires: sbool(false), PasswordLifetime: "-1",
	}
	pools, err := a.Fleet.Pools(ctx, harrier.System)
	if err != nil {
		return w, err
	}
	for _, p := range pools {
		if p.Names(o.ID) {
			w.Zones = append(w.Zones, zoneOf(p))
		}
	}
	repositories, err := a.repositoryMap(ctx, by)
	for _, id := range o.Repositories {
		if r, ok := repositories[id]; ok {
			w.Repositories = append(w.Repositories, orgRep{ref{sid(r.ID), r.Name, r.Description}, "fullAccess"})
		}
	}
	return w, err
}

func (a api) showOrganization(ctx context.Context, by harrier.Actor, q *query, o harrier.Organization) (any, error) {
	w, err := a.organization(ctx, by, o)
	return pick(w, q.fields(), "id", "uuid"), err
}

// getCurrentOrganization shows the organisation of who asks; to those who run
// the installation the first one.
func (a api) getCurrentOrganization(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	o, err := a.Identity.Organization(ctx, by, max(by.Organization, harrier.FirstOrganization))
	if err != nil {
		return nil, err
	}
	return a.showOrganization(ctx, by, q, o)
}

func (a api) listOrganizations(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	all, err := a.Identity.Organizations(ctx, by)
	if err != nil {
		return nil, err
	}
	out := []organizationItem{}
	for _, o := range all {
		w, err := a.organization(ctx, by, o)
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return pick(out, q.fields("name", "description"), "id", "uuid"), nil
}

func (a api) getOrganization(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	o, err := a.Identity.Organization(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, "Organization", q.path("id"), "retrieve")
	}
	return a.showOrganization(ctx, by, q, o)
}

// applyOrganization puts what a request says into o.
func applyOrganization(q *query, o *harrier.Organization) error {
	var in struct {
		Name         *kit.Text `json:"name"`
		Description  *kit.Text `json:"description"`
		Zones        *kit.Text `json:"zoneSelection"`
		Restricted   *kit.Text `json:"restrictedIPs"`
		Low          *kit.Int  `json:"vulnScoreLow"`
		Medium       *kit.Int  `json:"vulnScoreMedium"`
		High         *kit.Int  `json:"vulnScoreHigh"`
		Critical     *kit.Int  `json:"vulnScoreCritical"`
		Repositories *givens   `json:"repositories"`

		Links json.RawMessage `json:"ipInfoLinks"`
	}
	if err := q.body(&in); err != nil {
		return err
	}
	for _, t := range []struct {
		from *kit.Text
		to   *string
	}{{in.Name, &o.Name}, {in.Description, &o.Description}, {in.Zones, &o.ZoneSelection}, {in.Restricted, &o.RestrictedIPs}} {
		if t.from != nil {
			*t.to = strings.TrimSpace(string(*t.from))
		}
	}
	for i, n := range []*kit.Int{in.Low, in.Medium, in.High, in.Critical} {
		if n != nil {
			o.Scores[i] = int(*n)
		}
	}
	if in.Repositories != nil {
		o.Repositories = in.Repositories.ids()
	}
	o.Given = keep(q, o.Given, contact...)
	return keepLinks(in.Links, o)
}

// keep puts the keys of a request that are named into what was given before.
func keep(q *query, old map[string]string, names ...string) map[string]string {
	out := cloneMap(old)
	for _, name := range names {
		if raw, ok := q.keys[name]; ok {
			if text, single := kit.Scalar(raw); single {
				out[name] = text
			}
		}
	}
	return out
}

func (a api) createOrganization(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	o := harrier.Organization{Scores: harrier.DefaultScores}
	if err := applyOrganization(q, &o); err != nil {
		return nil, err
	}
	if err := a.Identity.CreateOrganization(ctx, by, &o); err != nil {
		return nil, err
	}
	return a.showOrganization(ctx, by, q, o)
}

func (a api) updateOrganization(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	o, err := a.Identity.Organization(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, "Organization", q.path("id"), "update")
	}
	if err := applyOrganization(q, &o); err != nil {
		return nil, err
	}
	if err := a.Identity.UpdateOrganization(ctx, by, &o); err != nil {
		return nil, missing(err, "Organization", q.path("id"), "update")
	}
	return a.showOrganization(ctx, by, q, o)
}

func (a api) deleteOrganization(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	return nil, missing(a.Identity.DeleteOrganization(ctx, by, q.id()), "Organization", q.path("id"), "delete")
}

// organized does what h does below an organisation.
func (a api) organized(h handler) handler {
	return func(ctx context.Context, by harrier.Actor, q *query) (any, error) {
		o, err := a.Identity.Organization(ctx, by, q.id())
		if err != nil {
			return nil, missing(err, "Organization", q.path("id"), "retrieve")
		}
		q.organization = o.ID
		return h(ctx, by, q)
	}
}

// manager does what h does with the user of the path, who must be a security
// manager of the organisation.
func (a api) manager(h handler) handler {
	return a.organized(func(ctx context.Context, by harrier.Actor, q *query) (any, error) {
		user := q.path("user")
		u, err := a.Identity.User(ctx, by, idOf(user))
		if err == nil && (u.Role != harrier.Administrator || u.Organization != q.organization) {
			err = harrier.Errorf(harrier.NotFound, "no security manager %d", u.ID)
		}
		if err != nil {
			return nil, missing(err, "User", user, "retrieve")
		}
		q.raw.SetPathValue("id", user)
		return h(ctx, by, q)
	})
}

func (a api) listManagers(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	list, err := a.usersOf(ctx, by, q)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(u harrier.User) bool { return u.Role != harrier.Administrator })
	out := make([]userItem, len(list))
	for i, u := range list {
		out[i] = a.newUser(ctx, by, u)
	}
	return pick(out, q.fields(), "id", "uuid"), nil
}

// createManager makes a security manager; the role needs not be said.
func (a api) createManager(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var in userRequest
	if err := q.body(&in); err != nil {
		return nil, err
	}
	manager := []byte(roleOf(harrier.Administrator).id)
	if !in.givesRole() && q.keys != nil {
		q.keys["roleID"] = manager
	}
	for _, id := range []*given{in.RoleID, in.Role} {
		if id != nil && sid(*id) != string(manager) {
			return nil, harrier.Invalidf("roleID", "a security manager has the role %s", manager)
		}
	}
	return a.createUser(ctx, by, q)
}
