package surface

import (
	"bytes"
	"context"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check/web"
	"github.com/harrier-scan/harrier/internal/console"
	"github.com/harrier-scan/harrier/internal/needs"
	"github.com/harrier-scan/harrier/internal/store"
	"github.com/harrier-scan/harrier/internal/surface"
	"github.com/harrier-scan/harrier/internal/surface/judge"
)

// dataEnv tells the test program that is a console its data folder.
const dataEnv = "HARRIER_SURFACE_DATA"

// serve is the test program as a console, until it is killed.
func serve() error {
	dir := os.Getenv(dataEnv)
	o := console.Options{
		Data: dir, Listen: []string{":0"}, Engine: true, Idle: "30m", Drain: "1s", Redeliver: "1s", Never: []string{"10.77.99.0/24"},
		Flight: console.NoFlight, LogLevel: "warn", LogFormat: "text",
		SurveyOptions: console.SurveyOptions{
			SurveyResolver: []string{rewriter, honest1, inventor, honest2}, SurveyRoot: []string{rootAddr}, SurveyAllow: []string{"10.77.0.0/16", "fd77::/64"},
			SurveyWords: filepath.Join(dir, "words"), SurveyPlaces: []string{filepath.Join(dir, "places")},
			SurveyBrowser: "none", SurveySource: []string{"ct http://" + ctAddr + "/?q={domain}"},
		},
	}
	c, err := o.Config()
	if err != nil {
		return err
	}
	con, err := console.Open(context.Background(), c, c.Logger())
	if err != nil {
		return err
	}
	return con.Run(context.Background())
}

// house is a console with its database, which outlives it.
type house struct {
	w    *world
	dir  string
	db   *store.DB
	site harrier.ID
	cmd  *exec.Cmd
	log  *bytes.Buffer
}

func newHouse(t *testing.T, w *world) *house {
	t.Helper()
	h := &house{w: w, dir: t.TempDir(), log: &bytes.Buffer{}}
	for name, text := range map[string]string{
		"words":  "www api ftp vpn shop blog old intranet local metrics private dev db jenkins ci billing labs secure console ns1 ns2 ns3 apps mail stats status",
		"places": "10.77.30.0/24 cdn bigcdn\n10.77.31.0/24 hosting hosting\n",
	} {
		if err := os.WriteFile(filepath.Join(h.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if h.db, err = store.Open(t.Context(), filepath.Join(h.dir, "harrier.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.db.Close() })
	p := harrier.Policy{Name: "web", Settings: harrier.Settings{Ports: "25,80,443", NoPing: true, Connect: true, ProbeTimeout: harrier.Duration(500 * time.Millisecond), Tries: 1}}
	if err := h.db.InsertPolicy(t.Context(), &p); err != nil {
		t.Fatal(err)
	}
	s := harrier.Site{
		Name: "acme", Policy: p.ID, Repository: harrier.DefaultRepository, Created: time.Now(),
		Schedule: harrier.Schedule{Enabled: true, Start: "20260301T093000", Rule: "FREQ=WEEKLY"},
		Options:  harrier.SiteOptions{Survey: &harrier.Survey{Kind: harrier.SurveyOwn, Enabled: true, Words: true}},
	}
	for _, name := range []string{"acme.test", "10.77.40.0/30"} {
		seed, err := surface.ParseSeed(name)
		if err != nil {
			t.Fatal(err)
		}
		s.Options.Survey.Seeds = append(s.Options.Survey.Seeds, harrier.Seed{UUID: harrier.NewUUID(time.Now()), Name: name, Node: seed.Node})
	}
	if err := h.db.InsertSite(t.Context(), &s); err != nil {
		t.Fatal(err)
	}
	h.site = s.ID
	return h
}

// due makes the schedule of the site say that its time has come.
func (h *house) due(t *testing.T) {
	t.Helper()
	s, err := h.db.Site(t.Context(), h.site)
	if err == nil {
		s.NextRun = time.Now().Add(-time.Minute).UTC()
		err = h.db.UpdateSite(t.Context(), &s)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (h *house) start(t *testing.T) {
	t.Helper()
	h.cmd = h.w.bed.Command(t.Context(), os.Args[0])
	h.cmd.Env = append(os.Environ(), runEnv+"=console", dataEnv+"="+h.dir)
	h.cmd.Stderr = h.log
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

// kill is kill -9.
func (h *house) kill() {
	_ = h.cmd.Process.Kill()
	_ = h.cmd.Wait() // it was killed
}

// until waits for something to be true of the latest scan.
func (h *house) until(t *testing.T, what string, is func(sc harrier.Scan) bool) harrier.Scan {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		list, err := h.db.ScansOf(t.Context(), h.site)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(list); n > 0 {
			slices.SortFunc(list, func(a, b harrier.Scan) int { return int(a.ID - b.ID) })
			if is(list[n-1]) {
				return list[n-1]
			}
			if time.Now().After(end) {
				t.Fatalf("%s: scan is %s (%s)\n%s", what, list[n-1].Status, list[n-1].Reason, h.log)
			}
		}
		if time.Now().After(end) {
			t.Fatalf("%s: no scan\n%s", what, h.log)
		}
	}
}

// risk is a finding of a rule of package judge.
type risk struct {
	harrier.Finding
	node surface.Node
}

// risks are the findings of the survey's rules by rule and node. Assets must be
// told apart by their address, else by their name.
func (h *house) risks(t *testing.T) map[string]*risk {
	t.Helper()
	assets, _, err := h.db.SearchAssets(t.Context(), nil, store.Page{})
	if err != nil {
		t.Fatal(err)
	}
	urns := map[harrier.VulnID]string{}
	for _, r := range judge.Rules() {
		urns[r.ID] = r.URN
	}
	out, met := map[string]*risk{}, map[string]bool{}
	for _, a := range assets {
		who := a.FQDN
		if a.Addr.IsValid() {
			who = a.Addr.String()
		}
		if met[who] {
			t.Errorf("%s is two assets", who)
		}
		met[who] = true
		list, err := h.db.FindingsOf(t.Context(), a.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range list {
			if urns[f.Vulnerability] != "" {
				n := surface.NodeOf(a, *f)
				out[urns[f.Vulnerability]+" "+n.Key] = &risk{*f, n}
			}
		}
	}
	for _, name := range wantNames() {
		if !met[name] {
			t.Errorf("%s is no asset", name)
		}
	}
	return out
}

func (h *house) graph(t *testing.T, scan harrier.ID) *surface.Graph {
	t.Helper()
	nodes, err := h.db.SurfaceNodes(t.Context(), h.site)
	if err != nil {
		t.Fatal(err)
	}
	links, err := h.db.SurfaceLinks(t.Context(), h.site)
	if err != nil {
		t.Fatal(err)
	}
	return surface.Of(nodes, links, scan, nil)
}

// shop wants what stands at a provider under an own name to be known of that name:
// a repository that is served, and software with what is known of it.
func (h *house) shop(t *testing.T) {
	t.Helper()
	assets, _, err := h.db.SearchAssets(t.Context(), nil, store.Page{})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(assets, func(a harrier.Asset) bool { return a.FQDN == "shop.acme.test" && !a.Addr.IsValid() })
	if i < 0 {
		t.Fatal("shop.acme.test is no asset")
	}
	findings, err := h.db.FindingsOf(t.Context(), assets[i].ID)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(findings, func(f *harrier.Finding) bool { return f.Vulnerability == web.Git.ID && f.Port == 80 && f.Open() }) {
		t.Error("no finding of the repository at shop.acme.test")
	}
	services, err := h.db.ServicesOf(t.Context(), assets[i].ID)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(services, func(s harrier.Service) bool {
		return s.Port == 80 && slices.ContainsFunc(s.Technologies, func(t harrier.Technology) bool { return t.String() == "WordPress 5.8.1" })
	}) {
		t.Errorf("services of shop.acme.test: %+v; want one with WordPress", services)
	}
}

// TestConsole: a console scans the little internet by its schedule, is killed in
// the survey and again among the ports, and ends with all that there is; the next
// run tells what has changed, and one that no name server answers, nothing.
func TestConsole(t *testing.T) {
	needs.Root(t)
	needs.Binary(t, "nft", "nftables")
	w := newWorld(t)
	w.count(t, "10.77.20.0/24", "10.77.99.0/24", "10.77.66.0/24")
	h := newHouse(t, w)
	h.due(t)
	h.start(t)
	defer func() { h.kill() }()
	h.until(t, "facts", func(sc harrier.Scan) bool {
		nodes, err := h.db.SurfaceNodes(t.Context(), h.site)
		return err == nil && len(nodes) > 20 && !sc.Status.Ended()
	})
	h.kill()
	h.start(t)
	h.until(t, "hosts", func(sc harrier.Scan) bool { return sc.HostsTotal > 10 || sc.Status.Ended() })
	h.kill()
	h.start(t)
	ended := func(sc harrier.Scan) bool { return sc.Status.Ended() }
	first := h.until(t, "first run", ended)
	h.kill()
	if first.Status != harrier.ScanCompleted || strings.Contains(first.Reason, "add up") || !first.Coverage.Balanced() {
		t.Fatalf("first run is %s (%s), coverage %+v\n%s", first.Status, first.Reason, first.Coverage, h.log)
	}
	before := h.risks(t)
	for _, want := range plantedRisks {
		if r, ok := before["urn:risk:"+want]; !ok || !r.Open() {
			t.Errorf("no finding %s", want)
		}
	}
	for _, not := range noRisks {
		if _, ok := before["urn:risk:"+not]; ok {
			t.Errorf("finding %s that is none", not)
		}
	}
	g := h.graph(t, first.ID)
	checkNames(t, outcome{graph: g})
	service := surface.ServiceNode(netip.MustParseAddrPort("10.77.10.20:25"), harrier.TCP)
	if a := g.Attributes(service); !g.Has(service) || !slices.Contains(a["name"], "smtp") {
		t.Errorf("%v has %v; want a service that was recognised", service, a)
	}

	h.shop(t)

	w.again(t, "old CNAME gone.vanished.test.\n", "status A 10.77.10.53\n")
	h.due(t)
	h.start(t)
	second := h.until(t, "second run", func(sc harrier.Scan) bool { return sc.ID != first.ID && ended(sc) })
	if second.Status != harrier.ScanCompleted {
		t.Fatalf("second run is %s (%s)\n%s", second.Status, second.Reason, h.log)
	}
	after := h.risks(t)
	const gone = "urn:risk:dns:dangling-cname old.acme.test"
	for what, r := range after {
		switch {
		case what == gone && r.Open():
			t.Errorf("%s is open although the alias is gone", what)
		case what != gone && before[what] != nil && before[what].Open() && (!r.Open() || len(r.Intervals) != 1 || r.ID != before[what].ID):
			t.Errorf("%s was %v and is %v although nothing changed", what, before[what].Intervals, r.Intervals)
		}
	}
	status := surface.Node{Kind: surface.Domain, Key: "status.acme.test"}
	if was, is := h.graph(t, first.ID), h.graph(t, second.ID); was.Has(status) || !is.Has(status) || is.Scope(status) != surface.Primary {
		t.Error("status.acme.test did not appear")
	}
	links, err := h.db.SurfaceLinks(t.Context(), h.site)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		if l.EndedScan != 0 && l.EndedScan != second.ID || l.FirstScan == second.ID && l.EndedScan != 0 {
			t.Errorf("a link of the first run: %+v", l)
		}
	}

	w.dark = true
	w.again(t, "", "")
	h.due(t)
	third := h.until(t, "third run", func(sc harrier.Scan) bool { return sc.ID > second.ID && ended(sc) })
	if third.Status != harrier.ScanCompleted || !strings.Contains(third.Reason, "nobody answered") {
		t.Errorf("the run without name servers is %s (%s)", third.Status, third.Reason)
	}
	if links, err = h.db.SurfaceLinks(t.Context(), h.site); err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		if l.EndedScan == third.ID {
			t.Errorf("without name servers a link is gone: %+v", l)
		}
	}
	for what, r := range h.risks(t) {
		if after[what] != nil && after[what].Open() && (!r.Open() || len(r.Intervals) != 1) {
			t.Errorf("without name servers %s was %v and is %v", what, after[what].Intervals, r.Intervals)
		}
	}
	if c := w.counted(t); c != "" {
		t.Errorf("something was sent to addresses of others:\n%s", c)
	}
}
