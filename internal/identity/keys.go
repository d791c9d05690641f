package identity

import (
	"context"
	"crypto/subtle"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/harrier-scan/harrier"
)

// Keys returns who a pair of API keys belongs to. It answers Unauthenticated
// for a pair that is not known, or whose user is disabled; refusals go to the
// audit log, those of one access key at most once a minute.
func (r *Room) Keys(ctx context.Context, access, secret, via string) (harrier.Actor, error) {
	pair, now := hashOf(access+"\x00"+secret), r.now()
	if u, found := r.keys.get(pair, now); found {
		return r.actor(ctx, u, via)
	}
	age := r.keys.age.Load()
	u, err := r.store.UserByAccessKey(ctx, access)
	missing := err != nil && harrier.KindOf(err) == harrier.NotFound
	if err != nil && !missing {
		return harrier.Actor{}, fmt.Errorf("find key: %w", err)
	}
	same := subtle.ConstantTimeCompare([]byte(hashOf(secret)), []byte(u.SecretHash)) == 1
	if missing || !same || u.Disabled {
		return harrier.Actor{}, r.refuseKey(ctx, u, access, via)
	}
	r.keys.put(pair, public(u), now, age)
	return r.actor(ctx, u, via)
}

func (r *Room) refuseKey(ctx context.Context, u harrier.User, access, via string) error {
	if r.keys.quiet(hashOf(access), r.now()) {
		return refused()
	}
	who, what := harrier.Actor{Via: via}, "unknown key"
	if u.ID != 0 {
		who.Name, what = u.Name, object(u.ID)
	}
	if err := r.Record(ctx, who, "key.refused", what, "access key "+cut(access, 8)); err != nil {
		return err
	}
	return refused()
}

// NewKeys gives a user a new pair of API keys, 64 hex digits each; the old pair
// ends at once. Of the secret only a hash is kept. Users do so for themselves,
// administrators for others who have no more rights than they. It answers
// NotFound and Forbidden.
func (r *Room) NewKeys(ctx context.Context, by harrier.Actor, id harrier.ID) (access, secret string, err error) {
	const size, hex = 64, "0123456789abcdef"
	access, secret = randomText(size, hex), randomText(size, hex)
	err = r.change(ctx, by, id, "user.keys", func(_ context.Context, u *harrier.User) error {
		u.AccessKey, u.SecretHash = access, hashOf(secret)
		return nil
	})
	if err != nil {
		return "", "", fmt.Errorf("new keys: %w", err)
	}
	return access, secret, nil
}

// keyCache remembers valid key pairs for some seconds, by their hashes, so that
// a client that asks often does not cost a look-up each time. Any change of a
// user empties it.
type keyCache struct {
	pairs atomic.Pointer[recent[cachedKey]]
	noted *recent[time.Time] // refused access keys, by hash
	age   atomic.Int64       // how often it was emptied
}

type cachedKey struct {
	who     harrier.User
	expires time.Time
}

const (
	keyCacheSize = 1000
	keyCacheTime = 5 * time.Second
)

func newKeyCache() *keyCache {
	c := &keyCache{noted: newRecent[time.Time](remembered)}
	c.clear()
	return c
}

func (c *keyCache) get(pair string, now time.Time) (harrier.User, bool) {
	k, found := c.pairs.Load().get(pair)
	return k.who, found && now.Before(k.expires)
}

// put remembers a pair, unless the cache was emptied since age was read: what
// was looked up before may be out of date.
func (c *keyCache) put(pair string, who harrier.User, now time.Time, age int64) {
	pairs := c.pairs.Load() // emptied meanwhile, it is not looked at again
	if c.age.Load() == age {
		pairs.change(pair, func(cachedKey) cachedKey { return cachedKey{who, now.Add(keyCacheTime)} })
	}
}

func (c *keyCache) clear() {
	c.age.Add(1)
	c.pairs.Store(newRecent[cachedKey](keyCacheSize))
}

// quiet reports whether a refusal of the key was noted within the last minute,
// and notes it otherwise.
func (c *keyCache) quiet(key string, now time.Time) bool {
	quiet := false
	c.noted.change(key, func(last time.Time) time.Time {
		if quiet = now.Sub(last) < time.Minute; quiet {
			return last
		}
		return now
	})
	return quiet
}
