package template

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier/internal/webtech"
)

// doc is a template around what matters.
func doc(http string) string {
	return "id: a-detect\ninfo:\n  name: Product A - Detect\n  author: x\n  severity: info\n  metadata: {x: 1}\nhttp:\n  - " + strings.ReplaceAll(strings.TrimSpace(http), "\n", "\n    ") + "\n# digest: 00\n"
}

const get = "method: GET\npath: ['{{BaseURL}}']\n"

var reply = webtech.Reply{
	Status: 200, Header: [][2]string{{"server", "nginx/1.22.1"}, {"X-Cache", "HIT from a"}, {"content-type", "application/json"}},
	Body: []byte("<title>Welcome</title>\nVersion 1.2.3 at 10.0.0.1\n"),
}

// TestJudge gives one reply to many templates.
func TestJudge(t *testing.T) {
	hash := webtech.HashIcon(reply.Body).MMH3
	for _, c := range []struct{ http, want string }{
		{"matchers: [{type: word, words: [Welcome]}]", "Product A"},
		{"matchers: [{type: word, words: [welcome]}]", ""},
		{"matchers: [{type: word, words: [welcome], case-insensitive: true}]", "Product A"},
		{"matchers: [{type: word, words: [Welcome, Absent]}]", "Product A"},
		{"matchers: [{type: word, words: [Welcome, Absent], condition: and}]", ""},
		{"matchers: [{type: word, words: [Absent], negative: true}]", "Product A"},
		{"matchers: [{type: word, part: header, words: ['Server: nginx']}]", "Product A"},
		{"matchers: [{type: word, part: server, words: [nginx]}]", "Product A"},
		{"matchers: [{type: word, part: x_absent, words: ['']}]", ""},
		{"matchers: [{type: word, part: response, words: ['nginx', 'Welcome'], condition: and}]", "Product A"},
		{"matchers: [{type: status, status: [200, 401]}]", "Product A"},
		{"matchers: [{type: status, status: [404]}]", ""},
		{fmt.Sprintf("matchers: [{type: size, size: [%d]}]", len(reply.Body)), "Product A"},
		{"matchers: [{type: status, status: [404]}, {type: word, name: hello, words: [Welcome]}, {type: word, name: bye, words: [at]}]", "hello, bye"},
		{"matchers-condition: and\nmatchers: [{type: status, status: [200]}, {type: word, name: x, words: [Welcome]}]", "Product A"},
		{"matchers-condition: and\nmatchers: [{type: status, status: [404]}, {type: word, words: [Welcome]}]", ""},
		{`matchers: [{type: regex, regex: ['(?i)WELCOME</']}]`, "Product A"},
		{`matchers: [{type: regex, regex: ['^Version']}]`, ""},
		{`matchers: [{type: regex, regex: ['(?m)^Version']}]`, "Product A"},
		{`matchers: [{type: dsl, dsl: ['status_code == 200 && contains(tolower(body), "welcome")']}]`, "Product A"},
		{`matchers: [{type: dsl, dsl: ['!contains(body, "Welcome") || len(body) < 5']}]`, ""},
		{`matchers: [{type: dsl, dsl: ["contains(x_cache, 'HIT')"]}]`, "Product A"},
		{`matchers: [{type: dsl, dsl: ["!contains(x_absent, 'HIT')"]}]`, ""},
		{`matchers: [{type: dsl, dsl: ["contains_all(body, 'Wel', 'come')", 'contains_any(body, "x", "Ver")', 'regex("Ver[a-z]+", body)', 'starts_with(body, "<")'], condition: and}]`, "Product A"},
		{fmt.Sprintf(`matchers: [{type: dsl, dsl: ["status_code==200 && (\"%d\" == mmh3(base64_py(body)))"]}]`, hash), "Product A"},
		{`matchers: [{type: dsl, dsl: ["\"1\" == mmh3(base64_py(body))"]}]`, ""},
		{`matchers: [{type: word, words: [Welcome]}]` + "\n" + `extractors: [{type: regex, regex: ['Version ([0-9.]+)'], group: 1}]`, "Product A 1.2.3"},
		{`matchers: [{type: word, words: [Welcome]}]` + "\n" + `extractors: [{type: regex, regex: ['at ([0-9.]+)'], group: 1}]`, "Product A"},
		{`matchers: [{type: word, words: [Welcome]}]` + "\n" + `extractors: [{type: kval, kval: [server]}]`, "Product A"},
		{`extractors: [{type: regex, regex: ['Version ([0-9.]+)'], group: 1}]`, "Product A 1.2.3"},
		{`extractors: [{type: regex, regex: ['Revision ([0-9.]+)'], group: 1}]`, ""},
		{"payloads: {last: ['1.3']}\nmatchers: [{type: dsl, name: old, dsl: ['compare_versions(v, concat(\"< \", last))']}, {type: regex, regex: [Welcome]}]\nextractors: [{type: regex, internal: true, name: v, regex: ['Version ([0-9.]+)'], group: 1}]", "Product A"},
		{"payloads: {last: ['1.2']}\nmatchers-condition: and\nmatchers: [{type: dsl, dsl: ['compare_versions(v, concat(\"< \", last))']}]\nextractors: [{type: regex, internal: true, name: v, regex: ['Version ([0-9.]+)'], group: 1}]", ""},
	} {
		tpl, err := Parse([]byte(doc(get+c.http)), nil)
		if err != nil {
			t.Errorf("Parse(%s) = %v", c.http, err)
			continue
		}
		s := &Set{Templates: []*Template{tpl}}
		var got []string
		for _, x := range s.Run(t.Context(), func(context.Context, Request) (*webtech.Reply, bool) { r := reply; return &r, true }, nil) {
			got = append(got, x.String())
		}
		if want := strings.Split(c.want, ", "); !sameSet(got, want) {
			t.Errorf("%s tells %v; want %v", c.http, got, want)
		}
	}
}

func sameSet(got, want []string) bool {
	if len(want) == 1 && want[0] == "" {
		return len(got) == 0
	}
	seen := map[string]bool{}
	for _, g := range got {
		seen[g] = true
	}
	for _, w := range want {
		if !seen[w] {
			return false
		}
	}
	return len(got) == len(want)
}

func TestJSON(t *testing.T) {
	tpl, err := Parse([]byte(doc(get+"matchers: [{type: status, status: [200]}]\nextractors: [{type: json, json: ['.server.version']}]")), nil)
	if err != nil {
		t.Fatal(err)
	}
	got := tpl.judge(tpl.requests[0], tpl.requests[0].sends[0], newView(&webtech.Reply{Status: 200, Body: []byte(`{"server":{"version":"2.5.1"}}`)}))
	if len(got) != 1 || got[0].Version != "2.5.1" || got[0].Evidence != "GET /: template a-detect: 2.5.1" {
		t.Errorf("judge = %+v", got)
	}
}

// TestRefused lists templates that are not run.
func TestRefused(t *testing.T) {
	for http, want := range map[string]string{
		"method: POST\npath: ['{{BaseURL}}']\nmatchers: [{type: status, status: [200]}]":                     "sends POST",
		"method: GET\npath: ['{{BaseURL}}/{{x}}']\nmatchers: [{type: status, status: [200]}]":                "variable",
		"method: GET\npath: ['http://other.test/']\nmatchers: [{type: status, status: [200]}]":               "variable",
		"method: GET\npath: [\"{{BaseURL}}/a b\"]\nmatchers: [{type: status, status: [200]}]":                "can not be sent",
		get + "body: x\nmatchers: [{type: status, status: [200]}]":                                           "field body",
		get + "fuzzing: []\nmatchers: [{type: status, status: [200]}]":                                       "field fuzzing",
		get + "headers: {A: '{{x}}'}\nmatchers: [{type: status, status: [200]}]":                             "header",
		get + "matchers: [{type: binary, binary: ['00']}]":                                                   "field binary",
		get + "matchers: [{type: xpath}]":                                                                    "type xpath",
		get + "matchers: [{type: regex, regex: ['(?=a)']}]":                                                  "not RE2",
		get + "matchers: [{type: word, words: ['{{rand}}']}]":                                                "expression",
		get + "matchers: [{type: dsl, dsl: ['status_code_2 == 200']}]":                                       "status_code_2",
		get + "matchers: [{type: dsl, dsl: ['duration > 5']}]":                                               "duration",
		get + "matchers: [{type: dsl, dsl: ['oracle(body)']}]":                                               "function oracle",
		get + "matchers: [{type: dsl, dsl: ['contains(body']}]":                                              "comma",
		get + "matchers: [{type: dsl, dsl: ['contains(body)']}]":                                             "1 arguments",
		get + "matchers: [{type: dsl, dsl: ['" + strings.Repeat("(", 200) + "']}]":                           "deep",
		get + "matchers: [{type: word, words: []}]":                                                          "empty",
		get + "payloads: {a: [x, y]}\nmatchers: [{type: status, status: [200]}]":                             "2 values",
		get + "payloads: {a: f.txt}\nmatchers: [{type: status, status: [200]}]":                              "payload file",
		get + "matchers: [{type: status, status: [200]}]\nextractors: [{type: json, json: ['.a | keys']}]":   "not simple",
		get + "matchers: [{type: status, status: [200]}]\nextractors: [{type: regex, regex: [a], group: 1}]": "group",
		get: "neither matchers",
	} {
		if _, err := Parse([]byte(doc(http)), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%s) = %v; want a reason about %q", http, err, want)
		}
	}
	for text, want := range map[string]string{
		strings.Replace(doc(get), "severity: info", "severity: high", 1): "severity is high",
		doc(get) + "flow: http(1)\n":                                     "flow",
		"a: [":                                                           "can not be read",
		"id: x\ninfo: {name: x, severity: info}\ndns: []":                "field dns",
	} {
		if _, err := Parse([]byte(text), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%s) = %v; want a reason about %q", text, err, want)
		}
	}
}

// TestRunOnce sends requests that templates share once, stops at the first
// match where a template says so, and leaves out what is not wanted.
func TestRunOnce(t *testing.T) {
	status := "\nmatchers: [{type: status, status: [200]}]"
	var list []*Template
	for _, http := range []string{
		get + status, "method: GET\npath: ['{{BaseURL}}/']" + status,
		"path: ['{{BaseURL}}/a', '{{BaseURL}}/b', '{{BaseURL}}/unwanted']\nstop-at-first-match: true" + status,
		"path: ['{{RootURL}}/b', '{{BaseURL}}/c', '{{BaseURL}}/unwanted']\nhost-redirects: true\nmax-redirects: 99" + status,
	} {
		tpl, err := Parse([]byte(doc(http)), nil)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, tpl)
	}
	s := &Set{Templates: list}
	var sent []string
	s.Run(t.Context(), func(_ context.Context, r Request) (*webtech.Reply, bool) {
		sent = append(sent, fmt.Sprint(r.Path, r.Follow))
		return &webtech.Reply{Status: 200}, r.Path != "/c"
	}, func(path string) bool { return path != "/unwanted" })
	if d := cmp.Diff([]string{"/0", "/a0", "/b5", "/c5"}, sent); d != "" || s.Requests() != 7 {
		t.Errorf("%s; %d different requests, want 7", d, s.Requests())
	}
}

// TestSharedRun runs the public templates against a page that has all words of
// one of them, and against a page that is hostile to patterns.
func TestSharedRun(t *testing.T) {
	s, err := Load(sharedTemplates(t))
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]webtech.Reply{
		"/": {Status: 200, Header: [][2]string{{"Server", "nginx/1.22.1"}}, Body: []byte(`<meta name="generator" content="WordPress 6.4.2"><link href="/wp-content/themes/twentyten/style.css">`)},
		"/wp-content/plugins/wordpress-seo/readme.txt": {Status: 200, Body: []byte("=== Yoast ===\nStable tag: 21.5\n")},
	}
	got := map[string]string{}
	for _, x := range s.Run(t.Context(), func(_ context.Context, r Request) (*webtech.Reply, bool) {
		page, ok := pages[r.Path]
		return &page, ok
	}, nil) {
		got[x.Name] = x.Version
	}
	yoast := ""
	for name, version := range got {
		if strings.HasPrefix(name, "Yoast SEO") {
			yoast = version
		}
	}
	if _, ok := got["twentyten"]; !ok || yoast != "21.5" {
		t.Errorf("templates tell %v; want the theme, and the plugin with its version", got)
	}
	began := time.Now()
	hostile := webtech.Reply{Status: 200, Body: []byte(strings.Repeat("a-version <title>generator content=\"", webtech.MaxBody/36))}
	v := newView(&hostile)
	for _, tpl := range s.Templates {
		for _, r := range tpl.requests {
			tpl.judge(r, r.sends[0], v)
		}
	}
	t.Logf("a hostile page took %v for all conditions, patterns over %d bytes", time.Since(began), v.examined)
}

func FuzzParse(f *testing.F) {
	f.Add(doc(get+"matchers: [{type: word, words: [Welcome]}]\nextractors: [{type: regex, regex: ['V(.)'], group: 1}]"), []byte("Welcome"))
	f.Add(doc(get+"matchers: [{type: dsl, dsl: ['contains(body, \"x\") && len(body) > 3']}]"), []byte("x"))
	f.Add(doc(get+"extractors: [{type: json, json: ['.a.b']}]"), []byte(`{"a":{"b":1}}`))
	f.Fuzz(func(t *testing.T, text string, body []byte) {
		tpl, err := Parse([]byte(text), nil)
		if err != nil {
			return
		}
		s := &Set{Templates: []*Template{tpl}}
		for _, x := range s.Run(t.Context(), func(context.Context, Request) (*webtech.Reply, bool) {
			return &webtech.Reply{Status: 200, Body: body}, true
		}, nil) {
			if !utf8.ValidString(x.Name+x.Evidence+x.Version) || len(x.Name) > 80 || len(x.Evidence) > 256 {
				t.Errorf("%+v is not clean", x)
			}
		}
	})
}

func FuzzDSL(f *testing.F) {
	for _, text := range []string{`status_code==200 && ("-1" == mmh3(base64_py(body)))`, `!contains(a, 'b') || len(body) >= 3.5`, `compare_versions("1.2", ">= 1.0, < 2")`, base64.StdEncoding.EncodeToString([]byte("x"))} {
		f.Add(text)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		if n, err := parseDSL(text, map[string]bool{"v": true}); err == nil {
			n(newView(&webtech.Reply{Status: 200, Body: []byte(text)}))
		}
	})
}

func BenchmarkShared(b *testing.B) {
	s, err := Load(sharedTemplates(b))
	if err != nil {
		b.Fatal(err)
	}
	page := webtech.Reply{Status: 200, Body: []byte(strings.Repeat("<div class=\"entry\"><p>Some text of a page with <a href=\"/x/y\">a link</a>.</p></div>\n", 250))}
	for b.Loop() {
		v := newView(&page)
		for _, tpl := range s.Templates {
			for _, r := range tpl.requests {
				tpl.judge(r, r.sends[0], v)
			}
		}
	}
}
