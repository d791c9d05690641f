package identity

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"slices"
	"strconv"
	"time"

	"github.com/harrier-scan/harrier"
)

const (
	// cookieSize is the length of a pair's cookie: 165 bits.
	cookieSize = 32
	// A pair's number has ten digits and fits into 31 bits.
	numberSize = 10
	lowest     = 1_000_000_000
	highest    = 2_147_483_647
)

// ErrSessions is the answer to a sign-in of a user who has as many sessions as
// they may have.
var ErrSessions = harrier.Errorf(harrier.Conflict, "there are too many sessions of this user")

// Pair is a session whose secret has two parts that a client sends in two
// places, one after the other the token of Session and SignOut.
//
// Source: securitycenter-api.md, section 2.1.
type Pair struct {
	Cookie string // 32 characters
	Number int    // ten digits
	Who    harrier.Actor
	Before harrier.User // the user as they were before, without what is secret
}

// PairLimit is how many sessions of one door a user may have.
type PairLimit struct {
	Most    int
	Release bool // end the oldest instead of refusing the new one
}

// SignInPair is SignIn for a session with a secret of two parts. It also answers
// ErrSessions, where the name and the password are right.
func (r *Room) SignInPair(ctx context.Context, name, password, via, from string, l PairLimit) (Pair, error) {
	p := Pair{Cookie: randomText(cookieSize, tokenAlphabet), Number: randomNumber()}
	var err error
	p.Before, p.Who, err = r.signIn(ctx, attempt{
		name: name, password: password, via: via, from: from, token: p.Cookie + strconv.Itoa(p.Number), most: l.Most, release: l.Release,
	})
	if err != nil {
		return Pair{}, err
	}
	return p, nil
}

// randomNumber returns a number of a pair, each as likely as any other.
func randomNumber() int {
	const span = highest - lowest + 1
	var b [4]byte
	for {
		_, _ = rand.Read(b[:]) // never fails: crypto/rand aborts the program instead
		if n := binary.BigEndian.Uint32(b[:]); n < 3*span {
			return lowest + int(n%span)
		}
	}
}

// makeRoom sees to it that a user may begin one more session.
func (r *Room) makeRoom(ctx context.Context, user harrier.ID, e attempt) error {
	if e.most <= 0 {
		return nil
	}
	now := r.now()
	list, err := r.store.SessionsOf(ctx, user)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(s harrier.Session) bool { return s.Via != e.via || r.ended(s, now) })
	if len(list) >= e.most && !e.release {
		return ErrSessions
	}
	for len(list) >= e.most { // the oldest comes first
		if err := r.store.DeleteSession(ctx, list[0].TokenHash); err != nil {
			return err
		}
		r.used.forget(list[0].TokenHash)
		list = list[1:]
	}
	return nil
}

// IdleTimeout is how long a session lasts without use.
func (r *Room) IdleTimeout() time.Duration { return r.idle }
