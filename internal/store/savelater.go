package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/harrier-scan/harrier"
)

// SaveFindingsLater is SaveFindings for a transaction whose caller knows all
// findings of the assets: it returns while the database still takes them in. The
// findings have their IDs then. When one without an ID has the instance of another
// one all the same, the transaction fails with Conflict, at the latest at its
// end. Without a transaction it is SaveFindings.
func (db *DB) SaveFindingsLater(ctx context.Context, list []*harrier.Finding) error {
	t := db.tx(ctx)
	if t == nil {
		return db.SaveFindings(ctx, list)
	}
	s := newSaver(db, t)
	if err := s.check(ctx, list); err != nil {
		return err
	}
	var p pending
	fresh, old, err := s.name(ctx, list)
	if err == nil {
		err = s.compareAll(ctx, &p, old)
	}
	if err == nil {
		err = s.count(ctx)
	}
	if err != nil {
		err = fmt.Errorf("save findings: %w", err)
		t.broken = cmp.Or(t.broken, err)
		return err
	}
	db.touchFindings(ctx, list)
	t.forget(list)
	return t.later(ctx, func(ctx context.Context) error {
		err := s.insertKnown(ctx, fresh)
		if err == nil {
			err = s.write(ctx, &p)
		}
		if err != nil {
			return fmt.Errorf("save findings: %w", err)
		}
		return t.trim(ctx)
	})
}

// name gives the findings without an ID one, and returns what is to be inserted,
// as the transaction remembers it, and the others.
func (s *saver) name(ctx context.Context, list []*harrier.Finding) (fresh, old []*harrier.Finding, err error) {
	for _, f := range list {
		if f.ID == 0 {
			fresh = append(fresh, f)
		} else {
			old = append(old, f)
		}
	}
	if len(fresh) == 0 {
		return nil, old, nil
	}
	// Neighbours in the index of instances are written one after the other.
	slices.SortStableFunc(fresh, compareInstances)
	last, err := s.takeIDs(ctx, len(fresh))
	if err != nil {
		return nil, nil, err
	}
	for i, f := range fresh {
		f.ID = last - harrier.ID(len(fresh)-1-i)
		s.add(f, 1)
	}
	s.t.remember(fresh...)
	for i, f := range fresh {
		fresh[i] = s.t.known[f.ID]
	}
	return fresh, old, nil
}

// insertKnown stores findings that have their IDs.
func (s *saver) insertKnown(ctx context.Context, list []*harrier.Finding) error {
	if len(list) == 0 {
		return nil
	}
	var inserted int64
	var err error
	if s.db.driver == postgresDialect {
		inserted, err = s.copy(ctx, list)
	} else {
		inserted, err = s.db.bulk(ctx, insertFinding, s.rows(list, func(i int) harrier.ID { return list[i].ID }))
	}
	if err != nil {
		return err
	}
	if int(inserted) != len(list) {
		return harrier.Errorf(harrier.Conflict, "an asset has a finding with the same instance already")
	}
	var chains []*harrier.Finding
	for _, f := range list {
		s.t.fresh = append(s.t.fresh, vulnOf{f.ID, f.Vulnerability})
		if len(f.Intervals) > 1 {
			chains = append(chains, f)
		}
	}
	return s.putOlder(ctx, chains)
}

// findingNames are the columns of insertFinding.
var findingNames = []string{
	"id", "asset", "vuln", "protocol", "port", "instance", "repository", "severity", "certainty", "last_scan", "older",
	"first_seen", "opened", "last_seen", "closed", "source", "service", "evidence", "origin",
}

// copy stores findings by COPY, which takes PostgreSQL two thirds of the time of
// INSERT.
func (s *saver) copy(ctx context.Context, list []*harrier.Finding) (n int64, err error) {
	values := make([]any, 0, findingValues)
	i := 0
	rows := pgx.CopyFromFunc(func() ([]any, error) {
		if i == len(list) {
			return nil, nil
		}
		values = s.row(values[:0], list[i], list[i].ID)
		i++
		return values, nil
	})
	err = s.t.w.conn.Raw(func(conn any) error {
		n, err = conn.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{"finding"}, findingNames, rows)
		return err
	})
	return n, s.t.fault(err)
}
