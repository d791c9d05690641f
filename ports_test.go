package harrier_test

import (
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
		"default":            harrier.DefaultPorts.String(),
		"":                   harrier.DefaultPorts.String(),
	} {
		got, err := harrier.ParsePorts(in)
		if err != nil || got.String() != want {
			t.Errorf("ParsePorts(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"x", "65536", "5-3", "0", "-", "1-", "T:", "Q:1", "1,,x", "1;2"} {
		if got, err := harrier.ParsePorts(in); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("ParsePorts(%q) = %q, %v; want an Invalid error", in, got, err)
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
	for _, s := range []string{"default", "all", "T:1-5,U:7", "1,2,3", "0-65535"} {
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
