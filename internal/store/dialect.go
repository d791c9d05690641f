package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"fmt"
	"io/fs"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/harrier-scan/harrier"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"modernc.org/sqlite"
)

// dialect tells the databases apart, where they differ.
type dialect uint8

const (
	sqliteDialect dialect = iota
	postgresDialect
)

// begin returns the statements that begin a transaction. In PostgreSQL a lock
// of the schema lets one transaction write at a time; it is waited for before
// the first reading statement, so that this one sees what the last left.
func (d dialect) begin() []string {
	if d == sqliteDialect {
		return []string{"BEGIN IMMEDIATE"}
	}
	return []string{
		"BEGIN ISOLATION LEVEL READ COMMITTED",
		"SELECT pg_advisory_xact_lock(hashtextextended(coalesce(current_schema(), ''), 4711))",
	}
}

// openSQLite opens a file with one connection that writes and several that
// read, or a private database, which has only the one.
//
// Commits wait for the disk (synchronous=FULL): what a room has acknowledged
// outlives a loss of power. The log is copied into the file every 64 MB, as a
// big scan writes the same pages of the indexes over and over.
func openSQLite(_ context.Context, path string) (*DB, error) {
	if path == "" {
		return nil, harrier.Errorf(harrier.Invalid, "the database has no path")
	}
	again := opened.Add(1) > 1
	common := []string{"busy_timeout(10000)", "temp_store(memory)"}
	if path == ":memory:" {
		writes, err := sqliteDB("file::memory:", common)
		if err != nil {
			return nil, err
		}
		writes.SetMaxOpenConns(1)
		return &DB{driver: sqliteDialect, writes: writes, again: again}, nil
	}
	if again {
		if err := layDown(path); err != nil {
			return nil, err
		}
	}
	file := "file:" + (&url.URL{Path: path}).EscapedPath()
	writes, err := sqliteDB(file, append(slices.Clone(common), "journal_mode(wal)", "synchronous(full)",
		"wal_autocheckpoint(16000)", "journal_size_limit(67108864)", "cache_size(-131072)"))
	if err != nil {
		return nil, err
	}
	writes.SetMaxOpenConns(1)
	reads, err := sqliteDB(file, append(slices.Clone(common), "query_only(1)", "cache_size(-16384)", "mmap_size(1073741824)"))
	if err != nil {
		return nil, err
	}
	reads.SetMaxOpenConns(max(4, 2*runtime.NumCPU()))
	reads.SetMaxIdleConns(max(4, 2*runtime.NumCPU()))
	return &DB{driver: sqliteDialect, reads: reads, writes: writes}, nil
}

func sqliteDB(file string, pragmas []string) (*sql.DB, error) {
	engine, err := sqliteEngine()
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector{engine, file + "?" + url.Values{"_pragma": pragmas}.Encode()}), nil
}

// lowerFunction is Go's strings.ToLower in SQL.
const lowerFunction = "harrier_lower"

// sqliteEngine returns the driver with our function: our own copy, so that
// nothing is registered for the whole process.
var sqliteEngine = sync.OnceValues(func() (*sqlite.Driver, error) {
	engine := new(sqlite.Driver)
	err := engine.RegisterDeterministicScalarFunction(lowerFunction, 1,
		func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			s, _ := args[0].(string)
			return strings.ToLower(s), nil
		})
	if err != nil {
		return nil, fmt.Errorf("register %s: %w", lowerFunction, err)
	}
	err = engine.RegisterDeterministicScalarFunction(matchFunction, 2,
		func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			s, _ := args[0].(string)
			pattern, _ := args[1].(string)
			re, err := compilePattern(pattern)
			if err != nil {
				return nil, err
			}
			return re.MatchString(s), nil
		})
	if err != nil {
		return nil, fmt.Errorf("register %s: %w", matchFunction, err)
	}
	if err := engine.RegisterModule(rowsModule, rowModule{}); err != nil {
		return nil, fmt.Errorf("register %s: %w", rowsModule, err)
	}
	return engine, nil
})

// connector opens connections to one database file.
type connector struct {
	engine *sqlite.Driver
	file   string
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.engine.Open(c.file) }

func (c connector) Driver() driver.Driver { return c.engine }

// openPostgres opens a pool at a postgres:// address.
func openPostgres(_ context.Context, address string) (*DB, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		// The cause can hold the password.
		return nil, harrier.Errorf(harrier.Invalid, "the address of the database can not be read")
	}
	// Compiling a query takes longer than running ours: hundreds of milliseconds
	// for sums under exceptions.
	if _, said := config.RuntimeParams["jit"]; !said {
		config.RuntimeParams["jit"] = "off"
	}
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(16)
	pool.SetMaxIdleConns(8)
	return &DB{driver: postgresDialect, reads: pool, writes: pool}, nil
}

//go:embed migrations
var migrations embed.FS

// migrate brings the schema up to date.
func (db *DB) migrate(ctx context.Context) error {
	if db.again {
		return db.fill(ctx)
	}
	return db.runMigrations(ctx)
}

// runMigrations runs the migrations that the database has not seen. Two processes that start at the same
// time on one PostgreSQL wait for each other.
func (db *DB) runMigrations(ctx context.Context) error {
	name, kind := "sqlite", goose.DialectSQLite3
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if db.driver == postgresDialect {
		name, kind = "postgres", goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return fmt.Errorf("lock for the migration: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	files, err := fs.Sub(migrations, "migrations/"+name)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if err := db.writes.PingContext(ctx); err != nil {
		return openError(err)
	}
	goosed, err := goose.NewProvider(kind, db.writes, files, options...)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	have, newest, err := goosed.GetVersions(ctx)
	switch {
	case err != nil:
		return openError(err)
	case have > newest:
		return harrier.Errorf(harrier.Invalid,
			"the database has schema %d, made by a newer version of Harrier; this one knows up to %d", have, newest)
	}
	if _, err := goosed.Up(ctx); err != nil {
		return openError(fmt.Errorf("bring the schema up to date: %w", err))
	}
	return nil
}

// openError is wrap for the time of opening, when every fault of the database
// means that it can not serve.
func openError(err error) error {
	err = wrap(err)
	if harrier.KindOf(err) == harrier.Internal {
		return harrier.Errorf(harrier.Unavailable, "the database can not be opened").Because(err)
	}
	return fmt.Errorf("open the database: %w", err)
}
