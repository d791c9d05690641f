package alert

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// summary is what a mail says of a scan that has ended.
type summary struct {
	Scan    harrier.Scan
	Present harrier.Counts
	New     harrier.Counts // findings that were not open before
	Closed  harrier.Counts // that were, and are fixed
	Hosts   []hostSum      // the worst ones first, maxHosts at most
	More    int            // hosts that are not in Hosts
	Vulns   []vulnSum      // the gravest ones, maxVulns at most, without informational ones
	MoreOf  int            // vulnerabilities that are not in Vulns
	Link    string         // to the console; "" for none

	assets []any // of the scan
	from   time.Time
}

type hostSum struct {
	Name    string
	Present harrier.Counts
}

type vulnSum struct {
	Name     string
	Severity harrier.Severity
	Hosts    int
}

const (
	maxHosts = 50
	maxVulns = 50
	inOneAsk = 500 // assets in one question
	timeForm = "2006-01-02 15:04:05 UTC"
)

// reader is on whose behalf by is told of a scan that they may see: who may see it
// may count what is in it, as far as their scope goes.
func reader(by harrier.Actor) harrier.Actor {
	if !by.Narrow() {
		return harrier.System
	}
	by.Permissions |= harrier.ReadFindings
	return by
}

// summarise reads what there is to say of a scan to by.
func (r *Room) summarise(ctx context.Context, by harrier.Actor, sc harrier.Scan) (*summary, error) {
	by = reader(by)
	if by.Narrow() { // its sums are others
		var err error
		if sc, err = r.Scans.Scan(ctx, by, sc.ID); err != nil {
			return nil, err
		}
	}
	s := &summary{Scan: sc, from: sc.Created}
	if !sc.Started.IsZero() && sc.Started.Before(s.from) { // of an imported one
		s.from = sc.Started
	}
	hosts, err := r.Scans.Hosts(ctx, by, sc.ID)
	if err != nil {
		return nil, err
	}
	for _, h := range hosts {
		if h.Asset != 0 {
			s.assets = append(s.assets, int64(h.Asset))
		}
		for i, n := range h.Present {
			s.Present[i] += n
		}
		if h.Alive {
			s.Hosts = append(s.Hosts, hostSum{cmp.Or(h.Name, h.FQDN, h.Addr.String()), h.Present})
		}
	}
	slices.SortStableFunc(s.Hosts, func(a, b hostSum) int { return gravest(b.Present, a.Present) })
	s.More = max(0, len(s.Hosts)-maxHosts)
	s.Hosts = s.Hosts[:len(s.Hosts)-s.More]
	if err := r.addVulns(ctx, by, s); err != nil {
		return nil, err
	}
	if s.New, err = r.countChanged(ctx, by, s, s.opened()); err != nil {
		return nil, err
	}
	if s.Closed, err = r.countChanged(ctx, by, s, harrier.And{
		harrier.Cmp{Field: "closed", Op: harrier.Ge, Values: []any{s.from.UnixMicro()}},
		harrier.Cmp{Field: "closed", Op: harrier.Le, Values: []any{s.Scan.Ended.UnixMicro()}},
	}); err != nil {
		return nil, err
	}
	set, err := r.settings(ctx)
	s.Link = set.Link
	return s, err
}

// gravest orders counts by the gravest severity in which they differ.
func gravest(a, b harrier.Counts) int {
	for i := harrier.Severities - 1; i > 0; i-- {
		if c := cmp.Compare(a[i], b[i]); c != 0 {
			return c
		}
	}
	return 0
}

func (r *Room) addVulns(ctx context.Context, by harrier.Actor, s *summary) error {
	list, err := r.Scans.Vulnerabilities(ctx, by, s.Scan.ID)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(slices.Clone(list), func(v harrier.ScanVuln) bool { return v.Severity == harrier.Info })
	slices.SortStableFunc(list, func(a, b harrier.ScanVuln) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(b.Hosts, a.Hosts), cmp.Compare(a.Vulnerability, b.Vulnerability))
	})
	s.MoreOf = max(0, len(list)-maxVulns)
	for _, v := range list[:len(list)-s.MoreOf] {
		def, err := r.Vulns.Vulnerability(ctx, v.Vulnerability)
		if err != nil && harrier.KindOf(err) != harrier.NotFound {
			return err
		}
		s.Vulns = append(s.Vulns, vulnSum{cmp.Or(def.Name, fmt.Sprintf("Vulnerability %d", v.Vulnerability)), v.Severity, v.Hosts})
	}
	return nil
}

// opened is the condition on findings that the scan opened.
func (s *summary) opened() harrier.Expr {
	return harrier.And{
		harrier.Cmp{Field: "last_scan", Op: harrier.Eq, Values: []any{int64(s.Scan.ID)}},
		harrier.Cmp{Field: "opened", Op: harrier.Ge, Values: []any{s.from.UnixMicro()}},
		harrier.Cmp{Field: "open", Op: harrier.Eq, Values: []any{true}},
	}
}

// countChanged counts findings of the scan's assets that e holds for.
func (r *Room) countChanged(ctx context.Context, by harrier.Actor, s *summary, e harrier.Expr) (harrier.Counts, error) {
	var out harrier.Counts
	for some := range slices.Chunk(s.assets, inOneAsk) {
		sums, err := r.Findings.Sums(ctx, by, harrier.And{harrier.Cmp{Field: "asset", Op: harrier.Eq, Values: some}, e}, harrier.SumQuery{By: harrier.BySeverity})
		if err != nil {
			return out, err
		}
		for i, n := range sums.Counts {
			out[i] += n
		}
	}
	return out, nil
}

// countNew counts the new findings that a filter lets through, informational
// ones left out unless it is for everything.
func (r *Room) countNew(ctx context.Context, by harrier.Actor, s *summary, f harrier.AlertFilter) (int, error) {
	e := harrier.And{s.opened(), harrier.Cmp{Field: "severity", Op: harrier.Ge, Values: []any{int64(f.Severity)}}}
	for _, c := range []struct {
		no bool
		is harrier.Certainty
	}{{f.NoConfirmed, harrier.Certain}, {f.NoUnconfirmed, harrier.Potential}, {f.NoPotential, harrier.Guessed}} {
		if c.no {
			e = append(e, harrier.Cmp{Field: "certainty", Op: harrier.Ne, Values: []any{int64(c.is)}})
		}
	}
	counts, err := r.countChanged(ctx, reader(by), s, e)
	return counts.Total(), err
}

// mail is what the addresses of a site are sent.
func (s *summary) mail(site harrier.Site) harrier.Mail {
	subject := fmt.Sprintf("Scan %s: %s", s.Scan.Status, s.Scan.Name)
	return harrier.Mail{
		To: []string{site.Emails}, Subject: subject, Text: s.text(true), HTML: s.html(subject, "", true),
		About: fmt.Sprintf("scan %d", s.Scan.ID), Key: "ended " + s.Scan.UUID.String(),
	}
}

func countsText(c harrier.Counts) string {
	var parts []string
	for i := harrier.Severities - 1; i >= 0; i-- {
		parts = append(parts, fmt.Sprintf("%d %s", c[i], harrier.Severity(i))) //nolint:gosec // there are five
	}
	return strings.Join(parts, ", ")
}

// text is the summary as plain text; whole: with hosts and vulnerabilities.
func (s *summary) text(whole bool) string {
	var b strings.Builder
	sc := s.Scan
	fmt.Fprintf(&b, "Scan:    %s\nState:   %s\n", sc.Name, sc.Status)
	if sc.Reason != "" {
		fmt.Fprintf(&b, "Remark:  %s\n", oneLine(sc.Reason, 500))
	}
	fmt.Fprintf(&b, "Started: %s\nEnded:   %s\nTargets: %s\nHosts:   %d of %d answered\n", at(sc.Started), at(sc.Ended), oneLine(sc.Targets, 300), sc.HostsAlive, sc.HostsTotal)
	fmt.Fprintf(&b, "\n%-10s %8s %8s %8s\n", "Severity", "Found", "New", "Fixed")
	for _, row := range s.Rows() {
		fmt.Fprintf(&b, "%-10s %8d %8d %8d\n", row.Severity, row.Found, row.New, row.Fixed)
	}
	if whole && len(s.Hosts) > 0 {
		fmt.Fprintf(&b, "\n%-40s %8s %8s %8s %8s %8s\n", "Host", "Critical", "High", "Medium", "Low", "Info")
		for _, h := range s.Hosts {
			fmt.Fprintf(&b, "%-40s %8d %8d %8d %8d %8d\n", oneLine(h.Name, 40), h.Present[harrier.Critical], h.Present[harrier.High], h.Present[harrier.Medium], h.Present[harrier.Low], h.Present[harrier.Info])
		}
		if s.More > 0 {
			fmt.Fprintf(&b, "… and %d more\n", s.More)
		}
	}
	if whole && len(s.Vulns) > 0 {
		b.WriteString("\nWhat was found\n")
		for _, v := range s.Vulns {
			fmt.Fprintf(&b, "%-8s  %s (%d hosts)\n", v.Severity, oneLine(v.Name, 120), v.Hosts)
		}
		if s.MoreOf > 0 {
			fmt.Fprintf(&b, "… and %d more\n", s.MoreOf)
		}
	}
	if s.Link != "" {
		fmt.Fprintf(&b, "\n%s\n", s.Link)
	}
	return b.String()
}

func at(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(timeForm)
}

// sumRow is a row of the table by severity.
type sumRow struct {
	Severity          harrier.Severity
	Found, New, Fixed int
}

// Rows are the table by severity, the gravest first.
func (s *summary) Rows() []sumRow {
	var out []sumRow
	for i := harrier.Severities - 1; i >= 0; i-- {
		out = append(out, sumRow{harrier.Severity(i), s.Present[i], s.New[i], s.Closed[i]}) //nolint:gosec // there are five
	}
	return out
}

// page is the summary as a page. Nothing in it is fetched from anywhere.
var page = template.Must(template.New("mail").Funcs(template.FuncMap{"at": at}).Parse(`<!doctype html>
<html><body style="font-family:sans-serif;color:#222">
<h2 style="font-size:1.2em">{{.Title}}</h2>
{{with .Message}}<p style="white-space:pre-wrap">{{.}}</p>{{end}}
<table cellpadding="3"><tr><td>Scan</td><td>{{.S.Scan.Name}}</td></tr><tr><td>State</td><td>{{.S.Scan.Status}}</td></tr>
{{with .S.Scan.Reason}}<tr><td>Remark</td><td>{{.}}</td></tr>{{end}}
<tr><td>Started</td><td>{{at .S.Scan.Started}}</td></tr><tr><td>Ended</td><td>{{at .S.Scan.Ended}}</td></tr>
<tr><td>Targets</td><td>{{printf "%.300s" .S.Scan.Targets}}</td></tr><tr><td>Hosts</td><td>{{.S.Scan.HostsAlive}} of {{.S.Scan.HostsTotal}} answered</td></tr></table>
<table cellpadding="4" border="1" style="border-collapse:collapse"><tr><th>Severity</th><th>Found</th><th>New</th><th>Fixed</th></tr>
{{range .S.Rows}}<tr><td>{{.Severity}}</td><td align="right">{{.Found}}</td><td align="right">{{.New}}</td><td align="right">{{.Fixed}}</td></tr>
{{end}}</table>
{{if .Whole}}{{if .S.Hosts}}<h3 style="font-size:1em">Hosts</h3>
<table cellpadding="4" border="1" style="border-collapse:collapse"><tr><th>Host</th><th>Critical</th><th>High</th><th>Medium</th><th>Low</th><th>Info</th></tr>
{{range .S.Hosts}}<tr><td>{{.Name}}</td><td align="right">{{index .Present 4}}</td><td align="right">{{index .Present 3}}</td><td align="right">{{index .Present 2}}</td><td align="right">{{index .Present 1}}</td><td align="right">{{index .Present 0}}</td></tr>
{{end}}</table>{{if .S.More}}<p>… and {{.S.More}} more</p>{{end}}{{end}}
{{if .S.Vulns}}<h3 style="font-size:1em">What was found</h3>
<table cellpadding="4" border="1" style="border-collapse:collapse"><tr><th>Severity</th><th>Name</th><th>Hosts</th></tr>
{{range .S.Vulns}}<tr><td>{{.Severity}}</td><td>{{.Name}}</td><td align="right">{{.Hosts}}</td></tr>
{{end}}</table>{{if .S.MoreOf}}<p>… and {{.S.MoreOf}} more</p>{{end}}{{end}}{{end}}
{{with .S.Link}}<p><a href="{{.}}">{{.}}</a></p>{{end}}
</body></html>
`))

// html is the summary as a page; "" when it can not be written.
func (s *summary) html(title, message string, whole bool) string {
	var b strings.Builder
	if page.Execute(&b, struct {
		Title, Message string
		S              *summary
		Whole          bool
	}{title, message, s, whole}) != nil {
		return ""
	}
	return b.String()
}
