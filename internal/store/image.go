package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"github.com/harrier-scan/harrier"
)

// opened counts the SQLite databases that this process has opened.
var opened atomic.Int64

// image is an empty SQLite database with the newest schema, as the bytes of its
// file. Programs that open one database after another, as tests do, begin with
// it: to run all migrations takes a hundred times as long.
var image = sync.OnceValues(func() ([]byte, error) {
	ctx := context.Background()
	writes, err := sqliteDB("file::memory:", nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = writes.Close() }() // nothing in it is kept
	writes.SetMaxOpenConns(1)
	db := &DB{driver: sqliteDialect, writes: writes}
	if err := db.runMigrations(ctx); err != nil {
		return nil, err
	}
	var data []byte
	err = db.withImage(ctx, func(c imager) error {
		data, err = c.Serialize()
		return err
	})
	return data, err
})

// imager is what a connection of the driver can do with whole databases.
type imager interface {
	Serialize() ([]byte, error)
	Deserialize(data []byte) error
}

func (db *DB) withImage(ctx context.Context, do func(imager) error) error {
	conn, err := db.writes.Conn(ctx)
	if err != nil {
		return openError(err)
	}
	defer func() { _ = conn.Close() }() // it goes back to the pool
	return conn.Raw(func(c any) error {
		if c, ok := c.(imager); ok {
			return do(c)
		}
		return fmt.Errorf("%T has no images: %w", c, sql.ErrConnDone)
	})
}

// fill puts the image into a private database.
func (db *DB) fill(ctx context.Context) error {
	data, err := image()
	if err != nil {
		return err
	}
	return db.withImage(ctx, func(c imager) error { return c.Deserialize(data) })
}

// layDown makes the file of a database that does not exist yet, whole or not at
// all.
func layDown(path string) error {
	if _, err := os.Lstat(path); err == nil || !os.IsNotExist(err) {
		return nil // whatever is wrong with it shows when it is opened
	}
	data, err := image()
	if err != nil {
		return err
	}
	part := path + ".new"
	if err := os.WriteFile(part, data, 0o600); err != nil {
		return harrier.Errorf(harrier.Unavailable, "the database file can not be written").Because(err)
	}
	return os.Rename(part, path)
}
