package scan

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/harrier-scan/harrier"
)

// TestLater: a scan with an earliest start waits for it, also over a crash, and
// holds no other scan of its site up; its name, exclusions and engine are its own.
func TestLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openStore(t)
		h := build(t, db)
		crash := h.run(t)
		s := h.site(t, "192.0.2.0-192.0.2.9")
		at := time.Now().Add(2 * time.Hour)
		later, err := h.Launch(t.Context(), owner, s.ID, Launch{Name: "verify", Targets: "192.0.2.2-192.0.2.5", Exclude: "192.0.2.3", NotBefore: at, Queue: true})
		must(t, err)
		if later.Status != harrier.ScanQueued || later.Name != "verify" || later.HostsTotal != 3 {
			t.Errorf("the scan is %s, called %q, of %d hosts", later.Status, later.Name, later.HostsTotal)
		}
		if _, err := h.Launch(t.Context(), owner, s.ID, Launch{Engine: 99}); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("on an engine that is not there: %v; want Invalid", err)
		}
		_, kill := h.engine(t, 10*time.Millisecond)
		now := h.launch(t, s)
		h.await(t, now.ID, harrier.ScanCompleted, time.Minute)
		crash()
		kill()
		h = build(t, db)
		defer h.run(t)()
		_, kill = h.engine(t, 10*time.Millisecond)
		defer kill()
		time.Sleep(time.Until(at) - time.Second)
		if got := h.status(t, later.ID); got != harrier.ScanQueued {
			t.Errorf("before its time it is %s", got)
		}
		if done := h.await(t, later.ID, harrier.ScanCompleted, time.Minute); done.Started.Before(at) {
			t.Errorf("it started at %v, before %v", done.Started, at)
		}
		list, total, err := h.List(t.Context(), owner, 0, 1)
		if err != nil || total != 2 || len(list) != 1 || list[0].ID != now.ID {
			t.Errorf("List = %v of %d, %v; want the newest of two", list, total, err)
		}
		other := harrier.Actor{User: 2, Permissions: harrier.Analyst.Permissions()}
		if _, total, err := h.List(t.Context(), other, 0, 0); err != nil || total != 0 {
			t.Errorf("another sees %d scans, %v", total, err)
		}
	})
}
