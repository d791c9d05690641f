package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// alertNouns are the nouns of telling people.
var alertNouns = []noun{
	nounOf("delivery", 0, (*store.DB).InsertDelivery, (*store.DB).UpdateDelivery, (*store.DB).DeleteDelivery, (*store.DB).Delivery, (*store.DB).Deliveries),
	nounOf("alert", 0, (*store.DB).InsertAlert, (*store.DB).UpdateAlert, (*store.DB).DeleteAlert, (*store.DB).Alert, (*store.DB).Alerts),
	nounOf("ticket", 0, (*store.DB).InsertTicket, (*store.DB).UpdateTicket, (*store.DB).DeleteTicket, (*store.DB).Ticket, (*store.DB).Tickets),
	nounOf("dashboard", 0, (*store.DB).InsertDashboard, (*store.DB).UpdateDashboard, (*store.DB).DeleteDashboard, (*store.DB).Dashboard, (*store.DB).Dashboards),
}

// alertPromises are those of the outbox, of notifications and of what was told.
var alertPromises = []promise{
	{"the outbox gives what is due, and a key once", outbox},
	{"notifications of a user since a time", notifications},
	{"a state of a scan is told once", told},
}

func outbox(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	put := func(channel harrier.Channel, key string, next time.Time, state harrier.DeliveryState, ended time.Time) error {
		return db.InsertDelivery(ctx, &harrier.Delivery{Channel: channel, Key: key, Next: next, State: state, Ended: ended, Created: now})
	}
	must(t, put(harrier.ByMail, "", now, harrier.DeliveryWaits, time.Time{}))
	must(t, put(harrier.ByMail, "", now.Add(-time.Minute), harrier.DeliveryWaits, time.Time{}))
	must(t, put(harrier.ByMail, "a", now.Add(time.Minute), harrier.DeliveryWaits, time.Time{}))
	must(t, put(harrier.BySyslog, "b", now, harrier.DeliveryWaits, time.Time{}))
	must(t, put(harrier.ByMail, "c", now, harrier.Delivered, now))
	if err := put(harrier.ByMail, "c", now, harrier.DeliveryWaits, time.Time{}); harrier.KindOf(err) != harrier.Conflict {
		t.Errorf("a second one with the same key = %v; want Conflict", err)
	}
	ids := func(list []harrier.Delivery, err error) (out []harrier.ID) {
		t.Helper()
		must(t, err)
		for _, d := range list {
			out = append(out, d.ID)
		}
		return out
	}
	first := ids(db.Deliveries(ctx))[0]
	if diff := cmp.Diff([]harrier.ID{first + 1, first}, ids(db.DueDeliveries(ctx, harrier.ByMail, now, 10))); diff != "" {
		t.Errorf("due (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]harrier.ID{first + 1}, ids(db.DueDeliveries(ctx, harrier.ByMail, now, 1))); diff != "" {
		t.Errorf("due, one of them (-want +got):\n%s", diff)
	}
	must(t, db.ForgetDeliveries(ctx, now))
	if n := len(ids(db.Deliveries(ctx))); n != 5 {
		t.Errorf("%d messages; want 5: nothing ended before now", n)
	}
	must(t, db.ForgetDeliveries(ctx, now.Add(time.Second)))
	if n := len(ids(db.Deliveries(ctx))); n != 4 {
		t.Errorf("%d messages; want 4: those that wait", n)
	}
}

func notifications(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for i, user := range []harrier.ID{1, 2, 0, 1} {
		must(t, db.InsertNotification(ctx, &harrier.Notification{User: user, By: "system", Kind: "scan", Action: "ended", Object: 7, Name: "lab", Text: "t", At: now.Add(time.Duration(i) * time.Hour)}))
	}
	list := got(db.Notifications(ctx, 1, now.Add(time.Minute)))(t)
	if len(list) != 2 || list[0].User != 0 || list[1].User != 1 || list[1].At != now.Add(3*time.Hour) || list[1].Name != "lab" {
		t.Errorf("notifications = %+v; want everybody's, then the last one of user 1", list)
	}
	must(t, db.ForgetNotifications(ctx, now.Add(2*time.Hour)))
	if list := got(db.Notifications(ctx, 1, time.Time{}))(t); len(list) != 2 {
		t.Errorf("after forgetting %+v; want two", list)
	}
}

func told(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	s := harrier.Scan{Status: harrier.ScanRunning, Modified: now}
	must(t, db.InsertScan(ctx, &s))
	if list := got(db.ScansToTell(ctx, now))(t); len(list) != 1 || list[0].ID != s.ID {
		t.Errorf("untold = %+v; want the new scan", list)
	}
	if list := got(db.ScansToTell(ctx, now.Add(time.Second)))(t); len(list) != 0 {
		t.Errorf("untold and modified later = %+v; want none", list)
	}
	must(t, db.PutTold(ctx, s.ID, s.Status))
	if list := got(db.ScansToTell(ctx, now))(t); len(list) != 0 {
		t.Errorf("untold = %+v; want none", list)
	}
	s.Status = harrier.ScanCompleted
	must(t, db.UpdateScan(ctx, &s))
	if list := got(db.ScansToTell(ctx, now))(t); len(list) != 1 {
		t.Errorf("untold = %+v; want the scan again", list)
	}
	if was := got(db.Told(ctx, s.ID))(t); was != harrier.ScanRunning {
		t.Errorf("told = %q; want running", was)
	}
	for want := 1; want <= 2; want++ {
		if n := got(db.CountAlert(ctx, 1, s.ID))(t); n != want {
			t.Errorf("CountAlert = %d; want %d", n, want)
		}
	}
	must(t, db.DeleteScan(ctx, s.ID))
	must(t, db.ForgetTold(ctx))
	if n := got(db.CountAlert(ctx, 1, s.ID))(t); n != 1 {
		t.Errorf("CountAlert of a scan that is gone = %d; want 1", n)
	}
	if was := got(db.Told(ctx, s.ID))(t); was != "" {
		t.Errorf("told of a scan that is gone = %q; want nothing", was)
	}
}
