package securitycenter_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/securitycenter"
)

type postbox chan harrier.Mail

func (p postbox) Send(_ context.Context, m harrier.Mail) error { p <- m; return nil }

// TestReportLife stops a report that waits and has one that is ready sent.
func TestReportLife(t *testing.T) {
	console := exchange.Start(t, securitycenter.New)
	c := client{t, console.URL, "accesskey=" + console.Access + "; secretkey=" + console.SecretID}
	room := console.Rooms.Reports
	d := harrier.ReportDefinition{Name: "first", Format: "csv"}
	if err := room.CreateDefinition(t.Context(), console.Admin, &d); err != nil {
		t.Fatal(err)
	}
	for first, err := room.Launch(t.Context(), console.Admin, d.ID, 0); !first.Status.Ended(); first, err = room.Report(t.Context(), console.Admin, first.ID) {
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond) // the room works: it takes up no report of before any more
	}
	waits := harrier.Report{Title: "slow", Format: "pdf", Token: "waits", Status: harrier.ReportQueued}
	ready := harrier.Report{Title: "quick", Format: "pdf", Token: "ready", Status: harrier.ReportReady, Path: "gone.pdf"}
	for _, rep := range []*harrier.Report{&waits, &ready} {
		if err := room.Store.InsertReport(t.Context(), rep); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.text(c.must("POST", "/report/"+strconv.Itoa(int(waits.ID))+"/stop", ""), "status"); got != "Stopped" {
		t.Errorf("status = %s; want Stopped", got)
	}
	post := make(postbox, 1)
	room.Mail = post
	c.must("POST", "/report/"+strconv.Itoa(int(ready.ID))+"/email", `{"emailTargets":"a@example.org; b@example.org"}`)
	if m := <-post; len(m.To) != 2 || m.Subject != "Report: quick" {
		t.Errorf("mail %+v", m)
	}
}
