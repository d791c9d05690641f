package alert

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

// scan stores a scan of a site of user 3 in a state.
func (l *lab) scan(t *testing.T, s harrier.ScanStatus, emails string) harrier.Scan {
	t.Helper()
	site := harrier.Site{Name: "lab <1>", Owner: 3, Emails: emails}
	must(t, l.db.InsertSite(t.Context(), &site))
	sc := harrier.Scan{Site: site.ID, Owner: 3, Name: site.Name, Status: s, Created: l.at, Started: l.at, Modified: l.at, HostsTotal: 2, HostsAlive: 1, Targets: "192.0.2.0/31", Repository: 1}
	must(t, l.db.InsertScan(t.Context(), &sc))
	return sc
}

// finish gives a scan one host with a critical finding that is new, one that is
// not and one that is fixed, and ends it.
func (l *lab) finish(t *testing.T, sc harrier.Scan, s harrier.ScanStatus) {
	t.Helper()
	ctx := t.Context()
	a := harrier.Asset{Repository: 1, LastScan: sc.ID}
	a.Addr = netip.MustParseAddr("192.0.2.1")
	must(t, l.db.InsertAsset(ctx, &a))
	h := harrier.ScanHost{Scan: sc.ID, Index: 1, Asset: a.ID, Done: true, Present: harrier.Counts{harrier.Critical: 1, harrier.Low: 1}}
	h.Addr, h.Alive = a.Addr, true
	must(t, l.db.PutScanHost(ctx, &h))
	before := l.at.Add(-24 * time.Hour)
	l.at = l.at.Add(10 * time.Minute)
	list := []*harrier.Finding{
		{Severity: harrier.Critical, Certainty: harrier.Certain, Intervals: []harrier.Interval{{Opened: l.at, LastSeen: l.at}}},
		{Severity: harrier.Low, Intervals: []harrier.Interval{{Opened: before, LastSeen: l.at}}},
		{Severity: harrier.High, Intervals: []harrier.Interval{{Opened: before, LastSeen: before, Closed: l.at}}},
	}
	for i, f := range list {
		f.Asset, f.LastScan, f.Vulnerability = a.ID, sc.ID, harrier.VulnID(1000+i)
	}
	must(t, l.db.SaveFindings(ctx, list))
	must(t, l.db.AddScanVulns(ctx, sc.ID, []harrier.ScanVuln{{Vulnerability: 1000, Severity: harrier.Critical, Count: 1, Hosts: 1}}))
	sc.Status, sc.Ended, sc.Modified = s, l.at, l.at
	must(t, l.db.UpdateScan(ctx, &sc))
}

// bodies are the messages of the outbox, by channel.
func (l *lab) bodies(t *testing.T) map[harrier.Channel][]string {
	t.Helper()
	out := map[harrier.Channel][]string{}
	for _, d := range l.outbox(t) {
		out[d.Channel] = append(out[d.Channel], d.Body)
	}
	return out
}

func mailTo(user harrier.ID) harrier.AlertAction {
	return harrier.AlertAction{Kind: harrier.SendMail, Users: []harrier.ID{user}}
}

// TestPerScan: an alert with a bound acts on each scan as often as it says, also
// after a restart.
func TestPerScan(t *testing.T) {
	l := newLab(t, nil)
	ctx := t.Context()
	two, none := 2, 0
	for _, most := range []*int{&two, &none} {
		must(t, l.CreateAlert(ctx, actorOf(3), &harrier.Alert{Name: "a", Events: harrier.EventKinds, Filter: harrier.AlertFilter{PerScan: most}, Actions: []harrier.AlertAction{mailTo(3)}}))
	}
	told := 0
	for round := range 2 {
		sc := l.scan(t, harrier.ScanRunning, "")
		must(t, l.look(ctx))
		for _, s := range []harrier.ScanStatus{harrier.ScanPaused, harrier.ScanRunning, harrier.ScanPaused} {
			l.at = l.at.Add(time.Minute)
			sc.Status, sc.Modified = s, l.at
			must(t, l.db.UpdateScan(ctx, &sc))
			must(t, New(l.Config).look(ctx))
		}
		if told = len(l.bodies(t)[harrier.ByMail]); told != 2*(round+1) {
			t.Errorf("%d mails after %d scans; want two for each", told, round+1)
		}
	}
	bad := -1
	if err := l.CreateAlert(ctx, actorOf(3), &harrier.Alert{Name: "a", Events: harrier.EventKinds, Filter: harrier.AlertFilter{PerScan: &bad}, Actions: []harrier.AlertAction{mailTo(3)}}); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("at most -1 = %v; want Invalid", err)
	}
}

// TestEndOfScan: the addresses of a site are told once, with what changed.
func TestEndOfScan(t *testing.T) {
	l := newLab(t, nil)
	sc := l.scan(t, harrier.ScanRunning, "a@example.com, b@example.com")
	must(t, l.look(t.Context()))
	l.finish(t, sc, harrier.ScanCompleted)
	must(t, l.look(t.Context()))
	must(t, l.look(t.Context()))
	again := New(l.Config) // a restart
	must(t, again.look(t.Context()))
	list := l.bodies(t)[harrier.ByMail]
	if len(list) != 2 {
		t.Fatalf("%d mails; want one for each address: %v", len(list), list)
	}
	for _, want := range []string{"completed", "critical          1        1        0", "high              0        0        1", "low               1        0        0", "192.0.2.1", "A \\u003cbold\\u003e fault", "lab \\u0026lt;1\\u0026gt;"} {
		if !strings.Contains(list[0], want) {
			t.Errorf("the mail lacks %q:\n%s", want, list[0])
		}
	}
}

// TestNarrowEndOfScan: neither alerts nor the addresses of a site tell somebody of
// hosts outside of their scope, nor of a scan whose repository is not theirs.
func TestNarrowEndOfScan(t *testing.T) {
	for repository, want := range map[harrier.ID]int{1: 2, 2: 0} {
		l := newLab(t, nil)
		ctx := t.Context()
		a := harrier.Alert{Name: "a", Events: []harrier.EventKind{harrier.ScanEnded, harrier.FindingsNew}, Actions: []harrier.AlertAction{mailTo(6)}}
		a.Actions[0].Results = true
		must(t, l.CreateAlert(ctx, actorOf(6), &a))
		sc := l.scan(t, harrier.ScanRunning, "a@example.com")
		site, err := l.db.Site(ctx, sc.Site)
		must(t, err)
		site.Owner, sc.Repository = 6, repository
		must(t, l.db.UpdateSite(ctx, &site))
		if repository != 1 {
			must(t, l.db.InsertRepository(ctx, &harrier.Repository{Name: "other"}))
		}
		must(t, l.db.UpdateScan(ctx, &sc))
		must(t, l.look(ctx))
		l.finish(t, sc, harrier.ScanCompleted)
		must(t, l.look(ctx))
		list := l.bodies(t)[harrier.ByMail]
		if len(list) != want {
			t.Errorf("repository %d: %d mails; want %d", repository, len(list), want)
		}
		for _, text := range list {
			if strings.Contains(text, "192.0.2.1") || strings.Contains(text, "fault") || strings.Contains(text, "new findings") || !strings.Contains(text, "critical          0        0        0") {
				t.Errorf("the mail tells of what is out of scope:\n%s", text)
			}
		}
	}
}

// TestTicketRight: who may write alerts and no tickets does not write them by an
// alert, neither a new one nor one of before.
func TestTicketRight(t *testing.T) {
	l := newLab(t, nil)
	ctx := t.Context()
	a := harrier.Alert{Name: "a", Events: []harrier.EventKind{harrier.ScanEnded}, Actions: []harrier.AlertAction{{Kind: harrier.WriteTicket, Ticket: harrier.Ticket{Name: "do it"}}}}
	by := actorOf(3)
	by.Permissions &^= harrier.WriteTickets
	if err := l.CreateAlert(ctx, by, &a); err == nil || harrier.KindOf(err) != harrier.Forbidden {
		t.Errorf("CreateAlert = %v; want Forbidden", err)
	}
	must(t, l.CreateAlert(ctx, actorOf(3), &a))
	for want, by := range []harrier.Actor{by, actorOf(3)} {
		must(t, l.act(ctx, a, by, happening{Kind: harrier.ScanEnded, At: l.at, Key: "k"}))
		if list, err := l.db.Tickets(ctx); err != nil || len(list) != want {
			t.Errorf("%d tickets, %v; want %d", len(list), err, want)
		}
	}
}

// TestEvents: each event is told once to those who asked for it and may see the
// scan, however often and late the room looks.
func TestEvents(t *testing.T) {
	l := newLab(t, nil)
	ctx := t.Context()
	put := func(by harrier.ID, events []harrier.EventKind, f harrier.AlertFilter) {
		t.Helper()
		must(t, l.CreateAlert(ctx, actorOf(by), &harrier.Alert{Name: "a", Events: events, Filter: f, Actions: []harrier.AlertAction{mailTo(by)}}))
	}
	put(3, harrier.EventKinds, harrier.AlertFilter{Severity: harrier.Critical})
	put(4, harrier.EventKinds, harrier.AlertFilter{}) // may not see the scan
	put(2, []harrier.EventKind{harrier.ScanFailed}, harrier.AlertFilter{})
	put(1, []harrier.EventKind{harrier.FindingsNew}, harrier.AlertFilter{NoConfirmed: true})
	sc := l.scan(t, harrier.ScanRunning, "")
	step := func(s harrier.ScanStatus) {
		t.Helper()
		l.at = l.at.Add(time.Minute)
		sc.Status, sc.Modified = s, l.at
		must(t, l.db.UpdateScan(ctx, &sc))
		must(t, l.look(ctx))
		must(t, New(l.Config).look(ctx))
	}
	must(t, l.look(ctx))
	for _, s := range []harrier.ScanStatus{harrier.ScanPausing, harrier.ScanPaused, harrier.ScanResuming, harrier.ScanRunning, harrier.ScanPaused} {
		step(s)
	}
	l.finish(t, sc, harrier.ScanStopped)
	must(t, l.look(ctx))
	l.Tell(harrier.Event{Kind: harrier.EngineLost, At: l.at, Detail: "branch"})
	must(t, l.look(ctx))
	var got []string
	for _, b := range l.bodies(t)[harrier.ByMail] {
		_, subject, _ := strings.Cut(b, `"subject":"Alert a: `)
		subject, _, _ = strings.Cut(subject, `","text"`)
		_, to, _ := strings.Cut(b, `"to":"`)
		got = append(got, to[:5]+" "+strings.ReplaceAll(subject, `lab \u003c1\u003e`, "lab"))
	}
	want := []string{
		`user3 scan \"lab\" was launched`, `user3 scan \"lab\" was paused`, `user3 scan \"lab\" goes on`, `user3 scan \"lab\" was paused`,
		`user3 1 new findings in scan \"lab\"`, `user2 scan \"lab\" is stopped`, `user3 engine \"branch\" was lost`, `user4 engine \"branch\" was lost`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestAllOrNothing: a fault in telling leaves nothing told.
func TestAllOrNothing(t *testing.T) {
	l := newLab(t, nil)
	must(t, l.CreateAlert(t.Context(), actorOf(3), &harrier.Alert{Name: "a", Events: harrier.EventKinds, Actions: []harrier.AlertAction{mailTo(3), {Kind: harrier.WriteTicket, Ticket: harrier.Ticket{Name: "look", Assignee: 9}}}}))
	l.scan(t, harrier.ScanRunning, "")
	if err := l.look(t.Context()); err == nil || len(l.outbox(t)) != 0 {
		t.Errorf("look = %v with %d messages; want a fault and none", err, len(l.outbox(t)))
	}
}

func (l *lab) query(t *testing.T, owner harrier.ID) harrier.ID {
	t.Helper()
	q := harrier.SavedQuery{Name: "q", Owner: owner, Kind: "vuln"}
	must(t, l.db.InsertSavedQuery(t.Context(), &q))
	return q.ID
}

// TestTrigger: a condition acts when it begins to hold, or each time; after
// scans, or by its schedule.
func TestTrigger(t *testing.T) {
	l := newLab(t, nil)
	ctx, by := t.Context(), actorOf(3)
	rule := harrier.Trigger{Query: l.query(t, 3), Tool: "sumip", Op: harrier.Ge, Value: 2}
	once := harrier.Alert{Name: "once", Trigger: rule, Actions: []harrier.AlertAction{{Kind: harrier.Notify}}}
	each := harrier.Alert{Name: "each", Trigger: rule, EveryTime: true, Actions: []harrier.AlertAction{{Kind: harrier.Notify}}, Schedule: harrier.Schedule{Enabled: true, Start: "20260504T130000", Rule: "FREQ=HOURLY;INTERVAL=1"}}
	must(t, l.CreateAlert(ctx, by, &once))
	must(t, l.CreateAlert(ctx, by, &each))
	count := func() (n [2]int) {
		t.Helper()
		list, err := l.Notifications(ctx, by, time.Time{})
		must(t, err)
		for _, e := range list {
			n[map[string]int{"once": 0, "each": 1}[e.Name]]++
		}
		return n
	}
	for i, c := range []struct {
		rows, hours int
		scan        bool
		want        [2]int
	}{
		{2, 0, false, [2]int{0, 0}}, // nothing is due
		{1, 0, true, [2]int{0, 0}},
		{2, 0, true, [2]int{1, 0}},
		{3, 0, true, [2]int{1, 0}}, // it held already
		{2, 1, false, [2]int{1, 1}},
		{2, 1, false, [2]int{1, 2}},
		{0, 1, true, [2]int{1, 2}},
		{9, 30, true, [2]int{2, 3}}, // late: one evaluation makes up for all
	} {
		l.asked, l.at = c.rows, l.at.Add(time.Duration(c.hours)*time.Hour)
		if c.scan {
			l.scan(t, harrier.ScanImported, "")
		}
		must(t, l.look(ctx))
		must(t, l.look(ctx))
		if got := count(); got != c.want {
			t.Fatalf("step %d: %v notifications; want %v", i, got, c.want)
		}
	}
	a, err := l.Alert(ctx, by, each.ID)
	if err != nil || !a.Holds || a.LastEvaluated != l.at || a.LastTriggered != l.at || !a.NextRun.After(l.at) {
		t.Errorf("alert = %+v, %v; want it evaluated now", a, err)
	}
	l.asked = 0
	if a, err = l.Execute(ctx, by, once.ID); err != nil || a.Holds || a.LastEvaluated != l.at {
		t.Errorf("Execute = %+v, %v; want it evaluated, and not to hold", a, err)
	}
}

// TestAlertRights: who may have which alerts, and see whose.
func TestAlertRights(t *testing.T) {
	l := newLab(t, nil)
	ctx := t.Context()
	events := []harrier.EventKind{harrier.ScanEnded}
	hook := harrier.AlertAction{Kind: harrier.CallWebhook, Address: "https://hooks.example.com/x", Secret: "s3cret"}
	line := harrier.AlertAction{Kind: harrier.SendSyslog, Address: "192.0.2.9:514"}
	for _, c := range []struct {
		name string
		by   harrier.ID
		a    harrier.Alert
		kind harrier.Kind
	}{
		{"no rights", 0, harrier.Alert{Name: "a", Events: events, Actions: []harrier.AlertAction{mailTo(3)}}, harrier.Forbidden},
		{"a webhook of an analyst", 3, harrier.Alert{Name: "a", Events: events, Actions: []harrier.AlertAction{hook}}, harrier.Forbidden},
		{"syslog of an analyst", 3, harrier.Alert{Name: "a", Events: events, Actions: []harrier.AlertAction{line}}, harrier.Forbidden},
		{"no name", 3, harrier.Alert{Events: events, Actions: []harrier.AlertAction{mailTo(3)}}, harrier.Invalid},
		{"no action", 3, harrier.Alert{Name: "a", Events: events}, harrier.Invalid},
		{"no event", 3, harrier.Alert{Name: "a", Actions: []harrier.AlertAction{mailTo(3)}}, harrier.Invalid},
		{"an unknown event", 3, harrier.Alert{Name: "a", Events: []harrier.EventKind{"x"}, Actions: []harrier.AlertAction{mailTo(3)}}, harrier.Invalid},
		{"an unknown action", 3, harrier.Alert{Name: "a", Events: events, Actions: []harrier.AlertAction{{Kind: "x"}}}, harrier.Invalid},
		{"a bad address", 3, harrier.Alert{Name: "a", Events: events, Actions: []harrier.AlertAction{{Kind: harrier.SendMail, To: []string{"a b"}}}}, harrier.Invalid},
		{"two lines of subject", 3, harrier.Alert{Name: "a", Events: events, Actions: []harrier.AlertAction{{Kind: harrier.SendMail, To: []string{"a@b.c"}, Subject: "a\nb"}}}, harrier.Invalid},
		{"plain http", 2, harrier.Alert{Name: "a", Events: events, Actions: []harrier.AlertAction{{Kind: harrier.CallWebhook, Address: "http://a/"}}}, harrier.Invalid},
		{"a password in a URL", 2, harrier.Alert{Name: "a", Events: events, Actions: []harrier.AlertAction{{Kind: harrier.CallWebhook, Address: "https://u:p@a/"}}}, harrier.Invalid},
		{"syslog without a port", 2, harrier.Alert{Name: "a", Events: events, Actions: []harrier.AlertAction{{Kind: harrier.SendSyslog, Address: "a"}}}, harrier.Invalid},
		{"another's query", 4, harrier.Alert{Name: "a", Trigger: harrier.Trigger{Query: l.query(t, 3), Tool: "sumip", Op: harrier.Ge}, Actions: []harrier.AlertAction{mailTo(3)}}, harrier.NotFound},
		{"a bad schedule", 3, harrier.Alert{Name: "a", Events: events, Schedule: harrier.Schedule{Enabled: true, Start: "x"}, Actions: []harrier.AlertAction{mailTo(3)}}, harrier.Invalid},
		{"a site that is not there", 3, harrier.Alert{Name: "a", Site: 99, Events: events, Actions: []harrier.AlertAction{mailTo(3)}}, harrier.NotFound},
	} {
		if err := l.CreateAlert(ctx, actorOf(c.by), &c.a); err == nil || harrier.KindOf(err) != c.kind {
			t.Errorf("%s: CreateAlert = %v; want %v", c.name, err, c.kind)
		}
	}
	if list, err := l.db.Alerts(ctx); err != nil || len(list) != 0 {
		t.Fatalf("%d alerts, %v; want none stored", len(list), err)
	}
	a := harrier.Alert{Name: "a", Events: events, Actions: []harrier.AlertAction{hook, line}}
	must(t, l.CreateAlert(ctx, actorOf(2), &a))
	kept, err := l.db.Alert(ctx, a.ID)
	if err != nil || strings.Contains(kept.Actions[0].Secret, "s3cret") || kept.Actions[0].Secret == "" || a.Actions[0].Secret != "" {
		t.Errorf("kept %+v, shown %+v, %v; want the secret sealed and not shown", kept.Actions, a.Actions, err)
	}
	if _, err := l.Alert(ctx, actorOf(3), a.ID); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("another's alert = %v; want NotFound", err)
	}
	must(t, l.UpdateAlert(ctx, actorOf(2), &a)) // as it was shown
	if now, _ := l.db.Alert(ctx, a.ID); now.Actions[0].Secret != kept.Actions[0].Secret {
		t.Error("a change without a secret loses it")
	}
	a.Actions[0].Address = "https://other.example.com/"
	must(t, l.UpdateAlert(ctx, actorOf(2), &a))
	if now, _ := l.db.Alert(ctx, a.ID); now.Actions[0].Secret != "" {
		t.Error("the secret is sent to another address than it was given for")
	}
	for _, err := range []error{l.DeleteAlert(ctx, actorOf(3), a.ID), l.UpdateAlert(ctx, actorOf(3), &a)} {
		if harrier.KindOf(err) != harrier.NotFound || err == nil {
			t.Errorf("a change by another = %v; want NotFound", err)
		}
	}
	must(t, l.DeleteAlert(ctx, actorOf(2), a.ID))
}

// TestLaunchOnce: what an action launches is launched once, and a refusal is
// told.
func TestLaunchOnce(t *testing.T) {
	l := newLab(t, nil)
	launched := 0
	var fault error
	l.LaunchScan = func(_ context.Context, by harrier.Actor, id harrier.ID) error {
		if fault == nil {
			launched++
		}
		if by.User != 3 || id != 7 {
			t.Errorf("launch of %d by %d; want 7 by 3", id, by.User)
		}
		return fault
	}
	must(t, l.CreateAlert(t.Context(), actorOf(3), &harrier.Alert{Name: "a", Events: []harrier.EventKind{harrier.ScanLaunched}, Actions: []harrier.AlertAction{{Kind: harrier.LaunchScan, Object: 7}, {Kind: harrier.LaunchReport, Object: 1}}}))
	l.scan(t, harrier.ScanRunning, "")
	must(t, l.look(t.Context()))
	fault = harrier.Errorf(harrier.Conflict, "it runs already")
	l.deliver(t)
	fault, l.at = nil, l.at.Add(firstWait)
	l.deliver(t)
	l.deliver(t)
	list := l.outbox(t)
	if launched != 1 || list[0].State != harrier.Delivered || list[1].State != harrier.DeliveryOver {
		t.Errorf("launched %d times, %+v; want once, and the report given up: there is nothing that makes it", launched, list)
	}
}

func TestTickets(t *testing.T) {
	l := newLab(t, nil)
	ctx := t.Context()
	tk := harrier.Ticket{Name: "patch it", Assignee: 4, Classification: "Patch"}
	must(t, l.CreateTicket(ctx, actorOf(3), &tk))
	if list, err := l.Notifications(ctx, actorOf(4), time.Time{}); err != nil || len(list) != 1 {
		t.Errorf("notifications of the assignee = %+v, %v; want one", list, err)
	}
	for _, bad := range []harrier.Ticket{{Name: ""}, {Name: "a", Classification: "x"}, {Name: "a", Status: "x"}, {Name: "a", Assignee: 99}, {Name: "a", Assignee: 5}} {
		if err := l.CreateTicket(ctx, actorOf(3), &bad); harrier.KindOf(err) != harrier.Invalid || err == nil {
			t.Errorf("CreateTicket(%+v) = %v; want Invalid", bad, err)
		}
	}
	answer := tk
	answer.Status, answer.Notes = harrier.TicketResolved, "done"
	must(t, l.UpdateTicket(ctx, actorOf(4), &answer))
	renamed := answer
	renamed.Name = "other"
	if err := l.UpdateTicket(ctx, actorOf(4), &renamed); harrier.KindOf(err) != harrier.Forbidden {
		t.Errorf("a new name by the assignee = %v; want Forbidden", err)
	}
	got, err := l.Ticket(ctx, actorOf(3), tk.ID)
	if err != nil || got.Status != harrier.TicketResolved || got.Resolved.IsZero() || len(got.History) != 2 || got.History[1].Comment != "done" {
		t.Errorf("ticket = %+v, %v", got, err)
	}
	got.Status = harrier.TicketClosed
	must(t, l.UpdateTicket(ctx, actorOf(3), &got))
	if n, err := l.PurgeTickets(ctx, actorOf(4)); n != 0 || err != nil {
		t.Errorf("PurgeTickets of the assignee = %d, %v; want none", n, err)
	}
	if n, err := l.PurgeTickets(ctx, actorOf(3)); n != 1 || err != nil {
		t.Errorf("PurgeTickets = %d, %v; want one", n, err)
	}
	if _, err := l.Ticket(ctx, actorOf(3), tk.ID); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("a purged ticket = %v; want NotFound", err)
	}
}
