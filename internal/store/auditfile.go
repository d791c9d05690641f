package store

import (
	"context"
	"fmt"

	"github.com/harrier-scan/harrier"
)

var auditFiles = table[harrier.AuditFile]{
	name: "audit_file", noun: "audit file", taken: "an audit file with this UUID exists already",
	columns: "uuid name description kind items original variables given owner groups created modified",
	row: func(f *harrier.AuditFile) []any {
		return []any{
			longName{&f.UUID},
			&f.Name, &f.Description, &f.Kind, &f.Items, &f.Original,
			document{&f.Variables},
			document{&f.Given},
			&f.Owner,
			document{&f.Groups},
			moment{&f.Created},
			moment{&f.Modified},
		}
	},
	id:   func(f *harrier.AuditFile) *harrier.ID { return &f.ID },
	uuid: func(f *harrier.AuditFile) *harrier.UUID { return &f.UUID },
}

// InsertAuditFile stores f with its text and gives it an ID.
func (db *DB) InsertAuditFile(ctx context.Context, f *harrier.AuditFile, text string) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if err := auditFiles.insert(ctx, db, f); err != nil {
			return err
		}
		return db.putAuditText(ctx, f.ID, text)
	})
}

// UpdateAuditFile stores f over the one with its ID, and its text unless that is
// nil.
func (db *DB) UpdateAuditFile(ctx context.Context, f *harrier.AuditFile, text *string) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if err := auditFiles.update(ctx, db, f); err != nil || text == nil {
			return err
		}
		return db.putAuditText(ctx, f.ID, *text)
	})
}

func (db *DB) putAuditText(ctx context.Context, id harrier.ID, text string) error {
	const put = "INSERT INTO audit_text (id, text) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET text = excluded.text"
	if _, err := db.exec(ctx, put, int64(id), text); err != nil {
		return fmt.Errorf("store the text of audit file %d: %w", id, err)
	}
	return nil
}

// DeleteAuditFile removes an audit file.
func (db *DB) DeleteAuditFile(ctx context.Context, id harrier.ID) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if err := auditFiles.delete(ctx, db, id); err != nil {
			return err
		}
		if _, err := db.exec(ctx, "DELETE FROM audit_text WHERE id = $1", int64(id)); err != nil {
			return fmt.Errorf("delete the text of audit file %d: %w", id, err)
		}
		return nil
	})
}

// AuditFile returns an audit file.
func (db *DB) AuditFile(ctx context.Context, id harrier.ID) (harrier.AuditFile, error) {
	return auditFiles.byID(ctx, db, id)
}

// AuditFiles returns all audit files by rising ID.
func (db *DB) AuditFiles(ctx context.Context) ([]harrier.AuditFile, error) {
	return auditFiles.list(ctx, db, "ORDER BY id")
}

// AuditText returns the text of an audit file, or NotFound.
func (db *DB) AuditText(ctx context.Context, id harrier.ID) (text string, err error) {
	found, err := db.one(ctx, "SELECT text FROM audit_text WHERE id = $1", []any{int64(id)}, &text)
	if err != nil {
		return "", fmt.Errorf("read the text of audit file %d: %w", id, err)
	}
	if !found {
		return "", harrier.Errorf(harrier.NotFound, "no audit file %d", id)
	}
	return text, nil
}
