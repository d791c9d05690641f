package securitycenter

import (
	"context"
	"errors"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/identity"
)

// maxSessions is how many sessions a user may have through this door.
//
// Source: section 2.1.
const maxSessions = 5

func (a api) tokenRoutes(m *router) {
	m.public("POST /token", a.signIn)
	m.public("DELETE /token", a.signOut)
	m.handle("GET /token", a.getToken)
	m.handle("POST /apiKey", a.createKeys)
}

// signInRequest is the body of POST /token.
type signInRequest struct {
	Username *kit.Text `json:"username"`
	Password *kit.Text `json:"password"`
	Release  kit.Bool  `json:"releaseSession"`
}

// signInReply tells of a new session.
type signInReply struct {
	Token           int    `json:"token"` // a number, of ten digits
	UnassociatedCrt string `json:"unassociatedCert"`
	LastLogin       string `json:"lastLogin"`
	LastLoginIP     string `json:"lastLoginIP"`
	FailedLogins    string `json:"failedLogins"`
	FailedLoginIP   string `json:"failedLoginIP"`
	LastFailedLogin string `json:"lastFailedLogin"`
}

// releaseReply asks whether the oldest session shall end.
type releaseReply struct {
	ReleaseSession bool `json:"releaseSession"`
}

// signIn begins a session. The cookie is sent twice: some clients read the first
// header, one the second.
func (a api) signIn(ctx context.Context, _ harrier.Actor, q *query) (any, error) {
	var in signInRequest
	if err := q.body(&in); err != nil {
		return nil, err
	}
	if in.Username == nil || in.Password == nil {
		return nil, harrier.Errorf(harrier.Invalid, "The parameters 'username' and 'password' are needed.")
	}
	limit := identity.PairLimit{Most: maxSessions, Release: bool(in.Release)}
	s, err := a.Identity.SignInPair(ctx, string(*in.Username), string(*in.Password), via, kit.RemoteAddr(q.raw), limit)
	switch {
	case errors.Is(err, identity.ErrSessions):
		return releaseReply{true}, nil
	case err != nil && harrier.KindOf(err) == harrier.Unauthenticated:
		return nil, fault(codeLogin, failure, textLogin)
	case err != nil:
		return nil, err
	}
	for range 2 {
		q.header.Add("Set-Cookie", sessionCookie+"="+s.Cookie+"; path=/; secure; HttpOnly; SameSite=Strict")
	}
	return signInReply{
		Token: s.Number, UnassociatedCrt: sbool(false), LastLogin: stime0(s.Before.LastLogin),
		FailedLogins: sid(s.Before.Failures), LastFailedLogin: stime0(s.Before.LastFailure),
	}, nil
}

// getToken lets a client see whether its session is alive.
func (a api) getToken(context.Context, harrier.Actor, *query) (any, error) { return nil, nil }

// signOut ends the session, if there is one.
func (a api) signOut(ctx context.Context, _ harrier.Actor, q *query) (any, error) {
	secret := sessionOf(q.raw)
	if secret == "" {
		return nil, nil
	}
	if err := a.Identity.SignOut(ctx, secret); err != nil && harrier.KindOf(err) != harrier.Unauthenticated {
		return nil, err
	}
	return nil, nil
}

// keysRequest is the body of POST /apiKey.
type keysRequest struct {
	User given `json:"user"` // nothing: oneself
}

// keysReply is a new pair of keys; the secret is shown once.
type keysReply struct {
	ID        string `json:"id"`
	AccessKey string `json:"accessKey"`
	SecretKey string `json:"secretKey"`
}

// createKeys gives a user another pair of keys; the old one ends.
func (a api) createKeys(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var in keysRequest
	if err := q.body(&in); err != nil {
		return nil, err
	}
	user := by.User
	if in.User > 0 {
		user = harrier.ID(in.User)
	}
	access, secret, err := a.Identity.NewKeys(ctx, by, user)
	if err != nil {
		return nil, missing(err, "User", sid(user), "change")
	}
	return keysReply{sid(user), access, secret}, nil
}
