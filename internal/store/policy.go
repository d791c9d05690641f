package store

import (
	"context"

	"github.com/harrier-scan/harrier"
)

var policies = table[harrier.Policy]{
	name: "policy", noun: "policy", taken: "a policy with this UUID exists already",
	columns: "uuid name description template owner hidden grants settings checks preferences credentials audits created modified",
	row: func(p *harrier.Policy) []any {
		return []any{
			longName{&p.UUID},
			&p.Name, &p.Description, &p.Template, &p.Owner, &p.Hidden,
			document{&p.Grants},
			document{&p.Settings},
			document{&p.Checks},
			document{&p.Preferences},
			document{&p.Credentials},
			document{&p.Audits},
			moment{&p.Created},
			moment{&p.Modified},
		}
	},
	id:   func(p *harrier.Policy) *harrier.ID { return &p.ID },
	uuid: func(p *harrier.Policy) *harrier.UUID { return &p.UUID },
}

// InsertPolicy stores p and gives it an ID.
func (db *DB) InsertPolicy(ctx context.Context, p *harrier.Policy) error {
	return policies.insert(ctx, db, p)
}

// UpdatePolicy stores p over the one with its ID.
func (db *DB) UpdatePolicy(ctx context.Context, p *harrier.Policy) error {
	return policies.update(ctx, db, p)
}

// DeletePolicy removes a policy.
func (db *DB) DeletePolicy(ctx context.Context, id harrier.ID) error {
	return policies.delete(ctx, db, id)
}

// Policy returns a policy.
func (db *DB) Policy(ctx context.Context, id harrier.ID) (harrier.Policy, error) {
	return policies.byID(ctx, db, id)
}

// Policies returns all policies, hidden ones too, by rising ID.
func (db *DB) Policies(ctx context.Context) ([]harrier.Policy, error) {
	return policies.list(ctx, db, "ORDER BY id")
}
