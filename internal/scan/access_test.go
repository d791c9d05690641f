package scan

import (
	"context"
	"errors"
	"iter"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// TestPermissions asks for everything in every role.
func TestPermissions(t *testing.T) {
	db := openStore(t)
	h := build(t, db)
	actor := func(user harrier.ID, r harrier.Role) harrier.Actor {
		return harrier.Actor{User: user, Role: r, Permissions: r.Permissions()}
	}
	ctx := t.Context()
	const ok = harrier.Kind(255)
	for _, tt := range []struct {
		name                            string
		by                              harrier.Actor
		grant                           harrier.Level
		read, launch, command, deletion harrier.Kind
	}{
		{"owner", actor(1, harrier.Analyst), 0, ok, ok, ok, ok},
		{"stranger", actor(2, harrier.Analyst), 0, harrier.NotFound, harrier.NotFound, harrier.NotFound, harrier.NotFound},
		{"may view", actor(2, harrier.Analyst), harrier.MayView, ok, harrier.Forbidden, harrier.Forbidden, harrier.Forbidden},
		{"may control", actor(2, harrier.Analyst), harrier.MayControl, ok, ok, ok, harrier.Forbidden},
		{"may configure", actor(2, harrier.Analyst), harrier.MayConfigure, ok, ok, ok, ok},
		{"viewer who may control", actor(2, harrier.Viewer), harrier.MayControl, ok, harrier.Forbidden, harrier.Forbidden, harrier.Forbidden},
		{"administrator", actor(3, harrier.Administrator), 0, ok, ok, ok, ok},
		{"nobody", harrier.Actor{}, harrier.MayConfigure, harrier.NotFound, harrier.NotFound, harrier.NotFound, harrier.NotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := h.site(t, "192.0.2.1", func(s *harrier.Site) { s.Grants = []harrier.Grant{{User: tt.by.User, Level: tt.grant}} })
			check := func(what string, err error, want harrier.Kind) {
				t.Helper()
				got := ok
				if err != nil {
					got = harrier.KindOf(err)
				}
				if got != want {
					t.Errorf("%s = %v; want %s", what, err, want)
				}
			}
			_, err := h.Launch(ctx, tt.by, s.ID, Launch{})
			check("Launch", err, tt.launch)
			sc, err := h.Launch(ctx, harrier.System, s.ID, Launch{})
			if tt.launch == ok {
				check("second Launch", err, harrier.Conflict)
				list, err := db.ScansOf(ctx, s.ID)
				must(t, err)
				sc = list[0]
			}
			_, err = h.Scan(ctx, tt.by, sc.ID)
			check("Scan", err, tt.read)
			_, err = h.ByUUID(ctx, tt.by, sc.UUID)
			check("ByUUID", err, tt.read)
			_, err = h.Of(ctx, tt.by, s.ID)
			check("Of", err, tt.read)
			_, err = h.Hosts(ctx, tt.by, sc.ID)
			check("Hosts", err, tt.read)
			_, err = h.Vulnerabilities(ctx, tt.by, sc.ID)
			check("Vulnerabilities", err, tt.read)
			_, err = h.Dead(ctx, tt.by, sc.ID)
			check("Dead", err, tt.read)
			var first error
			for _, err := range h.Results(ctx, tt.by, sc.ID) {
				first = err
			}
			check("Results", first, tt.read)
			latest, err := h.Latest(ctx, tt.by)
			must(t, err)
			if _, seen := latest[s.ID]; seen != (tt.read == ok) {
				t.Errorf("Latest has the scan: %v; want %v", seen, tt.read == ok)
			}
			active, err := h.Active(ctx, tt.by)
			must(t, err)
			if seen := len(active) > 0; seen != (tt.read == ok) {
				t.Errorf("Active has the scan: %v; want %v", seen, tt.read == ok)
			}
			if tt.deletion == ok {
				check("Delete of an active scan", h.Delete(ctx, tt.by, sc.ID), harrier.Conflict)
			}
			check("Command", h.Command(ctx, tt.by, sc.ID, harrier.Kill), tt.command)
			if tt.command != ok {
				must(t, h.Command(ctx, harrier.System, sc.ID, harrier.Kill))
			}
			check("Delete", h.Delete(ctx, tt.by, sc.ID), tt.deletion)
		})
	}
}

// imported is the scan of a file with two hosts.
func imported(fault error) iter.Seq2[Imported, error] {
	return func(yield func(Imported, error) bool) {
		at := func(port uint16, id harrier.VulnID) harrier.Observation {
			return harrier.Observation{Vulnerability: id, Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: port}, Evidence: "said"}
		}
		one := Imported{
			Host:         harrier.Host{Name: "192.0.2.1", Addr: netip.MustParseAddr("192.0.2.1"), Alive: true, FQDN: "a.example"},
			Observations: []harrier.Observation{at(80, 101), at(443, 101), at(80, 102), at(80, 101)},
		}
		two := Imported{Host: harrier.Host{Name: "192.0.2.2", Addr: netip.MustParseAddr("192.0.2.2"), Alive: true}, Observations: []harrier.Observation{at(80, 101)}}
		if yield(one, nil) && yield(two, nil) && fault != nil {
			yield(Imported{}, fault)
		}
	}
}

func TestImport(t *testing.T) {
	db := openStore(t)
	h := build(t, db)
	broken := errors.New("the file ends in the middle")
	s := harrier.Site{Name: "from a file", Targets: "192.0.2.1,192.0.2.2"}
	if _, err := h.Import(t.Context(), owner, &s, harrier.Scan{}, imported(broken)); !errors.Is(err, broken) {
		t.Fatalf("Import = %v; want %v", err, broken)
	}
	sites, err := db.Sites(t.Context())
	must(t, err)
	assets, _, err := db.SearchAssets(t.Context(), nil, store.Page{})
	must(t, err)
	if len(sites)+len(assets) != 0 {
		t.Errorf("a broken file left %d sites, %d assets", len(sites), len(assets))
	}
	s = harrier.Site{Name: "from a file", Targets: "192.0.2.1,192.0.2.2"}
	sc, err := h.Import(t.Context(), owner, &s, harrier.Scan{PolicyName: "external"}, imported(nil))
	must(t, err)
	if sc.Status != harrier.ScanImported || sc.HostsTotal != 2 || sc.Present != (harrier.Counts{0, 3, 1}) || sc.PolicyName != "external" {
		t.Errorf("imported %+v; want 2 hosts, 3 low and 1 medium", sc)
	}
	vulns, err := h.Vulnerabilities(t.Context(), owner, sc.ID)
	must(t, err)
	want := []harrier.ScanVuln{{Vulnerability: 102, Severity: harrier.Medium, Count: 1, Hosts: 1}, {Vulnerability: 101, Severity: harrier.Low, Count: 3, Hosts: 2}}
	if diff := cmp.Diff(want, vulns); diff != "" {
		t.Error(diff)
	}
	// The same file again sees everything again and opens nothing.
	before, n, err := db.SearchFindings(t.Context(), nil, store.Page{})
	must(t, err)
	must2(t)(h.Import(t.Context(), owner, &harrier.Site{Name: "again"}, harrier.Scan{Started: sc.Started}, imported(nil)))
	after, m, err := db.SearchFindings(t.Context(), nil, store.Page{})
	must(t, err)
	if n != 4 || m != 4 || len(before) != len(after) {
		t.Errorf("%d findings, %d after the second import; want 4, 4", n, m)
	}
	viewer := harrier.Actor{User: 5, Permissions: harrier.Viewer.Permissions()}
	if _, err := h.Import(t.Context(), viewer, &harrier.Site{Name: "x"}, harrier.Scan{}, imported(nil)); harrier.KindOf(err) != harrier.Forbidden {
		t.Errorf("Import by a viewer = %v; want Forbidden", err)
	}
}

func must2(t *testing.T) func(harrier.Scan, error) {
	t.Helper()
	return func(_ harrier.Scan, err error) { t.Helper(); must(t, err) }
}

func sum(id harrier.VulnID, s harrier.Severity, count, hosts int) harrier.ScanVuln {
	return harrier.ScanVuln{Vulnerability: id, Severity: s, Count: count, Hosts: hosts}
}

// TestImportFolder: an import lies where its owner keeps things, never in a
// folder of somebody else or in none.
func TestImportFolder(t *testing.T) {
	db := openStore(t)
	h := build(t, db)
	mine, others := harrier.Folder{Name: "mine", Owner: owner.User, Kind: harrier.CustomFolder}, harrier.Folder{Name: "theirs", Owner: 2, Kind: harrier.CustomFolder}
	must(t, db.InsertFolder(t.Context(), &mine))
	must(t, db.InsertFolder(t.Context(), &others))
	for folder, want := range map[harrier.ID]bool{0: true, harrier.MyScans: true, mine.ID: true, others.ID: false, 9999: false, -3: false} {
		_, err := h.Import(t.Context(), owner, &harrier.Site{Name: "from a file", Folder: folder}, harrier.Scan{}, imported(nil))
		if ok := err == nil; ok != want || !ok && harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("Import into folder %d = %v; want success %t, else Invalid", folder, err, want)
		}
	}
}

// TestExceptions shows what rules do to every read of a scan.
func TestExceptions(t *testing.T) {
	db := openStore(t)
	h := build(t, db)
	s := harrier.Site{Name: "from a file"}
	sc, err := h.Import(t.Context(), owner, &s, harrier.Scan{}, imported(nil))
	must(t, err)
	for _, tt := range []struct {
		name   string
		rules  []harrier.Exception
		counts harrier.Counts // of the first host
		vulns  map[harrier.VulnID]harrier.ScanVuln
	}{
		{"none", nil, harrier.Counts{0, 2, 1}, map[harrier.VulnID]harrier.ScanVuln{101: sum(101, harrier.Low, 3, 2), 102: sum(102, harrier.Medium, 1, 1)}},
		{
			"hidden everywhere",
			[]harrier.Exception{{Vulnerability: 101, Hide: true, Owner: 1}},
			harrier.Counts{0, 0, 1},
			map[harrier.VulnID]harrier.ScanVuln{102: sum(102, harrier.Medium, 1, 1)},
		},
		{
			"hidden on one host",
			[]harrier.Exception{{Vulnerability: 101, Host: "a.example", Hide: true, Owner: 1}},
			harrier.Counts{0, 0, 1},
			map[harrier.VulnID]harrier.ScanVuln{101: sum(101, harrier.Low, 1, 1), 102: sum(102, harrier.Medium, 1, 1)},
		},
		{
			"recast",
			[]harrier.Exception{{Vulnerability: 102, Recast: harrier.Critical, Owner: 1}},
			harrier.Counts{0, 2, 0, 0, 1},
			map[harrier.VulnID]harrier.ScanVuln{101: sum(101, harrier.Low, 3, 2), 102: sum(102, harrier.Critical, 1, 1)},
		},
		{
			"somebody else's",
			[]harrier.Exception{{Vulnerability: 101, Hide: true, Owner: 2}},
			harrier.Counts{0, 2, 1},
			map[harrier.VulnID]harrier.ScanVuln{101: sum(101, harrier.Low, 3, 2), 102: sum(102, harrier.Medium, 1, 1)},
		},
		{
			"expired",
			[]harrier.Exception{{Vulnerability: 101, Hide: true, Owner: 1, Expires: sc.Created}},
			harrier.Counts{0, 2, 1},
			map[harrier.VulnID]harrier.ScanVuln{101: sum(101, harrier.Low, 3, 2), 102: sum(102, harrier.Medium, 1, 1)},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for i := range tt.rules {
				must(t, db.InsertException(t.Context(), &tt.rules[i]))
				defer func() { must(t, db.DeleteException(context.WithoutCancel(t.Context()), tt.rules[i].ID)) }()
			}
			hosts, err := h.Hosts(t.Context(), owner, sc.ID)
			must(t, err)
			res, err := h.Host(t.Context(), owner, sc.ID, 1)
			must(t, err)
			if hosts[0].Present != tt.counts || res.Present != tt.counts || len(res.Observations) != tt.counts.Total() {
				t.Errorf("host counts %v in the list, %v alone with %d observations; want %v", hosts[0].Present, res.Present, len(res.Observations), tt.counts)
			}
			vulns, err := h.Vulnerabilities(t.Context(), owner, sc.ID)
			must(t, err)
			got := map[harrier.VulnID]harrier.ScanVuln{}
			for _, v := range vulns {
				got[v.Vulnerability] = v
			}
			if diff := cmp.Diff(tt.vulns, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
