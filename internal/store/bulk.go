package store

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// maxBatch is how many statements, or rows of one, go to PostgreSQL in one message.
const maxBatch = 2000

// bulk runs one statement, an INSERT … VALUES or an UPDATE, for every row of
// arguments, and says how many rows were changed in all. The arguments are
// int64, float64, bool, string and []byte.
//
// PostgreSQL gets one statement with the columns as arrays, or many statements
// in one message where a row that is to be updated comes twice. SQLite gets one statement
// that reads the rows from a virtual table: beginning and ending a statement
// costs it more than what most do in between.
func (db *DB) bulk(ctx context.Context, text string, rows [][]any) (changed int64, err error) {
	if len(rows) == 0 {
		return 0, nil
	}
	t := db.tx(ctx)
	if t == nil {
		err = db.InTx(ctx, func(ctx context.Context) error {
			changed, err = db.bulk(ctx, text, rows)
			return err
		})
		return changed, err
	}
	if err := t.settled(ctx); err != nil {
		return 0, err
	}
	if db.driver == sqliteDialect {
		t.w.rows.rows = rows
		defer func() { t.w.rows.rows = nil }()
		all := t.w.texts[text] // no more than there are calls of bulk
		if all == "" {
			all = fromRows(text)
			t.w.texts[text] = all
		}
		if changed, err = db.exec(ctx, all); err != nil {
			t.broken = cmp.Or(t.broken, err) // some rows are changed
		}
		return changed, err
	}
	if ctx, err = t.enter(ctx); err != nil {
		return 0, err
	}
	send := arraysPostgres
	if strings.Contains(text, "DO UPDATE") && !apart(text, rows) { // it refuses a row that comes twice in one statement
		send = bulkPostgres
	}
	err = t.w.conn.Raw(func(conn any) error {
		changed, err = send(ctx, conn.(*stdlib.Conn).Conn(), text, rows)
		return err
	})
	return changed, t.fault(err)
}

// apart reports whether no two rows of an INSERT … ON CONFLICT (…) DO UPDATE have
// the same values in the columns of the conflict, of which there are four at most.
func apart(text string, rows [][]any) bool {
	parts := conflict.FindStringSubmatch(text)
	if parts == nil {
		return false
	}
	columns, keys := strings.Split(parts[1], ","), strings.Split(parts[2], ",")
	var at []int
	for _, key := range keys {
		i := slices.IndexFunc(columns, func(c string) bool { return strings.TrimSpace(c) == strings.TrimSpace(key) })
		if i < 0 {
			return false
		}
		at = append(at, i)
	}
	var key [4]any
	if len(at) > len(key) {
		return false
	}
	met := make(map[[4]any]bool, len(rows))
	for _, row := range rows {
		for n, i := range at {
			if _, ok := row[i].([]byte); ok { // it can not be compared
				return false
			}
			key[n] = row[i]
		}
		if met[key] {
			return false
		}
		met[key] = true
	}
	return true
}

var (
	valuesList = regexp.MustCompile(`VALUES\s*\(([^)]*)\)`)
	parameter  = regexp.MustCompile(`\$(\d+)`)
	conflict   = regexp.MustCompile(`^INSERT INTO \w+ \(([^)]*)\)\s+VALUES\s*\([^)]*\)\s*ON CONFLICT \(([^)]*)\) DO UPDATE`)
)

// fromRows rewrites a statement with parameters into one for all rows. OR FAIL
// spares SQLite from being able to undo half of it.
func fromRows(text string) string {
	if strings.HasPrefix(text, "UPDATE") {
		text = strings.Replace(text, " WHERE ", " FROM "+rowsTable+" AS r WHERE ", 1)
		text = strings.Replace(text, "UPDATE ", "UPDATE OR FAIL ", 1)
	} else {
		// Without a WHERE, SQLite takes ON CONFLICT for the ON of a join.
		text = valuesList.ReplaceAllString(text, "SELECT $1 FROM "+rowsTable+" AS r WHERE true")
		text = strings.Replace(text, "INSERT ", "INSERT OR FAIL ", 1)
	}
	return parameter.ReplaceAllString(text, "r.c$1")
}

func bulkPostgres(ctx context.Context, conn *pgx.Conn, text string, rows [][]any) (changed int64, err error) {
	for len(rows) > 0 {
		n := min(len(rows), maxBatch)
		batch := new(pgx.Batch)
		for _, row := range rows[:n] {
			batch.Queue(text, row...).Exec(func(tag pgconn.CommandTag) error {
				changed += tag.RowsAffected()
				return nil
			})
		}
		if err := conn.SendBatch(ctx, batch).Close(); err != nil {
			return 0, fmt.Errorf("batch: %w", err)
		}
		rows = rows[n:]
	}
	return changed, nil
}
