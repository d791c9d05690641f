package insightvm

import (
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/fleet"
)

// TestEngineStatus shows how engines stand, and since when they are known: not
// since their process began.
func TestEngineStatus(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	a := api{Rooms: kit.Rooms{Now: func() time.Time { return now }}}
	enrolled, started := now.AddDate(0, -1, 0), now.Add(-time.Hour)
	far := harrier.Engine{Pool: "far", Key: []byte("k"), Enrolled: enrolled, Created: enrolled.AddDate(0, -1, 0), Started: started, LastSeen: now, Protocol: harrier.EngineProtocol}
	with := func(change func(*harrier.Engine)) harrier.Engine {
		e := far
		change(&e)
		return e
	}
	for _, c := range []struct {
		engine harrier.Engine
		status string
		since  time.Time
	}{
		{far, "HEALTHY", enrolled},
		{with(func(e *harrier.Engine) { e.Protocol++ }), "UNHEALTHY", enrolled},
		{with(func(e *harrier.Engine) { e.Revoked = now }), "UNHEALTHY", enrolled},
		{with(func(e *harrier.Engine) { e.LastSeen = now.Add(-time.Hour) }), "OFFLINE", enrolled},
		{with(func(e *harrier.Engine) { e.LastSeen = time.Time{} }), "UNKNOWN", enrolled},
		{with(func(e *harrier.Engine) { e.Key, e.Enrolled, e.LastSeen = nil, time.Time{}, time.Time{} }), "UNKNOWN", far.Created},
		{harrier.Engine{Pool: harrier.LocalPool, Started: started, LastSeen: now}, "HEALTHY", started},
	} {
		got := a.engineOf(c.engine, fleet.Properties{})
		if got.Status != c.status || got.Registered == nil || *got.Registered != instant(c.since) {
			t.Errorf("%+v: %s since %v; want %s since %s", c.engine, got.Status, got.Registered, c.status, instant(c.since))
		}
	}
}
