package content

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
)

// Builder writes a base. Its methods are for one goroutine. A base appears at
// its path when Finish has returned; until then, and when it fails, what was
// there before stays.
type Builder struct {
	directory
	options     Options
	path        string
	part        string // the file that is being written
	ctx         context.Context
	db          *sql.DB
	tx          *sql.Tx
	put         *sql.Stmt // a record
	squeeze     *squeezer // nil until there is a sample
	sample      []byte
	waiting     []written // records that wait for the sample
	sorter      sorter
	info        Info
	sources     map[string]*Source
	numbers     map[string]int32 // of the sources, from 1 on
	sourceNames []string         // by number less one
	sum         [32]byte         // over all records, see toggle
	update      *updater         // nil for a new base
}

// written is a record that is ready for its row.
type written struct {
	n      int32
	source int32
	id     string
	own    string
	vulns  []harrier.VulnID
	body   []byte // encoded
}

// sortBuffer bounds the statements that a Builder holds in memory.
const sortBuffer = 96 << 20

// NewBuilder starts a base that is to be at path; its folder must exist. It
// answers Unavailable when the file can not be written.
func NewBuilder(path string, o Options) (*Builder, error) {
	b := newBuilder(path, o)
	if err := b.open(); err != nil {
		b.Abandon()
		return nil, unavailable("write content", err)
	}
	return b, nil
}

func newBuilder(path string, o Options) *Builder {
	if o.Family == nil {
		o.Family = productFamily
	}
	return &Builder{
		options: o, path: path, ctx: context.Background(),
		sorter:  sorter{folder: filepath.Dir(path), limit: sortBuffer},
		sources: map[string]*Source{}, numbers: map[string]int32{},
		directory: newDirectory(),
	}
}

func (b *Builder) open() error {
	f, err := createPart(b.path)
	if err != nil {
		return err
	}
	b.part = f.Name()
	if err := f.Close(); err != nil {
		return err
	}
	b.db = openFile(b.part, true)
	if err := execAll(b.ctx, b.db, schema); err != nil {
		return err
	}
	return b.begin()
}

// createPart makes the file that becomes the one at path.
func createPart(path string) (*os.File, error) {
	return os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
}

func (b *Builder) begin() (err error) {
	if b.tx, err = b.db.BeginTx(b.ctx, nil); err != nil {
		return err
	}
	b.put, err = b.tx.PrepareContext(b.ctx, "INSERT OR REPLACE INTO record (n, source, id, own, hash, vulns, body) VALUES (?, ?, ?, ?, ?, ?, ?)")
	return err
}

// unavailable is an error about the file that is written or read.
func unavailable(what string, err error) error {
	if err == nil || harrier.KindOf(err) != harrier.Internal {
		return err
	}
	return harrier.Errorf(harrier.Unavailable, "%s: %v", what, err).Because(err)
}

// Add takes a record of a source of a class. A record with the source and ID of
// an earlier one takes its place. One that can not be used is counted with its
// source and passed over; an error is about the file and ends the building.
func (b *Builder) Add(class feed.Class, r *harrier.Record) error {
	if r.Source == "" || len(r.Source) > maxName {
		return nil // nobody to count it for
	}
	c, dropped, ok := clean(r)
	source := b.source(r.Source)
	source.Class = class
	source.Bad += dropped
	if !ok {
		source.Bad++
		return nil
	}
	body := recordCodec.encode(&c)
	if len(body) > maxEncoded {
		source.Bad++
		return nil
	}
	if b.update != nil {
		return unavailable("write content", b.update.add(&c, body))
	}
	return unavailable("write content", b.add(&c, body))
}

// Bad counts records of a source that could not even be read.
func (b *Builder) Bad(source string, n int) {
	if source != "" && len(source) <= maxName {
		b.source(source).Bad += n
	}
}

// Describe notes what is known of sources, and the version and time of the base.
// Counts of records are the Builder's own, those of bad ones are added up.
func (b *Builder) Describe(i Info) {
	if i.Version != "" {
		b.info.Version = i.Version
	}
	if !i.Created.IsZero() {
		b.info.Created = i.Created
	}
	for _, s := range i.Sources {
		if s.Name == "" {
			continue
		}
		have := b.source(s.Name)
		s.Records, s.Bad = have.Records, have.Bad+s.Bad
		*have = s
	}
}

func (b *Builder) source(name string) *Source {
	s, ok := b.sources[name]
	if !ok {
		s = &Source{Name: name, Class: feed.Facts}
		b.sources[name] = s
	}
	if _, ok := b.numbers[name]; !ok {
		b.sourceNames = append(b.sourceNames, name)
		b.numbers[name] = int32(len(b.sourceNames))
	}
	return s
}

func (b *Builder) add(r *harrier.Record, body []byte) error {
	source := b.source(r.Source)
	n, old := b.enter(r, b.numbers[r.Source])
	if old != 0 {
		source.Records--
		if err := b.kill(old); err != nil {
			return err
		}
	}
	source.Records++
	e := b.records[n]
	for _, k := range keysOf(r) {
		if err := b.sorter.add(entry{k.key, n, affectedCodec.encode(&k.affected)}); err != nil {
			return err
		}
	}
	w := written{n, e.source, r.ID, e.own, e.vulns, body}
	if b.squeeze != nil {
		return b.write(w)
	}
	b.waiting = append(b.waiting, w)
	if b.sample = append(b.sample, body[:min(len(body), 4<<10)]...); len(b.sample) < sampleSize {
		return nil
	}
	return b.flush()
}

// kill takes a record away that a later one has replaced.
func (b *Builder) kill(n int32) error {
	if i := slices.IndexFunc(b.waiting, func(w written) bool { return w.n == n }); i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
		return nil
	}
	var id string
	var hash []byte
	if err := b.tx.QueryRowContext(b.ctx, "DELETE FROM record WHERE n = ? RETURNING id, hash", n).Scan(&id, &hash); err != nil {
		return err
	}
	b.toggle(b.records[n].source, id, hash)
	return nil
}

// toggle puts a record into the sum over all records, or takes it out.
func (b *Builder) toggle(source int32, id string, hash []byte) {
	mix(&b.sum, b.sourceName(source), id, hash)
}

// mix puts a record into a sum over records, or takes it out again: the sum does
// not depend on their order.
func mix(sum *[sha256.Size]byte, source, id string, hash []byte) {
	one := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s", source, id, hash))
	for i := range sum {
		sum[i] ^= one[i]
	}
}

func (b *Builder) sourceName(n int32) string { return b.sourceNames[n-1] }

// flush writes the records that have waited for the sample, which is complete.
func (b *Builder) flush() (err error) {
	b.sample = slices.Clip(b.sample[:min(len(b.sample), sampleSize)])
	if len(b.sample) < 16 {
		b.sample = []byte(strings.Repeat("no record at all", 4)) // a sample may not be empty
	}
	if b.squeeze, err = newSqueezer(b.sample, true); err != nil {
		return err
	}
	for _, w := range b.waiting {
		if err := b.write(w); err != nil {
			return err
		}
	}
	b.waiting = nil
	return nil
}

func (b *Builder) write(w written) error {
	hash := sumOf(w.body)
	b.toggle(w.source, w.id, hash)
	_, err := b.put.ExecContext(b.ctx, w.n, w.source, w.id, w.own, hash, packNumbers(w.vulns), b.squeeze.squeeze(w.body, true))
	return err
}

// Finish writes the base, puts it in its place and ends the Builder, also when
// it answers an error.
func (b *Builder) Finish(i Info) error {
	defer b.Abandon()
	b.Describe(i)
	if b.squeeze == nil {
		if err := b.flush(); err != nil {
			return unavailable("write content", err)
		}
	}
	if err := b.resolve(); err != nil {
		return unavailable("write content", err)
	}
	return b.complete()
}

// complete ends the file and puts it in its place.
func (b *Builder) complete() error {
	if err := b.seal(); err != nil {
		return unavailable("write content", err)
	}
	if err := errors.Join(b.put.Close(), b.tx.Commit()); err != nil {
		return unavailable("write content", err)
	}
	b.tx = nil
	err := b.db.Close()
	b.db = nil
	if err != nil {
		return unavailable("write content", err)
	}
	if err := place(b.part, b.path); err != nil {
		return unavailable("write content", err)
	}
	b.part = ""
	return nil
}

// place puts a finished file where it belongs, in one step that a crash can not
// divide.
func place(part, path string) error {
	f, err := os.OpenFile(part, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(part, path)
}

// Abandon ends the Builder without a base. It does nothing after Finish.
func (b *Builder) Abandon() {
	b.sorter.close()
	if b.squeeze != nil {
		b.squeeze.close()
		b.squeeze = nil
	}
	if b.tx != nil {
		_ = b.tx.Rollback() // the file goes away
		b.tx = nil
	}
	if b.db != nil {
		_ = b.db.Close() // likewise
		b.db = nil
	}
	if b.part != "" {
		_ = os.Remove(b.part)
		b.part = ""
	}
}

// seal writes the descriptions and the sums over everything.
func (b *Builder) seal() error {
	if b.info.Created.IsZero() {
		b.info.Created = time.Now()
	}
	if err := b.sealSources(); err != nil {
		return err
	}
	if b.update == nil {
		if err := execAll(b.ctx, b.tx, indexes); err != nil {
			return err
		}
	}
	return b.sealMeta()
}

func (b *Builder) sealSources() error {
	if _, err := b.tx.ExecContext(b.ctx, "DELETE FROM source"); err != nil {
		return err
	}
	for name, s := range b.sources {
		if _, err := b.tx.ExecContext(b.ctx, "INSERT INTO source VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", b.numbers[name], s.Name, s.Title, s.Publisher, s.Home,
			s.Licence, s.Notice, int(s.Class), micros(s.Fetched), s.Records, s.Bad); err != nil {
			return fmt.Errorf("source %s: %w", name, err)
		}
	}
	return nil
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}
