package main

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/columns"
	"github.com/harrier-scan/harrier/internal/store"
)

// read is one question: to the store, and as somebody would write it in SQL for
// PostgreSQL over the same tables. Its filters move a little with every round,
// so that no answer can be kept.
type read struct {
	name  string
	store func(ctx context.Context, db *store.DB, round int) error
	view  func(v *columns.View, round int) error // the same of the copy alone
	sql   func(round int) (text string, args []any)
}

func is(field string, op harrier.Op, values ...any) harrier.Cmp {
	return harrier.Cmp{Field: field, Op: op, Values: values}
}

// since is some days before the end of the world, in microseconds.
func since(days, round int) int64 {
	return end.AddDate(0, 0, -days).Add(time.Duration(round) * time.Second).UnixMicro()
}

const pageSize = 50

// filters are two filters of a question about open findings, in both languages.
type filters struct {
	name string
	expr func(round int) harrier.Expr
	sql  string // of finding f, with $1 and $2
	args func(round int) []any
}

func (w *world) filters() (grave, near, wide, rare filters) {
	first := address(w.assets / 4)
	grave = filters{
		"severity high and critical, seen in the last 30 days",
		func(n int) harrier.Expr {
			return harrier.And{is("severity", harrier.Ge, int64(3)), is("last_seen", harrier.Ge, since(30, n))}
		},
		"f.severity >= $1 AND f.last_seen >= $2", func(n int) []any { return []any{3, since(30, n)} },
	}
	near = filters{
		"a quarter of the addresses, port 443",
		func(n int) harrier.Expr {
			return harrier.And{is("address", harrier.In, fmt.Sprintf("%s-%s", first, address(w.assets/2+n))), is("port", harrier.Eq, int64(443))}
		},
		"f.asset IN (SELECT id FROM asset WHERE addr_key BETWEEN $1 AND $2) AND f.port = 443",
		func(n int) []any {
			a, b := first.As16(), address(w.assets/2+n).As16()
			return []any{a[:], b[:]}
		},
	}
	wide = filters{
		"severity up to high, seen in the last 50 days",
		func(n int) harrier.Expr {
			return harrier.And{is("severity", harrier.Le, int64(3)), is("last_seen", harrier.Ge, since(50, n))}
		},
		"f.severity <= $1 AND f.last_seen >= $2", func(n int) []any { return []any{3, since(50, n)} },
	}
	rare = filters{
		"family, exploit available",
		func(n int) harrier.Expr {
			return harrier.And{is("family", harrier.Eq, fmt.Sprintf("Family %d", 5*(n%12))), is("exploit", harrier.Eq, true)}
		},
		"f.vuln IN (SELECT id FROM vulnerability WHERE family = $1 AND exploit = $2)", func(n int) []any { return []any{fmt.Sprintf("Family %d", 5*(n%12)), true} },
	}
	return grave, near, wide, rare
}

func open(e harrier.Expr) harrier.Expr { return harrier.And{is("open", harrier.Eq, true), e} }

func (w *world) reads() []read {
	grave, near, wide, rare := w.filters()
	sum := func(tool string, by harrier.Grouping, f filters, offset int, text string) read {
		name := fmt.Sprintf("%s: %s", tool, f.name)
		if offset > 0 {
			name += ", last page"
		}
		return read{
			name, func(ctx context.Context, db *store.DB, n int) error {
				q := harrier.SumQuery{By: by, Sort: "score", Desc: true, Limit: 100, Offset: offset}
				s, err := db.SumFindings(ctx, open(f.expr(n)), q, time.Now())
				if err == nil && s.Groups == 0 {
					err = fmt.Errorf("%s finds nothing", name)
				}
				return err
			},
			func(v *columns.View, n int) error {
				_, err := v.Sums(open(f.expr(n)), harrier.SumQuery{By: by, Sort: "score", Desc: true, Limit: 100, Offset: offset}, time.Now())
				return err
			},
			func(n int) (string, []any) { return fmt.Sprintf(text, f.sql, offset), f.args(n) },
		}
	}
	const counts = `count(*) FILTER (WHERE severity = 1) + 3 * count(*) FILTER (WHERE severity = 2) + 10 * count(*) FILTER (WHERE severity = 3)
		+ 40 * count(*) FILTER (WHERE severity = 4) AS score, count(*) AS total`
	const sumIP = "SELECT asset, " + counts + " FROM finding f WHERE closed = 0 AND %s GROUP BY asset ORDER BY score DESC, asset DESC LIMIT 100 OFFSET %d"
	const sumID = "SELECT vuln, severity, count(*) AS total, count(DISTINCT asset) AS hosts FROM finding f WHERE closed = 0 AND %s GROUP BY vuln, severity ORDER BY total DESC, vuln DESC LIMIT 100 OFFSET %d"
	const sumSeverity = "SELECT severity, count(*) FROM finding f WHERE closed = 0 AND %s GROUP BY severity ORDER BY severity DESC OFFSET %d * 0"
	list := func(tool string, f filters, sort, order, selected string, offset int) read {
		name := fmt.Sprintf("%s: %s", tool, f.name)
		if offset > 0 {
			name += fmt.Sprintf(", page %d", offset/pageSize+1)
		}
		return read{
			name, func(ctx context.Context, db *store.DB, n int) error {
				rows, _, err := db.JudgedFindings(ctx, open(f.expr(n)), store.Page{Sort: sort, Desc: true, Limit: pageSize, Offset: offset}, time.Now())
				if err == nil && len(rows) != pageSize {
					err = fmt.Errorf("%s finds %d rows", name, len(rows))
				}
				return err
			},
			func(v *columns.View, n int) error {
				at := time.Now()
				_, _, err := v.Findings(open(f.expr(n)), columns.Page{Sort: sort, Desc: true, Limit: pageSize, Offset: offset}, &at)
				return err
			},
			func(n int) (string, []any) {
				return fmt.Sprintf(`SELECT %s, (SELECT count(*) FROM finding f WHERE closed = 0 AND %s) FROM finding f JOIN asset a ON a.id = f.asset
					WHERE closed = 0 AND %s ORDER BY %s LIMIT %d OFFSET %d`, selected, f.sql, f.sql, order, pageSize, offset), f.args(n)
			},
		}
	}
	const short = "f.id, f.vuln, f.severity, f.protocol, f.port, a.addr, a.fqdn"
	const long = short + ", f.first_seen, f.last_seen, f.evidence, a.os, a.mac"
	far := min(9_999*pageSize, w.findings*3/5)
	return []read{
		sum("sumip", harrier.ByAsset, grave, 0, sumIP),
		sum("sumip", harrier.ByAsset, grave, w.assets-200, sumIP),
		sum("sumip", harrier.ByAsset, near, 0, sumIP),
		sum("sumid", harrier.ByVulnerability, grave, 0, sumID),
		sum("sumid", harrier.ByVulnerability, grave, w.vulns/5-200, sumID),
		sum("sumid", harrier.ByVulnerability, wide, 0, sumID),
		sum("sumid", harrier.ByVulnerability, near, 0, sumID),
		sum("sumseverity", harrier.BySeverity, grave, 0, sumSeverity),
		sum("sumseverity", harrier.BySeverity, near, 0, sumSeverity),
		list("listvuln", wide, "severity", "f.severity DESC, f.last_seen DESC, f.id DESC", short, 0),
		list("listvuln", wide, "severity", "f.severity DESC, f.last_seen DESC, f.id DESC", short, far),
		list("listvuln", rare, "severity", "f.severity DESC, f.last_seen DESC, f.id DESC", short, 0),
		list("vulndetails", wide, "first_seen", "f.first_seen DESC, f.id DESC", long, 0),
		list("vulndetails", wide, "first_seen", "f.first_seen DESC, f.id DESC", long, far),
		list("vulndetails", wide, "address", "a.addr_key DESC, f.id DESC", long, far),
		list("vulndetails", near, "severity", "f.severity DESC, f.last_seen DESC, f.id DESC", long, 0),
		{
			"assets with critical findings of the last week, 50, with their changes of a week",
			func(ctx context.Context, db *store.DB, n int) error {
				e := harrier.Has{Of: harrier.And{is("severity", harrier.Eq, int64(4)), is("last_seen", harrier.Ge, since(7, n))}}
				list, _, err := db.SearchAssets(ctx, e, store.Page{Limit: 50})
				if err != nil {
					return err
				}
				ids := make([]harrier.ID, len(list))
				for i, a := range list {
					ids[i] = a.ID
				}
				_, err = db.FindingsBetween(ctx, ids, end.AddDate(0, 0, -7), end)
				return err
			},
			func(v *columns.View, n int) error {
				e := harrier.Has{Of: harrier.And{is("severity", harrier.Eq, int64(4)), is("last_seen", harrier.Ge, since(7, n))}}
				ids, _, err := v.Assets(e, columns.Page{Limit: 50})
				for _, id := range ids {
					v.Between(id, end.AddDate(0, 0, -7), end)
				}
				return err
			},
			func(n int) (string, []any) {
				return `WITH h AS (SELECT id FROM asset WHERE id IN (SELECT asset FROM finding WHERE closed = 0 AND severity = 4 AND last_seen >= $1) ORDER BY id LIMIT 50)
					SELECT f.asset, f.id, opened, closed FROM finding f JOIN h ON h.id = f.asset WHERE opened <= $2 AND (closed = 0 OR closed > $2 - 604800000000)`,
					[]any{since(7, n), end.UnixMicro()}
			},
		},
	}
}

// run asks once in SQL and reads all rows.
func ask(ctx context.Context, conn *sql.Conn, text string, args []any) error {
	rows, err := conn.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // an error in reading shows in Err
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	to := make([]any, len(names))
	for i := range to {
		to[i] = new(any)
	}
	for rows.Next() {
		if err := rows.Scan(to...); err != nil {
			return err
		}
	}
	return rows.Err()
}
