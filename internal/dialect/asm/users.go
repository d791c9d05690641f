package asm

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// role is a right by the name that clients know.
type role string

// The roles.
//
// Source: section 1.
const (
	orgsRead      role = "organisations:read"
	orgsWrite     role = "organisations:write"
	templatesRead role = "organisations.report_templates:read"
	groupsRead    role = "scan_groups:read"
	groupsCreate  role = "scan_groups:create"
	groupsWrite   role = "scan_groups:write"
	groupsManage  role = "scan_groups:manage"
	scansRead     role = "scans:read"
	scansWrite    role = "scans:write"
	scansManage   role = "scans:manage"
	scansRefresh  role = "scans:refresh"
	ticketsRead   role = "scans.tickets:read"
	reportsRead   role = "scans.reports:read"
	reportsWrite  role = "scans.reports:write"
	reportsManage role = "scans.reports:manage"
)

// roles are those that somebody's rights amount to.
func roles(by harrier.Actor) []string {
	out := []string{}
	add := func(p harrier.Permission, list ...role) {
		for _, r := range list {
			if by.May(p) {
				out = append(out, string(r))
			}
		}
	}
	add(harrier.ReadOwn, orgsRead, templatesRead, groupsRead, scansRead, reportsRead)
	add(harrier.ReadFindings, ticketsRead, reportsWrite)
	add(harrier.EditSites, scansWrite, scansManage)
	add(harrier.RunScans, scansRefresh)
	add(harrier.ManageUsers, orgsWrite)
	add(harrier.EditAll, reportsManage)
	if by.Organization == 0 {
		add(harrier.OperateConsole, groupsCreate, groupsWrite, groupsManage)
	}
	return out
}

type userRow struct {
	ID         string                     `json:"id"`
	Email      string                     `json:"email"`
	Name       string                     `json:"name"`
	FamilyName string                     `json:"family_name"`
	GivenName  string                     `json:"given_name"`
	Created    string                     `json:"created"`
	Updated    string                     `json:"updated"`
	Attributes map[string]json.RawMessage `json:"attributes"`
	Enabled    bool                       `json:"enabled"`
	TOTP       bool                       `json:"totp_enabled"`
	Default    *string                    `json:"default_organisation_id"`
}

// preference begins the names under which a user's preferences are kept.
const preference = "asm."

func newUserRow(u harrier.User, org harrier.UUID) *userRow {
	given, family := names(u)
	row := &userRow{
		ID: u.UUID.String(), Email: u.Email, Name: cmp.Or(u.FullName, u.Name), GivenName: given, FamilyName: family, Created: instant(u.Created),
		Updated: instant(u.Created), Attributes: preferences(u), Enabled: !u.Disabled,
	}
	if !org.IsZero() {
		id := org.String()
		row.Default = &id
	}
	return row
}

func preferences(u harrier.User) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for name, value := range u.Given {
		if name, ok := strings.CutPrefix(name, preference); ok && json.Valid([]byte(value)) {
			out[name] = json.RawMessage(value)
		}
	}
	return out
}

type authReply struct {
	Authenticated bool                       `json:"authenticated"`
	Scheme        string                     `json:"scheme,omitempty"`
	Groups        []string                   `json:"groups"`
	Roles         []string                   `json:"roles"`
	CSRF          string                     `json:"csrf,omitempty"`
	Attributes    map[string]json.RawMessage `json:"attributes"`
	User          *userRow                   `json:"user"`
}

// auth tells who asks, if anybody.
func (a api) auth(ctx context.Context, q *query) (reply, error) {
	out := authReply{Groups: []string{}, Roles: []string{}, Attributes: map[string]json.RawMessage{}}
	switch harrier.KindOf(q.err) {
	case harrier.Unauthenticated:
		return ok(out), nil
	default:
		if q.err != nil {
			return reply{}, q.err
		}
	}
	out.Authenticated, out.Scheme, out.Roles = true, "api_key", roles(q.by)
	if q.session != "" {
		out.Scheme, out.CSRF = "session", csrf(q.session)
	}
	orgs, err := a.Identity.Organizations(ctx, q.by)
	if err != nil {
		return reply{}, err
	}
	var first harrier.UUID
	if len(orgs) > 0 {
		first = orgs[0].UUID
	}
	if q.by.Group != 0 {
		g, err := a.groupNames(ctx, q.by)
		if err != nil {
			return reply{}, err
		}
		out.Groups = g
	}
	u, err := a.Identity.User(ctx, q.by, q.by.User)
	if err != nil { // the key of all outlives its maker
		return ok(out), unless(harrier.NotFound, err)
	}
	out.User = newUserRow(u, first)
	out.Attributes = out.User.Attributes
	return ok(out), nil
}

// groupNames are the groups of people that somebody is in: one.
func (a api) groupNames(ctx context.Context, by harrier.Actor) ([]string, error) {
	list, err := a.Identity.Groups(ctx, by)
	if err != nil {
		return []string{}, unless(harrier.Forbidden, err)
	}
	list = slices.DeleteFunc(list, func(g harrier.Group) bool { return g.ID != by.Group })
	return made(list, func(g harrier.Group) string { return g.Name }), nil
}

// The longest life of a key.
const maxLifetime = 10 * 365 * 24 * time.Hour

// createKey makes a key for who signed in with a browser.
func (a api) createKey(ctx context.Context, q *query) (reply, error) {
	if q.session == "" {
		return reply{}, harrier.Errorf(harrier.Forbidden, "keys are made in a session, not with a key")
	}
	var in struct{ Description, Lifetime *string }
	if err := q.body(&in); err != nil {
		return reply{}, err
	}
	if err := needed(member{"description", in.Description}, member{"lifetime", in.Lifetime}); err != nil {
		return reply{}, err
	}
	life, err := time.ParseDuration(*in.Lifetime)
	if err != nil || life < time.Second || life > maxLifetime || strings.ContainsAny(*in.Lifetime, "nuµ") || strings.Contains(*in.Lifetime, "ms") {
		return reply{}, invalid("lifetime", "is no duration such as 720h, from 1s to 87600h")
	}
	text, err := a.Identity.NewAPIKey(ctx, q.by, &harrier.APIKey{Name: *in.Description, Expires: a.Now().UTC().Add(life)})
	if harrier.KindOf(err) == harrier.Invalid && err != nil {
		return reply{}, invalid("description", harrier.MessageOf(err))
	}
	return created(map[string]string{"api_key": text, "description": *in.Description, "lifetime": *in.Lifetime}), err
}

// updatePreferences keeps what a client wants to remember of its user; null
// forgets it.
func (a api) updatePreferences(ctx context.Context, q *query) (reply, error) {
	var in map[string]json.RawMessage
	if err := q.body(&in); err != nil {
		return reply{}, err
	}
	for name := range in {
		if len(name) == 0 || len(name) > 100 {
			return reply{}, invalid("preferences", "a name has 1 to 100 characters")
		}
	}
	var u harrier.User
	err := a.Together(ctx, func(ctx context.Context) (err error) { // nothing that others change of the user meanwhile is undone
		if u, err = a.Identity.User(ctx, q.by, q.by.User); err != nil {
			return err
		}
		u.Given = preferred(u.Given, in)
		check := harrier.Group{Name: "x", Given: u.Given} // the bounds of what is kept so
		if err := check.Check(); err != nil {
			return invalid("preferences", "they are too many, or too long")
		}
		return a.Identity.Update(ctx, q.by, &u)
	})
	if err != nil {
		return reply{}, err
	}
	return ok(newUserRow(u, harrier.UUID{})), nil
}

// preferred is what is kept of a user, with changed preferences.
func preferred(given map[string]string, changed map[string]json.RawMessage) map[string]string {
	out := map[string]string{}
	maps.Copy(out, given)
	for name, value := range changed {
		if string(value) == "null" {
			delete(out, preference+name)
		} else {
			out[preference+name] = string(value)
		}
	}
	return out
}

type userMember struct {
	ID         string        `json:"id"`
	Name       string        `json:"name"`
	Email      string        `json:"email"`
	Enabled    bool          `json:"enabled"`
	TOTP       bool          `json:"totp_enabled"`
	SSO        bool          `json:"sso_user"`
	Groups     []string      `json:"groups"`
	Roles      []string      `json:"roles"`
	ScanGroups []memberGroup `json:"scan_groups,omitempty"`
}

type memberGroup struct {
	ID           string   `json:"id"`
	Organisation string   `json:"organisation_id"`
	Name         string   `json:"name"`
	Default      bool     `json:"is_default"`
	Groups       []string `json:"groups"`
	Roles        []string `json:"roles"`
}

// listUsers lists the people of an organisation, or of that of a scan group, as far
// as who asks manages them; others see themselves.
func (a api) listUsers(ctx context.Context, q *query) (reply, error) {
	org, err := q.uuid("organisation_id")
	if err != nil {
		return reply{}, err
	}
	group, err := q.uuid("scan_group_id")
	if err != nil {
		return reply{}, err
	}
	if org.IsZero() == group.IsZero() {
		return reply{}, invalid("organisation_id", "one of organisation_id and scan_group_id is needed")
	}
	groups, err := a.Surveys.Groups(ctx, q.by)
	if err != nil {
		return reply{}, err
	}
	var of harrier.Organization
	if !org.IsZero() {
		if of, err = a.org(ctx, q.by, org); err != nil {
			return reply{}, err
		}
	} else {
		g, err := a.Surveys.Group(ctx, q.by, group)
		if err != nil {
			return reply{}, err
		}
		of = g.Organization
	}
	users, err := a.Identity.Users(ctx, q.by)
	if harrier.KindOf(err) == harrier.Forbidden && err != nil {
		var self harrier.User
		self, err = a.Identity.User(ctx, q.by, q.by.User)
		users = []harrier.User{self}
	}
	if err != nil {
		return reply{}, err
	}
	out := []userMember{}
	for _, u := range users {
		if u.Organization != of.ID && u.Organization != 0 {
			continue
		}
		m := userMember{ID: u.UUID.String(), Name: cmp.Or(u.FullName, u.Name), Email: u.Email, Enabled: !u.Disabled, Groups: []string{}, Roles: []string{}}
		who, err := a.Identity.ActorOf(ctx, u.ID, via)
		if err == nil {
			m.Roles = roles(who)
		}
		for _, g := range groups {
			if !org.IsZero() && g.Organization.ID == of.ID && !g.Deleted && err == nil && who.SeesRepository(g.ID) {
				m.ScanGroups = append(m.ScanGroups, memberGroup{g.UUID.String(), of.UUID.String(), g.Name, g.ID == harrier.DefaultRepository, []string{}, m.Roles})
			}
		}
		out = append(out, m)
	}
	return ok(out), nil
}

// openAPI answers with the description of this API: JSON, which is YAML too.
func (a api) openAPI(context.Context, *query) (reply, error) {
	return reply{raw: description, kind: "application/yaml"}, nil
}
