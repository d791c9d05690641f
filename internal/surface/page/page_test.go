package page

import (
	"net/url"
	"strings"
	"testing"
)

var base = &url.URL{Scheme: "https", Host: "www.acme.test", Path: "/a/"}

func TestParse(t *testing.T) {
	p := Parse(base, strings.NewReader(`<!doctype html><html><head><title> Acme
 Corp </title><meta name=generator content="WordPress 6.1"><link rel=stylesheet href="//static.acme.test/s.css">
<script src="https://cdn.other.test/x.js"></script></head><body><a href="b#x">b</a><a href="mailto:a@b.test">m</a><a href="https://shop.acme.test/">s</a>
<form action="/login"><input type=password></form><a href="javascript:alert(1)">j</a></body>`))
	if p.Title != "Acme Corp" || !p.Form || !p.Password || p.Generator != "WordPress 6.1" {
		t.Errorf("Parse = %+v", p)
	}
	if got := strings.Join(p.Links, " "); got != "https://shop.acme.test/ https://www.acme.test/a/b https://www.acme.test/login" {
		t.Errorf("Links = %s", got)
	}
	if got := strings.Join(p.Resources, " "); got != "https://cdn.other.test/x.js https://static.acme.test/s.css" {
		t.Errorf("Resources = %s", got)
	}
}

func TestPolicy(t *testing.T) {
	got := strings.Join(Policy("default-src 'self' https://api.acme.test:8443/v1; img-src * data: *.img.acme.test; report-uri https://csp.acme.test/r"), " ")
	if got != "*.img.acme.test api.acme.test csp.acme.test" {
		t.Errorf("Policy = %s", got)
	}
}

func TestRobotsAndSitemap(t *testing.T) {
	paths, maps := Robots(base, "User-agent: *\nDisallow: /admin # secret\nDisallow: /*.php\nAllow: /ok\nSitemap: https://maps.acme.test/s.xml\n")
	if strings.Join(paths, " ") != "https://www.acme.test/admin https://www.acme.test/ok" || strings.Join(maps, " ") != "https://maps.acme.test/s.xml" {
		t.Errorf("Robots = %v %v", paths, maps)
	}
	got := Sitemap(strings.NewReader(`<?xml version="1.0"?><urlset><url><loc> https://www.acme.test/x </loc></url><url><loc>https://docs.acme.test/</loc></url></urlset>`))
	if strings.Join(got, " ") != "https://docs.acme.test/ https://www.acme.test/x" {
		t.Errorf("Sitemap = %v", got)
	}
}

// FuzzParse gives any bytes to every parser.
func FuzzParse(f *testing.F) {
	f.Add(`<a href="x"><base href="http://y/"><title>t`)
	f.Add("Disallow: /a\nSitemap: x")
	f.Add(`<urlset><loc>https://a.test/`)
	f.Fuzz(func(t *testing.T, s string) {
		p := Parse(base, strings.NewReader(s))
		if len(p.Title) > maxTitle || len(p.Links) > maxURLs {
			t.Error("not bounded")
		}
		for _, u := range append(p.Links, p.Resources...) {
			if !strings.HasPrefix(u, "http") {
				t.Errorf("link %q", u)
			}
		}
		Policy(s)
		Robots(base, s)
		Sitemap(strings.NewReader(s))
	})
}
