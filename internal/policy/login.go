package policy

import (
	"context"

	"github.com/harrier-scan/harrier"
)

// Logins returns the credentials of a policy with their secrets in the clear,
// for the engine that runs a scan by it. They are shown to nobody. It answers
// NotFound.
func (r *Room) Logins(ctx context.Context, id harrier.ID) ([]harrier.Login, error) {
	p, err := r.store.Policy(ctx, id)
	if err != nil {
		return nil, err
	}
	var out []harrier.Login
	for _, c := range p.Credentials {
		secrets, err := r.secretsOf(p.UUID, c)
		if err != nil {
			return nil, err
		}
		c.Sealed = nil
		out = append(out, harrier.Login{Credential: c, Secrets: secrets})
	}
	return out, nil
}
