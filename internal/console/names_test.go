package console

import (
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/match"
	"github.com/harrier-scan/harrier/internal/probe"
)

// TestServiceNames: every protocol that is recognised has words of its own in
// the statement of the service.
func TestServiceNames(t *testing.T) {
	const detection = 22964
	for _, p := range probe.All {
		s := harrier.Service{Endpoint: harrier.Endpoint{Protocol: p.Transport, Port: 1}, Name: p.Name}
		list := match.Facts(match.Context{Now: time.Unix(0, 0)}, harrier.Host{Alive: true}, []harrier.Service{s}, harrier.NewIDs([]harrier.VulnID{detection}))
		if len(list) != 1 || strings.HasPrefix(list[0].Evidence, "A service that speaks") {
			t.Errorf("%s: %v; want words of its own", p.Name, list)
		}
	}
}
