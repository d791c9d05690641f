package securitycenter

import (
	"net/http"
	"strings"

	"github.com/harrier-scan/harrier"
)

// sessionCookie names the cookie of a session.
const sessionCookie = "TNS_SESSIONID"

// caller is who asks, and how they said so.
type caller struct {
	harrier.Actor
	byKey bool
}

// authenticate finds out who asks: API keys, else a session. Keys win where both
// are sent.
//
// Source: sections 2.2 and 2.4.
func (a api) authenticate(r *http.Request) (caller, error) {
	for _, name := range []string{"X-Apikey", "X-Apikeys"} {
		if h := r.Header.Get(name); h != "" {
			who, err := a.byKeys(r, h)
			return caller{who, true}, err
		}
	}
	who, err := a.Identity.Session(r.Context(), sessionOf(r), via)
	return caller{who, false}, err
}

func (a api) byKeys(r *http.Request, header string) (harrier.Actor, error) {
	access, secret := parseKeys(header)
	if access == "" || secret == "" {
		return harrier.Actor{}, fault(codeKeys, failure, textKeys)
	}
	who, err := a.Identity.Keys(r.Context(), access, secret, via)
	if err != nil && harrier.KindOf(err) == harrier.Unauthenticated {
		return who, fault(codeKeys, failure, textKeys)
	}
	return who, err
}

// sessionOf is the secret of a request's session: the cookie and the token
// behind it. One without the other is of no use.
func sessionOf(r *http.Request) string {
	token := strings.TrimSpace(r.Header.Get("X-SecurityCenter"))
	cookie, err := r.Cookie(sessionCookie)
	if err != nil || token == "" {
		return ""
	}
	return cookie.Value + token
}

// parseKeys reads "accesskey=A; secretkey=S" in any order and case, with or
// without blanks and a semicolon at the end.
func parseKeys(h string) (access, secret string) {
	for part := range strings.SplitSeq(h, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "accesskey":
			access = strings.TrimSpace(value)
		case "secretkey":
			secret = strings.TrimSpace(value)
		}
	}
	return access, secret
}
