package nexpose_test

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestReportPeople saves reports for others: with an owner, users who see what is
// made, and mail in the forms that were asked for.
func TestReportPeople(t *testing.T) {
	c, _ := lab(t)
	admin := signIn(t, c, c.Name, c.Password)
	user := func(name, role string) string {
		return admin.value("id", `<UserSaveRequest @><UserConfig id="-1" name="`+name+`" email="`+name+`@example.com" password="correct-horse-9" role-name="`+role+`" allGroups="true" allSites="true"/></UserSaveRequest>`)
	}
	owner, reader := user("owner", "site-admin"), user("reader", "user")
	other := user("other", "user")
	config := func(id, owner, email string) string {
		return `<ReportSaveRequest @ generate-now="1"><ReportConfig id="` + id + `" name="for others" format="csv" template-id="" owner="` + owner + `"><Filters><filter type="site" id="1"/></Filters>` +
			`<Users><user id="` + reader + `"/></Users><Generate after-scan="0" schedule="0"/><Delivery>` + email + `</Delivery></ReportConfig></ReportSaveRequest>`
	}
	const email = `<Email sendAs="zip" sendToAclAs="url" sendToOwnerAs="file" toAllAuthorized="0"><Recipients><Recipient>out@example.com</Recipient></Recipients><SmtpRelayServer>mx.example</SmtpRelayServer><Sender>from@example.com</Sender></Email>`
	id := admin.value("reportcfg-id", config("-1", owner, email))
	text := admin.ok(`<ReportConfigRequest @ reportcfg-id="` + id + `"/>`)
	for _, want := range []string{`owner="` + owner + `"`, `<Users><user id="` + reader + `"/></Users>`, email} {
		if !strings.Contains(text, want) {
			t.Errorf("report = %s; want %s", text, want)
		}
	}
	var history string
	for end := time.Now().Add(30 * time.Second); !strings.Contains(history, "report-URI") && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		history = signIn(t, c, "reader", "correct-horse-9").ok(`<ReportHistoryRequest @ reportcfg-id="` + id + `"/>`)
	}
	uri := regexp.MustCompile(`report-URI="([^"]+)"`).FindStringSubmatch(history)
	if uri == nil {
		t.Fatalf("the reader sees %s", history)
	}
	if status, body := signIn(t, c, "reader", "correct-horse-9").get(uri[1], nil); status != 200 || !strings.Contains(body, "192.0.2.1") {
		t.Errorf("the reader gets %d %s", status, body)
	}
	stranger := signIn(t, c, "other", "correct-horse-9")
	stranger.fails(`<ReportHistoryRequest @ reportcfg-id="` + id + `"/>`)
	if status, body := stranger.get(uri[1], nil); status != 404 {
		t.Errorf("a stranger gets %d %s", status, body)
	}
	signIn(t, c, "owner", "correct-horse-9").ok(config(id, "", ""))
	if text := admin.ok(`<ReportConfigRequest @ reportcfg-id="` + id + `"/>`); !strings.Contains(text, `owner="`+owner+`"`) || strings.Contains(text, "<Email") {
		t.Errorf("after a save of the owner's = %s", text)
	}
	for _, bad := range []string{
		config("-1", "999", ""), config("-1", "", `<Email sendAs="pigeon"/>`), strings.Replace(config("-1", "", ""), `user id="`+reader, `user id="999`, 1),
	} {
		admin.fails(strings.Replace(bad, "for others", "bad", 1))
	}
	signIn(t, c, "owner", "correct-horse-9").fails(strings.Replace(config("-1", other, ""), "for others", "stolen", 1))
}
