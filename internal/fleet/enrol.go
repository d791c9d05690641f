package fleet

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
)

// TokenLife is how long an enrolment token can be used when nothing else is
// said, and MaxTokenLife the longest that may be said.
const (
	TokenLife    = time.Hour
	MaxTokenLife = 30 * 24 * time.Hour
)

// NewToken is what an enrolment token is made for.
type NewToken struct {
	Name string        // of the engine; "": the engine says. An engine of this name gets a new key
	Pool string        // that the engine becomes a member of, made when it is new; "": none
	Life time.Duration // 0: TokenLife
}

// Token makes a token with which one engine can enrol once, and returns it; the
// room keeps the hash of its secret part only. It answers Forbidden without ManageEngines and
// Invalid for a name or pool that can not be.
func (r *Room) Token(ctx context.Context, by harrier.Actor, n NewToken) (string, error) {
	secret, err := r.newToken(ctx, by, n)
	if err != nil {
		return "", err
	}
	return r.Present(secret), nil
}

// newToken is Token, and returns the secret part alone.
func (r *Room) newToken(ctx context.Context, by harrier.Actor, n NewToken) (string, error) {
	if err := manages(by); err != nil {
		return "", err
	}
	if n.Life == 0 {
		n.Life = TokenLife
	}
	if n.Life < 0 || n.Life > MaxTokenLife {
		return "", harrier.Invalidf("life", "must be between 0 and %s", MaxTokenLife)
	}
	if n.Name != "" {
		if err := (&harrier.Engine{Name: n.Name}).Check(); err != nil {
			return "", err
		}
	}
	if n.Pool != "" {
		if err := (&harrier.Pool{Name: n.Pool}).Check(); err != nil {
			return "", harrier.Invalidf("pool", "%s", harrier.MessageOf(err))
		}
	}
	secret, now := rand.Text(), r.Now().UTC()
	err := r.Store.InTx(ctx, func(ctx context.Context) error {
		err := r.Store.InsertEngineToken(ctx, harrier.EngineToken{
			Hash: hashOf(secret), Name: n.Name, Pool: n.Pool, By: by.Name, Created: now, Expires: now.Add(n.Life),
		})
		if err != nil {
			return err
		}
		return r.audit(ctx, by, "engine.token", 0, n.Name)
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Admits answers nil when an engine may enrol with the token of that secret now. The error is
// Unauthenticated and says why for the log: unknown, used or expired.
func (r *Room) Admits(ctx context.Context, token string) error {
	_, err := r.token(ctx, token)
	return err
}

func (r *Room) token(ctx context.Context, token string) (harrier.EngineToken, error) {
	t, err := r.Store.EngineToken(ctx, hashOf(token))
	switch {
	case harrier.KindOf(err) == harrier.NotFound:
		return t, harrier.Errorf(harrier.Unauthenticated, "the enrolment token is unknown")
	case err != nil:
		return t, err
	case !t.Used.IsZero():
		return t, harrier.Errorf(harrier.Unauthenticated, "the enrolment token was used before")
	case !r.Now().Before(t.Expires):
		return t, harrier.Errorf(harrier.Unauthenticated, "the enrolment token has expired")
	}
	return t, nil
}

// Enrol uses up a token for the engine that shows it: asked has its name and
// keys. It returns the engine as it is known from now on: one of that name that
// the token is bound to with new keys, or a new one. It answers Unauthenticated
// for a token that is of no use and Conflict, without using the token up, for a
// name that another engine has.
func (r *Room) Enrol(ctx context.Context, token string, asked harrier.Engine) (harrier.Engine, error) {
	var e harrier.Engine
	err := r.Store.InTx(ctx, func(ctx context.Context) error {
		t, err := r.token(ctx, token)
		if err != nil {
			return err
		}
		now := r.Now().UTC()
		if e, err = r.named(ctx, t, asked.Name); err != nil {
			return err
		}
		e.Key, e.Box, e.Enrolled, e.Revoked = asked.Key, asked.Box, now, time.Time{}
		if err := e.Check(); err != nil {
			return err
		}
		if e.ID == 0 {
			e.Created = now
			err = r.Store.InsertEngine(ctx, &e)
		} else {
			err = r.Store.UpdateEngine(ctx, &e)
		}
		if err != nil {
			return err
		}
		if err := r.join(ctx, t.Pool, e.ID, now); err != nil {
			return err
		}
		if err := r.Store.UseEngineToken(ctx, t.Hash, now); err != nil {
			return err
		}
		by := harrier.System
		by.Name, by.Via = t.By, "engine"
		return r.audit(ctx, by, "engine.enrol", e.ID, e.Name+", key "+e.Fingerprint())
	})
	if err != nil {
		return harrier.Engine{}, err
	}
	r.Changed()
	return e, nil
}

// named is the engine that enrols with t.
func (r *Room) named(ctx context.Context, t harrier.EngineToken, name string) (harrier.Engine, error) {
	if t.Name == "" {
		return harrier.Engine{Name: name}, r.free(ctx, harrier.Engine{Name: name})
	}
	list, err := r.Store.Engines(ctx)
	if err != nil {
		return harrier.Engine{}, err
	}
	i := slices.IndexFunc(list, func(e harrier.Engine) bool { return e.Name == t.Name })
	if i < 0 {
		return harrier.Engine{Name: t.Name}, r.free(ctx, harrier.Engine{Name: t.Name})
	}
	if !list[i].Remote() {
		return harrier.Engine{}, harrier.Errorf(harrier.Conflict, "the console's own engine needs no enrolment")
	}
	return list[i], nil
}

// join makes the engine a member of the pool of that name.
func (r *Room) join(ctx context.Context, name string, id harrier.ID, now time.Time) error {
	if name == "" {
		return nil
	}
	pools, err := r.Store.Pools(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(pools, func(p harrier.Pool) bool { return p.Name == name })
	switch {
	case i < 0:
		return r.Store.InsertPool(ctx, &harrier.Pool{Name: name, Members: []harrier.ID{id}, Created: now})
	case slices.Contains(pools[i].Members, id):
		return nil
	}
	pools[i].Members = append(pools[i].Members, id)
	return r.Store.UpdatePool(ctx, &pools[i])
}

// Renewed keeps until when the engine's certificate is good. It answers
// Forbidden for one that is not trusted.
func (r *Room) Renewed(ctx context.Context, id harrier.UUID, expires time.Time) error {
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		list, err := r.Store.Engines(ctx)
		if err != nil {
			return err
		}
		for _, e := range list {
			if e.UUID == id && e.Trusted() {
				e.Expires = expires.UTC()
				return r.Store.UpdateEngine(ctx, &e)
			}
		}
		return harrier.Errorf(harrier.Forbidden, "the engine is not trusted")
	})
}

// Revoke ends the trust in an engine's key: the engine is cut off at once and
// refused from then on, until it enrols anew with a token for its name. It
// answers Forbidden without ManageEngines, NotFound, and Conflict for the
// console's own engine.
func (r *Room) Revoke(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	if err := manages(by); err != nil {
		return err
	}
	err := r.Store.InTx(ctx, func(ctx context.Context) error {
		e, err := r.Store.Engine(ctx, id)
		switch {
		case err != nil:
			return err
		case !e.Remote():
			return harrier.Errorf(harrier.Conflict, "the console's own engine can not be revoked")
		case !e.Revoked.IsZero():
			return nil
		}
		e.Revoked = r.Now().UTC()
		if err := r.Store.UpdateEngine(ctx, &e); err != nil {
			return err
		}
		return r.audit(ctx, by, "engine.revoke", id, e.Name)
	})
	if err == nil {
		r.Changed()
	}
	return err
}
