package store

import (
	"context"
	"fmt"

	"github.com/harrier-scan/harrier"
)

var apiKeys = table[harrier.APIKey]{
	name: "api_key", noun: "API key", taken: "this API key exists already",
	columns: "uuid name hash user_id for_all organization created expires",
	row: func(k *harrier.APIKey) []any {
		return []any{longName{&k.UUID}, &k.Name, &k.Hash, &k.User, &k.ForAll, &k.Organization, moment{&k.Created}, moment{&k.Expires}}
	},
	id:   func(k *harrier.APIKey) *harrier.ID { return &k.ID },
	uuid: func(k *harrier.APIKey) *harrier.UUID { return &k.UUID },
}

// InsertAPIKey stores k and gives it an ID. It answers Conflict when its hash is
// known.
func (db *DB) InsertAPIKey(ctx context.Context, k *harrier.APIKey) error {
	return apiKeys.insert(ctx, db, k)
}

// UpdateAPIKey stores k over the one with its ID.
func (db *DB) UpdateAPIKey(ctx context.Context, k *harrier.APIKey) error {
	return apiKeys.update(ctx, db, k)
}

// DeleteAPIKey removes a key.
func (db *DB) DeleteAPIKey(ctx context.Context, id harrier.ID) error {
	return apiKeys.delete(ctx, db, id)
}

// APIKey returns a key.
func (db *DB) APIKey(ctx context.Context, id harrier.ID) (harrier.APIKey, error) {
	return apiKeys.byID(ctx, db, id)
}

// APIKeys returns all keys by rising ID.
func (db *DB) APIKeys(ctx context.Context) ([]harrier.APIKey, error) {
	return apiKeys.list(ctx, db, "ORDER BY id")
}

// APIKeyByHash returns the key whose text has the hash.
func (db *DB) APIKeyByHash(ctx context.Context, hash string) (harrier.APIKey, error) {
	k, found, err := apiKeys.where(ctx, db, "hash = $1", clean(hash))
	if err == nil && !found {
		err = harrier.Errorf(harrier.NotFound, "no such API key")
	}
	return k, err
}

// EngineProperties returns what engines were told to do otherwise, by engine and
// name.
func (db *DB) EngineProperties(ctx context.Context) (map[harrier.UUID]map[string]string, error) {
	out := map[harrier.UUID]map[string]string{}
	err := db.rows(ctx, "SELECT engine, name, value FROM engine_property", nil, func(scan func(...any) error) error {
		var engine harrier.UUID
		var name, value string
		if err := scan(longName{&engine}, &name, &value); err != nil {
			return err
		}
		if out[engine] == nil {
			out[engine] = map[string]string{}
		}
		out[engine][name] = value
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read engine properties: %w", err)
	}
	return out, nil
}

// PutEngineProperties stores all of an engine's properties: those that are not
// among them are gone.
func (db *DB) PutEngineProperties(ctx context.Context, engine harrier.UUID, properties map[string]string) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if _, err := db.exec(ctx, "DELETE FROM engine_property WHERE engine = $1", engine.String()); err != nil {
			return fmt.Errorf("put engine properties: %w", err)
		}
		for name, value := range properties {
			if _, err := db.exec(ctx, "INSERT INTO engine_property (engine, name, value) VALUES ($1, $2, $3)", engine.String(), clean(name), clean(value)); err != nil {
				return fmt.Errorf("put engine properties: %w", err)
			}
		}
		return nil
	})
}
