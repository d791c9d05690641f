package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// panel is where something is administered, and how it is told from other pages.
type panel struct {
	name  string
	paths []string
	is    func(check.Reply) bool
}

var passwordField = regexp.MustCompile(`(?i)<input\b[^>]*\btype\s*=\s*["']?password\b`)

// page proves a panel by texts that its page has, all of them.
func page(texts ...string) func(check.Reply) bool {
	return func(r check.Reply) bool {
		return r.Status == http.StatusOK && !slices.ContainsFunc(texts, func(text string) bool { return !bytes.Contains(r.Body, []byte(text)) })
	}
}

// realm proves a panel by the realm for which a password is asked.
func realm(name string) func(check.Reply) bool {
	return func(r check.Reply) bool {
		return r.Status == http.StatusUnauthorized && strings.Contains(r.Header.Get("Www-Authenticate"), `realm="`+name)
	}
}

var adminTitle = regexp.MustCompile(`(?i)<title>[^<]*\b(admin|administration|administrator|control panel)\b[^<]*</title>`)

// panels are asked for in this order; the first that is there is told of.
var panels = []panel{
	{"phpMyAdmin", []string{"/phpmyadmin/", "/phpMyAdmin/", "/pma/"}, page("phpMyAdmin", "pma_username")},
	{"Adminer", []string{"/adminer.php", "/adminer/"}, page("Adminer", "auth[driver]")},
	{"WordPress", []string{"/wp-login.php"}, page(`id="loginform"`, "wp-submit")},
	{"Joomla", []string{"/administrator/"}, page("com_login", "passwd")},
	{"Django", []string{"/admin/login/"}, page("csrfmiddlewaretoken", "id_password", "Django")},
	{"Apache Tomcat manager", []string{"/manager/html"}, realm("Tomcat Manager Application")},
	{"a page for administrators", []string{"/admin/", "/admin/login", "/admin"}, func(r check.Reply) bool {
		return r.Status == http.StatusOK && adminTitle.Match(r.Body) && passwordField.Match(r.Body)
	}},
}

// managing are the kinds of products whose whole web site is for those who run
// them.
var managing = []string{"admin", "bmc", "firewall", "gateway", "hypervisor", "router", "switch", "nas", "ups", "plc", "building"}

// AdminPanel reports pages on which something is administered.
var AdminPanel = check.Define(harrier.Vulnerability{
	ID: 900507, Slug: "http-admin-panel", Name: "Administration panel can be reached", Family: cgi,
	Synopsis:    "Anybody who reaches the web server can try to sign in as an administrator.",
	Description: "A page for administrators answers. Who guesses or steals a password, or knows a fault of the panel, controls what it administers.",
	Solution:    "Let the panel be reached from the networks of the administrators only, or through a VPN.",
	CWEs:        []int{284},
	References:  []string{"https://cwe.mitre.org/data/definitions/284.html"},
}, check.Weakness, check.Check{Applies: applies, Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
	for _, made := range t.Service.Technologies {
		if made.Certainty == harrier.Certain && slices.Contains(managing, made.Category) {
			return harrier.Present, t.URL("/") + "\n\n  " + made.String(), nil
		}
	}
	for _, p := range panels {
		for _, path := range p.paths {
			there, err := answers(ctx, t, p, path)
			if err != nil {
				return harrier.Unknown, "", err
			}
			if there {
				return harrier.Present, t.URL(path) + "\n\n  " + p.name, nil
			}
		}
	}
	return harrier.Absent, "", nil
}})

// answers reports whether a panel is at a path, and not just anywhere: a server
// may answer everything alike.
func answers(ctx context.Context, t check.Target, p panel, path string) (bool, error) {
	for _, ask := range []string{path, "/" + rand.Text() + path} {
		r, err := t.Get(ctx, ask)
		switch {
		case err != nil:
			return false, err
		case r.Status >= 500 || r.Status == http.StatusTooManyRequests:
			return false, fmt.Errorf("GET %s: status %d", ask, r.Status)
		}
		if is := p.is(r); is != (ask == path) {
			return false, nil
		}
	}
	return true, nil
}
