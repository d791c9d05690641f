package fingerprint

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/needs"
)

// recogPlace is where the published files lie.
func recogPlace(t testing.TB) string {
	return needs.Shared(t, filepath.Join("..", "..", "..", "shared", "data", "recog.tar.gz"))
}

// recogRules reads the published files with their examples.
func recogRules(t testing.TB) []*rule {
	t.Helper()
	g, err := readPlace(recogPlace(t))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := parse(g, User)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// TestRecogExamples plays every example of the published files: each is won by
// its own rule among all of its kind, and has the parameters that it names. The
// files have 25 further examples, which are commented out.
func TestRecogExamples(t *testing.T) {
	const wantRules, wantExamples = 4657, 7525
	rules := recogRules(t)
	played := 0
	for _, r := range rules {
		played += len(r.examples)
	}
	for _, fault := range newSet(Recog, rules).play() {
		t.Error(fault)
	}
	if len(rules) != wantRules || played != wantExamples {
		t.Errorf("%d rules with %d examples; want %d with %d", len(rules), played, wantRules, wantExamples)
	}
}

// TestRecogKinds shows that no published file has a kind of which the table of
// kinds does not know.
func TestRecogKinds(t *testing.T) {
	kinds := slices.Collect(maps.Values(recogKinds))
	for _, kind := range newSet(Recog, recogRules(t)).Kinds() {
		if !slices.Contains(kinds, kind) {
			t.Errorf("the kind %s kept Recog's name", kind)
		}
	}
}

// recogFile is a file of one fingerprint, for the tests of readRecog.
const recogFile = `<?xml version="1.0"?>
<fingerprints matches="ssh.banner" protocol="ssh" database_type="service" preference="0.90">
  <fingerprint pattern="^Widget[_ ]SSHD (\d+\.\d+)(?: on (\S+))?$" flags="REG_ICASE" certainty="0.9">
    <description>Widget</description>
    <example service.version="1.2" host.name="a.test">widget_sshd 1.2 on a.test</example>
    <param pos="0" name="service.vendor" value="Widget"/>
    <param pos="0" name="service.product" value="SSHD"/>
    <param pos="1" name="service.version"/>
    <param pos="0" name="service.cpe23" value="cpe:/a:widget:sshd:{service.version}"/>
    <param pos="2" name="host.name"/>
    <param pos="0" name="_tmp.x" value="y"/>
    <param pos="0" name="os.vendor" value="Cisco"/>
    <param pos="0" name="os.product" value="IOS"/>
    <param pos="0" name="os.cpe23" value="cpe:/o:cisco:ios:{os.version}"/>
    <param pos="0" name="os.edition" value="for {host.name}"/>
    <param pos="0" name="hw.device" value="Broadband Router"/>
  </fingerprint>
</fingerprints>`

func TestRecogParameters(t *testing.T) {
	d, err := readRecog("some/widget.xml", []byte(recogFile), nil)
	if err != nil {
		t.Fatal(err)
	}
	set := newSet(Recog, d.rules)
	want := Match{
		Rule: "recog/widget/1", Source: Recog, Kind: "ssh", Product: "SSHD", Vendor: "Widget", Version: "1.2",
		CPE: "cpe:2.3:a:widget:sshd:1.2:*:*:*:*:*:*:*", Certainty: 90,
		OS:       OS{Vendor: "Cisco", Product: "IOS", CPE: "cpe:2.3:o:cisco:ios:*:*:*:*:*:*:*:*"},
		Hardware: Hardware{Device: "router"},
		Facts:    map[string]string{"host.name": "a.test", "os.edition": "for a.test"},
	}
	got, ok := set.Match("ssh", "Widget_SSHD 1.2 on a.test")
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("Match told otherwise (-want +got):\n%s", diff)
	}
	want.Facts = nil // neither the name, nor what speaks of it
	got, ok = set.Match("ssh", "Widget SSHD 1.2")
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("Match without a name told otherwise (-want +got):\n%s", diff)
	}
	if name := got.OS.Name(); name != "Cisco IOS" {
		t.Errorf("OS.Name = %q; want Cisco IOS", name)
	}
}

func TestRecogFaults(t *testing.T) {
	for name, c := range map[string]struct{ from, to, want string }{
		"pattern":     {`^Widget[_ ]`, `^Widget[_ `, "some/widget.xml:3: the pattern does not compile"},
		"flag":        {"REG_ICASE", "REG_MAGIC", `some/widget.xml:3: the flag "REG_MAGIC"`},
		"group":       {`pos="2"`, `pos="7"`, `some/widget.xml:3: the parameter "host.name" is of group "7"`},
		"position":    {`pos="2"`, `pos="x"`, `is of group "x"`},
		"certainty":   {`certainty="0.9"`, `certainty="NaN"`, `certainty "NaN"`},
		"preference":  {`preference="0.90"`, `preference="9"`, `preference "9"`},
		"kind":        {`matches="ssh.banner"`, `matches="a b"`, `matches "a b"`},
		"root":        {`<fingerprints `, `<prints `, "some/widget.xml:2: <prints> where <fingerprints> is expected"},
		"end":         {"</fingerprints>", "", "XML syntax error"},
		"large":       {`^Widget`, strings.Repeat("x", maxPattern), "at most 8192"},
		"costly":      {`^Widget`, strings.Repeat(".{900}", 8), "too costly"},
		"encoding":    {`service.version="1.2" host`, `_encoding="rot13" host`, `the encoding "rot13"`},
		"base64":      {`service.version="1.2" host`, `_encoding="base64" host`, "not base64"},
		"entity":      {"Widget</description>", "&widget;</description>", "invalid character entity"},
		"no pattern":  {`pattern="`, `x="`, "without a pattern"},
		"nothing":     {recogFile, "", "no <fingerprints>"},
		"nested wild": {"<description>", strings.Repeat("<a>", 20000) + "<description>", "some/widget.xml"},
	} {
		_, err := readRecog("some/widget.xml", []byte(strings.Replace(recogFile, c.from, c.to, 1)), nil)
		if harrier.KindOf(err) != harrier.Invalid || !strings.Contains(harrier.MessageOf(err), c.want) {
			t.Errorf("%s: readRecog = %v; want %q", name, err, c.want)
		}
	}
}

func TestRecogExampleInFile(t *testing.T) {
	file := strings.Replace(recogFile, `service.version="1.2" host`, `_filename="banner.bin" host`, 1)
	d, err := readRecog("some/widget.xml", []byte(file), map[string][]byte{"some/widget/banner.bin": []byte("in a file")})
	if err != nil || d.rules[0].examples[0].text != "in a file" {
		t.Errorf("readRecog = %v; want the example from its file", err)
	}
	d, err = readRecog("some/widget.xml", []byte(strings.Replace(file, "banner.bin", "../../banner.bin", 1)), map[string][]byte{"banner.bin": []byte("outside")})
	if err != nil || d.rules[0].examples[0].file == "" {
		t.Errorf("readRecog = %v; want an example whose file is missing", err)
	}
}

func TestDeviceClass(t *testing.T) {
	for words, want := range map[string]string{
		"Printer": "printer", "Multifunction Device": "printer", "IP Camera": "camera", "Broadband Router": "router", "Lights Out Management": "management",
		"Print Server": "printer", "PLC": "plc", "NAS": "storage", "Light Bulb": "building", "UPS": "ups", "Device": "", "": "", "Groups": "",
	} {
		if got := deviceClass(words); got != want {
			t.Errorf("deviceClass(%q) = %q; want %q", words, got, want)
		}
	}
}
