package store

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
)

// table describes how a noun is kept in a table with the columns id and those
// named.
type table[T any] struct {
	name    string
	noun    string // for messages: "site"
	columns string // separated by blanks, in the order of row
	row     func(*T) []any
	more    string         // columns that are read only, because something else writes them
	moreRow func(*T) []any // nil when there are none
	id      func(*T) *harrier.ID
	uuid    func(*T) *harrier.UUID // nil for a noun that has none
	taken   string                 // message of Conflict

	once                      sync.Once // makes the texts
	inserts, updates, selects string
}

// texts makes the statements.
func (t *table[T]) texts() {
	t.once.Do(func() {
		columns := strings.Fields(t.columns)
		// Without the clause a name that is taken would end the transaction in
		// PostgreSQL, but not in SQLite.
		t.inserts = "INSERT INTO " + t.name + " (" + strings.Join(columns, ", ") + ") VALUES (" +
			placeholders(len(columns)) + ") ON CONFLICT DO NOTHING RETURNING id"
		set := make([]string, len(columns))
		for i, c := range columns {
			set[i] = fmt.Sprintf("%s = $%d", c, i+1)
		}
		t.updates = fmt.Sprintf("UPDATE %s SET %s WHERE id = $%d", t.name, strings.Join(set, ", "), len(columns)+1)
		t.selects = "SELECT id, " + strings.Join(strings.Fields(t.columns+" "+t.more), ", ") + " FROM " + t.name + " "
	})
}

// insertsAll is the statement that inserts without telling the IDs, for bulk.
func (t *table[T]) insertsAll() string {
	t.texts()
	return strings.TrimSuffix(t.inserts, " RETURNING id")
}

func (t *table[T]) columnList() string { return strings.Join(strings.Fields(t.columns), ", ") }

// insert stores v and gives it an ID, and a UUID if it has none.
func (t *table[T]) insert(ctx context.Context, db *DB, v *T) error {
	if t.uuid != nil && t.uuid(v).IsZero() {
		*t.uuid(v) = harrier.NewUUID(time.Now())
	}
	args, err := arguments(t.row(v))
	if err != nil {
		return fmt.Errorf("insert %s: %w", t.noun, err)
	}
	t.texts()
	return db.InTx(ctx, func(ctx context.Context) error {
		found, err := db.one(ctx, t.inserts, args, t.id(v))
		switch {
		case err != nil:
			return fmt.Errorf("insert %s: %w", t.noun, err)
		case !found:
			return harrier.Errorf(harrier.Conflict, "%s", t.taken)
		}
		return nil
	})
}

// update stores v over the one with its ID.
func (t *table[T]) update(ctx context.Context, db *DB, v *T) error {
	args, err := arguments(t.row(v))
	if err != nil {
		return fmt.Errorf("update %s: %w", t.noun, err)
	}
	t.texts()
	id := *t.id(v)
	n, err := db.tryExec(ctx, t.updates, append(args, int64(id))...)
	switch {
	case harrier.KindOf(err) == harrier.Conflict:
		return harrier.Errorf(harrier.Conflict, "%s", t.taken).Because(err)
	case err != nil:
		return fmt.Errorf("update %s %d: %w", t.noun, id, err)
	case n == 0:
		return t.missing(id)
	}
	return nil
}

func (t *table[T]) delete(ctx context.Context, db *DB, id harrier.ID) error {
	n, err := db.exec(ctx, "DELETE FROM "+t.name+" WHERE id = $1", int64(id))
	switch {
	case err != nil:
		return fmt.Errorf("delete %s %d: %w", t.noun, id, err)
	case n == 0:
		return t.missing(id)
	}
	return nil
}

func (t *table[T]) byID(ctx context.Context, db *DB, id harrier.ID) (T, error) {
	v, found, err := t.where(ctx, db, "id = $1", int64(id))
	if err == nil && !found {
		err = t.missing(id)
	}
	return v, err
}

// where returns the one that the condition holds for; false when there is
// none.
func (t *table[T]) where(ctx context.Context, db *DB, condition string, args ...any) (T, bool, error) {
	list, err := t.list(ctx, db, "WHERE "+condition, args...)
	if err != nil || len(list) == 0 {
		var none T
		return none, false, err
	}
	return list[0], true, nil
}

// list returns all that the tail of the query, WHERE or ORDER BY, asks for.
func (t *table[T]) list(ctx context.Context, db *DB, tail string, args ...any) ([]T, error) {
	var out []T
	t.texts()
	err := db.rows(ctx, t.selects+tail, args, func(scan func(...any) error) error {
		var v T
		to := append([]any{t.id(&v)}, t.row(&v)...)
		if t.moreRow != nil {
			to = append(to, t.moreRow(&v)...)
		}
		if err := scan(to...); err != nil {
			return err
		}
		out = append(out, v)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read %ss: %w", t.noun, err)
	}
	return out, nil
}

func (t *table[T]) missing(id harrier.ID) error {
	return harrier.Errorf(harrier.NotFound, "no %s %d", t.noun, id)
}

// placeholders returns "$1, $2, …" for n parameters.
func placeholders(n int) string { return parameters(1, n) }

// parameters is placeholders for n parameters from the one named first on.
func parameters(first, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", first+i)
	}
	return b.String()
}

// tryExec is exec for a statement that may break a constraint: the transaction
// goes on as if it had not been tried.
func (db *DB) tryExec(ctx context.Context, text string, args ...any) (n int64, err error) {
	if db.driver == sqliteDialect || db.tx(ctx) == nil {
		return db.exec(ctx, text, args...)
	}
	if _, err := db.exec(ctx, "SAVEPOINT try"); err != nil {
		return 0, err
	}
	t := db.tx(ctx)
	n, err = db.exec(ctx, text, args...)
	if harrier.KindOf(err) != harrier.Conflict {
		if err == nil {
			_, err = db.exec(ctx, "RELEASE SAVEPOINT try")
		}
		return n, err
	}
	t.broken = nil
	if _, errBack := db.exec(ctx, "ROLLBACK TO SAVEPOINT try"); errBack != nil {
		return 0, errBack
	}
	return 0, err
}
