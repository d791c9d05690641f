package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/finding"
	"github.com/harrier-scan/harrier/internal/format"
	nessusfile "github.com/harrier-scan/harrier/internal/format/nessus"
	"github.com/harrier-scan/harrier/internal/report"
	"github.com/harrier-scan/harrier/internal/scan"
	"github.com/harrier-scan/harrier/internal/store"
	"github.com/harrier-scan/harrier/internal/vuln"
)

// database measures files that go into a database and come out again, by the
// rooms that a console has, as its doors call them.
func (w *world) database(ctx context.Context, name, dsn string, first file) error {
	db, err := store.Open(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // nothing is lost: each transaction is kept
	vulns := vuln.New(db)
	if err := vulns.Load(ctx, nil, nil); err != nil {
		return err
	}
	findings := finding.New(finding.Config{Store: db, Catalog: vulns})
	scans := scan.New(scan.Config{Store: db, Findings: findings})
	reports, err := report.New(report.Config{
		Store: db, Scans: scans, Vulns: vulns, Formats: []format.Format{nessusfile.Format}, Dir: filepath.Join(w.dir, "reports-"+name),
	})
	if err != nil {
		return err
	}
	rooms := kit.Rooms{Vulns: vulns, Scans: scans, Findings: findings, Reports: reports}
	var last harrier.Scan
	take := func(what string, f file) error {
		return step(name, what, func() (int64, int64, error) {
			last, err = take(ctx, rooms, f.path)
			return f.bytes, f.results, err
		})
	}
	if n := w.beforeHosts(); n > 0 {
		old, err := w.file(ctx, filepath.Join(w.dir, "estate.nessus"), w.hosts, n, week.AddDate(0, 0, -7))
		if err != nil {
			return err
		}
		if err := take(fmt.Sprintf("setup: %d findings", old.results), old); err != nil {
			return err
		}
		if err := os.Remove(old.path); err != nil {
			return err
		}
	}
	if err := take("import: everything new", first); err != nil {
		return err
	}
	again, err := w.file(ctx, filepath.Join(w.dir, "again.nessus"), 0, w.hosts, week.AddDate(0, 0, 7))
	if err != nil {
		return err
	}
	if err := take("import: everything seen again", again); err != nil {
		return err
	}
	var firstByte time.Duration
	err = step(name, "export", func() (int64, int64, error) {
		out := &timer{begun: time.Now()}
		err := reports.Write(ctx, harrier.System, out, last.ID, "nessus", nil)
		firstByte = out.first
		return int64(out.counter), again.results, err
	})
	fmt.Printf("%-9s %-44s %6.2f ms\n", name, "export: first byte", float64(firstByte.Microseconds())/1000)
	return err
}

// beforeHosts is how many hosts are there before.
func (w *world) beforeHosts() int { return (w.before + w.results - 1) / w.results }

// take imports a file as the doors do.
func take(ctx context.Context, rooms kit.Rooms, path string) (harrier.Scan, error) {
	f, err := os.Open(path)
	if err != nil {
		return harrier.Scan{}, err
	}
	defer func() { _ = f.Close() }() // it was only read
	head, err := kit.NessusHead(f)
	if err != nil {
		return harrier.Scan{}, err
	}
	if _, err := f.Seek(0, 0); err != nil {
		return harrier.Scan{}, err
	}
	site := harrier.Site{Name: head.Report, Targets: "10.0.0.0/8"}
	return rooms.ImportNessus(ctx, harrier.System, &site, harrier.Scan{
		Name: head.Report, Started: kit.NessusTime(head.Policy, "scan_start_timestamp"), Ended: kit.NessusTime(head.Policy, "scan_end_timestamp"),
	}, f)
}

// timer notes when the first byte came.
type timer struct {
	counter
	begun time.Time
	first time.Duration
}

func (t *timer) Write(b []byte) (int, error) {
	if t.first == 0 {
		t.first = time.Since(t.begun)
	}
	return t.counter.Write(b)
}

// schema makes a schema for the measurement and returns how to drop it.
func schema(ctx context.Context, server string) (address string, drop func(), err error) {
	db, err := sql.Open("pgx", server)
	if err != nil {
		return "", nil, err
	}
	const name = "harrier_bench"
	if _, err := db.ExecContext(ctx, "CREATE SCHEMA "+name); err != nil {
		return "", nil, fmt.Errorf("make the schema %s: %w", name, err)
	}
	drop = func() {
		if _, err := db.ExecContext(ctx, "DROP SCHEMA "+name+" CASCADE"); err != nil {
			fmt.Println("the schema stays:", err)
		}
		_ = db.Close() // the last use
	}
	u, err := url.Parse(server)
	if err != nil {
		drop()
		return "", nil, err
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String(), drop, nil
}
