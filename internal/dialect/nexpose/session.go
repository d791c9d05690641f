package nexpose

import (
	"net/http"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
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
	if c.req.attr("user-id") == "" {
		return answer{}, harrier.Invalidf("user-id", "is missing")
	}
	id, _, err := a.Identity.SignInHex(c.ctx(), c.req.attr("user-id"), c.req.attr("password"), via, c.from)
	if harrier.KindOf(err) == harrier.Unauthenticated && err != nil {
		return answer{}, refusedLogin
	}
	if err != nil {
		return answer{}, err
	}
	if silo := c.req.attr("silo-id"); silo != "" && silo != theSilo {
		if err := a.inSilo(c, id, silo); err != nil {
			return answer{}, err
		}
	}
	c.session = id
	return answer{attrs: []string{"session-id", id}}, nil
}

// inSilo ends a session that has just begun when its user is not of the silo that
// it was to be in. Those who run the installation are of all.
func (a *api) inSilo(c *call, session, silo string) error {
	by, err := a.Identity.Session(c.ctx(), session, via)
	if err == nil {
		var all []harrier.Organization
		all, err = a.Identity.Organizations(c.ctx(), by)
		if slices.ContainsFunc(all, func(o harrier.Organization) bool { return siloID(o) == silo }) {
			return nil
		}
	}
	if err == nil {
		err = refusedLogin
	}
	if end := a.Identity.SignOut(c.ctx(), session); end != nil {
		return end
	}
	return err
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

// who finds out who calls a side door: by the header or the cookie, which a
// browser sends whatever page asks.
//
// Source: section 14.
func (a *api) who(r *http.Request) (harrier.Actor, error) {
	id := r.Header.Get(cookieName)
	if cookie, err := r.Cookie(cookieName); id == "" && err == nil {
		if err := kit.OwnPage(r); err != nil {
			return harrier.Actor{}, err
		}
		id = cookie.Value
	}
	return a.Identity.Session(r.Context(), id, via)
}
