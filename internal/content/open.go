package content

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
)

// fileKeeper reads a base file.
type fileKeeper struct {
	db      *sql.DB
	head    header
	counts  []harrier.Family
	squeeze *squeezer
	sources map[int32]string

	statement, vuln, exists, record, byName, bearers, list *sql.Stmt
}

// Open opens a base file, whose content the caller has verified. It answers
// NotFound when there is none, Invalid for a file that is no base, is damaged at
// first sight, or that another version of this program has made, and Unavailable
// when it can not be read. Another file may take the place of an open one, which
// goes on answering.
func Open(path string) (*Base, error) {
	if err := checkHeader(path); err != nil {
		return nil, err
	}
	k := &fileKeeper{db: openFile(path, false), sources: map[int32]string{}}
	if err := k.load(); err != nil {
		_ = k.close() // the first fault tells more
		if harrier.KindOf(err) != harrier.Internal {
			return nil, err
		}
		return nil, harrier.Errorf(harrier.Invalid, "%s is damaged: %v", path, err).Because(err)
	}
	return newBase(k), nil
}

// checkHeader sees whether a file can be a whole SQLite database: its first
// bytes, and its size against the number of its pages.
//
// Source: "Database File Format" of SQLite, section 1.3.
func checkHeader(path string) error {
	f, err := os.Open(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return harrier.Errorf(harrier.NotFound, "there is no content at %s", path).Because(err)
	case err != nil:
		return unavailable("open content", err)
	}
	defer f.Close()
	head := make([]byte, 100)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return unavailable("open content", err)
	}
	if n < len(head) || !bytes.HasPrefix(head, []byte("SQLite format 3\x00")) {
		return harrier.Errorf(harrier.Invalid, "%s is no content base", path)
	}
	page := int64(head[16])<<8 | int64(head[17])
	if page == 1 {
		page = 65536
	}
	pages := int64(head[28])<<24 | int64(head[29])<<16 | int64(head[30])<<8 | int64(head[31])
	info, err := f.Stat()
	if err != nil {
		return unavailable("open content", err)
	}
	if info.Size() != page*pages {
		return harrier.Errorf(harrier.Invalid, "%s is damaged: it has %d bytes and should have %d", path, info.Size(), page*pages)
	}
	return nil
}

func (k *fileKeeper) load() error {
	ctx := context.Background()
	meta := map[string][]byte{}
	rows, err := k.db.QueryContext(ctx, "SELECT key, value FROM meta")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var value []byte
		if err := rows.Scan(&key, &value); err != nil {
			return err
		}
		meta[key] = value
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if have := string(meta[metaFormat]); have != formatVersion {
		return harrier.Errorf(harrier.Invalid, "the content has the format %q, this program reads %q", have, formatVersion)
	}
	if err := k.loadMeta(meta); err != nil {
		return err
	}
	if err := k.loadSources(ctx); err != nil {
		return err
	}
	for to, query := range map[**sql.Stmt]string{
		&k.statement: "SELECT body FROM statement WHERE key = ?",
		&k.vuln:      "SELECT body FROM vuln WHERE id = ?",
		&k.exists:    "SELECT records FROM vuln WHERE id = ?",
		&k.record:    "SELECT body FROM record WHERE n = ?",
		&k.byName:    "SELECT id FROM vuln WHERE upper(name) = ? AND id < 1000000000",
		&k.bearers:   "SELECT r.vulns FROM name n JOIN record r ON r.n = n.record WHERE n.name = ? LIMIT 1000",
		&k.list: `SELECT id, severity, title FROM vuln WHERE withdrawn = 0 AND family = (SELECT n FROM family WHERE name = ?)
			ORDER BY id LIMIT ? OFFSET ?`,
	} {
		if *to, err = k.db.PrepareContext(ctx, query); err != nil { //nolint:sqlclosecheck // they end with the database
			return err
		}
	}
	return nil
}

func (k *fileKeeper) loadMeta(meta map[string][]byte) (err error) {
	created, err := strconv.ParseInt(string(meta[metaCreated]), 10, 64)
	if err != nil {
		return fmt.Errorf("created: %w", err)
	}
	k.head.info = Info{Version: string(meta[metaVersion]), Created: fromMicros(created)}
	var counts []familyCount
	if err := json.Unmarshal(meta[metaFamilies], &counts); err != nil {
		return fmt.Errorf("families: %w", err)
	}
	for _, f := range counts {
		k.counts = append(k.counts, harrier.Family{Name: f.Name, Count: f.Count})
	}
	if k.head.gone, err = unpackNumbers[harrier.VulnID](meta[metaWithdrawn]); err != nil {
		return fmt.Errorf("withdrawn: %w", err)
	}
	k.squeeze, err = newSqueezer(meta[metaSample], false)
	return err
}

func (k *fileKeeper) loadSources(ctx context.Context) error {
	rows, err := k.db.QueryContext(ctx, "SELECT n, name, title, publisher, home, licence, notice, class, fetched, records, bad FROM source ORDER BY name")
	if err != nil {
		return err
	}
	defer rows.Close()
	k.head.classes = map[string]feed.Class{}
	for rows.Next() {
		var s Source
		var n int32
		var fetched int64
		if err := rows.Scan(&n, &s.Name, &s.Title, &s.Publisher, &s.Home, &s.Licence, &s.Notice, &s.Class, &fetched, &s.Records, &s.Bad); err != nil {
			return err
		}
		s.Fetched = fromMicros(fetched)
		k.head.info.Sources = append(k.head.info.Sources, s)
		k.head.classes[s.Name] = s.Class
		k.sources[n] = s.Name
	}
	return rows.Err()
}

func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

func (k *fileKeeper) close() error {
	err := k.db.Close()
	if k.squeeze != nil {
		k.squeeze.close()
	}
	return err
}

func (k *fileKeeper) header() (*header, error) { return &k.head, nil }

func (k *fileKeeper) families() ([]harrier.Family, error) { return k.counts, nil }

// blob reads one value; nil when there is no row.
func blob(s *sql.Stmt, arg any) ([]byte, error) {
	var b []byte
	err := s.QueryRowContext(context.Background(), arg).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if b == nil {
		b = []byte{}
	}
	return b, err
}

func (k *fileKeeper) statements(key string) ([]harrier.Statement, int, error) {
	b, err := blob(k.statement, key)
	if err != nil || b == nil {
		return nil, 0, err
	}
	if b, err = k.squeeze.unsqueeze(b); err != nil {
		return nil, 0, fmt.Errorf("statements of %s: %w", key, err)
	}
	list, size, err := statementsOf(b, k.head.isGone)
	if err != nil {
		return nil, 0, fmt.Errorf("statements of %s: %w", key, err)
	}
	return list, size, nil
}

func (k *fileKeeper) definition(id harrier.VulnID) (v harrier.Vulnerability, size int, found bool, err error) {
	b, err := blob(k.vuln, id)
	if err != nil || b == nil {
		return v, 0, false, err
	}
	if b, err = k.squeeze.unsqueeze(b); err != nil {
		return v, 0, false, fmt.Errorf("vulnerability %d: %w", id, err)
	}
	if err = vulnCodec.decode(b, &v); err != nil {
		return v, 0, false, fmt.Errorf("vulnerability %d: %w", id, err)
	}
	return v, 2 * len(b), true, nil
}

func (k *fileKeeper) has(id harrier.VulnID) (bool, error) {
	b, err := blob(k.exists, id)
	return b != nil, err
}

func (k *fileKeeper) records(id harrier.VulnID) ([]harrier.Record, error) {
	b, err := blob(k.exists, id)
	if err != nil || b == nil {
		return nil, err
	}
	numbers, err := unpackNumbers[int32](b)
	if err != nil {
		return nil, err
	}
	var out []harrier.Record
	for _, n := range numbers {
		body, err := blob(k.record, n)
		if err != nil {
			return nil, err
		}
		if body, err = k.squeeze.unsqueeze(body); err != nil {
			return nil, fmt.Errorf("record %d: %w", n, err)
		}
		var r harrier.Record
		if err := recordCodec.decode(body, &r); err != nil {
			return nil, fmt.Errorf("record %d: %w", n, err)
		}
		out = append(out, r)
	}
	readOrder(out, func(s string) feed.Class { return k.head.classes[s] })
	return out, nil
}

func (k *fileKeeper) numbers(folded string) ([]harrier.VulnID, error) {
	own, err := k.ids(k.byName, folded, func(rows *sql.Rows) ([]harrier.VulnID, error) {
		var id harrier.VulnID
		err := rows.Scan(&id)
		return []harrier.VulnID{id}, err
	})
	if err != nil || len(own) > 0 {
		return own, err
	}
	return k.ids(k.bearers, folded, func(rows *sql.Rows) ([]harrier.VulnID, error) {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, err
		}
		return unpackNumbers[harrier.VulnID](b)
	})
}

// ids collects numbers from rows, each once, by rising number.
func (k *fileKeeper) ids(s *sql.Stmt, arg any, of func(rows *sql.Rows) ([]harrier.VulnID, error)) ([]harrier.VulnID, error) {
	rows, err := s.QueryContext(context.Background(), arg)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []harrier.VulnID
	for rows.Next() {
		list, err := of(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	slices.Sort(out)
	return slices.Compact(out), rows.Err()
}

func (k *fileKeeper) family(name string, offset, limit int) ([]Light, error) {
	if limit == 0 {
		limit = -1
	}
	rows, err := k.list.QueryContext(context.Background(), name, limit, offset)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Light
	for rows.Next() {
		var l Light
		if err := rows.Scan(&l.ID, &l.Severity, &l.Name); err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, rows.Err()
}
