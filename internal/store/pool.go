package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/harrier-scan/harrier"
)

var pools = table[harrier.Pool]{
	name: "pool", noun: "engine pool", taken: "a pool of this name exists already", columns: "uuid name members created",
	row: func(p *harrier.Pool) []any {
		return []any{longName{&p.UUID}, &p.Name, document{&poolParts{p}}, moment{&p.Created}}
	},
	id:   func(p *harrier.Pool) *harrier.ID { return &p.ID },
	uuid: func(p *harrier.Pool) *harrier.UUID { return &p.UUID },
}

// poolParts is what a pool holds and is there for: a list of its members alone,
// as long as there is no more to say.
type poolParts struct{ *harrier.Pool }

type poolDocument struct {
	Members []harrier.ID      `json:"members"`
	Targets string            `json:"targets,omitempty"`
	Given   map[string]string `json:"given,omitempty"`
}

// MarshalJSON writes a list or an object.
func (p poolParts) MarshalJSON() ([]byte, error) {
	if p.Targets == "" && len(p.Given) == 0 {
		return json.Marshal(p.Members)
	}
	return json.Marshal(poolDocument{p.Members, p.Targets, p.Given})
}

// UnmarshalJSON reads either.
func (p *poolParts) UnmarshalJSON(b []byte) error {
	p.Members, p.Targets, p.Given = nil, "", nil
	if !bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) {
		return json.Unmarshal(b, &p.Members)
	}
	var d poolDocument
	err := json.Unmarshal(b, &d)
	p.Members, p.Targets, p.Given = d.Members, d.Targets, d.Given
	return err
}

// InsertPool stores p and gives it an ID. It answers Conflict when the name is
// taken.
func (db *DB) InsertPool(ctx context.Context, p *harrier.Pool) error {
	return pools.insert(ctx, db, p)
}

// UpdatePool stores p over the one with its ID.
func (db *DB) UpdatePool(ctx context.Context, p *harrier.Pool) error {
	return pools.update(ctx, db, p)
}

// DeletePool removes a pool of engines.
func (db *DB) DeletePool(ctx context.Context, id harrier.ID) error {
	return pools.delete(ctx, db, id)
}

// Pool returns a pool of engines.
func (db *DB) Pool(ctx context.Context, id harrier.ID) (harrier.Pool, error) {
	return pools.byID(ctx, db, id)
}

// Pools returns all pools of engines by rising ID.
func (db *DB) Pools(ctx context.Context) ([]harrier.Pool, error) {
	return pools.list(ctx, db, "ORDER BY id")
}

// InsertEngineToken stores an enrolment token, and forgets those that ended a
// month before it was made.
func (db *DB) InsertEngineToken(ctx context.Context, t harrier.EngineToken) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if _, err := db.exec(ctx, "DELETE FROM engine_token WHERE expires < $1", t.Created.AddDate(0, -1, 0).UnixMicro()); err != nil {
			return fmt.Errorf("forget engine tokens: %w", err)
		}
		_, err := db.exec(ctx, "INSERT INTO engine_token (hash, name, pool, made_by, created, expires, used) VALUES ($1, $2, $3, $4, $5, $6, $7)",
			t.Hash, t.Name, t.Pool, t.By, micros(t.Created), micros(t.Expires), micros(t.Used))
		if err != nil {
			return fmt.Errorf("insert engine token: %w", err)
		}
		return nil
	})
}

// EngineToken returns the enrolment token with that hash, or NotFound.
func (db *DB) EngineToken(ctx context.Context, hash string) (harrier.EngineToken, error) {
	var t harrier.EngineToken
	found, err := db.one(ctx, "SELECT hash, name, pool, made_by, created, expires, used FROM engine_token WHERE hash = $1", []any{hash},
		&t.Hash, &t.Name, &t.Pool, &t.By, moment{&t.Created}, moment{&t.Expires}, moment{&t.Used})
	switch {
	case err != nil:
		return t, fmt.Errorf("read engine token: %w", err)
	case !found:
		return t, harrier.Errorf(harrier.NotFound, "no such token")
	}
	return t, nil
}

// UseEngineToken marks an enrolment token as used at that time. It answers
// NotFound when there is none that was not used.
func (db *DB) UseEngineToken(ctx context.Context, hash string, at time.Time) error {
	n, err := db.exec(ctx, "UPDATE engine_token SET used = $1 WHERE hash = $2 AND used = 0", micros(at), hash)
	switch {
	case err != nil:
		return fmt.Errorf("use engine token: %w", err)
	case n == 0:
		return harrier.Errorf(harrier.NotFound, "no such token")
	}
	return nil
}
