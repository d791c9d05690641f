package probe

import (
	"strings"
	"testing"
)

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
