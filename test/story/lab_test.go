// Package story_test follows findings through their life, by the public APIs
// and over real services.
package story_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/console"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/nessus"
	"github.com/harrier-scan/harrier/internal/dialect/securitycenter"
)

// web is a server that tests change.
type web struct {
	t          *testing.T
	addr, port string
	inside     func(do func() error) error // where it listens; nil: here
	version    atomic.Value                // of nginx, as it says
	down       atomic.Bool                 // takes connections and says nothing
	listener   net.Listener
	running    sync.WaitGroup
}

// listen starts it, at its port of before.
func (w *web) listen() {
	w.t.Helper()
	var l net.Listener
	listen := func() (err error) {
		var lc net.ListenConfig
		l, err = lc.Listen(w.t.Context(), "tcp", net.JoinHostPort(w.addr, w.port))
		return err
	}
	if w.inside == nil {
		w.inside = func(do func() error) error { return do() }
	}
	err := w.inside(listen)
	if err != nil {
		w.t.Fatal(err)
	}
	w.listener = l
	if _, w.port, err = net.SplitHostPort(l.Addr().String()); err != nil {
		w.t.Fatal(err)
	}
	w.running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			w.running.Go(func() {
				defer c.Close()
				w.serve(c)
			})
		}
	})
}

// close ends it: its port is closed.
func (w *web) close() {
	_ = w.listener.Close() // nobody writes to it
	w.running.Wait()
}

func (w *web) serve(c net.Conn) {
	in := bufio.NewReader(c)
	for !w.down.Load() {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		const body = "<html><title>lab</title></html>"
		if _, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nServer: nginx/%s\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s", w.version.Load(), len(body), body); err != nil {
			return
		}
	}
}

// lab is a console, its two APIs and a server to scan.
type lab struct {
	t      *testing.T
	c      *exchange.Console
	nessus string // URL
	web    *web
	policy string
	plugin string // whose finding is followed
	later  func(time.Duration)
}

func newLab(t *testing.T, w *web) *lab {
	t.Helper()
	w.version.Store("1.18.0")
	w.listen()
	t.Cleanup(func() { w.close() })
	var local *console.Local
	c := exchange.Start(t, securitycenter.New, func(l *console.Local) { local = l })
	other := httptest.NewServer(nessus.New(c.Rooms))
	t.Cleanup(other.Close)
	return &lab{t: t, c: c, nessus: other.URL, web: w, later: local.Later}
}

// send sends a request with the first user's keys.
func (l *lab) send(method, url, body string) []byte {
	l.t.Helper()
	r, err := http.NewRequestWithContext(l.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	r.Header.Set("X-ApiKeys", "accessKey="+l.c.Access+"; secretKey="+l.c.SecretID)
	r.Header.Set("X-ApiKey", "accesskey="+l.c.Access+"; secretkey="+l.c.SecretID)
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		l.t.Fatal(err)
	}
	defer reply.Body.Close()
	raw, err := io.ReadAll(reply.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return raw
}

// must asks the SecurityCenter API and returns the payload of its answer.
func (l *lab) must(method, path, body string) json.RawMessage {
	l.t.Helper()
	raw := l.send(method, l.c.URL+"/rest"+path, body)
	var e struct {
		Response json.RawMessage `json:"response"`
		Code     *int            `json:"error_code"`
	}
	if err := json.Unmarshal(raw, &e); err != nil || e.Code == nil || *e.Code != 0 {
		l.t.Fatalf("%s %s %s: %s (%v)", method, path, body, raw, err)
	}
	return e.Response
}

func (l *lab) text(payload json.RawMessage, name string) string {
	l.t.Helper()
	var o map[string]any
	if err := json.Unmarshal(payload, &o); err != nil {
		l.t.Fatalf("%s: %v", payload, err)
	}
	return fmt.Sprint(o[name])
}

func (l *lab) list(payload json.RawMessage) (out []map[string]any) {
	l.t.Helper()
	if err := json.Unmarshal(payload, &out); err != nil {
		l.t.Fatalf("%s: %v", payload, err)
	}
	return out
}

// named is the object of a list that has a name; nil for none.
func (l *lab) named(path, name string) map[string]any {
	l.t.Helper()
	list := l.list(l.must("GET", path, ""))
	i := slices.IndexFunc(list, func(o map[string]any) bool { return o["name"] == name })
	if i < 0 {
		return nil
	}
	return list[i]
}

// preferences are those of policies, with one port.
func (*lab) preferences(port string, more ...string) string {
	list := append([]string{`"portscan_range":"` + port + `"`, `"tcp_scanner":"yes"`, `"syn_scanner":"no"`, `"udp_scanner":"no"`, `"ping_the_remote_host":"no"`}, more...)
	return `"preferences":{` + strings.Join(list, ",") + `}`
}

// scan launches a scan and returns the number of its result.
func (l *lab) scan(name, settings, more string) string {
	l.t.Helper()
	return l.text(l.must("POST", "/scan", fmt.Sprintf(`{"name":%q,"type":"policy","repository":{"id":1},"schedule":{"type":"now"},%s%s}`, name, settings, more)), "scanResultID")
}

// finished waits for the end of a scan and returns both of its states.
func (l *lab) finished(id string) string {
	l.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if p := l.must("GET", "/scanResult/"+id, ""); l.text(p, "running") == "false" {
			return l.text(p, "status") + "/" + l.text(p, "importStatus")
		}
	}
	l.t.Fatalf("result %s does not end", id)
	return ""
}

// await waits until a scan has a state.
func (l *lab) await(id, status string) {
	l.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if l.text(l.must("GET", "/scanResult/"+id+"?fields=status", ""), "status") == status {
			return
		}
	}
	l.t.Fatalf("result %s is never %s", id, status)
}

// remediate runs the guide's remediation scan for the plugin; port "" is the
// server's.
func (l *lab) remediate(port string) {
	l.t.Helper()
	if port == "" {
		port = l.web.port
	}
	family := l.text(l.must("GET", "/pluginFamily/"+l.plugin, ""), "id")
	once := l.text(l.must("POST", "/policy", fmt.Sprintf(`{"name":"","context":"scan","policyTemplate":{"id":1},%s,"families":[{"id":%q,"plugins":[{"id":%q}]},{"id":"41","plugins":[{"id":"19506"}]}]}`,
		l.preferences(port), family, l.plugin)), "id")
	id := l.scan("Remediation Scan of Plugin #"+l.plugin, fmt.Sprintf(`"policy":{"id":%s},"pluginID":%q,"ipList":%q,"classifyMitigatedAge":0`, once, l.plugin, l.web.addr), "")
	if got := l.finished(id); got != "Completed/Finished" {
		l.t.Errorf("the remediation scan ended as %s", got)
	}
}

// analyse asks for the records of a tool.
func (l *lab) analyse(source, tool string, filters ...string) []map[string]any {
	l.t.Helper()
	var out struct{ Results []map[string]any }
	body := fmt.Sprintf(`{"type":"vuln","sourceType":%q,"query":{"tool":%q,"type":"vuln","filters":[%s],"startOffset":0,"endOffset":1000}}`, source, tool, strings.Join(filters, ","))
	if err := json.Unmarshal(l.must("POST", "/analysis", body), &out); err != nil {
		l.t.Fatal(err)
	}
	return out.Results
}

// only filters for the finding that is followed.
func (l *lab) only() string {
	return fmt.Sprintf(`{"filterName":"pluginID","operator":"=","value":%q},{"filterName":"ip","operator":"=","value":%q}`, l.plugin, l.web.addr)
}

// record is the finding that is followed; nil when it is not in source.
func (l *lab) record(source string) map[string]any {
	l.t.Helper()
	switch list := l.analyse(source, "vulndetails", l.only()); len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	default:
		l.t.Fatalf("%d records of one finding in %s", len(list), source)
		return nil
	}
}

// pick takes a flaw of the server's version to follow.
func (l *lab) pick() {
	l.t.Helper()
	for _, r := range l.analyse("cumulative", "vulndetails") {
		if id := fmt.Sprint(r["pluginID"]); severityOf(r) != "0" && l.text(l.must("GET", "/plugin/"+id, ""), "name") != "" && strings.Contains(strings.ToLower(fmt.Sprint(r["pluginName"])), "nginx") {
			l.plugin = id
			return
		}
	}
	l.t.Fatal("no flaw of nginx was found")
}

func severityOf(r map[string]any) string {
	s, _ := r["severity"].(map[string]any)
	return fmt.Sprint(s["id"])
}

// open are the flaws that are open, by plugin and port.
func (l *lab) open() string {
	l.t.Helper()
	var out []string
	for _, r := range l.analyse("cumulative", "listvuln", fmt.Sprintf(`{"filterName":"ip","operator":"=","value":%q}`, l.web.addr), `{"filterName":"severity","operator":"=","value":"1,2,3,4"}`) {
		out = append(out, fmt.Sprint(r["pluginID"], "@", r["port"]))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// parity asks both APIs for the results of the newest scan: severities, hosts
// and plugins count the same.
func (l *lab) parity(when string) {
	l.t.Helper()
	results := l.list(l.must("GET", "/scanResult?startTime=0&fields=id,scan,name", ""))
	newest := results[0]
	for _, r := range results {
		if number(r["id"]) > number(newest["id"]) {
			newest = r
		}
	}
	sites, err := l.c.Rooms.Scans.Scan(l.t.Context(), l.c.Admin, number(newest["id"]))
	if err != nil {
		l.t.Fatal(err)
	}
	var details struct {
		Hosts []struct {
			Hostname                          string
			Critical, High, Medium, Low, Info int
		}
		Vulnerabilities []struct {
			PluginID int `json:"plugin_id"`
			Count    int
			Severity int
		}
	}
	if err := json.Unmarshal(l.send("GET", fmt.Sprintf("%s/scans/%d", l.nessus, sites.Site), ""), &details); err != nil {
		l.t.Fatal(err)
	}
	want, have := map[string]string{}, map[string]string{}
	for _, h := range details.Hosts {
		want["host "+h.Hostname] = fmt.Sprint(h.Critical, h.High, h.Medium, h.Low, h.Info)
	}
	for _, v := range details.Vulnerabilities {
		want[fmt.Sprint("plugin ", v.PluginID)] = fmt.Sprint(v.Count, v.Severity)
	}
	of := func(tool string) []map[string]any {
		var out struct{ Results []map[string]any }
		body := fmt.Sprintf(`{"type":"vuln","sourceType":"individual","query":{"tool":%q,"type":"vuln","scanID":"%v","view":"all","startOffset":0,"endOffset":1000}}`, tool, newest["id"])
		if err := json.Unmarshal(l.must("POST", "/analysis", body), &out); err != nil {
			l.t.Fatal(err)
		}
		return out.Results
	}
	for _, r := range of("sumip") {
		have[fmt.Sprint("host ", r["ip"])] = fmt.Sprint(r["severityCritical"], " ", r["severityHigh"], " ", r["severityMedium"], " ", r["severityLow"], " ", r["severityInfo"])
	}
	for _, r := range of("sumid") {
		have[fmt.Sprint("plugin ", r["pluginID"])] = fmt.Sprint(r["total"], " ", severityOf(r))
	}
	if diff := cmp.Diff(want, have); diff != "" || len(want) < 1 {
		l.t.Errorf("%s, scan %v (-Nessus +SecurityCenter):\n%s", when, newest["id"], diff)
	}
}

func number(id any) (n harrier.ID) {
	_, _ = fmt.Sscan(fmt.Sprint(id), &n) // 0 is no object
	return n
}
