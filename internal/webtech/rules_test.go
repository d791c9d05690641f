package webtech

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/cpe"
)

var cpePattern = regexp.MustCompile(`^cpe:2\.3:[aoh]:(?:[a-z0-9_.-]|\\.)+:(?:[a-z0-9_.-]|\\.)+:(?:\*|(?:[a-z0-9_.-]|\\.)+)(?::\*){7}$`)

// TestOwnRules plays the examples of every sign: alone on a page, the sign must
// tell its technology and version. A sign of fixed text is its own example.
func TestOwnRules(t *testing.T) {
	set, err := Load(rules)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range set.Rules {
		if name := cpe.Name(r.CPE, "1.0", ""); name != "" && !cpePattern.MatchString(name) {
			t.Errorf("%s has CPE %q, which is none", r.Name, name)
		}
		for i := range r.Signs {
			playSign(t, set, r, &r.Signs[i])
		}
		for a := range r.Ask {
			for i := range r.Ask[a].Signs {
				playSign(t, set, r, &r.Ask[a].Signs[i])
			}
		}
	}
}

func playSign(t *testing.T, set *Set, r *Rule, g *Sign) {
	t.Helper()
	if g.suspect && len(r.Ask) == 0 && (g.pattern == nil || g.pattern.version < 0) {
		t.Errorf("%s: a sign lets it be suspected, but there is no question", r.Name)
	}
	examples := g.Eg
	if len(examples) == 0 && (g.pattern == nil || g.pattern.Fixed) {
		examples = []string{"x"}
		if g.pattern != nil {
			examples = []string{g.pattern.text}
		}
	}
	if len(examples) == 0 {
		t.Errorf("%s: the sign %q needs an example", r.Name, g.pattern)
	}
	versions := 0
	for _, eg := range examples {
		text, version, _ := strings.Cut(eg, " -> ")
		if version != "" {
			versions++
		}
		look := set.Look()
		if g.Icon != nil {
			look.SeeIcon("/favicon.ico", Icon{MMH3: g.Icon[0]})
		} else {
			look.See(Examine(example(g, text)))
		}
		h := look.seen[r]
		if h == nil || !h.told && !g.suspect || g.sure > h.sure || version != "" && h.version != version {
			t.Errorf("%s: %q shows %+v; want version %q", r.Name, text, h, version)
		}
		for _, other := range look.Technologies() { // what one sign claims, no other rule may claim by the same
			if other.Name != r.Name && other.Certainty == harrier.Certain && !below[other.Category] && !slices.Contains(shared[r.Name], other.Name) && !slices.Contains(shared[other.Name], r.Name) {
				t.Errorf("%s: %q shows %s too", r.Name, text, other.Name)
			}
		}
	}
	if g.pattern != nil && g.pattern.version >= 0 && versions == 0 {
		t.Errorf("%s: the sign %q has no example with a version", r.Name, g.pattern)
	}
}

// below are the categories of what a server or an application is made of: a
// Server header tells several of them.
var below = map[string]bool{"language": true, "library": true, "server": true}

// shared lists other technologies that one sign may show together.
var shared = map[string][]string{
	"Node.js": {"Express"}, "Erlang": {"CouchDB"}, "Envoy": {"Istio"}, "Portainer": {"AngularJS"}, "Python": {"Cisco Secure Email Gateway"},
	"RomPager": {"Zyxel"}, "PHP": {"WordPress", "MantisBT", "PAN-OS management", "Zend Server"}, "OpenSSL": {"PHP"},
}

// example is a reply that has text where g looks.
func example(g *Sign, text string) *Reply {
	r := &Reply{Path: "/", Status: 200}
	if g.path != "" {
		r.Path = g.path
	}
	if g.Status != 0 {
		r.Status = g.Status
	}
	switch {
	case g.Header != "":
		r.Header = [][2]string{{g.Header, text}}
	case g.Cookie != "":
		r.Header = [][2]string{{"set-cookie", strings.Replace(g.Cookie, "*", "a", 1) + "=" + text + "; Path=/"}}
	case g.Meta != "":
		r.Body = []byte(`<html><meta content="` + strings.ReplaceAll(text, `"`, "&quot;") + `" name="` + g.Meta + `">`)
	case g.Script != "":
		r.Body = []byte(`<SCRIPT type=a src="` + text + `"></script>`)
	case g.Title != "":
		r.Body = []byte("<title>\n" + text + "</title>")
	case g.Location != "":
		r.Status, r.Leads = 302, text
	default:
		r.Body = []byte(text)
		if !g.pattern.anchored {
			r.Body = []byte(strings.Repeat(" ", 1000) + text + "\n")
		}
	}
	return r
}

func TestEnoughRules(t *testing.T) {
	signs := 0
	for _, r := range Own().Rules {
		signs += len(r.Signs)
	}
	if n := len(Own().Rules); n < 500 || signs < 900 {
		t.Errorf("%d technologies by %d signs; want at least 500 by 900", n, signs)
	}
	t.Logf("%d technologies, %d signs, %d texts of bodies", len(Own().Rules), signs, len(Own().bodies))
}

func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"category: a\nrules:\n- {name: A, signs: [{body: abcdef, colour: red}]}", "colour"},
		{"category: a\nrules:\n- {name: A, signs: []}", "needs a sign"},
		{"rules:\n- {name: A, signs: [{header: X}]}", "category"},
		{"category: a\nrules:\n- {name: A, signs: [{body: '(abcd'}]}", "missing closing"},
		{"category: a\nrules:\n- {name: A, signs: [{body: 'a.c'}]}", "fixed text"},
		{"category: a\nrules:\n- {name: A, signs: [{body: 'abcd.{900}.{900}'}]}", "too long"},
		{"category: a\nrules:\n- {name: A, signs: [{body: abcdef, header: X}]}", "2 places"},
		{"category: a\nrules:\n- {name: A, signs: [{status: 200}]}", "0 places"},
		{"category: a\nrules:\n- {name: A, signs: [{title: abcd, match: x}]}", "goes with"},
		{"category: a\nrules:\n- {name: A, signs: [{title: abcd, sure: often}]}", "often"},
		{"category: a\nrules:\n- {name: A, cpe: x, signs: [{title: abcd}]}", "vendor:product"},
		{"category: a\nrules:\n- {name: A, signs: [{title: abcd}], ask: [{path: x}]}", "path"},
		{"category: a\nrules:\n- {name: A, signs: [{title: abcd}]}\n- {name: A, signs: [{title: abcd}]}", "already"},
		{"category: a\nrules: []\n---\ncategory: b", "more than one"},
		{"category: a\nrules:\n- {name: A, implies: [B], signs: [{title: abcd}]}", "implies"},
	} {
		_, err := Load(files(c.text))
		if harrier.KindOf(err) != harrier.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Load(%s) = %v; want a fault about %q", strconv.Quote(c.text), err, c.want)
		}
	}
}
