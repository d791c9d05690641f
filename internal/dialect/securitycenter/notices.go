package securitycenter

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

func (a api) noticeRoutes(m *router) {
	m.handle("GET /notification", a.listNotifications)
	m.handle("GET /notification/{id}", a.getNotification)
	m.handle("GET /job", a.listJobs)
	m.handle("GET /job/{id}", a.getJob)
	m.handle("POST /job/{id}/kill", a.killJob)
}

// notificationItem is a line that a user finds.
//
// Source: section 24.
type notificationItem struct {
	ID        string   `json:"id"`
	Initiator any      `json:"initiator"`
	Action    string   `json:"action"`
	Type      string   `json:"type"`
	Time      string   `json:"time"`
	Target    ref      `json:"target"`
	Changes   []string `json:"changes"`
	Effects   []string `json:"effects"`
	Status    string   `json:"status"`
	Text      string   `json:"text"`
}

func newNotification(n harrier.Notification) notificationItem {
	return notificationItem{
		ID: sid(n.ID), Initiator: map[string]string{"id": "0", "username": n.By}, Action: n.Action, Type: n.Kind, Time: stime(n.At),
		Target: ref{sid(n.Object), n.Name, ""}, Changes: []string{}, Effects: []string{}, Status: "0", Text: n.Text,
	}
}

// longest is the longest time that notifications are asked for.
const longest = 366 * 24 * time.Hour

// timeframe reads "24h", "7d", "30d" and "all"; a day when it is missing.
func timeframe(text string) (time.Duration, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	switch text {
	case "":
		return 24 * time.Hour, nil
	case "all":
		return longest, nil
	}
	unit, ok := map[byte]time.Duration{'h': time.Hour, 'd': 24 * time.Hour, 'm': time.Minute}[text[len(text)-1]]
	n, err := strconv.Atoi(text[:len(text)-1])
	if !ok || err != nil || n < 0 || n > 1<<16 {
		return 0, fault(codeInvalid, 0, "The timeframe '%s' is invalid (24h, 7d, 30d).", cut(text, 32))
	}
	return min(time.Duration(n)*unit, longest), nil
}

func (a api) listNotifications(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	d, err := timeframe(q.param("timeframe"))
	if err != nil {
		return nil, err
	}
	list, err := a.Alerts.Notifications(ctx, by, a.Now().Add(-d))
	out := []notificationItem{}
	for _, n := range list {
		out = append(out, newNotification(n))
	}
	return pick(out, q.fields(), "id"), err
}

func (a api) getNotification(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	list, err := a.Alerts.Notifications(ctx, by, time.Time{})
	if err != nil {
		return nil, err
	}
	for _, n := range list {
		if n.ID == q.id() {
			return pick(newNotification(n), q.fields(), "id"), nil
		}
	}
	return nil, noObject("Notification", q.path("id"), "get")
}

// jobItem is something that goes on in the background.
//
// Source: section 24.
type jobItem struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	Type         string `json:"type"`
	Status       string `json:"status"`
	Initiator    any    `json:"initiator"`
	Organization any    `json:"organization"`
	Object       string `json:"objectID"`
	Params       string `json:"params"`
	Priority     string `json:"priority"`
	PID          string `json:"pid"`
	Attempt      string `json:"attemptNumber"`
	Dependent    string `json:"dependentJobID"`
	ErrorCode    string `json:"errorCode"`
	Immediate    string `json:"immediateJob"`
	Start        string `json:"startTime"`
	Targeted     string `json:"targetedTime"`

	scan, report harrier.ID // that it is about; 0: none
}

// The last digit of a job's id says what it is.
const (
	scanJob    = 1
	messageJob = 2
	reportJob  = 3
	updateJob  = 4
)

// jobs are the scans that go on, the reports that are made and, for those who
// operate the console, the fetching of content and the messages that wait to be
// delivered.
func (a api) jobs(ctx context.Context, by harrier.Actor) ([]jobItem, error) {
	person, err := a.personRefs(ctx)
	if err != nil {
		return nil, err
	}
	scans, err := a.Scans.Active(ctx, by)
	if err != nil {
		return nil, err
	}
	out := []jobItem{}
	item := func(id harrier.ID, kind int) jobItem {
		return jobItem{
			ID: sid(id*10 + harrier.ID(kind)), Object: sid(id), Priority: "50", PID: "-1", Attempt: "1", Dependent: "-1", ErrorCode: "0",
			Immediate: sbool(true), Organization: noRef,
		}
	}
	for _, s := range scans {
		j := item(s.ID, scanJob)
		j.Name, j.Type, j.Status, j.Initiator, j.scan = s.Name, "scan", "running", person(s.Owner), s.ID
		if s.Status == harrier.ScanQueued {
			j.Status = "waiting"
		}
		j.Start, j.Targeted = stime(s.Started), stime(s.Created)
		out = append(out, j)
	}
	reports, err := a.Reports.Reports(ctx, by)
	if err != nil {
		return nil, err
	}
	for _, r := range reports {
		if r.Status.Ended() {
			continue
		}
		j := item(r.ID, reportJob)
		j.Name, j.Type, j.Status, j.Initiator, j.report = r.Title, "report", "running", person(r.Owner), r.ID
		if r.Status == harrier.ReportQueued {
			j.Status = "waiting"
		}
		j.Start, j.Targeted = stime(r.Started), stime(r.Created)
		out = append(out, j)
	}
	if !by.May(harrier.OperateConsole) {
		return out, nil
	}
	if a.Updating != nil {
		if since := a.Updating(); !since.IsZero() {
			j := item(0, updateJob)
			j.Name, j.Type, j.Status, j.Initiator = "Feed update", "updateFeed", "running", person(0)
			j.Start, j.Targeted = stime(since), stime(since)
			out = append(out, j)
		}
	}
	waiting, err := a.Alerts.Outbox(ctx, by)
	for _, d := range waiting {
		if d.State != harrier.DeliveryWaits {
			continue
		}
		j := item(d.ID, messageJob)
		j.Name, j.Type, j.Status, j.Initiator, j.Immediate = "Message about "+d.About, string(d.Channel), "waiting", person(d.Owner), sbool(false)
		j.Start, j.Targeted, j.Attempt = "-1", stime(d.Next), sid(d.Tries+1)
		if d.Error != "" {
			j.ErrorCode = "1"
		}
		out = append(out, j)
	}
	return out, err
}

func (a api) listJobs(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	list, err := a.jobs(ctx, by)
	return pick(orEmpty(list), q.fields(), "id"), err
}

func (a api) oneJob(ctx context.Context, by harrier.Actor, q *query, verb string) (jobItem, error) {
	list, err := a.jobs(ctx, by)
	if err != nil {
		return jobItem{}, err
	}
	for _, j := range list {
		if j.ID == sid(q.id()) {
			return j, nil
		}
	}
	return jobItem{}, noObject("Job", q.path("id"), verb)
}

func (a api) getJob(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	j, err := a.oneJob(ctx, by, q, "get")
	if err != nil {
		return nil, err
	}
	return pick(j, q.fields(), "id"), nil
}

// killJob stops a scan or a report. Messages are not recalled, and what is being
// fetched is fetched to its end.
func (a api) killJob(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	j, err := a.oneJob(ctx, by, q, "kill")
	switch {
	case err != nil:
		return nil, err
	case j.report != 0:
		return nil, a.Reports.Stop(ctx, by, j.report)
	case j.scan == 0:
		return nil, fault(codeInvalid, 0, "Job #%s can not be killed.", q.path("id"))
	}
	return nil, a.Scans.Command(ctx, by, j.scan, harrier.Stop)
}
