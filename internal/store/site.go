package store

import (
	"context"
	"time"

	"github.com/harrier-scan/harrier"
)

var folders = table[harrier.Folder]{
	name: "folder", noun: "folder", columns: "owner name kind",
	row: func(f *harrier.Folder) []any { return []any{&f.Owner, &f.Name, &f.Kind} },
	id:  func(f *harrier.Folder) *harrier.ID { return &f.ID },
}

// InsertFolder stores f and gives it an ID.
func (db *DB) InsertFolder(ctx context.Context, f *harrier.Folder) error {
	return folders.insert(ctx, db, f)
}

// UpdateFolder stores f over the one with its ID.
func (db *DB) UpdateFolder(ctx context.Context, f *harrier.Folder) error {
	return folders.update(ctx, db, f)
}

// DeleteFolder removes a folder; its sites keep its ID.
func (db *DB) DeleteFolder(ctx context.Context, id harrier.ID) error {
	return folders.delete(ctx, db, id)
}

// Folder returns a folder.
func (db *DB) Folder(ctx context.Context, id harrier.ID) (harrier.Folder, error) {
	return folders.byID(ctx, db, id)
}

// Folders returns all folders by rising ID.
func (db *DB) Folders(ctx context.Context) ([]harrier.Folder, error) {
	return folders.list(ctx, db, "ORDER BY id")
}

var sites = table[harrier.Site]{
	name: "site", noun: "site", taken: "a site with this UUID exists already",
	columns: `uuid name description owner repository folder targets exclusions policy engine pool schedule
		scheduled emails grants next_run last_run last_scan is_read options created modified`,
	row: func(s *harrier.Site) []any {
		return []any{
			longName{&s.UUID},
			&s.Name, &s.Description, &s.Owner, &s.Repository, &s.Folder, &s.Targets, &s.Exclude, &s.Policy,
			&s.Engine, &s.Pool,
			document{&s.Schedule},
			derived(func() any { return s.Schedule.Enabled || s.Planned() }), &s.Emails,
			document{&s.Grants},
			moment{&s.NextRun},
			moment{&s.LastRun},
			&s.LastScan, &s.Read,
			document{&s.Options},
			moment{&s.Created},
			moment{&s.Modified},
		}
	},
	id:   func(s *harrier.Site) *harrier.ID { return &s.ID },
	uuid: func(s *harrier.Site) *harrier.UUID { return &s.UUID },
}

// InsertSite stores s and gives it an ID.
func (db *DB) InsertSite(ctx context.Context, s *harrier.Site) error { return sites.insert(ctx, db, s) }

// UpdateSite stores s over the one with its ID.
func (db *DB) UpdateSite(ctx context.Context, s *harrier.Site) error { return sites.update(ctx, db, s) }

// DeleteSite removes a site; its scans and its policy stay.
func (db *DB) DeleteSite(ctx context.Context, id harrier.ID) error { return sites.delete(ctx, db, id) }

// Site returns a site.
func (db *DB) Site(ctx context.Context, id harrier.ID) (harrier.Site, error) {
	return sites.byID(ctx, db, id)
}

// Sites returns all sites by rising ID.
func (db *DB) Sites(ctx context.Context) ([]harrier.Site, error) {
	return sites.list(ctx, db, "ORDER BY id")
}

// DueSites returns the sites whose schedule is enabled and whose next run is
// not after now, the longest due first.
func (db *DB) DueSites(ctx context.Context, now time.Time) ([]harrier.Site, error) {
	return sites.list(ctx, db, "WHERE scheduled AND next_run > 0 AND next_run <= $1 ORDER BY next_run, id", micros(now))
}
