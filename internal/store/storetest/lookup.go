package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/harrier-scan/harrier"
)

// at is an instant, n minutes into the time of the tests.
func at(n int) time.Time {
	return time.Date(2026, 5, 1, 0, 0, 0, 1000, time.UTC).Add(time.Duration(n) * time.Minute)
}

func sessions(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	u := harrier.User{Name: "ann"}
	must(t, db.InsertUser(ctx, &u))
	var want harrier.Session
	fill(&want, 1)
	want.User, want.Idle, want.LastUsed = u.ID, 30*time.Minute, at(0)
	must(t, db.InsertSession(ctx, want))
	if diff := cmp.Diff(want, got(db.Session(ctx, want.TokenHash))(t)); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
	later := want
	later.TokenHash, later.Created = "0", want.Created.Add(time.Second)
	must(t, db.InsertSession(ctx, later))
	if diff := cmp.Diff([]harrier.Session{want, later}, got(db.SessionsOf(ctx, u.ID))(t)); diff != "" {
		t.Errorf("sessions of a user (-want +got):\n%s", diff)
	}
	must(t, db.DeleteSession(ctx, later.TokenHash))
	must(t, db.TouchSession(ctx, want.TokenHash, at(5)))
	if n := got(db.DeleteIdleSessions(ctx, at(34)))(t); n != 0 {
		t.Errorf("%d sessions ended one minute early", n)
	}
	if n := got(db.DeleteIdleSessions(ctx, at(35)))(t); n != 1 {
		t.Errorf("%d sessions ended; want 1", n)
	}
	must(t, db.InsertSession(ctx, want))
	must(t, db.DeleteUser(ctx, u.ID))
	if _, err := db.Session(ctx, want.TokenHash); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("session of a deleted user: %v; want NotFound", err)
	}
}

func auditLog(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	var want []harrier.AuditEntry
	for i := range 3 {
		var e harrier.AuditEntry
		fill(&e, i)
		e.ID = 0
		must(t, db.AppendAudit(ctx, &e))
		want = append([]harrier.AuditEntry{e}, want...)
	}
	if diff := cmp.Diff(want, got(db.Audit(ctx, 0))(t)); diff != "" {
		t.Errorf("Audit(0) (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[:2], got(db.Audit(ctx, 2))(t)); diff != "" {
		t.Errorf("Audit(2) (-want +got):\n%s", diff)
	}
}

func dueSites(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	on := harrier.Schedule{Enabled: true}
	for _, s := range []harrier.Site{
		{Name: "due", Schedule: on, NextRun: at(10)},
		{Name: "overdue", Schedule: on, NextRun: at(1)},
		{Name: "later", Schedule: on, NextRun: at(11)},
		{Name: "off", NextRun: at(1)},
		{Name: "never", Schedule: on},
	} {
		must(t, db.InsertSite(ctx, &s))
	}
	var names []string
	for _, s := range got(db.DueSites(ctx, at(10)))(t) {
		names = append(names, s.Name)
	}
	if diff := cmp.Diff([]string{"overdue", "due"}, names); diff != "" {
		t.Errorf("DueSites (-want +got):\n%s", diff)
	}
}

func reportLookups(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	old, recent := harrier.Report{Token: "a", Created: at(1)}, harrier.Report{Token: "b", Created: at(2)}
	must(t, db.InsertReport(ctx, &old))
	must(t, db.InsertReport(ctx, &recent))
	if r := got(db.ReportByToken(ctx, "b"))(t); r.ID != recent.ID {
		t.Errorf("ReportByToken(b) = %d; want %d", r.ID, recent.ID)
	}
	own := harrier.ReportTemplate{Name: "own", Chapters: []string{"summary"}, Owner: 7, Given: map[string]string{"a": "b"}}
	must(t, db.InsertReportTemplate(ctx, &own))
	own.Description = "d"
	must(t, db.UpdateReportTemplate(ctx, &own))
	if diff := cmp.Diff([]harrier.ReportTemplate{own}, got(db.ReportTemplates(ctx))(t)); diff != "" {
		t.Errorf("templates (-want +got):\n%s", diff)
	}
	must(t, db.DeleteReportTemplate(ctx, own.ID))
	if _, err := db.ReportTemplate(ctx, own.ID); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("a template that is gone = %v", err)
	}
	due, later, never := harrier.ReportDefinition{Name: "due", NextRun: at(1)}, harrier.ReportDefinition{Name: "later", NextRun: at(3)}, harrier.ReportDefinition{Name: "never"}
	for _, d := range []*harrier.ReportDefinition{&due, &later, &never} {
		must(t, db.InsertReportDefinition(ctx, d))
	}
	if list := got(db.DueReportDefinitions(ctx, at(2)))(t); len(list) != 1 || list[0].ID != due.ID {
		t.Errorf("DueReportDefinitions = %v; want only %d", list, due.ID)
	}
	waits := harrier.Report{Definition: due.ID, Status: harrier.ReportQueued, Created: at(4)}
	must(t, db.InsertReport(ctx, &waits))
	if list := got(db.ReportsOf(ctx, due.ID))(t); len(list) != 1 || list[0].ID != waits.ID {
		t.Errorf("ReportsOf = %v; want only %d", list, waits.ID)
	}
	if list := got(db.ReportsOf(ctx, 0))(t); len(list) != 0 {
		t.Errorf("ReportsOf nothing = %v", list)
	}
	if list := got(db.UnendedReports(ctx))(t); len(list) != 1 || list[0].ID != waits.ID {
		t.Errorf("UnendedReports = %v; want only %d", list, waits.ID)
	}
	if list := got(db.ReportsBefore(ctx, at(2)))(t); len(list) != 1 || list[0].ID != old.ID {
		t.Errorf("ReportsBefore = %v; want only %d", list, old.ID)
	}
}

func strangeText(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	s := harrier.Site{Name: "a\x00b\xffc", Description: "日本 'quoted' \"twice\" \\ %_"}
	must(t, db.InsertSite(ctx, &s))
	back := got(db.Site(ctx, s.ID))(t)
	if back.Name != "a\uFFFDb\uFFFDc" || back.Description != s.Description {
		t.Errorf("text came back as %q, %q", back.Name, back.Description)
	}
	must(t, db.SetValue(ctx, "k", "1"))
	must(t, db.SetValue(ctx, "k", "x\x00"))
	if v, ok, err := db.Value(ctx, "k"); v != "x\uFFFD" || !ok || err != nil {
		t.Errorf("Value = %q, %v, %v", v, ok, err)
	}
	if _, ok, err := db.Value(ctx, "other"); ok || err != nil {
		t.Errorf("Value of an unknown key = %v, %v; want false", ok, err)
	}
}

func filledScan(seed int) *harrier.Scan {
	s := new(harrier.Scan)
	fill(s, seed)
	s.ID = 0
	return s
}

func plans(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	s := filledScan(1)
	must(t, db.InsertScan(ctx, s))
	if diff := cmp.Diff(*s, got(db.Scan(ctx, s.ID))(t), exact); diff != "" {
		t.Errorf("scan (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(*s, got(db.ScanByUUID(ctx, s.UUID))(t), exact); diff != "" {
		t.Errorf("scan by UUID (-want +got):\n%s", diff)
	}
	changed := filledScan(2)
	changed.ID = s.ID
	must(t, db.UpdateScan(ctx, changed))
	changed.Plan = s.Plan
	if diff := cmp.Diff(*changed, got(db.Scan(ctx, s.ID))(t), exact); diff != "" {
		t.Errorf("changed scan (-want +got):\n%s", diff)
	}
	late := filledScan(3)
	plan := late.Plan
	late.Plan = harrier.Plan{}
	must(t, db.InsertScan(ctx, late))
	late.Plan = plan
	must(t, db.UpdateScan(ctx, late))
	if diff := cmp.Diff(plan, got(db.Scan(ctx, late.ID))(t).Plan, exact); diff != "" {
		t.Errorf("a plan given late (-want +got):\n%s", diff)
	}
}

func scanLists(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	var all []harrier.Scan
	for i, status := range []harrier.ScanStatus{
		harrier.ScanCompleted, harrier.ScanRunning, harrier.ScanQueued, harrier.ScanStopped, harrier.ScanPaused,
		harrier.ScanAborted, harrier.ScanImported,
	} {
		s := filledScan(i)
		s.Site, s.Status = harrier.ID(1+i%2), status
		must(t, db.InsertScan(ctx, s))
		all = append(all, *s)
	}
	bare := func(list ...harrier.Scan) []harrier.Scan {
		for i := range list {
			list[i].Plan = harrier.Plan{}
		}
		return list
	}
	if diff := cmp.Diff(bare(all[1], all[3], all[5]), got(db.ScansOf(ctx, 2))(t), exact); diff != "" {
		t.Errorf("ScansOf (-want +got):\n%s", diff)
	}
	latest := bare(all[6], all[5])
	if diff := cmp.Diff(map[harrier.ID]harrier.Scan{1: latest[0], 2: latest[1]}, got(db.LatestScans(ctx))(t), exact); diff != "" {
		t.Errorf("LatestScans (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]harrier.Scan{all[1], all[2], all[4]}, got(db.ActiveScans(ctx))(t), exact); diff != "" {
		t.Errorf("ActiveScans (-want +got):\n%s", diff)
	}
}

func batches(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	var want []harrier.Batch
	for i := range 3 {
		var b harrier.Batch
		fill(&b, i)
		b.Scan, b.Number, b.Done, b.Attempt = 7, i+1, false, 0
		want = append(want, b)
	}
	must(t, db.InsertBatches(ctx, 7, want))
	must(t, db.InsertBatches(ctx, 7, want)) // again: nothing happens
	if diff := cmp.Diff(want, got(db.Batches(ctx, 7))(t), exact); diff != "" {
		t.Errorf("Batches (-want +got):\n%s", diff)
	}
	must(t, db.FinishBatch(ctx, 7, 2, 3))
	must(t, db.FinishBatch(ctx, 7, 2, 4))
	want[1].Done, want[1].Attempt = true, 3
	if diff := cmp.Diff(want, got(db.Batches(ctx, 7))(t), exact); diff != "" {
		t.Errorf("Batches after the end of one (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]harrier.Batch{want[0], want[2]}, got(db.OpenBatches(ctx, 7))(t), exact); diff != "" {
		t.Errorf("OpenBatches (-want +got):\n%s", diff)
	}
}

func deleteScan(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	s := filledScan(1)
	must(t, db.InsertScan(ctx, s))
	must(t, db.InsertBatches(ctx, s.ID, []harrier.Batch{{Number: 1}}))
	must(t, db.DeleteScan(ctx, s.ID))
	if list := got(db.Batches(ctx, s.ID))(t); len(list) != 0 {
		t.Errorf("%d batches of a deleted scan; want none", len(list))
	}
}
