package nexpose

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/internal/needs"
	"github.com/harrier-scan/harrier/test/console"
)

// TestEngines saves an engine, lets it enrol, makes a pool of it, binds a site
// to that, and has the site scanned by it: the console has no engine of its own.
func TestEngines(t *testing.T) {
	bin, addr, gate, data := console.Build(t), console.FreeAddr(t), console.FreeAddr(t), filepath.Join(t.TempDir(), "data")
	p := console.Start(t, bin, "serve", "--data", data, "--listen", addr, "--bus-listen", gate, "--no-engine")
	t.Cleanup(func() {
		if !p.Stop(30*time.Second) || t.Failed() {
			t.Logf("the console wrote:\n%s", p.Output())
		}
	})
	console.Dial(t, addr).SignIn("admin", p.Password())                                                                                    // waits until it is up
	c := &client{t: t, addr: addr, http: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}} //nolint:gosec // the console's own certificate
	defer c.http.CloseIdleConnections()
	c.session = c.post("1.2", fmt.Sprintf(`<LoginRequest user-id="admin" password="%s"/>`, p.Password())).attr("session-id")

	l := needs.Listen(t, "127.0.0.92:80")
	web := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Second}
	go func() { _ = web.Serve(l) }()
	defer web.Close()

	engine := c.do("EngineSave", "", `<EngineConfig id="-1" name="far" address="" port="40814" scope="silo" priority="normal"/>`).attr("id")
	status := func() string {
		t.Helper()
		for _, e := range c.do("EngineListing", "", "").Nodes {
			if e.attr("id") == engine {
				return e.attr("status")
			}
		}
		t.Fatalf("engine %s is not listed", engine)
		return ""
	}
	if got := status(); got != "Pending-auth" {
		t.Errorf("before its enrolment the engine is %s", got)
	}
	if e := c.do("EngineConfig", `engine-id="`+engine+`"`, "").find("EngineConfig"); e == nil || e.attr("name") != "far" || e.attr("port") != "40814" {
		t.Errorf("EngineConfig: %+v", e)
	}
	pool := c.do("EnginePoolCreate", "", `<EnginePool name="branch" scope="silo"><Engine name="far"/></EnginePool>`).attr("id")
	site := c.do("SiteSave", "", `<Site id="-1" name="pooled"><Hosts><range from="127.0.0.92"/></Hosts><ScanConfig configID="-1" name="x" templateID="full-audit-without-web-spider" engineID="`+pool+`" configVersion="3"/></Site>`).attr("site-id")
	if got := c.do("SiteConfig", `site-id="`+site+`"`, "").find("ScanConfig").attr("engineID"); got != pool {
		t.Errorf("the site is bound to %s; want pool %s", got, pool)
	}
	scan := c.do("SiteScan", `site-id="`+site+`"`, "").find("Scan").attr("scan-id")

	far := console.Start(t, bin, "engine", "--console", gate, "--keys", t.TempDir(), "--flight", "none", "--token", console.EngineToken(t, bin, data, "--name", "far"))
	t.Cleanup(func() { far.Stop(30 * time.Second) })
	worked, extended, ended := false, false, ""
	for end := time.Now().Add(2 * time.Minute); ended != "finished" && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if s := c.do("EngineActivity", `engine-id="`+engine+`"`, "").find("ScanSummary"); s != nil && s.attr("scan-id") == scan {
			worked = true
		}
		if s := c.post("1.2", fmt.Sprintf(`<EngineActivityRequest session-id=%q engine-id=%q sync-id="7"/>`, c.session, engine)); s.attr("sync-id") != "7" {
			t.Fatalf("EngineActivity by 1.2: %+v", s)
		} else if sum := s.find("ScanSummary"); sum != nil {
			extended = extended || sum.find("TaskSummary") != nil && sum.find("NodeSummary") != nil && sum.find("tasks") == nil
		}
		ended = c.do("ScanStatus", `scan-id="`+scan+`"`, "").attr("status")
	}
	if ended != "finished" || !worked || !extended || status() != "Active" {
		t.Errorf("the scan is %s, shown as the engine's activity: %v, in the words of 1.2: %v; the engine is %s", ended, worked, extended, status())
	}
	if p := c.do("EnginePoolListing", "", "").find("EnginePoolSummary"); p == nil || p.attr("id") != pool || p.attr("name") != "branch" {
		t.Errorf("EnginePoolListing: %+v", p)
	}
	c.do("EnginePoolUpdate", "", `<EnginePool id="`+pool+`" name="branch" scope="silo"><Engine name="far"/></EnginePool>`)
	if e := c.do("EnginePoolDetails", "", `<EnginePool name="branch" scope="silo"/>`).find("EngineSummary"); e == nil || e.attr("id") != engine || e.attr("status") != "Active" {
		t.Errorf("EnginePoolDetails: %+v", e)
	}
	if d := c.do("SiteDeviceListing", `site-id="`+site+`"`, "").find("device"); d == nil || d.attr("address") != "127.0.0.92" {
		t.Errorf("device %+v", d)
	}
	c.do("SiteDelete", `site-id="`+site+`"`, "")
	c.do("EnginePoolDelete", "", `<EnginePool name="branch" scope="silo"/>`)
	c.do("EngineDelete", `engine-id="`+engine+`" scope="silo"`, "")
}
