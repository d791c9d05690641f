package console

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check/all"
	"github.com/harrier-scan/harrier/internal/check/web"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/surface"
	"github.com/harrier-scan/harrier/internal/surface/dnstest"
	"github.com/harrier-scan/harrier/internal/surface/judge"
)

// TestExamUnderNames: of servers that tell sites apart by name, what stands on the
// site of an own name is seen, and nothing of the sites beside it.
func TestExamUnderNames(t *testing.T) {
	at := netip.MustParseAddrPort("127.0.7.1:53")
	stop, err := dnstest.Serve(at, &dnstest.Resolver{World: []*dnstest.Zone{
		dnstest.NewZone("acme.test.", "@ SOA ns1 h 1 1 1 1 60\n@ NS ns1\nns1 A 10.0.0.1\nwww A 127.0.7.9\n"), dnstest.NewZone(".", "@ SOA a h 1 1 1 1 60\n"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	l, err := net.Listen("tcp", "127.0.7.9:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	var mu sync.Mutex
	asked := map[string]int{}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.Host)
		mu.Lock()
		asked[host]++
		mu.Unlock()
		switch {
		case host == "www.acme.test" && r.URL.Path == "/":
			_, _ = io.WriteString(w, `<html><head><title>Acme</title><meta name="generator" content="WordPress 5.8.1"></head></html>`)
		case host == "www.acme.test" && r.URL.Path == "/.git/HEAD":
			_, _ = io.WriteString(w, "ref: refs/heads/main\n")
		case host == "www.acme.test" && r.URL.Path == "/phpmyadmin/":
			_, _ = io.WriteString(w, `<title>phpMyAdmin</title><form><input name="pma_username"><input type="password" name="pma_password"></form>`)
		case host != "www.acme.test" && r.URL.Path == "/.env":
			_, _ = io.WriteString(w, "APP_ENV=x\nDB_PASSWORD=y\n")
		default:
			http.NotFound(w, r)
		}
	})}
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(l) })
	t.Cleanup(func() { _ = server.Close(); served.Wait() })
	plan := harrier.Plan{Survey: &harrier.SurveyPlan{Seeds: []surface.Node{{Kind: surface.Domain, Key: "acme.test"}}}}
	for _, c := range all.Checks() {
		plan.Checks = append(plan.Checks, c.ID)
	}
	checks := webChecks(plan)
	if !slices.Contains(numbersOf(checks), web.Git.ID) || slices.Contains(numbersOf(checks), web.HSTS.ID) {
		t.Fatalf("checks of web servers: %v", numbersOf(checks))
	}
	none := plan
	none.Checks = nil
	if list := webChecks(none); len(list) != 0 {
		t.Errorf("a policy without checks plans %v", numbersOf(list))
	}
	g := surface.NewGraph(nil)
	_, err = surface.Discover(t.Context(), []surface.Seed{{Node: plan.Survey.Seeds[0]}}, surface.Options{
		Net: netio.New(harrier.Guard{}, nil, netio.Pace{}), Resolvers: []netip.AddrPort{at}, Roots: []netip.AddrPort{netip.MustParseAddrPort("127.0.7.2:53")},
		AllowReserved: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Words: []string{"www"}, Timeout: 200 * time.Millisecond, Patience: 2 * time.Second,
		WebPorts: []surface.WebPort{{Port: uint16(port)}}, Technologies: madeOf, Examine: examiner(checks, plan.Settings),
	}, func(f surface.Fact) error { g.Add(f); return nil })
	if err != nil {
		t.Fatal(err)
	}
	name := surface.Node{Kind: surface.Domain, Key: "www.acme.test"}
	content := harrier.VulnID(7)
	s := judge.Survey{Graph: g, At: time.Now(), Complete: true, Web: numbersOf(checks), Content: []harrier.VulnID{content}, Software: map[surface.Node]bool{name: true}}
	var res harrier.Result
	for _, r := range s.Results() {
		if r.Host.Name == name.Key {
			res = r
		}
	}
	found := map[harrier.VulnID]harrier.Observation{}
	for _, o := range res.Observations {
		found[o.Vulnerability] = o
	}
	git := found[web.Git.ID]
	if !strings.HasPrefix(git.Key, "URL http://www.acme.test:") || int(git.Port) != port || !strings.Contains(git.Evidence, "refs/heads/main") {
		t.Errorf("the repository that is served: %+v", git)
	}
	if o := found[web.AdminPanel.ID]; !strings.Contains(o.Evidence, "phpMyAdmin") {
		t.Errorf("the panel: %+v", o)
	}
	if o, there := found[web.Env.ID]; there {
		t.Errorf("another site's file: %+v", o)
	}
	if len(res.Services) != 1 || len(res.Services[0].Technologies) == 0 || !slices.ContainsFunc(res.Services[0].Technologies, func(t harrier.Technology) bool {
		return t.Name == "WordPress" && t.Version == "5.8.1"
	}) {
		t.Errorf("services %+v; want one with WordPress 5.8.1", res.Services)
	}
	clean := func(id harrier.VulnID, port int) bool {
		return slices.ContainsFunc(res.Coverage.Entries, func(d harrier.Done) bool {
			return d.Check == id && int(d.Port) == port && d.Outcome == harrier.Clean
		})
	}
	if !clean(web.Env.ID, port) || !clean(content, port) || len(res.Coverage.Open) != 1 || !res.Coverage.Ports.Contains(res.Services[0].Endpoint) {
		t.Errorf("coverage %+v; want the file and what is known of software looked at", res.Coverage)
	}
	mu.Lock()
	defer mu.Unlock()
	for host := range asked {
		if host != "www.acme.test" && host != "127.0.7.9" {
			t.Errorf("asked for %q", host)
		}
	}
	if asked["127.0.7.9"] > 2 {
		t.Errorf("the address was asked %d times; its ports are scanned later", asked["127.0.7.9"])
	}
}
