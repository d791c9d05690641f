package probe

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/harrier-scan/harrier/internal/fingerprint"
	"github.com/harrier-scan/harrier/internal/needs"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

// TestRulesOfTheTarget shows that rules which the target brings are asked
// behind the own ones, and what they tell of the machine.
func TestRulesOfTheTarget(t *testing.T) {
	more, err := fingerprint.Load(fstest.MapFS{"ssh.yaml": {Data: []byte(`kind: ssh
rules:
  - id: widget
    match: '^Widget_(?P<v>\d+\.\d+)(?: on (?P<host>\S+) (?P<mac>\S+))?'
    product: Widget SSHD
    cpe: widget:sshd
    os: Widget OS
    device: router
    facts: {host.name: '${host}', host.mac: '${mac}'}
    examples: [{text: Widget_1.2, version: "1.2"}]
  - id: openssh
    match: '^OpenSSH'
    product: Not OpenSSH
    device: camera
    examples: [{text: OpenSSH}]
---
kind: http.title
rules:
  - id: widget
    match: '^Widget (?P<v>\d+)$'
    product: Widget Console
    os: Widget OS
    examples: [{text: Widget 7, version: "7"}]
---
kind: http.cookie
rules:
  - id: widget
    match: '^WIDGETID='
    device: storage
    examples: [{text: WIDGETID=1}]
`)}})
	if err != nil {
		t.Fatal(err)
	}
	rules := fingerprint.Default().Layer(more)
	page := "HTTP/1.1 200 OK\r\nServer: %\r\nSet-Cookie: WIDGETID=7; Path=/\r\nContent-Length: 31\r\n\r\n<html><title>Widget 7</title>\r\n\r\n"
	for name, c := range map[string]struct {
		port             uint16
		dial             wiretest.Dialer
		product, version string
		facts            map[string]string
	}{
		"a product that only they know": {
			22, wiretest.Banner("SSH-2.0-Widget_1.2 on a.test 0016.3E12.3456\r\n"), "Widget SSHD", "1.2",
			map[string]string{"product.rule": "user/ssh/widget", "os.hint": "Widget OS", "device.hint": "router", "host.name": "a.test", "host.mac": "00:16:3e:12:34:56"},
		},
		"an own rule goes before, and is added to": {
			22, wiretest.Banner("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), "OpenSSH", "9.2p1",
			map[string]string{"product.rule": "ssh/openssh", "os.hint": "Debian", "device.hint": "camera"},
		},
		"a title, where nothing else tells": {
			80, wiretest.Replies(map[string]string{"GET / ": strings.Replace(page, "%", "what", 1)}), "Widget Console", "7",
			map[string]string{"product.rule": "user/http.title/widget", "os.hint": "Widget OS", "device.hint": "storage"},
		},
		"a title beside a known server": {
			80, wiretest.Replies(map[string]string{"GET / ": strings.Replace(page, "%", "nginx/1.22.1", 1)}), "nginx", "1.22.1",
			map[string]string{"product.rule": "http.server/nginx", "os.hint": "Widget OS", "device.hint": "storage"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				target := tcpTarget(c.port, c.dial)
				target.Rules = rules
				s, err := Identify(t.Context(), target)
				if err != nil || s.Product != c.product || s.Version != c.version {
					t.Fatalf("Identify = %q %q, %v; want %q %q", s.Product, s.Version, err, c.product, c.version)
				}
				got := maps.Clone(s.Facts)
				maps.DeleteFunc(got, func(key, _ string) bool {
					return !strings.HasSuffix(key, ".hint") && !strings.HasPrefix(key, "host.") && key != "product.rule"
				})
				if !maps.Equal(got, c.facts) {
					t.Errorf("facts = %v; want %v", got, c.facts)
				}
			})
		})
	}
}

// TestMachineFacts shows what is not taken for a machine's name or address.
func TestMachineFacts(t *testing.T) {
	for text, want := range map[string]string{"a.test": "a.test", "a.test.": "a.test", "SRV-1": "SRV-1", "192.0.2.1": "", "::1": "", "localhost": "", "two words": "", "": "", "-x": ""} {
		if got := machineName(text); got != want {
			t.Errorf("machineName(%q) = %q; want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{"00:16:3E:12:34:56": "00:16:3e:12:34:56", "00163e123456": "00:16:3e:12:34:56", "00-16-3e-12-34-56": "00:16:3e:12:34:56", "000000000000": "", "00163e12345": "", "00163e12345g": ""} {
		if got := machineMAC(text); got != want {
			t.Errorf("machineMAC(%q) = %q; want %q", text, got, want)
		}
	}
}

// TestNoVersionFromRangesAndParts plays texts that hold a number which is not
// the version of the product, or not all of it.
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

// TestFinalRulesHold shows that Recog's rules do not tell a part of a version
// where an own rule knows better.
func TestFinalRulesHold(t *testing.T) {
	more, err := fingerprint.Open(needs.Shared(t, filepath.Join("..", "..", "..", "shared", "data", "recog.tar.gz")))
	if err != nil {
		t.Fatal(err)
	}
	rules := fingerprint.Default().Layer(more)
	for kind, texts := range map[string][]string{
		"http.server": {"CUPS/2.4 IPP/2.1", "Apache/2.4", "Apache/2", "nginx"},
		"irc":         {"InspIRCd-3"},
		"ftp":         {"220 ProFTPD Server (Debian) [::ffff:10.0.0.1]"},
	} {
		for _, text := range texts {
			if m, ok := told(rules, kind, text); !ok || m.Version != "" {
				t.Errorf("told(%s, %q) = version %q by %s; want none", kind, text, m.Version, m.Rule)
			}
		}
	}
	m, _ := told(rules, "http.server", "lighttpd/1.4.69")
	if m.Rule == "" || m.Version != "1.4.69" {
		t.Errorf("told(lighttpd/1.4.69) = %+v; want its version", m)
	}
	if m, _ := told(rules, "ssh", "DraySSH_2.0"); !strings.HasPrefix(m.Rule, "recog/") {
		t.Errorf("told(DraySSH_2.0) = %+v; want Recog's rule", m)
	}
}
