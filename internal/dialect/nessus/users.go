package nessus

import (
	"context"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// roleNumbers are the API's permission levels of users, by role.
//
// Source: nessus-api.md, section 8.
var roleNumbers = []struct {
	role   harrier.Role
	number int
}{
	{harrier.NoRole, 0},
	{harrier.Viewer, 16},
	{harrier.Analyst, 32},
	{harrier.Administrator, 64},
	{harrier.Operator, 128},
}

func numberOfRole(role harrier.Role) int {
	for _, r := range roleNumbers {
		if r.role == role {
			return r.number
		}
	}
	return 0
}

// roleOfNumber answers Invalid for a number that is no level.
func roleOfNumber(n int) (harrier.Role, error) {
	for _, r := range roleNumbers {
		if r.number == n {
			return r.role, nil
		}
	}
	return "", harrier.Invalidf("permissions", "%d is not one of 0, 16, 32, 64, 128", n)
}

// userItem is a user.
type userItem struct {
	ID          harrier.ID `json:"id"`
	Username    string     `json:"username"`
	Name        string     `json:"name"`
	Email       *string    `json:"email"`
	Permissions int        `json:"permissions"`
	LastLogin   int64      `json:"lastlogin"`
	Type        string     `json:"type"`
	Failures    int        `json:"login_fail_count"`
	LastAttempt int64      `json:"last_login_attempt"`
}

func newUser(u harrier.User) userItem {
	w := userItem{
		ID: u.ID, Username: u.Name, Name: u.FullName, Permissions: numberOfRole(u.Role), LastLogin: unix(u.LastLogin), Type: "local",
		Failures: u.Failures, LastAttempt: max(unix(u.LastFailure), unix(u.LastLogin)),
	}
	if w.Name == "" {
		w.Name = u.Name
	}
	if u.Email != "" {
		w.Email = &u.Email
	}
	return w
}

// usersReply is the answer of GET /users.
type usersReply struct {
	Users []userItem `json:"users"`
}

func (a api) listUsers(ctx context.Context, by harrier.Actor, _ struct{}) (usersReply, error) {
	list, err := a.Identity.Users(ctx, by)
	reply := usersReply{Users: make([]userItem, len(list))}
	for i, u := range list {
		reply.Users[i] = newUser(u)
	}
	return reply, err
}

func (a api) getUser(ctx context.Context, by harrier.Actor, q byID) (userItem, error) {
	u, err := a.Identity.User(ctx, by, q.ID)
	return newUser(u), err
}

// userCreate is the body of POST /users.
type userCreate struct {
	sessionUpdate
	Username    kit.Text `json:"username"`
	Password    kit.Text `json:"password"`
	Permissions *kit.Int `json:"permissions"` // nothing: 32
	Type        kit.Text `json:"type"`        // "local" or nothing
}

func (a api) createUser(ctx context.Context, by harrier.Actor, q userCreate) (userItem, error) {
	if q.Type != "" && q.Type != "local" {
		return userItem{}, harrier.Invalidf("type", "only local users are known")
	}
	u := harrier.User{Name: string(q.Username), Role: harrier.Analyst}
	q.apply(&u)
	if q.Permissions != nil {
		var err error
		if u.Role, err = roleOfNumber(int(*q.Permissions)); err != nil {
			return userItem{}, err
		}
	}
	err := a.Identity.Create(ctx, by, &u, string(q.Password))
	return newUser(u), err
}

// userUpdate is a PUT /users/{id}: what is not given stays.
type userUpdate struct {
	byID
	sessionUpdate
	Permissions *kit.Int `json:"permissions"`
}

func (a api) updateUser(ctx context.Context, by harrier.Actor, q userUpdate) (userItem, error) {
	u, err := a.Identity.User(ctx, by, q.ID)
	if err != nil {
		return userItem{}, err
	}
	q.apply(&u)
	if q.Permissions != nil {
		if u.Role, err = roleOfNumber(int(*q.Permissions)); err != nil {
			return userItem{}, err
		}
	}
	return newUser(u), a.Identity.Update(ctx, by, &u)
}

// userPassword is a PUT /users/{id}/chpasswd.
type userPassword struct {
	byID
	passwordRequest
}

func (a api) setUserPassword(ctx context.Context, by harrier.Actor, q userPassword) (kit.Empty, error) {
	if q.Password == nil {
		return kit.Empty{}, harrier.Invalidf("password", "is needed")
	}
	return kit.Empty{}, a.Identity.SetPassword(ctx, by, q.ID, string(q.Current), string(*q.Password))
}

func (a api) newUserKeys(ctx context.Context, by harrier.Actor, q byID) (keysReply, error) {
	access, secret, err := a.Identity.NewKeys(ctx, by, q.ID)
	return keysReply{access, secret}, err
}

func (a api) deleteUser(ctx context.Context, by harrier.Actor, q byID) (kit.Empty, error) {
	return kit.Empty{}, a.Identity.Delete(ctx, by, q.ID)
}

func (a api) deleteUsers(ctx context.Context, by harrier.Actor, q byIDs) (kit.Empty, error) {
	_, err := deleteEach(q.IDs, func(id harrier.ID) error { return a.Identity.Delete(ctx, by, id) })
	return kit.Empty{}, err
}

// names tells users' names by their ids. They are read when the first is asked
// for.
type names struct {
	load  func() (map[harrier.ID]string, error)
	known map[harrier.ID]string
}

func (a api) names(ctx context.Context) *names {
	return &names{load: func() (map[harrier.ID]string, error) { return a.Identity.Names(ctx) }}
}

// of returns a name; "" for one who is gone.
func (n *names) of(id harrier.ID) string {
	if id == 0 {
		return harrier.System.Name
	}
	if n.known == nil {
		var err error
		if n.known, err = n.load(); err != nil {
			n.known = map[harrier.ID]string{}
		}
	}
	return n.known[id]
}
