package content

import (
	"bytes"
	"database/sql"
	"errors"
	"maps"
	"slices"

	"github.com/harrier-scan/harrier"
)

// finish works out again what the changes touch.
func (u *updater) finish() (touched []harrier.VulnID, keys []string, err error) {
	for _, r := range u.left {
		if err := u.remove(r); err != nil {
			return nil, nil, err
		}
	}
	if err := u.spread(); err != nil {
		return nil, nil, err
	}
	own, err := u.join()
	if err != nil {
		return nil, nil, err
	}
	changed, err := u.state(own)
	if err != nil {
		return nil, nil, err
	}
	touched, err = u.define(own, changed)
	if err != nil {
		return nil, nil, err
	}
	return touched, slices.Sorted(maps.Keys(changed)), nil
}

// spread adds the records that can speak of other vulnerabilities now, because
// another one with their name has changed.
func (u *updater) spread() error {
	asked := map[string]bool{}
	for _, n := range slices.Sorted(maps.Keys(u.changes)) {
		c := u.changes[n]
		for _, name := range slices.Concat(c.oldNames, c.names) {
			if asked[name] {
				continue
			}
			asked[name] = true
			list, err := u.bearers(name)
			if err != nil {
				return err
			}
			for _, l := range list {
				if l.own == "" || u.changes[l.n] != nil {
					continue
				}
				if err := u.again(l); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// bearer is a record that bears a name.
type bearer struct {
	n     int32
	own   string
	vulns []harrier.VulnID
}

func (u *updater) bearers(name string) ([]bearer, error) {
	rows, err := u.names.QueryContext(u.b.ctx, name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []bearer
	for rows.Next() {
		var l bearer
		var vulns []byte
		if err := rows.Scan(&l.n, &l.own, &vulns); err != nil {
			return nil, err
		}
		if l.vulns, err = unpackNumbers[harrier.VulnID](vulns); err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, rows.Err()
}

// again makes a change of a record that itself stays as it is.
func (u *updater) again(l bearer) error {
	var name recordName
	var source int32
	var body []byte
	err := u.b.tx.QueryRowContext(u.b.ctx, "SELECT source, id, body FROM record WHERE n = ?", l.n).Scan(&source, &name.id, &body)
	if err != nil {
		return err
	}
	name.source = u.b.sourceName(source)
	r, err := u.decode(body)
	if err != nil {
		return err
	}
	c := &change{recordName: name, own: l.own, oldVulns: l.vulns, keys: map[string][]byte{}}
	for _, alias := range namesOf(&r) {
		c.names = append(c.names, fold(alias))
	}
	c.oldNames = c.names
	for _, k := range keysOf(&r) {
		c.oldKeys = append(c.oldKeys, k.key)
		c.keys[k.key] = affectedCodec.encode(&k.affected)
	}
	u.changes[l.n] = c
	return nil
}

// join gives changed records without a CVE their vulnerabilities, and returns
// the names of those that have no CVE id.
func (u *updater) join() (map[harrier.VulnID]string, error) {
	anchors := map[string]joined{}
	alone := map[string][]int32{}
	for n, c := range u.changes {
		if c.own == "" {
			continue
		}
		var j joined
		for _, name := range c.names {
			anchor, known := anchors[name]
			if !known {
				list, err := u.bearers(name)
				if err != nil {
					return nil, err
				}
				for _, l := range list {
					if l.own == "" {
						anchor = anchor.with(l.vulns)
					}
				}
				anchors[name] = anchor
			}
			j = j.of(anchor)
		}
		if c.vulns = j.ids(); len(c.vulns) == 0 {
			alone[c.own] = append(alone[c.own], n)
		}
	}
	own, err := u.number(alone)
	if err != nil {
		return nil, err
	}
	for n, c := range u.changes {
		if c.own != "" {
			if _, err := u.link.ExecContext(u.b.ctx, packNumbers(c.vulns), n); err != nil {
				return nil, err
			}
		}
	}
	return own, nil
}

// number gives names their numbers: those that the base has for them, or new
// ones.
func (u *updater) number(alone map[string][]int32) (map[harrier.VulnID]string, error) {
	var failed error
	ask := func(query string, arg any) (id harrier.VulnID, found bool) {
		err := u.b.tx.QueryRowContext(u.b.ctx, query, arg).Scan(&id)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			failed = errors.Join(failed, err)
		}
		return id, err == nil
	}
	numbers := number(slices.Collect(maps.Keys(alone)), func(name string) (harrier.VulnID, bool) {
		return ask("SELECT id FROM vuln WHERE upper(name) = ? AND id < 1000000000", fold(name))
	}, func(id harrier.VulnID) bool {
		_, used := ask("SELECT id FROM vuln WHERE id = ?", id)
		return used
	})
	own := make(map[harrier.VulnID]string, len(numbers))
	for name, id := range numbers {
		own[id] = name
		for _, n := range alone[name] {
			u.changes[n].vulns = []harrier.VulnID{id}
		}
	}
	return own, failed
}

// state writes the statements of the keys that changed records speak of, and
// returns the keys whose statements are others now.
func (u *updater) state(own map[harrier.VulnID]string) (map[string]bool, error) {
	byKey, ours := map[string][]*change{}, map[recordName]bool{}
	for _, n := range slices.Sorted(maps.Keys(u.changes)) {
		c := u.changes[n]
		ours[c.recordName] = true
		for _, key := range c.oldKeys {
			byKey[key] = append(byKey[key], nil)
		}
		for key := range c.keys {
			byKey[key] = append(byKey[key], c)
		}
	}
	changed := map[string]bool{}
	for key, list := range byKey {
		differs, err := u.stateKey(key, list, ours, own)
		if err != nil {
			return nil, err
		}
		if differs {
			changed[key] = true
		}
	}
	return changed, nil
}

func (u *updater) stateKey(key string, list []*change, ours map[recordName]bool, own map[harrier.VulnID]string) (bool, error) {
	old, err := blob(u.statement, key)
	if err != nil {
		return false, err
	}
	if old != nil {
		if old, err = u.b.squeeze.unsqueeze(old); err != nil {
			return false, err
		}
	}
	groups, err := splitGroups(old)
	if err != nil {
		return false, err
	}
	groups = slices.DeleteFunc(groups, func(g rawGroup) bool { return ours[recordName{g.Source, g.Record}] })
	for _, c := range list {
		if c == nil {
			continue
		}
		g := rawGroup{group: group{Source: c.source, Record: c.id, Vulns: c.vulns}, affected: c.keys[key]}
		for _, id := range c.vulns {
			if id.CVE() == "" {
				g.Names = append(g.Names, own[id])
			}
		}
		groups = append(groups, g)
	}
	now := encodeGroups(groups)
	switch {
	case bytes.Equal(now, old):
		return false, nil
	case len(groups) == 0:
		_, err = u.b.tx.ExecContext(u.b.ctx, "DELETE FROM statement WHERE key = ?", key)
	default:
		_, err = u.b.tx.ExecContext(u.b.ctx, "INSERT INTO statement (key, body) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET body = excluded.body",
			key, u.b.squeeze.squeeze(now, false))
	}
	return true, err
}

// define writes the definitions that changed records speak of or spoke of. Keys
// of vulnerabilities that were withdrawn, or are no longer, are added to
// changed.
func (u *updater) define(own map[harrier.VulnID]string, changed map[string]bool) ([]harrier.VulnID, error) {
	gained := map[harrier.VulnID][]int32{}
	all := map[harrier.VulnID]bool{}
	for n, c := range u.changes {
		for _, id := range c.vulns {
			gained[id] = append(gained[id], n)
			all[id] = true
		}
		for _, id := range c.oldVulns {
			all[id] = true
		}
	}
	w, err := u.b.newDefiner()
	if err != nil {
		return nil, err
	}
	defer w.close()
	touched := slices.Sorted(maps.Keys(all))
	for _, id := range touched {
		if err := u.defineOne(w, id, own[id], gained[id], changed); err != nil {
			return nil, err
		}
	}
	return touched, nil
}

func (u *updater) defineOne(w *definer, id harrier.VulnID, name string, gained []int32, changed map[string]bool) error {
	var withdrawn bool
	var packed, body []byte
	var oldName string
	err := u.b.tx.QueryRowContext(u.b.ctx, "SELECT name, withdrawn, records, body FROM vuln WHERE id = ?", id).Scan(&oldName, &withdrawn, &packed, &body)
	known := err == nil
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	records, err := unpackNumbers[int32](packed)
	if err != nil {
		return err
	}
	records = slices.DeleteFunc(records, func(n int32) bool { return u.changes[n] != nil })
	records = append(records, gained...)
	slices.Sort(records)
	if len(records) == 0 {
		_, err := u.b.tx.ExecContext(u.b.ctx, "DELETE FROM vuln WHERE id = ?", id)
		return err
	}
	switch {
	case id.CVE() != "":
		name = id.CVE()
	case name == "":
		name = oldName
	}
	v, err := w.merged(id, name, records)
	if err != nil {
		return err
	}
	now := vulnCodec.encode(&v)
	if known {
		if body, err = u.b.squeeze.unsqueeze(body); err != nil {
			return err
		}
		if bytes.Equal(now, body) && bytes.Equal(packed, packNumbers(records)) {
			return nil
		}
	}
	if withdrawn != !v.Withdrawn.IsZero() {
		if err := u.keysOf(w, records, changed); err != nil {
			return err
		}
	}
	return w.write(&v, name, records, now)
}

// keysOf notes all keys that records speak of.
func (u *updater) keysOf(w *definer, records []int32, changed map[string]bool) error {
	for _, n := range records {
		r, err := w.record(n)
		if err != nil {
			return err
		}
		for _, k := range keysOf(&r.record) {
			changed[k.key] = true
		}
	}
	return nil
}
