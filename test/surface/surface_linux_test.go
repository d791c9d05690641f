package surface

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/needs"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/surface"
	"github.com/harrier-scan/harrier/internal/surface/judge"
	"github.com/harrier-scan/harrier/internal/surface/passive"
	"github.com/harrier-scan/harrier/internal/surface/picture"
	"github.com/harrier-scan/harrier/internal/surface/place"
)

// runEnv tells the test program to be the discovery: in the scanner's
// namespace. Its value is "resolvers", "root" or "passive".
const runEnv = "HARRIER_SURFACE_RUN"

func TestMain(m *testing.M) {
	if how := os.Getenv(runEnv); how == "console" {
		fmt.Fprintln(os.Stderr, serve())
		os.Exit(1)
	} else if how != "" {
		if err := discover(how); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// told is what the discovery process writes behind its facts.
type told struct {
	Result surface.Result
	Sent   []string // network and address of everything that left
}

func discover(how string) error {
	guard := harrier.Guard{Never: []netip.Prefix{netip.MustParsePrefix("10.77.99.0/24")}}
	n := netio.New(guard, nil, netio.Pace{})
	var mu sync.Mutex
	sent := map[string]bool{}
	n.Saw = func(network string, to netip.AddrPort) {
		mu.Lock()
		defer mu.Unlock()
		sent[network+" "+to.String()] = true
	}
	places := place.Builtin()
	if err := places.Read(strings.NewReader("10.77.30.0/24 cdn bigcdn\n10.77.31.0/24 hosting hosting\n10.77.10.0\t10.77.10.255\t64500\tse\tAcme\n")); err != nil {
		return err
	}
	o := surface.Options{
		Net: n, Places: places, Rate: 50_000, ZoneRate: 50_000, Timeout: 300 * time.Millisecond, Patience: 3 * time.Second,
		AllowReserved: []netip.Prefix{netip.MustParsePrefix("10.77.0.0/16"), netip.MustParsePrefix("fd77::/64")},
		Sources:       []passive.Source{passive.Certificates{URL: "http://" + ctAddr + "/?q={domain}"}},
		Roots:         []netip.AddrPort{netip.MustParseAddrPort(rootAddr + ":53")},
		Passive:       how == "passive",
	}
	if os.Getenv("HARRIER_SURFACE_RUNS") == "" { // a part of the list, with the words that are planted
		for i, word := range surface.Words() {
			if i%8 == 0 {
				o.Words = append(o.Words, word)
			}
		}
		o.Words = append(o.Words, strings.Fields("www api ftp vpn shop blog old intranet local metrics private dev db jenkins ci billing labs secure console ns1 ns2 sub apps mail stats")...)
	}
	if how != "root" {
		for _, a := range []string{rewriter, honest1, inventor, honest2} {
			o.Resolvers = append(o.Resolvers, netip.MustParseAddrPort(a+":53"))
		}
	}
	var seeds []surface.Seed
	for _, s := range []string{"acme.test", "10.77.40.0/28"} {
		seed, err := surface.ParseSeed(s)
		if err != nil {
			return err
		}
		seeds = append(seeds, seed)
	}
	out := json.NewEncoder(os.Stdout)
	res, err := surface.Discover(context.Background(), seeds, o, func(f surface.Fact) error { return out.Encode(f) })
	if err != nil {
		return err
	}
	t := told{Result: res}
	for s := range sent {
		t.Sent = append(t.Sent, s)
	}
	slices.Sort(t.Sent)
	return out.Encode(t)
}

// outcome is what one run of the discovery gave.
type outcome struct {
	facts []surface.Fact
	graph *surface.Graph
	told
}

func (w *world) discover(t *testing.T, how string) outcome {
	t.Helper()
	cmd := w.bed.Command(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), runEnv+"="+how)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("discovery: %v: %s", err, errs.String())
	}
	o := outcome{graph: surface.NewGraph(nil)}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 16<<20)
	seen := map[surface.Node]bool{{Kind: surface.Root}: true}
	for lines.Scan() {
		var f surface.Fact
		if bytes.HasPrefix(lines.Bytes(), []byte(`{"Result"`)) {
			if err := json.Unmarshal(lines.Bytes(), &o.told); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := json.Unmarshal(lines.Bytes(), &f); err != nil {
			t.Fatal(err)
		}
		if f.Link != "" && !seen[f.From] || f.Link == "" && !seen[f.Node] {
			t.Errorf("the source of %v was not told before", f)
		}
		seen[f.Node] = true
		o.facts = append(o.facts, f)
		o.graph.Add(f)
	}
	return o
}

// set is what a run found, without times and without what a server chooses anew.
func (o outcome) set() string {
	var out []string
	for _, f := range o.facts {
		out = append(out, f.ID())
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

func TestDiscover(t *testing.T) {
	needs.Root(t)
	needs.Binary(t, "nft", "nftables")
	w := newWorld(t)
	w.count(t, "10.77.20.0/24", "10.77.99.0/24", "10.77.66.0/24")
	runs := 2
	if s := os.Getenv("HARRIER_SURFACE_RUNS"); s != "" {
		runs, _ = strconv.Atoi(s)
	}
	for _, how := range []string{"resolvers", "root"} {
		first := ""
		for i := range runs {
			if how == "root" && i == 1 && runs == 2 {
				break
			}
			began := time.Now()
			o := w.discover(t, how)
			t.Logf("%s %d: %d facts, %d nodes, %d questions, %v, %v", how, i, len(o.facts), o.Result.Nodes, o.Result.Questions, time.Since(began).Round(time.Millisecond), o.Result.Reasons)
			if i == 0 {
				first = o.set()
				checkNames(t, o)
				checkAddrs(t, o)
				checkChains(t, o)
				checkScope(t, o)
				checkRisks(t, o)
				draw(t, o)
				if how == "resolvers" {
					checkResolvers(t, o)
				}
			} else if s := o.set(); s != first {
				t.Errorf("%s: run %d gives other facts than the first:\n%s", how, i, difference(first, s))
			}
			checkSent(t, o)
		}
	}
	if c := w.counted(t); c != "" {
		t.Errorf("something was sent to addresses of others:\n%s", c)
	}
	for at, hosts := range w.hosts {
		for h := range hosts {
			if h != at && h != ctAddr && h != "acme.test" && !strings.HasSuffix(h, ".acme.test") {
				t.Errorf("%s was asked for %s", at, h)
			}
		}
	}
}

func difference(a, b string) string {
	x, y := strings.Split(a, "\n\n"), strings.Split(b, "\n\n")
	var out []string
	for _, s := range x {
		if !slices.Contains(y, s) {
			out = append(out, "- "+strings.ReplaceAll(s, "\n", " | "))
		}
	}
	for _, s := range y {
		if !slices.Contains(x, s) {
			out = append(out, "+ "+strings.ReplaceAll(s, "\n", " | "))
		}
	}
	return strings.Join(out[:min(len(out), 20)], "\n")
}

func checkNames(t *testing.T, o outcome) {
	t.Helper()
	var found, missing, invented []string
	want := wantNames()
	for _, n := range o.graph.Of(surface.Domain) {
		if !strings.HasSuffix(n.Key, "acme.test") {
			continue
		}
		found = append(found, n.Key)
		attributes := o.graph.Attributes(n)
		switch known := knownNames[n.Key]; {
		case slices.Contains(want, n.Key) && attributes["stale"] == nil && attributes["wildcard"] == nil:
		case slices.Contains(want, n.Key) && slices.Contains(attributes["wildcard"], "below") && len(attributes["stale"]) == 0:
		case (known == "stale" || known == "empty" || known == "lame") && attributes["stale"] != nil, known == "lame" && attributes["unresolved"] != nil:
		case known == "wildcard" && slices.Contains(attributes["wildcard"], "match"):
		default:
			invented = append(invented, fmt.Sprint(n.Key, attributes, o.graph.Explain(n)))
		}
		if o.graph.Scope(n) != surface.Primary {
			t.Errorf("%s is not primary", n.Key)
		}
	}
	for _, n := range want {
		if !slices.Contains(found, n) {
			missing = append(missing, n)
		}
	}
	t.Logf("names: %d of %d planted found, %d invented; missing %v", len(want)-len(missing), len(want), len(invented), missing)
	if len(missing)*100 > 2*len(want) || len(invented) > 0 {
		t.Errorf("missing %v, invented %v", missing, invented)
	}
}

func checkAddrs(t *testing.T, o outcome) {
	t.Helper()
	want := wantAddrs()
	var found, missing []string
	for _, n := range append(o.graph.Of(surface.IPv4), o.graph.Of(surface.IPv6)...) {
		found = append(found, n.Key)
		primary := o.graph.Scope(n) == surface.Primary
		switch {
		case slices.Contains(want, n.Key) && primary, slices.Contains(knownAddrs, n.Key) && !primary:
		case n.Key == "10.77.99.9", n.Key == "10.77.40.3", strings.HasPrefix(n.Key, "10.77.10.6"), n.Key == "10.77.10.72":
		default:
			t.Errorf("%v is %v: %v", n, o.graph.Scope(n), o.graph.Explain(n))
		}
	}
	for _, a := range want {
		if !slices.Contains(found, a) {
			missing = append(missing, a)
		}
	}
	t.Logf("addresses: %d of %d planted found; missing %v", len(want)-len(missing), len(want), missing)
	if len(missing)*100 > 2*len(want) {
		t.Errorf("missing %v", missing)
	}
}

// checkChains holds every node to a chain that begins at a seed.
func checkChains(t *testing.T, o outcome) {
	t.Helper()
	for n := range o.graph.Nodes() {
		way := surface.Explain(slices.Values(o.facts), n)
		if len(way) == 0 || way[0].Link != surface.Seeded || way[len(way)-1].Node != n {
			t.Errorf("%v is explained by %v", n, way)
		}
		if len(o.graph.Of(surface.Domain)) > 500 {
			break
		}
	}
}

func checkScope(t *testing.T, o outcome) {
	t.Helper()
	targets := o.graph.Targets()
	for addr, want := range map[string]bool{
		"10.77.10.10": true, "10.77.10.61": true, "10.77.40.5": true, "10.77.1.3": true,
		"10.77.30.1": false, "10.77.31.1": false, "10.77.20.1": false, "10.77.20.2": false, "192.168.7.7": false, "127.0.0.1": false,
	} {
		if got := targets.Contains(netip.MustParseAddr(addr)); got != want {
			t.Errorf("Targets contains %s = %v; want %v", addr, got, want)
		}
	}
}

func checkResolvers(t *testing.T, o outcome) {
	t.Helper()
	for _, h := range o.Result.Resolvers {
		liar := h.Addr.Addr().String() == rewriter || h.Addr.Addr().String() == inventor
		if dropped := h.Dropped != ""; dropped != liar {
			t.Errorf("resolver %v: %+v; want dropped %v", h.Addr, h, liar)
		}
	}
	if o.Result.Words.Lost != 0 {
		t.Errorf("words: %+v; want none lost", o.Result.Words)
	}
}

// draw writes the picture where HARRIER_SURFACE_SVG says.
func draw(t *testing.T, o outcome) {
	t.Helper()
	var b bytes.Buffer
	if err := picture.SVG(&b, o.graph); err != nil {
		t.Error(err)
	}
	if name := os.Getenv("HARRIER_SURFACE_SVG"); name != "" {
		if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
			t.Error(err)
		}
	}
}

// plantedRisks are the faults of the world; noRisks would be wrong.
var (
	plantedRisks = []string{
		"dns:zone-transfer labs.acme.test", "dns:open-recursion ns2.acme.test", "dns:lame-delegation acme.test", "dns:lame-delegation stats.acme.test",
		"dns:dangling-ns stats.acme.test", "dns:dangling-cname old.acme.test", "dns:subdomain-takeover blog.acme.test", "dns:nsec-walk secure.acme.test",
		"dns:wildcard labs.acme.test", "dns:reserved-address intranet.acme.test", "dns:single-name-server labs.acme.test", "dns:dnssec-off acme.test",
		"email:dmarc-none acme.test", "email:spf-softfail acme.test", "email:starttls-missing 10.77.10.20:25/tcp", "email:mta-sts-missing acme.test",
		"tls:certificate-mismatch https://api.acme.test/", "web:http-not-redirected http://www.acme.test/",
	}
	noRisks = []string{"dns:zone-transfer acme.test", "dns:open-recursion ns1.acme.test", "dns:missing-caa acme.test", "dns:dangling-cname shop.acme.test", "dns:subdomain-takeover shop.acme.test"}
)

// checkRisks looks for the faults that are planted.
func checkRisks(t *testing.T, o outcome) {
	t.Helper()
	got := map[string]bool{}
	for _, r := range judge.Judge(o.graph, time.Now()) {
		got[r.Rule.URN+" "+r.Asset.Key] = true
	}
	for _, want := range plantedRisks {
		if !got["urn:risk:"+want] {
			t.Errorf("no risk %s", want)
		}
	}
	for _, not := range noRisks {
		if got["urn:risk:"+not] {
			t.Errorf("risk %s that is none", not)
		}
	}
}

// checkSent holds everything that left to name servers, own addresses, and web
// ports of those who run own names.
func checkSent(t *testing.T, o outcome) {
	t.Helper()
	own := wantAddrs()
	for _, s := range o.Sent {
		network, to, _ := strings.Cut(s, " ")
		at := netip.MustParseAddrPort(to)
		addr := at.Addr().String()
		switch {
		case at.Port() == 53: // the servers of zones are asked about names in them
			if addr == "10.77.20.1" || addr == "10.77.99.9" || addr == "127.0.0.1" {
				t.Errorf("sent %s", s)
			}
		case network == "tcp" && slices.Contains(own, addr) || strings.HasPrefix(addr, "10.77.10.") || strings.HasPrefix(addr, "10.77.40."):
		case network == "tcp" && (addr == "10.77.30.1" || addr == "10.77.31.1") && (at.Port() == 80 || at.Port() == 443):
		default:
			t.Errorf("sent %s", s)
		}
	}
}

func TestPassive(t *testing.T) {
	needs.Root(t)
	needs.Binary(t, "nft", "nftables")
	w := newWorld(t)
	w.count(t, "10.77.0.0-10.77.8.255", "10.77.10.0-10.77.255.255")
	o := w.discover(t, "passive")
	for _, s := range o.Sent {
		if !strings.HasPrefix(s, "udp 10.77.9.") && !strings.HasPrefix(s, "tcp 10.77.9.") {
			t.Errorf("sent %s", s)
		}
	}
	if c := w.counted(t); c != "" {
		t.Errorf("something was sent to what was looked at:\n%s", c)
	}
	for _, name := range []string{"acme.test", "legacy-erp.acme.test", "mx-a9.acme.test", "retired2019.acme.test", "sip-gw44.acme.test"} {
		if !o.graph.Has(surface.Node{Kind: surface.Domain, Key: name}) {
			t.Errorf("%s was not found", name)
		}
	}
}
