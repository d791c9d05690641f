package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5/stdlib"
	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/columns"
)

// Findings are read by several connections, which take a span of IDs each, and
// put into the copy by one goroutine.

const (
	loadSpan  = 1 << 16 // IDs that a connection reads at a time
	loadBatch = 1 << 10 // findings that are handed over at a time
)

// The numbers of a finding are read as two, because what SQLite costs is the number
// of columns: see unpackNumbers. Protocol, service and source are one text with
// NUL, which no text holds, between them; PostgreSQL has no NUL.
const (
	loadNumbers = `SELECT id, (asset << 32) | last_scan,
		(vuln << 28) | (port << 12) | (severity << 9) | (certainty << 5) | (origin << 1) | (CASE WHEN older > 0 THEN 1 ELSE 0 END),
		opened, last_seen, closed, `
	loadSQLite   = loadNumbers + "protocol || char(0) || service || char(0) || source FROM finding WHERE id BETWEEN ?1 AND ?2"
	loadPostgres = loadNumbers + "protocol, service, source FROM finding WHERE id BETWEEN $1 AND $2"
)

// unpackNumbers takes loadNumbers apart, and reports whether there are older
// intervals.
func unpackNumbers(f *columns.Finding, a, b int64) (older bool) {
	f.Asset, f.Scan = harrier.ID(uint64(a)>>32), harrier.ID(a&(1<<32-1))
	f.Vulnerability, f.Endpoint.Port = harrier.VulnID(b>>28), uint16(b>>12)
	f.Severity, f.Certainty, f.Origin = harrier.Severity(b>>9&7), harrier.Certainty(b>>5&15), harrier.Origin(b>>1&15)
	return b&1 != 0
}

// fits answers ErrTooBig when IDs have grown beyond the bits that they are read
// as.
func (l *loader) fits() (last int64, err error) {
	var asset, scan int64
	err = l.rows(`SELECT (SELECT last FROM sequence WHERE name = 'finding'), coalesce((SELECT max(id) FROM asset), 0),
		coalesce((SELECT max(id) FROM scan), 0)`, func(read func(...any) error) error { return read(&last, &asset, &scan) })
	if err == nil && (last >= 1<<32 || asset >= 1<<32 || scan >= 1<<32) {
		err = columns.ErrTooBig
	}
	return last, err
}

func (l *loader) findings() error {
	last, err := l.fits()
	if err != nil {
		return err
	}
	var next atomic.Int64
	full, empty := make(chan []columns.Finding, 2*loaders), make(chan []columns.Finding, 3*loaders)
	readers, ctx := errgroup.WithContext(l.ctx)
	for _, conn := range l.conns {
		readers.Go(func() error {
			r := spanReader{loader: l, ctx: ctx, conn: conn, full: full, empty: empty, texts: map[string][3]string{}}
			for {
				first := next.Add(loadSpan) - loadSpan
				if first > last {
					return r.hand()
				}
				if err := r.span(first, first+loadSpan-1); err != nil {
					return err
				}
			}
		})
	}
	failed := make(chan error, 1)
	go func() {
		failed <- readers.Wait()
		close(full)
	}()
	var fault error
	for batch := range full {
		for i := 0; i < len(batch) && fault == nil; i++ {
			fault = l.to.PutFinding(&batch[i])
		}
		select {
		case empty <- batch[:0]:
		default:
		}
	}
	if err := <-failed; err != nil {
		return err
	}
	return fault
}

// spanReader is a connection that reads findings.
type spanReader struct {
	*loader
	ctx         context.Context //nolint:containedctx // lives for one call
	conn        *sql.Conn
	full, empty chan []columns.Finding
	batch       []columns.Finding
	texts       map[string][3]string // protocol, service and source by how they are read
}

func (r *spanReader) span(first, last int64) error {
	return r.conn.Raw(func(conn any) error {
		if r.driver == postgresDialect {
			return r.postgres(conn.(*stdlib.Conn), first, last)
		}
		return r.sqlite(conn.(driver.QueryerContext), first, last)
	})
}

// add takes a finding, with its older intervals.
func (r *spanReader) add(f columns.Finding, older bool) error {
	if older {
		f.Older = r.older[f.ID]
	}
	if r.batch = append(r.batch, f); len(r.batch) < loadBatch {
		return nil
	}
	return r.hand()
}

// hand gives what was read away.
func (r *spanReader) hand() error {
	select {
	case r.full <- r.batch:
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
	select {
	case r.batch = <-r.empty:
	default:
		r.batch = make([]columns.Finding, 0, loadBatch)
	}
	return nil
}

// maxTexts bounds the texts that are remembered.
const maxTexts = 10_000

// apart takes the texts of a row apart.
func (r *spanReader) apart(text string) ([3]string, error) {
	if t, known := r.texts[text]; known {
		return t, nil
	}
	parts := strings.Split(text, "\x00")
	if len(parts) != 3 {
		return [3]string{}, fmt.Errorf("the texts of a finding have %d parts", len(parts))
	}
	if len(r.texts) >= maxTexts {
		clear(r.texts)
	}
	t := [3]string(parts)
	r.texts[text] = t
	return t, nil
}

// sqlite reads around database/sql, whose conversions take longer than the rest.
func (r *spanReader) sqlite(conn driver.QueryerContext, first, last int64) error {
	rows, err := conn.QueryContext(context.WithoutCancel(r.ctx), loadSQLite,
		[]driver.NamedValue{{Ordinal: 1, Value: first}, {Ordinal: 2, Value: last}})
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // an error in reading shows in Next
	v := make([]driver.Value, len(rows.Columns()))
	number := func(i int) int64 {
		n, _ := v[i].(int64)
		return n
	}
	for {
		if err := rows.Next(v); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		f := columns.Finding{ID: harrier.ID(number(0)), Span: columns.Span{Opened: number(3), Seen: number(4), Closed: number(5)}}
		older := unpackNumbers(&f, number(1), number(2))
		text, _ := v[6].(string)
		texts, err := r.apart(text)
		if err != nil {
			return err
		}
		f.Endpoint.Protocol, f.Service, f.Source = harrier.Protocol(texts[0]), texts[1], texts[2]
		if err := r.add(f, older); err != nil {
			return err
		}
	}
}

// postgres does the same with the driver below database/sql.
func (r *spanReader) postgres(conn *stdlib.Conn, first, last int64) error {
	rows, err := conn.Conn().Query(r.ctx, loadPostgres, first, last)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var f columns.Finding
		var id, a, b int64
		var protocol string
		if err := rows.Scan(&id, &a, &b, &f.Opened, &f.Seen, &f.Closed, &protocol, &f.Service, &f.Source); err != nil {
			return err
		}
		f.ID, f.Endpoint.Protocol = harrier.ID(id), harrier.Protocol(protocol)
		if err := r.add(f, unpackNumbers(&f, a, b)); err != nil {
			return err
		}
	}
	return rows.Err()
}
