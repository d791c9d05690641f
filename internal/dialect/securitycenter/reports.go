package securitycenter

import (
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

func (a api) reportRoutes(m *router) {
	a.reportDefinitionRoutes(m)
	m.handle("GET /report", a.listReports)
	m.handle("GET /report/{id}", a.getReport)
	m.handle("DELETE /report/{id}", a.deleteReport)
	m.handle("GET /report/{id}/download", a.downloadReport)
	m.handle("POST /report/{id}/download", a.downloadReport)
	m.handle("POST /report/{id}/copy", a.copyReport)
	m.handle("POST /report/{id}/stop", a.stopReport)
	m.handle("POST /report/{id}/email", a.emailReport)
	for _, verb := range []string{"send", "publish"} {
		m.handle("POST /report/{id}/"+verb, func(ctx context.Context, by harrier.Actor, q *query) (any, error) {
			if _, err := a.report(ctx, by, q, verb); err != nil {
				return nil, err
			}
			return nil, fault(codeInvalid, 0, "There are no publishing sites on this server: fetch the report or have it sent by mail.")
		})
	}
}

const reportNoun = "Report Result"

// reportItem is a report.
//
// Source: securitycenter-api.md, section 23.2.
type reportItem struct {
	ID          string  `json:"id"`
	CreatorID   string  `json:"creatorID"`
	OwnerID     string  `json:"ownerID"`
	Definition  string  `json:"reportDefinitionID"` // "-1": of none
	Job         string  `json:"jobID"`
	Name        string  `json:"name"`
	Description string  `json:"description"`
	Type        string  `json:"type"`
	DisplayType string  `json:"displayType"`
	Status      string  `json:"status"`
	Running     string  `json:"running"`
	Error       string  `json:"errorDetails"`
	Steps       string  `json:"totalSteps"`
	Done        string  `json:"completedSteps"`
	Start       string  `json:"startTime"`
	Finish      string  `json:"finishTime"`
	GroupID     string  `json:"ownerGID"`
	Sites       []ref   `json:"pubSites"`
	Logs        []ref   `json:"txLogs"`
	Creator     userRef `json:"creator"`
	Owner       userRef `json:"owner"`
	OwnerGroup  ref     `json:"ownerGroup"`
	CanUse      string  `json:"canUse"`
	CanManage   string  `json:"canManage"`
}

// reportShown are the default members of lists.
var reportShown = []string{"id", "name", "type", "status", "startTime", "finishTime"}

// reportWords are the states of reports in this API.
var reportWords = map[harrier.ReportStatus]string{
	harrier.ReportQueued: "Queued", harrier.ReportRunning: "Running", harrier.ReportStopping: "Stopping", harrier.ReportStopped: "Stopped",
	harrier.ReportReady: "Completed", harrier.ReportFailed: "Error",
}

func newReport(p *people, groups *groups, by harrier.Actor, r harrier.Report) reportItem {
	owner := p.ref(r.Owner)
	item := reportItem{
		ID: sid(r.ID), CreatorID: sid(r.Owner), OwnerID: sid(r.Owner), Definition: "-1", Job: sid(r.ID), Name: r.Title, Type: r.Format, DisplayType: strings.ToUpper(r.Format),
		Status: reportWords[r.Status], Running: sbool(!r.Status.Ended()), Error: r.Error, Steps: sid(r.Steps), Done: sid(r.Done), Start: stime(r.Started), Finish: stime(r.Ended),
		GroupID: "0", Sites: []ref{}, Logs: []ref{}, Creator: owner, Owner: owner, OwnerGroup: groups.owner(r.Owner), CanUse: sbool(true), CanManage: sbool(by.LevelOn(r.Owner, nil) >= harrier.Owns),
	}
	if r.Definition != 0 {
		item.Definition = sid(r.Definition)
	}
	if r.Status == harrier.ReportQueued {
		item.Steps = "-1"
	}
	return item
}

func (a api) listReports(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	from, err := q.number("startTime", 0)
	if err != nil {
		return nil, err
	}
	to, err := q.number("endTime", 0)
	if err != nil {
		return nil, err
	}
	list, err := a.Reports.Reports(ctx, by)
	if err != nil {
		return nil, err
	}
	p, groups := a.people(ctx), a.groups(ctx, by)
	var usable, manageable []reportItem
	for _, r := range list {
		at, item := r.Created.Unix(), newReport(p, groups, by, r)
		if from > 0 && at < from || to > 0 && at > to {
			continue
		}
		if name := q.param("name"); !strings.Contains(strings.ToLower(item.Name), strings.ToLower(name)) {
			continue
		}
		if owner := q.param("owner"); owner != "" && !strings.EqualFold(owner, item.Owner.Username) && owner != item.OwnerID {
			continue
		}
		if want := q.param("status"); want != "" && !strings.EqualFold(want, item.Status) {
			continue
		}
		if q.filter("completed") && r.Status != harrier.ReportReady || q.filter("running") && r.Status.Ended() {
			continue
		}
		if usable = append(usable, item); item.CanManage == "true" {
			manageable = append(manageable, item)
		}
	}
	return lists(by, q, usable, manageable, q.fields(reportShown...), "id")
}

func (a api) report(ctx context.Context, by harrier.Actor, q *query, verb string) (harrier.Report, error) {
	r, err := a.Reports.Report(ctx, by, q.id())
	return r, missing(err, reportNoun, q.path("id"), verb)
}

func (a api) getReport(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	r, err := a.report(ctx, by, q, "get")
	return pick(newReport(a.people(ctx), a.groups(ctx, by), by, r), q.fields(), "id"), err
}

func (a api) deleteReport(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	return nil, missing(a.Reports.Delete(ctx, by, q.id()), reportNoun, q.path("id"), "delete")
}

func (a api) stopReport(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	if err := a.Reports.Stop(ctx, by, q.id()); err != nil {
		return nil, missing(err, reportNoun, q.path("id"), "stop")
	}
	return a.getReport(ctx, by, q)
}

// downloadReport answers the file with its own content type. What the request
// says of a format is ignored.
func (a api) downloadReport(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	r, err := a.report(ctx, by, q, "download")
	switch {
	case err != nil:
		return nil, err
	case !r.Status.Ended():
		return nil, fault(codeInvalid, 0, "Unable to download Report Result #%d.\nIt is not finished.", r.ID)
	}
	body, size, err := a.Reports.Open(ctx, r)
	if err != nil {
		return nil, missing(err, reportNoun, q.path("id"), "download")
	}
	f := kit.File{Name: r.Name, Size: size, Body: body}
	for _, shape := range a.Reports.Shapes() {
		if shape.Name == r.Format {
			f.Type = shape.MIME
		}
	}
	return f, nil
}

func (a api) copyReport(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	r, err := a.Reports.Copy(ctx, by, q.id(), q.param("name"))
	if err != nil {
		return nil, missing(err, reportNoun, q.path("id"), "copy")
	}
	return pick(newReport(a.people(ctx), a.groups(ctx, by), by, r), q.fields(), "id"), nil
}

// emailReport sends a finished report to users and addresses.
func (a api) emailReport(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	if _, err := a.report(ctx, by, q, "email"); err != nil {
		return nil, err
	}
	targets := q.param("emailTargets")
	if targets == "" {
		targets = q.param("emailList")
	}
	users := q.keys["users"]
	if len(users) == 0 {
		users = q.keys["emailUsers"]
	}
	to, err := a.recipients(ctx, by, targets, users)
	if err != nil {
		return nil, err
	}
	return nil, a.Reports.Email(ctx, by, q.id(), to)
}
