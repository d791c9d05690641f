package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"net"

	"github.com/harrier-scan/harrier"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// wrap gives an error of a database its kind: Conflict for a second entity
// with a unique name and for a lost race, Unavailable for a database that does
// not answer or can not write. Others stay Internal.
func wrap(err error) error {
	var already *harrier.Error
	var lite *sqlite.Error
	var pg *pgconn.PgError
	var dial *pgconn.ConnectError
	var op *net.OpError
	switch {
	case err == nil, errors.As(err, &already), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &lite):
		return wrapSQLite(lite, err)
	case errors.As(err, &pg):
		return wrapPostgres(pg, err)
	case errors.As(err, &dial), errors.As(err, &op), errors.Is(err, driver.ErrBadConn):
		return harrier.Errorf(harrier.Unavailable, "the database can not be reached").Because(err)
	}
	return err
}

func wrapSQLite(e *sqlite.Error, err error) error {
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CONSTRAINT:
		return harrier.Errorf(harrier.Conflict, "it exists already").Because(err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return harrier.Errorf(harrier.Unavailable, "the database is in use by another process").Because(err)
	case sqlite3.SQLITE_FULL:
		return harrier.Errorf(harrier.Unavailable, "the disk of the database is full").Because(err)
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY:
		return harrier.Errorf(harrier.Unavailable, "the database file can not be written").Because(err)
	case sqlite3.SQLITE_IOERR:
		return harrier.Errorf(harrier.Unavailable, "the disk of the database fails").Because(err)
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return harrier.Errorf(harrier.Invalid, "the database file is damaged, or none of Harrier's").Because(err)
	}
	return err
}

// Source: PostgreSQL manual, appendix A, error codes.
func wrapPostgres(e *pgconn.PgError, err error) error {
	switch e.Code {
	case "23505":
		return harrier.Errorf(harrier.Conflict, "it exists already").Because(err)
	case "40001", "40P01":
		return harrier.Errorf(harrier.Conflict, "somebody else changed the same at the same time").Because(err)
	case "53100", "53200", "53300", "57P01", "57P02", "57P03", "25006":
		return harrier.Errorf(harrier.Unavailable, "the database can not serve now: %s", e.Message).Because(err)
	}
	switch e.Code[:min(2, len(e.Code))] {
	case "08":
		return harrier.Errorf(harrier.Unavailable, "the database can not be reached").Because(err)
	case "28", "3D":
		return harrier.Errorf(harrier.Unavailable, "the database refuses: %s", e.Message).Because(err)
	}
	return err
}

// isConstraint reports whether err is a broken constraint of SQLite, which
// undoes one statement and nothing else.
func isConstraint(err error) bool {
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code()&0xff == sqlite3.SQLITE_CONSTRAINT
}
