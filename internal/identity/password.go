package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
	"golang.org/x/crypto/argon2"
)

// cost is what a password hash takes to compute. The string form names it, so
// that hashes of other costs stay valid.
//
// Source: OWASP password storage cheat sheet, argon2id.
type cost struct {
	memoryKiB, passes uint32
	lanes             uint8
}

var current = cost{memoryKiB: 19 * 1024, passes: 2, lanes: 1}

// fleeting is what hashes cost that end with the process: nobody can take them
// away to guess at them.
var fleeting = cost{memoryKiB: 64, passes: 1, lanes: 1}

// dearest bounds what a stored hash may ask for.
var dearest = cost{memoryKiB: 1 << 20, passes: 16, lanes: 16}

const (
	saltSize = 16
	hashSize = 32
	// atOnce is how many passwords are hashed at a time, so that many sign-ins
	// can not take all memory: the rest waits.
	atOnce = 4

	shortest = 8    // characters of a password
	longest  = 1024 // bytes
)

// hasher hashes and verifies passwords.
type hasher struct {
	cost  cost // of new hashes
	slots chan struct{}
	// dummy is verified against when there is no user, so that the time an
	// answer takes does not tell.
	dummy string
}

func newHasher(c cost) *hasher {
	h := &hasher{cost: c, slots: make(chan struct{}, atOnce)}
	h.dummy = encode(c, make([]byte, saltSize), make([]byte, hashSize)) // no password has a zero hash
	return h
}

// hash returns the PHC string of password under a new salt. It waits for a free
// slot, and answers Unavailable when ctx ends before.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails: crypto/rand aborts the program instead
	sum, err := h.sum(ctx, h.cost, password, salt, hashSize)
	return encode(h.cost, salt, sum), err
}

// verify reports whether phc is a hash of password, and whether a newer hash
// should take its place. It waits as hash does.
func (h *hasher) verify(ctx context.Context, phc, password string) (ok, old bool, err error) {
	c, salt, want, err := decode(phc)
	if err != nil {
		return false, false, err
	}
	got, err := h.sum(ctx, c, password, salt, len(want))
	if err != nil {
		return false, false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1, c != h.cost, nil
}

func (h *hasher) sum(ctx context.Context, c cost, password string, salt []byte, size int) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, harrier.Errorf(harrier.Unavailable, "too many sign-ins at once").Because(ctx.Err())
	}
	return argon2.IDKey([]byte(password), salt, c.passes, c.memoryKiB, c.lanes, uint32(size)), nil
}

// encode writes the PHC string of a hash.
//
// Source: PHC string format, https://github.com/P-H-C/phc-string-format.
func encode(c cost, salt, sum []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.memoryKiB, c.passes, c.lanes, b64.EncodeToString(salt), b64.EncodeToString(sum))
}

// decode reads what encode writes. It fails for anything else, and for costs
// that would stop the console.
func decode(phc string) (c cost, salt, sum []byte, err error) {
	bad := fmt.Errorf("not an argon2id hash of a kind that is known")
	part := strings.Split(phc, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, bad
	}
	if _, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &c.memoryKiB, &c.passes, &c.lanes); err != nil {
		return c, nil, nil, bad
	}
	if c.passes == 0 || c.lanes == 0 || c.memoryKiB > dearest.memoryKiB || c.passes > dearest.passes || c.lanes > dearest.lanes {
		return c, nil, nil, bad
	}
	salt, errSalt := base64.RawStdEncoding.DecodeString(part[4])
	sum, errSum := base64.RawStdEncoding.DecodeString(part[5])
	if errSalt != nil || errSum != nil || len(salt) < 8 || len(sum) < 16 || len(sum) > 64 {
		return c, nil, nil, bad
	}
	return c, salt, sum, nil
}

// checkPassword answers Invalid about field for a password that is too weak to
// be one, or too long to hash at a bounded cost.
func checkPassword(field, password, name string) error {
	switch {
	case len([]rune(password)) < shortest:
		return harrier.Invalidf(field, "must have at least %d characters", shortest)
	case len(password) > longest:
		return harrier.Invalidf(field, "is longer than %d bytes", longest)
	case strings.EqualFold(password, name):
		return harrier.Invalidf(field, "must not be the user's name")
	}
	return nil
}
