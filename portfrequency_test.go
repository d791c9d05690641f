package harrier_test

import (
	"slices"
	"testing"

	"github.com/harrier-scan/harrier"
)

// TestTopPorts holds the tables to their promises: every port has one place,
// and the first places are what everybody would put there.
func TestTopPorts(t *testing.T) {
	heads := map[harrier.Protocol][]uint16{
		harrier.TCP: {80, 443, 22, 445, 3389, 21, 25, 8080},
		harrier.UDP: {53, 123, 161, 137},
	}
	for proto, head := range heads {
		order := harrier.TopPorts(proto, 70000)
		sorted := slices.Clone(order)
		slices.Sort(sorted)
		if len(order) != 65535 || len(slices.Compact(sorted)) != 65535 || sorted[0] != 1 {
			t.Errorf("TopPorts(%s, 70000) has %d ports, from %d; want each of 1-65535 once", proto, len(order), sorted[0])
		}
		if got := harrier.TopPorts(proto, len(head)); !slices.Equal(got, head) {
			t.Errorf("TopPorts(%s, %d) = %v; want %v", proto, len(head), got, head)
		}
		if got := harrier.TopPorts(proto, 0); len(got) != 0 {
			t.Errorf("TopPorts(%s, 0) = %v; want none", proto, got)
		}
		for n := range 3 { // the caller owns what it gets
			harrier.TopPorts(proto, 3)[n] = 0
		}
		if got := harrier.TopPorts(proto, 3); !slices.Equal(got, head[:3]) {
			t.Errorf("TopPorts(%s, 3) after a caller wrote = %v", proto, got)
		}
	}
	if got := harrier.TopPorts(harrier.ICMP, 9); len(got) != 0 {
		t.Errorf("TopPorts(icmp) = %v; want none", got)
	}
}

// TestTopPortsHold: well-known servers stand where a short scan looks.
func TestTopPortsHold(t *testing.T) {
	for n, want := range map[int][]uint16{
		100:  {23, 53, 88, 110, 111, 135, 139, 143, 389, 465, 515, 587, 631, 636, 993, 995, 1433, 1723, 2049, 3306, 5000, 5432, 5900, 5985, 6379, 8000, 8081, 8443, 8888, 9100},
		300:  {548, 554, 873, 1521, 1883, 2181, 2375, 2379, 4222, 5060, 5672, 6443, 9092, 9200, 10000, 10250, 11211, 27017, 50000},
		1000: {7, 13, 19, 70, 79, 102, 502, 1099, 3690, 4369, 5222, 5601, 6667, 7001, 8009, 8086, 9000, 9418, 16992, 20000, 25565, 44818, 61616},
	} {
		top := harrier.TopPorts(harrier.TCP, n)
		for _, p := range want {
			if !slices.Contains(top, p) {
				t.Errorf("the top %d TCP ports lack %d", n, p)
			}
		}
	}
	top := harrier.TopPorts(harrier.UDP, 100)
	for _, p := range []uint16{67, 69, 111, 138, 389, 443, 500, 514, 520, 623, 1194, 1434, 1701, 1812, 1900, 3702, 4500, 5060, 5353, 5355, 5683, 11211} {
		if !slices.Contains(top, p) {
			t.Errorf("the top 100 UDP ports lack %d", p)
		}
	}
}

// TestTopPortsAreDefault: nothing that is ranked or named is missed by a scan
// of the default ports.
func TestTopPortsAreDefault(t *testing.T) {
	for proto, n := range map[harrier.Protocol]int{harrier.TCP: 1000, harrier.UDP: 250} {
		for _, p := range append(harrier.TopPorts(proto, n), harrier.NamedPorts().List(proto)...) {
			if !harrier.DefaultPorts.Contains(harrier.Endpoint{Protocol: proto, Port: p}) {
				t.Errorf("DefaultPorts lacks %d/%s", p, proto)
			}
		}
	}
}

func TestServicePorts(t *testing.T) {
	for name, want := range map[string]string{
		"ssh": "T:22", "SSH": "T:22", "dns": "T:53,U:53", "domain": "T:53,U:53", "snmp": "U:161", "rdp": "T:3389,U:3389",
		"vnc": "T:5900-5903", "modbus": "T:502,U:502", "bacnet": "U:47808", "kubelet": "T:10250", "winrm": "T:5985-5986", "nebula": "U:4242",
	} {
		if got, ok := harrier.ServicePorts(name); !ok || got.String() != want {
			t.Errorf("ServicePorts(%q) = %q, %v; want %q", name, got, ok, want)
		}
	}
	for _, name := range []string{"", "t22", "nosuch", "ssh/sftp", "80"} {
		if got, ok := harrier.ServicePorts(name); ok {
			t.Errorf("ServicePorts(%q) = %q; want none", name, got)
		}
	}
}

func BenchmarkParsePorts(b *testing.B) {
	for _, s := range []string{"top 1000", "all,!9100-9107", "T:1-1024,https,U:snmp"} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := harrier.ParsePorts(s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
