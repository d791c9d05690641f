package securitycenter_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/securitycenter"
	"github.com/harrier-scan/harrier/internal/finding"
)

// client speaks to a console as a script does.
type client struct {
	t    *testing.T
	url  string
	keys string
}

// call sends a request and returns the payload of the answer.
func (c client) call(method, path, body string) (json.RawMessage, int) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+"/rest"+path, bytes.NewReader([]byte(body)))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("X-Apikey", c.keys)
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }()
	var e struct {
		Response  json.RawMessage `json:"response"`
		ErrorCode int             `json:"error_code"`
	}
	if err := json.NewDecoder(a.Body).Decode(&e); err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return e.Response, e.ErrorCode
}

// text returns a member of the payload.
func (c client) text(payload json.RawMessage, name string) string {
	c.t.Helper()
	var o map[string]any
	if err := json.Unmarshal(payload, &o); err != nil {
		c.t.Fatalf("%s: %v", payload, err)
	}
	s, _ := o[name].(string)
	return s
}

// must is call that has to succeed.
func (c client) must(method, path, body string) json.RawMessage {
	c.t.Helper()
	payload, code := c.call(method, path, body)
	if code != 0 {
		c.t.Fatalf("%s %s = code %d; want 0", method, path, code)
	}
	return payload
}

// finished polls a result as the guide's clients do, and returns its status.
func (c client) finished(id string) string {
	c.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		p := c.must("GET", "/scanResult/"+id, "")
		if c.text(p, "running") == "false" {
			return c.text(p, "status") + "/" + c.text(p, "importStatus")
		}
	}
	c.t.Fatalf("result %s does not end", id)
	return ""
}

// openOf are the numbers of the open findings in the repository.
func openOf(t *testing.T, console *exchange.Console) []harrier.VulnID {
	t.Helper()
	list, _, err := console.Rooms.Findings.Findings(t.Context(), harrier.System, nil, finding.Page{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var out []harrier.VulnID
	for _, f := range list {
		if f.Open() {
			out = append(out, f.Vulnerability)
		}
	}
	return out
}

// TestRemediation follows the guide's procedure: find the family of a plugin,
// make the one-time policy, launch it on the address, poll the result. The
// finding stays while the service is as it was, stays when the service is not
// there at all, goes when the service was mended, and no other finding moves.
func TestRemediation(t *testing.T) {
	var server atomic.Value
	server.Store("nginx/1.18.0")
	var down atomic.Bool
	port := exchange.Listen(t, "127.0.0.79:0", func(conn net.Conn) {
		in := bufio.NewReader(conn)
		for !down.Load() {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			body := "<html><title>lab</title></html>"
			if _, err := fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nServer: %s\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s", server.Load(), len(body), body); err != nil {
				return
			}
		}
	})
	console := exchange.Start(t, securitycenter.New)
	c := client{t, console.URL, "accesskey=" + console.Access + "; secretkey=" + console.SecretID}

	policy := c.text(c.must("POST", "/policy", `{"name":"all","policyTemplate":{"id":1},"preferences":{"portscan_range":"`+port+`","tcp_scanner":"yes","syn_scanner":"no","ping_the_remote_host":"no"}}`), "id")
	first := c.text(c.must("POST", "/scan", `{"name":"first","type":"policy","policy":{"id":`+policy+`},"repository":{"id":1},"ipList":"127.0.0.79","schedule":{"type":"now"}}`), "scanResultID")
	if got := c.finished(first); got != "Completed/Finished" {
		t.Fatalf("first scan ended as %s", got)
	}
	listens := func(tool, result string) (names []string) {
		t.Helper()
		var out answer
		body := fmt.Sprintf(`{"type":"vuln","sourceType":"individual","scanID":%q,"view":"all","query":{"type":"vuln","tool":%q,"filters":[]}}`, result, tool)
		if err := json.Unmarshal(c.must("POST", "/analysis", body), &out); err != nil {
			t.Fatal(err)
		}
		for _, r := range out.Results {
			names = append(names, fmt.Sprint(r["name"], " ", r["count"]))
		}
		return names
	}
	for tool, want := range map[string]int{"listservices": 1, "listwebservers": 1, "listsoftware": 1, "listsshservers": 0, "listmailclients": 0} {
		if got := listens(tool, first); len(got) != want {
			t.Errorf("%s of the one scan = %v; want %d", tool, got, want)
		}
	}
	if got := listens("listsoftware", first); len(got) == 1 && got[0] != "nginx 1.18.0 1" {
		t.Errorf("listsoftware of the one scan = %v; want nginx 1.18.0, once", got)
	}
	before := openOf(t, console)
	var flaw harrier.VulnID
	for _, id := range before {
		if v, ok := console.Rooms.Vulns.Lookup(id); ok && id.OfContent() && v.Severity > harrier.Info {
			flaw = id
			break
		}
	}
	if flaw == 0 {
		t.Fatalf("no flaw of nginx among %v", before)
	}
	remediate := func() {
		t.Helper()
		plugin := strconv.Itoa(int(flaw))
		family := c.text(c.must("GET", "/pluginFamily/"+plugin, ""), "id")
		p := c.must("POST", "/policy", `{"name":"","description":"","context":"scan","createdTime":0,"modifiedTime":0,"groups":[],"policyTemplate":{"id":1},"auditFiles":[],
			"preferences":{"portscan_range":"`+port+`","tcp_scanner":"yes","syn_scanner":"no","udp_scanner":"no","syn_firewall_detection":"Automatic (normal)","ping_the_remote_host":"no"},
			"families":[{"id":"`+family+`","plugins":[{"id":"`+plugin+`"}]},{"id":"41","plugins":[{"id":"19506"}]}]}`)
		id := c.text(p, "id")
		if listed := c.must("GET", "/policy", ""); bytes.Contains(listed, []byte(`"id":"`+id+`"`)) {
			t.Errorf("the one-time policy is listed: %s", listed)
		}
		c.must("GET", "/policy/"+id, "")
		s := c.must("POST", "/scan", `{"name":"Remediation Scan of Plugin #`+plugin+`","description":"","context":"","createdTime":0,"modifiedTime":0,"groups":[],"repository":{"id":1},
			"schedule":{"start":"TZID=America/New_York:20171212T160900","repeatRule":"FREQ=NOW;INTERVAL=1","type":"now"},"dhcpTracking":"true","emailOnLaunch":"false","emailOnFinish":"false",
			"reports":[],"type":"policy","policy":{"id":`+id+`},"pluginID":"`+plugin+`","timeoutAction":"rollover","rolloverType":"template","scanningVirtualHosts":"false",
			"classifyMitigatedAge":0,"assets":[],"ipList":"127.0.0.79","credentials":[],"maxScanTime":"unlimited"}`)
		result := c.text(s, "scanResultID")
		if got := c.finished(result); got != "Completed/Finished" {
			t.Errorf("remediation scan ended as %s", got)
		}
		for _, gone := range []string{"/policy/" + id, "/scan/" + c.text(s, "id")} {
			if _, code := c.call("GET", gone, ""); code != 147 {
				t.Errorf("GET %s after the scan = code %d; want 147", gone, code)
			}
		}
	}
	isOpen := func() bool { t.Helper(); return slices.Contains(openOf(t, console), flaw) }

	remediate()
	if !isOpen() {
		t.Error("the finding is closed though the service is as it was")
	}
	down.Store(true)
	remediate()
	if !isOpen() {
		t.Error("the finding is closed though the service did not answer")
	}
	down.Store(false)
	server.Store("nginx/9.0.0")
	remediate()
	if isOpen() {
		t.Error("the finding is open though the service was mended")
	}
	after := openOf(t, console)
	for _, id := range before {
		if id != flaw && id.OfContent() && !slices.Contains(after, id) {
			t.Errorf("finding of plugin %d moved, which was not looked for", id)
		}
	}
}
