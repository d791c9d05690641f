package securitycenter_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/alert/smtptest"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/securitycenter"
)

// TestScanMail runs a scan that writes to its owner when it begins and when it
// ends and has a report made, which is mailed to its recipients as a file: all
// of it reaches a mail server, each message once.
func TestScanMail(t *testing.T) {
	var server smtptest.Server
	server.Start(t)
	web := exchange.Listen(t, "127.0.0.93:0", serveWeb)
	console := exchange.Start(t, securitycenter.New)
	settings := harrier.MailSettings{Host: "127.0.0.1", Port: server.Port(), From: "harrier@example.com"}
	if err := console.Rooms.Alerts.SetMailSettings(t.Context(), console.Admin, settings, nil); err != nil {
		t.Fatal(err)
	}
	_, access, secret := person(t, console, "owner", harrier.Administrator, "correct-horse-9")
	c := client{t, console.URL, "accesskey=" + access + "; secretkey=" + secret}
	report := c.text(c.must("POST", "/reportDefinition", `{"name":"after","type":"csv","definition":{"columns":[{"name":"pluginID"},{"name":"ip"}],"query":{"id":-1,"filters":[]},"dataSource":{"querySourceType":"cumulative"}},"schedule":{"type":"never"},"emailTargets":"board@example.com"}`), "id")
	policy := c.text(c.must("POST", "/policy", `{"name":"p","preferences":{"portscan_range":"`+web+`","tcp_scanner":"yes","syn_scanner":"no","ping_the_remote_host":"no"}}`), "id")
	made := c.must("POST", "/scan", fmt.Sprintf(`{"name":"told","policy":{"id":%s},"repository":{"id":1},"ipList":"127.0.0.93","schedule":{"type":"now"},"emailOnLaunch":"true","emailOnFinish":"true","reports":[{"id":%s,"reportSource":"individual"}]}`, policy, report))
	if got := c.finished(c.text(made, "scanResultID")); got != "Completed/Finished" {
		t.Fatalf("the scan ended as %s", got)
	}
	var got []smtptest.Message
	for end := time.Now().Add(30 * time.Second); len(got) < 3 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		got = server.Messages()
	}
	seen := map[string]int{}
	for _, m := range got {
		text := string(m.Raw)
		switch to := strings.Join(m.To, " "); {
		case to == "board@example.com":
			if !strings.Contains(strings.ToLower(text), "attachment") || !strings.Contains(text, ".csv") {
				t.Errorf("the report has no file: %.900s", text)
			}
			seen["report"]++
		case to == "owner@example.org" && strings.Contains(text, "launched"):
			seen["launch"]++
		case to == "owner@example.org":
			seen["finish"]++
		default:
			t.Errorf("a message to %s: %.300s", to, text)
		}
	}
	if len(got) != 3 || seen["launch"] != 1 || seen["finish"] != 1 || seen["report"] != 1 {
		t.Errorf("%d messages: %v; want one of each kind", len(got), seen)
	}
}
