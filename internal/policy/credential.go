package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
)

// secretWords mark the fields that hold a secret: a field is one when its name
// has one of them within. A new field is thus rather hidden than shown.
var secretWords = []string{"password", "passwd", "passphrase", "private_key", "secret", "community", "token", "api_key", "apikey"}

// openWords are the names that have a secret word within but say how a secret
// is asked for.
var openWords = []string{"custom_password_prompt", "password_prompt", "password_type", "token_url"}

// IsSecret reports whether a credential's field of this name holds a secret:
// such fields are taken in and never given out.
func IsSecret(field string) bool {
	field = strings.ToLower(field)
	return !slices.Contains(openWords, field) &&
		slices.ContainsFunc(secretWords, func(w string) bool { return strings.Contains(field, w) })
}

// HasSecret reports whether a stored credential has secret fields, as Policy
// shows it: its Sealed is empty but not nil then.
func HasSecret(c harrier.Credential) bool { return c.Sealed != nil }

// public returns p as a caller may see it.
func public(p harrier.Policy) harrier.Policy {
	p = clone(p)
	for i, c := range p.Credentials {
		if c.Sealed != nil {
			p.Credentials[i].Sealed = []byte{}
		}
	}
	return p
}

// withoutSecrets returns the preferences that are no secret. Secrets belong to
// credentials, where they are sealed; no engine takes one from here.
func withoutSecrets(preferences map[string]string) map[string]string {
	if preferences == nil {
		return nil
	}
	out := map[string]string{}
	for name, value := range preferences {
		if !IsSecret(name) {
			out[name] = value
		}
	}
	return out
}

// seal moves the secret fields of p's credentials out of Fields into Sealed,
// and numbers new ones. A credential with the ID of a stored one, in p or in
// another policy whose credentials by may use, has that one's secret fields too,
// unless it brings its own.
func (r *Room) seal(ctx context.Context, by harrier.Actor, p *harrier.Policy) error {
	for i := range p.Credentials {
		c := &p.Credentials[i]
		secrets, mine, err := r.storedSecrets(ctx, by, p.ID, c.ID)
		if err != nil {
			return err
		}
		if !mine {
			if c.ID, err = r.nextCredential(ctx); err != nil {
				return err
			}
		}
		for name, value := range c.Fields {
			if IsSecret(name) {
				delete(c.Fields, name)
				secrets[name] = value
			}
		}
		if c.Sealed = nil; len(secrets) == 0 {
			continue
		}
		text, err := json.Marshal(secrets)
		if err != nil {
			return fmt.Errorf("seal credential: %w", err)
		}
		if c.Sealed, err = r.secrets.Seal(purpose(p.UUID, c.ID), text); err != nil {
			return fmt.Errorf("seal credential: %w", err)
		}
	}
	return nil
}

// storedSecrets returns the secret fields of the stored credential id, none
// when by may use no such credential, and whether it is one of policy's own.
func (r *Room) storedSecrets(ctx context.Context, by harrier.Actor, policy, id harrier.ID) (map[string]string, bool, error) {
	if id == 0 {
		return map[string]string{}, false, nil
	}
	all, err := r.store.Policies(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("find credential: %w", err)
	}
	for _, p := range all {
		at := slices.IndexFunc(p.Credentials, func(c harrier.Credential) bool { return c.ID == id })
		if at < 0 {
			continue
		}
		if may, err := r.mayUse(ctx, by, p); err != nil || !may {
			return map[string]string{}, false, err
		}
		secrets, err := r.secretsOf(p.UUID, p.Credentials[at])
		return secrets, p.ID == policy, err
	}
	return map[string]string{}, false, nil
}

// mayUse reports whether by may sign in with the credentials of p. To see what a
// site's scans found is not to run them: whoever may copy their credentials can
// have them sent to a host of their own. A policy that is shared for itself is
// shared to be used.
func (r *Room) mayUse(ctx context.Context, by harrier.Actor, p harrier.Policy) (bool, error) {
	level := r.Level(by, p)
	if level < harrier.MayView || level >= harrier.MayControl || !p.Hidden {
		return level >= harrier.MayView, nil
	}
	sites, err := r.store.Sites(ctx)
	if err != nil {
		return false, fmt.Errorf("find credential: %w", err)
	}
	return !slices.ContainsFunc(sites, func(s harrier.Site) bool { return s.Policy == p.ID }), nil
}

func (r *Room) secretsOf(policy harrier.UUID, c harrier.Credential) (map[string]string, error) {
	secrets := map[string]string{}
	if len(c.Sealed) == 0 {
		return secrets, nil
	}
	text, err := r.secrets.Unseal(purpose(policy, c.ID), c.Sealed)
	if err != nil {
		return nil, fmt.Errorf("unseal credential %d: %w", c.ID, err)
	}
	if err := json.Unmarshal(text, &secrets); err != nil {
		return nil, fmt.Errorf("unseal credential %d: %w", c.ID, err)
	}
	return secrets, nil
}

// purpose ties sealed fields to their place: moved to another policy or
// credential they can not be unsealed.
func purpose(policy harrier.UUID, credential harrier.ID) string {
	return fmt.Sprintf("policy %s credential %d", policy, credential)
}

// credentialKey names the setting that counts credentials, so that a number is
// never used again.
const credentialKey = "policy.credentials"

func (r *Room) nextCredential(ctx context.Context) (harrier.ID, error) {
	text, _, err := r.store.Value(ctx, credentialKey)
	if err != nil {
		return 0, fmt.Errorf("number credential: %w", err)
	}
	last, _ := strconv.ParseInt(text, 10, 64) // "" before the first
	if err := r.store.SetValue(ctx, credentialKey, strconv.FormatInt(last+1, 10)); err != nil {
		return 0, fmt.Errorf("number credential: %w", err)
	}
	return harrier.ID(last + 1), nil
}
