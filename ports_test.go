package harrier_test

import (
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
)

func TestParsePorts(t *testing.T) {
	for in, want := range map[string]string{
		"22":                 "T:22,U:22",
		"443,80-90,85-95,96": "T:80-96,443,U:80-96,443",
		"T:1-1024,U:53,161":  "T:1-1024,U:53,161",
		"1-10,T:20,U:30":     "T:1-10,20,U:1-10,30",
		"t: 22 , 23":         "T:22-23",
		"0-3":                "T:1-3,U:1-3",
		"65535":              "T:65535,U:65535",
		"all":                "T:1-65535,U:1-65535",
		"*":                  "T:1-65535,U:1-65535",
		"default":            harrier.DefaultPorts.String(),
		"":                   harrier.DefaultPorts.String(),
		" \n":                harrier.DefaultPorts.String(),
		"Well Known":         harrier.DefaultPorts.String(),
		// Open ranges.
		"T:-1024":     "T:1-1024",
		"U:60000-":    "U:60000-65535",
		"-":           "T:1-65535,U:1-65535",
		"T:-3,65533-": "T:1-3,65533-65535",
		// Prefixes.
		"tcp:80,udp:53,TU:7": "T:7,80,U:7,53",
		"T:1,U:2,UT:3,4":     "T:1,3-4,U:2-4",
		"T:none,U:161":       "U:161",
		"U:\n53\n161":        "U:53,161",
		// Blanks and line ends.
		"22 80\t443\r\n8080":        "T:22,80,443,8080,U:22,80,443,8080",
		"T:80 - 90\n100":            "T:80-90,100",
		"T:22\n-3":                  "T:1-3,22",
		"1-10,T : 1024-1030,U:1025": "T:1-10,1024-1030,U:1-10,1025",
		// Names.
		"http,HTTPS,ssh": "T:22,80,443,U:443",
		"domain":         "T:53,U:53",
		"T:domain":       "T:53",
		"vnc,!5903":      "T:5900-5902",
		"snmp, ssh":      "T:22,U:161",
		// What is left out, wherever it stands.
		"all,!9100-9107":     "T:1-9099,9108-65535,U:1-9099,9108-65535",
		"!9100-9107 T:all":   "T:1-9099,9108-65535",
		"20-25,!T:22,U:24":   "T:20-21,23-25,U:20-25",
		"20-25,T:!22":        "T:20-21,23-25,U:20-25",
		"20-25,! 22":         "T:20-21,23-25,U:20-21,23-25",
		"T:1-5,!1,!5,!3":     "T:2,4",
		"1-5,!all,U:9":       "",
		"T:10-20,!-12,!18-":  "T:13-17",
		"T:top 3,!http":      "T:22,443",
		"T:all,!default,80":  harrier.Ports{TCP: harrier.AllPorts.TCP}.Without(harrier.DefaultPorts).String(),
		"!T:-65535,!U:2-":    "",
		"T:1-9,!2-3,!3-4,!8": "T:1,5-7,9",
		// The most frequent.
		"T:top3":          "T:22,80,443",
		"T:top 3,top-2":   "T:22,80,443",
		"T:top2,U:top1":   "T:80,443,U:53",
		"TOP 65535":       "T:1-65535,U:1-65535",
		"T:top2,U:top\t1": "T:80,443,U:53",
	} {
		got, err := harrier.ParsePorts(in)
		if want == "" {
			if harrier.KindOf(err) != harrier.Invalid || err == nil || !strings.Contains(err.Error(), "names no port") {
				t.Errorf("ParsePorts(%q) = %q, %v; want that no port is left", in, got, err)
			}
			continue
		}
		if err != nil || got.String() != want {
			t.Errorf("ParsePorts(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestParsePortsInvalid(t *testing.T) {
	long := strings.Repeat("x", 500)
	for in, part := range map[string]string{
		"x":           "x",
		"65536":       "65536",
		"22,5-3":      "5-3",
		"0":           "0",
		"T:":          "T:",
		",":           ",",
		"Q:1":         "q:1",
		"S:80":        "s:80",
		"1,,x":        "x",
		"1;2":         "1;2",
		"1-2-3":       "1-2-3",
		"22,top 0":    "top0",
		"top":         "top",
		"top-":        "top-",
		"top 70000":   "top70000",
		"top,100":     "top",
		"U:ssh":       "u:ssh",
		"T:snmp,ssh":  "t:snmp",
		"!!22":        "!!22",
		"!T:!22":      "!t:!22",
		"ssh-http":    "ssh-http",
		"1-99999999":  "1-99999999",
		"+5":          "+5",
		"none":        "none",
		"T:none":      "none",
		long:          "…",
		"80 http nay": "nay",
	} {
		got, err := harrier.ParsePorts(in)
		if harrier.KindOf(err) != harrier.Invalid || err == nil {
			t.Errorf("ParsePorts(%.20q) = %q, %v; want an Invalid error", in, got, err)
			continue
		}
		if m := harrier.MessageOf(err); !strings.HasPrefix(m, "ports: ") || !strings.Contains(m, part) || len(m) > 200 {
			t.Errorf("ParsePorts(%.20q) = %q; want that the field and %q are named", in, m, part)
		}
	}
}

func TestDefaultPorts(t *testing.T) {
	if n := harrier.DefaultPorts.Count(harrier.TCP); n < 3500 || n > 5000 {
		t.Errorf("DefaultPorts has %d TCP ports; want some 4,000", n)
	}
	for _, port := range []uint16{21, 22, 23, 25, 53, 80, 110, 143, 389, 443, 445, 873, 993, 1433, 1521, 1883, 2181, 2375, 2379, 3128, 3306, 3389, 4222, 5432, 5672, 5900, 6379, 8080, 8443, 9200, 11211, 27017} {
		if !harrier.DefaultPorts.Contains(harrier.Endpoint{Protocol: harrier.TCP, Port: port}) {
			t.Errorf("DefaultPorts lacks %d/tcp", port)
		}
	}
	for _, port := range []uint16{53, 123, 137, 161, 500, 1900, 5353} {
		if !harrier.DefaultPorts.Contains(harrier.Endpoint{Protocol: harrier.UDP, Port: port}) {
			t.Errorf("DefaultPorts lacks %d/udp", port)
		}
	}
}

func FuzzParsePorts(f *testing.F) {
	for _, s := range []string{"default", "all", "T:1-5,U:7", "1,2,3", "0-65535", "top 10,!22,U:snmp", "-5\n60000-,!T:1-3", "TU:none,*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := harrier.ParsePorts(s)
		if err != nil {
			return
		}
		again, err := harrier.ParsePorts(p.String())
		if err != nil || again.String() != p.String() {
			t.Fatalf("ParsePorts(%q) does not read its own form %q back: %q, %v", s, p, again, err)
		}
		if n := len(p.List(harrier.TCP)); n != p.Count(harrier.TCP) {
			t.Fatalf("ParsePorts(%q): %d ports listed, %d counted", s, n, p.Count(harrier.TCP))
		}
	})
}
