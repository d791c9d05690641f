package content

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net/url"
	"strings"

	"modernc.org/sqlite"
)

// formatVersion changes when a base of an earlier version can not be read any
// more. New fields of records do not change it.
const formatVersion = "1"

// schema is a base. Integers name rows elsewhere: record.source is the rowid of
// source, vuln.family that of family. record.own is the name of the vulnerability
// that a record without a CVE makes when it joins none, "" for others. Lists of numbers are varints, see packNumbers.
const schema = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
CREATE TABLE source (n INTEGER PRIMARY KEY, name TEXT UNIQUE, title TEXT, publisher TEXT, home TEXT, licence TEXT, notice TEXT,
	class INTEGER, fetched INTEGER, records INTEGER, bad INTEGER);
CREATE TABLE family (n INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE record (n INTEGER PRIMARY KEY, source INTEGER, id TEXT, own TEXT, hash BLOB, vulns BLOB, body BLOB);
CREATE TABLE vuln (id INTEGER PRIMARY KEY, name TEXT, title TEXT, family INTEGER, severity INTEGER, withdrawn INTEGER, records BLOB, body BLOB);
CREATE TABLE name (name TEXT, record INTEGER, PRIMARY KEY (name, record)) WITHOUT ROWID;
CREATE TABLE statement (n INTEGER PRIMARY KEY, key TEXT, body BLOB);`

// indexes are made when the tables are full, which is faster. Names of
// vulnerabilities are compared folded; those of CVEs follow from their numbers.
const indexes = `
CREATE UNIQUE INDEX record_id ON record (id, source);
CREATE UNIQUE INDEX statement_key ON statement (key);
CREATE INDEX vuln_family ON vuln (family, id) WHERE withdrawn = 0;
CREATE INDEX vuln_withdrawn ON vuln (id) WHERE withdrawn = 1;
CREATE UNIQUE INDEX vuln_name ON vuln (upper(name)) WHERE id < 1000000000;`

// connector opens connections to a file without registering a driver for the
// whole process.
type connector string

func (c connector) Connect(context.Context) (driver.Conn, error) {
	return new(sqlite.Driver).Open(string(c))
}

func (c connector) Driver() driver.Driver { return new(sqlite.Driver) }

// openFile opens a file for reading, or for writing by one connection.
func openFile(path string, write bool) *sql.DB {
	query := url.Values{}
	if write {
		// A file that is being written has nobody who reads it, and is thrown away
		// when its writer fails: it needs no journal.
		query["_pragma"] = []string{"page_size(8192)", "journal_mode(off)", "synchronous(off)", "locking_mode(exclusive)", "cache_size(-65536)", "temp_store(memory)"}
	} else {
		// A finished file never changes: no locks, no checks whether it did.
		query["mode"], query["immutable"] = []string{"ro"}, []string{"1"}
		query["_pragma"] = []string{"query_only(1)", "cache_size(-8192)", "trusted_schema(0)", "cell_size_check(1)"}
	}
	db := sql.OpenDB(connector("file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode()))
	if write {
		db.SetMaxOpenConns(1)
	} else {
		db.SetMaxOpenConns(8)
		db.SetMaxIdleConns(8)
	}
	return db
}

// execAll runs several statements.
func execAll(ctx context.Context, db execer, script string) error {
	for _, one := range strings.Split(script, ";") {
		if strings.TrimSpace(one) == "" {
			continue
		}
		if _, err := db.ExecContext(ctx, one); err != nil {
			return fmt.Errorf("%s: %w", strings.TrimSpace(one), err)
		}
	}
	return nil
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}
