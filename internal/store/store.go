// Package store keeps the nouns of package harrier in SQLite or PostgreSQL:
// one file per noun, one SQL text for both databases. It is the system of
// record; every rule about what is kept belongs to the words and the rooms.
//
// Instants are kept to the microsecond. Text is kept as valid UTF-8 without
// NUL: what a network peer sent otherwise shows the replacement character.
//
// A method answers NotFound for an entity that does not exist, Conflict when
// another one has the same unique name, Unavailable when the database does
// not answer. Methods may be called from several goroutines, but for those of
// one transaction, which belong to the goroutine that it was given to.
package store

import (
	"cmp"
	"context"
	"database/sql"
	"strings"
	"sync/atomic"
	"time"

	"github.com/harrier-scan/harrier"
)

// DB is an open database.
type DB struct {
	driver dialect
	reads  *sql.DB // many connections; nil for a private database, whose writer reads
	writes *sql.DB // one connection for SQLite; reads again for PostgreSQL
	writer *writer // the permanent writing connection of SQLite; nil for PostgreSQL
	pack   packer
	again  bool // a private database that is not the first of the process
	// How many findings may be missing in finding_vuln: maxLate, but in tests.
	maxLate int
	view    *view // nil for a private database

	definitions atomic.Pointer[definitions] // see prepare
}

// Open opens the database at dsn and brings its schema up to date: the path of
// a file, which is made when there is none (its folder must exist), ":memory:"
// for a private database that ends with Close, or a postgres:// address. It
// answers Unavailable for a database that can not be reached or written, and
// Invalid for a file that is none or one that a newer version has made.
func Open(ctx context.Context, dsn string) (*DB, error) {
	open := openSQLite
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		open = openPostgres
	}
	db, err := open(ctx, dsn)
	if err != nil {
		return nil, err
	}
	if err := db.start(ctx); err != nil {
		_ = db.Close() // the first fault tells more
		return nil, err
	}
	return db, nil
}

func (db *DB) start(ctx context.Context) error {
	db.maxLate = maxLate
	if db.reads != nil {
		db.view = newView(db)
	}
	if err := db.migrate(ctx); err != nil {
		return err
	}
	if db.driver == sqliteDialect {
		var err error
		if db.writer, err = newWriter(ctx, db.writes); err != nil {
			return openError(err)
		}
	}
	return db.InTx(ctx, func(ctx context.Context) error {
		for _, table := range []string{"repository", "organization", "user_group"} { // the seeds of the schema
			_, err := db.exec(ctx, "UPDATE "+table+" SET uuid = $1, created = $2 WHERE uuid = ''",
				harrier.NewUUID(time.Now()).String(), time.Now().UnixMicro())
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Close ends all connections. What was committed is kept.
func (db *DB) Close() error {
	if db.writer != nil {
		db.writer.close()
	}
	err := db.writes.Close()
	if db.reads != nil && db.reads != db.writes {
		err = cmp.Or(db.reads.Close(), err)
	}
	return err
}

// Ping answers Unavailable when the database does not.
func (db *DB) Ping(ctx context.Context) error {
	return db.rows(ctx, "SELECT 1", nil, func(scan func(...any) error) error {
		var one int
		return scan(&one)
	})
}
