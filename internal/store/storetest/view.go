package storetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// viewed begins the address of a database whose findings are to be kept in
// memory.
const viewed = "view+"

// RunView puts the promises about searches to databases whose findings are kept
// in memory, and holds what memory answers to what SQL does.
func RunView(t *testing.T, fresh func(t *testing.T) string) {
	for _, p := range []struct {
		name string
		run  func(t *testing.T, dsn string)
	}{
		{"what is deleted can be restored", restored},
		{"counts are exact at every step", countsExact},
		{"a search answers as the words do", searchMatches},
		{"pages are parts of one order", pages},
		{"sums are those of the words", sumsMatch},
		{"ranges, patterns and what an asset has", searchWords},
		{"the search language means what the words say", languageMatches},
		{"walks are in one order", walks},
		{"what changed between two instants", changesBetween},
		{"what can not be searched is Invalid", badSearches},
		{"a nested call joins the transaction", nested},
		{"a failed transaction leaves nothing", rollback},
	} {
		t.Run(p.name, func(t *testing.T) { p.run(t, viewed+fresh(t)) })
	}
	t.Run("memory and SQL agree after every kind of change", func(t *testing.T) { viewAgrees(t, fresh(t)) })
	t.Run("changes of another process are seen", func(t *testing.T) { viewForeign(t, fresh(t)) })
	t.Run("what is acknowledged is seen, and nothing else", func(t *testing.T) { viewOrder(t, fresh(t)) })
}

// keepView keeps the findings of db in memory until the test ends, and waits
// until they are there.
func keepView(t *testing.T, db *store.DB) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- db.KeepView(ctx, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("KeepView = %v", err)
		}
	})
	waitForView(t, db)
}

func waitForView(t *testing.T, db *store.DB) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !db.ViewState().Ready; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the findings do not come into memory")
		}
	}
}

// changer changes a database in every way that the view has to follow.
type changer struct {
	*world
	db       *store.DB
	assets   []harrier.ID
	findings map[harrier.ID]*harrier.Finding
	gone     []*harrier.Finding
	rules    []harrier.ID
	step     int
}

func (c *changer) asset() harrier.ID { return c.assets[c.r.IntN(len(c.assets))] }

func (c *changer) some(n int) []*harrier.Finding {
	var out []*harrier.Finding
	ids := make([]harrier.ID, 0, len(c.findings))
	for id := range c.findings {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for range min(n, len(ids)) {
		i := c.r.IntN(len(ids))
		out = append(out, c.findings[ids[i]])
		ids = slices.Delete(ids, i, i+1)
	}
	return out
}

func (c *changer) definition(id int) harrier.Vulnerability {
	v := harrier.Vulnerability{
		ID: harrier.VulnID(id), Slug: fmt.Sprint("slug-", id, c.text()), UUID: harrier.UUID{1, byte(id)}, Name: c.text(), Family: c.text(),
		CVSS2Score: float64(c.r.IntN(20)) / 2, CVSS3Score: float64(c.r.IntN(20)) / 2, EPSS: float64(c.r.IntN(4)) / 4,
		Exploited: c.r.IntN(2) == 0, Exploit: c.r.IntN(2) == 0, Published: at(c.r.IntN(5)), Solution: c.text(), Aliases: []string{c.text()},
	}
	for range c.r.IntN(3) {
		v.CVEs = append(v.CVEs, c.text())
	}
	return v
}

func (c *changer) fillAsset(a *harrier.Asset) {
	r := c.r
	a.Addr, a.FQDN, a.OS, a.NetBIOS = netip.AddrFrom4([4]byte{10, byte(r.IntN(3)), byte(r.IntN(3)), byte(r.IntN(9))}), c.text(), c.text(), c.text()
	if r.IntN(6) == 0 {
		a.Addr = netip.Addr{}
	} else if r.IntN(6) == 0 {
		a.Addr = netip.MustParseAddr(fmt.Sprint("2001:db8::", r.IntN(9)))
	}
	a.MAC, a.DeviceType, a.OSConfidence = c.text(), c.text(), r.IntN(4)
	a.FirstSeen, a.LastSeen, a.LastScan = at(r.IntN(5)), at(r.IntN(5)), harrier.ID(r.IntN(4))
	a.Names = nil
	for range r.IntN(3) {
		a.Names = append(a.Names, c.text())
	}
}

// change makes one change of some kind.
func (c *changer) change(t *testing.T, ctx context.Context) {
	db, r := c.db, c.r
	c.step++
	switch r.IntN(16) {
	case 0:
		a := harrier.Asset{Repository: harrier.ID(1 + r.IntN(2))}
		c.fillAsset(&a)
		must(t, db.InsertAsset(ctx, &a))
		c.assets = append(c.assets, a.ID)
	case 1:
		a, err := db.Asset(ctx, c.asset())
		must(t, err)
		c.fillAsset(&a)
		if r.IntN(2) == 0 {
			must(t, db.UpdateAssets(ctx, []*harrier.Asset{&a}))
			break
		}
		must(t, db.UpdateAsset(ctx, &a))
	case 2, 3:
		var list []harrier.Service
		for range r.IntN(4) {
			list = append(list, harrier.Service{
				Endpoint: harrier.Endpoint{Protocol: []harrier.Protocol{harrier.TCP, harrier.UDP}[r.IntN(2)], Port: uint16(r.IntN(4))},
				Name:     []string{"ssh", "http", "imap", ""}[r.IntN(4)], Product: c.text(), Version: c.text(), CPE: c.text(),
			})
		}
		must(t, db.PutServices(ctx, c.asset(), list))
	case 4:
		must(t, db.DeleteServices(ctx, c.asset(), []harrier.Endpoint{{Protocol: harrier.TCP, Port: uint16(r.IntN(4))}, {Protocol: "x"}}))
	case 5:
		must(t, db.PutVulnerabilities(ctx, []harrier.Vulnerability{c.definition(r.IntN(8)), c.definition(20 + c.step)}))
	case 6:
		e := harrier.Exception{
			Vulnerability: harrier.VulnID(r.IntN(9)), Hide: r.IntN(2) == 0, Recast: harrier.Severity(r.IntN(5)),
			Host: []string{"", "10.0.0.1,a_b", c.text(), "10.1.1.1," + c.text()}[r.IntN(4)],
			Port: []string{"", "", "1"}[r.IntN(3)], Repository: harrier.ID(r.IntN(3)),
		}
		if r.IntN(3) == 0 {
			e.Expires = at(r.IntN(200))
		}
		must(t, db.InsertException(ctx, &e))
		c.rules = append(c.rules, e.ID)
	case 7:
		if len(c.rules) > 6 {
			must(t, db.DeleteException(ctx, c.rules[0]))
			c.rules = c.rules[1:]
		}
	case 8:
		list := c.some(3)
		var ids []harrier.ID
		for _, f := range list {
			ids = append(ids, f.ID)
			delete(c.findings, f.ID)
		}
		c.gone = append(c.gone, list...)
		must(t, db.DeleteFindings(ctx, ids))
	case 9:
		if len(c.gone) > 0 {
			f := c.gone[len(c.gone)-1]
			c.gone = c.gone[:len(c.gone)-1]
			must(t, db.RestoreFindings(ctx, []*harrier.Finding{f}))
			c.findings[f.ID] = f
		}
	case 10: // an asset goes, and what it had moves on, or the asset comes back
		c.fuse(t, ctx)
	default:
		c.fold(t, ctx)
	}
}

// fuse moves the findings of an asset to another and deletes it, and half of
// the time undoes that.
func (c *changer) fuse(t *testing.T, ctx context.Context) {
	from, into := c.asset(), c.asset()
	if from == into || len(c.assets) < 4 || slices.ContainsFunc(c.gone, func(f *harrier.Finding) bool { return f.Asset == from }) {
		return
	}
	list, err := c.db.FindingsOf(ctx, from)
	must(t, err)
	for _, f := range list {
		f.Asset, f.Key = into, f.Key+fmt.Sprint("from", from, c.step)
		c.findings[f.ID] = f
	}
	must(t, c.db.SaveFindings(ctx, list))
	a, err := c.db.Asset(ctx, from)
	must(t, err)
	must(t, c.db.DeleteAsset(ctx, from))
	if c.r.IntN(2) == 0 {
		c.assets = slices.DeleteFunc(c.assets, func(id harrier.ID) bool { return id == from })
		return
	}
	must(t, c.db.RestoreAsset(ctx, &a))
	for _, f := range list[:len(list)/2] {
		f.Asset = from
	}
	must(t, c.db.SaveFindings(ctx, list))
}

// fold adds findings and carries others on.
func (c *changer) fold(t *testing.T, ctx context.Context) {
	r := c.r
	list := c.some(r.IntN(8))
	for range r.IntN(6) {
		f := &harrier.Finding{Asset: c.asset()}
		f.Vulnerability, f.Port, f.Key = harrier.VulnID(r.IntN(12)), uint16(r.IntN(4)), fmt.Sprint(c.step, "-", len(list))
		f.Protocol = []harrier.Protocol{harrier.TCP, harrier.UDP, ""}[r.IntN(3)]
		list = append(list, f)
	}
	for _, f := range list {
		f.Severity, f.Certainty, f.LastScan, f.Origin = harrier.Severity(r.IntN(5)), harrier.Certainty(r.IntN(3)), harrier.ID(r.IntN(3)), harrier.Origin(r.IntN(2))
		f.Service, f.Evidence, f.Source = c.text(), c.text(), c.text()
		verdict := harrier.Present
		if len(f.Intervals) > 0 && r.IntN(2) == 0 {
			verdict = harrier.Absent
		}
		f.Fold(verdict, at(c.step+r.IntN(3)))
	}
	must(t, c.db.SaveFindings(ctx, list))
	for _, f := range list {
		n := *f
		n.Intervals = slices.Clone(f.Intervals)
		c.findings[f.ID] = &n
	}
}

func newChanger(t *testing.T, db *store.DB) *changer {
	c := &changer{world: newWorld(t, db), db: db, findings: map[harrier.ID]*harrier.Finding{}}
	for id := range harrier.ID(6) {
		c.assets = append(c.assets, id+1)
	}
	for i := range c.world.findings {
		c.findings[c.world.findings[i].ID] = &c.world.findings[i]
	}
	return c
}

var (
	viewFindingFields = append(slices.Clone(findingFields), strings.Fields(`protocol netbios mac uuid closed open_days reopened origin cvss2
		exploit solution aliases cvss4 accepted recast`)...)
	viewAssetFields  = append(slices.Clone(assetFields), "netbios", "mac", "device_type", "last_scan", "medium", "cpe", "protocol", "uuid")
	viewGroupings    = append(slices.Clone(groupings), harrier.ByService, harrier.BySoftware, harrier.BySSHServer, harrier.ByWebServer, harrier.ByMailServer)
	viewSumSorts     = []string{"", "total", "score", "hosts", "severity", "high", "info"}
	viewFindingSorts = strings.Fields(`id asset repository vulnerability severity certainty protocol port service source last_scan first_seen
		last_seen opened closed name family cvss2 cvss3 epss exploit published address fqdn netbios mac os key`)
	viewAssetSorts = strings.Fields("id repository address fqdn netbios mac os os_confidence device_type first_seen last_seen last_scan info critical")
)

// condition is a random one, sometimes about other findings of the asset.
func (c *changer) condition(fields []string) harrier.Expr {
	some := func(field string) []any {
		switch f := c.some(1); {
		case len(f) == 0:
		case field == "vulnerability":
			return []any{int64(f[0].Vulnerability)}
		case field == "id" || field == "asset":
			return []any{int64(f[0].ID), int64(f[0].Asset)}
		case strings.HasSuffix(field, "seen") || field == "opened" || field == "closed":
			return []any{f[0].LastSeen().UnixMicro(), f[0].FirstSeen().UnixMicro()}
		case field == "service":
			return []any{f[0].Service}
		case field == "source":
			return []any{f[0].Source}
		}
		return nil
	}
	e := c.expr(2, fields, some)
	switch c.r.IntN(6) {
	case 0:
		e = harrier.And{e, compare("address", harrier.In, "10.0.0.0-10.1.1.5", "2001:db8::-2001:db8::5")}
	case 1:
		plain := slices.DeleteFunc(slices.Clone(viewFindingFields), func(f string) bool { return f == "accepted" || f == "recast" })
		e = harrier.Or{e, harrier.Has{Of: c.expr(1, plain, some)}}
	}
	return e
}

// agree asks both databases, which are one, the same.
func (c *changer) agree(t *testing.T, ctx context.Context, sql *store.DB) {
	t.Helper()
	r, now := c.r, at(r3(c.r))
	e := c.condition(viewFindingFields)
	if r.IntN(4) == 0 {
		e = nil
	}
	q := harrier.SumQuery{By: viewGroupings[r.IntN(len(viewGroupings))], Sort: viewSumSorts[r.IntN(len(viewSumSorts))], Desc: r.IntN(2) == 0, Limit: r.IntN(6), Offset: r.IntN(3)}
	switch {
	case q.By == harrier.ByAsset && r.IntN(2) == 0:
		q.Sort = []string{"name", "address"}[r.IntN(2)]
	case q.By == harrier.ByVulnerability && r.IntN(2) == 0:
		q.Sort = []string{"name", "family"}[r.IntN(2)]
	}
	same(t, fmt.Sprintf("sums %v of %#v", q, e), func(db *store.DB) (harrier.Sums, error) { return db.SumFindings(ctx, e, q, now) }, c.db, sql)
	p := store.Page{Sort: viewFindingSorts[r.IntN(len(viewFindingSorts))], Desc: r.IntN(2) == 0, Limit: r.IntN(9), Offset: r.IntN(4)}
	if r.IntN(3) == 0 {
		p.Sort = ""
	}
	if f := c.some(1); r.IntN(3) == 0 && len(f) > 0 {
		p.After = f[0].ID
	}
	type judged struct {
		List  []harrier.JudgedFinding
		Total int
	}
	same(t, fmt.Sprintf("judged page %v of %#v", p, e), func(db *store.DB) (judged, error) {
		list, total, err := db.JudgedFindings(ctx, e, p, now)
		return judged{list, total}, err
	}, c.db, sql)
	plain := c.condition(slices.DeleteFunc(slices.Clone(viewFindingFields), func(f string) bool { return f == "accepted" || f == "recast" }))
	type found struct {
		List  []harrier.Finding
		Total int
	}
	same(t, fmt.Sprintf("page %v of %#v", p, plain), func(db *store.DB) (found, error) {
		list, total, err := db.SearchFindings(ctx, plain, p)
		return found{list, total}, err
	}, c.db, sql)
	same(t, fmt.Sprintf("counts of %#v", plain), func(db *store.DB) (harrier.Counts, error) { return db.CountFindings(ctx, plain) }, c.db, sql)
	assets := c.condition(viewAssetFields)
	p.Sort, p.After = viewAssetSorts[r.IntN(len(viewAssetSorts))], 0
	if r.IntN(3) == 0 {
		p.Sort = ""
	}
	if r.IntN(3) == 0 {
		p.After = c.asset()
	}
	type hosts struct {
		List  []harrier.Asset
		Total int
	}
	same(t, fmt.Sprintf("assets %v of %#v", p, assets), func(db *store.DB) (hosts, error) {
		list, total, err := db.SearchAssets(ctx, assets, p)
		return hosts{list, total}, err
	}, c.db, sql)
	from, to := at(r.IntN(40)), at(r.IntN(c.step+40))
	same(t, fmt.Sprintf("between %v and %v", from, to), func(db *store.DB) ([]harrier.Delta, error) {
		return db.FindingsBetween(ctx, []harrier.ID{c.asset(), 1, 1000}[1:], from, to)
	}, c.db, sql)
}

func r3(r interface{ IntN(int) int }) int { return r.IntN(300) }

func same[T any](t *testing.T, what string, ask func(db *store.DB) (T, error), view, sql *store.DB) {
	t.Helper()
	want, errWant := ask(sql)
	have, errHave := ask(view)
	if (errWant == nil) != (errHave == nil) || harrier.KindOf(errWant) != harrier.KindOf(errHave) {
		t.Fatalf("%s: %v; SQL: %v", what, errHave, errWant)
	}
	if diff := gocmp.Diff(want, have, cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Fatalf("%s (-SQL +memory):\n%s", what, diff)
	}
}

// viewAgrees makes changes of every kind, many in a transaction and some rolled
// back, and asks memory and SQL the same after each.
func viewAgrees(t *testing.T, dsn string) {
	db, sql, ctx := open(t, dsn), open(t, dsn), t.Context()
	c := newChanger(t, db)
	boom := errors.New("boom")
	for range 20 { // what is there before the view is
		c.change(t, ctx)
	}
	keepView(t, db)
	steps := 70
	if raced {
		steps = 15
	}
	for range steps {
		switch c.r.IntN(4) {
		case 0:
			must(t, db.InTx(ctx, func(ctx context.Context) error {
				for range 4 {
					c.change(t, ctx)
				}
				return nil
			}))
		case 1: // nothing of this is to be seen
			copied := *c
			copied.world = &world{r: c.r, vulns: c.vulns, assets: c.world.assets, services: c.world.services}
			copied.findings = map[harrier.ID]*harrier.Finding{}
			for id, f := range c.findings {
				n := *f
				n.Intervals = slices.Clone(f.Intervals)
				copied.findings[id] = &n
			}
			copied.assets, copied.gone, copied.rules = slices.Clone(c.assets), nil, slices.Clone(c.rules)
			for _, f := range c.gone {
				n := *f
				copied.gone = append(copied.gone, &n)
			}
			err := db.InTx(ctx, func(ctx context.Context) error {
				copied.change(t, ctx)
				copied.change(t, ctx)
				return boom
			})
			if !errors.Is(err, boom) {
				t.Fatalf("InTx = %v; want %v", err, boom)
			}
		default:
			c.change(t, ctx)
		}
		for range 3 {
			c.agree(t, ctx, sql)
		}
	}
	if s := db.ViewState(); !s.Ready || s.Answers < 3*s.Passed || s.Findings != len(c.findings) {
		t.Errorf("the view is %+v; want most questions answered, and %d findings", s, len(c.findings))
	}
}

// viewForeign changes a database from elsewhere.
func viewForeign(t *testing.T, dsn string) {
	db, other, ctx := open(t, dsn), open(t, dsn), t.Context()
	c := newChanger(t, other)
	keepView(t, db)
	c.db = db
	for range 5 {
		c.agree(t, ctx, other)
	}
	if s := db.ViewState(); s.Answers == 0 {
		t.Errorf("the view is %+v; want answers", s)
	}
	c.db = other
	c.fold(t, ctx)
	c.db = db
	for range 5 {
		c.agree(t, ctx, other)
	}
}

// viewOrder reads while many write.
func viewOrder(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	w := newWorld(t, db)
	keepView(t, db)
	const writers, each = 4, 25
	done := make(chan error, writers)
	for n := range writers {
		go func() {
			done <- func() error {
				for i := range each {
					f := &harrier.Finding{Asset: harrier.ID(1 + n), Service: fmt.Sprint("writer", n)}
					f.Vulnerability, f.Key = harrier.VulnID(100+n), fmt.Sprint(i)
					f.Fold(harrier.Present, at(i))
					g := *f
					g.Vulnerability, g.Intervals = harrier.VulnID(200+n), slices.Clone(f.Intervals)
					if err := db.SaveFindings(ctx, []*harrier.Finding{f, &g}); err != nil {
						return err
					}
					counts, err := db.CountFindings(ctx, compare("service", harrier.Eq, fmt.Sprint("writer", n)))
					if err != nil || counts.Total() != 2*(i+1) {
						return fmt.Errorf("writer %d sees %v after %d, %w", n, counts, i+1, err)
					}
				}
				return nil
			}()
		}()
	}
	for left := writers; left > 0; {
		select {
		case err := <-done:
			must(t, err)
			left--
		default:
		}
		counts, err := db.CountFindings(ctx, compare("service", harrier.Contains, "writer"))
		must(t, err)
		if counts.Total()%2 != 0 {
			t.Fatalf("%d findings; want both of each transaction or none", counts.Total())
		}
	}
	if s := db.ViewState(); !s.Ready || s.Findings != len(w.findings)+2*writers*each {
		t.Errorf("the view is %+v", s)
	}
}
