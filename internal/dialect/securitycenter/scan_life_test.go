package securitycenter_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/securitycenter"
)

// raw sends a POST and returns the body of the answer as it is.
func (c client) raw(path, body string) []byte {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.url+"/rest"+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("X-Apikey", c.keys)
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }()
	b, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode != http.StatusOK {
		c.t.Fatalf("POST %s = %d, %v", path, a.StatusCode, err)
	}
	return b
}

// await polls a result until it has a status.
func (c client) await(id, status string) {
	c.t.Helper()
	got := ""
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if got = c.text(c.must("GET", "/scanResult/"+id+"?fields=status", ""), "status"); got == status {
			return
		}
	}
	c.t.Fatalf("result %s is %s; want %s", id, got, status)
}

// TestResultLife pauses, resumes and stops a run, downloads it, and takes the
// downloaded file in again.
func TestResultLife(t *testing.T) {
	silent := exchange.Listen(t, "127.0.0.80:0", func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	console := exchange.Start(t, securitycenter.New)
	c := client{t, console.URL, "accesskey=" + console.Access + "; secretkey=" + console.SecretID}
	policy := c.text(c.must("POST", "/policy", `{"name":"p","preferences":{"portscan_range":"`+silent+`","tcp_scanner":"yes","syn_scanner":"no","ping_the_remote_host":"no"}}`), "id")
	made := c.must("POST", "/scan", `{"name":"slow","policy":{"id":`+policy+`},"repository":{"id":1},"ipList":"127.0.0.80","schedule":{"type":"now"},"maxScanTime":"2"}`)
	scan, id := c.text(made, "id"), c.text(made, "scanResultID")
	c.must("GET", "/scan/"+scan, "")
	if list := c.must("GET", "/scan", ""); bytes.Contains(list, []byte("slow")) {
		t.Errorf("a scan that was made for one run is listed: %s", list)
	}
	c.await(id, "Running")
	if got := c.text(c.must("POST", "/scanResult/"+id+"/pause", ""), "status"); got != "Running" {
		t.Errorf("pause answers %s; want Running, as it was", got)
	}
	c.await(id, "Paused")
	if got := c.text(c.must("POST", "/scanResult/"+id+"/resume", ""), "status"); got != "Paused" {
		t.Errorf("resume answers %s; want Paused, as it was", got)
	}
	c.must("POST", "/scanResult/"+id+"/stop", `{"type":"import"}`)
	if got := c.finished(id); got != "Partial/Finished" {
		t.Errorf("the stopped scan is %s; want Partial/Finished", got)
	}
	if _, code := c.call("DELETE", "/policy/"+policy, ""); code != 0 {
		t.Errorf("the policy of a scan that is over can not be deleted: code %d", code)
	}

	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	run, err := console.Rooms.Scans.Scan(t.Context(), harrier.System, harrier.ID(number))
	if limit := time.Duration(run.Plan.Settings.MaxDuration); err != nil || limit != 2*time.Hour {
		t.Errorf("a maxScanTime of 2 made a limit of %s, %v; want two hours", limit, err)
	}

	archive := c.raw("/scanResult/"+id+"/download", `{"downloadType":"v2"}`)
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil || len(z.File) != 1 || z.File[0].Name != id+".nessus" {
		t.Fatalf("the download is no zip file with %s.nessus: %v", id, err)
	}
	file, err := console.Rooms.Reports.Upload(t.Context(), console.Admin, "back.zip", bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	c.must("POST", "/scanResult/import", `{"filename":"`+file+`","repository":{"id":"1"},"classifyMitigatedAge":"0","dhcpTracking":"false"}`)
	var results []struct{ ID, Name, Status, ImportStatus, ResultSource string }
	if err := json.Unmarshal(c.must("GET", "/scanResult?fields=name,status,importStatus,resultSource&startTime=0", ""), &results); err != nil {
		t.Fatal(err)
	}
	if len(results) != 2 || results[1].Status+results[1].ImportStatus+results[1].ResultSource != "CompletedFinishedexternal" {
		t.Errorf("results after the import = %+v", results)
	}
	c.must("POST", "/scanResult/"+results[1].ID+"/copy", `{"users":[{"id":1}]}`)
	c.must("POST", "/scanResult/"+results[1].ID+"/email", `{"email":"a@example.com"}`)
	text, err := console.Rooms.Reports.Upload(t.Context(), console.Admin, "bad.nessus", strings.NewReader("no such file"))
	if err != nil {
		t.Fatal(err)
	}
	if _, code := c.call("POST", "/scanResult/import", `{"filename":"`+text+`","repository":{"id":1}}`); code != 146 {
		t.Errorf("importing what is no result = code %d; want 146", code)
	}
	for _, r := range results {
		c.must("DELETE", "/scanResult/"+r.ID, "")
	}
	if left := string(c.must("GET", "/scanResult?startTime=0", "")); left != "[]" {
		t.Errorf("results after all were deleted = %s", left)
	}
}

// TestPolicyFile exports a policy and takes it in again: what engines honour and
// which plugins run is the same.
func TestPolicyFile(t *testing.T) {
	console := exchange.Start(t, securitycenter.New)
	c := client{t, console.URL, "accesskey=" + console.Access + "; secretkey=" + console.SecretID}
	made := c.must("POST", "/policy", `{"name":"out","preferences":{"portscan_range":"1-99","udp_scanner":"yes","max_hosts_per_scan":"9","icmp_ping":"no","safe_checks":"no","reduce_connections_on_congestion":"yes"},
		"families":[{"id":"11"},{"id":"41","plugins":[{"id":"19506"}]}]}`)
	body := c.raw("/policy/"+c.text(made, "id")+"/export", "")
	if !bytes.HasPrefix(body, []byte("<?xml")) || !bytes.Contains(body, []byte("<NessusClientData_v2>")) {
		t.Fatalf("the export begins %.80s", body)
	}
	file, err := console.Rooms.Reports.Upload(t.Context(), console.Admin, "policy.xml", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	var back struct {
		Name, Tags  string
		Preferences map[string]string
		Families    []struct {
			ID, State string
			Plugins   []struct{ ID string }
		}
	}
	if err := json.Unmarshal(c.must("POST", "/policy/import", `{"name":"in","filename":"`+file+`","tags":"t"}`), &back); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"portscan_range": "1-99", "udp_scanner": "yes", "max_hosts_per_scan": "9", "icmp_ping": "no", "safe_checks": "no", "reduce_connections_on_congestion": "yes"} {
		if back.Preferences[name] != want {
			t.Errorf("%s came back as %q; want %q", name, back.Preferences[name], want)
		}
	}
	if back.Name != "in" || back.Tags != "t" || len(back.Families) != 2 || back.Families[0].State != "enabled" || back.Families[1].State != "mixed" ||
		len(back.Families[1].Plugins) != 1 || back.Families[1].Plugins[0].ID != "19506" {
		t.Errorf("the policy came back as %+v", back)
	}
}
