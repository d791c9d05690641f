package store

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
)

// InTx runs f in a transaction: all that f does with the context it is given
// is kept when f returns nil, else none of it. A call within a transaction
// joins it, and its error ends only what the outer one lets it end.
//
// One transaction writes at a time, in either database, so that what f reads
// stays true until it ends. f must not use another context for this database.
func (db *DB) InTx(ctx context.Context, f func(ctx context.Context) error) error {
	if db.tx(ctx) != nil {
		return f(ctx)
	}
	t, err := db.begin(ctx)
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if !done { // f panicked
			t.end(ctx, "ROLLBACK")
		}
	}()
	err = f(context.WithValue(ctx, txKey{db}, t))
	done = true
	if end := t.settled(ctx); err == nil {
		err = cmp.Or(end, ctx.Err())
	}
	if err == nil {
		err = db.flush(context.WithValue(ctx, txKey{db}, t))
	}
	if err == nil {
		err = t.settled(ctx)
	}
	if err != nil {
		t.end(ctx, "ROLLBACK")
		return err
	}
	return t.commit(ctx)
}

// flush writes what the transaction of ctx has put off to its end.
func (db *DB) flush(ctx context.Context) error {
	if err := db.flushVulns(ctx); err != nil {
		return err
	}
	if err := db.indexVulns(ctx); err != nil {
		return err
	}
	return db.announce(ctx)
}

// txKey is where a context carries its transaction of a database.
type txKey struct{ db *DB }

// tx is a transaction that goes on.
type tx struct {
	db      *DB
	w       *writer
	release func()
	keyed   bool          // see byKeys
	broken  error         // a fault after which the transaction can not go on
	work    chan struct{} // closed when the work in the background has ended; nil for none
	// Findings as they stand in the database, by ID, as far as this
	// transaction has read or written them: nobody else writes meanwhile.
	known        map[harrier.ID]*harrier.Finding
	repositories map[harrier.ID]harrier.ID // of assets
	// Vulnerabilities of scans, to be written before the commit.
	vulns map[harrier.ID]*scanVulns
	// Findings that the transaction added, and the sequence of their IDs before
	// and after it; 0 when it added none.
	fresh        []vulnOf
	before, last harrier.ID
	// What finding_vuln will miss after the commit, and whether it is to be
	// filled anew.
	late    lateFindings
	reindex bool
	// What the copy in memory has to know, and that it was told.
	touched   touched
	announced *commit
}

func (db *DB) tx(ctx context.Context) *tx {
	t, _ := ctx.Value(txKey{db}).(*tx)
	return t
}

func (db *DB) begin(ctx context.Context) (*tx, error) {
	t := &tx{db: db, w: db.writer}
	if t.w != nil {
		if err := t.w.hold(ctx); err != nil {
			return nil, err
		}
		t.release = t.w.free
	} else {
		conn, err := db.writes.Conn(ctx)
		if err != nil {
			return nil, wrap(err)
		}
		t.w = &writer{conn: conn}
		t.release = func() { _ = conn.Close() } // gives it back to the pool
	}
	for _, text := range db.driver.begin() {
		if _, err := t.w.conn.ExecContext(ctx, text); err != nil {
			t.end(ctx, "ROLLBACK")
			return nil, wrap(err)
		}
	}
	t.touched.keep = db.view != nil && db.view.on.Load()
	return t, nil
}

func (t *tx) commit(ctx context.Context) error {
	defer t.release()
	_, err := t.w.conn.ExecContext(context.WithoutCancel(ctx), "COMMIT")
	if t.announced != nil {
		t.db.view.settle(t.announced, err == nil)
	}
	if err != nil {
		_, _ = t.w.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") // the first fault tells more
		return wrap(fmt.Errorf("commit: %w", err))
	}
	if t.late.known {
		t.w.late = t.late
	}
	return nil
}

func (t *tx) end(ctx context.Context, how string) {
	defer t.release()
	_ = t.settled(ctx) // the caller has the error
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	// A transaction that the database has ended by itself needs no rollback.
	_, _ = t.w.conn.ExecContext(ctx, how)
}

// fault notes an error of the database. After all but a broken constraint,
// SQLite may have rolled the transaction back by itself; PostgreSQL always
// ends it.
func (t *tx) fault(err error) error {
	if err == nil {
		return nil
	}
	err = wrap(err)
	if t.broken == nil && (t.db.driver == postgresDialect || !isConstraint(err)) {
		t.broken = fmt.Errorf("the transaction failed before: %w", err)
	}
	return err
}

// writer is a connection that writes, with the statements prepared on it.
type writer struct {
	conn  *sql.Conn
	lock  chan struct{} // held by the transaction that goes on
	stmts map[string]*sql.Stmt
	rows  *rowSource        // what bulk works on
	texts map[string]string // of fromRows
	drop  func()            // forgets rows
	once  sync.Once
	// The statement of findingsOf, around database/sql.
	ofAsset driver.Stmt
	late    lateFindings
}

func newWriter(ctx context.Context, db *sql.DB) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{conn: conn, lock: make(chan struct{}, 1), stmts: map[string]*sql.Stmt{}, texts: map[string]string{}}
	if w.rows, w.drop, err = newRowSource(ctx, conn); err != nil {
		_ = conn.Close() // the first fault tells more
		return nil, err
	}
	return w, nil
}

// hold waits until nobody else uses the connection.
func (w *writer) hold(ctx context.Context) error {
	select {
	case w.lock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *writer) free() { <-w.lock }

// close waits for the transaction that goes on and ends the connection.
func (w *writer) close() {
	w.once.Do(func() {
		w.lock <- struct{}{}
		for _, s := range w.stmts {
			_ = s.Close()
		}
		if w.ofAsset != nil {
			_ = w.conn.Raw(func(any) error { return w.ofAsset.Close() })
		}
		_ = w.conn.Close()
		w.drop()
	})
}

// maxStatements is how many prepared statements are kept.
const maxStatements = 256

// prepared returns text as a statement of the connection: kept for SQLite,
// where preparing costs more than running; nil for PostgreSQL, whose driver
// keeps its own.
func (w *writer) prepared(ctx context.Context, text string) (*sql.Stmt, error) {
	if w.stmts == nil {
		return nil, nil
	}
	if s := w.stmts[text]; s != nil {
		return s, nil
	}
	if len(w.stmts) >= maxStatements { // searches have no end of texts
		for _, s := range w.stmts {
			_ = s.Close()
		}
		clear(w.stmts)
	}
	s, err := w.conn.PrepareContext(ctx, text)
	if err == nil {
		w.stmts[text] = s
	}
	return s, err
}

// exec runs a statement in a transaction, its own if ctx carries none, and
// says how many rows it changed.
func (db *DB) exec(ctx context.Context, text string, args ...any) (n int64, err error) {
	t := db.tx(ctx)
	if t == nil {
		err = db.InTx(ctx, func(ctx context.Context) error {
			n, err = db.exec(ctx, text, args...)
			return err
		})
		return n, err
	}
	ctx, err = t.enter(ctx)
	if err != nil {
		return 0, err
	}
	var done sql.Result
	stmt, err := t.w.prepared(ctx, text) //nolint:sqlclosecheck // it is kept, and closed with the writer
	switch {
	case err != nil:
	case stmt != nil:
		done, err = stmt.ExecContext(ctx, args...)
	default:
		done, err = t.w.conn.ExecContext(ctx, text, args...)
	}
	if err != nil {
		return 0, t.fault(err)
	}
	return done.RowsAffected()
}

// enter returns the context for one statement of the transaction. SQLite gives
// a transaction up when a statement is interrupted, so that there a statement
// runs to its end, and the context is looked at in between.
func (t *tx) enter(ctx context.Context) (context.Context, error) {
	err := t.settled(ctx)
	switch {
	case err != nil:
		return ctx, err
	case ctx.Err() != nil:
		return ctx, ctx.Err()
	case t.db.driver == sqliteDialect:
		return context.WithoutCancel(ctx), nil
	}
	return ctx, nil
}

// rows runs a query and calls each for every row with the function that reads
// it. It reads within the transaction of ctx, if there is one.
func (db *DB) rows(ctx context.Context, text string, args []any, each func(scan func(...any) error) error) error {
	t, note := db.tx(ctx), wrap
	var rows *sql.Rows
	var err error
	if t != nil {
		if ctx, err = t.enter(ctx); err != nil {
			return err
		}
		note = t.fault
		rows, err = t.query(ctx, text, args)
	} else {
		var release func()
		rows, release, err = db.query(ctx, text, args)
		defer release()
	}
	if err != nil {
		return note(err)
	}
	defer func() { _ = rows.Close() }() // an error in reading shows in Err
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return note(err)
	}
	return nil
}

func (t *tx) query(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	stmt, err := t.w.prepared(ctx, text) //nolint:sqlclosecheck // it is kept, and closed with the writer
	if err != nil {
		return nil, err
	}
	if stmt != nil {
		return stmt.QueryContext(ctx, args...)
	}
	return t.w.conn.QueryContext(ctx, text, args...)
}

// query reads outside of transactions. The caller calls release when it has
// done with the rows.
func (db *DB) query(ctx context.Context, text string, args []any) (rows *sql.Rows, release func(), err error) {
	release = func() {}
	if db.reads != nil {
		rows, err = db.reads.QueryContext(ctx, text, args...)
		return rows, release, err
	}
	if err := db.writer.hold(ctx); err != nil {
		return nil, release, err
	}
	rows, err = db.writer.conn.QueryContext(ctx, text, args...)
	return rows, db.writer.free, err
}

// one runs a query for a single row and reads it into to; false when there is
// none.
func (db *DB) one(ctx context.Context, text string, args []any, to ...any) (bool, error) {
	found := false
	err := db.rows(ctx, text, args, func(scan func(...any) error) error {
		found = true
		return scan(to...)
	})
	return found, err
}
