package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"modernc.org/sqlite/vtab"
)

// rowsTable is a virtual table of SQLite with the rows that bulk works on. Its
// columns are c1, c2 … maxColumns.
const (
	rowsTable  = "temp.bulk_rows"
	rowsModule = "harrier_rows"
	maxColumns = 24
)

// rowSource holds the rows of one connection's table.
type rowSource struct{ rows [][]any }

// rowSources finds the source by the number that the table was made with.
var rowSources struct {
	sync.Map
	last atomic.Int64
}

// newRowSource makes the virtual table on a connection.
func newRowSource(ctx context.Context, conn *sql.Conn) (s *rowSource, forget func(), err error) {
	s = new(rowSource)
	key := strconv.FormatInt(rowSources.last.Add(1), 10)
	rowSources.Store(key, s)
	forget = func() { rowSources.Delete(key) }
	if _, err := conn.ExecContext(ctx, "CREATE VIRTUAL TABLE "+rowsTable+" USING "+rowsModule+"("+key+")"); err != nil {
		forget()
		return nil, nil, err
	}
	return s, forget, nil
}

// rowModule makes rowSources known to SQLite; it is table and module in one.
type rowModule struct{ source *rowSource }

func (rowModule) Create(c vtab.Context, args []string) (vtab.Table, error) {
	s, ok := rowSources.Load(args[len(args)-1])
	if !ok {
		return nil, fmt.Errorf("no rows %q", args)
	}
	columns := make([]string, maxColumns)
	for i := range columns {
		columns[i] = "c" + strconv.Itoa(i+1)
	}
	if err := c.Declare("CREATE TABLE x (" + strings.Join(columns, ", ") + ")"); err != nil {
		return nil, err
	}
	return rowModule{s.(*rowSource)}, nil
}

func (m rowModule) Connect(c vtab.Context, args []string) (vtab.Table, error) {
	return m.Create(c, args)
}

func (rowModule) BestIndex(info *vtab.IndexInfo) error {
	info.EstimatedCost, info.EstimatedRows = 1000, 1000
	return nil
}

func (m rowModule) Open() (vtab.Cursor, error) { return &rowCursor{rows: m.source.rows}, nil }
func (rowModule) Disconnect() error            { return nil }
func (rowModule) Destroy() error               { return nil }

type rowCursor struct {
	rows [][]any
	at   int
}

func (c *rowCursor) Filter(int, string, []vtab.Value) error {
	c.at = 0
	return nil
}

func (c *rowCursor) Next() error {
	c.at++
	return nil
}

func (c *rowCursor) Eof() bool { return c.at >= len(c.rows) }

func (c *rowCursor) Column(i int) (vtab.Value, error) {
	if row := c.rows[c.at]; i < len(row) {
		return row[i], nil
	}
	return nil, nil
}

func (c *rowCursor) Rowid() (int64, error) { return int64(c.at), nil }
func (c *rowCursor) Close() error          { return nil }
