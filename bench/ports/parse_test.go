package main

import (
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
)

// TestReaders feeds each program's output, as it writes it, to its reader.
func TestReaders(t *testing.T) {
	file := filepath.Join(t.TempDir(), "results")
	one := job{list: "80", out: file}
	many := job{list: "22,80", out: file}
	for _, c := range []struct {
		peer, text string
		job        job
		want       []string // nil for an error
	}{
		{nmapT5, "# Nmap 7.93 scan initiated as: nmap -oG -\nHost: 10.77.0.0 ()\tStatus: Up\nHost: 10.77.0.0 ()\tPorts: 22/open/tcp//ssh///, 80/open/tcp//http///, 81/closed/tcp//x///\tIgnored State: closed (998)\n# Nmap done\n", many, []string{"10.77.0.0:22", "10.77.0.0:80"}},
		{nmap, "Host: fd77::1 ()\tPorts: 22/open/tcp//ssh///, 53/open/udp//domain///\n", many, []string{"[fd77::1]:22"}},
		{nmapST, "", many, []string{}},
		{"masscan", "#masscan\nopen tcp 80 10.77.0.1 1700000000\nopen tcp 22 fd77::1 1700000000\nopen tcp 22 fd77: 1700000000\n# end\n", many, []string{"10.77.0.1:80", "[fd77::1]:22", "[fd77::]:22"}},
		{"zmap", "saddr\n10.77.0.7\n10.77.0.23\n", one, []string{"10.77.0.7:80", "10.77.0.23:80"}},
		{"zmap-head", "10.77.0.7,22\n10.77.0.7,80\n", many, []string{"10.77.0.7:22", "10.77.0.7:80"}},
		{"zmap", "10.77.0.300\n", one, nil},
		{"naabu", "10.77.0.1:22\n10.77.0.1:80\n", many, []string{"10.77.0.1:22", "10.77.0.1:80"}},
		{harrierName, "10.77.0.1:22\n[fd77::1]:80\n", many, []string{"10.77.0.1:22", "[fd77::1]:80"}},
	} {
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		want := map[netip.AddrPort]bool{}
		for _, at := range c.want {
			want[netip.MustParseAddrPort(at)] = true
		}
		got, err := named(t, c.peer).read(c.job)
		if (err != nil) != (c.want == nil) || err == nil && !maps.Equal(got, want) {
			t.Errorf("%s read %q as %v, %v; want %v", c.peer, c.text, got, err, c.want)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	for _, p := range peers(nil) {
		if _, err := p.read(one); err == nil {
			t.Errorf("%s read a file that is not there", p.name)
		}
	}
}

func named(t *testing.T, name string) peer {
	t.Helper()
	for _, p := range peers(nil) {
		if p.name == name {
			return p
		}
	}
	t.Fatalf("there is no peer %q", name)
	return peer{}
}

// TestCases checks that the cases speak of peers that there are, and goals of
// peers that are measured.
func TestCases(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range cases() {
		if seen[c.name] {
			t.Errorf("there are two cases %q", c.name)
		}
		seen[c.name] = true
		for _, p := range c.peers {
			named(t, p)
		}
		for _, g := range c.goals {
			found := g.peer == ""
			for _, p := range c.peers {
				found = found || p == g.peer
			}
			if !found {
				t.Errorf("%s compares with %q, which it does not run", c.name, g.peer)
			}
		}
	}
}
