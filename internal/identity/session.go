package identity

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
)

const (
	// tokenSize and tokenAlphabet are what clients expect of a session token:
	// 248 bits.
	//
	// Source: rule 17 in nessus-api.md, section 1.
	tokenSize     = 48
	tokenAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
	// touchEvery is how far the stored time of last use may lag behind.
	touchEvery = time.Minute
)

// SignIn checks a name and a password and begins a session. Only a hash of its
// token is kept. A wrong name, a wrong password, a disabled user and a user or
// source with too many failures of late all answer Unauthenticated in the same
// words. Each sign-in and each refusal goes to the audit log.
func (r *Room) SignIn(ctx context.Context, name, password, via, from string) (string, harrier.Actor, error) {
	token := randomText(tokenSize, tokenAlphabet)
	_, who, err := r.signIn(ctx, attempt{name: name, password: password, via: via, from: from, token: token})
	if err != nil {
		return "", harrier.Actor{}, err
	}
	return token, who, nil
}

// attempt is a sign-in.
type attempt struct {
	name, password, via, from string
	token                     string // of the session to begin
	most                      int    // sessions of via that the user may have; 0: any number
	release                   bool   // end the oldest where there are too many
}

// signIn returns the user as they were before, without what is secret, and who
// they are.
func (r *Room) signIn(ctx context.Context, e attempt) (before harrier.User, who harrier.Actor, err error) {
	now := r.now()
	if wait := r.limits.wait(e.name, e.from, now); wait > 0 {
		r.log.WarnContext(ctx, "sign-in refused for a while", "user", e.name, "from", e.from, "dialect", e.via, "wait", wait)
		return before, who, refused()
	}
	u, err := r.authenticate(ctx, e.name, e.password)
	if harrier.KindOf(err) == harrier.Unauthenticated && err != nil {
		r.limits.failed(e.name, e.from, now)
		if auditErr := r.noteFailure(ctx, u, e.name, e.via, e.from); auditErr != nil {
			return before, who, auditErr
		}
	}
	if err != nil {
		return before, who, err
	}
	if who, err = r.actor(ctx, u, e.via); err != nil {
		return before, who, err
	}
	who.Session = hashOf(e.token)
	err = r.store.InTx(ctx, func(ctx context.Context) error {
		// The user may have changed while the password was hashed.
		fresh, err := r.store.User(ctx, u.ID)
		if err != nil || fresh.Disabled || fresh.PasswordHash != u.PasswordHash {
			return refused().Because(err)
		}
		before = public(fresh)
		fresh.Failures, fresh.LastLogin = 0, now
		if err := r.store.UpdateUser(ctx, &fresh); err != nil { // this also makes sign-ins of one user wait for each other
			return err
		}
		if err := r.makeRoom(ctx, u.ID, e); err != nil {
			return err
		}
		session := harrier.Session{TokenHash: hashOf(e.token), User: u.ID, Created: now, LastUsed: now, Idle: r.idle, From: e.from, Via: e.via}
		if err := r.store.InsertSession(ctx, session); err != nil {
			return err
		}
		return r.Record(ctx, who, "session.begin", object(u.ID), "from "+e.from)
	})
	if err != nil {
		return before, who, fmt.Errorf("begin session: %w", err)
	}
	r.limits.succeeded(e.name, e.from)
	return before, who, nil
}

// authenticate returns the user of a name and a password, or Unauthenticated
// together with the user, if there is one. It takes the same time for a user
// that there is not.
func (r *Room) authenticate(ctx context.Context, name, password string) (harrier.User, error) {
	u, err := r.store.UserByName(ctx, name)
	missing := err != nil && harrier.KindOf(err) == harrier.NotFound
	if err != nil && !missing {
		return u, fmt.Errorf("find user: %w", err)
	}
	phc := u.PasswordHash
	if missing || phc == "" || len(password) > longest {
		phc = r.hasher.dummy
		password = password[:min(len(password), longest)]
	}
	ok, old, err := r.hasher.verify(ctx, phc, password)
	switch {
	case err != nil:
		return u, fmt.Errorf("check password of user %d: %w", u.ID, err)
	case !ok || missing || u.Disabled:
		return u, refused()
	case old:
		return r.rehash(ctx, u, password)
	}
	return u, nil
}

// rehash stores a hash of today's cost for a password that was just verified.
func (r *Room) rehash(ctx context.Context, u harrier.User, password string) (harrier.User, error) {
	phc, err := r.hasher.hash(ctx, password)
	if err != nil {
		return u, err
	}
	err = r.store.InTx(ctx, func(ctx context.Context) error {
		fresh, err := r.store.User(ctx, u.ID)
		if err != nil || fresh.PasswordHash != u.PasswordHash {
			return refused().Because(err)
		}
		fresh.PasswordHash = phc
		u = fresh
		return r.store.UpdateUser(ctx, &u)
	})
	return u, err
}

// noteFailure counts a refusal and writes it to the audit log. The name is as
// given, shortened: it may be a password in the wrong field, but then it is
// worth more to know who was asked for.
func (r *Room) noteFailure(ctx context.Context, u harrier.User, name, via, from string) error {
	return r.store.InTx(ctx, func(ctx context.Context) error {
		who, what := harrier.Actor{Name: cut(name, 64), Via: via}, "unknown user"
		if u.ID != 0 {
			fresh, err := r.store.User(ctx, u.ID)
			if err != nil {
				return fmt.Errorf("count failure: %w", err)
			}
			fresh.Failures++
			fresh.LastFailure = r.now()
			if err := r.store.UpdateUser(ctx, &fresh); err != nil {
				return fmt.Errorf("count failure: %w", err)
			}
			who.Name, what = fresh.Name, object(u.ID)
		}
		return r.Record(ctx, who, "session.refused", what, "from "+from)
	})
}

// Session returns who a session token belongs to, and keeps the session from
// ending for another idle time. It answers Unauthenticated for a token that is
// not known, has ended, or whose user is disabled.
func (r *Room) Session(ctx context.Context, token, via string) (harrier.Actor, error) {
	if !slices.Contains([]int{tokenSize, cookieSize + numberSize, hexSize}, len(token)) {
		return harrier.Actor{}, refused()
	}
	hash, now := hashOf(token), r.now()
	s, err := r.store.Session(ctx, hash)
	if err != nil {
		return harrier.Actor{}, unknown(err)
	}
	if r.ended(s, now) {
		r.used.forget(hash)
		if err := r.store.DeleteSession(ctx, hash); err != nil && harrier.KindOf(err) != harrier.NotFound {
			return harrier.Actor{}, fmt.Errorf("end session: %w", err)
		}
		return harrier.Actor{}, refused()
	}
	u, err := r.store.User(ctx, s.User)
	if err != nil {
		return harrier.Actor{}, unknown(err)
	}
	if u.Disabled {
		return harrier.Actor{}, refused()
	}
	if err := r.touch(ctx, s, now); err != nil {
		return harrier.Actor{}, err
	}
	who, err := r.actor(ctx, u, via)
	who.Session = hash
	return who, err
}

// ended reports whether s was idle for too long.
func (r *Room) ended(s harrier.Session, now time.Time) bool {
	last := s.LastUsed
	if used, found := r.used.get(s.TokenHash); found && used.After(last) {
		last = used
	}
	return now.Sub(last) >= s.Idle
}

// touch notes that s was used. The disk hears of it once a minute at most; in
// between the time is kept in memory.
func (r *Room) touch(ctx context.Context, s harrier.Session, now time.Time) error {
	r.used.change(s.TokenHash, func(old time.Time) time.Time {
		if old.After(now) {
			return old
		}
		return now
	})
	if now.Sub(s.LastUsed) < min(touchEvery, s.Idle/2) {
		return nil
	}
	if err := r.store.TouchSession(ctx, s.TokenHash, now); err != nil {
		return unknown(err)
	}
	return nil
}

// SignOut ends a session. It answers Unauthenticated for a token that is not
// known.
func (r *Room) SignOut(ctx context.Context, token string) error {
	hash := hashOf(token)
	err := r.store.InTx(ctx, func(ctx context.Context) error {
		s, err := r.store.Session(ctx, hash)
		if err != nil {
			return unknown(err)
		}
		u, err := r.store.User(ctx, s.User)
		if err != nil {
			return unknown(err)
		}
		if err := r.store.DeleteSession(ctx, hash); err != nil {
			return unknown(err)
		}
		return r.Record(ctx, harrier.Actor{Name: u.Name, Via: s.Via}, "session.end", object(u.ID), "")
	})
	r.used.forget(hash)
	return err
}

// unknown turns NotFound about a token into the answer to it.
func unknown(err error) error {
	if harrier.KindOf(err) == harrier.NotFound {
		return refused()
	}
	return fmt.Errorf("find session: %w", err)
}

// object names a user in the audit log.
func object(id harrier.ID) string { return fmt.Sprintf("user %d", id) }

func cut(s string, most int) string {
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
