package fingerprint

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
)

// widget is a file that uses every key.
const widget = `kind: ssh
notes: for tests
rules:
  - id: widget-sshd
    match: '^Widget_(?P<v>\d+\.\d+)(?P<u>p\d+)?(?: (?P<os>\w+) (?P<osv>[\d.]+))?(?: at (?P<host>\S+))?'
    contains: [Widget]
    product: Widget SSHD
    vendor: Widget
    cpe: widget:sshd
    os: WidgetOS
    os_vendor: Widget
    os_family: Linux
    os_cpe: o:widget:os
    hardware: W 1000
    device: router
    facts: {host.name: '${host}', widget.note: 'at ${host}'}
    certainty: 70
    final: true
    notes: seen in the wild
    examples:
      - {text: Widget_1.2p1, version: 1.2p1, os: WidgetOS, device: router, cpe: 'cpe:2.3:a:widget:sshd:1.2:p1:*:*:*:*:*:*'}
      - text: Widget_1.3 Debian 12 at a.test
        version: "1.3"
        os: Debian
        facts: {host.name: a.test, widget.note: at a.test}
    not: [Widgets_1.2, "widget"]
  - id: other
    match: '^Other'
    product: Other
    examples: [{text: Other}]
`

func TestYAML(t *testing.T) {
	set, err := Load(fstest.MapFS{"a/widget.yaml": {Data: []byte(widget)}})
	if err != nil {
		t.Fatal(err)
	}
	got, ok := set.Match("ssh", "Widget_1.3p2 Debian 12 at a.test")
	want := Match{
		Rule: "user/ssh/widget-sshd", Source: User, Kind: "ssh", Product: "Widget SSHD", Vendor: "Widget", Version: "1.3p2", Update: "p2",
		CPE: "cpe:2.3:a:widget:sshd:1.3:p2:*:*:*:*:*:*", Certainty: 70,
		OS:       OS{Vendor: "Widget", Product: "Debian", Version: "12", Family: "Linux", CPE: "cpe:2.3:o:widget:os:12:*:*:*:*:*:*:*"},
		Hardware: Hardware{Product: "W 1000", Device: "router"},
		Facts:    map[string]string{"host.name": "a.test", "widget.note": "at a.test"},
	}
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("Match told otherwise (-want +got):\n%s", diff)
	}
	if got, _ := set.Match("ssh", "Widget_1.2"); got.Facts != nil || got.OS.Product != "WidgetOS" {
		t.Errorf("Match of a text without a name = %+v; want no facts", got)
	}
	if _, ok := set.Match("ftp", "Widget_1.2"); ok {
		t.Error("a rule for ssh told about ftp")
	}
	if set.Len() != 2 {
		t.Errorf("Len = %d; want 2", set.Len())
	}
}

func TestYAMLFaults(t *testing.T) {
	for name, c := range map[string]struct{ from, to, want string }{
		"unknown key":     {"    product: Other", "    produce: Other", `w.yaml:29: the key "produce" is not known`},
		"unknown top key": {"notes: for", "note: for", `w.yaml:2: the key "note" is not known`},
		"twice":           {"    product: Other", "    product: Other\n    product: Other", "w.yaml:30: the key product is there twice"},
		"no examples":     {"    examples: [{text: Other}]\n", "", "w.yaml:27: rule other has no examples"},
		"empty examples":  {"[{text: Other}]", "[]", "w.yaml:27: rule other has no examples"},
		"pattern":         {"'^Other'", "'^Other('", "w.yaml:28: rule other: the pattern does not compile"},
		"look-ahead":      {"'^Other'", "'^Other(?=x)'", "w.yaml:28: rule other: the pattern does not compile"},
		"no group v":      {"[{text: Other}]", "[{text: Other, version: 1.2}]", "w.yaml:30: rule other: the example has a version"},
		"no os":           {"[{text: Other}]", "[{text: Other, os: X}]", "w.yaml:30: rule other: the example has an os"},
		"unknown group":   {"product: Other", "product: Other ${x}", `w.yaml:28: rule other: the pattern has no group "x"`},
		"unused group":    {"'^Other'", "'^(?P<x>Other)'", "w.yaml:28: rule other: the group x has no use"},
		"update alone":    {"'^Other'", "'^(?P<u>Other)'", "w.yaml:28: rule other: the group u needs"},
		"same id":         {"id: other", "id: widget-sshd", "w.yaml:27: the id user/ssh/widget-sshd is taken by w.yaml:4"},
		"bad id":          {"id: other", "id: Other One", `w.yaml:27: id "Other One"`},
		"no match":        {"    match: '^Other'\n", "", "w.yaml:27: rule other has no match"},
		"nothing told":    {"    product: Other\n", "", "w.yaml:28: rule other: it tells nothing"},
		"kind":            {"kind: ssh", "kind: S S H", "w.yaml:1: kind"},
		"no kind":         {"kind: ssh\n", "", "w.yaml:1: kind"},
		"cpe":             {"cpe: widget:sshd", "cpe: widget", `w.yaml:5: rule widget-sshd: cpe "widget"`},
		"device":          {"device: router", "device: toaster", `device "toaster" is none of`},
		"certainty":       {"certainty: 70", "certainty: 170", `certainty "170"`},
		"final":           {"final: true", "final: perhaps", "w.yaml:18: here must be true or false"},
		"list":            {"contains: [Widget]", "contains: Widget", "w.yaml:6: here must be a list"},
		"map":             {"contains: [Widget]", "contains: [{a: b}]", "w.yaml:6: here must be a text"},
		"version":         {"version: 1.2p1", "version: 1.2", `w.yaml:21: rule user/ssh/widget-sshd tells version "1.2p1"`},
		"not matched":     {"[{text: Other}]", "[{text: another}]", "w.yaml:30: rule user/ssh/other does not match"},
		"won by another":  {"[{text: Other}]", "[{text: Widget_1.2}]", "w.yaml:30: the example \"Widget_1.2\" of rule user/ssh/other is won by"},
		"counter-example": {"[Widgets_1.2,", "[Widget_1.2,", "w.yaml:4: rule user/ssh/widget-sshd matches \"Widget_1.2\", which it must not"},
		"large":           {"'^Other'", "'^Other" + strings.Repeat("x", maxPattern) + "'", "at most 8192"},
		"costly":          {"'^Other'", "'^Other(?:[a-z]{99}[a-z]{99}){9}.{900}.{900}.{900}.{900}.{900}'", "too costly"},
		"alias":           {"'^Other'", "*x", "unknown anchor"},
		"deep":            {"'^Other'", strings.Repeat("[", 20000), "w.yaml"},
		"no yaml":         {"    product: Other", "    product: : Other", "w.yaml: line 29"},
		"a list":          {widget, "- a\n", "w.yaml:1: here must be keys"},
		"no rules":        {widget, "kind: ssh\n", "w.yaml:1: ssh has no list of rules"},
		"nothing":         {widget, "", "has no rules"},
		"second document": {"  - id: other", "---\nkind: ftp\nrules:\n  - id: other\n    what: x", `w.yaml:31: the key "what"`},
		"empty value":     {"product: Other", "product:", "w.yaml:29: here must be a text"},
		"example wants":   {"[{text: Other}]", "[{text: Other, colour: red}]", `w.yaml:30: the key "colour"`},
		"example no text": {"[{text: Other}]", "[{version: 1.2}]", "w.yaml:30: an example has no text"},
		"facts key":       {"widget.note:", "Widget Note:", "w.yaml:16: the key"},
	} {
		file := strings.Replace(widget, c.from, c.to, 1)
		_, err := Load(fstest.MapFS{"w.yaml": {Data: []byte(file)}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Load = %v; want %q", name, err, c.want)
			continue
		}
		if harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("%s: Load = %v of kind %v; want Invalid", name, err, harrier.KindOf(err))
		}
	}
}
