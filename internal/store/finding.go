package store

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/harrier-scan/harrier"
)

const findingColumns = `id, asset, vuln, protocol, port, instance, severity, certainty, last_scan, older,
	opened, last_seen, closed, source, service, evidence, origin`

// scanFinding reads the columns of a finding; of its intervals the newest, and
// how many older ones there are.
func scanFinding(scan func(...any) error, f *harrier.Finding) (older int, err error) {
	var opened, last, closed int64
	err = scan(&f.ID, &f.Asset, &f.Vulnerability, &f.Protocol, &f.Port, &f.Key, &f.Severity, &f.Certainty, &f.LastScan, &older,
		&opened, &last, &closed, &f.Source, &f.Service, &f.Evidence, &f.Origin)
	f.Intervals = chain(older, opened, last, closed)
	return older, err
}

// chain returns intervals of which only the newest is filled in.
func chain(older int, opened, last, closed int64) []harrier.Interval {
	out := make([]harrier.Interval, older+1)
	out[older] = harrier.Interval{Opened: fromMicros(opened), LastSeen: fromMicros(last), Closed: fromMicros(closed)}
	return out
}

// FindingsOf returns the findings of an asset with all of their intervals, in
// the order of their instances.
func (db *DB) FindingsOf(ctx context.Context, asset harrier.ID) ([]*harrier.Finding, error) {
	t := db.tx(ctx)
	if t == nil || db.driver != sqliteDialect {
		list, err := db.findings(ctx, findingsOfAsset, int64(asset))
		t.remember(list...)
		return list, err
	}
	if _, err := t.enter(ctx); err != nil {
		return nil, err
	}
	list, err := t.w.findingsOf(asset)
	if err != nil {
		return nil, fmt.Errorf("read findings: %w", t.fault(err))
	}
	var chains []*harrier.Finding
	for _, f := range list {
		if len(f.Intervals) > 1 {
			chains = append(chains, f)
		}
	}
	err = db.olderIntervals(ctx, chains)
	t.remember(list...)
	return list, err
}

const findingsOfAsset = "WHERE asset = $1 ORDER BY vuln, protocol, port, instance"

// findingsOf reads the findings of an asset around database/sql: a scan reads
// all that is known before it writes, and half of the time would go into
// conversions.
func (w *writer) findingsOf(asset harrier.ID) (list []*harrier.Finding, err error) {
	ctx := context.Background() // one that can end costs SQLite's driver a goroutine
	err = w.conn.Raw(func(conn any) error {
		if w.ofAsset == nil {
			s, err := conn.(driver.ConnPrepareContext).PrepareContext(ctx, "SELECT "+findingColumns+" FROM finding "+findingsOfAsset)
			if err != nil {
				return err
			}
			w.ofAsset = s
		}
		rows, err := w.ofAsset.(driver.StmtQueryContext).QueryContext(ctx, []driver.NamedValue{{Ordinal: 1, Value: int64(asset)}})
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }() // an error in reading shows in Next
		v := make([]driver.Value, len(rows.Columns()))
		for err = rows.Next(v); err == nil; err = rows.Next(v) {
			list = append(list, findingFrom(v))
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	})
	return list, err
}

// findingFrom makes a finding from the columns in findingColumns.
func findingFrom(v []driver.Value) *harrier.Finding {
	number := func(i int) int64 {
		n, _ := v[i].(int64)
		return n
	}
	text := func(i int) string {
		s, _ := v[i].(string)
		return s
	}
	return &harrier.Finding{
		ID: harrier.ID(number(0)), Asset: harrier.ID(number(1)),
		Instance: harrier.Instance{
			Vulnerability: harrier.VulnID(number(2)), Key: text(5),
			Endpoint: harrier.Endpoint{Protocol: harrier.Protocol(text(3)), Port: uint16(number(4))},
		},
		Severity: harrier.Severity(number(6)), Certainty: harrier.Certainty(number(7)), LastScan: harrier.ID(number(8)),
		Intervals: chain(int(number(9)), number(10), number(11), number(12)),
		Source:    text(13), Service: text(14), Evidence: text(15), Origin: harrier.Origin(number(16)),
	}
}

// findings reads findings with all of their intervals.
func (db *DB) findings(ctx context.Context, tail string, args ...any) ([]*harrier.Finding, error) {
	var list []*harrier.Finding
	var chains []*harrier.Finding // those that have older intervals
	err := db.rows(ctx, "SELECT "+findingColumns+" FROM finding "+tail, args, func(scan func(...any) error) error {
		f := new(harrier.Finding)
		older, err := scanFinding(scan, f)
		if list = append(list, f); older > 0 {
			chains = append(chains, f)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read findings: %w", err)
	}
	return list, db.olderIntervals(ctx, chains)
}

// olderIntervals fills in the intervals before the newest.
func (db *DB) olderIntervals(ctx context.Context, list []*harrier.Finding) error {
	for part := range slices.Chunk(list, 500) {
		byID := make(map[harrier.ID]*harrier.Finding, len(part))
		args := make([]any, len(part))
		for i, f := range part {
			byID[f.ID], args[i] = f, int64(f.ID)
		}
		err := db.rows(ctx, "SELECT finding, n, opened, last_seen, closed FROM finding_interval WHERE finding IN ("+
			placeholders(len(args))+")", args, func(scan func(...any) error) error {
			var id harrier.ID
			var n int
			var i harrier.Interval
			if err := scan(&id, &n, moment{&i.Opened}, moment{&i.LastSeen}, moment{&i.Closed}); err != nil {
				return err
			}
			if f := byID[id]; n < len(f.Intervals)-1 {
				f.Intervals[n] = i
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("read intervals: %w", err)
		}
	}
	return nil
}

// SaveFindings stores findings: one without an ID is new, and gets one, or that
// of the finding that the asset has with the same instance already, which it
// replaces; one with an ID replaces what is stored, and may move to another
// asset. Every finding needs an interval and an asset that exists.
//
// The counts of open findings of assets and repositories follow in the same
// transaction. It answers NotFound for an unknown ID or asset, and Conflict when
// a finding moves to where another one is; the transaction can then only be
// rolled back.
func (db *DB) SaveFindings(ctx context.Context, list []*harrier.Finding) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		s := newSaver(db, db.tx(ctx))
		if err := s.check(ctx, list); err != nil {
			return err
		}
		if err := s.save(ctx, list); err != nil {
			err = fmt.Errorf("save findings: %w", err)
			s.t.broken = cmp.Or(s.t.broken, err) // some are written, but not counted
			return err
		}
		db.touchFindings(ctx, list)
		s.t.forget(list)
		return s.t.trim(ctx)
	})
}

// remember notes that findings stand in the database as they say now. A nil t
// has no memory.
func (t *tx) remember(list ...*harrier.Finding) {
	if t == nil {
		return
	}
	if t.known == nil {
		t.known = map[harrier.ID]*harrier.Finding{}
	}
	// One allocation for all: there are thousands in a transaction.
	copies := make([]harrier.Finding, len(list))
	n := 0
	for _, f := range list {
		n += len(f.Intervals)
	}
	intervals := make([]harrier.Interval, 0, n)
	for i, f := range list {
		from := len(intervals)
		intervals = append(intervals, f.Intervals...)
		copies[i] = *f
		copies[i].Intervals = intervals[from:len(intervals):len(intervals)]
		t.known[f.ID] = &copies[i]
	}
}

// maxRemembered is how many findings a transaction remembers after they are
// stored: one that takes over a large file must not grow with it.
const maxRemembered = 50_000

// KnowFindings notes, within a transaction, that findings stand in the database
// as they say, so that they are not read before they are saved.
func (db *DB) KnowFindings(ctx context.Context, list []*harrier.Finding) {
	db.tx(ctx).remember(list...)
}

// forget forgets what can be read again: what was saved rather than what was read
// to be saved next.
func (t *tx) forget(saved []*harrier.Finding) {
	if len(t.known) > maxRemembered {
		for _, f := range saved {
			delete(t.known, f.ID)
		}
	}
	if len(t.known) > maxRemembered {
		t.known = nil
	}
	if len(t.repositories) > maxRemembered {
		t.repositories = nil
	}
}

// trim writes what has gathered.
func (t *tx) trim(ctx context.Context) error {
	if len(t.fresh) < t.db.maxLate {
		return nil
	}
	return t.db.indexVulns(ctx)
}

// learnRepository makes sure that the repository of an asset, which never
// changes, is in t.repositories.
func (t *tx) learnRepository(ctx context.Context, asset harrier.ID) error {
	return t.learnRepositories(ctx, slices.Values([]harrier.ID{asset}))
}

// learnRepositories is learnRepository for many; some may be the same.
func (t *tx) learnRepositories(ctx context.Context, assetIDs iter.Seq[harrier.ID]) error {
	var unknown []harrier.ID
	for id := range assetIDs {
		if _, ok := t.repositories[id]; !ok {
			unknown = append(unknown, id)
		}
	}
	slices.Sort(unknown)
	unknown = slices.Compact(unknown)
	err := in(t.db, "id", numbers(unknown), nil, func(condition string, args []any) error {
		return t.db.rows(ctx, "SELECT id, repository FROM asset WHERE "+condition, args, func(scan func(...any) error) error {
			var id, repository harrier.ID
			err := scan(&id, &repository)
			if t.repositories == nil {
				t.repositories = map[harrier.ID]harrier.ID{}
			}
			t.repositories[id] = repository
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("read repositories of assets: %w", err)
	}
	for _, id := range unknown {
		if _, ok := t.repositories[id]; !ok {
			return assets.missing(id)
		}
	}
	return nil
}

// manyAtOnce is how many rows are asked for by their IDs in one statement.
const manyAtOnce = 32

// idArguments returns manyAtOnce arguments, the last ID again where there are
// fewer, so that the statement is the same and stays prepared.
func idArguments(ids []harrier.ID) []any {
	args := make([]any, manyAtOnce)
	for i := range args {
		args[i] = int64(ids[min(i, len(ids)-1)])
	}
	return args
}
