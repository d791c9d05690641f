package asm

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/survey"
)

type scanRow struct {
	ID            string          `json:"id"`
	Name          string          `json:"name"`
	Group         string          `json:"scan_group_id"`
	Type          string          `json:"type"`
	Enabled       bool            `json:"enabled"`
	Deleted       bool            `json:"deleted"`
	Created       string          `json:"created"`
	CreatedBy     string          `json:"created_by"`
	Updated       string          `json:"updated"`
	Node          *graphNode      `json:"node"`
	Iteration     *iteration      `json:"iteration"`
	CreatedByUser *userDetails    `json:"created_by_user,omitempty"`
	Monitor       bool            `json:"monitor"`
	Schedule      *string         `json:"monitor_schedule"`
	Next          *string         `json:"monitor_next,omitempty"`
	Words         bool            `json:"dns_namelist"`
	IgnoreIPs     bool            `json:"ignore_ip_nodes"`
	Backports     map[string]bool `json:"include_br_risks"`
	Seeds         int             `json:"seeds"`
	Groups        *[]struct{}     `json:"groups,omitempty"`
	Roles         []scanRole      `json:"roles,omitempty"`
	Organisation  string          `json:"organisation_id,omitempty"`
}

type scanRole struct {
	Group string `json:"group_id"`
	Role  string `json:"role"`
}

type graphNode struct {
	ID       string `json:"id"`
	Scan     string `json:"scan_id"`
	Label    string `json:"label"`
	Name     string `json:"name"`
	Created  string `json:"created"`
	Updated  string `json:"updated"`
	LastSeen string `json:"last_seen"`
}

func newGraphNode(n harrier.SurfaceNode, s harrier.Site) *graphNode {
	g := &graphNode{n.UUID.String(), s.UUID.String(), string(n.Node.Kind), n.Node.Key, instant(n.FirstSeen), instant(n.LastSeen), instant(n.LastSeen)}
	if n.Node.Kind == harrier.NodeRoot {
		g.Name = s.Name
	}
	return g
}

// view is the surface of a scan; nil before the first iteration has completed.
func (q *query) view(ctx context.Context, s harrier.Site) (*survey.View, error) {
	v, err := q.api.Surveys.View(ctx, q.by, s.UUID)
	if err == nil {
		return v, nil
	}
	return nil, unless(harrier.NotFound, err)
}

// rootOf is what the seeds of a scan hang on: without a surface, as it will be.
func rootOf(v *survey.View, s harrier.Site) harrier.SurfaceNode {
	n := harrier.Node{Kind: harrier.NodeRoot}
	if v == nil {
		return harrier.SurfaceNode{UUID: harrier.NamedUUID("root " + s.UUID.String()), Node: n, FirstSeen: s.Created, LastSeen: s.Created}
	}
	return v.Node(n)
}

func (q *query) newScan(ctx context.Context, s harrier.Site, groups []survey.Group, expand []string) (scanRow, error) {
	v := s.Options.Survey
	out := scanRow{
		ID: s.UUID.String(), Name: s.Name, Type: string(v.Kind), Enabled: v.Enabled, Deleted: s.Folder == harrier.Trash, Created: instant(s.Created), Updated: instant(s.Modified),
		Monitor: v.Kind != harrier.SurveyOnce, Words: v.Words, IgnoreIPs: v.IgnoreAddrs, Backports: v.Backports, Seeds: len(v.Seeds),
	}
	if every := survey.Every(s); every != "" {
		out.Schedule = &every
	}
	if out.Monitor && v.Enabled {
		out.Next = maybe(s.NextRun)
	}
	var g survey.Group
	if i := slices.IndexFunc(groups, func(g survey.Group) bool { return g.ID == s.Repository }); i >= 0 {
		g = groups[i]
		out.Group = g.UUID.String()
	}
	var err error
	if out.CreatedBy, err = q.user(ctx, s.Owner); err != nil {
		return out, err
	}
	for _, e := range expand {
		switch e {
		case "node":
			var seen *survey.View
			seen, err = q.view(ctx, s)
			out.Node = newGraphNode(rootOf(seen, s), s)
		case "iteration":
			out.Iteration, err = q.newest(ctx, s)
		case "created_by":
			out.CreatedByUser, err = q.details(ctx, true, s.Owner)
		case "groups":
			out.Groups = &[]struct{}{} // nobody's rights on a scan come from a group of it
		case "roles":
			for _, r := range roles(q.by) {
				if strings.HasPrefix(r, "scans") {
					out.Roles = append(out.Roles, scanRole{out.Group, r})
				}
			}
		case "organisation_id":
			out.Organisation = g.Organization.UUID.String()
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// scanExpand is what lists expand; one scan has more.
var (
	scanExpand    = []string{"node", "iteration", "created_by"}
	oneScanExpand = append(slices.Clone(scanExpand), "groups", "roles", "organisation_id")
)

var scanTypes = []string{string(harrier.SurveyOnce), string(harrier.SurveyOwn), string(harrier.SurveyVendor)}

// filteredScans are the scans that a list or a count is about.
func (a api) filteredScans(ctx context.Context, q *query) ([]harrier.Site, error) {
	group, err := q.uuid("scan_group_id")
	if err != nil {
		return nil, err
	}
	types, err := q.choices("type", scanTypes...)
	if err != nil {
		return nil, err
	}
	disabled, err := q.bool("include_disabled")
	if err != nil {
		return nil, err
	}
	deleted, err := q.bool("include_deleted")
	if err != nil {
		return nil, err
	}
	seeds, err := q.bool("search_seeds")
	if err != nil {
		return nil, err
	}
	switch {
	case group.IsZero():
		return nil, invalid("scan_group_id", "is missing")
	case len(types) == 0:
		return nil, invalid("type", "is missing")
	}
	g, err := a.Surveys.Group(ctx, q.by, group)
	if err != nil {
		return nil, err
	}
	word := strings.ToLower(q.values.Get("search"))
	list, err := a.Surveys.Sites(ctx, q.by)
	return slices.DeleteFunc(list, func(s harrier.Site) bool {
		v := s.Options.Survey
		has := strings.Contains(strings.ToLower(s.Name), word) ||
			seeds && slices.ContainsFunc(v.Seeds, func(o harrier.Seed) bool { return strings.Contains(o.Name, word) })
		return s.Repository != g.ID || !slices.Contains(types, string(v.Kind)) || !v.Enabled && !disabled && s.Folder != harrier.Trash || s.Folder == harrier.Trash && !deleted || !has
	}), err
}

func (a api) listScans(ctx context.Context, q *query) (reply, error) {
	expand, err := q.choices("expand", scanExpand...)
	if err != nil {
		return reply{}, err
	}
	list, err := a.filteredScans(ctx, q)
	if err != nil {
		return reply{}, err
	}
	list, err = page(q, list, order[harrier.Site]{
		"created": byTime(func(s harrier.Site) time.Time { return s.Created }), "updated": byTime(func(s harrier.Site) time.Time { return s.Modified }),
		"name": byText(func(s harrier.Site) string { return strings.ToLower(s.Name) }),
	}, "created", "updated", "name")
	if err != nil {
		return reply{}, err
	}
	groups, err := a.Surveys.Groups(ctx, q.by)
	if err != nil {
		return reply{}, err
	}
	out := []scanRow{}
	for _, s := range list {
		row, err := q.newScan(ctx, s, groups, expand)
		if err != nil {
			return reply{}, err
		}
		out = append(out, row)
	}
	return ok(out), nil
}

type counted struct {
	Count int `json:"count"`
}

func (a api) countScans(ctx context.Context, q *query) (reply, error) {
	list, err := a.filteredScans(ctx, q)
	return ok(counted{len(list)}), err
}

// site is the scan that the path names.
func (q *query) site(ctx context.Context) (harrier.Site, error) {
	id, err := q.id("id")
	if err != nil {
		return harrier.Site{}, err
	}
	return q.api.Surveys.Site(ctx, q.by, id)
}

func (q *query) answerScan(ctx context.Context, s harrier.Site, expand []string) (scanRow, error) {
	groups, err := q.api.Surveys.Groups(ctx, q.by)
	if err != nil {
		return scanRow{}, err
	}
	return q.newScan(ctx, s, groups, expand)
}

func (a api) getScan(ctx context.Context, q *query) (reply, error) {
	expand, err := q.choices("expand", oneScanExpand...)
	if err != nil {
		return reply{}, err
	}
	s, err := q.site(ctx)
	if err != nil {
		return reply{}, err
	}
	out, err := q.answerScan(ctx, s, expand)
	return ok(out), err
}

// scanForm is what a scan is made of, and changed by.
type scanForm struct {
	Name      *string         `json:"name"`
	Group     *string         `json:"scan_group_id"`
	Type      *string         `json:"type"`
	Enabled   *bool           `json:"enabled"`
	Words     *bool           `json:"dns_namelist"`
	IgnoreIPs *bool           `json:"ignore_ip_nodes"`
	Schedule  *string         `json:"calendar_schedule"`
	Backports json.RawMessage `json:"include_br_risks"`
}

// backports reads whose doubtful risks count; nil: it does not say, or null.
func (f scanForm) backports() (map[string]bool, error) {
	if len(f.Backports) == 0 {
		return nil, nil
	}
	var out map[string]bool
	if err := json.Unmarshal(f.Backports, &out); err != nil || len(out) > 100 {
		return nil, invalid("include_br_risks", "is no object of truth values")
	}
	for urn := range out {
		if !strings.HasPrefix(urn, "urn:component:") || len(urn) > 200 {
			return nil, invalid("include_br_risks", "has a name that is no component's")
		}
	}
	return out, nil
}

func (a api) groupOf(ctx context.Context, q *query, id string) (harrier.ID, error) {
	u, err := harrier.ParseUUID(id)
	if err != nil {
		return 0, invalid("scan_group_id", "is no id")
	}
	g, err := a.Surveys.Group(ctx, q.by, u)
	return g.ID, err
}

func (a api) createScan(ctx context.Context, q *query) (reply, error) {
	var in scanForm
	if err := q.body(&in); err != nil {
		return reply{}, err
	}
	if err := needed(member{"name", in.Name}, member{"scan_group_id", in.Group}, member{"type", in.Type}); err != nil {
		return reply{}, err
	}
	group, err := a.groupOf(ctx, q, *in.Group)
	if err != nil {
		return reply{}, err
	}
	backports, err := in.backports()
	if err != nil {
		return reply{}, err
	}
	v := &harrier.Survey{Kind: harrier.SurveyKind(*in.Type), Words: in.Words == nil || *in.Words, IgnoreAddrs: in.IgnoreIPs != nil && *in.IgnoreIPs, Backports: backports}
	s := harrier.Site{Name: *in.Name, Repository: group, Options: harrier.SiteOptions{Survey: v}}
	every := ""
	if in.Schedule != nil {
		every = *in.Schedule
	}
	if err := a.Surveys.Create(ctx, q.by, &s, every); err != nil {
		return reply{}, err
	}
	out, err := q.answerScan(ctx, s, nil)
	return created(out), err
}

func (a api) updateScan(ctx context.Context, q *query) (reply, error) {
	id, err := q.id("id")
	if err != nil {
		return reply{}, err
	}
	var in scanForm
	if err := q.body(&in); err != nil {
		return reply{}, err
	}
	c := survey.Change{Name: in.Name, Enabled: in.Enabled, IgnoreAddrs: in.IgnoreIPs, Every: in.Schedule}
	if len(in.Backports) > 0 {
		b, err := in.backports()
		if err != nil {
			return reply{}, err
		}
		c.Backports = &b
	}
	if in.Group != nil {
		g, err := a.groupOf(ctx, q, *in.Group)
		if err != nil {
			return reply{}, err
		}
		c.Group = &g
	}
	s, err := a.Surveys.Update(ctx, q.by, id, c)
	if err != nil {
		return reply{}, err
	}
	out, err := q.answerScan(ctx, s, nil)
	return ok(out), err
}

func (a api) deleteScan(ctx context.Context, q *query) (reply, error) {
	id, err := q.id("id")
	if err != nil {
		return reply{}, err
	}
	return done, a.Surveys.Delete(ctx, q.by, id)
}

func (a api) rescan(ctx context.Context, q *query) (reply, error) {
	id, err := q.id("id")
	if err != nil {
		return reply{}, err
	}
	_, err = a.Surveys.Rescan(ctx, q.by, id)
	return done, err
}
