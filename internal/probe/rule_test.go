package probe

import (
	"regexp"
	"strings"
	"testing"
)

// TestRules plays the samples that the rules carry: each must be told by its
// own rule and by no earlier one of its kind, with the right version.
func TestRules(t *testing.T) {
	for _, table := range ruleTables {
		for _, r := range table {
			if len(r.samples) == 0 {
				t.Errorf("rule %q of %s has no sample", r.pattern, r.kind)
			}
			if r.product == "" {
				t.Errorf("rule %q of %s has no product", r.pattern, r.kind)
			}
			for _, s := range r.samples {
				m, ok := tell(r.kind, s.text)
				if !ok || m.Product != r.product || m.Version != s.version {
					t.Errorf("tell(%s, %q) = %q %q %v; want %q %q", r.kind, s.text, m.Product, m.Version, ok, r.product, s.version)
				}
				if !strings.Contains(s.text, r.literal) {
					t.Errorf("the literal %q of rule %q is not in %q", r.literal, r.pattern, s.text)
				}
				if r.cpe != "" && !cpePattern.MatchString(m.CPE) {
					t.Errorf("tell(%s, %q) has CPE %q, which is none", r.kind, s.text, m.CPE)
				}
			}
		}
	}
}

var cpePattern = regexp.MustCompile(`^cpe:2\.3:[aoh]:(?:[a-z0-9_.-]|\\.)+:(?:[a-z0-9_.-]|\\.)+:(?:\*|(?:[a-z0-9_.-]|\\.)+):(?:\*|(?:[a-z0-9_.-]|\\.)+)(?::\*){6}$`)

func TestCPE(t *testing.T) {
	for _, c := range []struct{ name, version, update, want string }{
		{"f5:nginx", "1.22.1", "", "cpe:2.3:a:f5:nginx:1.22.1:*:*:*:*:*:*:*"},
		{"openbsd:openssh", "9.2", "p1", "cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*"},
		{"isc:bind", "9.11.4", "-P2", "cpe:2.3:a:isc:bind:9.11.4:p2:*:*:*:*:*:*"},
		{"f5:nginx", "", "", "cpe:2.3:a:f5:nginx:*:*:*:*:*:*:*:*"},
		{"o:cisco:ios", "15.0(2)SE4", "", `cpe:2.3:o:cisco:ios:15.0\(2\)se4:*:*:*:*:*:*:*`},
		{"docker:docker", "20.10.24+dfsg1", "", `cpe:2.3:a:docker:docker:20.10.24\+dfsg1:*:*:*:*:*:*:*`},
		{"", "1", "", ""},
	} {
		if got := cpe(c.name, c.version, c.update); got != c.want {
			t.Errorf("cpe(%q, %q, %q) = %q; want %q", c.name, c.version, c.update, got, c.want)
		}
	}
}

func TestNoVersionFromRangesAndParts(t *testing.T) {
	for kind, texts := range map[string][]string{
		"http.server": {"CUPS/2.4 IPP/2.1", "Apache/2.4", "Apache/2", "nginx"},
		"irc":         {"InspIRCd-3"},
		"http.via":    {"1.1 varnish (Varnish/7.1)"},
		"ftp":         {"220 ProFTPD Server (Debian) [::ffff:10.0.0.1]"},
		"mysql":       {"8.0.35-27", "5.7.99-custom-build"},
	} {
		for _, text := range texts {
			if m, _ := tell(kind, text); m.Version != "" {
				t.Errorf("tell(%s, %q) told version %q; want none", kind, text, m.Version)
			}
		}
	}
}

func BenchmarkTell(b *testing.B) {
	for _, text := range []string{"nginx/1.22.1", "MiniServ/1.981", "a server that nobody knows"} {
		b.Run(strings.Fields(text)[0], func(b *testing.B) {
			for b.Loop() {
				tell("http.server", text)
			}
		})
	}
}
