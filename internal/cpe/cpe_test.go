package cpe

import "testing"

func TestName(t *testing.T) {
	for _, c := range []struct{ name, version, update, want string }{
		{"f5:nginx", "1.22.1", "", "cpe:2.3:a:f5:nginx:1.22.1:*:*:*:*:*:*:*"},
		{"openbsd:openssh", "9.2", "p1", "cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*"},
		{"isc:bind", "9.11.4", "-P2", "cpe:2.3:a:isc:bind:9.11.4:p2:*:*:*:*:*:*"},
		{"f5:nginx", "", "", "cpe:2.3:a:f5:nginx:*:*:*:*:*:*:*:*"},
		{"o:cisco:ios", "15.0(2)SE4", "", `cpe:2.3:o:cisco:ios:15.0\(2\)se4:*:*:*:*:*:*:*`},
		{"docker:docker", "20.10.24+dfsg1", "", `cpe:2.3:a:docker:docker:20.10.24\+dfsg1:*:*:*:*:*:*:*`},
		{"a:b", "-", "", `cpe:2.3:a:a:b:\-:*:*:*:*:*:*:*`},
		{"a:b", "\u00b5", "\t", "cpe:2.3:a:a:b:*:*:*:*:*:*:*:*"},
		{"", "1", "", ""},
	} {
		if got := Name(c.name, c.version, c.update); got != c.want {
			t.Errorf("Name(%q, %q, %q) = %q; want %q", c.name, c.version, c.update, got, c.want)
		}
	}
}

func TestFromURI(t *testing.T) {
	for uri, want := range map[string]string{
		"cpe:/a:f5:nginx:1.22.1":             "cpe:2.3:a:f5:nginx:1.22.1:*:*:*:*:*:*:*",
		"cpe:/a:f5:nginx:-":                  "cpe:2.3:a:f5:nginx:*:*:*:*:*:*:*:*",
		"cpe:/o:microsoft:windows_7:-:sp1":   "cpe:2.3:o:microsoft:windows_7:*:sp1:*:*:*:*:*:*",
		"cpe:/h:a:b":                         "cpe:2.3:h:a:b:*:*:*:*:*:*:*:*",
		"cpe:/o:cisco:ios:15.0%282%29se4":    `cpe:2.3:o:cisco:ios:15.0\(2\)se4:*:*:*:*:*:*:*`,
		"cpe:/a:f5":                          "",
		"cpe:/x:f5:nginx":                    "",
		"cpe:2.3:a:f5:nginx:*:*:*:*:*:*:*:*": "",
		"":                                   "",
	} {
		if got := FromURI(uri); got != want {
			t.Errorf("FromURI(%q) = %q; want %q", uri, got, want)
		}
	}
}
