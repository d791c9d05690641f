package identity

import (
	"context"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// ActorOf returns the user as somebody who acts, for what the console does on
// their behalf. It answers NotFound for a user that is gone and Unauthenticated
// for one that is disabled.
func (r *Room) ActorOf(ctx context.Context, id harrier.ID, via string) (harrier.Actor, error) {
	u, err := r.store.User(ctx, id)
	if err != nil {
		return harrier.Actor{}, err
	}
	if u.Disabled {
		return harrier.Actor{}, refused()
	}
	return r.actor(ctx, u, via)
}

// Addresses returns the mail addresses of those users that have one and are not
// disabled, each once.
func (r *Room) Addresses(ctx context.Context, ids []harrier.ID) ([]string, error) {
	users, err := r.store.Users(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, u := range users {
		if slices.Contains(ids, u.ID) && !u.Disabled && strings.TrimSpace(u.Email) != "" && !slices.Contains(out, u.Email) {
			out = append(out, u.Email)
		}
	}
	return out, nil
}
