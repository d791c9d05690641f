package identity

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	"github.com/harrier-scan/harrier"
)

// APIKeyStore keeps the keys of programs.
type APIKeyStore interface {
	InsertAPIKey(ctx context.Context, k *harrier.APIKey) error
	DeleteAPIKey(ctx context.Context, id harrier.ID) error
	APIKey(ctx context.Context, id harrier.ID) (harrier.APIKey, error)
	APIKeys(ctx context.Context) ([]harrier.APIKey, error)
	APIKeyByHash(ctx context.Context, hash string) (harrier.APIKey, error)
}

// maxAPIKeys is how many keys one user has made at most.
const maxAPIKeys = 100

// allOf is what an organisation key may do, and what its maker must be allowed.
func allOf(organization harrier.ID) harrier.Role {
	if organization == 0 {
		return harrier.Operator
	}
	return harrier.Administrator
}

// NewAPIKey makes a key for by: of by alone, or, with k.ForAll, of by's whole
// organisation. It fills k in and returns the text, which is told this once. It
// answers Invalid for a key without a name, Forbidden for an organisation key
// to those who may not do themselves what it may, and Conflict beyond 100 keys.
func (r *Room) NewAPIKey(ctx context.Context, by harrier.Actor, k *harrier.APIKey) (string, error) {
	if err := k.Check(); err != nil {
		return "", err
	}
	if by.User == 0 {
		return "", harrier.Errorf(harrier.Forbidden, "only users make API keys")
	}
	if !k.Expires.IsZero() && !r.now().Before(k.Expires) {
		return "", harrier.Invalidf("lifetime", "the key would have ended already")
	}
	if k.ForAll && (!by.May(allOf(by.Organization).Permissions()&^forbiddenTo(by.Organization)) || by.Narrow()) {
		return "", harrier.Errorf(harrier.Forbidden, "you may not make keys of the whole organization")
	}
	text := newKeyText()
	k.UUID, k.Created = harrier.NewUUID(r.now()), r.now()
	k.User, k.Organization, k.Hash = by.User, by.Organization, hashOf(text)
	err := r.store.InTx(ctx, func(ctx context.Context) error {
		all, err := r.store.APIKeys(ctx)
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(o harrier.APIKey) bool { return o.User != by.User })
		if len(all) >= maxAPIKeys {
			return harrier.Errorf(harrier.Conflict, "you have %d API keys already", len(all))
		}
		if err := r.store.InsertAPIKey(ctx, k); err != nil {
			return err
		}
		return r.Record(ctx, by, "apikey.create", keyObject(k.ID), k.Name)
	})
	if err != nil {
		return "", fmt.Errorf("new API key: %w", err)
	}
	return text, nil
}

// newKeyText returns 128 random bits in the form of a UUID: what clients of
// such APIs expect a key to look like.
func newKeyText() string {
	var u harrier.UUID
	_, _ = rand.Read(u[:]) // never fails: crypto/rand aborts the program instead
	return u.String()
}

func keyObject(id harrier.ID) string { return fmt.Sprintf("API key %d", id) }

// forbiddenTo are rights that nobody of an organisation has.
func forbiddenTo(organization harrier.ID) harrier.Permission {
	if organization == 0 {
		return 0
	}
	return installationOnly
}

// APIKeys lists by's own keys, and the organisation keys of by's organisation
// for those who could make one, by rising ID and without their hashes.
func (r *Room) APIKeys(ctx context.Context, by harrier.Actor) ([]harrier.APIKey, error) {
	all, err := r.store.APIKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("list API keys: %w", err)
	}
	all = slices.DeleteFunc(all, func(k harrier.APIKey) bool { return !ownsKey(by, k) })
	for i := range all {
		all[i].Hash = ""
	}
	return all, nil
}

func ownsKey(by harrier.Actor, k harrier.APIKey) bool {
	if k.User == by.User && by.User != 0 {
		return true
	}
	return k.ForAll && by.May(harrier.ManageUsers) && !by.Narrow() && (by.Organization == 0 || k.Organization == by.Organization)
}

// DeleteAPIKey ends a key at once. It answers NotFound for one that APIKeys does
// not list.
func (r *Room) DeleteAPIKey(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	err := r.store.InTx(ctx, func(ctx context.Context) error {
		k, err := r.store.APIKey(ctx, id)
		if err == nil && !ownsKey(by, k) {
			err = harrier.Errorf(harrier.NotFound, "no API key %d", id)
		}
		if err != nil {
			return err
		}
		if err := r.store.DeleteAPIKey(ctx, id); err != nil {
			return err
		}
		return r.Record(ctx, by, "apikey.delete", keyObject(id), k.Name)
	})
	if err != nil {
		return fmt.Errorf("delete API key: %w", err)
	}
	return nil
}

// ByAPIKey returns who the text of a key stands for. It answers Unauthenticated
// for a text that is no key, for one that has ended, and for the key of a user who is gone or disabled;
// refusals go to the audit log, those of one text at most once a minute.
func (r *Room) ByAPIKey(ctx context.Context, text, via string) (harrier.Actor, error) {
	hash := hashOf(text)
	k, err := r.store.APIKeyByHash(ctx, hash) // by an index, and the hash of 128 random bits tells nothing
	if err != nil {
		if harrier.KindOf(err) != harrier.NotFound {
			return harrier.Actor{}, fmt.Errorf("find API key: %w", err)
		}
		return harrier.Actor{}, r.refuseAPIKey(ctx, hash, "unknown key", via)
	}
	if !k.Expires.IsZero() && !r.now().Before(k.Expires) {
		return harrier.Actor{}, r.refuseAPIKey(ctx, hash, keyObject(k.ID)+" has ended", via)
	}
	if k.ForAll {
		return r.forAll(ctx, k, via)
	}
	u, err := r.store.User(ctx, k.User)
	switch {
	case err != nil && harrier.KindOf(err) != harrier.NotFound:
		return harrier.Actor{}, fmt.Errorf("find API key: %w", err)
	case err != nil || u.Disabled:
		return harrier.Actor{}, r.refuseAPIKey(ctx, hash, keyObject(k.ID), via)
	}
	return r.actor(ctx, public(u), via)
}

// forAll is who an organisation key stands for: its maker, who may do and see
// everything in the organisation.
func (r *Room) forAll(ctx context.Context, k harrier.APIKey, via string) (harrier.Actor, error) {
	a, err := r.access(ctx)
	if err != nil {
		return harrier.Actor{}, err
	}
	u := harrier.User{ID: k.User, Name: "key " + k.Name, Role: allOf(k.Organization), Organization: k.Organization}
	if k.Organization != 0 {
		if _, there := a.organizations[k.Organization]; !there {
			return harrier.Actor{}, r.refuseAPIKey(ctx, k.Hash, keyObject(k.ID), via)
		}
		u.Group = a.first(k.Organization)
	}
	return a.actor(u, via), nil
}

func (r *Room) refuseAPIKey(ctx context.Context, hash, object, via string) error {
	if !r.keys.quiet(hash, r.now()) {
		if err := r.Record(ctx, harrier.Actor{Via: via}, "key.refused", object, "hash "+cut(hash, 8)); err != nil {
			return err
		}
	}
	return refused()
}
