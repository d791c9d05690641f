package store

import (
	"context"
	"database/sql"
	"fmt"

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
	l := loader{ctx: ctx, driver: v.db.driver, to: columns.New()}
	defer l.close()
	// Whoever began to write before leaves no changes; they have to be done. While
	// nobody writes, all connections see the same.
	if err := v.db.InTx(ctx, func(context.Context) error { return l.begin(v.db.reads) }); err != nil {
		return err
	}
	if err := l.load(); err != nil {
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
	driver  dialect
	conns   []*sql.Conn // that see the same state
	to      *columns.View
	version int64
	older   map[harrier.ID][]columns.Span
}

// loaders is how many connections read findings beside each other.
const loaders = 2

// begin opens transactions that read, and has each look at the database.
func (l *loader) begin(db *sql.DB) error {
	begin := "BEGIN"
	if l.driver == postgresDialect {
		begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	}
	for range loaders {
		conn, err := db.Conn(l.ctx)
		if err != nil {
			return wrap(err)
		}
		l.conns = append(l.conns, conn)
		if _, err := conn.ExecContext(l.ctx, begin); err != nil {
			return wrap(err)
		}
		if err := l.rowsOf(conn, "SELECT last FROM sequence WHERE name = 'finding'", func(scan func(...any) error) error {
			var last int64
			return scan(&last)
		}); err != nil {
			return wrap(err)
		}
	}
	return nil
}

func (l *loader) close() {
	for _, conn := range l.conns {
		_, _ = conn.ExecContext(context.WithoutCancel(l.ctx), "ROLLBACK") // nothing was written
		_ = conn.Close()                                                  // gives it back to the pool
	}
}

func (l *loader) load() error {
	steps := []func() error{l.readVersion, l.vulnerabilities, l.assets, l.services, l.exceptions, l.intervals, l.findings}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) rows(text string, each func(scan func(...any) error) error) error {
	return l.rowsOf(l.conns[0], text, each)
}

func (l *loader) rowsOf(conn *sql.Conn, text string, each func(scan func(...any) error) error) error {
	rows, err := conn.QueryContext(l.ctx, text)
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
