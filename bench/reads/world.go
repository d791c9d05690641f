package main

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/columns"
	"github.com/harrier-scan/harrier/internal/store"
)

// world is a made-up estate, the same each time. Vulnerabilities are used by a
// steep curve, 45% of them are informational, half of the findings are on one of
// eight ports. One finding in twenty is closed, one in fifty was opened again.
type world struct {
	findings, assets, vulns int
	severities              []harrier.Severity
}

// end is the newest instant of the world.
var end = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

var (
	systems  = []string{"Windows Server 2022", "Windows 11", "Ubuntu Linux 24.04", "Debian GNU/Linux 12", "VMware ESXi 8.0", "Cisco IOS 17"}
	ports    = []uint16{22, 80, 443, 445, 3389, 8080, 8443, 1433}
	services = []string{"ssh", "http", "http", "smb", "rdp", "http", "http", "mssql"}
)

func (w *world) definitions() []harrier.Vulnerability {
	r := rand.New(rand.NewPCG(1, 2))
	var out []harrier.Vulnerability
	for i := range w.vulns {
		s := harrier.Critical
		x := r.Float64()
		for n, limit := range []float64{.45, .55, .80, .95} {
			if x < limit {
				s = harrier.Severity(n)
				break
			}
		}
		w.severities = append(w.severities, s)
		out = append(out, harrier.Vulnerability{
			ID: harrier.VulnID(10_000 + i), Slug: fmt.Sprintf("bench-%d", i), UUID: harrier.UUID{1, byte(i), byte(i >> 8), byte(i >> 16)},
			Name:   fmt.Sprintf("vendor%d product%d < %d.%d multiple vulnerabilities", i%300, i%1700, i%20, i%10),
			Family: fmt.Sprintf("Family %d", i%60), Severity: s, CVSS3Score: float64(s) * 2.4, Exploit: i%5 == 0,
			Synopsis: "The remote host runs a product with a flaw.", Description: "The version of the product is affected by the flaw.", Solution: "Update the product.",
			CVEs: []string{fmt.Sprintf("CVE-%d-%d", 2005+i%20, 1000+i)},
		})
	}
	return out
}

func address(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
}

func (w *world) asset(i int) harrier.Asset {
	return harrier.Asset{
		Repository: harrier.ID(1 + i%4), Addr: address(i), FQDN: fmt.Sprintf("host%d.corp%d.example", i, i%40), OS: systems[i%len(systems)],
		Names: []string{address(i).String()}, FirstSeen: end.AddDate(0, 0, -60), LastSeen: end,
	}
}

// of returns the findings of asset number i.
func (w *world) of(i int, asset harrier.ID) []*harrier.Finding {
	r := rand.New(rand.NewPCG(uint64(i), 7))
	list := make([]harrier.Finding, w.findings/w.assets)
	out := make([]*harrier.Finding, len(list))
	for n := range list {
		p := int(math.Pow(r.Float64(), 3) * float64(w.vulns))
		f := &list[n]
		f.Asset, f.Vulnerability, f.Key, f.Severity = asset, harrier.VulnID(10_000+p), fmt.Sprint(n), w.severities[p]
		f.Certainty, f.Source, f.LastScan = harrier.Potential, "banner", harrier.ID(1+r.IntN(8))
		f.Evidence = fmt.Sprintf("Path: /usr/lib/product%d Installed version: %d.%d Fixed version: %d.0 The remote host runs a version of the product that is affected by the flaw.",
			p%1700, p%20, r.IntN(977), p%20+1)
		if x := r.IntN(2 * len(ports)); x < len(ports) {
			f.Endpoint, f.Service = harrier.Endpoint{Protocol: harrier.TCP, Port: ports[x]}, services[x]
		}
		first := end.Add(-time.Duration(r.Int64N(int64(60 * 24 * time.Hour))))
		seen := first.Add(time.Duration(r.Int64N(int64(end.Sub(first))/4+1)) * 4).Truncate(time.Microsecond)
		f.Fold(harrier.Present, first.Truncate(time.Microsecond))
		if r.IntN(50) == 0 {
			f.Fold(harrier.Absent, first.Add(time.Minute).Truncate(time.Microsecond))
			f.Fold(harrier.Present, first.Add(time.Hour).Truncate(time.Microsecond))
		}
		f.Fold(harrier.Present, seen)
		if r.IntN(20) == 0 {
			f.Fold(harrier.Absent, end)
		}
		out[n] = f
	}
	return out
}

// fill writes the world into a database.
func (w *world) fill(ctx context.Context, db *store.DB, copied *sql.DB) error {
	if err := db.PutVulnerabilities(ctx, w.definitions()); err != nil {
		return err
	}
	for range 3 {
		if err := db.InsertRepository(ctx, &harrier.Repository{Name: "bench"}); err != nil {
			return err
		}
	}
	const group = 100
	for from := 0; from < w.assets; from += group {
		err := db.InTx(ctx, func(ctx context.Context) error {
			var list []*harrier.Finding
			for i := from; i < min(from+group, w.assets); i++ {
				a := w.asset(i)
				if err := db.InsertAsset(ctx, &a); err != nil {
					return err
				}
				if copied == nil {
					list = append(list, w.of(i, a.ID)...)
				}
			}
			return db.SaveFindings(ctx, list)
		})
		if err != nil {
			return err
		}
	}
	if copied == nil {
		return nil
	}
	return w.copy(ctx, copied)
}

// view is the world in memory, without any database.
func (w *world) view() (*columns.View, error) {
	v := columns.New()
	for _, d := range w.definitions() {
		v.PutVulnerability(&d)
	}
	id := harrier.ID(0)
	for i := range w.assets {
		a := w.asset(i)
		a.ID = harrier.ID(i + 1)
		if err := v.PutAsset(&a); err != nil {
			return nil, err
		}
		for _, f := range w.of(i, a.ID) {
			id++
			c := columns.Finding{
				ID: id, Asset: f.Asset, Scan: f.LastScan, Vulnerability: f.Vulnerability, Severity: f.Severity, Certainty: f.Certainty,
				Endpoint: f.Endpoint, Service: f.Service, Source: f.Source,
			}
			for _, s := range f.Intervals {
				if c.Opened != 0 {
					c.Older = append(c.Older, c.Span)
				}
				c.Span = columns.Span{Opened: s.Opened.UnixMicro(), Seen: s.LastSeen.UnixMicro()}
				if !s.Closed.IsZero() {
					c.Closed = s.Closed.UnixMicro()
				}
			}
			if err := v.PutFinding(&c); err != nil {
				return nil, err
			}
		}
	}
	v.Settle()
	return v, nil
}

// copy writes the findings into PostgreSQL as nothing else does as fast.
func (w *world) copy(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // back into the pool
	names := []string{"id", "asset", "vuln", "protocol", "port", "instance", "repository", "severity", "certainty", "last_scan", "older", "first_seen", "opened", "last_seen", "closed", "source", "service", "evidence", "origin"}
	var older [][]any
	i, id := 0, int64(0)
	var list []*harrier.Finding
	rows := pgx.CopyFromFunc(func() ([]any, error) {
		if len(list) == 0 {
			if i == w.assets {
				return nil, nil
			}
			list = w.of(i, harrier.ID(i+1))
			i++
		}
		f := list[0]
		list = list[1:]
		id++
		last := f.Intervals[len(f.Intervals)-1]
		for n, s := range f.Intervals[:len(f.Intervals)-1] {
			older = append(older, []any{id, int64(n), s.Opened.UnixMicro(), s.LastSeen.UnixMicro(), s.Closed.UnixMicro()})
		}
		closed := int64(0)
		if !last.Closed.IsZero() {
			closed = last.Closed.UnixMicro()
		}
		return []any{
			id, int64(f.Asset), int64(f.Vulnerability), string(f.Protocol), int64(f.Port), f.Key, int64(1 + (i-1)%4), int64(f.Severity), int64(f.Certainty),
			int64(f.LastScan), int64(len(f.Intervals) - 1), f.FirstSeen().UnixMicro(), last.Opened.UnixMicro(), last.LastSeen.UnixMicro(), closed,
			f.Source, f.Service, f.Evidence, int64(0),
		}, nil
	})
	err = conn.Raw(func(c any) error {
		pg := c.(*stdlib.Conn).Conn()
		if _, err := pg.CopyFrom(ctx, pgx.Identifier{"finding"}, names, rows); err != nil {
			return err
		}
		_, err := pg.CopyFrom(ctx, pgx.Identifier{"finding_interval"}, []string{"finding", "n", "opened", "last_seen", "closed"}, pgx.CopyFromRows(older))
		return err
	})
	if err != nil {
		return err
	}
	for _, text := range []string{
		"UPDATE sequence SET last = (SELECT max(id) FROM finding) WHERE name = 'finding'",
		`INSERT INTO finding_count (repository, severity, open, count)
			SELECT repository, severity, CASE WHEN closed = 0 THEN 1 ELSE 0 END, count(*) FROM finding GROUP BY 1, 2, 3`,
		`UPDATE asset SET open0 = s0, open1 = s1, open2 = s2, open3 = s3, open4 = s4 FROM (SELECT asset AS of,
			count(*) FILTER (WHERE severity = 0) s0, count(*) FILTER (WHERE severity = 1) s1, count(*) FILTER (WHERE severity = 2) s2,
			count(*) FILTER (WHERE severity = 3) s3, count(*) FILTER (WHERE severity = 4) s4 FROM finding WHERE closed = 0 GROUP BY asset) f WHERE id = f.of`,
		"ANALYZE",
	} {
		if _, err := conn.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}
