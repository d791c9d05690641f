// Package identity is the room of people: users and roles, passwords, sessions,
// API keys, and the audit log of who did what.
package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/harrier-scan/harrier"
)

// Store keeps users, sessions and the audit log.
type Store interface {
	UserStore
	SessionStore
	AuditStore
	AccessStore
	APIKeyStore
}

// UserStore keeps users.
type UserStore interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error
	InsertUser(ctx context.Context, u *harrier.User) error
	UpdateUser(ctx context.Context, u *harrier.User) error
	DeleteUser(ctx context.Context, id harrier.ID) error
	User(ctx context.Context, id harrier.ID) (harrier.User, error)
	Users(ctx context.Context) ([]harrier.User, error)
	UserByName(ctx context.Context, name string) (harrier.User, error)
	UserByAccessKey(ctx context.Context, key string) (harrier.User, error)
}

// SessionStore keeps sessions by the hashes of their tokens.
type SessionStore interface {
	InsertSession(ctx context.Context, s harrier.Session) error
	Session(ctx context.Context, hash string) (harrier.Session, error)
	TouchSession(ctx context.Context, hash string, at time.Time) error
	DeleteSession(ctx context.Context, hash string) error
	SessionsOf(ctx context.Context, user harrier.ID) ([]harrier.Session, error) // oldest first
	DeleteSessionsOf(ctx context.Context, user harrier.ID) error
	DeleteIdleSessions(ctx context.Context, now time.Time) (int, error)
}

// AuditStore keeps the audit log.
type AuditStore interface {
	AppendAudit(ctx context.Context, e *harrier.AuditEntry) error
	Audit(ctx context.Context, limit int) ([]harrier.AuditEntry, error)
}

// Config sets the room up. The zero value works.
type Config struct {
	IdleTimeout time.Duration    // a session ends after this time without use; 0 means 30 minutes
	Now         func() time.Time // nil means time.Now
	Log         *slog.Logger     // nil means the default logger
	Fleeting    bool             // the store ends with the process, and hashes of passwords with it: they may be cheap
}

// Room holds the rules about people. Calls may overlap.
type Room struct {
	store  Store
	idle   time.Duration
	now    func() time.Time
	log    *slog.Logger
	hasher *hasher
	limits *throttle
	keys   *keyCache
	used   *recent[time.Time] // last use of sessions, by token hash
	seen   atomic.Pointer[access]
}

// New returns the room over store.
func New(store Store, c Config) *Room {
	r := &Room{store: store, idle: c.IdleTimeout, now: c.Now, log: c.Log}
	if r.idle <= 0 {
		r.idle = 30 * time.Minute
	}
	if r.now == nil {
		r.now = time.Now
	}
	if r.log == nil {
		r.log = slog.Default()
	}
	r.hasher = newHasher(current)
	if c.Fleeting {
		r.hasher = newHasher(fleeting)
	}
	r.limits = newThrottle()
	r.keys = newKeyCache()
	r.used = newRecent[time.Time](remembered)
	return r
}

// Run forgets sessions that have ended, until ctx ends.
func (r *Room) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		// The store may lag a minute behind the last use, see touch.
		if _, err := r.store.DeleteIdleSessions(ctx, r.now().Add(-touchEvery)); err != nil && ctx.Err() == nil {
			r.log.ErrorContext(ctx, "can not remove ended sessions", "err", err)
		}
	}
}

// refused is the one answer to everything that is wrong about who asks: it
// tells neither whether a user exists nor what was wrong. Clients match the
// text.
//
// Source: nessus-api.md, section 2.4.
func refused() *harrier.Error {
	return harrier.Errorf(harrier.Unauthenticated, "Invalid Credentials")
}

// hashOf returns the SHA-256 of a random secret in hex. Secrets of 128 bits and
// more can not be guessed, so that they need no slow hash.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// randomText returns n characters of alphabet, each as likely as any other.
func randomText(n int, alphabet string) string {
	fair := 256 - 256%len(alphabet) // bytes from here on would favour the first characters
	out := make([]byte, 0, n)
	for buf := make([]byte, 2*n); len(out) < n; {
		_, _ = rand.Read(buf) // never fails: crypto/rand aborts the program instead
		for _, b := range buf {
			if int(b) < fair && len(out) < n {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(out)
}

// Record writes a line to the audit log. Detail must hold no secret.
func (r *Room) Record(ctx context.Context, by harrier.Actor, action, object, detail string) error {
	err := r.store.AppendAudit(ctx, &harrier.AuditEntry{
		At: r.now(), Actor: by.Name, Via: by.Via, Action: action, Object: object, Detail: detail,
	})
	if err != nil {
		return fmt.Errorf("write audit log: %w", err)
	}
	return nil
}

// Audit returns the newest lines of the audit log, newest first; all for a
// limit of 0. Of an organisation's log there is what its people did. It answers
// Forbidden to those who do not manage users.
func (r *Room) Audit(ctx context.Context, by harrier.Actor, limit int) ([]harrier.AuditEntry, error) {
	if !by.May(harrier.ManageUsers) {
		return nil, harrier.Errorf(harrier.Forbidden, "you may not read the audit log")
	}
	if by.Organization == 0 {
		return r.store.Audit(ctx, limit)
	}
	users, err := r.store.Users(ctx)
	if err != nil {
		return nil, err
	}
	ours := map[string]bool{}
	for _, u := range users {
		if u.Organization == by.Organization {
			ours[u.Name] = true
		}
	}
	all, err := r.store.Audit(ctx, 0)
	all = slices.DeleteFunc(all, func(e harrier.AuditEntry) bool { return !ours[e.Actor] })
	if limit > 0 && len(all) > limit {
		all = all[:limit]
	}
	return all, err
}
