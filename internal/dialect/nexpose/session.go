package nexpose

import (
	"net/http"
	"strings"

	"github.com/harrier-scan/harrier"
)

// cookieName is the cookie, and the header, that carries a session through the
// side doors.
const cookieName = "nexposeCCSessionID"

// sessionCommands are Login and Logout.
//
// Source: section 2.
func (a *api) sessionCommands() {
	a.commands["login"] = command{name: "Login", public: true, plain: true, do: a.login}
	a.commands["logout"] = command{name: "Logout", public: true, plain: true, do: a.logout}
}

func (a *api) login(c *call) (answer, error) {
	switch silo := c.req.attr("silo-id"); {
	case c.req.attr("user-id") == "":
		return answer{}, harrier.Invalidf("user-id", "is missing")
	case silo != "" && silo != "default":
		return answer{}, refusedLogin
	}
	id, _, err := a.Identity.SignInHex(c.ctx(), c.req.attr("user-id"), c.req.attr("password"), via, c.from)
	if harrier.KindOf(err) == harrier.Unauthenticated && err != nil {
		return answer{}, refusedLogin
	}
	if err != nil {
		return answer{}, err
	}
	c.session = id
	return answer{attrs: []string{"session-id", id}}, nil
}

// refusedLogin is told for every reason alike.
var refusedLogin = harrier.Errorf(harrier.Forbidden, "Login failed: wrong user name or password, or the account is locked or disabled")

func (a *api) logout(c *call) (answer, error) {
	if err := a.authenticate(c); err != nil {
		return answer{}, err
	}
	token := c.session
	c.session = "" // no cookie for a session that has ended
	return done(), a.Identity.SignOut(c.ctx(), token)
}

// authenticate finds out who calls, by the session-id of the request alone.
func (a *api) authenticate(c *call) error {
	id := strings.TrimSpace(c.req.attr("session-id"))
	by, err := a.Identity.Session(c.ctx(), id, via)
	if err != nil {
		return err
	}
	c.by, c.session = by, id
	return nil
}

// who finds out who calls a side door: by the header or the cookie.
//
// Source: section 14.
func (a *api) who(r *http.Request) (harrier.Actor, error) {
	id := r.Header.Get(cookieName)
	if cookie, err := r.Cookie(cookieName); id == "" && err == nil {
		id = cookie.Value
	}
	return a.Identity.Session(r.Context(), id, via)
}
