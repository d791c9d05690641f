package pipeline_test

import (
	"net/netip"
	"testing"

	"github.com/harrier-scan/harrier"
)

// The way to a host is looked for when the plan wants the statement of it, and
// never to one that is treated gently or whose services nobody asks for.
func TestRoute(t *testing.T) {
	listen(t, "127.1.31.1", 18900, 2)
	const fact = 10287
	settings := harrier.Settings{Ports: "T:18900-18901", Connect: true}
	gentle, bare, hosts := settings, settings, settings
	gentle.Gentle, bare.PortsOnly, hosts.DiscoverOnly = true, true, true
	for name, c := range map[string]struct {
		settings harrier.Settings
		checks   []harrier.VulnID
		found    bool
	}{
		"wanted":     {settings, []harrier.VulnID{fact}, true},
		"not wanted": {settings, []harrier.VulnID{1}, false},
		"gentle":     {gentle, []harrier.VulnID{fact}, false},
		"ports only": {bare, []harrier.VulnID{fact}, false},
		"hosts only": {hosts, []harrier.VulnID{fact}, false},
	} {
		h := run(t, "127.1.31.1", harrier.Plan{Settings: c.settings, Checks: c.checks}, tools()).hosts["127.1.31.1"]
		if got := len(h.Route) > 0; got != c.found {
			t.Errorf("%s: route %v; want one: %t", name, h.Route, c.found)
			continue
		}
		if c.found && (len(h.Route) != 2 || h.Route[1].Addr != netip.MustParseAddr("127.1.31.1")) {
			t.Errorf("%s: route %v; want the engine and the host", name, h.Route)
		}
		if h.Raw {
			t.Errorf("%s: its ports count as found by raw packets", name)
		}
	}
}
