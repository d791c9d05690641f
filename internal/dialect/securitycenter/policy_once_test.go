package securitycenter_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/dialect/securitycenter"
)

// TestUnusedPolicy: a one-time policy waits a day for its scan and is gone then,
// removed when the next one is made.
func TestUnusedPolicy(t *testing.T) {
	var later atomic.Int64 // hours
	console := exchange.Start(t, func(rooms kit.Rooms) http.Handler {
		rooms.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load()) * time.Hour) }
		return securitycenter.New(rooms)
	})
	c := client{t, console.URL, "accesskey=" + console.Access + "; secretkey=" + console.SecretID}
	const body = `{"name":"","context":"scan","policyTemplate":{"id":1}}`
	id := c.text(c.must("POST", "/policy", body), "id")
	later.Store(23)
	c.must("GET", "/policy/"+id, "")
	later.Store(25)
	if _, code := c.call("GET", "/policy/"+id, ""); code != 147 {
		t.Errorf("a one-time policy after 25 hours = code %d; want 147", code)
	}
	if _, code := c.call("POST", "/scan", `{"name":"x","policy":{"id":`+id+`},"repository":{"id":1},"ipList":"127.0.0.1","schedule":{"type":"now"}}`); code != 146 {
		t.Errorf("a scan with it = code %d; want 146", code)
	}
	c.must("POST", "/policy", body)
	left, err := console.Rooms.Policies.Private(t.Context(), harrier.System)
	if err != nil || len(left) != 1 {
		t.Errorf("%d private policies are left, %v; want the newest alone", len(left), err)
	}
}
