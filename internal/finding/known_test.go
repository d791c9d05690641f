package finding

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/match"
	"github.com/harrier-scan/harrier/internal/store"
)

// facts is knowledge by hand: what each "product version" has, and what it is
// said not to have.
type facts struct {
	mu      sync.Mutex
	has     map[string][]harrier.VulnID
	denied  map[string][]harrier.VulnID
	judged  int
	asks    []string // about everything, by this program
	certain harrier.Certainty
}

func (k *facts) subject(s harrier.Service) string { return s.Product + " " + s.Version }

func (k *facts) Observations(f match.Known, _ harrier.Settings) (present []harrier.Observation, unsure []harrier.Done) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range f.Services {
		if s.Version == "" {
			unsure = append(unsure, harrier.Done{Endpoint: s.Endpoint, Outcome: harrier.Failed, Reason: "the version is not shown"})
			continue
		}
		for _, id := range k.has[k.subject(s)] {
			present = append(present, harrier.Observation{Vulnerability: id, Endpoint: s.Endpoint, Service: s.Name, Evidence: k.subject(s), Certainty: k.certain, Source: "hand"})
		}
	}
	if f.Packages != nil {
		for _, p := range f.Packages.Packages {
			for _, id := range k.has[p.Name+" "+p.Version] {
				present = append(present, harrier.Observation{Vulnerability: id, Key: f.Packages.Ecosystem() + " " + p.Name, Certainty: harrier.Certain, Source: "hand"})
			}
		}
	}
	return present, unsure
}

func (k *facts) Things(f match.Known) (out []harrier.Placed) {
	for _, s := range f.Services {
		if s.Version != "" {
			out = append(out, harrier.Placed{Endpoint: s.Endpoint, Subject: k.subject(s), Asks: []string{"pkg generic " + s.Product}})
		}
	}
	if f.Packages != nil {
		for _, p := range f.Packages.Packages {
			out = append(out, harrier.Placed{Key: f.Packages.Ecosystem() + " " + p.Name, Subject: p.Name + " " + p.Version, Asks: []string{"pkg generic " + p.Name}})
		}
	}
	return out
}

func (k *facts) Verdict(subject string, _ time.Time) (out []harrier.Held, _ error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.judged++
	for _, id := range k.has[subject] {
		out = append(out, harrier.Held{Vulnerability: id, Certainty: k.certain, Source: "hand"})
	}
	return out, nil
}

func (k *facts) Asks(subject string) ([]string, error) {
	name, _, _ := strings.Cut(subject, " ")
	return append([]string{"pkg generic " + name}, k.asks...), nil
}

func (k *facts) Evidence(subject string, _ harrier.VulnID, _ time.Time) (string, error) {
	return subject, nil
}

func (k *facts) Shown(string, harrier.Spot) string { return "" }

func (k *facts) Denies(subject string, id harrier.VulnID, _ time.Time) (bool, error) {
	return slices.Contains(k.denied[subject], id), nil
}

const family = 980_001

func known(db *store.DB, k *facts) *Room {
	r := room(db)
	r.Judge = k
	r.Family = func(harrier.VulnID) harrier.VulnID { return family }
	return r
}

var (
	cveA = harrier.ContentNumber("CVE-2026-1001")
	cveB = harrier.ContentNumber("CVE-2026-1002")
)

// runs folds a scan of 192.0.2.1 that found the services.
func runs(t testing.TB, db *store.DB, r *Room, at time.Time, checks []harrier.VulnID, services ...harrier.Service) harrier.Scan {
	t.Helper()
	sc := begin(t, db, at, checks, "192.0.2.1")
	h := hostAt("192.0.2.1", at)
	var open []uint16
	for i := range services {
		open = append(open, services[i].Port)
	}
	fold(t, r,
		harrier.Result{Scan: sc.ID, Batch: 1, Attempt: 1, Seq: 1, Host: h, Services: services},
		harrier.Result{Scan: sc.ID, Batch: 1, Attempt: 1, Seq: 2, Host: ends(h, time.Minute), Coverage: complete(harrier.Ports{TCP: []harrier.PortRange{{First: 1, Last: 1000}}}, open...)},
		harrier.Result{Scan: sc.ID, Batch: 1, Attempt: 1, Seq: 3, Done: &harrier.BatchDone{At: at.Add(time.Minute)}},
	)
	finish(t, db, sc, harrier.ScanCompleted)
	return sc
}

func web(version string) harrier.Service {
	return harrier.Service{Endpoint: tcp(80), Name: "http", Product: "nginx", Version: version, Facts: map[string]string{"http.status": "200"}}
}

// life writes down the findings of the only asset: "CVE open scan".
func life(t testing.TB, db *store.DB) string {
	t.Helper()
	list, err := db.FindingsOf(t.Context(), 1)
	must(t, err)
	var out []string
	for _, f := range list {
		state := "closed"
		if f.Open() {
			state = "open"
		}
		out = append(out, fmt.Sprint(f.Vulnerability.CVE(), " ", state, " ", f.Origin, " ", len(f.Intervals)))
	}
	return strings.Join(out, ", ")
}

func TestKnown(t *testing.T) {
	db := open(t)
	k := &facts{has: map[string][]harrier.VulnID{"nginx 1.22": {cveA}}, certain: harrier.Potential}
	r := known(db, k)
	all := []harrier.VulnID{family}
	step := func(what, want string) {
		t.Helper()
		if got := life(t, db); got != want {
			t.Fatalf("%s: %s; want %s", what, got, want)
		}
	}
	runs(t, db, r, day, all, web("1.22"))
	step("first", "CVE-2026-1001 open scan 1")
	runs(t, db, r, day.Add(time.Hour), all, web(""))
	step("the version is hidden", "CVE-2026-1001 open scan 1")
	runs(t, db, r, day.Add(2*time.Hour), []harrier.VulnID{5}, web("1.28"))
	step("not in the policy", "CVE-2026-1001 open scan 1")
	runs(t, db, r, day.Add(3*time.Hour), all, web("1.28"))
	step("updated", "CVE-2026-1001 closed scan 1")
	runs(t, db, r, day.Add(4*time.Hour), []harrier.VulnID{cveA}, web("1.22"))
	step("back again, asked for alone", "CVE-2026-1001 open scan 2")
	runs(t, db, r, day.Add(5*time.Hour), []harrier.VulnID{cveB}, web("1.28"))
	step("only another one was asked for", "CVE-2026-1001 open scan 2")
	sc := runs(t, db, r, day.Add(6*time.Hour), all)
	step("the port is closed", "CVE-2026-1001 closed scan 2")
	hosts, err := db.ScanHosts(t.Context(), sc.ID)
	must(t, err)
	if got := hosts[0].Coverage; got != (harrier.Totals{Planned: 1, Clean: 1}) {
		t.Errorf("coverage of the last scan %+v", got)
	}
}

func TestRematch(t *testing.T) {
	db := open(t)
	k := &facts{has: map[string][]harrier.VulnID{}, denied: map[string][]harrier.VulnID{}, certain: harrier.Potential}
	r := known(db, k)
	runs(t, db, r, day, []harrier.VulnID{family}, web("1.22"))
	step := func(what, want string, keys []string, changed, assets int) {
		t.Helper()
		sum, err := r.Rematch(t.Context(), keys)
		must(t, err)
		if got := life(t, db); got != want {
			t.Fatalf("%s: %s; want %s", what, got, want)
		}
		if sum.Changed != changed || sum.Assets != assets {
			t.Fatalf("%s: %+v; want %d changed, %d assets", what, sum, changed, assets)
		}
	}
	step("nothing new", "", nil, 0, 0)
	k.has["nginx 1.22"] = []harrier.VulnID{cveA}
	step("about something else", "", []string{"pkg generic other"}, 0, 0)
	step("a new record", "CVE-2026-1001 open knowledge 1", []string{"pkg generic nginx"}, 1, 1)
	step("again", "CVE-2026-1001 open knowledge 1", nil, 0, 0)
	k.certain = harrier.Certain
	step("surer now", "CVE-2026-1001 open knowledge 1", nil, 1, 1)
	if f, _ := db.FindingsOf(t.Context(), 1); f[0].Certainty != harrier.Certain {
		t.Errorf("certainty %s", f[0].Certainty)
	}
	delete(k.has, "nginx 1.22")
	step("silence", "CVE-2026-1001 open knowledge 1", nil, 1, 0)
	step("silence again", "CVE-2026-1001 open knowledge 1", nil, 0, 0)
	k.has["nginx 1.22"] = []harrier.VulnID{cveB}
	k.denied["nginx 1.22"] = []harrier.VulnID{cveA}
	step("denied, and another one", "CVE-2026-1001 closed knowledge 1, CVE-2026-1002 open knowledge 1", nil, 1, 1)
	k.has["nginx 1.22"] = []harrier.VulnID{cveA, cveB}
	step("affected after all", "CVE-2026-1001 open knowledge 2, CVE-2026-1002 open knowledge 1", nil, 1, 1)
	r.Now = func() time.Time { return day.AddDate(2, 0, 0) }
	runs(t, db, r, day.AddDate(1, 6, 0), []harrier.VulnID{family}, web("1.22"))
	if got, want := life(t, db), "CVE-2026-1001 open scan 2, CVE-2026-1002 open scan 1"; got != want {
		t.Errorf("a scan that sees both: %s; want %s", got, want)
	}
}

// TestRematchAsks shows that software is compared by the names that the program
// knows for it now, also software that is stored already.
func TestRematchAsks(t *testing.T) {
	db := open(t)
	k := &facts{has: map[string][]harrier.VulnID{}}
	r := known(db, k)
	runs(t, db, r, day, []harrier.VulnID{family}, web("1.22"))
	k.asks = []string{"cpe a:another:name"}
	r = known(db, k)
	sum, err := r.Rematch(t.Context(), nil)
	must(t, err)
	if sum.Asked != 1 {
		t.Errorf("%+v; want one subject about which other keys are asked", sum)
	}
	k.has["nginx 1.22"] = []harrier.VulnID{cveA}
	_, err = r.Rematch(t.Context(), k.asks)
	must(t, err)
	if got, want := life(t, db), "CVE-2026-1001 open knowledge 1"; got != want {
		t.Errorf("a record by a new name: %s; want %s", got, want)
	}
}

func TestRematchHeedsThePolicy(t *testing.T) {
	db := open(t)
	k := &facts{has: map[string][]harrier.VulnID{}, certain: harrier.Potential}
	r := known(db, k)
	runs(t, db, r, day, []harrier.VulnID{cveB}, web("1.22"))
	k.has["nginx 1.22"] = []harrier.VulnID{cveA, cveB}
	_, err := r.Rematch(t.Context(), nil)
	must(t, err)
	if got, want := life(t, db), "CVE-2026-1002 open knowledge 1"; got != want {
		t.Errorf("%s; want %s", got, want)
	}
}

func TestInventory(t *testing.T) {
	db := open(t)
	k := &facts{has: map[string][]harrier.VulnID{"openssl 3.0": {cveA}}, denied: map[string][]harrier.VulnID{"openssl 3.1": {cveA}}}
	r := known(db, k)
	runs(t, db, r, day, []harrier.VulnID{family}, web("1.28"))
	admin := harrier.Actor{Permissions: harrier.Administrator.Permissions()}
	take := func(what, want string, packages ...string) {
		t.Helper()
		inv := harrier.Inventory{Distro: "debian", Release: "12"}
		for _, p := range packages {
			name, version, _ := strings.Cut(p, " ")
			inv.Packages = append(inv.Packages, harrier.InstalledPackage{Name: name, Version: version})
		}
		_, _, err := r.TakeInventory(t.Context(), admin, 1, inv)
		must(t, err)
		if got := life(t, db); got != want {
			t.Fatalf("%s: %s; want %s", what, got, want)
		}
	}
	take("old", "CVE-2026-1001 open scan 1", "openssl 3.0", "zlib 1")
	runs(t, db, r, day.Add(time.Hour), []harrier.VulnID{family}, web("1.28"))
	if got, want := life(t, db), "CVE-2026-1001 open scan 1"; got != want {
		t.Fatalf("a scan without a list of packages: %s; want %s", got, want)
	}
	take("updated", "CVE-2026-1001 closed scan 1", "openssl 3.1", "zlib 1")
	take("old again", "CVE-2026-1001 open scan 2", "openssl 3.0")
	take("removed", "CVE-2026-1001 closed scan 2", "zlib 1")
	k.has["zlib 1"] = []harrier.VulnID{cveB}
	_, err := r.Rematch(t.Context(), []string{"pkg generic zlib"})
	must(t, err)
	if got, want := life(t, db), "CVE-2026-1001 closed scan 2, CVE-2026-1002 open knowledge 1"; got != want {
		t.Errorf("a new record about a package: %s; want %s", got, want)
	}
	for what, err := range map[harrier.Kind]error{
		harrier.Forbidden: second(r.TakeInventory(t.Context(), harrier.Actor{}, 1, harrier.Inventory{Distro: "debian"})),
		harrier.Invalid:   second(r.TakeInventory(t.Context(), admin, 1, harrier.Inventory{Distro: "plan9"})),
		harrier.NotFound:  second(r.TakeInventory(t.Context(), admin, 99, harrier.Inventory{Distro: "debian", Release: "12"})),
	} {
		if harrier.KindOf(err) != what {
			t.Errorf("TakeInventory = %v; want %s", err, what)
		}
	}
}

func second(_, _ int, err error) error { return err }

// fill stores n assets with five services each, of 4,000 kinds of software.
func fill(tb testing.TB, db *store.DB, r *Room, n int) {
	tb.Helper()
	ctx := tb.Context()
	for from := 0; from < n; from += 2000 {
		must(tb, db.InTx(ctx, func(ctx context.Context) error {
			for i := from; i < min(from+2000, n); i++ {
				a := harrier.Asset{Repository: 1, UUID: harrier.NewUUID(day), FirstSeen: day, LastSeen: day}
				if err := db.InsertAsset(ctx, &a); err != nil {
					return err
				}
				services := map[harrier.Endpoint]harrier.Service{}
				var list []harrier.Service
				for p := range 5 {
					s := harrier.Service{Endpoint: tcp(uint16(80 + p)), Name: "http", Product: fmt.Sprint("p", (i*5+p)%400), Version: fmt.Sprint("1.", (i/80)%10), LastSeen: day}
					services[s.Endpoint], list = s, append(list, s)
				}
				if err := db.PutServices(ctx, a.ID, list); err != nil {
					return err
				}
				if err := r.placeThings(ctx, a, services); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

// BenchmarkRematch compares 200,000 stored services with new knowledge: with all
// that is known, and with a feed that brought 100 records about ten products.
func BenchmarkRematch(b *testing.B) {
	db, err := store.Open(b.Context(), b.TempDir()+"/harrier.db")
	must(b, err)
	b.Cleanup(func() { _ = db.Close() })
	k := &facts{has: map[string][]harrier.VulnID{}, denied: map[string][]harrier.VulnID{}}
	r := known(db, k)
	fill(b, db, r, 40_000)
	for _, c := range []struct {
		name string
		keys []string
	}{{"all", nil}, {"100-records", []string{"pkg generic p1", "pkg generic p2", "pkg generic p3", "pkg generic p4", "pkg generic p5"}}} {
		b.Run(c.name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				k.has["p1 1.1"] = []harrier.VulnID{cveA + harrier.VulnID(i)}
				sum, err := r.Rematch(b.Context(), c.keys)
				must(b, err)
				b.ReportMetric(float64(sum.Subjects), "subjects")
				b.ReportMetric(float64(sum.Assets), "assets")
			}
		})
	}
}
