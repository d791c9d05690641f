package asm

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// validFor is how long a download may begin.
//
// Source: section 4.12.
const validFor = 60 * time.Second

// reportTypes are the formats of reports by the types that clients name.
var reportTypes = map[string]string{"summary": "pdf", "excel_summary": "xlsx"}

// Options by which a report is known as one of this API.
const (
	optionType = "asm.type"
	optionName = "asm.name"
)

type report struct {
	ID        string  `json:"id"`
	Scan      string  `json:"scan_id"`
	ScanName  string  `json:"scan_name"`
	Iteration string  `json:"iteration_id"`
	State     string  `json:"state"`
	Type      string  `json:"type"`
	Display   string  `json:"display_name"`
	File      string  `json:"file_name,omitempty"`
	Created   string  `json:"created"`
	Updated   string  `json:"updated"`
	Download  *string `json:"download_url,omitempty"`
	Manage    bool    `json:"can_manage"`
}

var reportStates = map[harrier.ReportStatus]string{
	harrier.ReportQueued: "pending", harrier.ReportRunning: "in_progress", harrier.ReportStopping: "in_progress", harrier.ReportReady: "done",
	harrier.ReportStopped: "failed", harrier.ReportFailed: "failed",
}

// surveyReport is a report with the scan and the iteration that it is about.
type surveyReport struct {
	harrier.Report
	site harrier.Site
	scan harrier.Scan
}

func (q *query) newReport(r surveyReport) report {
	out := report{
		ID: r.UUID.String(), Scan: r.site.UUID.String(), ScanName: r.site.Name, Iteration: r.scan.UUID.String(), State: reportStates[r.Status], Type: r.Options[optionType],
		Display: r.Options[optionName], Created: instant(r.Created), Updated: instant(r.Created), Manage: q.by.LevelOn(r.Owner, nil) >= harrier.Owns,
	}
	if !r.Ended.IsZero() {
		out.Updated = instant(r.Ended)
	}
	if r.Status == harrier.ReportReady {
		out.File = r.Name
	}
	return out
}

// surveyReports lists the reports that who asks may see, and whose scan they may.
func (a api) surveyReports(ctx context.Context, q *query) ([]surveyReport, error) {
	all, err := a.Reports.Reports(ctx, q.by)
	if err != nil {
		return nil, err
	}
	sites, err := a.Surveys.Sites(ctx, q.by)
	if err != nil {
		return nil, err
	}
	var out []surveyReport
	for _, r := range all {
		if r.Options[optionType] == "" {
			continue
		}
		sc, err := a.Scans.Scan(ctx, q.by, r.Scan)
		if harrier.KindOf(err) == harrier.NotFound && err != nil {
			continue
		}
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(sites, func(s harrier.Site) bool { return s.ID == sc.Site }); i >= 0 {
			out = append(out, surveyReport{r, sites[i], sc})
		}
	}
	return out, nil
}

type reportForm struct {
	Type      *string `json:"type"`
	Scan      *string `json:"scan_id"`
	Name      *string `json:"name"`
	Zone      *string `json:"time_zone"`
	Mail      bool    `json:"send_email"`
	Executive string  `json:"executive_summary"`
	Branded   bool    `json:"branded"`
	Window    struct {
		From *string `json:"from"`
		To   *string `json:"to"`
	} `json:"time_selection"`

	from, to time.Time // of Window; zero: without that end
}

// check says what is wrong with a form.
func (f *reportForm) check() error {
	if err := needed(member{"type", f.Type}, member{"scan_id", f.Scan}, member{"name", f.Name}); err != nil {
		return err
	}
	for text, to := range map[*string]*time.Time{f.Window.From: &f.from, f.Window.To: &f.to} {
		if text == nil {
			continue
		}
		var err error
		if *to, err = time.Parse(time.RFC3339, *text); err != nil {
			return invalid("time_selection", "has a time that is none of RFC 3339")
		}
	}
	switch {
	case reportTypes[*f.Type] == "":
		return invalid("type", "is neither summary nor excel_summary")
	case strings.TrimSpace(*f.Name) == "" || utf8.RuneCountInString(*f.Name) > 200 || strings.ContainsFunc(*f.Name, func(c rune) bool { return c < ' ' }):
		return invalid("name", "has 1 to 200 characters")
	case utf8.RuneCountInString(f.Executive) > 3000:
		return invalid("executive_summary", "has more than 3000 characters")
	case *f.Type == "summary" && f.Zone == nil:
		return invalid("time_zone", "is missing")
	case !f.to.IsZero() && f.to.Before(f.from):
		return invalid("time_selection", "ends before it begins")
	}
	if f.Zone != nil {
		if _, err := time.LoadLocation(*f.Zone); err != nil || len(*f.Zone) > 50 || *f.Zone == "" || *f.Zone == "Local" {
			return invalid("time_zone", "is no time zone")
		}
	}
	return nil
}

// picked is the iteration that a report is about: the newest completed one of the
// times that are asked for.
func (f reportForm) picked(list []harrier.Scan) (harrier.Scan, bool) {
	for _, sc := range slices.Backward(list) {
		if sc.Ended.Before(f.from) || !f.to.IsZero() && sc.Ended.After(f.to) {
			continue
		}
		return sc, true
	}
	return harrier.Scan{}, false
}

func (a api) createReport(ctx context.Context, q *query) (reply, error) {
	var in reportForm
	if err := q.body(&in); err != nil {
		return reply{}, err
	}
	if err := in.check(); err != nil {
		return reply{}, err
	}
	id, err := harrier.ParseUUID(*in.Scan)
	if err != nil {
		return reply{}, invalid("scan_id", "is no id")
	}
	s, err := a.Surveys.Site(ctx, q.by, id)
	if err != nil {
		return reply{}, err
	}
	v, err := a.Surveys.View(ctx, q.by, id)
	if harrier.KindOf(err) == harrier.NotFound && err != nil {
		return reply{}, invalid("scan_id", "no iteration of the scan has completed")
	}
	if err != nil {
		return reply{}, err
	}
	sc, there := in.picked(v.Scans)
	if !there {
		return reply{}, invalid("time_selection", "no iteration has completed then")
	}
	d := harrier.ReportDefinition{
		Name: *in.Name, Format: reportTypes[*in.Type], Scope: harrier.Scope{Scans: []harrier.ID{sc.ID}},
		Options: map[string]string{optionType: *in.Type, optionName: *in.Name, "introduction": in.Executive},
	}
	if in.Zone != nil {
		d.Options["time_zone"] = *in.Zone
	}
	if in.Mail {
		u, err := a.Identity.User(ctx, q.by, q.by.User)
		if err != nil {
			return reply{}, err
		}
		if u.Email == "" {
			return reply{}, invalid("send_email", "you have no mail address")
		}
		d.Recipients = []string{u.Email}
	}
	r, err := a.Reports.Once(ctx, q.by, d)
	if err != nil {
		return reply{}, err
	}
	return created(q.newReport(surveyReport{r, s, sc})), nil
}

func (a api) reportOf(ctx context.Context, q *query) (surveyReport, error) {
	id, err := q.id("id")
	if err != nil {
		return surveyReport{}, err
	}
	list, err := a.surveyReports(ctx, q)
	if err != nil {
		return surveyReport{}, err
	}
	if i := slices.IndexFunc(list, func(r surveyReport) bool { return r.UUID == id }); i >= 0 {
		return list[i], nil
	}
	return surveyReport{}, harrier.Errorf(harrier.NotFound, "no report %s", id)
}

func (a api) getReport(ctx context.Context, q *query) (reply, error) {
	r, err := a.reportOf(ctx, q)
	if err != nil {
		return reply{}, err
	}
	out := q.newReport(r)
	if r.Status == harrier.ReportReady {
		scheme := "http"
		if q.TLS != nil {
			scheme = "https"
		}
		until := a.Now().Add(validFor).Unix()
		link := fmt.Sprintf("%s://%s%s/v1/reports/%s/file?expires=%d&signature=%s", scheme, q.Host, base, r.UUID, until, sign(r.Report, until))
		out.Download = &link
	}
	return ok(out), nil
}

// sign proves that a download was offered: by the secret that each report has.
func sign(r harrier.Report, until int64) string {
	mac := hmac.New(sha256.New, []byte(r.Token))
	_, _ = fmt.Fprintf(mac, "%s %d", r.UUID, until) // never fails
	return hex.EncodeToString(mac.Sum(nil))
}

// downloadReport hands out a file to whoever has an address that getReport gave.
func (a api) downloadReport(ctx context.Context, q *query) (reply, error) {
	id, err := q.id("id")
	if err != nil {
		return reply{}, err
	}
	refused := harrier.Errorf(harrier.Forbidden, "this address is not valid, or not any more")
	until, err := strconv.ParseInt(q.values.Get("expires"), 10, 64)
	if err != nil || a.Now().Unix() > until {
		return reply{}, refused
	}
	list, err := a.Reports.Reports(ctx, harrier.System)
	if err != nil {
		return reply{}, err
	}
	i := slices.IndexFunc(list, func(r harrier.Report) bool { return r.UUID == id })
	if i < 0 || list[i].Token == "" || !hmac.Equal([]byte(sign(list[i], until)), []byte(q.values.Get("signature"))) {
		return reply{}, refused
	}
	body, size, err := a.Reports.Open(ctx, list[i])
	if err != nil {
		return reply{}, err
	}
	return reply{file: &kit.File{Name: list[i].Name, Type: kit.TypeByExtension("." + list[i].Name[strings.LastIndexByte(list[i].Name, '.')+1:]), Size: size, Body: body}}, nil
}

func (a api) deleteReport(ctx context.Context, q *query) (reply, error) {
	r, err := a.reportOf(ctx, q)
	if err != nil {
		return reply{}, err
	}
	return done, a.Reports.Delete(ctx, q.by, r.ID)
}

// reportsWhere are the reports of a list that are asked for.
func (a api) reportsWhere(ctx context.Context, q *query, fits func(surveyReport) bool) ([]surveyReport, error) {
	types, err := q.choices("type", "summary", "excel_summary")
	if err != nil {
		return nil, err
	}
	template, err := q.uuid("template_id")
	if err != nil {
		return nil, err
	}
	word := strings.ToLower(q.values.Get("search"))
	list, err := a.surveyReports(ctx, q)
	return slices.DeleteFunc(list, func(r surveyReport) bool {
		has := strings.Contains(strings.ToLower(r.Options[optionName]), word) || strings.Contains(strings.ToLower(r.site.Name), word)
		return !fits(r) || !template.IsZero() || !among(types, r.Options[optionType]) || !has // none is made of a template
	}), err
}

func (a api) scanReports(ctx context.Context, q *query) ([]surveyReport, error) {
	s, err := q.site(ctx)
	if err != nil {
		return nil, err
	}
	return a.reportsWhere(ctx, q, func(r surveyReport) bool { return r.site.ID == s.ID })
}

func (a api) orgReports(ctx context.Context, q *query) ([]surveyReport, error) {
	o, err := a.orgOf(ctx, q)
	if err != nil {
		return nil, err
	}
	return a.reportsWhere(ctx, q, func(r surveyReport) bool { return slices.Contains(o.Repositories, r.site.Repository) })
}

func (q *query) reportPage(list []surveyReport) (reply, error) {
	list, err := page(q, list, order[surveyReport]{
		"created":   byTime(func(r surveyReport) time.Time { return r.Created }),
		"name":      byText(func(r surveyReport) string { return strings.ToLower(r.Options[optionName]) }),
		"scan_name": byText(func(r surveyReport) string { return strings.ToLower(r.site.Name) }),
	}, "created", "name", "scan_name")
	return ok(made(list, q.newReport)), err
}

func (a api) listScanReports(ctx context.Context, q *query) (reply, error) {
	list, err := a.scanReports(ctx, q)
	if err != nil {
		return reply{}, err
	}
	return q.reportPage(list)
}

func (a api) countScanReports(ctx context.Context, q *query) (reply, error) {
	list, err := a.scanReports(ctx, q)
	return ok(counted{len(list)}), err
}

func (a api) listOrgReports(ctx context.Context, q *query) (reply, error) {
	list, err := a.orgReports(ctx, q)
	if err != nil {
		return reply{}, err
	}
	return q.reportPage(list)
}

func (a api) countOrgReports(ctx context.Context, q *query) (reply, error) {
	list, err := a.orgReports(ctx, q)
	return ok(counted{len(list)}), err
}

type templateRow struct {
	ID           string `json:"id"`
	Organisation string `json:"organisation_id"`
	State        string `json:"state"`
	Type         string `json:"type"`
	Display      string `json:"display_name"`
	Created      string `json:"created"`
	Updated      string `json:"updated"`
}

// listTemplates lists the templates that people made, of documents as of tables.
func (a api) listTemplates(ctx context.Context, q *query) (reply, error) {
	o, err := a.orgOf(ctx, q)
	if err != nil {
		return reply{}, err
	}
	list, err := a.Reports.Templates(ctx, q.by)
	if err != nil {
		return reply{}, err
	}
	return ok(append([]templateRow{}, made(list, func(t harrier.ReportTemplate) templateRow {
		return templateRow{t.UUID.String(), o.UUID.String(), "done", "summary", t.Name, instant(t.Created), instant(t.Modified)}
	})...)), nil
}
