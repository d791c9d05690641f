package asm

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/survey"
)

// seedTypes are the kinds of seeds by their names in lower case.
//
// Source: section 4.5.
var seedTypes = map[string]harrier.NodeKind{"domain": harrier.NodeDomain, "ipv4": harrier.NodeIPv4, "ipv6": harrier.NodeIPv6, "iprange": harrier.NodeIPRange}

type seedRow struct {
	ID   string    `json:"id"`
	Name string    `json:"name"`
	Type string    `json:"type"`
	Size *int      `json:"size,omitempty"`
	Tags *[]string `json:"tags,omitempty"`
}

func (a api) listSeeds(ctx context.Context, q *query) (reply, error) {
	expand, err := q.choices("expand", "tags")
	if err != nil {
		return reply{}, err
	}
	s, err := q.site(ctx)
	if err != nil {
		return reply{}, err
	}
	out := []seedRow{}
	for _, seed := range s.Options.Survey.Seeds {
		row := seedRow{ID: seed.UUID.String(), Name: seed.Name, Type: string(seed.Node.Kind)}
		if n := survey.Size(seed.Node); n > 0 {
			row.Size = &n
		}
		if len(expand) > 0 {
			tags := append([]string{}, seed.Tags...)
			row.Tags = &tags
		}
		out = append(out, row)
	}
	return ok(out), nil
}

// nodeRow is a seed as the answer to its making.
type nodeRow struct {
	ID       string         `json:"id"`
	Scan     string         `json:"scan_id"`
	Label    string         `json:"label"`
	Deleted  bool           `json:"deleted"`
	Hash     string         `json:"hash"`
	Metadata map[string]any `json:"metadata"`
	Created  string         `json:"created"`
	Updated  string         `json:"updated"`
	LastSeen string         `json:"last_seen"`
}

// hash tells things apart by what they are.
func hash(v fmt.Stringer) string {
	return strings.ReplaceAll(harrier.NamedUUID("hash "+v.String()).String(), "-", "")
}

func (a api) addSeed(ctx context.Context, q *query) (reply, error) {
	s, err := q.site(ctx)
	if err != nil {
		return reply{}, err
	}
	var in struct {
		Name *string  `json:"name"`
		Type *string  `json:"type"`
		Tags []string `json:"tags"`
	}
	if err := q.body(&in); err != nil {
		return reply{}, err
	}
	if err := needed(member{"name", in.Name}, member{"type", in.Type}); err != nil {
		return reply{}, err
	}
	seed, err := survey.NewSeed(*in.Name, seedTypes[strings.ToLower(*in.Type)], in.Tags)
	if err != nil {
		return reply{}, err
	}
	if seed, err = a.Surveys.AddSeed(ctx, q.by, s.UUID, seed); err != nil {
		return reply{}, err
	}
	at := instant(seed.Created)
	return ok(nodeRow{seed.UUID.String(), s.UUID.String(), string(seed.Node.Kind), false, hash(seed.Node), map[string]any{"name": seed.Name}, at, at, at}), nil
}

func (a api) removeSeed(ctx context.Context, q *query) (reply, error) {
	s, err := q.site(ctx)
	if err != nil {
		return reply{}, err
	}
	seed, err := q.id("seed")
	if err != nil {
		return reply{}, err
	}
	return done, a.Surveys.RemoveSeed(ctx, q.by, s.UUID, seed)
}

func (a api) removeTag(ctx context.Context, q *query) (reply, error) {
	s, err := q.site(ctx)
	if err != nil {
		return reply{}, err
	}
	seed, err := q.id("seed")
	if err != nil {
		return reply{}, err
	}
	return done, a.Surveys.RemoveTag(ctx, q.by, s.UUID, seed, q.PathValue("tag"))
}

type linkRow struct {
	ID        string         `json:"id"`
	From      string         `json:"from_id"`
	To        string         `json:"to_id"`
	Scan      string         `json:"scan_id"`
	Label     string         `json:"label"`
	Hash      string         `json:"hash"`
	Created   string         `json:"created"`
	Updated   string         `json:"updated"`
	LastSeen  string         `json:"last_seen"`
	ValidFrom string         `json:"valid_from"`
	ValidTo   string         `json:"valid_to"`
	Metadata  map[string]any `json:"metadata"`
	Deleted   bool           `json:"deleted"`
}

type tagRow struct {
	ID        string `json:"id"`
	Org       string `json:"org_id"`
	Name      string `json:"name"`
	CreatedAt string `json:"created_at"`
	CreatedBy string `json:"created_by"`
	UpdatedAt string `json:"updated_at"`
	UpdatedBy string `json:"updated_by"`
}

type linkTag struct {
	Link          string       `json:"link_id"`
	Tag           string       `json:"tag_id"`
	CreatedAt     string       `json:"created_at"`
	CreatedBy     string       `json:"created_by"`
	UpdatedAt     string       `json:"updated_at"`
	UpdatedBy     string       `json:"updated_by"`
	Expanded      *linkRow     `json:"link,omitempty"`
	ExpandedTag   *tagRow      `json:"tag,omitempty"`
	TagName       string       `json:"tag_name,omitempty"`
	CreatedByUser *userDetails `json:"created_by_user,omitempty"`
	UpdatedByUser *userDetails `json:"updated_by_user,omitempty"`
}

// tagged is a tag of a seed.
type tagged struct {
	seed harrier.Seed
	tag  string
}

// listLinkTags lists the tags of seeds: they are on the links that lead to them.
func (a api) listLinkTags(ctx context.Context, q *query) (reply, error) {
	expand, err := q.choices("expand", "link", "tag", "created_by", "updated_by", "tag_name")
	if err != nil {
		return reply{}, err
	}
	s, err := q.site(ctx)
	if err != nil {
		return reply{}, err
	}
	var list []tagged
	for _, seed := range s.Options.Survey.Seeds {
		for _, t := range seed.Tags {
			list = append(list, tagged{seed, t})
		}
	}
	at := byTime(func(t tagged) time.Time { return t.seed.Created })
	if list, err = page(q, list, order[tagged]{"created_at": at, "updated_at": at}, "created_at", "updated_at"); err != nil {
		return reply{}, err
	}
	groups, err := a.Surveys.Groups(ctx, q.by)
	if err != nil {
		return reply{}, err
	}
	org := noUser
	if i := slices.IndexFunc(groups, func(g survey.Group) bool { return g.ID == s.Repository }); i >= 0 {
		org = groups[i].Organization.UUID.String()
	}
	owner, err := q.user(ctx, s.Owner)
	if err != nil {
		return reply{}, err
	}
	v, err := q.view(ctx, s)
	if err != nil {
		return reply{}, err
	}
	out := []linkTag{}
	for _, t := range list {
		l := seedLink(v, s, t.seed)
		at := instant(t.seed.Created)
		row := linkTag{Link: l.ID, Tag: harrier.NamedUUID("tag " + org + " " + t.tag).String(), CreatedAt: at, CreatedBy: owner, UpdatedAt: at, UpdatedBy: owner}
		for _, e := range expand {
			switch e {
			case "link":
				row.Expanded = &l
			case "tag":
				row.ExpandedTag = &tagRow{row.Tag, org, t.tag, at, owner, at, owner}
			case "tag_name":
				row.TagName = t.tag
			case "created_by":
				row.CreatedByUser, err = q.details(ctx, true, s.Owner)
			case "updated_by":
				row.UpdatedByUser, err = q.details(ctx, true, s.Owner)
			}
			if err != nil {
				return reply{}, err
			}
		}
		out = append(out, row)
	}
	return ok(out), nil
}

// seedLink is the link to a seed: before an iteration has seen it, as it will be.
func seedLink(v *survey.View, s harrier.Site, seed harrier.Seed) linkRow {
	root, at := rootOf(v, s), instant(seed.Created)
	row := linkRow{
		seed.UUID.String(), root.UUID.String(), seed.UUID.String(), s.UUID.String(), string(harrier.LinkSeeded), hash(seed.UUID), at, at, at, at, instant(time.Time{}), map[string]any{}, false,
	}
	if v == nil {
		return row
	}
	if l, there := v.Link(root.Node, harrier.LinkSeeded, seed.Node); there {
		row.ID, row.To, row.Hash = l.UUID.String(), v.Node(seed.Node).UUID.String(), hash(l.UUID)
		row.Created, row.Updated, row.LastSeen, row.ValidFrom = instant(l.FirstSeen), instant(l.LastSeen), instant(l.LastSeen), instant(l.FirstSeen)
	}
	return row
}

// updateNode decides about a node of a surface.
func (a api) updateNode(ctx context.Context, q *query) (reply, error) {
	id, err := q.id("node")
	if err != nil {
		return reply{}, err
	}
	if q.PathValue("id") != "" {
		s, err := q.site(ctx)
		if err != nil {
			return reply{}, err
		}
		n, _, err := a.Surveys.NodeByID(ctx, q.by, id)
		if err != nil {
			return reply{}, err
		}
		if n.Site != s.ID {
			return reply{}, harrier.Errorf(harrier.NotFound, "no node %s", id)
		}
	}
	var in struct {
		Secondary *bool `json:"mark_as_secondary"`
		Remove    *bool `json:"remove_from_scope"`
		IgnoreIPs *bool `json:"ignore_ips"`
	}
	if err := q.body(&in); err != nil {
		return reply{}, err
	}
	if in.Secondary != nil && in.Remove != nil {
		return reply{}, invalid("mark_as_secondary", "remove_from_scope says the same: one of them")
	}
	if in.Remove != nil {
		in.Secondary = in.Remove
	}
	n, s, err := a.Surveys.Mark(ctx, q.by, id, in.Secondary, in.IgnoreIPs)
	if err != nil {
		return reply{}, err
	}
	return ok(newGraphNode(n, s)), nil
}
