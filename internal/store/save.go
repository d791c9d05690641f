package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/harrier-scan/harrier"
)

// saver is one call of SaveFindings.
type saver struct {
	db           *DB
	t            *tx
	open         map[harrier.ID]*harrier.Counts // what open findings of assets change by
	all          map[countKey]int               // what the counts of repositories change by
	repositories map[harrier.ID]harrier.ID      // of the assets, also when the transaction forgets them
	// The arguments of the row before, by column.
	before [findingValues]any
}

type countKey struct {
	repository harrier.ID
	severity   harrier.Severity
	open       bool
}

func newSaver(db *DB, t *tx) *saver {
	return &saver{db: db, t: t, open: map[harrier.ID]*harrier.Counts{}, all: map[countKey]int{}}
}

func (s *saver) check(ctx context.Context, list []*harrier.Finding) error {
	for _, f := range list {
		if len(f.Intervals) == 0 {
			return harrier.Invalidf("intervals", "a finding has none")
		}
		if f.Severity >= harrier.Severities {
			return harrier.Invalidf("severity", "there is no %d", f.Severity)
		}
	}
	err := s.t.learnRepositories(ctx, func(yield func(harrier.ID) bool) {
		for _, f := range list {
			if !yield(f.Asset) {
				return
			}
		}
	})
	s.repositories = s.t.repositories
	return err
}

func (s *saver) save(ctx context.Context, list []*harrier.Finding) error {
	changed, err := s.insert(ctx, list)
	if err != nil {
		return err
	}
	if err := s.update(ctx, changed); err != nil {
		return err
	}
	return s.count(ctx)
}

const insertFinding = `INSERT INTO finding (id, asset, vuln, protocol, port, instance, repository, severity, certainty,
	last_scan, older, first_seen, opened, last_seen, closed, source, service, evidence, origin)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) ON CONFLICT DO NOTHING`

// insert stores the findings without an ID, and returns those of the list that
// are in the database already.
func (s *saver) insert(ctx context.Context, list []*harrier.Finding) ([]*harrier.Finding, error) {
	changed := make([]*harrier.Finding, 0, len(list))
	fresh := make([]*harrier.Finding, 0, len(list))
	for _, f := range list {
		if f.ID == 0 {
			fresh = append(fresh, f)
		} else {
			changed = append(changed, f)
		}
	}
	if len(fresh) == 0 {
		return changed, nil
	}
	// Neighbours in the index of instances are written one after the other.
	slices.SortStableFunc(fresh, compareInstances)
	last, err := s.takeIDs(ctx, len(fresh))
	if err != nil {
		return nil, err
	}
	inserted, err := s.db.bulk(ctx, insertFinding, s.rows(fresh, func(i int) harrier.ID { return last - harrier.ID(len(fresh)-1-i) }))
	if err != nil {
		return nil, err
	}
	taken, err := s.taken(ctx, last, len(fresh), int(inserted))
	if err != nil {
		return nil, err
	}
	var chains []*harrier.Finding
	stored := fresh[:0:len(fresh)]
	for i, f := range fresh {
		if taken[i] {
			if err := s.adopt(ctx, f); err != nil {
				return nil, err
			}
			changed = append(changed, f)
			continue
		}
		f.ID = last - harrier.ID(len(fresh)-1-i)
		stored = append(stored, f)
		s.add(f, 1)
		s.t.fresh = append(s.t.fresh, vulnOf{f.ID, f.Vulnerability})
		if len(f.Intervals) > 1 {
			chains = append(chains, f)
		}
	}
	s.t.remember(stored...)
	return changed, s.putOlder(ctx, chains)
}

// takeIDs takes so many IDs of findings, and returns the last one.
func (s *saver) takeIDs(ctx context.Context, n int) (last harrier.ID, err error) {
	if _, err := s.db.one(ctx, "UPDATE sequence SET last = last + $1 WHERE name = 'finding' RETURNING last", []any{int64(n)}, &last); err != nil {
		return 0, err
	}
	if s.t.last == 0 {
		s.t.before = last - harrier.ID(n)
	}
	s.t.last = last
	return last, nil
}

// rows are the arguments of insertFinding for a list.
func (s *saver) rows(list []*harrier.Finding, id func(i int) harrier.ID) [][]any {
	rows := make([][]any, len(list))
	values := make([]any, 0, findingValues*len(list))
	for i, f := range list {
		from := len(values)
		values = s.row(values, f, id(i))
		rows[i] = values[from:]
	}
	return rows
}

func compareInstances(a, b *harrier.Finding) int {
	if c := cmp.Compare(a.Asset, b.Asset); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Vulnerability, b.Vulnerability); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Protocol, b.Protocol); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Port, b.Port); c != 0 {
		return c
	}
	return cmp.Compare(a.Key, b.Key)
}

// taken says which of the n findings up to the ID last were not inserted,
// because others have their instances.
func (s *saver) taken(ctx context.Context, last harrier.ID, n, inserted int) ([]bool, error) {
	out := make([]bool, n)
	if inserted == n {
		return out, nil
	}
	for i := range out {
		out[i] = true
	}
	err := s.db.rows(ctx, "SELECT id FROM finding WHERE id > $1 AND id <= $2", []any{int64(last) - int64(n), int64(last)},
		func(scan func(...any) error) error {
			var id harrier.ID
			err := scan(&id)
			out[n-1-int(last-id)] = false
			return err
		})
	return out, err
}

// findingValues is how many arguments insertFinding has.
const findingValues = 19

// row adds the arguments of insertFinding to values.
func (s *saver) row(values []any, f *harrier.Finding, id harrier.ID) []any {
	now := f.Intervals[len(f.Intervals)-1]
	from := len(values)
	for _, n := range [...]int64{
		int64(id), int64(f.Asset), int64(f.Vulnerability), 0, int64(f.Port), 0,
		int64(s.repositories[f.Asset]), int64(f.Severity), int64(f.Certainty), int64(f.LastScan),
		int64(len(f.Intervals) - 1), micros(f.Intervals[0].Opened), micros(now.Opened), micros(now.LastSeen),
		micros(now.Closed),
	} {
		values = append(values, s.number(len(values)-from, n))
	}
	values[from+3], values[from+5] = s.text(3, string(f.Protocol)), clean(f.Key)
	return append(values, s.text(15, f.Source), s.text(16, f.Service), clean(f.Evidence), int64(f.Origin))
}

// number is n as an any: that of the row before if it is the same, as it mostly
// is, for an any costs an allocation, unless it is small.
func (s *saver) number(column int, n int64) any {
	if 0 <= n && n < 256 {
		return n
	}
	if was, ok := s.before[column].(int64); !ok || was != n {
		s.before[column] = n
	}
	return s.before[column]
}

func (s *saver) text(column int, text string) any {
	if was, ok := s.before[column].(string); !ok || was != text {
		s.before[column] = clean(text)
	}
	return s.before[column]
}

// adopt gives f the ID of the finding that has its instance already.
func (s *saver) adopt(ctx context.Context, f *harrier.Finding) error {
	old, err := s.db.findings(ctx, "WHERE asset = $1 AND vuln = $2 AND protocol = $3 AND port = $4 AND instance = $5",
		int64(f.Asset), int64(f.Vulnerability), clean(string(f.Protocol)), int64(f.Port), clean(f.Key))
	if err != nil {
		return err
	}
	if len(old) != 1 {
		return fmt.Errorf("finding of asset %d vanished", f.Asset)
	}
	f.ID = old[0].ID
	s.t.remember(old[0])
	return nil
}

const (
	// The usual case of a scan that finds the same again.
	updateSeen = "UPDATE finding SET last_scan = $1, last_seen = $2 WHERE id = $3"
	updateBody = `UPDATE finding SET certainty = $1, last_scan = $2, older = $3, first_seen = $4, opened = $5,
		last_seen = $6, closed = $7, source = $8, service = $9, evidence = $10, origin = $11 WHERE id = $12`
	// With what the indexes are made of.
	updateAll = `UPDATE finding SET asset = $1, vuln = $2, protocol = $3, port = $4, instance = $5, repository = $6,
		severity = $7, certainty = $8, last_scan = $9, older = $10, first_seen = $11, opened = $12, last_seen = $13,
		closed = $14, source = $15, service = $16, evidence = $17, origin = $18 WHERE id = $19`
)

// update stores findings that are in the database, as cheaply as what changed
// allows.
func (s *saver) update(ctx context.Context, list []*harrier.Finding) error {
	var p pending
	if err := s.compareAll(ctx, &p, list); err != nil {
		return err
	}
	return s.write(ctx, &p)
}

// compareAll notes what is to be written of findings that are in the database.
func (s *saver) compareAll(ctx context.Context, p *pending, list []*harrier.Finding) error {
	if err := s.read(ctx, list); err != nil {
		return err
	}
	for _, f := range list {
		old, ok := s.t.known[f.ID]
		if !ok {
			return harrier.Errorf(harrier.NotFound, "no finding %d", f.ID)
		}
		what := compare(old, f)
		if what == changedNothing {
			continue
		}
		if p.ids[f.ID] { // twice in the list
			if err := s.write(ctx, p); err != nil {
				return err
			}
		}
		if err := s.t.learnRepository(ctx, old.Asset); err != nil {
			return err
		}
		if old.Vulnerability != f.Vulnerability {
			if err := s.db.forgetVulns(ctx); err != nil {
				return err
			}
		}
		p.add(s, what, f)
		if what != changedSeen {
			if !slices.EqualFunc(old.Intervals[:len(old.Intervals)-1], f.Intervals[:len(f.Intervals)-1], sameInterval) {
				p.chains = append(p.chains, old)
			}
			s.add(old, -1)
			s.add(f, 1)
		}
		intervals := append(old.Intervals[:0], f.Intervals...)
		*old = *f
		old.Intervals = intervals
	}
	return nil
}

// pending holds updates to be written, none of a finding twice.
type pending struct {
	ids             map[harrier.ID]bool
	seen, body, all [][]any
	chains          []*harrier.Finding // whose older intervals changed, as the transaction remembers them
}

// add takes what is to be written of f.
func (p *pending) add(s *saver, what change, f *harrier.Finding) {
	if p.ids == nil {
		p.ids = map[harrier.ID]bool{}
	}
	p.ids[f.ID] = true
	if what == changedSeen {
		seen := f.Intervals[len(f.Intervals)-1].LastSeen
		p.seen = append(p.seen, []any{s.number(9, int64(f.LastScan)), s.number(13, micros(seen)), int64(f.ID)})
		return
	}
	row := s.row(make([]any, 0, findingValues+1), f, f.ID)
	id := row[0]
	switch what {
	case changedNothing, changedSeen:
	case changedBody:
		p.body = append(p.body, append(row[8:], id))
	case changedKey:
		p.all = append(p.all, append(row[1:], id))
	}
}

func (s *saver) write(ctx context.Context, p *pending) error {
	if _, err := s.db.bulk(ctx, updateSeen, p.seen); err != nil {
		return err
	}
	if _, err := s.db.bulk(ctx, updateBody, p.body); err != nil {
		return err
	}
	if _, err := s.db.bulk(ctx, updateAll, p.all); err != nil {
		return err
	}
	for _, f := range p.chains {
		if _, err := s.db.exec(ctx, "DELETE FROM finding_interval WHERE finding = $1", int64(f.ID)); err != nil {
			return err
		}
	}
	err := s.putOlder(ctx, p.chains)
	*p = pending{}
	return err
}

// putOlder stores the intervals before the newest.
func (s *saver) putOlder(ctx context.Context, list []*harrier.Finding) error {
	var rows [][]any
	for _, f := range list {
		for n, i := range f.Intervals[:len(f.Intervals)-1] {
			rows = append(rows, []any{int64(f.ID), int64(n), micros(i.Opened), micros(i.LastSeen), micros(i.Closed)})
		}
	}
	_, err := s.db.bulk(ctx, `INSERT INTO finding_interval (finding, n, opened, last_seen, closed)
		VALUES ($1, $2, $3, $4, $5)`, rows)
	return err
}

// read makes sure that what stands in the database is known.
func (s *saver) read(ctx context.Context, list []*harrier.Finding) error {
	var ids []any
	for _, f := range list {
		if _, ok := s.t.known[f.ID]; !ok {
			ids = append(ids, int64(f.ID))
		}
	}
	for part := range slices.Chunk(ids, 500) {
		found, err := s.db.findings(ctx, "WHERE id IN ("+placeholders(len(part))+")", part...)
		if err != nil {
			return err
		}
		s.t.remember(found...)
	}
	return nil
}

// change is how much of a finding changed.
type change int

const (
	changedNothing change = iota
	changedSeen           // the last scan and when it saw it
	changedBody           // what no index is made of
	changedKey
)

func compare(old, f *harrier.Finding) change {
	a, b := old.Intervals[len(old.Intervals)-1], f.Intervals[len(f.Intervals)-1]
	switch {
	case old.Asset != f.Asset || old.Vulnerability != f.Vulnerability || old.Port != f.Port || old.Severity != f.Severity ||
		clean(string(old.Protocol)) != clean(string(f.Protocol)) || clean(old.Key) != clean(f.Key):
		return changedKey
	case old.Certainty != f.Certainty || micros(a.Opened) != micros(b.Opened) || micros(a.Closed) != micros(b.Closed) ||
		clean(old.Source) != clean(f.Source) || clean(old.Service) != clean(f.Service) ||
		clean(old.Evidence) != clean(f.Evidence) || old.Origin != f.Origin || !slices.EqualFunc(old.Intervals[:len(old.Intervals)-1],
		f.Intervals[:len(f.Intervals)-1], sameInterval):
		return changedBody
	case old.LastScan != f.LastScan || micros(a.LastSeen) != micros(b.LastSeen):
		return changedSeen
	}
	return changedNothing
}

func sameInterval(a, b harrier.Interval) bool {
	return micros(a.Opened) == micros(b.Opened) && micros(a.LastSeen) == micros(b.LastSeen) && micros(a.Closed) == micros(b.Closed)
}

// add counts f in (by is 1) or out (by is -1).
func (s *saver) add(f *harrier.Finding, by int) {
	open := f.Open()
	s.all[countKey{s.t.repositories[f.Asset], f.Severity, open}] += by
	if !open {
		return
	}
	if s.open[f.Asset] == nil {
		s.open[f.Asset] = new(harrier.Counts)
	}
	s.open[f.Asset][f.Severity] += by
}

// count stores the changes of the counts.
func (s *saver) count(ctx context.Context) error {
	var rows [][]any
	for _, asset := range slices.Sorted(maps.Keys(s.open)) {
		if c := s.open[asset]; *c != (harrier.Counts{}) {
			rows = append(rows, []any{int64(c[0]), int64(c[1]), int64(c[2]), int64(c[3]), int64(c[4]), int64(asset)})
		}
	}
	if _, err := s.db.bulk(ctx, `UPDATE asset SET open0 = open0 + $1, open1 = open1 + $2, open2 = open2 + $3,
		open3 = open3 + $4, open4 = open4 + $5 WHERE id = $6`, rows); err != nil {
		return err
	}
	rows = nil
	for k, n := range s.all {
		if n != 0 {
			rows = append(rows, []any{int64(k.repository), int64(k.severity), int64(b2i(k.open)), int64(n)})
		}
	}
	_, err := s.db.bulk(ctx, `INSERT INTO finding_count (repository, severity, open, count) VALUES ($1, $2, $3, $4)
		ON CONFLICT (repository, severity, open) DO UPDATE SET count = finding_count.count + excluded.count`, rows)
	return err
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
