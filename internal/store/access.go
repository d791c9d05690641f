package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
)

var organizations = table[harrier.Organization]{
	name: "organization", noun: "organization", taken: "an organization with this name exists already",
	columns: "uuid name name_key description repositories zone_selection restricted_ips scores profile max_users max_assets given created modified",
	row: func(o *harrier.Organization) []any {
		return []any{
			longName{&o.UUID},
			&o.Name, derived(func() any { return strings.ToLower(o.Name) }), &o.Description,
			document{&o.Repositories},
			&o.ZoneSelection, &o.RestrictedIPs,
			document{&o.Scores},
			&o.Profile, &o.MaxUsers, &o.MaxAssets,
			document{&o.Given},
			moment{&o.Created},
			moment{&o.Modified},
		}
	},
	id:   func(o *harrier.Organization) *harrier.ID { return &o.ID },
	uuid: func(o *harrier.Organization) *harrier.UUID { return &o.UUID },
}

// InsertOrganization stores o and gives it an ID. It answers Conflict when the
// name is taken, in whatever case.
func (db *DB) InsertOrganization(ctx context.Context, o *harrier.Organization) error {
	return organizations.insert(ctx, db, o)
}

// UpdateOrganization stores o over the one with its ID.
func (db *DB) UpdateOrganization(ctx context.Context, o *harrier.Organization) error {
	return organizations.update(ctx, db, o)
}

// DeleteOrganization removes an organisation with its groups and own roles.
func (db *DB) DeleteOrganization(ctx context.Context, id harrier.ID) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		for _, table := range []string{"user_group", "role_definition"} {
			if _, err := db.exec(ctx, "DELETE FROM "+table+" WHERE organization = $1", int64(id)); err != nil {
				return fmt.Errorf("delete organization: %w", err)
			}
		}
		return organizations.delete(ctx, db, id)
	})
}

// Organization returns an organisation; harrier.FirstOrganization always exists
// in a new database.
func (db *DB) Organization(ctx context.Context, id harrier.ID) (harrier.Organization, error) {
	return organizations.byID(ctx, db, id)
}

// Organizations returns all organisations by rising ID.
func (db *DB) Organizations(ctx context.Context) ([]harrier.Organization, error) {
	return organizations.list(ctx, db, "ORDER BY id")
}

var userGroups = table[harrier.Group]{
	name: "user_group", noun: "group", taken: "a group with this name exists already",
	columns: "uuid organization name name_key description first repositories lists by_sites given created modified",
	row: func(g *harrier.Group) []any {
		return []any{
			longName{&g.UUID},
			&g.Organization, &g.Name, derived(func() any { return strings.ToLower(g.Name) }), &g.Description, &g.First,
			document{&g.Repositories},
			document{&g.Lists},
			&g.BySites,
			document{&g.Given},
			moment{&g.Created},
			moment{&g.Modified},
		}
	},
	id:   func(g *harrier.Group) *harrier.ID { return &g.ID },
	uuid: func(g *harrier.Group) *harrier.UUID { return &g.UUID },
}

// InsertGroup stores g and gives it an ID. It answers Conflict when the name is
// taken in its organisation, in whatever case.
func (db *DB) InsertGroup(ctx context.Context, g *harrier.Group) error {
	return userGroups.insert(ctx, db, g)
}

// UpdateGroup stores g over the one with its ID.
func (db *DB) UpdateGroup(ctx context.Context, g *harrier.Group) error {
	return userGroups.update(ctx, db, g)
}

// DeleteGroup removes a group; its users stay in none.
func (db *DB) DeleteGroup(ctx context.Context, id harrier.ID) error {
	return userGroups.delete(ctx, db, id)
}

// Group returns a group; harrier.FullAccess always exists in a new database.
func (db *DB) Group(ctx context.Context, id harrier.ID) (harrier.Group, error) {
	return userGroups.byID(ctx, db, id)
}

// Groups returns the groups of all organisations by rising ID.
func (db *DB) Groups(ctx context.Context) ([]harrier.Group, error) {
	return userGroups.list(ctx, db, "ORDER BY id")
}

var roleDefinitions = table[harrier.RoleDefinition]{
	name: "role_definition", noun: "role", taken: "a role with this name exists already",
	columns: "uuid organization name name_key description permissions owner given created modified",
	row: func(d *harrier.RoleDefinition) []any {
		return []any{
			longName{&d.UUID},
			&d.Organization, &d.Name, derived(func() any { return strings.ToLower(d.Name) }), &d.Description, &d.Permissions, &d.Owner,
			document{&d.Given},
			moment{&d.Created},
			moment{&d.Modified},
		}
	},
	id:   func(d *harrier.RoleDefinition) *harrier.ID { return &d.ID },
	uuid: func(d *harrier.RoleDefinition) *harrier.UUID { return &d.UUID },
}

// InsertRole stores d and gives it an ID, from 1000001. It answers Conflict when
// the name is taken in its organisation, in whatever case.
func (db *DB) InsertRole(ctx context.Context, d *harrier.RoleDefinition) error {
	return roleDefinitions.insert(ctx, db, d)
}

// UpdateRole stores d over the one with its ID.
func (db *DB) UpdateRole(ctx context.Context, d *harrier.RoleDefinition) error {
	return roleDefinitions.update(ctx, db, d)
}

// DeleteRole removes a role that somebody made.
func (db *DB) DeleteRole(ctx context.Context, id harrier.ID) error {
	return roleDefinitions.delete(ctx, db, id)
}

// Role returns a role that somebody made.
func (db *DB) Role(ctx context.Context, id harrier.ID) (harrier.RoleDefinition, error) {
	return roleDefinitions.byID(ctx, db, id)
}

// RoleDefinitions returns the roles of all organisations that somebody made, by
// rising ID.
func (db *DB) RoleDefinitions(ctx context.Context) ([]harrier.RoleDefinition, error) {
	return roleDefinitions.list(ctx, db, "ORDER BY id")
}

// Seats tells where everybody belongs, by rising ID; those who were deleted,
// where they belonged.
func (db *DB) Seats(ctx context.Context) ([]harrier.Seat, error) {
	const text = "SELECT id, organization, group_id FROM users UNION ALL SELECT id, organization, group_id FROM former_user ORDER BY id"
	var out []harrier.Seat
	err := db.rows(ctx, text, nil, func(scan func(...any) error) error {
		var s harrier.Seat
		err := scan(&s.User, &s.Organization, &s.Group)
		out = append(out, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	return out, nil
}

// AccessVersion is another number after every change of organisations, groups,
// own roles, asset lists, repositories, and of where users belong.
func (db *DB) AccessVersion(ctx context.Context) (n int64, err error) {
	if _, err := db.one(ctx, "SELECT n FROM access_version", nil, &n); err != nil {
		return 0, fmt.Errorf("read the version of who sees what: %w", err)
	}
	return n, nil
}

// owned are the tables with objects of users.
var owned = []string{"site", "policy", "asset_list", "saved_query", "exception", "folder", "report", "role_definition", "audit_file"}

// GiveObjects makes everything that belongs to one user another one's.
func (db *DB) GiveObjects(ctx context.Context, from, to harrier.ID) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		for _, table := range owned {
			if _, err := db.exec(ctx, "UPDATE "+table+" SET owner = $1 WHERE owner = $2", int64(to), int64(from)); err != nil {
				return fmt.Errorf("give the %s of user %d to user %d: %w", table, from, to, err)
			}
		}
		return nil
	})
}
