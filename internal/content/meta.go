package content

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/harrier-scan/harrier"
)

// The keys of the table meta.
const (
	metaFormat    = "format"
	metaVersion   = "version"
	metaCreated   = "created" // microseconds since 1970
	metaSample    = "sample"  // that records are compressed against
	metaSum       = "sum"     // over the records, see Builder.toggle
	metaFamilies  = "families"
	metaWithdrawn = "withdrawn"
)

// familyCount is a family as meta keeps it.
type familyCount struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// sealMeta writes what a reader holds in memory, and the version.
func (b *Builder) sealMeta() error {
	families, err := b.countFamilies()
	if err != nil {
		return err
	}
	gone, err := queryNumbers(b, "SELECT id FROM vuln WHERE withdrawn = 1 ORDER BY id")
	if err != nil {
		return err
	}
	if b.info.Version == "" {
		b.info.Version = "content-" + hex.EncodeToString(b.sum[:6])
	}
	for key, value := range map[string]any{
		metaFormat: formatVersion, metaVersion: b.info.Version, metaCreated: micros(b.info.Created),
		metaSample: b.sample, metaSum: b.sum[:], metaFamilies: families, metaWithdrawn: packNumbers(gone),
	} {
		if _, err := b.tx.ExecContext(b.ctx, "INSERT OR REPLACE INTO meta VALUES (?, ?)", key, value); err != nil {
			return fmt.Errorf("meta %s: %w", key, err)
		}
	}
	return nil
}

func (b *Builder) countFamilies() ([]byte, error) {
	rows, err := b.tx.QueryContext(b.ctx, "SELECT f.name, c.n FROM (SELECT family, count(*) n FROM vuln WHERE withdrawn = 0 GROUP BY family) c JOIN family f ON f.n = c.family ORDER BY f.name")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := []familyCount{}
	for rows.Next() {
		var f familyCount
		if err := rows.Scan(&f.Name, &f.Count); err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return json.Marshal(list)
}

func queryNumbers(b *Builder, query string, args ...any) ([]harrier.VulnID, error) {
	rows, err := b.tx.QueryContext(b.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []harrier.VulnID
	for rows.Next() {
		var id harrier.VulnID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, rows.Err()
}
