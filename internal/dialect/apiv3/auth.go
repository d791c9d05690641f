package apiv3

import (
	"crypto/sha256"
	"net/http"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// maxKept bounds how many sign-ins are remembered.
const maxKept = 1024

var errNobody = harrier.Errorf(harrier.Unauthenticated, "no name and password")

// authenticate finds out who calls: by name and password, which every request
// brings, from a browser whatever page asks. They are checked once and then stand for a session, which ends when
// the user's password or rights do.
func (a *api) authenticate(r *http.Request) (harrier.Actor, error) {
	name, password, ok := r.BasicAuth()
	if !ok || name == "" {
		return harrier.Actor{}, errNobody
	}
	if err := kit.OwnPage(r); err != nil {
		return harrier.Actor{}, err
	}
	key := sha256.Sum256([]byte(name + "\x00" + password))
	if token, ok := a.sessions.Load(key); ok {
		by, err := a.Identity.Session(r.Context(), token.(string), via)
		if err == nil || harrier.KindOf(err) != harrier.Unauthenticated {
			return by, err
		}
		a.sessions.Delete(key)
	}
	token, by, err := a.Identity.SignIn(r.Context(), name, password, via, kit.RemoteAddr(r))
	if err != nil {
		return harrier.Actor{}, err
	}
	a.lock.Lock()
	defer a.lock.Unlock()
	if a.kept++; a.kept > maxKept {
		a.sessions.Clear()
		a.kept = 1
	}
	a.sessions.Store(key, token)
	return by, nil
}

// challenge asks for a name and a password.
func challenge(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Basic realm="Security Console"`)
}
