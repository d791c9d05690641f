package store

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
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
// in one message where a row may come twice. SQLite gets one statement
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
	send := bulkPostgres
	if !strings.Contains(text, "DO UPDATE") { // which refuses a row that comes twice in one statement
		send = arraysPostgres
	}
	err = t.w.conn.Raw(func(conn any) error {
		changed, err = send(ctx, conn.(*stdlib.Conn).Conn(), text, rows)
		return err
	})
	return changed, t.fault(err)
}

var (
	valuesList = regexp.MustCompile(`VALUES\s*\(([^)]*)\)`)
	parameter  = regexp.MustCompile(`\$(\d+)`)
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
