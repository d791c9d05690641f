package survey

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/finding"
	"github.com/harrier-scan/harrier/internal/scan"
	"github.com/harrier-scan/harrier/internal/store"
	"github.com/harrier-scan/harrier/internal/surface"
)

// day is when the estates of these tests are looked at.
var day = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

var reader = harrier.Actor{User: 1, Role: harrier.Operator, Permissions: harrier.Operator.Permissions()}

// estate is a surface in a database: names with an address each, and findings on
// two ports there.
type estate struct {
	*Room
	site  harrier.Site
	scans []harrier.Scan
}

// Lookup knows that every second vulnerability is a CVE.
func (e *estate) Lookup(id harrier.VulnID) (harrier.Vulnerability, bool) {
	v := harrier.Vulnerability{ID: id, Slug: fmt.Sprintf("v-%d", id), Name: fmt.Sprintf("Vulnerability %d", id), Severity: harrier.Medium, CPEs: []string{"cpe:2.3:a:acme:server:*:*:*:*:*:*:*:*"}}
	if id%2 == 0 {
		v.CVEs = []string{fmt.Sprintf("CVE-2026-%d", id)}
	}
	return v, true
}

// Of lists the scans of the site.
func (e *estate) Of(context.Context, harrier.Actor, harrier.ID) ([]harrier.Scan, error) {
	return e.scans, nil
}

// The surface is looked at only.
func (*estate) Launch(context.Context, harrier.Actor, harrier.ID, scan.Launch) (harrier.Scan, error) {
	panic("unused")
}

// LaunchWithin is like Launch.
func (*estate) LaunchWithin(context.Context, harrier.Actor, harrier.ID, scan.Launch) (harrier.Scan, func(), error) {
	panic("unused")
}

// CommandWithin is like Launch.
func (*estate) CommandWithin(context.Context, harrier.Actor, harrier.ID, harrier.Command) (func(context.Context), error) {
	panic("unused")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newEstate fills a database. Findings are kept in memory too, as the console
// does.
func newEstate(t testing.TB, assets, perAsset int) *estate {
	t.Helper()
	ctx := t.Context()
	db, err := store.Open(ctx, filepath.Join(t.TempDir(), "estate.db"))
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	keep, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- db.KeepView(keep, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		stop()
		must(t, <-done)
	})
	for !db.ViewState().Ready {
		time.Sleep(time.Millisecond)
	}
	search := func(ctx context.Context, x harrier.Expr, p asset.Page) ([]harrier.Asset, int, error) {
		return db.SearchAssets(ctx, x, store.Page{Sort: p.Sort, Desc: p.Desc, Limit: p.Limit, Offset: p.Offset})
	}
	e := &estate{site: harrier.Site{Name: "acme", Repository: harrier.DefaultRepository, Owner: 1, UUID: harrier.NewUUID(day), Created: day, Options: harrier.SiteOptions{Survey: &harrier.Survey{Kind: harrier.SurveyOwn}}}}
	e.Room = New(Config{
		Store: db, Scans: e, Vulns: e, Assets: asset.New(db, search, nil), Now: func() time.Time { return day },
		Findings: finding.New(finding.Config{Store: db, Now: func() time.Time { return day }, SearchJudged: func(ctx context.Context, x harrier.Expr, p finding.Page, at time.Time) ([]harrier.JudgedFinding, int, error) {
			return db.JudgedFindings(ctx, x, store.Page(p), at)
		}}),
	})
	must(t, db.InsertSite(ctx, &e.site))
	sc := harrier.Scan{Site: e.site.ID, Repository: harrier.DefaultRepository, Owner: 1, UUID: harrier.NewUUID(day), Name: "acme", Status: harrier.ScanCompleted, Created: day, Started: day, Ended: day, Modified: day}
	must(t, db.InsertScan(ctx, &sc))
	e.scans = []harrier.Scan{sc}
	root, domain := harrier.Node{Kind: harrier.NodeRoot}, harrier.Node{Kind: harrier.NodeDomain, Key: "acme.test"}
	facts := []harrier.Fact{
		{From: root, Link: harrier.LinkSeeded, Node: domain, How: "seed", At: day}, {Node: root, How: "survey", At: day, Attributes: map[string][]string{harrier.Surveyed: {"true"}}},
	}
	n := 0
	must(t, db.InTx(ctx, func(ctx context.Context) error {
		var list []*harrier.Finding
		for i := range assets {
			at := netip.AddrFrom4([4]byte{11, byte(i >> 16), byte(i >> 8), byte(i)})
			name := harrier.Node{Kind: harrier.NodeDomain, Key: fmt.Sprintf("h%d.acme.test", i)}
			if i%20 != 19 { // else an address that nothing leads to
				facts = append(facts, harrier.Fact{From: domain, Link: harrier.LinkChild, Node: name, How: "dns", At: day}, harrier.Fact{From: name, Link: harrier.LinkA, Node: harrier.AddrNode(at), How: "dns", At: day})
			}
			a := harrier.Asset{Repository: harrier.DefaultRepository, Addr: at, Names: []string{at.String()}, FirstSeen: day, LastSeen: day}
			if err := db.InsertAsset(ctx, &a); err != nil {
				return err
			}
			if err := db.PutScanHost(ctx, &harrier.ScanHost{Scan: sc.ID, Index: i + 1, Asset: a.ID, Host: harrier.Host{Name: at.String(), Addr: at}}); err != nil {
				return err
			}
			for j := range perAsset {
				port := uint16(80)
				if j%2 == 1 {
					port = 443
				}
				if i%20 != 19 {
					facts = append(facts, harrier.Fact{From: harrier.AddrNode(at), Link: harrier.LinkHosts, Node: surface.ServiceNode(netip.AddrPortFrom(at, port), harrier.TCP), How: "port", At: day})
				}
				f := &harrier.Finding{Asset: a.ID, Instance: harrier.Instance{Vulnerability: harrier.VulnID(10_000 + j), Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: port}}, Severity: harrier.Medium, Certainty: harrier.Potential, LastScan: sc.ID}
				n++
				f.Fold(harrier.Present, day.Add(-time.Duration(n*7919%100_000)*time.Minute)) // in another order than that of IDs
				f.Fold(harrier.Present, day.Add(-time.Duration(n*104_729%1000)*time.Second))
				if j%9 == 8 {
					f.Fold(harrier.Absent, day)
				}
				list = append(list, f)
			}
		}
		return db.SaveFindings(ctx, list)
	}))
	must(t, db.PutFacts(ctx, e.site.ID, sc.ID, facts))
	must(t, db.EndSurface(ctx, e.site.ID, sc.ID, day))
	return e
}

// BenchmarkRisks reads pages of 1,000 of about 20,000 risks: the first, the last,
// and one risk by its id; "whole" is what a list of all of them costs.
func BenchmarkRisks(b *testing.B) {
	e := newEstate(b, 1000, 24)
	v, err := e.view(b.Context(), reader, e.site)
	must(b, err)
	all, err := e.Risks(b.Context(), reader, v, false)
	must(b, err)
	if len(all) < 19_000 {
		b.Fatalf("%d risks", len(all))
	}
	b.Run("whole", func(b *testing.B) {
		for b.Loop() {
			if _, err := e.Risks(b.Context(), reader, v, false); err != nil {
				b.Fatal(err)
			}
		}
	})
	for name, p := range map[string]RiskPage{
		"first": {Limit: 1000}, "last": {Limit: 1000, Offset: len(all) - 1000}, "latest": {ByLastSeen: true, Desc: true, Limit: 1000}, "one": {Links: map[harrier.UUID]bool{all[7].Link: true}, Limit: 1000},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if list, err := e.RiskPage(b.Context(), reader, v, p); err != nil || len(list) == 0 {
					b.Fatal(len(list), err)
				}
			}
		})
	}
}
