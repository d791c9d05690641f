package asm_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/alert/smtptest"
	"github.com/harrier-scan/harrier/internal/dialect/asm"
	"github.com/harrier-scan/harrier/internal/dialect/asm/asmtest"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/survey"
)

// talk asks a console, and decodes what it answers.
func talk(t *testing.T, c *exchange.Console, key, method, path, body string, into any) {
	t.Helper()
	status, raw := exchange.Ask(t, method, c.URL+"/api"+path, body, "X-Hexiosec-API-Key", key)
	if status >= 300 {
		t.Fatalf("%s %s: status %d: %s", method, path, status, raw)
	}
	if into != nil {
		if err := json.Unmarshal(raw, into); err != nil {
			t.Fatalf("%s %s: %v in %s", method, path, err, raw)
		}
	}
}

// TestRiskChanges: what was mended between two iterations, and what came, is what
// link changes tell as RISK: exactly the links that risks had before and have not
// now, and the other way round. A decision about risks is in force at once.
func TestRiskChanges(t *testing.T) {
	c, w, v := start(t)
	s := lab(t, c, w, v)
	data := "/v1/scan_data/" + v["scan"]
	open := func() map[string]string {
		var list []struct {
			Link string `json:"link_id"`
			URN  string `json:"urn"`
		}
		talk(t, c, v["key"], "GET", data+"/risks", "", &list)
		out := map[string]string{}
		for _, k := range list {
			out[k.Link] = k.URN
		}
		return out
	}
	issues := func() map[string]int {
		var list []struct{ Issues map[string]int }
		talk(t, c, v["key"], "GET", "/v1/scans/"+v["scan"]+"/iterations", "", &list)
		return list[0].Issues
	}
	before, first := open(), issues()
	w.Set(strings.NewReplacer("shop CNAME edge.provider.test.\n", "", "www A 127.0.55.10\n", "").Replace(asmtest.Zone) + "@ TXT \"v=spf1 mx -all\"\n_dmarc TXT \"v=DMARC1; p=reject\"\napi A 127.0.55.10\n")
	if _, err := c.Rooms.Surveys.Rescan(t.Context(), c.Admin, s.UUID); err != nil {
		t.Fatal(err)
	}
	wait(t, c, s.UUID, 2)
	after := open()
	if diff := cmp.Diff(first, issues()); diff != "" {
		t.Errorf("the first iteration tells otherwise of itself after the second (-before +after):\n%s", diff)
	}
	var got struct {
		Added, Removed []struct {
			ID, AddedIn string
			Type        string  `json:"link_type"`
			RemovedIn   *string `json:"removed_in"`
		}
	}
	talk(t, c, v["key"], "GET", data+"/link_changes?link_type=RISK", "", &got)
	var wantAdded, wantRemoved, added, removed, mended []string
	for link, urn := range before {
		if after[link] == "" {
			wantRemoved = append(wantRemoved, link)
			mended = append(mended, urn)
		}
	}
	for link := range after {
		if before[link] == "" {
			wantAdded = append(wantAdded, link)
		}
	}
	for _, l := range got.Added {
		added = append(added, l.ID)
		if l.Type != "RISK" || l.RemovedIn != nil {
			t.Errorf("added: %+v", l)
		}
	}
	for _, l := range got.Removed {
		removed = append(removed, l.ID)
		if l.Type != "RISK" || l.RemovedIn == nil {
			t.Errorf("removed: %+v", l)
		}
	}
	for _, list := range [][]string{wantAdded, wantRemoved, added, removed} {
		slices.Sort(list)
	}
	if diff := cmp.Diff(wantRemoved, removed); diff != "" {
		t.Errorf("removed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantAdded, added); diff != "" {
		t.Errorf("added (-want +got):\n%s", diff)
	}
	if all := strings.Join(mended, " "); !strings.Contains(all, "dmarc") || !strings.Contains(all, "spf") || len(wantAdded) == 0 {
		t.Errorf("mended %v, new %d; want the mail records among those, and the new name's", mended, len(wantAdded))
	}

	blind, r := c.Admin, c.Rooms.Surveys // who may read scans and no findings sees the other links
	blind.Permissions &^= harrier.ReadFindings
	view, err := r.View(t.Context(), blind, s.UUID)
	if err != nil {
		t.Fatal(err)
	}
	if seen, err := r.LinkChanges(t.Context(), blind, view, survey.Window{}); err != nil || len(seen.Added) == 0 ||
		slices.ContainsFunc(slices.Concat(seen.Added, seen.Removed), func(l survey.LinkChange) bool { return l.Link == survey.LinkRisk }) {
		t.Errorf("without findings the changes are %+v, %v; want some, and no risks", seen, err)
	}

	talk(t, c, v["key"], "PATCH", "/v1/scans/"+v["scan"], `{"ignore_ip_nodes":true}`, nil)
	for link, urn := range open() {
		if after[link] == "" {
			t.Errorf("%s (%s) came by ignoring addresses", link, urn)
		}
	}
	if n := len(open()); n == 0 || n >= len(after) {
		t.Errorf("%d of %d risks are left when those of addresses are ignored", n, len(after))
	}
}

// TestReportMail: a report that is to be mailed reaches who asked for it, as a file.
func TestReportMail(t *testing.T) {
	var server smtptest.Server
	server.Start(t)
	c, w, v := start(t)
	lab(t, c, w, v)
	settings := harrier.MailSettings{Host: "127.0.0.1", Port: server.Port(), From: "harrier@example.com"}
	if err := c.Rooms.Alerts.SetMailSettings(t.Context(), c.Admin, settings, nil); err != nil {
		t.Fatal(err)
	}
	u, err := c.Rooms.Identity.User(t.Context(), c.Admin, c.Admin.User)
	if err != nil {
		t.Fatal(err)
	}
	u.Email = "asker@example.org"
	if err := c.Rooms.Identity.Update(t.Context(), c.Admin, &u); err != nil {
		t.Fatal(err)
	}
	talk(t, c, v["key"], "POST", "/v1/reports", `{"type":"excel_summary","scan_id":"`+v["scan"]+`","name":"unsent"}`, nil)
	talk(t, c, v["key"], "POST", "/v1/reports", `{"type":"excel_summary","scan_id":"`+v["scan"]+`","name":"Weekly","send_email":true}`, nil)
	var got []smtptest.Message
	for end := time.Now().Add(30 * time.Second); len(got) < 1 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		got = server.Messages()
	}
	if len(got) != 1 {
		t.Fatalf("%d messages; want 1", len(got))
	}
	if text := string(got[0].Raw); strings.Join(got[0].To, " ") != "asker@example.org" || !strings.Contains(text, "Weekly") || !strings.Contains(text, ".xlsx") {
		t.Errorf("to %v: %.900s", got[0].To, text)
	}
}

// TestState: an iteration whose time limit ended it says so.
func TestState(t *testing.T) {
	for _, tt := range []struct {
		status  harrier.ScanStatus
		reason  string
		folding bool
		want    string
	}{
		{harrier.ScanQueued, "", false, "queued"},
		{harrier.ScanRunning, "", false, "in_progress"},
		{harrier.ScanRunning, "", true, "post_processing"},
		{harrier.ScanStopping, "the scan reached its time limit of 1h0m0s", false, "in_progress"},
		{harrier.ScanCompleted, "", false, "completed"},
		{harrier.ScanStopped, "", false, "failed"},
		{harrier.ScanStopped, "the scan reached its time limit of 1h0m0s", false, "timed_out"},
		{harrier.ScanAborted, "", false, "failed"},
	} {
		if got := asm.State(harrier.Scan{Status: tt.status, Reason: tt.reason}, tt.folding); got != tt.want {
			t.Errorf("%s, %q: %s; want %s", tt.status, tt.reason, got, tt.want)
		}
	}
}
