package asm

import (
	"context"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/survey"
)

type organisation struct {
	ID            string         `json:"id"`
	Name          string         `json:"name"`
	Tier          string         `json:"tier"`
	Attributes    map[string]any `json:"attributes"`
	Owner         string         `json:"owner_id"`
	Deleted       bool           `json:"deleted"`
	Created       string         `json:"created"`
	CreatedBy     string         `json:"created_by"`
	Updated       string         `json:"updated"`
	UpdatedBy     string         `json:"updated_by"`
	Suffixes      []string       `json:"email_suffixes"`
	Roles         []string       `json:"roles,omitempty"`
	Groups        []string       `json:"groups,omitempty"`
	OwnerUser     *userDetails   `json:"owner_user,omitempty"`
	CreatedByUser *userDetails   `json:"created_by_user,omitempty"`
}

var orgExpand = []string{"roles", "groups", "owner", "created_by"}

// newOrg describes an organisation. Nobody in particular owns one: those who run
// the installation do.
func (q *query) newOrg(ctx context.Context, o harrier.Organization, expand []string) (organisation, error) {
	out := organisation{
		ID: o.UUID.String(), Name: o.Name, Tier: "enterprise", Attributes: map[string]any{}, Owner: noUser, Created: instant(o.Created), CreatedBy: noUser,
		Updated: instant(o.Modified), UpdatedBy: noUser, Suffixes: []string{},
	}
	if slices.Contains(expand, "roles") {
		out.Roles = roles(q.by)
	}
	if slices.Contains(expand, "groups") {
		var err error
		if out.Groups, err = q.api.groupNames(ctx, q.by); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (a api) listOrgs(ctx context.Context, q *query) (reply, error) {
	expand, err := q.choices("expand", orgExpand...)
	if err != nil {
		return reply{}, err
	}
	if _, err := q.bool("include_deleted"); err != nil { // a deleted one is gone
		return reply{}, err
	}
	list, err := a.Identity.Organizations(ctx, q.by)
	if err != nil {
		return reply{}, err
	}
	list, err = page(q, list, order[harrier.Organization]{
		"created": byTime(func(o harrier.Organization) time.Time { return o.Created }), "updated": byTime(func(o harrier.Organization) time.Time { return o.Modified }),
	}, "created", "updated")
	if err != nil {
		return reply{}, err
	}
	out := []organisation{}
	for _, o := range list {
		row, err := q.newOrg(ctx, o, expand)
		if err != nil {
			return reply{}, err
		}
		out = append(out, row)
	}
	return ok(out), nil
}

// org finds an organisation that by may see, or NotFound.
func (a api) org(ctx context.Context, by harrier.Actor, id harrier.UUID) (harrier.Organization, error) {
	list, err := a.Identity.Organizations(ctx, by)
	if err != nil {
		return harrier.Organization{}, err
	}
	if i := slices.IndexFunc(list, func(o harrier.Organization) bool { return o.UUID == id }); i >= 0 {
		return list[i], nil
	}
	return harrier.Organization{}, harrier.Errorf(harrier.NotFound, "no organisation %s", id)
}

func (a api) orgOf(ctx context.Context, q *query) (harrier.Organization, error) {
	id, err := q.id("id")
	if err != nil {
		return harrier.Organization{}, err
	}
	return a.org(ctx, q.by, id)
}

func (a api) getOrg(ctx context.Context, q *query) (reply, error) {
	expand, err := q.choices("expand", orgExpand...)
	if err != nil {
		return reply{}, err
	}
	o, err := a.orgOf(ctx, q)
	if err != nil {
		return reply{}, err
	}
	out, err := q.newOrg(ctx, o, expand)
	return ok(out), err
}

func (a api) getOrgAsset(ctx context.Context, q *query) (reply, error) {
	o, err := a.orgOf(ctx, q)
	if err != nil {
		return reply{}, err
	}
	text, err := a.Surveys.Blob(ctx, q.by, o.ID, q.PathValue("key"))
	return ok(map[string]string{"asset": text}), err
}

func (a api) deleteOrgAsset(ctx context.Context, q *query) (reply, error) {
	o, err := a.orgOf(ctx, q)
	if err != nil {
		return reply{}, err
	}
	if _, err := a.Surveys.Blob(ctx, q.by, o.ID, q.PathValue("key")); err != nil {
		return reply{}, err
	}
	return done, a.Surveys.PutBlob(ctx, q.by, o.ID, q.PathValue("key"), "")
}

type scanGroup struct {
	ID            string        `json:"id"`
	Organisation  string        `json:"organisation_id"`
	Name          string        `json:"name"`
	Created       string        `json:"created"`
	CreatedBy     string        `json:"created_by"`
	Updated       string        `json:"updated"`
	UpdatedBy     string        `json:"updated_by"`
	Deleted       bool          `json:"deleted"`
	Roles         []string      `json:"roles,omitempty"`
	Groups        []string      `json:"groups,omitempty"`
	CreatedByUser *userDetails  `json:"created_by_user,omitempty"`
	UpdatedByUser *userDetails  `json:"updated_by_user,omitempty"`
	Expanded      *organisation `json:"organisation,omitempty"`
}

func (q *query) newGroup(ctx context.Context, g survey.Group, expand []string) (out scanGroup, err error) {
	out = scanGroup{
		ID: g.UUID.String(), Organisation: g.Organization.UUID.String(), Name: g.Name, Created: instant(g.Created), Updated: instant(g.Updated), Deleted: g.Deleted,
	}
	if out.CreatedBy, err = q.user(ctx, g.CreatedBy); err != nil {
		return out, err
	}
	if out.UpdatedBy, err = q.user(ctx, g.UpdatedBy); err != nil {
		return out, err
	}
	for _, e := range expand {
		switch e {
		case "roles":
			out.Roles = roles(q.by)
		case "groups":
			out.Groups, err = q.api.groupNames(ctx, q.by)
		case "created_by":
			out.CreatedByUser, err = q.details(ctx, true, g.CreatedBy)
		case "updated_by":
			out.UpdatedByUser, err = q.details(ctx, true, g.UpdatedBy)
		case "organisation":
			var o organisation
			o, err = q.newOrg(ctx, g.Organization, nil)
			out.Expanded = &o
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

func (a api) listGroups(ctx context.Context, q *query) (reply, error) {
	expand, err := q.choices("expand", "roles", "groups", "updated_by", "created_by")
	if err != nil {
		return reply{}, err
	}
	deleted, err := q.bool("include_deleted")
	if err != nil {
		return reply{}, err
	}
	org, err := q.uuid("organisation_id")
	if err != nil {
		return reply{}, err
	}
	if org.IsZero() {
		return reply{}, invalid("organisation_id", "is missing")
	}
	if _, err := a.org(ctx, q.by, org); err != nil {
		return reply{}, err
	}
	list, err := a.Surveys.Groups(ctx, q.by)
	if err != nil {
		return reply{}, err
	}
	list = slices.DeleteFunc(list, func(g survey.Group) bool { return g.Organization.UUID != org || g.Deleted && !deleted })
	list, err = page(q, list, order[survey.Group]{
		"created": byTime(func(g survey.Group) time.Time { return g.Created }), "updated": byTime(func(g survey.Group) time.Time { return g.Updated }),
	}, "created", "updated")
	if err != nil {
		return reply{}, err
	}
	out := []scanGroup{}
	for _, g := range list {
		row, err := q.newGroup(ctx, g, expand)
		if err != nil {
			return reply{}, err
		}
		out = append(out, row)
	}
	return ok(out), nil
}

func (a api) createGroup(ctx context.Context, q *query) (reply, error) {
	var in struct {
		Name         *string `json:"name"`
		Organisation *string `json:"organisation_id"`
	}
	if err := q.body(&in); err != nil {
		return reply{}, err
	}
	if err := needed(member{"name", in.Name}, member{"organisation_id", in.Organisation}); err != nil {
		return reply{}, err
	}
	id, err := harrier.ParseUUID(*in.Organisation)
	if err != nil {
		return reply{}, invalid("organisation_id", "is no id")
	}
	o, err := a.org(ctx, q.by, id)
	if err != nil {
		return reply{}, err
	}
	g, err := a.Surveys.CreateGroup(ctx, q.by, *in.Name, o)
	if err != nil {
		return reply{}, err
	}
	out, err := q.newGroup(ctx, g, nil)
	return created(out), err
}

func (a api) getGroup(ctx context.Context, q *query) (reply, error) {
	expand, err := q.choices("expand", "organisation", "roles", "groups", "updated_by", "created_by")
	if err != nil {
		return reply{}, err
	}
	id, err := q.id("id")
	if err != nil {
		return reply{}, err
	}
	g, err := a.Surveys.Group(ctx, q.by, id)
	if err != nil {
		return reply{}, err
	}
	out, err := q.newGroup(ctx, g, expand)
	return ok(out), err
}

func (a api) updateGroup(ctx context.Context, q *query) (reply, error) {
	id, err := q.id("id")
	if err != nil {
		return reply{}, err
	}
	var in struct {
		Name *string `json:"name"`
	}
	if err := q.body(&in); err != nil {
		return reply{}, err
	}
	g, err := a.Surveys.RenameGroup(ctx, q.by, id, in.Name)
	if err != nil {
		return reply{}, err
	}
	out, err := q.newGroup(ctx, g, nil)
	return ok(out), err
}

func (a api) deleteGroup(ctx context.Context, q *query) (reply, error) {
	id, err := q.id("id")
	if err != nil {
		return reply{}, err
	}
	return done, a.Surveys.DeleteGroup(ctx, q.by, id)
}
