package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

type read struct {
	name string
	run  func(ctx context.Context, i int) error
}

func is(field string, op harrier.Op, values ...any) harrier.Expr {
	return harrier.Cmp{Field: field, Op: op, Values: values}
}

// reads lists what pages and dialects ask all the time.
func (w *world) reads() []read {
	db := w.db
	find := func(name string, e harrier.Expr, p store.Page) read {
		return read{name, func(ctx context.Context, _ int) error {
			_, _, err := db.SearchFindings(ctx, e, p)
			return err
		}}
	}
	sum := func(name string, by harrier.Grouping, e harrier.Expr, offset int) read {
		return read{"sum by " + name, func(ctx context.Context, _ int) error {
			_, err := db.SumFindings(ctx, e, harrier.SumQuery{By: by, Sort: "score", Desc: true, Limit: 100, Offset: offset}, time.Now())
			return err
		}}
	}
	asset := func(i int) harrier.ID { return w.assets[i*7919%len(w.assets)] }
	open, worst := is("state", harrier.Eq, "open"), is("severity", harrier.Ge, int64(harrier.High))
	return []read{
		{"findings of an asset", func(ctx context.Context, i int) error {
			_, err := db.FindingsOf(ctx, asset(i))
			return err
		}},
		find("findings, page of 100", nil, store.Page{Limit: 100}),
		find("open and high or worse, page of 100", harrier.And{open, worst}, store.Page{Limit: 100}),
		find("closed, page of 100", harrier.Not{Of: open}, store.Page{Limit: 100}),
		find("page of 100 at 10,000", nil, store.Page{Limit: 100, Offset: 10_000}),
		{"findings of one vulnerability", func(ctx context.Context, i int) error {
			v := w.vulns[(i*7919+300)%len(w.vulns)]
			_, _, err := db.SearchFindings(ctx, is("vulnerability", harrier.Eq, int64(v.ID)), store.Page{Limit: 100})
			return err
		}},
		{"findings of one CVE", func(ctx context.Context, i int) error {
			v := w.vulns[(i*7919+300)%len(w.vulns)]
			_, _, err := db.SearchFindings(ctx, is("cve", harrier.Eq, v.CVEs[0]), store.Page{Limit: 100})
			return err
		}},
		{"counts by severity, open", func(ctx context.Context, _ int) error {
			_, err := db.CountFindings(ctx, open)
			return err
		}},
		{"assets with counts, page of 100", func(ctx context.Context, i int) error {
			_, _, err := db.SearchAssets(ctx, nil, store.Page{Sort: "address", Limit: 100, Offset: i * 100})
			return err
		}},
		{"assets with the most critical ones, page of 100", func(ctx context.Context, _ int) error {
			_, _, err := db.SearchAssets(ctx, is("critical", harrier.Gt, int64(0)), store.Page{Sort: "critical", Desc: true, Limit: 100})
			return err
		}},
		{"vulnerabilities of a scan", func(ctx context.Context, _ int) error {
			_, err := db.ScanVulns(ctx, w.scans[0])
			return err
		}},
		{"one host of a scan with its observations", func(ctx context.Context, i int) error {
			index := i*7919%len(w.assets) + 1
			if _, err := db.ScanHost(ctx, w.scans[len(w.scans)-1], index); err != nil {
				return err
			}
			_, err := db.HostObservations(ctx, w.scans[len(w.scans)-1], index)
			return err
		}},
		sum("asset, two filters", harrier.ByAsset, harrier.And{open, worst}, 0),
		sum("asset, two filters, far page", harrier.ByAsset, harrier.And{open, worst}, 9_900),
		sum("vulnerability, two filters", harrier.ByVulnerability, harrier.And{open, worst}, 0),
		sum("severity, two filters", harrier.BySeverity, harrier.And{open, worst}, 0),
		{"judged page of 100, two filters", func(ctx context.Context, _ int) error {
			_, _, err := db.JudgedFindings(ctx, harrier.And{open, worst}, store.Page{Limit: 100}, time.Now())
			return err
		}},
		{"judged page of 100 at 1,000,000 - 100", func(ctx context.Context, _ int) error {
			_, _, err := db.JudgedFindings(ctx, open, store.Page{Limit: 100, Offset: 999_900}, time.Now())
			return err
		}},
		{"all hosts of a scan", func(ctx context.Context, _ int) error {
			_, err := db.ScanHosts(ctx, w.scans[0])
			return err
		}},
	}
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
