package web

import (
	"io"
	"net/http"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check/checktest"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

// at answers one path with a page, and others with none.
func at(path string, status int, header, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path {
			http.NotFound(w, r)
			return
		}
		if header != "" {
			w.Header().Set("Www-Authenticate", header)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestAdminPanel(t *testing.T) {
	const login = `<form><input name="u"><input class="x" type="password"></form>`
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		want    harrier.Verdict
	}{
		{"phpMyAdmin", at("/pma/", 200, "", `<title>phpMyAdmin</title><input name="pma_username">`), harrier.Present},
		{"Adminer", at("/adminer.php", 200, "", `<title>Login - Adminer</title><select name='auth[driver]'>`), harrier.Present},
		{"WordPress", at("/wp-login.php", 200, "", `<form name="loginform" id="loginform"><input id="wp-submit">`), harrier.Present},
		{"Joomla", at("/administrator/", 200, "", `<input name="passwd"><input name="option" value="com_login">`), harrier.Present},
		{"Django", at("/admin/login/", 200, "", `<title>Log in | Django site admin</title><input name="csrfmiddlewaretoken"><input id="id_password">`), harrier.Present},
		{"Tomcat", at("/manager/html", 401, `Basic realm="Tomcat Manager Application"`, ""), harrier.Present},
		{"one's own", at("/admin/", 200, "", "<title>Shop Administration</title>"+login), harrier.Present},
		{"admin without a login", at("/admin/", 200, "", "<title>Administration of justice</title>"), harrier.Absent},
		{"a login that is for everybody", at("/admin/", 200, "", "<title>Sign in</title>"+login), harrier.Absent},
		{"another realm", at("/manager/html", 401, `Basic realm="Members"`, ""), harrier.Absent},
		{"everything looks so", checktest.Status(200, "<title>Administration</title>"+login), harrier.Absent},
		{"none", http.NotFound, harrier.Absent},
		{"fails", checktest.Status(503, ""), harrier.Unknown},
		{"throttles", checktest.Status(429, ""), harrier.Unknown},
	} {
		t.Run(c.name, func(t *testing.T) { checktest.Expect(t, AdminPanel, checktest.Web(t, false, c.handler), c.want) })
	}
	router := checktest.Web(t, false, http.NotFound)
	router.Service.Technologies = []harrier.Technology{{Name: "OpenWrt LuCI", Category: "router", Certainty: harrier.Certain}}
	checktest.Expect(t, AdminPanel, router, harrier.Present)
	router.Service.Technologies[0].Certainty = harrier.Guessed
	checktest.Expect(t, AdminPanel, router, harrier.Absent)
	checktest.Play(t, AdminPanel, service, checktest.Case{Name: "foreign", Dial: wiretest.Banner("SSH-2.0-OpenSSH_9.2p1\r\n"), Want: harrier.Unknown})
}

func TestPlainLogin(t *testing.T) {
	const field = `<input name=p type=password>`
	leads := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/":
				http.Redirect(w, r, to, http.StatusFound)
			case "/login":
				_, _ = io.WriteString(w, "<form method=post>"+field+"</form>")
			default:
				http.NotFound(w, r)
			}
		}
	}
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		want    harrier.Verdict
	}{
		{"at once", at("/", 200, "", "<form>\n"+field+"</form>"), harrier.Present},
		{"in a form without an end", at("/", 200, "", "<FORM action=/in>"+field), harrier.Present},
		{"behind a redirect", leads("/login"), harrier.Present},
		{"behind a redirect to another server", leads("http://192.0.2.1/login"), harrier.Absent},
		{"behind a redirect to https", leads("https://127.0.0.1/login"), harrier.Absent},
		{"going round", leads("/"), harrier.Absent},
		{"sent encrypted", at("/", 200, "", `<form action="https://login.example/">`+field+"</form>"), harrier.Absent},
		{"a search form", at("/", 200, "", `<form><input type=text></form>password`), harrier.Absent},
		{"fails", checktest.Status(500, ""), harrier.Unknown},
	} {
		t.Run(c.name, func(t *testing.T) { checktest.Expect(t, PlainLogin, checktest.Web(t, false, c.handler), c.want) })
	}
	if PlainLogin.Applies(harrier.Service{Name: "http", TLS: true}) {
		t.Error("a page that is encrypted is asked")
	}
	checktest.Play(t, PlainLogin, service, checktest.Case{Name: "foreign", Dial: wiretest.Banner("SSH-2.0-OpenSSH_9.2p1\r\n"), Want: harrier.Unknown})
}
