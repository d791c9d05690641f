package webtech

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
)

func files(text string) fstest.MapFS {
	return fstest.MapFS{"rules/a.yaml": {Data: []byte(text)}}
}

const blog = `<!DOCTYPE html><html><head><title>
 A &amp; B </title><meta name="Generator" content="WordPress 6.4.2" />
<link rel="shortcut icon" href="/favicon.png"><link rel=stylesheet href=a.css>
<script src='/wp-includes/js/jquery/jquery.min.js?ver=3.7.1'></script></head>`

func TestExamine(t *testing.T) {
	p := Examine(&Reply{Path: "/", Status: 200, Header: [][2]string{{"Set-Cookie", "a=b; Path=/"}, {"set-cookie", "c"}}, Body: []byte(blog)})
	want := &Page{
		Title: "A & B", Metas: [][2]string{{"generator", "WordPress 6.4.2"}}, Icons: []string{"/favicon.png"},
		Scripts: []string{"/wp-includes/js/jquery/jquery.min.js?ver=3.7.1"}, Cookies: [][2]string{{"a", "b"}, {"c", ""}},
	}
	p.Reply = nil
	if d := cmp.Diff(want, p); d != "" {
		t.Error(d)
	}
}

func TestTechnologies(t *testing.T) {
	l := Own().Look()
	l.See(Examine(&Reply{Path: "/blog", Status: 200, Header: [][2]string{{"Server", "nginx/1.22.1"}, {"X-Powered-By", "PHP/8.1.2"}}, Body: []byte(blog)}))
	var got []string
	for _, x := range l.Technologies() {
		got = append(got, fmt.Sprintf("%s|%s|%s|%s", x, x.CPE, x.Certainty, x.Evidence))
	}
	want := []string{
		"PHP 8.1.2|cpe:2.3:a:php:php:8.1.2:*:*:*:*:*:*:*|certain|GET /blog: X-Powered-By: PHP/8.1.2",
		"WordPress 6.4.2|cpe:2.3:a:wordpress:wordpress:6.4.2:*:*:*:*:*:*:*|certain|GET /blog: meta generator: WordPress 6.4.2",
		"jQuery|cpe:2.3:a:jquery:jquery:*:*:*:*:*:*:*:*|certain|GET /blog: script /wp-includes/js/jquery/jquery.min.js?ver=3.7.1",
		"nginx 1.22.1|cpe:2.3:a:f5:nginx:1.22.1:*:*:*:*:*:*:*|certain|GET /blog: Server: nginx/1.22.1",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if len(l.Questions()) != 0 {
		t.Error("WordPress has a question; want none")
	}
}

// TestQuestions follows a suspicion to its answer.
func TestQuestions(t *testing.T) {
	l := Own().Look()
	l.See(Examine(&Reply{Path: "/", Status: 302, Leads: "/login"}))
	if got := l.Technologies(); len(got) != 0 {
		t.Fatalf("a redirect to /login tells %v; want nothing", got)
	}
	if got := l.Questions(); len(got) != 1 || got[0] != "/api/health" {
		t.Fatalf("Questions = %v; want /api/health", got)
	}
	if again := l.Questions(); len(again) != 0 {
		t.Fatalf("Questions a second time = %v; want none", again)
	}
	l.See(Examine(&Reply{Path: "/api/health", Status: 200, Body: []byte(`{"commit": "x","database": "ok","version": "9.3.6"}`)}))
	if got := l.Technologies(); len(got) != 1 || got[0].String() != "Grafana 9.3.6" {
		t.Errorf("Technologies = %v; want Grafana 9.3.6", got)
	}
}

// TestImplied tells what a technology is made of with less certainty, and
// without a version.
func TestImplied(t *testing.T) {
	l := Own().Look()
	l.See(Examine(&Reply{Path: "/", Body: []byte("<title>Apache Superset</title>"), Header: [][2]string{{"X-Powered-By", "Next.js 13.4.1"}}}))
	for _, x := range l.Technologies() {
		if implied := strings.HasPrefix(x.Evidence, "implied by "); implied != (x.Name != "Next.js" && x.Name != "Apache Superset" && x.Name != "Node.js") || implied && (x.Version != "" || x.Certainty != harrier.Potential) {
			t.Errorf("%+v", x)
		}
	}
	if !l.Suspects("Next.js") || l.Suspects("Grafana") {
		t.Error("Suspects is wrong")
	}
}

func TestHints(t *testing.T) {
	l := Own().Look()
	l.See(Examine(&Reply{Path: "/", Body: []byte("<title>pfSense - Login</title>")}))
	if l.Device() != "firewall" || l.OS() != "FreeBSD" {
		t.Errorf("device %q, system %q", l.Device(), l.OS())
	}
}

// TestMMH3 holds the hash to published values: those of the reference
// implementation's tests, and of an icon that is known everywhere.
func TestMMH3(t *testing.T) {
	for in, want := range map[string]int32{"": 0, "a": 1009084850, "hello": 613153351, "hello, world": 345750399, "The quick brown fox jumps over the lazy dog": 776992547} {
		if got := MMH3([]byte(in)); got != want {
			t.Errorf("MMH3(%q) = %d; want %d", in, got, want)
		}
	}
	if got, want := string(Base64Lines(bytes.Repeat([]byte("a"), 58))), strings.Repeat("YWFh", 19)+"\nYQ==\n"; got != want {
		t.Errorf("Base64Lines = %q; want %q", got, want)
	}
	if got := HashIcon([]byte("a")); got.MD5 != "0cc175b9c0f1b6a831c399e269772661" || !strings.HasPrefix(got.SHA256, "ca978112") || got.MMH3 != MMH3([]byte("YQ==\n")) {
		t.Errorf("HashIcon = %+v", got)
	}
}

// hostile are pages that try to cost much.
func hostile() map[string][]byte {
	var all strings.Builder
	for _, r := range Own().Rules {
		for _, g := range r.Signs {
			if g.Body != "" {
				all.WriteString(g.pattern.Literal + " ")
			}
		}
	}
	return map[string][]byte{
		"tags":       bytes.Repeat([]byte("<a>"), 1_000_000),
		"attributes": []byte("<meta " + strings.Repeat("a=b ", 60_000)),
		"open":       bytes.Repeat([]byte("<"), 1_000_000),
		"comments":   bytes.Repeat([]byte("<!--"), 300_000),
		"scripts":    bytes.Repeat([]byte("<script src=/jquery-1.js>"), 100_000),
		"titles":     bytes.Repeat([]byte("<title>"), 100_000),
		"metas":      bytes.Repeat([]byte("<meta name=generator content=WordPress>"), 50_000),
		"texts":      []byte(strings.Repeat(all.String(), 1+MaxBody/all.Len())),
		"one text":   bytes.Repeat([]byte("/wp-content/"), 100_000),
	}
}

// TestHostilePages bounds what is kept of pages that have much of everything.
func TestHostilePages(t *testing.T) {
	for name, body := range hostile() {
		p := Examine(&Reply{Path: "/", Body: body, Header: slicesOf([2]string{"Set-Cookie", "a=" + strings.Repeat("b", 5000)}, 5000)})
		if len(p.Body) > MaxBody || len(p.Scripts) > maxItems || len(p.Metas) > maxItems || len(p.Cookies) > maxItems || len(p.Header) > maxHeaders || len(p.Title) > maxText {
			t.Errorf("%s: kept %d %d %d %d", name, len(p.Body), len(p.Scripts), len(p.Metas), len(p.Cookies))
		}
		l := Own().Look()
		l.See(p)
		if n := len(l.Technologies()); n > MaxTechnologies {
			t.Errorf("%s: %d technologies", name, n)
		}
	}
}

func slicesOf(f [2]string, n int) [][2]string {
	out := make([][2]string, n)
	for i := range out {
		out[i] = f
	}
	return out
}

func FuzzPage(f *testing.F) {
	f.Add("Server", "nginx/1.2.3", []byte(blog))
	f.Add("Set-Cookie", "JSESSIONID=1", []byte("<title>Apache Tomcat/9.0.1"))
	f.Add("Link", "/login", []byte("<meta http-equiv=refresh content='0;url=/x'>"))
	f.Fuzz(func(t *testing.T, name, value string, body []byte) {
		l := Own().Look()
		l.See(Examine(&Reply{Path: "/", Status: 302, Header: [][2]string{{name, value}}, Leads: value, Body: body}))
		l.SeeIcon("/i", HashIcon(body))
		for _, x := range l.Technologies() {
			if !utf8.ValidString(x.Evidence+x.Version+x.CPE) || len(x.Evidence) > 256 || !cpePattern.MatchString(x.CPE) && x.CPE != "" {
				t.Errorf("%+v is not clean", x)
			}
		}
	})
}

func FuzzLoad(f *testing.F) {
	f.Add("category: a\nrules:\n- {name: A, cpe: 'a:b', signs: [{body: 'abc(?P<v>\\d+)def'}]}")
	f.Add("category: a\nrules:\n- {name: A, signs: [{header: X}], ask: [{path: /, signs: [{title: a}]}]}")
	f.Fuzz(func(_ *testing.T, text string) {
		if set, err := Load(files(text)); err == nil {
			set.Look().See(Examine(&Reply{Body: []byte(text)}))
		}
	})
}

func BenchmarkPages(b *testing.B) {
	page := []byte(blog + strings.Repeat("<div class=\"entry\"><p>Some text of a page with <a href=\"/x/y\">a link</a>.</p></div>\n", 250))
	header := [][2]string{{"Server", "Apache/2.4.57 (Debian)"}, {"Content-Type", "text/html"}, {"Set-Cookie", "PHPSESSID=abc"}, {"X-Powered-By", "PHP/8.2.1"}}
	all := hostile()
	all["blog"] = page
	for name, body := range all {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(min(len(body), MaxBody)))
			for b.Loop() {
				l := Own().Look()
				l.See(Examine(&Reply{Path: "/", Status: 200, Header: header, Body: body}))
			}
		})
	}
}
