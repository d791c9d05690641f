package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5/stdlib"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/columns"
)

// build makes the copy from one state of the tables, while others write: what
// they change meanwhile waits in the queue.
func (v *view) build(ctx context.Context) error {
	select {
	case <-v.anew: // about the copy before
	default:
	}
	v.on.Store(true)
	// Whoever began to write before leaves no changes; they have to be done.
	if err := v.db.InTx(ctx, func(context.Context) error { return nil }); err != nil {
		return err
	}
	conn, err := v.db.reads.Conn(ctx)
	if err != nil {
		return wrap(err)
	}
	defer func() { _ = conn.Close() }() // gives it back to the pool
	begin := "BEGIN"
	if v.db.driver == postgresDialect {
		begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	}
	if _, err := conn.ExecContext(ctx, begin); err != nil {
		return wrap(err)
	}
	defer func() { _, _ = conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") }() // nothing was written
	l := loader{ctx: ctx, conn: conn, to: columns.New()}
	if err := l.load(v.db.driver); err != nil {
		return fmt.Errorf("read findings: %w", wrap(err))
	}
	l.to.Settle()
	v.lock.Lock()
	v.columns, v.version = l.to, l.version
	v.lock.Unlock()
	v.apply()
	return nil
}

// loader reads the tables.
type loader struct {
	ctx     context.Context //nolint:containedctx // lives for one call
	conn    *sql.Conn
	to      *columns.View
	version int64
	older   map[harrier.ID][]columns.Span
}

func (l *loader) load(d dialect) error {
	steps := []func() error{l.readVersion, l.vulnerabilities, l.assets, l.services, l.exceptions, l.intervals}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	if d == postgresDialect {
		return l.findingsPostgres()
	}
	return l.findingsSQLite()
}

func (l *loader) rows(text string, each func(scan func(...any) error) error) error {
	rows, err := l.conn.QueryContext(l.ctx, text)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // an error in reading shows in Err
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (l *loader) readVersion() error {
	return l.rows("SELECT last FROM sequence WHERE name = '"+dataVersion+"'", func(scan func(...any) error) error { return scan(&l.version) })
}

func (l *loader) vulnerabilities() error {
	cves := map[harrier.VulnID][]string{}
	err := l.rows("SELECT vuln, cve FROM vulnerability_cve ORDER BY vuln, cve", func(scan func(...any) error) error {
		var id harrier.VulnID
		var cve string
		err := scan(&id, &cve)
		cves[id] = append(cves[id], cve)
		return err
	})
	if err != nil {
		return err
	}
	const text = "SELECT id, slug, name, family, cvss2, cvss3, epss, exploited, exploit, published FROM vulnerability"
	return l.rows(text, func(scan func(...any) error) error {
		var d harrier.Vulnerability
		err := scan(&d.ID, &d.Slug, &d.Name, &d.Family, &d.CVSS2Score, &d.CVSS3Score, &d.EPSS, &d.Exploited, &d.Exploit, moment{&d.Published})
		d.CVEs = cves[d.ID]
		l.to.PutVulnerability(&d)
		return err
	})
}

func (l *loader) assets() error {
	names := map[harrier.ID][]string{}
	err := l.rows("SELECT asset, name FROM asset_name", func(scan func(...any) error) error {
		var id harrier.ID
		var name string
		err := scan(&id, &name)
		names[id] = append(names[id], name)
		return err
	})
	if err != nil {
		return err
	}
	const text = `SELECT id, uuid, repository, addr, mac, fqdn, netbios, os, os_confidence, device_type, first_seen, last_seen, last_scan,
		importance FROM asset`
	return l.rows(text, func(scan func(...any) error) error {
		var a harrier.Asset
		err := scan(&a.ID, longName{&a.UUID}, &a.Repository, address{&a.Addr}, &a.MAC, &a.FQDN, &a.NetBIOS, &a.OS, &a.OSConfidence,
			&a.DeviceType, moment{&a.FirstSeen}, moment{&a.LastSeen}, &a.LastScan, &a.Importance)
		if err != nil {
			return err
		}
		a.Names = names[a.ID]
		return l.to.PutAsset(&a)
	})
}

func (l *loader) services() error {
	return l.rows("SELECT asset, protocol, port, name, product, version, cpe FROM service", func(scan func(...any) error) error {
		var asset harrier.ID
		var s columns.Service
		err := scan(&asset, &s.Endpoint.Protocol, &s.Endpoint.Port, &s.Name, &s.Product, &s.Version, &s.CPE)
		l.to.PutService(asset, s)
		return err
	})
}

func (l *loader) exceptions() error {
	var list []harrier.Exception
	exceptions.texts()
	err := l.rows(exceptions.selects+"ORDER BY id", func(scan func(...any) error) error {
		var e harrier.Exception
		err := scan(append([]any{&e.ID}, exceptions.row(&e)...)...)
		list = append(list, e)
		return err
	})
	l.to.SetExceptions(list)
	return err
}

func (l *loader) intervals() error {
	l.older = map[harrier.ID][]columns.Span{}
	return l.rows("SELECT finding, opened, last_seen, closed FROM finding_interval ORDER BY finding, n", func(scan func(...any) error) error {
		var id harrier.ID
		var s columns.Span
		err := scan(&id, &s.Opened, &s.Seen, &s.Closed)
		l.older[id] = append(l.older[id], s)
		return err
	})
}

const loadFindings = `SELECT id, asset, vuln, port, severity, certainty, origin, last_scan, opened, last_seen, closed, older,
	protocol, service, source FROM finding`

func (l *loader) put(f *columns.Finding, older int64) error {
	f.Older = nil
	if older > 0 {
		f.Older = l.older[f.ID]
	}
	return l.to.PutFinding(f)
}

// findingsSQLite reads around database/sql, whose conversions take longer than
// the rest.
func (l *loader) findingsSQLite() error {
	return l.conn.Raw(func(conn any) error {
		rows, err := conn.(driver.QueryerContext).QueryContext(context.WithoutCancel(l.ctx), loadFindings, nil)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }() // an error in reading shows in Next
		v := make([]driver.Value, len(rows.Columns()))
		var f columns.Finding
		for n := 0; ; n++ {
			if n&0xffff == 0 && l.ctx.Err() != nil {
				return l.ctx.Err()
			}
			if err := rows.Next(v); err != nil {
				if errors.Is(err, io.EOF) {
					return nil
				}
				return err
			}
			number := func(i int) int64 {
				n, _ := v[i].(int64)
				return n
			}
			text := func(i int) string {
				s, _ := v[i].(string)
				return s
			}
			f.ID, f.Asset, f.Vulnerability = harrier.ID(number(0)), harrier.ID(number(1)), harrier.VulnID(number(2))
			f.Endpoint = harrier.Endpoint{Protocol: harrier.Protocol(text(12)), Port: uint16(number(3))}
			f.Severity, f.Certainty, f.Origin = harrier.Severity(number(4)), harrier.Certainty(number(5)), harrier.Origin(number(6))
			f.Scan, f.Span = harrier.ID(number(7)), columns.Span{Opened: number(8), Seen: number(9), Closed: number(10)}
			f.Service, f.Source = text(13), text(14)
			if err := l.put(&f, number(11)); err != nil {
				return err
			}
		}
	})
}

// findingsPostgres does the same with the driver below database/sql.
func (l *loader) findingsPostgres() error {
	return l.conn.Raw(func(conn any) error {
		rows, err := conn.(*stdlib.Conn).Conn().Query(l.ctx, loadFindings)
		if err != nil {
			return err
		}
		defer rows.Close()
		var f columns.Finding
		for rows.Next() {
			var id, asset, vuln, port, severity, certainty, origin, scan, older int64
			var protocol string
			err := rows.Scan(&id, &asset, &vuln, &port, &severity, &certainty, &origin, &scan, &f.Opened, &f.Seen, &f.Closed, &older,
				&protocol, &f.Service, &f.Source)
			if err != nil {
				return err
			}
			f.ID, f.Asset, f.Vulnerability = harrier.ID(id), harrier.ID(asset), harrier.VulnID(vuln)
			f.Endpoint = harrier.Endpoint{Protocol: harrier.Protocol(protocol), Port: uint16(port)}
			f.Severity, f.Certainty, f.Origin = harrier.Severity(severity), harrier.Certainty(certainty), harrier.Origin(origin)
			f.Scan = harrier.ID(scan)
			if err := l.put(&f, older); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}
