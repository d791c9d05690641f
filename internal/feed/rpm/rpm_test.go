package rpm

import (
	"reflect"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]NEVRA{
		"openssl-1:3.0.7-27.el9.x86_64":                       {"openssl", "1", "3.0.7", "27.el9", "x86_64"},
		"delve-0:1.25.2-1.el10_1.aarch64.rpm":                 {"delve", "0", "1.25.2", "1.el10_1", "aarch64"},
		"1:openssl-3.0.7-27.el9.src":                          {"openssl", "1", "3.0.7", "27.el9", "src"},
		"libvirt-client-32bit-1.1.2-2.48.1":                   {"libvirt-client-32bit", "", "1.1.2", "2.48.1", ""},
		"samba-4.19.2+git.322.7e9201cef5-1.1":                 {"samba", "", "4.19.2+git.322.7e9201cef5", "1.1", ""},
		"bind-9.9.4P2-0.6.1.i586":                             {"bind", "", "9.9.4P2", "0.6.1", "i586"},
		"libstdc++-0:8.5.0-20.el8.i686":                       {"libstdc++", "0", "8.5.0", "20.el8", "i686"},
		"oci-2:2.3.4-2.git87.module+el8.4.0+557+48ba.src.rpm": {"oci", "2", "2.3.4", "2.git87.module+el8.4.0+557+48ba", "src"},
		"perl-4:5.26.3-422.el8.0.1.x86_64":                    {"perl", "4", "5.26.3", "422.el8.0.1", "x86_64"},
	} {
		if got, ok := Parse(in); !ok || got != want {
			t.Errorf("Parse(%q) = %+v, %t; want %+v", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "-", "--", "openssl", "openssl-libs", "a-b-c", "-1-1", "name-1-", "name--1", "a b-1-1", "name-x:1-1", "n/m-1-1", strings.Repeat("a", 600) + "-1-1"} {
		if got, ok := Parse(in); ok {
			t.Errorf("Parse(%q) = %+v; want none", in, got)
		}
	}
}

func TestEVR(t *testing.T) {
	for in, want := range map[string]string{
		"30:9.3.3-8.el5": "30:9.3.3-8.el5", "0:1.3.18-21": "1.3.18-21", "1.2-3": "1.2-3", "00:1-1": "1-1", "012:1-1": "12:1-1",
	} {
		if got, ok := ParseEVR("x", in); !ok || got.EVR() != want {
			t.Errorf("ParseEVR(%q).EVR() = %q, %t; want %q", in, got.EVR(), ok, want)
		}
	}
	for _, in := range []string{"", "1", "1.2", ":1-1", "a:1-1", "1:-1", "1-", "abc-1", "1-2-3"} {
		if got, ok := ParseEVR("x", in); ok {
			t.Errorf("ParseEVR(%q) = %+v; want none", in, got)
		}
	}
}

func TestParsePURL(t *testing.T) {
	for in, want := range map[string]PURL{
		"pkg:rpm/redhat/openssl@3.0.7-27.el9?arch=x86_64&epoch=1":                 {"rpm", "redhat", "openssl", "3.0.7-27.el9", map[string]string{"arch": "x86_64", "epoch": "1"}},
		"pkg:rpm/redhat/libstdc%2B%2B@8.5.0-20.el8":                               {"rpm", "redhat", "libstdc++", "8.5.0-20.el8", nil},
		"pkg:rpm/redhat/kernel?arch=src":                                          {"rpm", "redhat", "kernel", "", map[string]string{"arch": "src"}},
		"pkg:rpmmod/redhat/nodejs@18:8090020231019152822:a75119d5":                {"rpmmod", "redhat", "nodejs", "18:8090020231019152822:a75119d5", nil},
		"pkg:oci/ose-cli@sha256:ab?repository_url=registry.redhat.io/ose#a/b":     {"oci", "", "ose-cli", "sha256:ab", map[string]string{"repository_url": "registry.redhat.io/ose"}},
		"pkg:rpm/redhat/npm@9-1.module+el8?rpmmod=nodejs:18:8090:a7&arch=aarch64": {"rpm", "redhat", "npm", "9-1.module+el8", map[string]string{"rpmmod": "nodejs:18:8090:a7", "arch": "aarch64"}},
	} {
		if got, ok := ParsePURL(in); !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("ParsePURL(%q) = %+v, %t; want %+v", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "pkg:", "pkg:rpm", "rpm/x", "pkg:rpm/", "pkg:/x"} {
		if got, ok := ParsePURL(in); ok {
			t.Errorf("ParsePURL(%q) = %+v; want none", in, got)
		}
	}
	p, _ := ParsePURL("pkg:rpm/redhat/openssl@3.0.7-27.el9?arch=x86_64&epoch=1")
	if n, ok := p.NEVRA(); !ok || n != (NEVRA{"openssl", "1", "3.0.7", "27.el9", "x86_64"}) {
		t.Errorf("NEVRA = %+v, %t", n, ok)
	}
}

func TestStatements(t *testing.T) {
	var s Statements
	add := func(build string, fixed bool, status harrier.Status, module string) {
		n, ok := Parse(build)
		if !ok {
			n = NEVRA{Name: build}
		}
		s.Add(Claim{Ecosystem: "rpm/x/9", Package: n, Fixed: fixed, Status: status, Module: module, Source: !ok})
	}
	add("b-1.0-2.x86_64", true, 0, "")
	add("b-1.0-2.aarch64", true, 0, "")
	add("b-1.0-2.src", true, 0, "")
	add("b-debuginfo-1.0-2.x86_64", true, 0, "")
	add("a-1.0-2.x86_64", true, 0, "m:1")
	add("a-1.0-1.s390x", true, 0, "m:1")
	add("c-1.0-1.x86_64", true, 0, "")
	add("c-1.0-3.x86_64", true, 0, "")
	add("d", false, harrier.StatusWillNotFix, "")
	rng := func(before, arch string) []harrier.Range { return []harrier.Range{{Before: before, Platforms: arch}} }
	want := []harrier.Affected{
		{Package: harrier.Package{Ecosystem: "rpm/x/9", Name: "a"}, Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected, Module: "m:1", Ranges: append(rng("1.0-2", "x86_64"), rng("1.0-1", "s390x")...)},
		{Package: harrier.Package{Ecosystem: "rpm/x/9", Name: "b"}, Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected, Ranges: rng("1.0-2", ""), Fixed: "1.0-2"},
		{Package: harrier.Package{Ecosystem: "rpm/x/9", Name: "c"}, Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected, Ranges: rng("1.0-1", ""), Fixed: "1.0-1"},
		{Package: harrier.Package{Ecosystem: "rpm/x/9", Name: "c"}, Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected, Ranges: rng("1.0-3", ""), Fixed: "1.0-3"},
		{Package: harrier.Package{Ecosystem: "rpm/x/9", Name: "d"}, Status: harrier.StatusWillNotFix, Source: true},
	}
	if got := s.Affected(); !reflect.DeepEqual(got, want) {
		t.Errorf("Affected = %+v; want %+v", got, want)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"openssl-1:3.0.7-27.el9.x86_64", "1:a-1-1.src.rpm", "pkg:rpm/redhat/x@1-1?arch=src", "a-b", "pkg:rpm/%zz@1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, ok := Parse(s); ok {
			again, ok := ParseEVR(n.Name, n.EVR())
			if !ok || again.EVR() != n.EVR() {
				t.Errorf("Parse(%q) = %+v, which reads again as %+v, %t", s, n, again, ok)
			}
		}
		if p, ok := ParsePURL(s); ok && (p.Name == "" || p.Type == "") {
			t.Errorf("ParsePURL(%q) = %+v", s, p)
		}
	})
}
