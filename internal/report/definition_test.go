package report

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/calendar"
	"github.com/harrier-scan/harrier/internal/finding"
	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/store"
)

// found is a room of findings over a slice.
type found struct {
	list []harrier.JudgedFinding
}

func (f *found) matching(e harrier.Expr) []harrier.JudgedFinding {
	var out []harrier.JudgedFinding
	for _, one := range f.list {
		if harrier.Matches(e, func(field string) []any {
			switch field {
			case "asset":
				return []any{int64(one.Asset)}
			case "open":
				return []any{one.Open()}
			case "severity":
				return []any{int64(one.Severity)}
			case "last_scan":
				return []any{int64(one.LastScan)}
			case "port":
				return []any{int64(one.Port)}
			case "in_site":
				return []any{int64(1)}
			case "tag": // each asset has one of its own
				return []any{int64(one.Asset)}
			}
			return nil
		}) {
			out = append(out, one)
		}
	}
	slices.SortStableFunc(out, func(a, b harrier.JudgedFinding) int { return cmp.Compare(a.Asset, b.Asset) })
	return out
}

func (f *found) Judged(_ context.Context, by harrier.Actor, e harrier.Expr, p finding.Page) ([]harrier.JudgedFinding, int, error) {
	if by.User == 9 {
		return nil, 0, harrier.Errorf(harrier.Forbidden, "you may not read all findings")
	}
	list := f.matching(e)
	if p.Limit > 0 && len(list) > p.Limit {
		return list[:p.Limit], len(list), nil
	}
	return list, len(list), nil
}

func (f *found) Sums(_ context.Context, by harrier.Actor, e harrier.Expr, _ harrier.SumQuery) (harrier.Sums, error) {
	if by.User == 9 {
		return harrier.Sums{}, harrier.Errorf(harrier.Forbidden, "you may not read all findings")
	}
	var out harrier.Sums
	last := harrier.ID(0)
	for _, one := range f.matching(e) {
		if out.Counts[one.Severity]++; one.Asset != last {
			out.Groups++
			out.Rows = append(out.Rows, harrier.Sum{ID: one.Asset})
		}
		last = one.Asset
	}
	return out, nil
}

func (f *found) Query(_ context.Context, _ harrier.Actor, id harrier.ID) (harrier.SavedQuery, error) {
	if id != 5 {
		return harrier.SavedQuery{}, harrier.Errorf(harrier.NotFound, "no query %d", id)
	}
	return harrier.SavedQuery{ID: 5, Definition: "80"}, nil
}

// asks reads a query that is the number of a port.
type asks struct{}

func (asks) OfList(_ context.Context, _ harrier.Actor, list harrier.ID) (harrier.Expr, error) {
	return eq("asset", int64(list)), nil
}

func (asks) OfQuery(_ context.Context, _ harrier.Actor, q harrier.SavedQuery) (Question, error) {
	var port, scan int64
	if _, err := fmt.Sscanf(q.Definition, "%d of %d", &port, &scan); err != nil {
		if _, err := fmt.Sscanf(q.Definition, "%d", &port); err != nil {
			return Question{}, harrier.Errorf(harrier.Invalid, "no port")
		}
	}
	return Question{Expr: eq("port", port), Scan: harrier.ID(scan)}, nil
}

type post struct {
	mu   sync.Mutex
	sent []harrier.Mail
}

func (p *post) Send(_ context.Context, m harrier.Mail) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, m)
	return nil
}

// house is a room with findings, people, mail and a clock.
type house struct {
	*Room
	db    *store.DB
	found *found
	post  *post
	mu    sync.Mutex
	at    time.Time
}

func (h *house) now() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.at }

func (h *house) pass(d time.Duration) { h.mu.Lock(); defer h.mu.Unlock(); h.at = h.at.Add(d) }

// twice is lines that also walks over the hosts before.
func twice() format.Format {
	f := lines(nil)
	f.Name, f.Twice = "doc", true
	write := f.Write
	f.Write = func(ctx context.Context, w io.Writer, s format.Scan, hosts iter.Seq2[format.Host, error]) error {
		for _, err := range hosts {
			if err != nil {
				return err
			}
		}
		fmt.Fprintf(w, "%s %v %d\n", s.Title, s.About, len(s.Trend))
		return write(ctx, w, s, hosts)
	}
	return f
}

func newHouse(t *testing.T, gate <-chan struct{}) *house {
	t.Helper()
	h := &house{db: open(t), found: &found{}, post: &post{}, at: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	var err error
	h.Room, err = New(Config{
		Store: h.db, Scans: scans{}, Vulns: vulns{}, Findings: h.found, Formats: []format.Format{lines(gate), twice()}, Dir: t.TempDir(), Now: h.now, Next: calendar.Next, Mail: h.post,
		Patience: 5 * time.Second,
		Actor: func(_ context.Context, user harrier.ID) (harrier.Actor, error) {
			if user == 4 {
				return harrier.Actor{}, harrier.Errorf(harrier.NotFound, "no user 4")
			}
			return harrier.Actor{User: user, Permissions: harrier.Administrator.Permissions()}, nil
		},
	})
	must(t, err)
	h.Ask(asks{})
	return h
}

// asset stores one, with a number of findings.
func (h *house) asset(t *testing.T, n, findings int, ports ...uint16) harrier.ID {
	t.Helper()
	a := harrier.Asset{Repository: 1, Addr: netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}), FirstSeen: h.now(), LastSeen: h.now()}
	must(t, h.db.InsertAsset(t.Context(), &a))
	for i := range findings {
		h.found.list = append(h.found.list, harrier.JudgedFinding{Finding: harrier.Finding{
			ID: harrier.ID(len(h.found.list) + 1), Asset: a.ID, Severity: harrier.High, LastScan: 1, Intervals: []harrier.Interval{{Opened: h.now().AddDate(0, 0, -20), LastSeen: h.now()}},
			Instance: harrier.Instance{Vulnerability: 100, Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: ports[i%len(ports)]}},
		}})
	}
	return a.ID
}

func (h *house) made(t *testing.T, by harrier.Actor, d harrier.ReportDefinition) string {
	t.Helper()
	d.Name, d.Format = cmp.Or(d.Name, "mine"), cmp.Or(d.Format, "lines")
	must(t, h.CreateDefinition(t.Context(), by, &d))
	rep, err := h.Launch(t.Context(), by, d.ID, 0)
	must(t, err)
	if rep.Definition != d.ID || rep.Status != harrier.ReportQueued {
		t.Errorf("launched: %+v", rep)
	}
	return read(t, h.Room, rep)
}

func TestScopes(t *testing.T) {
	h := newHouse(t, nil)
	defer run(t, h.Room)()
	a, b := h.asset(t, 1, 2, 80, 443), h.asset(t, 2, 1, 80)
	h.found.list[2].Intervals[0].Closed = h.now() // of b
	const ofA = "192.0.2.1 80/tcp\n192.0.2.1 443/tcp\n"
	for want, scope := range map[string]harrier.Scope{
		ofA:                           {},
		"192.0.2.2 80/tcp\n":          {State: harrier.ClosedFindings},
		ofA + "192.0.2.2 80/tcp\n":    {State: harrier.AllFindings, Assets: []harrier.ID{a, b}},
		"192.0.2.1 80/tcp\n":          {Query: 5},
		"192.0.2.1 443/tcp\n":         {AssetLists: []harrier.ID{a}, Asked: "443"},
		"":                            {AssetLists: []harrier.ID{b}, Sites: []harrier.ID{}},
		ofA + "\x00":                  {Tags: []harrier.ID{a}},
		"\x00":                        {Tags: []harrier.ID{99}},
		all:                           {Scans: []harrier.ID{1}},
		"192.0.2.2 22/tcp\n":          {Asked: "22 of 1"},
		"192.0.2.1 443/tcp\n\x00":     {Only: port(443)},
		"192.0.2.1 443/tcp\n\x00\x00": {Last: true, Sites: []harrier.ID{1}, Only: port(443)},
		all + "\x00":                  {Last: true},
		all + "\x00\x00":              {First: true},
		all + "\x00\x00\x00":          {First: true, Sites: []harrier.ID{1}},
	} {
		want = strings.TrimRight(want, "\x00") // so that the same can be wanted twice
		if got := h.made(t, ann, harrier.ReportDefinition{Scope: scope}); got != want {
			t.Errorf("%+v = %q; want %q", scope, got, want)
		}
	}
	h.found.list[1].LastScan = 2 // of another site, which has seen the asset too
	if got, want := h.made(t, ann, harrier.ReportDefinition{Scope: harrier.Scope{Sites: []harrier.ID{1}}, Format: "doc", Name: "weekly"}), "weekly [[Findings open] [Sites #1]] 3\n"+ofA; got != want {
		t.Errorf("document = %q; want %q", got, want)
	}
}

// TestPages shows that nothing is lost or doubled where a page of findings ends,
// nor of an asset that fills more than one.
func TestPages(t *testing.T) {
	const pageSize = 20
	h := newHouse(t, nil)
	h.page = pageSize
	for n, findings := range []int{pageSize - 1, 3, 2*pageSize + 1, 1, pageSize} {
		h.asset(t, n+1, findings, 80)
	}
	var sizes []int
	for list, err := range h.byAsset(t.Context(), ann, harrier.And{}) {
		must(t, err)
		sizes = append(sizes, len(list))
	}
	if want := []int{pageSize - 1, 3, 2*pageSize + 1, 1, pageSize}; !slices.Equal(sizes, want) {
		t.Errorf("findings of assets = %v; want %v", sizes, want)
	}
}

func TestDefinitionRights(t *testing.T) {
	bob := bob
	bob.Group = 1 // shared with below
	h := newHouse(t, nil)
	ctx := t.Context()
	viewer := harrier.Actor{User: 3, Permissions: harrier.Viewer.Permissions()}
	d := harrier.ReportDefinition{Name: "mine", Format: "lines"}
	if err := h.CreateDefinition(ctx, viewer, &d); harrier.KindOf(err) != harrier.Forbidden {
		t.Errorf("a viewer's = %v; want Forbidden", err)
	}
	must(t, h.CreateDefinition(ctx, ann, &d))
	for what, err := range map[string]error{
		"get":    second(h.Definition(ctx, bob, d.ID)),
		"launch": second(h.Launch(ctx, bob, d.ID, 0)),
		"update": h.UpdateDefinition(ctx, bob, &harrier.ReportDefinition{ID: d.ID, Name: "his", Format: "lines"}),
		"delete": h.DeleteDefinition(ctx, bob, d.ID),
	} {
		if harrier.KindOf(err) != harrier.NotFound {
			t.Errorf("a stranger's %s = %v; want NotFound", what, err)
		}
	}
	d.Groups = []harrier.ID{1}
	must(t, h.UpdateDefinition(ctx, ann, &d))
	member, other := bob, bob
	member.Group, other.Group = 1, 2
	if _, err := h.Definition(ctx, other, d.ID); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("one that is shared with others = %v; want NotFound", err)
	}
	if _, err := h.Definition(ctx, member, d.ID); err != nil {
		t.Errorf("a shared one = %v", err)
	}
	if err := h.DeleteDefinition(ctx, member, d.ID); harrier.KindOf(err) != harrier.Forbidden {
		t.Errorf("delete of a shared one = %v; want Forbidden", err)
	}
	for name, bad := range map[string]harrier.ReportDefinition{
		"format": {Format: "rtf"}, "scans": {Scope: harrier.Scope{Scans: []harrier.ID{7}}}, "sites": {Scope: harrier.Scope{Sites: []harrier.ID{7}}},
		"repositories": {Scope: harrier.Scope{Repositories: []harrier.ID{7}}}, "query": {Scope: harrier.Scope{Query: 7}}, "rrules": {Schedule: harrier.Schedule{Start: "20260301T093000", Rule: "FREQ=SOMETIMES"}},
	} {
		bad.Name, bad.Format = "bad", cmp.Or(bad.Format, "lines")
		if err := h.CreateDefinition(ctx, ann, &bad); harrier.KindOf(err) != harrier.Invalid || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v; want Invalid that names it", name, err)
		}
	}
	list, err := h.Definitions(ctx, ann)
	if err != nil || len(list) != 1 {
		t.Errorf("Definitions = %v, %v; want what was good alone", list, err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestScheduled(t *testing.T) {
	h := newHouse(t, nil)
	defer run(t, h.Room)()
	h.asset(t, 1, 1, 80)
	ctx := t.Context()
	d := harrier.ReportDefinition{
		Name: "daily", Format: "lines", Recipients: []string{"ann@example.org"}, Keep: 2,
		Schedule: harrier.Schedule{Enabled: true, Start: "20260302T090000", Rule: "FREQ=DAILY", Timezone: "UTC"},
	}
	must(t, h.CreateDefinition(ctx, ann, &d))
	orphan := d
	orphan.ID, orphan.UUID, orphan.Owner = 0, harrier.UUID{}, 4
	must(t, h.db.InsertReportDefinition(ctx, &orphan))
	must(t, h.launchDue(ctx))
	if list, _ := h.db.ReportsOf(ctx, d.ID); len(list) != 0 {
		t.Errorf("%d reports before the time; want none", len(list))
	}
	for day := range 3 {
		h.pass(24 * time.Hour)
		must(t, h.launchDue(ctx))
		must(t, h.launchDue(ctx)) // nothing more is due
		list, err := h.db.ReportsOf(ctx, d.ID)
		must(t, err)
		if got := read(t, h.Room, list[len(list)-1]); got != "192.0.2.1 80/tcp\n" {
			t.Errorf("day %d: %q", day, got)
		}
	}
	list, err := h.db.ReportsOf(ctx, d.ID)
	must(t, err)
	entries, err := os.ReadDir(h.Dir)
	must(t, err)
	if len(list) != 2 || len(entries) != 2 {
		t.Errorf("%d reports, %d files; want the newest two", len(list), len(entries))
	}
	if len(h.post.sent) != 3 {
		t.Fatalf("%d mails; want 3", len(h.post.sent))
	}
	m := h.post.sent[0]
	if m.To[0] != "ann@example.org" || len(m.Attachments) != 1 || filepath.Base(m.Attachments[0].Path) == "" || m.Key == h.post.sent[1].Key {
		t.Errorf("mail %+v", m)
	}
	if left, err := h.db.ReportDefinition(ctx, orphan.ID); err != nil || left.NextRun.Before(h.now()) {
		t.Errorf("the definition of somebody who is gone runs next %v, %v", left.NextRun, err)
	}
	must(t, h.sweep(ctx)) // a month later what a definition made is still there
	h.pass(30 * 24 * time.Hour)
	must(t, h.sweep(ctx))
	if got := read(t, h.Room, list[1]); got == "" {
		t.Error("a definition's report was swept away")
	}
}

func TestAfterScan(t *testing.T) {
	h := newHouse(t, nil)
	ctx := t.Context()
	s := harrier.Site{Name: "lab", LastScan: 1}
	must(t, h.db.InsertSite(ctx, &s))
	d := harrier.ReportDefinition{Name: "after", Format: "lines", AfterScan: true, Scope: harrier.Scope{Sites: []harrier.ID{s.ID}}}
	must(t, h.CreateDefinition(ctx, ann, &d))
	must(t, h.launchAfter(ctx)) // the scan of the test has no end
	if list, _ := h.db.ReportsOf(ctx, d.ID); len(list) != 0 {
		t.Errorf("%d reports of a scan that has not ended", len(list))
	}
	h.Scans = ended{scans{}, h.now().Add(time.Minute)}
	h.pass(2 * time.Minute)
	must(t, h.launchAfter(ctx))
	must(t, h.launchAfter(ctx))
	if list, _ := h.db.ReportsOf(ctx, d.ID); len(list) != 1 {
		t.Errorf("%d reports after a scan; want 1", len(list))
	}
}

// TestAfterScanOf launches reports after a scan that are not about a site: those
// that are about something that the scan saw.
func TestAfterScanOf(t *testing.T) {
	h := newHouse(t, nil)
	ctx := t.Context()
	seen, other := h.asset(t, 1, 1, 80), h.asset(t, 2, 1, 80)
	h.found.list[1].LastScan = 7
	var all []harrier.ReportDefinition
	for i, scope := range []harrier.Scope{
		{AssetLists: []harrier.ID{seen}},
		{Tags: []harrier.ID{other, seen}},
		{Assets: []harrier.ID{seen}},
		{Last: true},
		{AssetLists: []harrier.ID{other}},
		{Tags: []harrier.ID{other}},
		{Scans: []harrier.ID{1}},
	} {
		d := harrier.ReportDefinition{Name: fmt.Sprint("after ", i), Format: "lines", AfterScan: true, Scope: scope}
		must(t, h.CreateDefinition(ctx, ann, &d))
		all = append(all, d)
	}
	h.Scans = ended{scans{}, h.now().Add(time.Minute)}
	h.pass(2 * time.Minute)
	must(t, h.launchAfter(ctx))
	must(t, h.launchAfter(ctx))
	for i, d := range all {
		want := 0
		if i < 4 {
			want = 1
		}
		if list, err := h.db.ReportsOf(ctx, d.ID); len(list) != want || err != nil {
			t.Errorf("%+v: %d reports, %v; want %d", d.Scope, len(list), err, want)
		}
	}
}

type ended struct {
	scans
	at time.Time
}

func (e ended) Scan(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Scan, error) {
	sc, err := e.scans.Scan(ctx, by, id)
	sc.Ended = e.at
	return sc, err
}

func (e ended) Latest(ctx context.Context, by harrier.Actor) (map[harrier.ID]harrier.Scan, error) {
	sc, err := e.Scan(ctx, by, 1)
	return map[harrier.ID]harrier.Scan{1: sc}, err
}

func TestStop(t *testing.T) {
	gate := make(chan struct{})
	h := newHouse(t, gate)
	h.Workers = 1
	stop := run(t, h.Room)
	ctx := t.Context()
	first, err := h.Create(ctx, ann, 1, "lines", nil, nil)
	must(t, err)
	for h.status(t, first.ID) != harrier.ReportRunning {
		time.Sleep(time.Millisecond)
	}
	waits, err := h.Create(ctx, ann, 1, "lines", nil, nil)
	must(t, err)
	if err := h.Stop(ctx, bob, waits.ID); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("a stranger's Stop = %v; want NotFound", err)
	}
	for _, rep := range []harrier.Report{waits, first} {
		must(t, h.Stop(ctx, ann, rep.ID))
		if _, _, err := h.Open(ctx, rep); harrier.KindOf(err) != harrier.Conflict {
			t.Errorf("Open of what was stopped = %v; want Conflict", err)
		}
	}
	if err := h.Stop(ctx, ann, first.ID); harrier.KindOf(err) != harrier.Conflict {
		t.Errorf("Stop of what has ended = %v; want Conflict", err)
	}
	third, err := h.Create(ctx, ann, 1, "lines", nil, nil)
	must(t, err)
	close(gate)
	if got := read(t, h.Room, third); got != all {
		t.Errorf("the next one = %q", got)
	}
	again, err := h.Copy(ctx, ann, third.ID, "other")
	must(t, err)
	if got := read(t, h.Room, again); got != all || again.Title != "other" || again.Token == third.Token {
		t.Errorf("copy %+v = %q", again, got)
	}
	must(t, h.Delete(ctx, ann, third.ID))
	if _, err := h.Report(ctx, ann, third.ID); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("deleted = %v; want NotFound", err)
	}
	rep, err := h.Report(ctx, ann, again.ID)
	must(t, err)
	if rep.Steps != rep.Done {
		t.Errorf("%d of %d steps at its end", rep.Done, rep.Steps)
	}
	if err := h.Email(ctx, ann, again.ID, []string{"no address"}); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("Email to nobody = %v; want Invalid", err)
	}
	must(t, h.Email(ctx, ann, again.ID, []string{"b@example.org", "a@example.org"}))
	stop()
	// What was being stopped when the console went is stopped.
	rep.ID, rep.UUID, rep.Token, rep.Status = 0, harrier.UUID{}, "", harrier.ReportStopping
	must(t, h.db.InsertReport(ctx, &rep))
	left, err := h.recall(ctx)
	if err != nil || len(left) != 0 || h.status(t, rep.ID) != harrier.ReportStopped {
		t.Errorf("recall = %v, %v; status %s", left, err, h.status(t, rep.ID))
	}
}

// TestOfOthers shows that a report that its maker may not read fails.
func TestOfOthers(t *testing.T) {
	h := newHouse(t, nil)
	defer run(t, h.Room)()
	blind := harrier.Actor{User: 9, Permissions: harrier.Analyst.Permissions()}
	d := harrier.ReportDefinition{Name: "all of it", Format: "lines"}
	must(t, h.CreateDefinition(t.Context(), blind, &d))
	rep, err := h.Launch(t.Context(), blind, d.ID, 0)
	must(t, err)
	if _, _, err := h.Open(t.Context(), rep); harrier.KindOf(err) != harrier.Conflict || !strings.Contains(err.Error(), "may not read") {
		t.Errorf("Open = %v; want that it has failed, and why", err)
	}
	if _, err := h.Launch(t.Context(), ann, d.ID, 0); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("a stranger's Launch = %v; want NotFound", err)
	}
}

// TestMailForms sends a report to its recipients, its owner and its users, to each
// in the form that is wanted for them, and to nobody twice.
func TestMailForms(t *testing.T) {
	h := newHouse(t, nil)
	defer run(t, h.Room)()
	h.asset(t, 1, 1, 80)
	ctx := t.Context()
	var users []harrier.ID
	for _, u := range []harrier.User{{Name: "owner", Email: "owner@example.org"}, {Name: "reader", Email: "reader@example.org"}, {Name: "away", Email: "away@example.org", Disabled: true}, {Name: "mute"}, {Name: "known", Email: "Out@example.org"}} {
		u.UUID, u.Role = harrier.NewUUID(h.now()), harrier.Viewer
		must(t, h.db.InsertUser(ctx, &u))
		users = append(users, u.ID)
	}
	h.made(t, harrier.Actor{User: users[0], Permissions: harrier.Administrator.Permissions()}, harrier.ReportDefinition{
		Recipients: []string{"out@example.org"}, Users: users[1:], Mail: harrier.ReportMail{Recipients: harrier.AsZip, Owner: harrier.AsFile, Users: harrier.AsNotice},
	})
	stranger := harrier.Actor{User: users[1], Organization: 2, Permissions: harrier.Administrator.Permissions()}
	for field, d := range map[string]harrier.ReportDefinition{"owner": {Owner: users[0]}, "users": {Users: users[:1]}} {
		d.Name, d.Format = "theirs", "lines"
		if err := h.CreateDefinition(ctx, stranger, &d); harrier.KindOf(err) != harrier.Invalid || !strings.Contains(err.Error(), "there is no user") {
			t.Errorf("%s of another organisation: %v; want Invalid, as of one that there is not", field, err)
		}
	}
	forms := map[string]string{}
	for _, m := range h.post.sent {
		what := "told"
		for _, a := range m.Attachments {
			what = a.Type
			body, err := os.ReadFile(filepath.Join(h.Dir, filepath.Base(a.Path)))
			must(t, err)
			if a.Type == "application/zip" {
				z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
				must(t, err)
				f, err := z.Open(strings.TrimSuffix(a.Name, ".zip"))
				must(t, err)
				body, err = io.ReadAll(f)
				must(t, err)
			}
			if string(body) != "192.0.2.1 80/tcp\n" {
				t.Errorf("%v get %q", m.To, body)
			}
		}
		forms[strings.Join(m.To, ",")] = what
	}
	want := map[string]string{"out@example.org": "application/zip", "owner@example.org": "", "reader@example.org": "told"}
	if !maps.Equal(forms, want) {
		t.Errorf("sent %v; want %v", forms, want)
	}
	h.pass(365 * 24 * time.Hour)
	must(t, h.sweep(ctx))
	reports, err := h.db.Reports(ctx)
	must(t, err)
	must(t, h.remove(ctx, reports[0]))
	if left, err := os.ReadDir(h.Dir); err != nil || len(left) != 0 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
}
