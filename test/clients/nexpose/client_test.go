package nexpose

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/internal/needs"
	"github.com/harrier-scan/harrier/test/console"
)

// node is any answer.
type node struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Nodes   []node     `xml:",any"`
	Text    string     `xml:",chardata"`
}

func (n node) attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (n node) find(name string) *node {
	if n.XMLName.Local == name {
		return &n
	}
	for _, c := range n.Nodes {
		if f := c.find(name); f != nil {
			return f
		}
	}
	return nil
}

type client struct {
	t       *testing.T
	http    *http.Client
	addr    string
	session string
}

// post sends a request document and returns the answer, which always comes with
// status 200 and without an XML declaration.
func (c *client) post(version, body string) node {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, "https://"+c.addr+"/api/"+version+"/xml", strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/xml")
	a, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer a.Body.Close()
	raw, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode != http.StatusOK || bytes.HasPrefix(raw, []byte("<?")) {
		c.t.Fatalf("%s: status %d, %v: %s", body, a.StatusCode, err, raw)
	}
	var n node
	if err := xml.Unmarshal(raw, &n); err != nil {
		c.t.Fatalf("%v in %s", err, raw)
	}
	return n
}

// do sends a request of the session that has to succeed.
func (c *client) do(name, attrs, body string) node {
	c.t.Helper()
	n := c.post("1.1", fmt.Sprintf(`<%sRequest session-id="%s" %s>%s</%sRequest>`, name, c.session, attrs, body, name))
	if n.XMLName.Local != name+"Response" || n.attr("success") != "1" {
		c.t.Fatalf("%s %s: %+v", name, attrs, n)
	}
	return n
}

var sessionForm = regexp.MustCompile(`^[0-9A-F]{40}$`)

// TestClient goes the way of the guide: sign in, make a site, scan it, poll its
// statistics and status, look at the engine, download the scan, sign out.
func TestClient(t *testing.T) {
	bin, addr := console.Build(t), console.FreeAddr(t)
	p := console.Start(t, bin, "serve", "--data", filepath.Join(t.TempDir(), "data"), "--listen", addr)
	t.Cleanup(func() {
		if !p.Stop(30*time.Second) || t.Failed() {
			t.Logf("the console wrote:\n%s", p.Output())
		}
	})
	console.Dial(t, addr).SignIn("admin", p.Password()) // waits until it is up
	insecure := &tls.Config{InsecureSkipVerify: true}   //nolint:gosec // the console's own certificate
	c := &client{t: t, addr: addr, http: &http.Client{Transport: &http.Transport{TLSClientConfig: insecure}}}
	defer c.http.CloseIdleConnections()

	login := fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?><LoginRequest sync-id="42" user-id="admin" password="%s"/>`, p.Password())
	n := c.post("1.2", login)
	if n.attr("sync-id") != "42" || !sessionForm.MatchString(n.attr("session-id")) {
		t.Fatalf("login: %+v", n)
	}
	c.session = n.attr("session-id")
	if second := c.post("1.1", login).attr("session-id"); second == c.session || !sessionForm.MatchString(second) {
		t.Errorf("a second login has session %q", second)
	}
	if raw := http10(t, insecure, addr, login); !strings.Contains(raw, " 200 ") || !strings.Contains(raw, `<LoginResponse success="1"`) {
		t.Errorf("HTTP/1.0: %s", raw)
	}

	c.steered()

	l := needs.Listen(t, "127.0.0.91:80")
	web := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", "nginx/1.18.0")
		http.NotFound(w, r)
	}), ReadHeaderTimeout: time.Second}
	go func() { _ = web.Serve(l) }()
	defer web.Close()

	site := c.do("SiteSave", "", `<Site id="-1" name="guide"><Hosts><range from="127.0.0.91"/></Hosts><ScanConfig configID="-1" name="x" templateID="full-audit-without-web-spider" configVersion="3"/></Site>`).attr("site-id")
	started := c.do("SiteScan", `site-id="`+site+`"`, "").find("Scan")
	scan, engine := started.attr("scan-id"), started.attr("engine-id")
	status := ""
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		summary := c.do("ScanStatistics", `scan-id="`+scan+`"`, "").find("ScanSummary")
		if status = summary.attr("status"); status == "finished" {
			break
		}
		if summary.attr("endTime") != "" || status != "running" && status != "dispatched" {
			t.Fatalf("the scan goes on and is %+v", summary)
		}
	}
	summary := c.do("ScanStatistics", `scan-id="`+scan+`"`, "").find("ScanSummary")
	if status != "finished" || summary.attr("endTime") == "" || summary.find("nodes").attr("live") != "1" {
		t.Fatalf("the scan is %s: %+v", status, summary)
	}
	for _, v := range summary.Nodes {
		if strings.HasPrefix(v.attr("status"), "vuln-") && v.attr("severity") == "" {
			t.Errorf("no severity: %+v", v)
		}
	}
	if got := c.do("ScanStatus", `scan-id="`+scan+`"`, "").attr("status"); got != "finished" {
		t.Errorf("ScanStatus says %s", got)
	}
	if n := c.do("EngineActivity", `engine-id="`+engine+`"`, ""); len(n.Nodes) != 0 {
		t.Errorf("EngineActivity after the scan: %+v", n)
	}
	d := c.do("SiteDeviceListing", `site-id="`+site+`"`, "").find("device")
	if d == nil || d.attr("address") != "127.0.0.91" {
		t.Fatalf("device %+v", d)
	}
	flaw := c.reports(site)
	c.people(site, d.attr("id"))
	c.ticket(d.attr("id"), flaw)
	c.exception(scan, flaw)
	if raw := http10(t, insecure, addr, `<SiteListingRequest session-id="`+c.session+`"/>`); !strings.Contains(raw, `name="guide"`) {
		t.Errorf("SiteListing by HTTP/1.0: %s", raw)
	}
	c.do("SiteDelete", `site-id="`+site+`"`, "")
	c.do("Logout", "", "")
	if n := c.post("1.1", `<SiteListingRequest session-id="`+c.session+`"/>`); n.attr("success") != "0" {
		t.Errorf("the session outlives its end: %+v", n)
	}
}

// http10 sends a request as old clients do, over a socket of its own.
func http10(t *testing.T, config *tls.Config, addr, body string) string {
	t.Helper()
	conn, err := (&tls.Dialer{Config: config}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST /api/1.1/xml HTTP/1.0\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(bufio.NewReader(conn)) // the server closes in good order
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
