package databases

import (
	"bytes"
	"context"
	"fmt"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// RedisNoAuth reports a Redis server that answers INFO without a password.
var RedisNoAuth = check.Define(harrier.Vulnerability{
	ID: 900001, Slug: "redis-no-auth", Name: "Redis answers without a password", Family: family,
	Synopsis:    "The Redis server obeys commands of anybody.",
	Description: "The server answers commands of clients that have not signed in. Who reaches the port reads and changes all data, and can often run programs on the host by changing the configuration or loading modules.",
	Solution:    "Set a password (requirepass, or users in the ACL), bind the server to the addresses that need it, and leave the protected mode on.",
	CWEs:        []int{306},
	References:  []string{"https://redis.io/docs/latest/operate/oss_and_stack/management/security/"},
}, check.Takeover, check.Check{
	Applies: named("redis"),
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		reply, err := t.Ask(ctx, []byte("INFO server\r\n"))
		switch {
		case err != nil:
			return harrier.Unknown, "", err
		case bytes.Contains(reply, []byte("redis_version:")):
			_, rest, _ := bytes.Cut(reply, []byte("redis_version:"))
			return harrier.Present, "The server answered INFO without a password:\n\n  redis_version:" + check.FirstLine(rest), nil
		case bytes.HasPrefix(reply, []byte("-NOAUTH")), bytes.HasPrefix(reply, []byte("-DENIED")):
			return harrier.Absent, "", nil
		}
		return harrier.Unknown, "", fmt.Errorf("unexpected reply %q", check.FirstLine(reply))
	},
})

// MemcachedNoAuth reports a memcached server that obeys clients which have not
// signed in.
var MemcachedNoAuth = check.Define(harrier.Vulnerability{
	ID: 900002, Slug: "memcached-no-auth", Name: "Memcached answers without signing in", Family: family,
	Synopsis:    "The memcached server obeys commands of anybody.",
	Description: "The server answers commands of clients that have not signed in. Who reaches the port reads, changes and deletes what applications keep in the cache, sessions often among it.",
	Solution:    "Let the server listen on a local address only, filter the port, or turn SASL or password file authentication on.",
	CWEs:        []int{306},
	References:  []string{"https://docs.memcached.org/features/"},
}, check.Control, check.Check{
	Applies: named("memcached"),
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		reply, err := t.Ask(ctx, []byte("stats\r\n"))
		switch {
		case err != nil:
			return harrier.Unknown, "", err
		case bytes.HasPrefix(reply, []byte("STAT ")):
			return harrier.Present, "The server answered stats without signing in:\n\n  " + check.FirstLine(reply), nil
		case bytes.HasPrefix(reply, []byte("CLIENT_ERROR unauthenticated")):
			return harrier.Absent, "", nil
		}
		return harrier.Unknown, "", fmt.Errorf("unexpected reply %q", check.FirstLine(reply))
	},
})
