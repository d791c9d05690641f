package finding

import (
	"context"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// askedBefore is a survey that could not look for 101 at addresses.
type askedBefore struct{}

func (askedBefore) Facts(_ harrier.Scan, h harrier.Host, _ []harrier.Service) []harrier.Fact {
	return []harrier.Fact{{Node: harrier.AddrNode(h.Addr), How: "ports", At: h.Ended, Attributes: map[string][]string{"x": {"y"}}}}
}

func (askedBefore) Unasked(context.Context, harrier.Scan, harrier.Host) ([]harrier.Done, error) {
	return []harrier.Done{{Check: 101, Outcome: harrier.Skipped, Reason: "nothing answered the survey"}}, nil
}

// TestSurveyed: a domain is one asset in every scan, however its repository tracks
// hosts; what the survey looked at and did not see closes, all else stays.
func TestSurveyed(t *testing.T) {
	for _, tracking := range []harrier.Tracking{harrier.TrackByIP, harrier.TrackByDHCP} {
		db := open(t)
		repo := harrier.Repository{Name: "own", Tracking: tracking}
		must(t, db.InsertRepository(t.Context(), &repo))
		saw := func(at time.Time, domain, addr []harrier.VulnID, looked ...harrier.VulnID) harrier.Scan {
			r := room(db)
			r.Surface = askedBefore{}
			sc := harrier.Scan{
				Name: "s", Status: harrier.ScanRunning, Site: 1, Repository: repo.ID, Created: at, Started: at,
				Plan: harrier.Plan{Checks: []harrier.VulnID{100, 101}, Survey: &harrier.SurveyPlan{}},
			}
			must(t, db.InsertScan(t.Context(), &sc))
			must(t, db.InsertBatches(t.Context(), sc.ID, []harrier.Batch{{Scan: sc.ID, Number: 1}}))
			name := harrier.Host{Name: "www.example.com", FQDN: "www.example.com", Alive: true, Started: at, Ended: at}
			c := harrier.Coverage{Alive: true}
			for _, id := range looked {
				c.Add(harrier.Done{Check: id, Outcome: harrier.Clean})
			}
			host := hostAt("192.0.2.1", at)
			observed := func(ids []harrier.VulnID) (out []harrier.Observation) {
				for _, id := range ids {
					out = append(out, harrier.Observation{Vulnerability: id, At: at})
				}
				return out
			}
			for range 2 { // a repeat changes nothing
				fold(t, r, harrier.Result{Scan: sc.ID, Batch: 1, Host: &name, Observations: observed(domain), Coverage: &c},
					harrier.Result{Scan: sc.ID, Batch: 1, Host: host, Observations: observed(addr)},
					harrier.Result{Scan: sc.ID, Batch: 2, Host: ends(host, time.Second), Coverage: complete(harrier.AllPorts)})
			}
			must(t, r.Settle(t.Context(), sc.ID))
			finish(t, db, sc, harrier.ScanCompleted)
			return sc
		}
		both := []harrier.VulnID{100, 101}
		saw(day, both, both, both...)
		last := saw(day.Add(time.Hour), nil, nil, 100)
		rows, err := db.ScanHosts(t.Context(), last.ID)
		must(t, err)
		if len(rows) != 2 {
			t.Fatalf("%d hosts; want the domain and the address", len(rows))
		}
		seen := map[bool]harrier.ID{}
		for _, row := range rows {
			a, err := db.Asset(t.Context(), row.Asset)
			must(t, err)
			seen[a.Addr.IsValid()] = a.ID
			list, err := db.FindingsOf(t.Context(), a.ID)
			must(t, err)
			for _, f := range list {
				if f.Open() != (f.Vulnerability == 101) || len(f.Intervals) != 1 {
					t.Errorf("%v, %v: finding of %d is open: %t, intervals %v; want only 101 open", tracking, a.Addr, f.Vulnerability, f.Open(), f.Intervals)
				}
			}
			if len(list) != 2 {
				t.Errorf("%v, %v: %d findings; want 2", tracking, a.Addr, len(list))
			}
		}
		if len(seen) != 2 {
			t.Errorf("%v: assets %v; want one with an address and one without", tracking, seen)
		}
		if nodes, err := db.SurfaceNodes(t.Context(), 1); err != nil || len(nodes) != 1 || nodes[0].LastScan != last.ID {
			t.Errorf("%v: nodes = %+v, %v", tracking, nodes, err)
		}
	}
}

// surveyed folds what a survey at an instant tells of a name, to the survey's end,
// and returns the name's asset.
func surveyed(t *testing.T, db *store.DB, r *Room, at time.Time, services []harrier.Service, c *harrier.Coverage) harrier.ID {
	t.Helper()
	sc := harrier.Scan{
		Name: "s", Status: harrier.ScanRunning, Site: 1, Repository: harrier.DefaultRepository, Created: at, Started: at,
		Plan: harrier.Plan{Checks: []harrier.VulnID{100, family}, Survey: &harrier.SurveyPlan{}},
	}
	must(t, db.InsertScan(t.Context(), &sc))
	must(t, db.InsertBatches(t.Context(), sc.ID, []harrier.Batch{{Scan: sc.ID, Number: 1}}))
	name := harrier.Host{Name: "www.example.com", FQDN: "www.example.com", Alive: true, Started: at, Ended: at}
	for i := range services {
		services[i].LastSeen = at
	}
	fold(t, r, harrier.Result{Scan: sc.ID, Batch: 1, Host: &name, Services: services, Coverage: c})
	must(t, r.Settle(t.Context(), sc.ID))
	rows, err := db.ScanHosts(t.Context(), sc.ID)
	must(t, err)
	finish(t, db, sc, harrier.ScanCompleted)
	return rows[0].Asset
}

// TestSurveyedServer: the web server of a domain is a service of its asset until a
// survey sees that nothing is at its port any more.
func TestSurveyedServer(t *testing.T) {
	db := open(t)
	https := harrier.Endpoint{Protocol: harrier.TCP, Port: 443}
	web := harrier.Service{Endpoint: https, Name: "http", TLS: true}
	ports := harrier.Ports{TCP: []harrier.PortRange{{First: 443, Last: 443}}}
	for n, tt := range []struct {
		services []harrier.Service
		c        harrier.Coverage
		want     int
	}{
		{[]harrier.Service{web}, harrier.Coverage{Alive: true, Ports: ports, Open: []harrier.Open{{Endpoint: https, Known: true}}}, 1},
		{nil, harrier.Coverage{Alive: true}, 1}, // silent
		{nil, harrier.Coverage{Alive: true, Ports: ports}, 0},
	} {
		at := day.Add(time.Duration(n) * time.Hour)
		list, err := db.ServicesOf(t.Context(), surveyed(t, db, room(db), at, tt.services, &tt.c))
		must(t, err)
		if len(list) != tt.want {
			t.Errorf("after survey %d: %d services; want %d", n+1, len(list), tt.want)
		}
	}
}

// TestSurveyedSoftware: what is known of the software on the pages of a domain is
// found on its asset, and gone when a survey sees another version; one that was
// not answered proves nothing.
func TestSurveyedSoftware(t *testing.T) {
	db := open(t)
	https := harrier.Endpoint{Protocol: harrier.TCP, Port: 443}
	made := func(version string) []harrier.Service {
		return []harrier.Service{{Endpoint: https, Name: "http", TLS: true, Product: "press", Version: version}}
	}
	k := &facts{has: map[string][]harrier.VulnID{"press 1": {cveA}}}
	looked := harrier.Coverage{
		Alive: true, Ports: harrier.Ports{TCP: []harrier.PortRange{{First: 443, Last: 443}}}, Open: []harrier.Open{{Endpoint: https, Known: true}},
		Entries: []harrier.Done{{Check: family, Endpoint: https, Outcome: harrier.Clean}},
	}
	for n, tt := range []struct {
		services []harrier.Service
		c        harrier.Coverage
		open     bool
	}{
		{made("1"), looked, true},
		{nil, harrier.Coverage{Alive: true}, true},
		{made("1"), looked, true},
		{made("2"), looked, false},
		{made("1"), looked, true},
		{nil, harrier.Coverage{Alive: true, Ports: looked.Ports, Entries: looked.Entries}, false}, // closed
	} {
		at := day.Add(time.Duration(n) * time.Hour)
		list, err := db.FindingsOf(t.Context(), surveyed(t, db, known(db, k), at, tt.services, &tt.c))
		must(t, err)
		if len(list) != 1 || list[0].Vulnerability != cveA || list[0].Open() != tt.open {
			t.Errorf("after survey %d: findings %+v; want one, open: %t", n+1, list, tt.open)
		}
	}
}
