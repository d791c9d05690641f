package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// world is a made-up estate. Vulnerabilities are used by a steep curve, 45% of
// them are informational, half of the findings are on one of eight ports.
type world struct {
	db     *store.DB
	o      options
	r      *rand.Rand
	start  time.Time
	vulns  []harrier.Vulnerability
	assets []harrier.ID
	scans  []harrier.ID
	seeds  []uint64 // of what is wrong with each asset
}

var (
	systems = []string{"Windows Server 2022", "Windows 11", "Ubuntu Linux 24.04", "Debian GNU/Linux 12", "VMware ESXi 8.0", "Cisco IOS 17"}
	ports   = []uint16{22, 80, 443, 445, 3389, 8080, 8443, 1433}
)

func newWorld(db *store.DB, o options) *world {
	w := &world{db: db, o: o, r: rand.New(rand.NewPCG(1, 2)), start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	for range o.assets {
		w.seeds = append(w.seeds, w.r.Uint64())
	}
	return w
}

// severityOf draws a severity: 45% info, 10% low, 25% medium, 15% high, 5%
// critical.
func severityOf(x float64) harrier.Severity {
	for s, limit := range []float64{.45, .55, .80, .95} {
		if x < limit {
			return harrier.Severity(s)
		}
	}
	return harrier.Critical
}

func (w *world) prepare(ctx context.Context) error {
	for i := range w.o.vulns {
		s := severityOf(w.r.Float64())
		w.vulns = append(w.vulns, harrier.Vulnerability{
			ID: harrier.VulnID(10_000 + i), Slug: fmt.Sprintf("bench-%d", i), UUID: harrier.UUID{1, byte(i), byte(i >> 8), byte(i >> 16)},
			Name:   fmt.Sprintf("vendor%d product%d < %d.%d multiple vulnerabilities", i%300, i%1700, i%20, i%10),
			Family: fmt.Sprintf("Family %d", i%60), Severity: s, CVSS3Score: float64(s) * 2.4,
			CVEs: []string{fmt.Sprintf("CVE-%d-%d", 2005+i%20, 1000+i)},
		})
	}
	return w.db.PutVulnerabilities(ctx, w.vulns)
}

// observations returns what scan number n finds on an asset.
func (w *world) observations(asset, n int) []harrier.Observation {
	r := rand.New(rand.NewPCG(w.seeds[asset], 7))
	out := make([]harrier.Observation, 0, w.o.findings/w.o.assets)
	for i := range cap(out) {
		p := int(math.Pow(r.Float64(), 3) * float64(len(w.vulns)))
		o := harrier.Observation{
			Vulnerability: w.vulns[p].ID, Key: fmt.Sprint(i), Certainty: harrier.Potential, Source: "banner", At: w.at(n, asset),
			Evidence: fmt.Sprintf("Path: /usr/lib/product%d Installed version: %d.%d Fixed version: %d.0 The remote host runs a version of the product that is affected by the flaw.",
				p%1700, p%20, r.IntN(977), p%20+1),
		}
		if r.IntN(2) == 0 {
			o.Endpoint, o.Service = harrier.Endpoint{Protocol: harrier.TCP, Port: ports[r.IntN(len(ports))]}, "http"
		}
		if x := r.IntN(100); n == 2 && x < 5 {
			continue
		} else if n == 2 && x < 10 {
			o.Evidence += " Seen again."
		}
		out = append(out, o)
	}
	return out
}

// at is an instant at which a scan looks at an asset. Scans are a week apart
// and take an hour; they go through the estate in order, and stay with an asset
// for a minute.
func (w *world) at(n, asset int) time.Time {
	begin := time.Hour * time.Duration(asset) / time.Duration(w.o.assets)
	return w.start.AddDate(0, 0, 7*n).Add(begin + time.Duration(w.r.IntN(60_000))*time.Millisecond)
}

// scan runs scan number n over all assets and says how many observations it
// folded. The watch goes on while it folds, and stands while it makes them up.
func (w *world) scan(ctx context.Context, n int, watch *watch) (int, error) {
	watch.start()
	defer watch.stop()
	sc := harrier.Scan{Site: 1, Repository: harrier.DefaultRepository, Name: "bench", Status: harrier.ScanRunning, Created: w.at(n, 0)}
	if err := w.db.InsertScan(ctx, &sc); err != nil {
		return 0, err
	}
	w.scans = append(w.scans, sc.ID)
	total := 0
	group := make([][]harrier.Observation, w.o.group)
	for from := 0; from < w.o.assets; from += w.o.group {
		watch.stop()
		group = group[:min(w.o.group, w.o.assets-from)]
		for i := range group {
			group[i] = w.observations(from+i, n)
		}
		watch.start()
		err := w.db.InTx(ctx, func(ctx context.Context) error {
			for i, seen := range group {
				if err := w.fold(ctx, sc.ID, from+i, n, seen); err != nil {
					return err
				}
				total += len(seen)
			}
			sc.HostsDone = from
			return w.db.UpdateScan(ctx, &sc)
		})
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// fold does for one host what the console does with its results: the asset, its
// services, the scan's host with observations and coverage, the findings.
func (w *world) fold(ctx context.Context, scan harrier.ID, index, n int, seen []harrier.Observation) error {
	ip := netip.AddrFrom4([4]byte{10, byte(index >> 16), byte(index >> 8), byte(index)})
	host := harrier.Host{Name: ip.String(), Addr: ip, Alive: true, FQDN: fmt.Sprintf("host%d.corp%d.example", index, index%40), OS: systems[index%len(systems)]}
	at := w.at(n, index)

	known, err := w.db.AssetsLike(ctx, harrier.DefaultRepository, harrier.Host{Addr: host.Addr})
	if err != nil {
		return err
	}
	var asset *harrier.Asset
	if len(known) > 0 {
		asset = &known[0]
	} else {
		asset = &harrier.Asset{Repository: harrier.DefaultRepository, Addr: ip, FQDN: host.FQDN, OS: host.OS, FirstSeen: at, Names: []string{host.Name}}
		if err := w.db.InsertAsset(ctx, asset); err != nil {
			return err
		}
		w.assets = append(w.assets, asset.ID)
	}
	asset.LastSeen, asset.LastScan = at, scan
	if err := w.db.UpdateAsset(ctx, asset); err != nil {
		return err
	}
	services := make([]harrier.Service, 0, 4)
	for _, p := range ports[:4] {
		services = append(services, harrier.Service{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: p}, Name: "http", Product: "nginx", Version: "1.22.1", FirstSeen: at, LastSeen: at})
	}
	if err := w.db.PutServices(ctx, asset.ID, services); err != nil {
		return err
	}

	findings, err := w.db.FindingsOf(ctx, asset.ID)
	if err != nil {
		return err
	}
	sums := harrier.ScanHost{Scan: scan, Asset: asset.ID, Host: host, Done: true}
	vulns := make([]harrier.ScanVuln, len(seen))
	byInstance := make(map[harrier.Instance]*harrier.Finding, len(findings))
	for _, f := range findings {
		byInstance[f.Instance] = f
	}
	coverage := harrier.Coverage{Alive: true, Complete: true, Planned: len(w.vulns), Ports: harrier.AllPorts}
	for i, o := range seen {
		severity := w.vulns[o.Vulnerability-w.vulns[0].ID].Severity
		f := byInstance[o.Instance()]
		if f == nil {
			f = &harrier.Finding{Asset: asset.ID, Instance: o.Instance()}
			findings = append(findings, f)
		}
		delete(byInstance, o.Instance())
		f.Severity, f.Evidence, f.Service, f.Source, f.Certainty, f.LastScan = severity, o.Evidence, o.Service, o.Source, o.Certainty, scan
		f.Fold(harrier.Present, o.At)
		sums.Present[severity]++
		vulns[i] = harrier.ScanVuln{Vulnerability: o.Vulnerability, Severity: severity, Count: 1, Hosts: 1}
		coverage.Add(harrier.Done{Check: o.Vulnerability, Endpoint: o.Endpoint, Outcome: harrier.Vulnerable})
	}
	for _, f := range byInstance {
		f.Fold(harrier.Absent, at.Add(time.Hour))
	}
	sums.Coverage = coverage.Totals()
	if err := w.db.SaveFindings(ctx, findings); err != nil {
		return err
	}
	if err := w.db.PutScanHost(ctx, &sums); err != nil {
		return err
	}
	if err := w.db.PutHostObservations(ctx, scan, sums.Index, seen); err != nil {
		return err
	}
	if err := w.db.PutHostCoverage(ctx, scan, sums.Index, &coverage); err != nil {
		return err
	}
	return w.db.AddScanVulns(ctx, scan, vulns)
}
