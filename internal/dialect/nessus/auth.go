package nessus

import (
	"net/http"
	"strings"

	"github.com/harrier-scan/harrier"
)

// via is what the audit log calls this door.
const via = "nessus"

// authenticate finds out who asks: API keys, else a session token in the
// X-Cookie header or the query. Keys win where both are sent.
//
// Source: nessus-api.md, sections 2.2 and 2.3.
func (a api) authenticate(r *http.Request) (harrier.Actor, error) {
	if h := r.Header.Get("X-ApiKeys"); h != "" {
		access, secret := parseKeys(h)
		if access == "" || secret == "" {
			return harrier.Actor{}, errCredentials
		}
		return a.Identity.Keys(r.Context(), access, secret, via)
	}
	token := parseCookie(r.Header.Get("X-Cookie"))
	if token == "" {
		token = r.URL.Query().Get("token")
	}
	if token == "" {
		return harrier.Actor{}, errCredentials
	}
	return a.Identity.Session(r.Context(), token, via)
}

// parseKeys reads "accessKey=A; secretKey=S" in any order and case, with or
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

// parseCookie reads "token=T" with or without a semicolon at the end.
func parseCookie(h string) string {
	for part := range strings.SplitSeq(h, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if strings.EqualFold(name, "token") {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
