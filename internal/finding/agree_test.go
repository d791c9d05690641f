package finding

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/match"
	"github.com/harrier-scan/harrier/internal/store"
)

// lore is match.Knowledge over records by source, which can be exchanged.
type lore struct {
	records map[string]harrier.Record // by source and ID
	edition int
}

func (k *lore) Version() string { return fmt.Sprint(k.edition) }

func (k *lore) Class(source string) feed.Class {
	return map[string]feed.Class{"debian": feed.Distribution, "ubuntu": feed.Distribution, "bitnami": feed.Ecosystem, "nvd": feed.NVD}[source]
}

func (k *lore) Statements(key string) (out []harrier.Statement, _ error) {
	for _, r := range k.records {
		for _, a := range r.Affected {
			if a.Key() == key && r.Withdrawn.IsZero() {
				out = append(out, harrier.Statement{Vulnerability: harrier.ContentNumber(r.CVEs[0]), Name: r.CVEs[0], Source: r.Source, Record: r.ID, Affected: a})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b harrier.Statement) int {
		return cmp.Or(cmp.Compare(a.Vulnerability, b.Vulnerability), cmp.Compare(a.Source, b.Source))
	})
	return out, nil
}

func (k *lore) Vulnerability(id harrier.VulnID) (v harrier.Vulnerability, known bool, _ error) {
	for _, r := range k.records {
		if harrier.ContentNumber(r.CVEs[0]) == id {
			v.ID, known = id, true
		}
	}
	return v, known, nil
}

func (k *lore) Number(name string) (harrier.VulnID, bool, error) {
	return harrier.ContentNumber(name), true, nil
}

func (k *lore) Records(harrier.VulnID) ([]harrier.Record, error) { return nil, nil }

// change makes one random change, and returns the keys of the statements that it
// touches.
func (k *lore) change(rnd *rand.Rand) (keys []string) {
	pick := func(list ...string) string { return list[rnd.IntN(len(list))] }
	cve := fmt.Sprintf("CVE-2026-%d", 1001+rnd.IntN(6))
	r := harrier.Record{Source: pick("debian", "ubuntu", "bitnami", "nvd"), ID: cve, CVEs: []string{cve}}
	a := harrier.Affected{Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected}
	switch r.Source {
	case "debian":
		a.Package = harrier.Package{Ecosystem: pick("deb/debian/12", "deb/debian/11"), Name: pick("openssh", "nginx")}
		a.Ranges = []harrier.Range{{Before: pick("1:9.2p1-2+deb12u3", "1:9.2p1-2+deb12u5", "1.18.0-6.1+deb11u3", "1:8.4p1-5+deb11u3")}}
	case "ubuntu":
		a.Package = harrier.Package{Ecosystem: pick("deb/ubuntu/22.04", "deb/ubuntu/20.04"), Name: pick("openssh", "nginx")}
		a.Ranges = []harrier.Range{{Before: pick("1:8.9p1-3ubuntu0.4", "1.18.0-6ubuntu14.3")}}
	case "bitnami":
		a.Package, a.Ranges = harrier.Package{Ecosystem: "bitnami", Name: "nginx"}, []harrier.Range{{From: "1.10.0", Before: pick("1.20.0", "1.24.0")}}
	case "nvd":
		a.CPE = "cpe:2.3:" + pick("a:openbsd:openssh", "a:f5:nginx") + ":*:*:*:*:*:*:*:*"
		a.Ranges = []harrier.Range{{Before: pick("9.3p1", "9.8p1", "1.21.0")}}
	}
	switch rnd.IntN(6) {
	case 0:
		a.Status, a.Otherwise, a.Ranges = harrier.StatusNotAffected, harrier.StatusUnknown, nil
	case 1:
		a.Status, a.Otherwise, a.Ranges = harrier.StatusWillNotFix, harrier.StatusUnknown, nil
	case 2:
		a.Otherwise = harrier.StatusUnknown
	}
	r.Affected = []harrier.Affected{a}
	name := r.Source + " " + r.ID
	old, had := k.records[name]
	if had {
		keys = append(keys, old.Affected[0].Key())
	}
	if had && rnd.IntN(3) == 0 {
		delete(k.records, name)
	} else {
		k.records[name] = r
		keys = append(keys, a.Key())
	}
	k.edition++
	return keys
}

// shop is what a few hosts run.
func shop(rnd *rand.Rand) map[string][]harrier.Service {
	ssh := func(banner string) harrier.Service {
		v, _, _ := strings.Cut(strings.TrimPrefix(banner, "SSH-2.0-OpenSSH_"), " ")
		return harrier.Service{Name: "ssh", Product: "OpenSSH", Version: v, CPE: "cpe:2.3:a:openbsd:openssh:" + v + ":*:*:*:*:*:*:*", Evidence: banner, Certainty: harrier.Certain}
	}
	server := func(text string) harrier.Service {
		v, _, _ := strings.Cut(strings.TrimPrefix(text, "nginx/"), " ")
		return harrier.Service{
			Name: "http", Product: "nginx", Version: v, CPE: "cpe:2.3:a:f5:nginx:" + v + ":*:*:*:*:*:*:*", Evidence: text, Certainty: harrier.Certain,
			Facts: map[string]string{"http.status": "200", "http.server": text},
		}
	}
	kinds := []harrier.Service{
		ssh("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2"), ssh("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u4"), ssh("SSH-2.0-OpenSSH_8.4p1 Debian-5+deb11u1"),
		ssh("SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.3"), ssh("SSH-2.0-OpenSSH_9.3p1"), ssh("SSH-2.0-OpenSSH_9.9p1"),
		server("nginx/1.18.0"), server("nginx/1.18.0 (Ubuntu)"), server("nginx/1.22.1"), server("nginx/1.26.3"),
	}
	out := map[string][]harrier.Service{}
	for n := range 4 {
		var list []harrier.Service
		for p := range 1 + rnd.IntN(3) {
			s := kinds[rnd.IntN(len(kinds))]
			s.Endpoint = tcp(uint16(80 + p))
			list = append(list, s)
		}
		out[fmt.Sprintf("192.0.2.%d", n+1)] = list
	}
	return out
}

// visit folds a scan that sees hosts run services.
func visit(t *testing.T, db *store.DB, r *Room, hosts map[string][]harrier.Service) {
	t.Helper()
	sc := begin(t, db, day, []harrier.VulnID{family}, "192.0.2.0/28")
	seq := 0
	say := func(res harrier.Result) {
		seq++
		res.Scan, res.Batch, res.Attempt, res.Seq = sc.ID, 1, 1, seq
		fold(t, r, res)
	}
	for _, addr := range slices.Sorted(func(yield func(string) bool) {
		for a := range hosts {
			if !yield(a) {
				return
			}
		}
	}) {
		h := hostAt(addr, day)
		var ports []uint16
		for _, s := range hosts[addr] {
			ports = append(ports, s.Port)
		}
		say(harrier.Result{Host: h, Services: hosts[addr]})
		say(harrier.Result{Host: ends(h, time.Minute), Coverage: complete(harrier.Ports{TCP: []harrier.PortRange{{First: 1, Last: 1000}}}, ports...)})
	}
	say(harrier.Result{Done: &harrier.BatchDone{At: day.Add(time.Minute)}})
	finish(t, db, sc, harrier.ScanCompleted)
}

// standing are the open findings by where they are, with how they are known.
func standing(t *testing.T, db *store.DB) map[string]string {
	t.Helper()
	out := map[string]string{}
	assets, _, err := db.SearchAssets(t.Context(), nil, store.Page{})
	must(t, err)
	for _, a := range assets {
		list, err := db.FindingsOf(t.Context(), a.ID)
		must(t, err)
		for _, f := range list {
			if f.Open() {
				out[fmt.Sprintf("%s %s %q %s", a.Addr, f.Endpoint, f.Key, f.Vulnerability.CVE())] = fmt.Sprint(f.Certainty, " by ", f.Source)
			}
		}
	}
	return out
}

// denied reports whether knowledge says of a place on a host that it has not
// what a line of standing tells.
func denied(t *testing.T, j *match.Judge, hosts map[string][]harrier.Service, line string) bool {
	t.Helper()
	words := strings.Fields(line)
	addr := netip.MustParseAddr(words[0])
	for _, p := range j.Things(match.Known{Host: harrier.Host{Addr: addr, Alive: true}, Services: hosts[words[0]]}) {
		if p.Endpoint.String() != words[1] {
			continue
		}
		no, err := j.Denies(p.Subject, harrier.ContentNumber(words[3]), day.AddDate(1, 0, 0))
		must(t, err)
		return no
	}
	t.Fatalf("nothing stands at %s", line)
	return false
}

// compareStanding holds what is open after new knowledge against what a scan
// finds that saw nothing else.
func compareStanding(t *testing.T, what string, j *match.Judge, hosts map[string][]harrier.Service, got, want map[string]string) {
	t.Helper()
	for line, how := range want {
		if got[line] != how {
			t.Fatalf("%s: %s is %q; a scan finds it %q", what, line, got[line], how)
		}
	}
	for line := range got {
		if _, found := want[line]; !found && denied(t, j, hosts, line) {
			t.Fatalf("%s: %s is open still; it is denied, and a scan does not find it", what, line)
		}
	}
}

func loreRoom(db *store.DB, k *lore) (*Room, *match.Judge) {
	j := match.NewJudge(match.New(k), func(string) harrier.VulnID { return family })
	r := room(db)
	r.Judge, r.Family = j, func(harrier.VulnID) harrier.VulnID { return family }
	return r, j
}

// TestRematchAgrees shows that new knowledge leaves the findings that a scan of
// the same services has under it, but for those of which it is silent.
func TestRematchAgrees(t *testing.T) {
	found, seeds := 0, []uint64{0, 1, 2, 3, 4, 5}
	if raced {
		seeds = []uint64{4}
	}
	for _, seed := range seeds {
		rnd := rand.New(rand.NewPCG(seed, 5))
		k := &lore{records: map[string]harrier.Record{}}
		for range 4 {
			k.change(rnd)
		}
		hosts := shop(rnd)
		db := open(t)
		r, j := loreRoom(db, k)
		visit(t, db, r, hosts)
		for n := range 12 {
			keys := k.change(rnd)
			if rnd.IntN(3) == 0 {
				keys = append(keys, k.change(rnd)...)
			}
			_, err := r.Rematch(t.Context(), keys)
			must(t, err)
			fresh := open(t)
			other, _ := loreRoom(fresh, k)
			visit(t, fresh, other, hosts)
			want := standing(t, fresh)
			found += len(want)
			compareStanding(t, fmt.Sprintf("seed %d, change %d", seed, n), j, hosts, standing(t, db), want)
			must(t, fresh.Close())
		}
	}
	if found < 80 {
		t.Errorf("%d findings compared; want more", found)
	}
}

// cutting is a Store of which the call that brings left to 0 fails.
type cutting struct {
	*store.DB
	left int
}

var errGone = errors.New("power gone")

func (s *cutting) count() error {
	if s.left--; s.left == 0 {
		return errGone
	}
	return nil
}

func (s *cutting) InTx(ctx context.Context, do func(ctx context.Context) error) error {
	if err := s.count(); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(ctx context.Context) error { return cmp.Or(do(ctx), s.count()) })
}

func (s *cutting) SaveFindings(ctx context.Context, list []*harrier.Finding) error {
	return cmp.Or(s.count(), s.DB.SaveFindings(ctx, list))
}

func (s *cutting) SaveFindingsLater(ctx context.Context, list []*harrier.Finding) error {
	return cmp.Or(s.count(), s.DB.SaveFindingsLater(ctx, list))
}

func (s *cutting) PutVerdicts(ctx context.Context, list []harrier.Subject) error {
	return cmp.Or(s.count(), s.DB.PutVerdicts(ctx, list))
}

func (s *cutting) Spots(ctx context.Context, subject, after harrier.ID, assets int) ([]harrier.Spot, error) {
	if err := s.count(); err != nil {
		return nil, err
	}
	return s.DB.Spots(ctx, subject, after, assets)
}

func (s *cutting) FindingsAt(ctx context.Context, subject, first, last harrier.ID, vulns []harrier.VulnID) ([]*harrier.Finding, error) {
	if err := s.count(); err != nil {
		return nil, err
	}
	return s.DB.FindingsAt(ctx, subject, first, last, vulns)
}

// TestRematchInterrupted shows that after an end at any call to the store, in
// which what was committed stays, a new console comes to the same findings.
func TestRematchInterrupted(t *testing.T) {
	story := func(at int) (standingNow map[string]string, failed bool) {
		rnd := rand.New(rand.NewPCG(9, 9))
		k := &lore{records: map[string]harrier.Record{}}
		for range 6 {
			k.change(rnd)
		}
		db := open(t)
		defer func() { must(t, db.Close()) }()
		r, _ := loreRoom(db, k)
		visit(t, db, r, shop(rnd))
		var keys []string
		for range 6 {
			keys = append(keys, k.change(rnd)...)
		}
		r.Store, r.newsAtOnce = &cutting{DB: db, left: at}, 1
		_, err := r.Rematch(t.Context(), keys)
		if err != nil && !errors.Is(err, errGone) {
			t.Fatal(err)
		}
		again, _ := loreRoom(db, k)
		_, next := again.Rematch(t.Context(), nil)
		must(t, next)
		return standing(t, db), err != nil
	}
	want, _ := story(0)
	if len(want) == 0 {
		t.Fatal("nothing is found")
	}
	for at := 1; ; at++ {
		got, failed := story(at)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("after an end at call %d: %v; want %v", at, got, want)
		}
		if !failed {
			if at < 5 {
				t.Errorf("only %d calls", at)
			}
			return
		}
	}
}

// TestRematchChangesItsMind shows that knowledge which is taken back before all
// assets have heard of it leaves nothing open that is denied.
func TestRematchChangesItsMind(t *testing.T) {
	halfway := 0
	for seed := range uint64(2) {
		for at := 2; ; at += 5 {
			rnd := rand.New(rand.NewPCG(seed, 11))
			k := &lore{records: map[string]harrier.Record{}}
			for range 6 {
				k.change(rnd)
			}
			hosts := shop(rnd)
			db := open(t)
			r, _ := loreRoom(db, k)
			visit(t, db, r, hosts)
			var keys []string
			for range 4 {
				keys = append(keys, k.change(rnd)...)
			}
			r.Store, r.newsAtOnce = &cutting{DB: db, left: at}, 1
			_, failed := r.Rematch(t.Context(), keys)
			if failed != nil && !errors.Is(failed, errGone) {
				t.Fatal(failed)
			}
			halfway += inDoubt(t, db)
			for range 4 {
				k.change(rnd)
			}
			again, j := loreRoom(db, k)
			_, err := again.Rematch(t.Context(), nil)
			must(t, err)
			fresh := open(t)
			other, _ := loreRoom(fresh, k)
			visit(t, fresh, other, hosts)
			compareStanding(t, fmt.Sprintf("seed %d, end at call %d", seed, at), j, hosts, standing(t, db), standing(t, fresh))
			must(t, db.Close())
			must(t, fresh.Close())
			if failed == nil {
				break
			}
		}
	}
	if halfway == 0 {
		t.Error("no end was between two assets")
	}
}

// inDoubt counts the vulnerabilities that are in doubt.
func inDoubt(t *testing.T, db *store.DB) (n int) {
	t.Helper()
	list, err := db.Subjects(t.Context(), 0, 100)
	must(t, err)
	for _, s := range list {
		n += strings.Count(s.Verdict, "?")
	}
	return n
}

// TestRematchForgets shows that the assets that new knowledge makes looked at do
// not stay in memory.
func TestRematchForgets(t *testing.T) {
	db := open(t)
	k := &lore{records: map[string]harrier.Record{}}
	rnd := rand.New(rand.NewPCG(3, 3))
	r, _ := loreRoom(db, k)
	visit(t, db, r, shop(rnd))
	fresh, _ := loreRoom(db, k)
	assets := 0
	for range 10 {
		k.change(rnd)
		sum, err := fresh.Rematch(t.Context(), nil)
		must(t, err)
		assets += sum.Assets
	}
	if n := len(fresh.cache.assets); n > 0 || assets == 0 {
		t.Errorf("%d assets in memory after %d were looked at; want none", n, assets)
	}
}
