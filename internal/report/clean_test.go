package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// TestCleanOf tells what was not found, and where.
func TestCleanOf(t *testing.T) {
	at := func(port uint16) harrier.Endpoint { return harrier.Endpoint{Protocol: harrier.TCP, Port: port} }
	services := []harrier.Service{{Endpoint: at(22), Name: "ssh"}, {Endpoint: at(80), Name: "http"}, {Endpoint: at(81), Name: "http"}, {Endpoint: at(82), Name: "http"}}
	ports, err := harrier.ParsePorts("1-100")
	if err != nil {
		t.Fatal(err)
	}
	checks := []harrier.VulnID{100, 200, 300, 400}
	c := harrier.Coverage{Alive: true, Complete: true, Ports: ports, Enabled: harrier.NewIDs(checks)}
	for _, s := range services {
		c.Open = append(c.Open, harrier.Open{Endpoint: s.Endpoint, Known: s.Port != 82})
	}
	c.Add(harrier.Done{Check: 200, Endpoint: at(80), Outcome: harrier.Vulnerable})
	c.Add(harrier.Done{Check: 300, Outcome: harrier.Failed})
	c.Add(harrier.Done{Check: 400, Endpoint: at(22), Outcome: harrier.Skipped})
	want := []format.Absent{{Vulnerability: 100}, {Vulnerability: 200, Endpoint: at(81)}}
	if diff := cmp.Diff(want, cleanOf(&c, checks, services)); diff != "" {
		t.Errorf("clean (-want +got):\n%s", diff)
	}
	silent, cut := c, c
	silent.Alive, cut.Complete = false, false
	for name, of := range map[string]*harrier.Coverage{"silent": &silent, "cut short": &cut, "unknown": nil} {
		if got := cleanOf(of, checks, services); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}
