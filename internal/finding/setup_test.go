package finding

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/match"
	"github.com/harrier-scan/harrier/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// catalog grades a vulnerability by its last digit.
type catalog struct{}

func (catalog) Vulnerability(_ context.Context, id harrier.VulnID) (harrier.Vulnerability, error) {
	if id >= 900 {
		return harrier.Vulnerability{}, harrier.Errorf(harrier.NotFound, "no vulnerability %d", id)
	}
	return harrier.Vulnerability{ID: id, Severity: harrier.Severity(id % harrier.Severities)}, nil
}

func (catalog) Remember(context.Context, []harrier.VulnID) error { return nil }

func open(t testing.TB) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

var day = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// room is a room over db that derives nothing, so that a test sees only what
// it says itself.
func room(db *store.DB) *Room {
	return New(Config{
		Store: db, Catalog: catalog{}, Now: func() time.Time { return day.AddDate(1, 0, 0) },
		Facts: func(match.Context, harrier.Host, []harrier.Service, *harrier.IDs) []harrier.Observation { return nil },
	})
}

// begin stores a scan that runs from the instant at, of one batch per target.
func begin(t testing.TB, db *store.DB, at time.Time, checks []harrier.VulnID, targets ...string) harrier.Scan {
	t.Helper()
	sc := harrier.Scan{
		Site: 1, Repository: harrier.DefaultRepository, Status: harrier.ScanRunning, Created: at, Started: at,
		Plan: harrier.Plan{Checks: checks}, UUID: harrier.NewUUID(at),
	}
	if err := db.InsertScan(t.Context(), &sc); err != nil {
		t.Fatal(err)
	}
	for i, s := range targets {
		list, err := harrier.ParseTargets(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.InsertBatches(t.Context(), sc.ID, []harrier.Batch{{Scan: sc.ID, Number: i + 1, Targets: list}}); err != nil {
			t.Fatal(err)
		}
	}
	return sc
}

func finish(t testing.TB, db *store.DB, sc harrier.Scan, status harrier.ScanStatus) {
	t.Helper()
	sc.Status = status
	if err := db.UpdateScan(t.Context(), &sc); err != nil {
		t.Fatal(err)
	}
}

func fold(t testing.TB, r *Room, group ...harrier.Result) {
	t.Helper()
	if err := r.Fold(t.Context(), group); err != nil {
		t.Fatalf("Fold = %v; want nil", err)
	}
}

// hostAt is a host that answered, seen at the instant at.
func hostAt(addr string, at time.Time) *harrier.Host {
	return &harrier.Host{Name: addr, Addr: netip.MustParseAddr(addr), Alive: true, Reason: "syn-ack", Started: at}
}

func ends(h *harrier.Host, after time.Duration) *harrier.Host {
	n := *h
	n.Ended = h.Started.Add(after)
	return &n
}

func tcp(port uint16) harrier.Endpoint { return harrier.Endpoint{Protocol: harrier.TCP, Port: port} }

func complete(ports harrier.Ports, open ...uint16) *harrier.Coverage {
	c := &harrier.Coverage{Alive: true, Complete: true, Ports: ports}
	for _, p := range open {
		c.Open = append(c.Open, harrier.Open{Endpoint: tcp(p), Known: true})
	}
	return c
}

// dump writes down everything that folding left in the store and that does not
// depend on the order of arrival: no numbers of rows.
func dump(t testing.TB, db *store.DB, scans ...harrier.ID) []string {
	t.Helper()
	ctx := t.Context()
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	assets, _, err := db.SearchAssets(ctx, nil, store.Page{})
	must(t, err)
	for _, a := range assets {
		add("asset %s names %v mac %q os %q first %s last %s scan %d open %v", a.Addr, a.Names, a.MAC, a.OS, stamp(a.FirstSeen), stamp(a.LastSeen), a.LastScan, a.Open)
		services, err := db.ServicesOf(ctx, a.ID)
		must(t, err)
		for _, s := range services {
			add("asset %s service %s %s %q %q last %s", a.Addr, s.Endpoint, s.Name, s.Product, s.Version, stamp(s.LastSeen))
		}
		findings, err := db.FindingsOf(ctx, a.ID)
		must(t, err)
		for _, f := range findings {
			add("asset %s finding %d %s %q %s %q scan %d: %s", a.Addr, f.Vulnerability, f.Endpoint, f.Key, f.Severity, f.Evidence, f.LastScan, chain(*f))
		}
	}
	for _, id := range scans {
		out = append(out, dumpScan(t, db, id)...)
	}
	slices.Sort(out)
	return out
}

func dumpScan(t testing.TB, db *store.DB, id harrier.ID) (out []string) {
	t.Helper()
	ctx := t.Context()
	add := func(format string, args ...any) {
		out = append(out, fmt.Sprintf("scan %d ", id)+fmt.Sprintf(format, args...))
	}
	hosts, err := db.ScanHosts(ctx, id)
	must(t, err)
	for _, h := range hosts {
		add("host %s %s alive %v done %v %s-%s present %v totals %+v", h.Name, h.Addr, h.Alive, h.Done, stamp(h.Started), stamp(h.Ended), h.Present, h.Coverage)
		list, err := db.HostObservations(ctx, id, h.Index)
		must(t, err)
		for _, o := range list {
			add("host %s %s observed %d %s %q %q %s %s", h.Name, h.Addr, o.Vulnerability, o.Endpoint, o.Key, o.Evidence, o.Certainty, stamp(o.At))
		}
		c, err := db.HostCoverage(ctx, id, h.Index)
		must(t, err)
		if c != nil {
			add("host %s %s coverage %+v", h.Name, h.Addr, *c)
		}
	}
	vulns, err := db.ScanVulns(ctx, id)
	must(t, err)
	for _, v := range vulns {
		add("vuln %+v", v)
	}
	dead, err := db.Dead(ctx, id)
	must(t, err)
	slices.SortFunc(dead, func(a, b harrier.Span) int { return cmp.Compare(a.Target.String(), b.Target.String()) })
	add("dead %v", dead)
	batches, err := db.Batches(ctx, id)
	must(t, err)
	for _, b := range batches {
		add("batch %d done %v", b.Number, b.Done)
	}
	return out
}

func chain(f harrier.Finding) string {
	s := ""
	for _, i := range f.Intervals {
		s += fmt.Sprintf("[%s %s %s)", stamp(i.Opened), stamp(i.LastSeen), stamp(i.Closed))
	}
	return s
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Sub(day).String()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
