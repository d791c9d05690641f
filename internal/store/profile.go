package store

import (
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
)

var profiles = table[harrier.Profile]{
	name: "profile", noun: "profile", taken: "a profile with this name exists already",
	columns: "uuid name name_key description without_formats without_chapters only_these given created modified",
	row: func(p *harrier.Profile) []any {
		return []any{
			longName{&p.UUID},
			&p.Name, derived(func() any { return strings.ToLower(p.Name) }), &p.Description,
			document{&p.WithoutFormats},
			document{&p.WithoutChapters},
			document{&p.Only},
			document{&p.Given},
			moment{&p.Created},
			moment{&p.Modified},
		}
	},
	id:   func(p *harrier.Profile) *harrier.ID { return &p.ID },
	uuid: func(p *harrier.Profile) *harrier.UUID { return &p.UUID },
}

// InsertProfile stores p and gives it an ID. It answers Conflict when the name is
// taken, in whatever case.
func (db *DB) InsertProfile(ctx context.Context, p *harrier.Profile) error {
	return profiles.insert(ctx, db, p)
}

// UpdateProfile stores p over the one with its ID.
func (db *DB) UpdateProfile(ctx context.Context, p *harrier.Profile) error {
	return profiles.update(ctx, db, p)
}

// DeleteProfile removes a profile.
func (db *DB) DeleteProfile(ctx context.Context, id harrier.ID) error {
	return profiles.delete(ctx, db, id)
}

// Profile returns a profile.
func (db *DB) Profile(ctx context.Context, id harrier.ID) (harrier.Profile, error) {
	return profiles.byID(ctx, db, id)
}

// Profiles returns all profiles by rising ID.
func (db *DB) Profiles(ctx context.Context) ([]harrier.Profile, error) {
	return profiles.list(ctx, db, "ORDER BY id")
}

// ProfileOf returns the profile of an organisation: one that takes nothing away
// where it has none, and for those above all organisations.
func (db *DB) ProfileOf(ctx context.Context, organization harrier.ID) (harrier.Profile, error) {
	if organization == 0 {
		return harrier.Profile{}, nil
	}
	o, err := db.Organization(ctx, organization)
	if harrier.KindOf(err) == harrier.NotFound || err == nil && o.Profile == 0 {
		return harrier.Profile{}, nil
	}
	if err != nil {
		return harrier.Profile{}, err
	}
	return db.Profile(ctx, o.Profile)
}
