package asm

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/survey"
)

type iteration struct {
	ID            string         `json:"id"`
	Scan          string         `json:"scan_id"`
	State         string         `json:"state"`
	Created       string         `json:"created"`
	Updated       string         `json:"updated"`
	Started       string         `json:"started"`
	Completed     *string        `json:"completed"`
	CompletedTime *string        `json:"completed_time"`
	Limited       bool           `json:"limited"`
	Scores        *scores        `json:"scores"`
	Issues        *riskCounts    `json:"issues"`
	Stats         *stats         `json:"stats"`
	Insights      map[string]any `json:"insights"`
	Merged        string         `json:"merged"`
}

type scores struct {
	Overall    int            `json:"overall"`
	ByCategory map[string]int `json:"by_category"`
}

type stats struct {
	Nodes struct {
		Added   int `json:"added"`
		Removed int `json:"removed"`
	} `json:"nodes"`
	ByLabel []labelStats `json:"nodesByLabel"`
}

type labelStats struct {
	Label   string `json:"label"`
	Added   int    `json:"added"`
	InScope int    `json:"inScope"`
	Removed int    `json:"removed"`
}

// state is where an iteration stands; folding: it only has to sum up.
//
// Source: section 4.6.
func state(sc harrier.Scan, folding bool) string {
	switch sc.Status {
	case harrier.ScanQueued:
		return "queued"
	case harrier.ScanCompleted:
		return "completed"
	case harrier.ScanStopped:
		if strings.Contains(sc.Reason, "reached its time limit") { // as the scan's room says
			return "timed_out"
		}
		return "failed"
	case harrier.ScanAborted, harrier.ScanImported:
		return "failed"
	case harrier.ScanRunning, harrier.ScanPausing, harrier.ScanPaused, harrier.ScanResuming, harrier.ScanStopping:
	}
	if folding {
		return "post_processing"
	}
	return "in_progress"
}

func (q *query) newIteration(ctx context.Context, s harrier.Site, sc harrier.Scan, v *survey.View, risks []survey.Risk) (iteration, error) {
	folding, err := q.api.Surveys.Folding(ctx, sc)
	if err != nil {
		return iteration{}, err
	}
	out := iteration{
		ID: sc.UUID.String(), Scan: s.UUID.String(), State: state(sc, folding), Created: instant(sc.Created), Updated: instant(sc.Modified),
		Started: instant(sc.Created), Completed: maybe(sc.Ended), CompletedTime: maybe(sc.Ended), Merged: "false",
	}
	if !sc.Started.IsZero() {
		out.Started = instant(sc.Started)
	}
	switch {
	case out.State == "failed" && sc.Status == harrier.ScanStopped:
		out.Insights = map[string]any{"reason": "stopped"}
	case sc.Reason != "":
		out.Insights = map[string]any{"reason": sc.Reason}
	}
	if v == nil || sc.Status != harrier.ScanCompleted {
		return out, nil
	}
	out.Limited = sc.ID == v.Scan.ID && v.Limited()
	h := v.HealthAt(risks, sc)
	counts := newRiskCounts(h.Issues)
	out.Scores, out.Issues, out.Stats = &scores{h.Overall, h.Category}, &counts, newStats(v.Stats(sc.ID))
	return out, nil
}

func newStats(s survey.Stats) *stats {
	out := &stats{ByLabel: []labelStats{}}
	labels := map[harrier.NodeKind]bool{}
	for _, m := range []map[harrier.NodeKind]int{s.Added, s.Removed, s.InScope} {
		for k := range m {
			labels[k] = true
		}
	}
	for k := range labels {
		out.ByLabel = append(out.ByLabel, labelStats{string(k), s.Added[k], s.InScope[k], s.Removed[k]})
		out.Nodes.Added += s.Added[k]
		out.Nodes.Removed += s.Removed[k]
	}
	slices.SortFunc(out.ByLabel, func(a, b labelStats) int { return strings.Compare(a.Label, b.Label) })
	return out
}

// sums is what iterations are told by: nothing before one has completed, and no
// risks for those who may not see findings.
func (q *query) sums(ctx context.Context, s harrier.Site) (*survey.View, []survey.Risk, error) {
	v, err := q.view(ctx, s)
	if v == nil || err != nil {
		return nil, nil, err
	}
	risks, err := q.api.Surveys.History(ctx, q.by, v)
	return v, risks, unless(harrier.Forbidden, err)
}

// newest is the newest iteration of a scan; nil: there is none.
func (q *query) newest(ctx context.Context, s harrier.Site) (*iteration, error) {
	list, err := q.api.Surveys.Iterations(ctx, q.by, s)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	v, risks, err := q.sums(ctx, s)
	if err != nil {
		return nil, err
	}
	out, err := q.newIteration(ctx, s, list[len(list)-1], v, risks)
	return &out, err
}

func (a api) listIterations(ctx context.Context, q *query) (reply, error) {
	s, err := q.site(ctx)
	if err != nil {
		return reply{}, err
	}
	list, err := a.Surveys.Iterations(ctx, q.by, s)
	if err != nil {
		return reply{}, err
	}
	if list, err = page(q, list, order[harrier.Scan]{"created": byTime(func(sc harrier.Scan) time.Time { return sc.Created })}, "created"); err != nil {
		return reply{}, err
	}
	v, risks, err := q.sums(ctx, s)
	if err != nil {
		return reply{}, err
	}
	out := []iteration{}
	for _, sc := range list {
		row, err := q.newIteration(ctx, s, sc, v, risks)
		if err != nil {
			return reply{}, err
		}
		out = append(out, row)
	}
	return ok(out), nil
}

type progress struct {
	Idle       int `json:"idle"`
	Queued     int `json:"queued"`
	InProgress int `json:"in_progress"`
	Done       int `json:"done"`
	Failed     int `json:"failed"`
	Error      int `json:"error"`
	Total      int `json:"total"`
	Complete   int `json:"complete"`
	Errors     int `json:"errors"`
}

func (a api) getProgress(ctx context.Context, q *query) (reply, error) {
	s, err := q.site(ctx)
	if err != nil {
		return reply{}, err
	}
	id, err := q.id("iteration")
	if err != nil {
		return reply{}, err
	}
	p, err := a.Surveys.Progress(ctx, q.by, s, id)
	return ok(progress{
		Idle: p.Idle, Queued: p.Queued, InProgress: p.Running, Done: p.Done, Failed: p.Failed, Total: p.Idle + p.Queued + p.Running + p.Done + p.Failed,
		Complete: p.Done + p.Failed, Errors: p.Failed,
	}), err
}

func (a api) getScreenshot(ctx context.Context, q *query) (reply, error) {
	s, err := q.site(ctx)
	if err != nil {
		return reply{}, err
	}
	id, err := q.id("screenshot")
	if err != nil {
		return reply{}, err
	}
	webp, err := a.Surveys.Screenshot(ctx, q.by, s.UUID, id)
	return reply{raw: webp, kind: "image/webp"}, err
}

type changeEnd struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Key     string `json:"key"`
	Display string `json:"display_name"`
}

type linkChange struct {
	ID             string    `json:"id"`
	Type           string    `json:"link_type"`
	AddedIn        string    `json:"added_in"`
	RemovedIn      *string   `json:"removed_in"`
	From           changeEnd `json:"from"`
	To             changeEnd `json:"to"`
	Severity       *string   `json:"risk_severity,omitempty"`
	SeverityNumber *int      `json:"risk_severity_number,omitempty"`
}

type comparison struct {
	From       string   `json:"iteration_from"`
	To         string   `json:"iteration_to"`
	Iterations []string `json:"iteration_ids"`
}

type linkChanges struct {
	Comparison comparison   `json:"comparison"`
	Added      []linkChange `json:"added"`
	Removed    []linkChange `json:"removed"`
}

// The types of links and nodes.
//
// Source: section 4.10.
var (
	linkTypes = strings.Fields(`ASSIGNED CHILD CLOUD DNS_A DNS_AAAA DNS_CNAME DNS_MX_DOMAIN DNS_MX_IP DNS_NS DNS_PTR HOSTS HOSTS_CERTIFICATE RISK LOCATED LINKS PROVIDES
		REDIRECT REFERENCED REFERS ROUTED SEED SPF_IP SPF_DOMAIN SPF_RANGE SPF_REDIRECT SUBSET USES_ASSET USES_CERTIFICATE USES_CLOUD_ASSET USES_COMPONENT WITHIN`)
	nodeTypes = strings.Fields(`Scan IPv4 IPv6 IPRange Domain Country Service Risk Certificate Component Registrant URL Entity CloudRegion CloudAsset ASN Asset`)
)

func newLinkChange(s harrier.Site, c survey.LinkChange) linkChange {
	end := func(n harrier.SurfaceNode) changeEnd {
		e := changeEnd{n.UUID.String(), string(n.Node.Kind), n.Node.Key, n.Node.Key}
		if n.Node.Kind == harrier.NodeRoot {
			e.Key, e.Display = s.UUID.String(), s.Name
		}
		return e
	}
	out := linkChange{ID: c.ID.String(), Type: string(c.Link), AddedIn: c.AddedIn.String(), From: end(c.From), To: end(c.To)}
	if !c.RemovedIn.IsZero() {
		id := c.RemovedIn.String()
		out.RemovedIn = &id
	}
	if c.Risk != nil {
		name, n := c.Risk.Severity.String(), int(c.Risk.Severity)
		out.To.Display, out.Severity, out.SeverityNumber = c.Risk.Vulnerability.Name, &name, &n
	}
	return out
}

func (a api) listLinkChanges(ctx context.Context, q *query) (reply, error) {
	links, err1 := q.choices("link_type", linkTypes...)
	from, err2 := q.choices("from_type", nodeTypes...)
	to, err3 := q.choices("to_type", nodeTypes...)
	severities, err4 := q.choices("risk_severity_number", "0", "1", "2", "3", "4")
	transient, err5 := q.bool("include_transient")
	first, err6 := q.uuid("from_iteration")
	second, err7 := q.uuid("to_iteration")
	last, err8 := q.number("last_iterations", 0, 1, 1000)
	if err := cmp.Or(err1, err2, err3, err4, err5, err6, err7, err8, q.lang()); err != nil {
		return reply{}, err
	}
	if last > 0 && !first.IsZero() {
		return reply{}, invalid("last_iterations", "from_iteration says already where to begin")
	}
	s, err := q.site(ctx)
	if err != nil {
		return reply{}, err
	}
	v, err := a.Surveys.View(ctx, q.by, s.UUID)
	if err != nil {
		return reply{}, err
	}
	c, err := a.Surveys.LinkChanges(ctx, q.by, v, survey.Window{From: first, To: second, Last: last, Transient: transient})
	if err != nil {
		return reply{}, err
	}
	wanted := func(list []survey.LinkChange) []linkChange {
		out := []linkChange{}
		for _, l := range list {
			row := newLinkChange(s, l)
			if among(links, row.Type) && among(from, row.From.Type) && among(to, row.To.Type) &&
				(len(severities) == 0 || row.SeverityNumber != nil && among(severities, fmt.Sprint(*row.SeverityNumber))) {
				out = append(out, row)
			}
		}
		return out
	}
	return ok(linkChanges{
		comparison{c.From.String(), c.To.String(), append([]string{}, made(c.Iterations, harrier.UUID.String)...)}, wanted(c.Added), wanted(c.Removed),
	}), nil
}

func among(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }
