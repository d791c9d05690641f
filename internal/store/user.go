package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

var users = table[harrier.User]{
	name: "users", noun: "user", taken: "a user with this name exists already",
	columns: `uuid name name_key full_name email role disabled password_hash access_key secret_hash
		failures last_failure last_login created organization group_id managed_users managed_objects responsible given all_sites`,
	row: func(u *harrier.User) []any {
		return []any{
			longName{&u.UUID},
			&u.Name, derived(func() any { return strings.ToLower(u.Name) }), &u.FullName, &u.Email, &u.Role,
			&u.Disabled, &u.PasswordHash, &u.AccessKey, &u.SecretHash, &u.Failures,
			moment{&u.LastFailure},
			moment{&u.LastLogin},
			moment{&u.Created},
			&u.Organization, &u.Group,
			document{&u.ManagedUsers},
			document{&u.ManagedObjects},
			&u.Responsible,
			document{&u.Given},
			&u.AllSites,
		}
	},
	id:   func(u *harrier.User) *harrier.ID { return &u.ID },
	uuid: func(u *harrier.User) *harrier.UUID { return &u.UUID },
}

// InsertUser stores u and gives it an ID. It answers Conflict when the name is
// taken, in whatever case, or the access key.
func (db *DB) InsertUser(ctx context.Context, u *harrier.User) error { return users.insert(ctx, db, u) }

// UpdateUser stores u over the one with its ID.
func (db *DB) UpdateUser(ctx context.Context, u *harrier.User) error { return users.update(ctx, db, u) }

// DeleteUser removes a user with its sessions and own API keys. Where the user belonged is kept,
// see Spots.
func (db *DB) DeleteUser(ctx context.Context, id harrier.ID) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if err := db.DeleteSessionsOf(ctx, id); err != nil {
			return err
		}
		if _, err := db.exec(ctx, "DELETE FROM api_key WHERE user_id = $1 AND NOT for_all", int64(id)); err != nil {
			return fmt.Errorf("delete user: %w", err)
		}
		const keep = "INSERT INTO former_user (id, organization, group_id) SELECT id, organization, group_id FROM users WHERE id = $1"
		if _, err := db.exec(ctx, keep, int64(id)); err != nil {
			return fmt.Errorf("delete user: %w", err)
		}
		return users.delete(ctx, db, id)
	})
}

// User returns a user.
func (db *DB) User(ctx context.Context, id harrier.ID) (harrier.User, error) {
	return users.byID(ctx, db, id)
}

// Users returns all users by rising ID.
func (db *DB) Users(ctx context.Context) ([]harrier.User, error) {
	return users.list(ctx, db, "ORDER BY id")
}

// UserByName returns the user who signs in with name, in whatever case.
func (db *DB) UserByName(ctx context.Context, name string) (harrier.User, error) {
	u, found, err := users.where(ctx, db, "name_key = $1", clean(strings.ToLower(name)))
	if err == nil && !found {
		err = harrier.Errorf(harrier.NotFound, "no user %q", name)
	}
	return u, err
}

// UserByAccessKey returns the user whose key pair has the access key.
func (db *DB) UserByAccessKey(ctx context.Context, key string) (harrier.User, error) {
	if key == "" {
		return harrier.User{}, harrier.Errorf(harrier.NotFound, "no user has this key")
	}
	u, found, err := users.where(ctx, db, "access_key = $1", clean(key))
	if err == nil && !found {
		err = harrier.Errorf(harrier.NotFound, "no user has this key")
	}
	return u, err
}

const sessionColumns = "token_hash, user_id, created, last_used, idle, origin, via"

func sessionRow(s *harrier.Session) []any {
	return []any{&s.TokenHash, &s.User, moment{&s.Created}, moment{&s.LastUsed}, &s.Idle, &s.From, &s.Via}
}

// InsertSession stores s. It answers Conflict when its hash is known.
func (db *DB) InsertSession(ctx context.Context, s harrier.Session) error {
	args, err := arguments(sessionRow(&s))
	if err != nil {
		return err
	}
	n, err := db.exec(ctx, "INSERT INTO session ("+sessionColumns+") VALUES ("+placeholders(7)+") ON CONFLICT DO NOTHING", args...)
	switch {
	case err != nil:
		return fmt.Errorf("insert session: %w", err)
	case n == 0:
		return harrier.Errorf(harrier.Conflict, "the session exists already")
	}
	return nil
}

// Session returns the session whose token has the hash. It may have ended by
// its idle time: that is for the caller to see.
func (db *DB) Session(ctx context.Context, hash string) (harrier.Session, error) {
	var s harrier.Session
	found, err := db.one(ctx, "SELECT "+sessionColumns+" FROM session WHERE token_hash = $1", []any{clean(hash)}, sessionRow(&s)...)
	switch {
	case err != nil:
		return s, fmt.Errorf("read session: %w", err)
	case !found:
		return s, harrier.Errorf(harrier.NotFound, "no such session")
	}
	return s, nil
}

// SessionsOf returns the sessions of a user, oldest first, also those that have
// ended by their idle time.
func (db *DB) SessionsOf(ctx context.Context, user harrier.ID) ([]harrier.Session, error) {
	var out []harrier.Session
	const text = "SELECT " + sessionColumns + " FROM session WHERE user_id = $1 ORDER BY created, token_hash"
	err := db.rows(ctx, text, []any{int64(user)}, func(scan func(...any) error) error {
		var s harrier.Session
		err := scan(sessionRow(&s)...)
		out = append(out, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	return out, nil
}

// TouchSession notes that a session was used. Each call waits for the disk, so
// that the caller does well to skip some.
func (db *DB) TouchSession(ctx context.Context, hash string, at time.Time) error {
	n, err := db.exec(ctx, "UPDATE session SET last_used = $1 WHERE token_hash = $2", micros(at), clean(hash))
	if err == nil && n == 0 {
		err = harrier.Errorf(harrier.NotFound, "no such session")
	}
	return err
}

// DeleteSession ends a session.
func (db *DB) DeleteSession(ctx context.Context, hash string) error {
	n, err := db.exec(ctx, "DELETE FROM session WHERE token_hash = $1", clean(hash))
	if err == nil && n == 0 {
		err = harrier.Errorf(harrier.NotFound, "no such session")
	}
	return err
}

// DeleteSessionsOf ends all sessions of a user; none is fine.
func (db *DB) DeleteSessionsOf(ctx context.Context, user harrier.ID) error {
	_, err := db.exec(ctx, "DELETE FROM session WHERE user_id = $1", int64(user))
	return err
}

// DeleteIdleSessions removes the sessions that were idle for too long at the
// instant now, and says how many.
func (db *DB) DeleteIdleSessions(ctx context.Context, now time.Time) (int, error) {
	n, err := db.exec(ctx, "DELETE FROM session WHERE last_used + idle / 1000 <= $1", micros(now))
	return int(n), err
}

var audit = table[harrier.AuditEntry]{
	name: "audit", noun: "audit entry", columns: "at actor via action object detail",
	row: func(e *harrier.AuditEntry) []any {
		return []any{moment{&e.At}, &e.Actor, &e.Via, &e.Action, &e.Object, &e.Detail}
	},
	id: func(e *harrier.AuditEntry) *harrier.ID { return &e.ID },
}

// AppendAudit adds a line to the audit log and gives it an ID.
func (db *DB) AppendAudit(ctx context.Context, e *harrier.AuditEntry) error {
	return audit.insert(ctx, db, e)
}

// Audit returns the newest lines of the audit log, newest first; all for a
// limit of 0.
func (db *DB) Audit(ctx context.Context, limit int) ([]harrier.AuditEntry, error) {
	if limit <= 0 {
		return audit.list(ctx, db, "ORDER BY id DESC")
	}
	return audit.list(ctx, db, "ORDER BY id DESC LIMIT $1", int64(limit))
}
