package asm

import (
	"context"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/survey"
)

type riskCounts struct {
	Info     int `json:"info"`
	Low      int `json:"low"`
	Medium   int `json:"medium"`
	High     int `json:"high"`
	Critical int `json:"critical"`
}

func newRiskCounts(c harrier.Counts) riskCounts {
	return riskCounts{c[harrier.Info], c[harrier.Low], c[harrier.Medium], c[harrier.High], c[harrier.Critical]}
}

type riskRow struct {
	Link        string   `json:"link_id"`
	Kind        string   `json:"risk_node_id"`
	URN         string   `json:"urn"`
	AssetType   string   `json:"asset_type"`
	AssetName   string   `json:"asset_name"`
	AssetNode   string   `json:"asset_node_id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Remediation string   `json:"remediation"`
	Severity    string   `json:"severity"`
	Exploited   bool     `json:"has_known_exploit"`
	Backport    bool     `json:"is_br_risk"`
	Category    string   `json:"category"`
	Tags        []string `json:"tags"`
	EPSS        *float64 `json:"epss_score,omitempty"`
	Percentile  *float64 `json:"epss_percentile,omitempty"`
	Created     string   `json:"created"`
	LastSeen    string   `json:"last_seen"`
}

func newRisk(v *survey.View, k survey.Risk) riskRow {
	d := k.Vulnerability
	out := riskRow{
		Link: k.Link.String(), Kind: k.Kind.String(), URN: k.URN, AssetType: string(k.Node.Kind), AssetName: k.Node.Key, AssetNode: v.Node(k.Node).UUID.String(),
		Name: d.Name, Description: d.Description, Remediation: d.Solution, Severity: k.Severity.String(), Exploited: d.Exploited || d.Exploit, Backport: k.Backport,
		Category: k.Category, Tags: append([]string{}, d.CVEs...), Created: instant(k.FirstSeen()), LastSeen: instant(k.LastSeen()),
	}
	if len(d.CVEs) > 0 && d.EPSS > 0 {
		out.EPSS, out.Percentile = &d.EPSS, &d.EPSSPercentile
	}
	return out
}

// chosenRisks says which open risks are asked for.
func (a api) chosenRisks(ctx context.Context, q *query) (v *survey.View, p survey.RiskPage, err error) {
	if p.Links, err = q.uuids("link_ids"); err != nil {
		return nil, p, err
	}
	if p.Kinds, err = q.uuids("risk_node_ids"); err != nil {
		return nil, p, err
	}
	id, err := q.id("id")
	if err != nil {
		return nil, p, err
	}
	v, err = a.Surveys.View(ctx, q.by, id)
	return v, p, err
}

func (a api) countRisks(ctx context.Context, q *query) (reply, error) {
	v, p, err := a.chosenRisks(ctx, q)
	if err != nil {
		return reply{}, err
	}
	n, err := a.Surveys.CountRisks(ctx, q.by, v, p)
	return ok(counted{n}), err
}

func (a api) listRisks(ctx context.Context, q *query) (reply, error) {
	if err := q.lang(); err != nil {
		return reply{}, err
	}
	at, err := q.part("created", "last_seen")
	if err != nil {
		return reply{}, err
	}
	v, p, err := a.chosenRisks(ctx, q)
	if err != nil {
		return reply{}, err
	}
	p.Limit, p.Offset, p.Desc, p.ByLastSeen = at.limit, at.offset, at.desc, at.column == "last_seen"
	list, err := a.Surveys.RiskPage(ctx, q.by, v, p)
	return ok(made(list, func(k survey.Risk) riskRow { return newRisk(v, k) })), err
}

type action struct {
	ID           string       `json:"id"`
	Scan         string       `json:"scan_id"`
	Node         string       `json:"node_id"`
	Rule         string       `json:"rule"`
	State        string       `json:"state"`
	Created      string       `json:"created"`
	Modified     string       `json:"modified"`
	Resolved     *string      `json:"resolved_at"`
	Asset        string       `json:"asset_id"`
	AssetType    string       `json:"asset_type"`
	AssetName    string       `json:"asset_name"`
	Name         string       `json:"name"`
	Description  string       `json:"description"`
	Remediation  string       `json:"remediation"`
	Note         string       `json:"note"`
	Secondary    bool         `json:"is_secondary"`
	OutOfScope   bool         `json:"out_of_scope"`
	Assignee     *userDetails `json:"assignee_user,omitempty"`
	ModifiedBy   *userDetails `json:"modified_by_user,omitempty"`
	NoteBy       *userDetails `json:"note_modified_by_user,omitempty"`
	LinkIDs      *[]string    `json:"link_ids,omitempty"`
	Links        *[]linkEnds  `json:"links,omitempty"`
	TargetObject *host        `json:"target,omitempty"`
}

type linkEnds struct {
	From *host `json:"link_from,omitempty"`
	To   *host `json:"link_to,omitempty"`
}

// ticketStates are the states of an action whose ticket has one.
var ticketStates = map[harrier.TicketStatus]string{
	harrier.TicketAssigned: "prioritised", harrier.TicketMore: "in_progress", harrier.TicketResolved: "done", harrier.TicketNotApplicable: "done",
	harrier.TicketDuplicate: "done", harrier.TicketClosed: "done",
}

var actionExpand = []string{"assignee_user", "modified_by", "note_modified_by", "links", "link_ids", "link_from", "link_to", "target"}

func (q *query) newAction(ctx context.Context, x survey.Action, expand []string) (action, error) {
	k := x.Risks[0]
	out := action{
		ID: x.UUID.String(), Scan: x.Site.UUID.String(), Node: x.Node.UUID.String(), Rule: k.URN, State: "unplanned", Created: instant(x.Created), Modified: instant(x.Modified),
		Resolved: maybe(x.Resolved), Asset: x.Node.UUID.String(), AssetType: string(x.Node.Node.Kind), AssetName: x.Node.Node.Key, Name: k.Vulnerability.Name,
		Description: k.Vulnerability.Description, Remediation: k.Vulnerability.Solution, Note: x.Ticket.Notes, Secondary: !x.Own, OutOfScope: !x.Own,
	}
	if x.Ticket.ID != 0 {
		out.State = ticketStates[x.Ticket.Status]
	}
	if !x.Resolved.IsZero() {
		out.State = "resolved"
	}
	node := host{out.Node, out.AssetType, out.AssetName}
	var err error
	for _, e := range expand {
		switch e {
		case "assignee_user":
			out.Assignee, err = q.details(ctx, x.Ticket.ID != 0, x.Ticket.Assignee)
		case "modified_by":
			out.ModifiedBy, err = q.details(ctx, x.Ticket.ID != 0, x.Ticket.Owner)
		case "note_modified_by":
			out.NoteBy, err = q.details(ctx, x.Ticket.Notes != "", x.Ticket.Owner)
		case "link_ids":
			ids := append([]string{}, made(x.Open(), func(k survey.Risk) string { return k.Link.String() })...)
			out.LinkIDs = &ids
		case "links", "link_from", "link_to":
			links := []linkEnds{}
			for _, k := range x.Open() {
				var l linkEnds
				if e == "links" || slices.Contains(expand, "link_from") {
					l.From = &node
				}
				if e == "links" || slices.Contains(expand, "link_to") {
					l.To = &host{k.Kind.String(), "Risk", k.URN}
				}
				links = append(links, l)
			}
			out.Links = &links
		case "target":
			out.TargetObject = &node
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

func (a api) listActions(ctx context.Context, q *query) (reply, error) {
	expand, err := q.choices("expand", actionExpand...)
	if err != nil {
		return reply{}, err
	}
	for _, name := range []string{"include_secondary", "include_out_of_scope"} { // what is secondary has no risks
		if _, err := q.bool(name); err != nil {
			return reply{}, err
		}
	}
	scan, err := q.uuid("scan_id")
	if err != nil {
		return reply{}, err
	}
	group, err := q.uuid("scan_group_id")
	if err != nil {
		return reply{}, err
	}
	if err := q.lang(); err != nil {
		return reply{}, err
	}
	if scan.IsZero() == group.IsZero() {
		return reply{}, invalid("scan_id", "one of scan_id and scan_group_id is needed")
	}
	var sites []harrier.Site
	if !scan.IsZero() {
		s, err := a.Surveys.Site(ctx, q.by, scan)
		if err != nil {
			return reply{}, err
		}
		sites = []harrier.Site{s}
	} else {
		g, err := a.Surveys.Group(ctx, q.by, group)
		if err != nil {
			return reply{}, err
		}
		if sites, err = a.Surveys.Sites(ctx, q.by); err != nil {
			return reply{}, err
		}
		sites = slices.DeleteFunc(sites, func(s harrier.Site) bool { return s.Repository != g.ID || s.Folder == harrier.Trash })
	}
	list := []survey.Action{}
	for _, s := range sites {
		of, err := a.Surveys.Actions(ctx, q.by, s)
		if err != nil && harrier.KindOf(err) != harrier.NotFound { // nothing is known of it yet
			return reply{}, err
		}
		list = append(list, of...)
	}
	if list, err = page(q, list, order[survey.Action]{
		"created":  byTime(func(x survey.Action) time.Time { return x.Created }),
		"modified": byTime(func(x survey.Action) time.Time { return x.Modified }),
	}, "created", "modified"); err != nil {
		return reply{}, err
	}
	out := []action{}
	for _, x := range list {
		row, err := q.newAction(ctx, x, expand)
		if err != nil {
			return reply{}, err
		}
		out = append(out, row)
	}
	return ok(out), nil
}

func (a api) getAction(ctx context.Context, q *query) (reply, error) {
	expand, err := q.choices("expand", actionExpand...)
	if err != nil {
		return reply{}, err
	}
	if err := q.lang(); err != nil {
		return reply{}, err
	}
	id, err := q.id("id")
	if err != nil {
		return reply{}, err
	}
	x, err := a.Surveys.Action(ctx, q.by, id)
	if err != nil {
		return reply{}, err
	}
	out, err := q.newAction(ctx, x, expand)
	return ok(out), err
}

func (a api) listActionRisks(ctx context.Context, q *query) (reply, error) {
	if err := q.lang(); err != nil {
		return reply{}, err
	}
	id, err := q.id("id")
	if err != nil {
		return reply{}, err
	}
	x, err := a.Surveys.Action(ctx, q.by, id)
	if err != nil {
		return reply{}, err
	}
	v, err := a.Surveys.View(ctx, q.by, x.Site.UUID)
	if err != nil {
		return reply{}, err
	}
	list, err := page(q, x.Open(), order[survey.Risk]{
		"created":  byTime(func(k survey.Risk) time.Time { return k.FirstSeen() }),
		"modified": byTime(func(k survey.Risk) time.Time { return k.LastSeen() }),
	}, "created", "modified")
	return ok(made(list, func(k survey.Risk) riskRow { return newRisk(v, k) })), err
}
