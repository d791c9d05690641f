package identity

import (
	"context"

	"github.com/harrier-scan/harrier"
)

// Actor returns a user as who asks, for what the console does in their name. It
// answers NotFound for a user that is gone, and Forbidden for one that may no
// longer sign in.
func (r *Room) Actor(ctx context.Context, id harrier.ID, via string) (harrier.Actor, error) {
	u, err := r.store.User(ctx, id)
	if err != nil {
		return harrier.Actor{}, err
	}
	if u.Disabled {
		return harrier.Actor{}, harrier.Errorf(harrier.Forbidden, "user %q may not sign in", u.Name)
	}
	return actor(u, via), nil
}
