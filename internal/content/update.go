package content

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
)

// Update makes a new base out of an old one and what has changed since: records
// that changed puts to b take the place of those with their source and ID, or
// are new; see also Builder.Remove and Builder.Sync. Only what they touch is
// worked out again. The result is that of a new base of all records, but that
// numbers of names without a CVE id stay where they are.
//
// It returns the numbers of the vulnerabilities that changed records speak of or
// spoke of, and the keys whose statements are others now, both in order; among
// the keys can be some that differ only in what was withdrawn before. The new
// file may have the path of the old one, which stays readable for who has it
// open. Errors are those of Open and NewBuilder, what changed answers, and
// Invalid for a source that changes its class: such a base is built anew.
func Update(old, path string, changed func(b *Builder) error) (touched []harrier.VulnID, keys []string, err error) {
	if err := checkHeader(old); err != nil {
		return nil, nil, err
	}
	b := newBuilder(path, Options{})
	defer b.Abandon()
	if err := b.reopen(old); err != nil {
		return nil, nil, unavailable("update content", err)
	}
	if err := changed(b); err != nil {
		return nil, nil, err
	}
	for name, class := range b.update.classes {
		if b.sources[name].Class != class && b.sources[name].Records > 0 {
			return nil, nil, harrier.Errorf(harrier.Invalid, "the source %s is of the class %s now and was %s: the content must be built anew", name, b.sources[name].Class, class)
		}
	}
	if touched, keys, err = b.update.finish(); err != nil {
		return nil, nil, unavailable("update content", err)
	}
	return touched, keys, b.complete()
}

// reopen starts a Builder on a copy of a base.
func (b *Builder) reopen(old string) error {
	k, err := Open(old)
	if err != nil {
		return err
	}
	defer k.Close()
	if err := b.copyFrom(old); err != nil {
		return err
	}
	b.db = openFile(b.part, true)
	if err := b.begin(); err != nil {
		return err
	}
	from := k.from.(*fileKeeper)
	for n, name := range from.sources {
		b.numbers[name] = n
		for int(n) > len(b.sourceNames) {
			b.sourceNames = append(b.sourceNames, "")
		}
		b.sourceNames[n-1] = name
	}
	u := &updater{b: b, changes: map[int32]*change{}, left: map[int32]recordName{}}
	u.classes = maps.Clone(from.head.classes)
	for _, s := range from.head.info.Sources {
		b.sources[s.Name] = &s
	}
	var sum []byte
	for to, query := range map[any]string{
		&b.sample: "SELECT value FROM meta WHERE key = 'sample'",
		&sum:      "SELECT value FROM meta WHERE key = 'sum'",
		&u.last:   "SELECT coalesce(max(n), 0) FROM record",
	} {
		if err := b.tx.QueryRowContext(b.ctx, query).Scan(to); err != nil {
			return fmt.Errorf("%s: %w", query, err)
		}
	}
	if copy(b.sum[:], sum) != len(b.sum) {
		return errDamaged
	}
	if b.squeeze, err = newSqueezer(b.sample, true); err != nil {
		return err
	}
	b.update = u
	return u.prepare()
}

func (b *Builder) copyFrom(old string) error {
	from, err := os.Open(old)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := createPart(b.path)
	if err != nil {
		return err
	}
	b.part = to.Name()
	_, err = io.Copy(to, from) // in the kernel, where it can
	return errors.Join(err, to.Close())
}

// updater works out what changes touch.
type updater struct {
	b       *Builder
	changes map[int32]*change // by record
	last    int32             // the greatest number of a record
	left    map[int32]recordName
	classes map[string]feed.Class

	find, names, drop, name, link, statement *sql.Stmt
}

// recordName is what names a record.
type recordName struct{ source, id string }

// change is what has become of a record.
type change struct {
	recordName
	gone     bool
	own      string // as in recordEntry
	oldVulns []harrier.VulnID
	vulns    []harrier.VulnID
	names    []string // folded: those that it has
	oldNames []string
	oldKeys  []string
	keys     map[string][]byte // its statements, encoded
}

func (u *updater) prepare() (err error) {
	for to, query := range map[**sql.Stmt]string{
		&u.find:      "SELECT n, hash, vulns, body FROM record WHERE id = ? AND source = ?",
		&u.names:     "SELECT r.n, r.own, r.vulns FROM name n JOIN record r ON r.n = n.record WHERE n.name = ?",
		&u.drop:      "DELETE FROM name WHERE name = ? AND record = ?",
		&u.name:      "INSERT OR IGNORE INTO name (name, record) VALUES (?, ?)",
		&u.link:      "UPDATE record SET vulns = ? WHERE n = ?",
		&u.statement: "SELECT body FROM statement WHERE key = ?",
	} {
		if *to, err = u.b.tx.PrepareContext(u.b.ctx, query); err != nil { //nolint:sqlclosecheck // they end with the transaction
			return err
		}
	}
	return nil
}

// Remove takes a record away. In a new base, and for one that is not there, it
// does nothing.
func (b *Builder) Remove(source, id string) error {
	if b.update == nil {
		return nil
	}
	return unavailable("update content", b.update.remove(recordName{source, id}))
}

// Sync says that all records of a source come now: those that are not added
// again before the end of the Update are removed.
func (b *Builder) Sync(source string) error {
	n, known := b.numbers[source]
	if b.update == nil || !known {
		return nil
	}
	b.sources[source].Bad = 0
	rows, err := b.tx.QueryContext(b.ctx, "SELECT n, id FROM record INDEXED BY record_id WHERE source = ?", n)
	if err != nil {
		return unavailable("update content", err)
	}
	defer rows.Close()
	for rows.Next() {
		var n int32
		r := recordName{source: source}
		if err := rows.Scan(&n, &r.id); err != nil {
			return unavailable("update content", err)
		}
		b.update.left[n] = r
	}
	return unavailable("update content", rows.Err())
}

// add takes a record that is new or changed.
func (u *updater) add(r *harrier.Record, body []byte) error {
	b := u.b
	name := recordName{r.Source, r.ID}
	n, hash, err := u.old(name, sumOf(body))
	if err != nil {
		return err
	}
	delete(u.left, n)
	if n != 0 && bytes.Equal(hash, sumOf(body)) {
		return nil
	}
	if n == 0 {
		u.last++
		n = u.last
		u.changes[n] = &change{recordName: name}
	} else {
		b.toggle(b.numbers[r.Source], r.ID, hash)
		b.source(r.Source).Records--
	}
	c := u.changes[n]
	for _, name := range c.names {
		if _, err := u.drop.ExecContext(b.ctx, name, n); err != nil {
			return err
		}
	}
	names := namesOf(r)
	c.gone, c.own, c.names, c.vulns = false, "", nil, cvesOf(r)
	if len(c.vulns) == 0 {
		c.own = ownName(names)
	}
	for _, name := range names {
		c.names = append(c.names, fold(name))
		if _, err := u.name.ExecContext(b.ctx, fold(name), n); err != nil {
			return err
		}
	}
	c.keys = map[string][]byte{}
	for _, k := range keysOf(r) {
		c.keys[k.key] = affectedCodec.encode(&k.affected)
	}
	b.source(r.Source).Records++
	return b.write(written{n, b.numbers[r.Source], r.ID, c.own, c.vulns, body})
}

// old finds a record as it is now, 0 for none. One that differs from hash gets
// a change that knows what it was before the update.
func (u *updater) old(name recordName, hash []byte) (n int32, have []byte, err error) {
	var vulns, body []byte
	err = u.find.QueryRowContext(u.b.ctx, name.id, u.b.numbers[name.source]).Scan(&n, &have, &vulns, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, nil
	}
	if err != nil || bytes.Equal(have, hash) || u.changes[n] != nil {
		return n, have, err
	}
	c := &change{recordName: name}
	if c.oldVulns, err = unpackNumbers[harrier.VulnID](vulns); err != nil {
		return 0, nil, err
	}
	r, err := u.decode(body)
	if err != nil {
		return 0, nil, err
	}
	for _, k := range keysOf(&r) {
		c.oldKeys = append(c.oldKeys, k.key)
	}
	for _, alias := range namesOf(&r) {
		c.oldNames = append(c.oldNames, fold(alias))
	}
	c.names = c.oldNames
	u.changes[n] = c
	return n, have, nil
}

func (u *updater) decode(body []byte) (r harrier.Record, err error) {
	plain, err := u.b.squeeze.unsqueeze(body)
	if err != nil {
		return r, err
	}
	return r, recordCodec.decode(plain, &r)
}

func (u *updater) remove(name recordName) error {
	n, hash, err := u.old(name, nil)
	if err != nil || n == 0 {
		return err
	}
	delete(u.left, n)
	c, b := u.changes[n], u.b
	for _, name := range c.names {
		if _, err := u.drop.ExecContext(b.ctx, name, n); err != nil {
			return err
		}
	}
	c.gone, c.own, c.names, c.vulns, c.keys = true, "", nil, nil, nil
	b.toggle(b.numbers[name.source], name.id, hash)
	b.source(name.source).Records--
	_, err = b.tx.ExecContext(b.ctx, "DELETE FROM record WHERE n = ?", n)
	return err
}
