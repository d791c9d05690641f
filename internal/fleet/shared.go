package fleet

import (
	"context"
	"time"

	"github.com/harrier-scan/harrier"
)

// shared is the enrolment token that may be shown again until it was used. It is
// in memory only: a console that starts anew has none.
type shared struct {
	secret  string
	expires time.Time
}

// SharedSecret returns the token that NewSharedSecret made last, and for how long
// it can still be used. It answers NotFound when there is none, it was used or has
// expired, and Forbidden without ManageEngines.
func (r *Room) SharedSecret(ctx context.Context, by harrier.Actor) (string, time.Duration, error) {
	if err := manages(by); err != nil {
		return "", 0, err
	}
	r.mu.Lock()
	have := r.shared
	r.mu.Unlock()
	if have.secret == "" || r.Admits(ctx, have.secret) != nil {
		return "", 0, harrier.Errorf(harrier.NotFound, "no secret is valid")
	}
	return r.Present(have.secret), have.expires.Sub(r.Now()), nil
}

// NewSharedSecret makes an enrolment token for one engine, of any name, that
// SharedSecret shows. The one before can not be used any more. Errors are those of
// Token.
func (r *Room) NewSharedSecret(ctx context.Context, by harrier.Actor) (string, error) {
	if err := r.RevokeSharedSecret(ctx, by); err != nil {
		return "", err
	}
	secret, err := r.newToken(ctx, by, NewToken{})
	if err != nil {
		return "", err
	}
	r.mu.Lock()
	r.shared = shared{secret, r.Now().Add(TokenLife)}
	r.mu.Unlock()
	return r.Present(secret), nil
}

// RevokeSharedSecret ends the token that SharedSecret shows, if there is one. It
// answers Forbidden without ManageEngines.
func (r *Room) RevokeSharedSecret(ctx context.Context, by harrier.Actor) error {
	if err := manages(by); err != nil {
		return err
	}
	r.mu.Lock()
	have := r.shared
	r.shared = shared{}
	r.mu.Unlock()
	if usable := have.secret != "" && r.Admits(ctx, have.secret) == nil; !usable {
		return nil
	}
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		if err := r.Store.UseEngineToken(ctx, hashOf(have.secret), r.Now().UTC()); err != nil {
			return err
		}
		return r.audit(ctx, by, "engine.token.revoke", 0, "")
	})
}
