package fingerprint

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/harrier-scan/harrier"
)

// oneRule makes a set of one rule for the kind "x".
func oneRule(t *testing.T, id, match, rest string) *Set {
	t.Helper()
	rules, err := readYAML("x.yaml", []byte("kind: x\nrules:\n  - id: "+id+"\n    match: '"+match+"'\n"+rest+"    examples: [{text: x}]\n"), User)
	if err != nil {
		t.Fatal(err)
	}
	return newSet(User, rules)
}

func TestLayers(t *testing.T) {
	plain := oneRule(t, "plain", "^Widget", "    product: Ours\n")
	final := oneRule(t, "final", "^Widget", "    product: Ours\n    final: true\n")
	exact := oneRule(t, "exact", `^Widget/(?P<v>\d+)`, "    product: Theirs\n    os: Linux\n    facts: {host.name: a}\n")
	vague := oneRule(t, "vague", "^Widget", "    product: Theirs\n    os: Linux\n    device: router\n")
	system := oneRule(t, "system", "^Widget", "    os: Plan 9\n")
	for name, c := range map[string]struct {
		set                        *Set
		product, version, os, rule string
	}{
		"the first layer wins":          {plain.Layer(vague), "Ours", "", "Linux", "user/x/plain"},
		"unless a later has a version":  {plain.Layer(exact), "Theirs", "7", "Linux", "user/x/exact"},
		"but not over a final rule":     {final.Layer(exact), "Ours", "", "Linux", "user/x/final"},
		"a version stays":               {exact.Layer(plain), "Theirs", "7", "Linux", "user/x/exact"},
		"a product goes before systems": {system.Layer(plain), "Ours", "", "Plan 9", "user/x/plain"},
		"a system stays":                {system.Layer(vague), "Theirs", "", "Linux", "user/x/vague"},
		"alone":                         {system, "", "", "Plan 9", "user/x/system"},
	} {
		m, ok := c.set.Match("x", "Widget/7")
		if !ok || m.Product != c.product || m.Version != c.version || m.OS.Name() != c.os || m.Rule != c.rule {
			t.Errorf("%s: Match = %q %q on %q by %s; want %q %q on %q by %s", name, m.Product, m.Version, m.OS.Name(), m.Rule, c.product, c.version, c.os, c.rule)
		}
	}
	if m, _ := plain.Layer(vague).Match("x", "Widget/7"); m.Hardware.Device != "router" {
		t.Errorf("the device is %q; want the other layer's", m.Hardware.Device)
	}
	if got := ids(plain.Layer(exact).All("x", "Widget/7")); !slices.Equal(got, []string{"user/x/plain", "user/x/exact"}) {
		t.Errorf("All = %q; want both", got)
	}
	if _, ok := (&Set{}).Match("x", "Widget"); ok {
		t.Error("an empty set told something")
	}
}

// TestLayersAreNotChanged shows that what one match adds from another layer
// does not reach the rules.
func TestLayersAreNotChanged(t *testing.T) {
	a := oneRule(t, "a", "^(?P<n>W)", "    product: A\n    facts: {one: '${n}'}\n")
	b := oneRule(t, "b", "^(?P<n>W)", "    product: B\n    facts: {one: 'x${n}', two: '${n}'}\n")
	m, _ := a.Layer(b).Match("x", "W")
	if m.Facts["one"] != "W" || m.Facts["two"] != "W" {
		t.Errorf("facts = %q; want one of the winner and two of the other", m.Facts)
	}
	if m, _ := a.Match("x", "W"); len(m.Facts) != 1 {
		t.Errorf("facts = %q; want the rule's own", m.Facts)
	}
}

func TestRulesThatTellNothing(t *testing.T) {
	d, err := readRecog("x.xml", []byte(`<fingerprints matches="x"><fingerprint pattern="^none$"><param pos="0" name="hw.certainty" value="0.0"/></fingerprint></fingerprints>`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if m, ok := newSet(Recog, d.rules).Match("x", "none"); ok {
		t.Errorf("Match = %+v; want nothing", m)
	}
}

func tarball(t *testing.T, files map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	w := tar.NewWriter(zip)
	for name, data := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o600, Size: int64(len(data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	place := filepath.Join(t.TempDir(), "rules.tar.gz")
	if err := os.WriteFile(place, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return place
}

func TestOpen(t *testing.T) {
	folder := t.TempDir()
	for name, data := range map[string]string{"w.yaml": widget, "w.xml": recogFile, "README.md": "no rules", ".w.yaml": "not read"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, place := range []string{folder, tarball(t, map[string]string{"x/w.yaml": widget, "x/w.xml": recogFile, "x/other": "no rules"})} {
		set, err := Open(place)
		if err != nil || set.Len() != 3 {
			t.Fatalf("Open(%s) = %v; want three rules", place, err)
		}
		if m, _ := set.Match("ssh", "widget sshd 1.2"); m.Source != Recog {
			t.Errorf("Match = %+v; want Recog's", m)
		}
	}
	if set, err := Open(filepath.Join(folder, "w.xml")); err != nil || set.Len() != 1 {
		t.Errorf("Open of one file = %v; want one rule", err)
	}
}

func TestOpenFaults(t *testing.T) {
	dir := t.TempDir()
	write := func(name, data string) string {
		place := filepath.Join(dir, name)
		if err := os.WriteFile(place, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		return place
	}
	many := map[string]string{}
	for i := range maxFiles + 1 {
		many[fmt.Sprintf("%d.yaml", i)] = ""
	}
	big := strings.Repeat("#\n", 3<<20)
	bigs := map[string]string{}
	for i := range maxTotal/len(big) + 1 {
		bigs[fmt.Sprintf("%d.yaml", i)] = big
	}
	for name, c := range map[string]struct {
		place, want string
		kind        harrier.Kind
	}{
		"nowhere":       {filepath.Join(dir, "none"), "can not be read", harrier.NotFound},
		"empty":         {t.TempDir(), "has no rules", harrier.Invalid},
		"no archive":    {write("a.tar.gz", "text"), "is not a .tar.gz", harrier.Invalid},
		"no rules":      {write("a.txt", "text"), "has no rules", harrier.Invalid},
		"large":         {write("a.yaml", strings.Repeat("#", maxFile+1)), "has more than 8 MiB", harrier.Invalid},
		"many":          {tarball(t, many), "more than 1000 files", harrier.Invalid},
		"much":          {tarball(t, bigs), "more than 64 MiB together", harrier.Invalid},
		"one is wrong":  {tarball(t, map[string]string{"a.yaml": widget, "b.xml": "<x>"}), "b.xml:1: <x> where", harrier.Invalid},
		"cut archive":   {write("b.tar.gz", string(cut(t, tarball(t, map[string]string{"a.yaml": widget})))), "can not be read", harrier.Invalid},
		"a parent path": {tarball(t, map[string]string{"../../a.yaml": "kind: x"}), "../../a.yaml:1: x has no list", harrier.Invalid},
	} {
		set, err := Open(c.place)
		if set != nil || harrier.KindOf(err) != c.kind || !strings.Contains(harrier.MessageOf(err), c.want) {
			t.Errorf("%s: Open = %v of %v; want %q of %v", name, err, harrier.KindOf(err), c.want, c.kind)
		}
	}
}

func cut(t *testing.T, place string) []byte {
	t.Helper()
	b, err := os.ReadFile(place)
	if err != nil {
		t.Fatal(err)
	}
	return b[:len(b)/2]
}

// TestLongTexts shows that a match of a text far over the bound takes no more
// than one of a text at the bound, and does not see what is behind it.
func TestLongTexts(t *testing.T) {
	set := oneRule(t, "end", "END", "    product: X\n")
	if _, ok := set.Match("x", strings.Repeat(" ", maxText-3)+"END"); !ok {
		t.Error("the text at the bound is not matched")
	}
	if _, ok := set.Match("x", strings.Repeat(" ", maxText-2)+"END"); ok {
		t.Error("what is behind the bound is matched")
	}
}

func TestDefault(t *testing.T) {
	m, ok := Default().Match("ssh", "OpenSSH_9.2p1 Debian-2+deb12u10")
	if !ok || m.Rule != "ssh/openssh" || m.Source != Own || m.Version != "9.2p1" || m.OS.Name() != "Debian" {
		t.Errorf("Match = %+v; want OpenSSH 9.2p1 on Debian", m)
	}
	if first, second := Default(), Default(); first != second {
		t.Error("the rules are read twice")
	}
}

func FuzzLoadYAML(f *testing.F) {
	f.Add([]byte(widget))
	f.Add([]byte("kind: x\nrules:\n  - {id: a, match: '(?P<v>a{1000})', product: X, examples: [{text: a, version: a}]}"))
	f.Add([]byte("a: &a [*a]\n---\n? x\n: !!binary aa"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		set, err := Load(fstest.MapFS{"w.yaml": {Data: data}})
		loaded(t, set, err)
	})
}

func FuzzLoadRecog(f *testing.F) {
	f.Add([]byte(recogFile))
	f.Add([]byte(`<fingerprints><fingerprint pattern="(a)"><param pos="1" name="service.cpe23" value="cpe:/a:{a}:%2"/><example _encoding="base64">YQ==</example></fingerprint></fingerprints>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		set, err := Load(fstest.MapFS{"w.xml": {Data: data}})
		loaded(t, set, err)
	})
}

// loaded holds what is true of every answer of Load.
func loaded(t *testing.T, set *Set, err error) {
	t.Helper()
	if (set == nil) == (err == nil) {
		t.Fatalf("Load = %v, %v; want one of both", set, err)
	}
	if err != nil {
		if harrier.KindOf(err) != harrier.Invalid {
			t.Fatalf("Load = %v of %v; want Invalid", err, harrier.KindOf(err))
		}
		return
	}
	for _, kind := range set.Kinds() {
		set.Match(kind, "Widget_1.3 Debian 12 at a.test")
	}
}

func FuzzMatch(f *testing.F) {
	set := Default()
	if d, err := readRecog("w.xml", []byte(recogFile), nil); err == nil {
		set = set.Layer(newSet(Recog, d.rules))
	}
	kinds := set.Kinds()
	f.Add(uint8(slices.Index(kinds, "ssh")), "OpenSSH_9.2p1 Debian-2+deb12u10")
	f.Add(uint8(slices.Index(kinds, "http.server")), "Apache/2.4.57 (Debian) \xff\u212a")
	f.Add(uint8(slices.Index(kinds, "smtp")), "220 target.test ESMTP Exim 4.96 ready")
	f.Add(uint8(slices.Index(kinds, "ftp")), "220 ProFTPD 1.3.8 Server")
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		k := kinds[int(kind)%len(kinds)]
		m, ok := set.Match(k, text)
		all := set.All(k, text)
		if ok && (len(all) == 0 || !slices.Contains(ids(all), m.Rule)) {
			t.Fatalf("Match = %s, which is not in All = %q", m.Rule, ids(all))
		}
		if ok && m.Version != "" && m.Source == Own && !strings.Contains(text, strings.TrimSuffix(m.Version, m.Update)) {
			t.Fatalf("the version %q is not in the text %q", m.Version, text)
		}
	})
}
