package netbed

import (
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestOpen(t *testing.T) {
	if len(Open) != 99 || !slices.IsSorted(Open) {
		t.Errorf("Open has %d ports, in order %v; want 99 in order", len(Open), slices.IsSorted(Open))
	}
	for _, p := range Open {
		if p >= 9100 && p <= 9107 {
			t.Errorf("Open has the printers' port %d", p)
		}
	}
}

func TestTruth(t *testing.T) {
	odd := func(host int) bool { return host%2 == 1 }
	for prefix, want := range map[string][]string{
		"10.77.0.4/30":  {"10.77.0.5:22", "10.77.0.5:80", "10.77.0.7:22", "10.77.0.7:80"},
		"fd77::10/127":  {"[fd77::11]:22", "[fd77::11]:80"},
		"10.77.0.99/32": nil, // its index is 0
	} {
		var got []string
		for at := range Truth(netip.MustParsePrefix(prefix), []uint16{22, 24, 80}, odd) {
			got = append(got, at.String())
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("Truth(%s) = %v; want %v", prefix, got, want)
		}
	}
}

func TestReadList(t *testing.T) {
	file := filepath.Join(t.TempDir(), "list")
	for text, want := range map[string]map[netip.AddrPort]bool{
		"":                            {},
		"10.0.0.1:80\n[fd77::1]:22\n": {netip.MustParseAddrPort("10.0.0.1:80"): true, netip.MustParseAddrPort("[fd77::1]:22"): true},
		"10.0.0.1:80\n10.0.0.1\n":     nil, // an error
		"10.0.0.1:53/udp\n":           nil,
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := ReadList(file)
		if (err != nil) != (want == nil) || !maps.Equal(got, want) {
			t.Errorf("ReadList of %q = %v, %v; want %v", text, got, err, want)
		}
	}
}
