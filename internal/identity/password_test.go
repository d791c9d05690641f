package identity

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"golang.org/x/crypto/argon2"
)

func TestHasher(t *testing.T) {
	ctx, h := t.Context(), newHasher(current)
	phc, err := h.hash(ctx, goodPassword)
	noError(t, "hash", err)
	if !strings.HasPrefix(phc, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(phc, goodPassword) {
		t.Errorf("hash = %q", phc)
	}
	if again, _ := h.hash(ctx, goodPassword); again == phc {
		t.Error("two hashes of one password are the same: there is no salt")
	}
	salt := []byte("an older salt 16")
	cheap := "$argon2id$v=19$m=64,t=1,p=1$" + base64.RawStdEncoding.EncodeToString(salt) + "$" +
		base64.RawStdEncoding.EncodeToString(argon2.IDKey([]byte(goodPassword), salt, 1, 64, 1, 32))
	for _, c := range []struct {
		phc, password string
		ok, old       bool
	}{
		{phc, goodPassword, true, false},
		{phc, goodPassword + " ", false, false},
		{phc, "", false, false},
		{cheap, goodPassword, true, true},
		{cheap, "wrong", false, true},
		{h.dummy, goodPassword, false, false},
	} {
		ok, old, err := h.verify(ctx, c.phc, c.password)
		if ok != c.ok || old != c.old || err != nil {
			t.Errorf("verify(%q, %q) = %v, %v, %v; want %v, %v", c.phc, c.password, ok, old, err, c.ok, c.old)
		}
	}
	for _, bad := range []string{"", "x", "$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$" + strings.Repeat("A", 43), "$argon2id$v=19$m=99999999,t=1,p=1$c2FsdHNhbHQ$" + strings.Repeat("A", 43)} {
		if _, _, err := h.verify(ctx, bad, "x"); err == nil {
			t.Errorf("verify(%q) = nil error", bad)
		}
	}
}

// TestHasherWaits: when all slots are taken, a sign-in waits, and gives up with
// its context.
func TestHasherWaits(t *testing.T) {
	h := newHasher(current)
	for range atOnce {
		h.slots <- struct{}{}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := h.hash(ctx, goodPassword)
	wantKind(t, "hash while all slots are taken", err, harrier.Unavailable)
	<-h.slots
	_, err = h.hash(t.Context(), goodPassword)
	noError(t, "hash with a free slot", err)
}

func TestRehash(t *testing.T) {
	ctx := t.Context()
	r, db, _ := room(t)
	u := add(t, db, "alice", harrier.Analyst)
	salt := []byte("an older salt 16")
	c := cost{64, 1, 1}
	u.PasswordHash = encode(c, salt, argon2.IDKey([]byte(goodPassword), salt, c.passes, c.memoryKiB, c.lanes, hashSize))
	noError(t, "UpdateUser", db.UpdateUser(ctx, &u))
	for range 2 {
		_, _, err := r.SignIn(ctx, "alice", goodPassword, "", "")
		noError(t, "SignIn", err)
	}
	if stored, _ := db.User(ctx, u.ID); !strings.Contains(stored.PasswordHash, "m=19456") {
		t.Errorf("after a sign-in the hash is %q; want today's cost", stored.PasswordHash)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(current, make([]byte, saltSize), make([]byte, hashSize)))
	f.Add("$argon2id$v=19$m=1,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, phc string) {
		c, salt, sum, err := decode(phc)
		if err != nil {
			return
		}
		if c.memoryKiB > dearest.memoryKiB || c.passes > dearest.passes || c.passes == 0 || c.lanes == 0 || len(sum) < 16 {
			t.Errorf("decode(%q) = %+v, %d, %d", phc, c, len(salt), len(sum))
		}
		c2, salt2, sum2, err := decode(encode(c, salt, sum))
		if err != nil || c2 != c || string(salt2) != string(salt) || string(sum2) != string(sum) {
			t.Errorf("decode(encode(decode(%q))) differs: %v", phc, err)
		}
	})
}

func TestRandomText(t *testing.T) {
	counts := map[rune]int{}
	const n = 36_000
	for _, c := range randomText(n, tokenAlphabet) {
		counts[c]++
	}
	if len(counts) != len(tokenAlphabet) {
		t.Fatalf("%d different characters; want %d", len(counts), len(tokenAlphabet))
	}
	for c, k := range counts { // 1000 each; 200 are more than six deviations
		if k < 800 || k > 1200 {
			t.Errorf("%q occurs %d times of %d; want about %d", c, k, n, n/len(tokenAlphabet))
		}
	}
}

// TestFleeting: only a room whose store ends with the process makes cheap hashes.
func TestFleeting(t *testing.T) {
	for _, c := range []struct {
		config Config
		want   cost
	}{{Config{}, current}, {Config{Fleeting: true}, fleeting}} {
		h := New(nil, c.config).hasher
		phc, err := h.hash(t.Context(), goodPassword)
		noError(t, "hash", err)
		if made, _, _, err := decode(phc); err != nil || made != c.want {
			t.Errorf("a room of %+v hashes at %+v, %v; want %+v", c.config, made, err, c.want)
		}
		if ok, old, err := h.verify(t.Context(), phc, goodPassword); !ok || old || err != nil {
			t.Errorf("verify = %v, %v, %v; want a good one of today", ok, old, err)
		}
	}
}
