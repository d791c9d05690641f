package match

import "testing"

func TestParseCPE(t *testing.T) {
	for _, c := range []struct{ in, uri, title string }{
		{"cpe:2.3:a:f5:nginx:1.22.1:*:*:*:*:*:*:*", "cpe:/a:f5:nginx:1.22.1", "F5 Nginx"},
		{"cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*", "cpe:/a:openbsd:openssh:9.2:p1", "Openbsd Openssh"},
		{"cpe:2.3:o:debian:debian_linux:12:*:*:*:*:*:*:*", "cpe:/o:debian:debian_linux:12", "Debian Debian Linux"},
		{`cpe:2.3:a:a\:b:c\+\+:*:-:*:*:*:*:*:*`, "cpe:/a:a%3ab:c%2b%2b::-", "A:b C++"},
		{`cpe:2.3:a:x:y\*:*:*:*:*:*:*:*:*`, "cpe:/a:x:y%2a", "X Y*"},
	} {
		got, err := ParseCPE(c.in)
		if err != nil || got.String() != c.in || got.URI() != c.uri || got.Title() != c.title {
			t.Errorf("ParseCPE(%q) = %q, %q, %q, %v; want itself, %q, %q", c.in, got, got.URI(), got.Title(), err, c.uri, c.title)
		}
	}
	for _, in := range []string{
		"", "-", "cpe:/a:f5:nginx", "cpe:2.3:a:f5:nginx:1", "cpe:2.3:x:f5:nginx:*:*:*:*:*:*:*:*", "cpe:2.3:a::nginx:*:*:*:*:*:*:*:*",
		`cpe:2.3:a:f5:nginx:*:*:*:*:*:*:*:\`, "cpe:2.3:a:f 5:nginx:*:*:*:*:*:*:*:*", "cpe:2.3:ao:f5:nginx:*:*:*:*:*:*:*:*",
	} {
		if got, err := ParseCPE(in); err == nil {
			t.Errorf("ParseCPE(%q) = %+v; want an error", in, got)
		}
	}
}

func FuzzParseCPE(f *testing.F) {
	f.Add("cpe:2.3:a:f5:nginx:1.22.1:*:*:*:*:*:*:*")
	f.Add(`cpe:2.3:a:a\:b:c\+\+:*:-:*:*:*:*:*:*`)
	f.Fuzz(func(t *testing.T, in string) {
		c, err := ParseCPE(in)
		if err != nil {
			return
		}
		_ = c.Title()
		again, err := ParseCPE(c.String())
		if err != nil || again != c {
			t.Errorf("ParseCPE(%q) = %+v, which reads again as %+v, %v", in, c, again, err)
		}
	})
}
