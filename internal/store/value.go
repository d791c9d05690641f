package store

import (
	"context"
	"fmt"
)

// Value returns a setting of the console; false when it was never set.
func (db *DB) Value(ctx context.Context, key string) (string, bool, error) {
	var value string
	found, err := db.one(ctx, "SELECT value FROM setting WHERE name = $1", []any{clean(key)}, &value)
	if err != nil {
		return "", false, fmt.Errorf("read setting: %w", err)
	}
	return value, found, nil
}

// SetValue keeps a setting of the console.
func (db *DB) SetValue(ctx context.Context, key, value string) error {
	_, err := db.exec(ctx, `INSERT INTO setting (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, clean(key), clean(value))
	if err != nil {
		return fmt.Errorf("keep setting: %w", err)
	}
	return nil
}
