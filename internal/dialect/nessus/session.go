package nessus

import (
	"context"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// signInRequest is the body of POST /session.
type signInRequest struct {
	Username *kit.Text `json:"username"`
	Password *kit.Text `json:"password"`
	From     string    `from:"remote"`
}

// signInReply has the token and nothing else: one client knows no other key.
type signInReply struct {
	Token string `json:"token"`
}

func (a api) signIn(ctx context.Context, _ harrier.Actor, q signInRequest) (signInReply, error) {
	if q.Username == nil || q.Password == nil {
		return signInReply{}, harrier.Errorf(harrier.Invalid, "username and password are needed")
	}
	token, _, err := a.Identity.SignIn(ctx, string(*q.Username), string(*q.Password), via, q.From)
	return signInReply{token}, err
}

// sessionUser is the answer of GET and PUT /session.
type sessionUser struct {
	ID          harrier.ID `json:"id"`
	Username    string     `json:"username"`
	Name        string     `json:"name"`
	Email       *string    `json:"email"`
	Type        string     `json:"type"`
	Permissions int        `json:"permissions"`
	LastLogin   int64      `json:"lastlogin"`
	ContainerID int        `json:"container_id"`
	Groups      []string   `json:"groups"`
	Pro7        *string    `json:"pro7_whats_new"`
}

func newSessionUser(u harrier.User) sessionUser {
	w := newUser(u)
	return sessionUser{ID: w.ID, Username: w.Username, Name: w.Name, Email: w.Email, Type: w.Type, Permissions: w.Permissions, LastLogin: w.LastLogin}
}

func (a api) getSession(ctx context.Context, by harrier.Actor, _ struct{}) (sessionUser, error) {
	u, err := a.Identity.User(ctx, by, by.User)
	return newSessionUser(u), err
}

// sessionUpdate is the body of PUT /session: what is not given stays.
type sessionUpdate struct {
	Name  *kit.Text `json:"name"`
	Email *kit.Text `json:"email"`
}

func (a api) updateSession(ctx context.Context, by harrier.Actor, q sessionUpdate) (sessionUser, error) {
	u, err := a.Identity.User(ctx, by, by.User)
	if err != nil {
		return sessionUser{}, err
	}
	q.apply(&u)
	return newSessionUser(u), a.Identity.Update(ctx, by, &u)
}

func (q sessionUpdate) apply(u *harrier.User) {
	if q.Name != nil {
		u.FullName = string(*q.Name)
	}
	if q.Email != nil {
		u.Email = string(*q.Email)
	}
}

// signOutRequest is a DELETE /session.
type signOutRequest struct {
	Cookie string `from:"header X-Cookie"`
	Token  string `from:"query token"`
}

// signOut ends the session; with API keys there is none, which is no error.
func (a api) signOut(ctx context.Context, _ harrier.Actor, q signOutRequest) (kit.Empty, error) {
	token := parseCookie(q.Cookie)
	if token == "" {
		token = q.Token
	}
	if token == "" {
		return kit.Empty{}, nil
	}
	return kit.Empty{}, a.Identity.SignOut(ctx, token)
}

// passwordRequest is the body of PUT /session/chpasswd.
type passwordRequest struct {
	Password *kit.Text `json:"password"`
	Current  kit.Text  `json:"current_password"`
}

func (a api) changePassword(ctx context.Context, by harrier.Actor, q passwordRequest) (kit.Empty, error) {
	if q.Password == nil {
		return kit.Empty{}, harrier.Invalidf("password", "is needed")
	}
	return kit.Empty{}, a.Identity.SetPassword(ctx, by, by.User, string(q.Current), string(*q.Password))
}

// keysReply is a new key pair; it is shown once.
type keysReply struct {
	AccessKey string `json:"accessKey"`
	SecretKey string `json:"secretKey"`
}

func (a api) newKeys(ctx context.Context, by harrier.Actor, _ struct{}) (keysReply, error) {
	access, secret, err := a.Identity.NewKeys(ctx, by, by.User)
	return keysReply{access, secret}, err
}

// unix is an instant in unix seconds; 0 for none.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// unixOrNull is an instant in unix seconds; null for none.
func unixOrNull(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	n := t.Unix()
	return &n
}
