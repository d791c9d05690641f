package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/harrier-scan/harrier"
)

// PutThings stores what software an asset has, in the place of what it had.
func (db *DB) PutThings(ctx context.Context, asset harrier.ID, list []harrier.Placed) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		have, err := db.ThingsOf(ctx, asset)
		if err != nil {
			return err
		}
		list = slices.Clone(list)
		slices.SortFunc(list, comparePlaced)
		if slices.EqualFunc(have, list, func(a, b harrier.Placed) bool { return comparePlaced(a, b) == 0 && a.Subject == b.Subject }) {
			return nil
		}
		if err := db.putThings(ctx, asset, list); err != nil {
			return fmt.Errorf("put things of asset %d: %w", asset, err)
		}
		return nil
	})
}

func comparePlaced(a, b harrier.Placed) int {
	return cmp.Or(a.Endpoint.Compare(b.Endpoint), cmp.Compare(a.Key, b.Key))
}

func (db *DB) putThings(ctx context.Context, asset harrier.ID, list []harrier.Placed) error {
	if _, err := db.exec(ctx, "DELETE FROM asset_thing WHERE asset = $1", int64(asset)); err != nil {
		return err
	}
	rows := make([][]any, len(list))
	for i, p := range list {
		id, err := db.thing(ctx, p)
		if err != nil {
			return err
		}
		rows[i] = []any{int64(asset), clean(string(p.Protocol)), int64(p.Port), clean(p.Key), id}
	}
	_, err := db.bulk(ctx, `INSERT INTO asset_thing (asset, protocol, port, instance, thing) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (asset, protocol, port, instance) DO UPDATE SET thing = excluded.thing`, rows)
	return err
}

// thing returns the ID of the subject of p, which may be new.
func (db *DB) thing(ctx context.Context, p harrier.Placed) (id int64, err error) {
	found, err := db.one(ctx, "SELECT id FROM thing WHERE subject = $1", []any{clean(p.Subject)}, &id)
	if err != nil || found {
		return id, err
	}
	if _, err := db.one(ctx, "INSERT INTO thing (subject, verdict) VALUES ($1, $2) RETURNING id", []any{clean(p.Subject), clean(p.Verdict)}, &id); err != nil {
		return 0, err
	}
	rows := make([][]any, len(p.Asks))
	for i, key := range p.Asks {
		rows[i] = []any{clean(key), id}
	}
	_, err = db.bulk(ctx, "INSERT INTO thing_key (name, thing) VALUES ($1, $2) ON CONFLICT DO NOTHING", rows)
	return id, err
}

// ThingsOf returns what software an asset has, by endpoint and key, without what
// is asked about it.
func (db *DB) ThingsOf(ctx context.Context, asset harrier.ID) ([]harrier.Placed, error) {
	var out []harrier.Placed
	err := db.rows(ctx, `SELECT a.protocol, a.port, a.instance, t.subject FROM asset_thing a JOIN thing t ON t.id = a.thing WHERE a.asset = $1`,
		[]any{int64(asset)}, func(scan func(...any) error) error {
			var p harrier.Placed
			err := scan(&p.Protocol, &p.Port, &p.Key, &p.Subject)
			out = append(out, p)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read things of asset %d: %w", asset, err)
	}
	slices.SortFunc(out, comparePlaced)
	return out, nil
}

// Subjects returns the subjects with an ID above after, by rising ID, at most
// limit of them.
func (db *DB) Subjects(ctx context.Context, after harrier.ID, limit int) ([]harrier.Subject, error) {
	return db.subjects(ctx, "WHERE id > $1 ORDER BY id LIMIT $2", int64(after), int64(limit))
}

// SubjectsAsking returns the subjects about which one of the keys is asked, by
// rising ID.
func (db *DB) SubjectsAsking(ctx context.Context, keys []string) ([]harrier.Subject, error) {
	var out []harrier.Subject
	for part := range slices.Chunk(keys, 500) {
		args := make([]any, len(part))
		for i, k := range part {
			args[i] = clean(k)
		}
		list, err := db.subjects(ctx, "WHERE id IN (SELECT thing FROM thing_key WHERE name IN ("+placeholders(len(args))+"))", args...)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	slices.SortFunc(out, func(a, b harrier.Subject) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(out, func(a, b harrier.Subject) bool { return a.ID == b.ID }), nil
}

func (db *DB) subjects(ctx context.Context, tail string, args ...any) ([]harrier.Subject, error) {
	var out []harrier.Subject
	err := db.rows(ctx, "SELECT id, subject, verdict FROM thing "+tail, args, func(scan func(...any) error) error {
		var s harrier.Subject
		err := scan(&s.ID, &s.Text, &s.Verdict)
		out = append(out, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read subjects: %w", err)
	}
	return out, nil
}

// PutVerdicts stores the verdicts of subjects. One that is gone is left out.
func (db *DB) PutVerdicts(ctx context.Context, list []harrier.Subject) error {
	rows := make([][]any, len(list))
	for i, s := range list {
		rows[i] = []any{clean(s.Verdict), int64(s.ID)}
	}
	if _, err := db.bulk(ctx, "UPDATE thing SET verdict = $1 WHERE id = $2", rows); err != nil {
		return fmt.Errorf("put verdicts: %w", err)
	}
	return nil
}

// ForgetSubjects removes the subjects that no asset has any more.
func (db *DB) ForgetSubjects(ctx context.Context) error {
	for _, text := range []string{
		"DELETE FROM thing WHERE NOT EXISTS (SELECT 1 FROM asset_thing a WHERE a.thing = thing.id)",
		"DELETE FROM thing_key WHERE NOT EXISTS (SELECT 1 FROM thing t WHERE t.id = thing_key.thing)",
	} {
		if _, err := db.exec(ctx, text); err != nil {
			return fmt.Errorf("forget subjects: %w", err)
		}
	}
	return nil
}

// PutInventory stores the list of an asset's packages over an earlier one.
func (db *DB) PutInventory(ctx context.Context, asset harrier.ID, inv harrier.Inventory) error {
	data, err := db.pack.json(inv)
	if err != nil {
		return fmt.Errorf("put inventory: %w", err)
	}
	if _, err := db.exec(ctx, `INSERT INTO inventory (asset, collected, data) VALUES ($1, $2, $3)
		ON CONFLICT (asset) DO UPDATE SET collected = excluded.collected, data = excluded.data`, int64(asset), micros(inv.Collected), data); err != nil {
		return fmt.Errorf("put inventory of asset %d: %w", asset, err)
	}
	return nil
}

// Inventory returns the list of an asset's packages, and whether there is one.
func (db *DB) Inventory(ctx context.Context, asset harrier.ID) (inv harrier.Inventory, found bool, err error) {
	var data []byte
	found, err = db.one(ctx, "SELECT data FROM inventory WHERE asset = $1", []any{int64(asset)}, &data)
	if err == nil && found {
		err = db.pack.fromJSON(data, &inv)
	}
	if err != nil {
		return inv, false, fmt.Errorf("read inventory of asset %d: %w", asset, err)
	}
	return inv, found, nil
}
