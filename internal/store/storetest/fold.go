package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

func vulnerabilities(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	want := make([]harrier.Vulnerability, 2)
	for i := range want {
		fill(&want[i], i+1)
		want[i].ID = harrier.VulnID(900_000 + i)
	}
	must(t, db.PutVulnerabilities(ctx, []harrier.Vulnerability{want[1], want[0]}))
	if diff := cmp.Diff(want, got(db.Vulnerabilities(ctx))(t)); diff != "" {
		t.Errorf("Vulnerabilities (-want +got):\n%s", diff)
	}
	fill(&want[0], 9)
	want[0].ID = 900_000
	must(t, db.PutVulnerabilities(ctx, want))
	if diff := cmp.Diff(want[0], got(db.Vulnerability(ctx, 900_000))(t)); diff != "" {
		t.Errorf("changed vulnerability (-want +got):\n%s", diff)
	}
}

func newAsset(t *testing.T, db *store.DB, seed int) harrier.Asset {
	t.Helper()
	var a harrier.Asset
	fill(&a, seed)
	a.ID, a.Repository, a.Open = 0, harrier.DefaultRepository, harrier.Counts{}
	must(t, db.InsertAsset(t.Context(), &a))
	return a
}

func assets(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	a, b := newAsset(t, db, 1), newAsset(t, db, 2)
	if diff := cmp.Diff(a, got(db.Asset(ctx, a.ID))(t), exact); diff != "" {
		t.Errorf("Asset (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(b, got(db.AssetByUUID(ctx, b.UUID))(t), exact); diff != "" {
		t.Errorf("AssetByUUID (-want +got):\n%s", diff)
	}
	changed := a
	fill(&changed, 3)
	changed.ID, changed.Repository, changed.UUID = a.ID, a.Repository, a.UUID
	must(t, db.UpdateAsset(ctx, &changed))
	changed.Open, changed.Importance = harrier.Counts{}, 100 // those are not the caller's
	if diff := cmp.Diff(changed, got(db.Asset(ctx, a.ID))(t), exact); diff != "" {
		t.Errorf("changed asset (-want +got):\n%s", diff)
	}
	must(t, db.SetImportance(ctx, a.ID, 150))
	must(t, db.UpdateAsset(ctx, &changed))
	if got := got(db.Asset(ctx, a.ID))(t).Importance; got != 150 {
		t.Errorf("importance %d after it was set to 150 and the asset was stored again", got)
	}
	second := func(_ any, err error) error { return err }
	for what, err := range map[string]error{
		"Asset": second(db.Asset(ctx, 99)), "AssetByUUID": second(db.AssetByUUID(ctx, harrier.UUID{9})),
		"UpdateAsset": db.UpdateAsset(ctx, &harrier.Asset{ID: 99}), "SetImportance": db.SetImportance(ctx, 99, 100),
	} {
		if harrier.KindOf(err) != harrier.NotFound {
			t.Errorf("%s = %v; want NotFound", what, err)
		}
	}
	for name, h := range map[string]harrier.Host{
		"addr": {Addr: b.Addr}, "mac": {MAC: b.MAC}, "fqdn": {FQDN: b.FQDN}, "netbios": {NetBIOS: b.NetBIOS},
		"all": {Addr: b.Addr, MAC: b.MAC, FQDN: b.FQDN, NetBIOS: b.NetBIOS},
	} {
		if diff := cmp.Diff([]harrier.Asset{b}, got(db.AssetsLike(ctx, 1, h))(t), exact); diff != "" {
			t.Errorf("AssetsLike by %s (-want +got):\n%s", name, diff)
		}
		if list := got(db.AssetsLike(ctx, 2, h))(t); len(list) != 0 {
			t.Errorf("AssetsLike by %s in another repository = %v; want none", name, list)
		}
	}
	if list := got(db.AssetsLike(ctx, 1, harrier.Host{FQDN: a.FQDN}))(t); len(list) != 0 {
		t.Errorf("AssetsLike by a former name = %v; want none", list)
	}
	if list := got(db.AssetsLike(ctx, 1, harrier.Host{}))(t); len(list) != 0 {
		t.Errorf("AssetsLike by nothing = %v; want none", list)
	}
}

func services(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	want := make([]harrier.Service, 3)
	for i := range want {
		fill(&want[i], i+1)
		want[i].Asset = 5
		want[i].Endpoint = harrier.Endpoint{Protocol: harrier.TCP, Port: uint16(80 + i)}
	}
	want[2].Endpoint = harrier.Endpoint{Protocol: harrier.UDP, Port: 53}
	must(t, db.PutServices(ctx, 5, []harrier.Service{want[2], want[0], want[1]}))
	must(t, db.PutServices(ctx, 6, want[:1])) // another asset's
	if diff := cmp.Diff(want, got(db.ServicesOf(ctx, 5))(t)); diff != "" {
		t.Errorf("services (-want +got):\n%s", diff)
	}
	changed := want[1]
	fill(&changed, 7)
	changed.Asset, changed.Endpoint = 5, want[1].Endpoint
	must(t, db.PutServices(ctx, 5, []harrier.Service{changed}))
	changed.FirstSeen, want[1] = want[1].FirstSeen, changed
	want[1].FirstSeen = changed.FirstSeen
	if diff := cmp.Diff(want, got(db.ServicesOf(ctx, 5))(t)); diff != "" {
		t.Errorf("services after a change (-want +got):\n%s", diff)
	}
	must(t, db.DeleteServices(ctx, 5, []harrier.Endpoint{want[0].Endpoint, {Protocol: harrier.TCP, Port: 9}}))
	if diff := cmp.Diff(want[1:], got(db.ServicesOf(ctx, 5))(t)); diff != "" {
		t.Errorf("services after one is gone (-want +got):\n%s", diff)
	}
}

func hosts(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	want := make([]harrier.ScanHost, 2)
	for i := range want {
		fill(&want[i], i+1)
		want[i].Scan, want[i].Index = 3, 0
		must(t, db.PutScanHost(ctx, &want[i]))
		if want[i].Index != i+1 {
			t.Errorf("host has index %d; want %d", want[i].Index, i+1)
		}
	}
	again := want[0]
	fill(&again, 5)
	again.Scan, again.Index, again.Name, again.Addr = 3, 0, want[0].Name, want[0].Addr
	must(t, db.PutScanHost(ctx, &again))
	if again.Index != 1 {
		t.Errorf("the same host again has index %d; want 1", again.Index)
	}
	want[0] = again
	if diff := cmp.Diff(want, got(db.ScanHosts(ctx, 3))(t), exact); diff != "" {
		t.Errorf("ScanHosts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[1], got(db.ScanHost(ctx, 3, 2))(t), exact); diff != "" {
		t.Errorf("ScanHost (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[1], got(db.ScanHostByName(ctx, 3, want[1].Name, want[1].Addr.String()))(t), exact); diff != "" {
		t.Errorf("ScanHostByName (-want +got):\n%s", diff)
	}
	unresolved := harrier.ScanHost{Scan: 3, Host: harrier.Host{Name: "gone.example"}}
	must(t, db.PutScanHost(ctx, &unresolved))
	if asset := want[1].Asset; asset == 0 {
		t.Error("the host has no asset")
	} else if h := got(db.ScanHostOf(ctx, 3, asset))(t); h.Asset != asset || h.Scan != 3 {
		t.Errorf("ScanHostOf = %+v", h)
	}
	for _, of := range [][2]harrier.ID{{4, want[1].Asset}, {3, 99_999}, {3, 0}} {
		if _, err := db.ScanHostOf(ctx, of[0], of[1]); harrier.KindOf(err) != harrier.NotFound {
			t.Errorf("ScanHostOf(%d, %d) = %v", of[0], of[1], err)
		}
	}
	if h := got(db.ScanHostByName(ctx, 3, "gone.example", ""))(t); h.Index != 3 {
		t.Errorf("a host without an address has index %d; want 3", h.Index)
	}
	_, errIndex := db.ScanHost(ctx, 4, 1)
	_, errName := db.ScanHostByName(ctx, 4, want[1].Name, want[1].Addr.String())
	if harrier.KindOf(errIndex) != harrier.NotFound || harrier.KindOf(errName) != harrier.NotFound {
		t.Errorf("host of another scan: %v, %v; want NotFound", errIndex, errName)
	}
}

func scanSums(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	scan := filledScan(1)
	must(t, db.InsertScan(ctx, scan))
	id := scan.ID

	if list, err := db.HostObservations(ctx, id, 1); list != nil || err != nil {
		t.Errorf("HostObservations of none = %v, %v", list, err)
	}
	if c, err := db.HostCoverage(ctx, id, 1); c != nil || err != nil {
		t.Errorf("HostCoverage of none = %v, %v", c, err)
	}
	observed := make([]harrier.Observation, 50)
	for i := range observed {
		fill(&observed[i], i)
	}
	observed[7] = harrier.Observation{} // zero fields come back as zero
	var coverage, other harrier.Coverage
	fill(&coverage, 1)
	fill(&other, 2)
	for range 2 {
		must(t, db.PutHostObservations(ctx, id, 1, observed[:3]))
		must(t, db.PutHostObservations(ctx, id, 1, observed))
		must(t, db.PutHostCoverage(ctx, id, 1, &other))
		must(t, db.PutHostCoverage(ctx, id, 1, &coverage))
	}
	must(t, db.PutHostObservations(ctx, id+1, 1, observed[:1]))
	if diff := cmp.Diff(observed, got(db.HostObservations(ctx, id, 1))(t)); diff != "" {
		t.Errorf("HostObservations (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(&coverage, got(db.HostCoverage(ctx, id, 1))(t), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("HostCoverage (-want +got):\n%s", diff)
	}

	must(t, db.AddScanVulns(ctx, id, []harrier.ScanVuln{{Vulnerability: 2, Severity: 3, Count: 2, Hosts: 1}, {Vulnerability: 1, Count: 1, Hosts: 1}}))
	must(t, db.AddScanVulns(ctx, id, []harrier.ScanVuln{{Vulnerability: 2, Severity: 4, Count: 3, Hosts: 2}, {Vulnerability: 1, Count: -1, Hosts: -1}}))
	if diff := cmp.Diff([]harrier.ScanVuln{{Vulnerability: 2, Severity: 4, Count: 5, Hosts: 3}}, got(db.ScanVulns(ctx, id))(t)); diff != "" {
		t.Errorf("ScanVulns (-want +got):\n%s", diff)
	}

	spans := make([]harrier.Span, 3)
	fill(&spans[0], 1)
	fill(&spans[1], 2)
	fill(&spans[2], 3)
	must(t, db.PutDead(ctx, id, 2, spans[:2]))
	must(t, db.PutDead(ctx, id, 2, spans[2:]))
	must(t, db.PutDead(ctx, id, 1, spans[:1]))
	if diff := cmp.Diff([]harrier.Span{spans[0], spans[2]}, got(db.Dead(ctx, id))(t), exact); diff != "" {
		t.Errorf("Dead (-want +got):\n%s", diff)
	}

	must(t, db.PutScanHost(ctx, &harrier.ScanHost{Scan: id, Host: harrier.Host{Name: "a"}}))
	must(t, db.DeleteScan(ctx, id))
	left := []int{
		len(got(db.ScanHosts(ctx, id))(t)), len(got(db.ScanVulns(ctx, id))(t)), len(got(db.Dead(ctx, id))(t)),
		len(got(db.HostObservations(ctx, id, 1))(t)), len(got(db.HostObservations(ctx, id+1, 1))(t)),
	}
	if c := got(db.HostCoverage(ctx, id, 1))(t); c != nil || !slices.Equal(left, []int{0, 0, 0, 0, 1}) {
		t.Errorf("after DeleteScan: %v rows, coverage %v; want nothing but the other scan's observations", left, c)
	}
}

// closedChain is three intervals, the last one open.
func closedChain() []harrier.Interval {
	return []harrier.Interval{
		{Opened: at(1), LastSeen: at(2), Closed: at(3)},
		{Opened: at(4), LastSeen: at(5), Closed: at(6)},
		{Opened: at(7), LastSeen: at(8)},
	}
}

func newFinding(asset harrier.ID, seed int, chain ...harrier.Interval) *harrier.Finding {
	f := new(harrier.Finding)
	fill(f, seed)
	f.ID, f.Asset, f.Intervals = 0, asset, chain
	return f
}

func findings(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	a := newAsset(t, db, 1)
	want := []*harrier.Finding{
		newFinding(a.ID, 1, closedChain()...), newFinding(a.ID, 2, closedChain()[:1]...), newFinding(a.ID, 3, closedChain()[2:]...),
	}
	check := func(when string) {
		t.Helper()
		if diff := cmp.Diff(want, got(db.FindingsOf(ctx, a.ID))(t)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
	must(t, db.SaveFindings(ctx, want))
	check("after insert")
	must(t, db.SaveFindings(ctx, want))
	check("after saving the same")
	want[2].Fold(harrier.Present, at(20)) // still there
	want[2].LastScan++
	want[0].Fold(harrier.Absent, at(20)) // fixed
	want[1].Fold(harrier.Present, at(20))
	want[1].Evidence = "it is back\x00"
	must(t, db.SaveFindings(ctx, want))
	want[1].Evidence = "it is back\uFFFD"
	check("after a scan")
	want[0].Intervals = want[0].Intervals[1:] // a chain that was mended
	want[1].Intervals[0].Closed = at(4)
	want[2].Key, want[2].Severity = "other", harrier.Info
	must(t, db.SaveFindings(ctx, want))
	check("after other changes")
	must(t, db.InTx(ctx, func(ctx context.Context) error {
		list := got(db.FindingsOf(ctx, a.ID))(t)
		for _, f := range list {
			f.Fold(harrier.Present, at(30))
		}
		must(t, db.SaveFindings(ctx, list))
		must(t, db.SaveFindings(ctx, list))
		want = got(db.FindingsOf(ctx, a.ID))(t)
		if diff := cmp.Diff(want, list); diff != "" {
			t.Errorf("within a transaction (-want +got):\n%s", diff)
		}
		return nil
	}))
	check("after a transaction")
	for what, c := range map[string]struct {
		finding *harrier.Finding
		kind    harrier.Kind
	}{
		"no interval":   {newFinding(a.ID, 9), harrier.Invalid},
		"no such asset": {newFinding(99, 9, closedChain()...), harrier.NotFound},
		"no such ID":    {&harrier.Finding{ID: 99, Asset: a.ID, Intervals: closedChain()}, harrier.NotFound},
	} {
		if err := db.SaveFindings(ctx, []*harrier.Finding{newFinding(a.ID, 8, closedChain()...), c.finding}); harrier.KindOf(err) != c.kind {
			t.Errorf("SaveFindings with %s = %v; want %v", what, err, c.kind)
		}
		check("after failing for " + what)
	}
}

func findingKeys(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	a := newAsset(t, db, 1)
	first := newFinding(a.ID, 1, closedChain()[:1]...)
	must(t, db.SaveFindings(ctx, []*harrier.Finding{first}))
	again, twice, other := newFinding(a.ID, 2, closedChain()...), newFinding(a.ID, 3, closedChain()[2:]...), newFinding(a.ID, 1, closedChain()...)
	again.Instance, twice.Instance = first.Instance, first.Instance
	other.Key = ""
	must(t, db.SaveFindings(ctx, []*harrier.Finding{again, other, twice}))
	if again.ID != first.ID || twice.ID != first.ID || other.ID == 0 || other.ID == first.ID {
		t.Errorf("IDs %d, %d, %d; want %d, %d and another", again.ID, twice.ID, other.ID, first.ID, first.ID)
	}
	if diff := cmp.Diff([]*harrier.Finding{other, twice}, got(db.FindingsOf(ctx, a.ID))(t)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	moved := *other
	moved.Instance = first.Instance
	err := db.InTx(ctx, func(ctx context.Context) error {
		if err := db.SaveFindings(ctx, []*harrier.Finding{&moved}); harrier.KindOf(err) != harrier.Conflict {
			t.Errorf("moving onto another finding: %v; want Conflict", err)
		}
		return nil // must not be kept: the counts may be wrong
	})
	if harrier.KindOf(err) != harrier.Conflict {
		t.Errorf("InTx = %v; want Conflict", err)
	}
	compareCounts(t, db)
}

// compareCounts checks the counts that are kept with what there is.
func compareCounts(t *testing.T, db *store.DB) {
	t.Helper()
	ctx := t.Context()
	all := got3(t)(db.SearchFindings(ctx, nil, store.Page{}))
	open, closed := harrier.Counts{}, harrier.Counts{}
	byAsset, byRepository := map[harrier.ID]harrier.Counts{}, map[harrier.ID]harrier.Counts{}
	for _, f := range all {
		if !f.Open() {
			closed[f.Severity]++
			continue
		}
		open[f.Severity]++
		c := byAsset[f.Asset]
		c[f.Severity]++
		byAsset[f.Asset] = c
	}
	list, _, err := db.SearchAssets(ctx, nil, store.Page{})
	must(t, err)
	for _, a := range list {
		if a.Open != byAsset[a.ID] {
			t.Fatalf("asset %d counts %v; want %v", a.ID, a.Open, byAsset[a.ID])
		}
		c := byRepository[a.Repository]
		for s, n := range a.Open {
			c[s] += n
		}
		byRepository[a.Repository] = c
	}
	check := func(want harrier.Counts, e harrier.Expr) {
		t.Helper()
		if n := got(db.CountFindings(ctx, e))(t); n != want {
			t.Fatalf("CountFindings(%v) = %v; want %v", e, n, want)
		}
	}
	isOpen := harrier.Cmp{Field: "open", Op: harrier.Eq, Values: []any{true}}
	check(open, isOpen)
	check(closed, harrier.Not{Of: isOpen})
	for r, want := range byRepository {
		check(want, harrier.And{isOpen, harrier.Cmp{Field: "repository", Op: harrier.Eq, Values: []any{int64(r)}}})
	}
	both := open
	for s, n := range closed {
		both[s] += n
	}
	check(both, nil)
}

func got3(t *testing.T) func([]harrier.Finding, int, error) []harrier.Finding {
	return func(list []harrier.Finding, total int, err error) []harrier.Finding {
		t.Helper()
		must(t, err)
		if total != len(list) {
			t.Errorf("the total is %d; want %d", total, len(list))
		}
		return list
	}
}

// countsExact walks at random through inserts, scans, changes of severity,
// moves to other assets and failed transactions.
func countsExact(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	r := rand.New(rand.NewPCG(1, 2))
	other := harrier.Repository{Name: "other"}
	must(t, db.InsertRepository(ctx, &other))
	ids := make([]harrier.ID, 4)
	for i := range ids {
		a := harrier.Asset{Repository: harrier.DefaultRepository}
		if i == 0 {
			a.Repository = other.ID
		}
		must(t, db.InsertAsset(ctx, &a))
		ids[i] = a.ID
	}
	now := 0
	step := func(ctx context.Context) error {
		now++
		if r.IntN(3) == 0 {
			f := &harrier.Finding{Asset: ids[r.IntN(4)], Severity: harrier.Severity(r.IntN(5))}
			f.Vulnerability, f.Port = harrier.VulnID(r.IntN(3)), uint16(r.IntN(3))
			f.Fold(harrier.Present, at(now))
			return db.SaveFindings(ctx, []*harrier.Finding{f})
		}
		list, err := db.FindingsOf(ctx, ids[r.IntN(4)])
		if err != nil {
			return err
		}
		for _, f := range list {
			switch r.IntN(5) {
			case 0:
				f.Fold(harrier.Absent, at(now))
			case 1:
				f.Severity = harrier.Severity(r.IntN(5))
			case 2:
				f.Asset, f.Key = ids[r.IntN(4)], fmt.Sprint(now)
			default:
				f.Fold(harrier.Present, at(now))
			}
		}
		return db.SaveFindings(ctx, list)
	}
	for range 40 {
		boom := r.IntN(5) == 0
		err := db.InTx(ctx, func(ctx context.Context) error {
			for range 1 + r.IntN(4) {
				must(t, step(ctx))
			}
			if boom {
				return context.Canceled
			}
			return nil
		})
		if (err != nil) != boom {
			t.Fatalf("InTx = %v", err)
		}
		compareCounts(t, db)
	}
}

// readersAndWriter adds a finding to each of two assets in every transaction:
// a reader that sees both assets in one query must see them equal.
func readersAndWriter(t *testing.T, dsn string) {
	db := open(t, dsn)
	assets := []harrier.Asset{{Addr: netip.MustParseAddr("192.0.2.1")}, {Addr: netip.MustParseAddr("192.0.2.2")}}
	for i := range assets {
		must(t, db.InsertAsset(t.Context(), &assets[i]))
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var wait sync.WaitGroup
	reads := make([]int, 3)
	for i := range reads {
		wait.Go(func() {
			for ctx.Err() == nil {
				list, _, err := db.SearchAssets(t.Context(), nil, store.Page{NoTotal: true})
				if err != nil || len(list) != 2 || list[0].Open != list[1].Open {
					t.Errorf("a reader saw %v, %v; want two equal assets", list, err)
					return
				}
				reads[i]++
			}
		})
	}
	for n := range 40 {
		must(t, db.InTx(t.Context(), func(ctx context.Context) error {
			for _, a := range assets {
				f := &harrier.Finding{Asset: a.ID, Severity: harrier.High, Intervals: []harrier.Interval{{Opened: at(n), LastSeen: at(n)}}}
				f.Vulnerability = harrier.VulnID(n)
				if err := db.SaveFindings(ctx, []*harrier.Finding{f}); err != nil {
					return err
				}
			}
			return nil
		}))
		time.Sleep(100 * time.Microsecond)
	}
	stop()
	wait.Wait()
	if slices.Contains(reads, 0) {
		t.Errorf("reads %v; want some by everybody", reads)
	}
}

func reopen(t *testing.T, dsn string) {
	if dsn == ":memory:" {
		t.Skip("a private database ends when it is closed")
	}
	db, err := store.Open(t.Context(), dsn)
	must(t, err)
	a := newAsset(t, db, 1)
	f := newFinding(a.ID, 1, closedChain()...)
	must(t, db.SaveFindings(t.Context(), []*harrier.Finding{f}))
	repository := got(db.Repository(t.Context(), harrier.DefaultRepository))(t)
	must(t, db.Close())

	db = open(t, dsn)
	must(t, db.Ping(t.Context()))
	if diff := cmp.Diff([]*harrier.Finding{f}, got(db.FindingsOf(t.Context(), a.ID))(t)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(repository, got(db.Repository(t.Context(), harrier.DefaultRepository))(t)); diff != "" {
		t.Errorf("repository (-want +got):\n%s", diff)
	}
	b := newAsset(t, db, 2)
	g := newFinding(b.ID, 2, closedChain()...)
	must(t, db.SaveFindings(t.Context(), []*harrier.Finding{g}))
	if b.ID <= a.ID || g.ID <= f.ID {
		t.Errorf("IDs %d, %d after %d, %d; want new ones", b.ID, g.ID, a.ID, f.ID)
	}
}
