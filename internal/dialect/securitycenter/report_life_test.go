package securitycenter_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/securitycenter"
)

type postbox chan harrier.Mail

func (p postbox) Send(_ context.Context, m harrier.Mail) error { p <- m; return nil }

// TestReportLife stops reports that wait, one of them as a job, and has one that is
// ready sent.
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
	job := harrier.Report{Title: "as a job", Format: "pdf", Token: "job", Status: harrier.ReportQueued}
	for _, rep := range []*harrier.Report{&waits, &ready, &job} {
		if err := room.Store.InsertReport(t.Context(), rep); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.text(c.must("POST", "/report/"+strconv.Itoa(int(waits.ID))+"/stop", ""), "status"); got != "Stopped" {
		t.Errorf("status = %s; want Stopped", got)
	}
	jobs := func() string { return string(c.must("GET", "/job?fields=name,type,status,objectID", "")) }
	ours := fmt.Sprintf(`[{"id":"%d3","name":"as a job","type":"report","status":"waiting","objectID":"%[1]d"}]`, job.ID)
	if got := jobs(); got != ours {
		t.Errorf("jobs are %s; want %s", got, ours)
	}
	c.must("POST", fmt.Sprintf("/job/%d3/kill", job.ID), "")
	if got := c.text(c.must("GET", "/report/"+strconv.Itoa(int(job.ID)), ""), "status"); got != "Stopped" || jobs() != "[]" {
		t.Errorf("a job that was killed is %s, and jobs are %s", got, jobs())
	}
	post := make(postbox, 1)
	room.Mail = post
	c.must("POST", "/report/"+strconv.Itoa(int(ready.ID))+"/email", `{"emailTargets":"a@example.org; b@example.org"}`)
	if m := <-post; len(m.To) != 2 || m.Subject != "Report: quick" {
		t.Errorf("mail %+v", m)
	}
}
