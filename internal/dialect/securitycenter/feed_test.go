package securitycenter_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/securitycenter"
)

// TestUpdateFeed: where the console fetches content, operators ask it to, and it
// is written down who did.
func TestUpdateFeed(t *testing.T) {
	console := exchange.Start(t, securitycenter.New)
	_, maccess, msecret := person(t, console, "manager", "administrator", "correct-horse-9")
	rooms, asked := console.Rooms, 0
	rooms.UpdateContent = func() { asked++ }
	door := securitycenter.New(rooms)
	for _, c := range []struct {
		path, access, secret string
		status, asked        int
	}{
		{"/rest/feed/active/update", maccess, msecret, 403, 0},
		{"/rest/feed/nothing/update", console.Access, console.SecretID, 403, 0},
		{"/rest/feed/active/process", console.Access, console.SecretID, 403, 0},
		{"/rest/feed/active/update", console.Access, console.SecretID, 200, 1},
		{"/rest/feed/all/update", console.Access, console.SecretID, 200, 2},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, c.path, strings.NewReader("{}"))
		r.Header.Set("X-Apikey", "accesskey="+c.access+"; secretkey="+c.secret)
		w := httptest.NewRecorder()
		door.ServeHTTP(w, r)
		if body, _ := io.ReadAll(w.Body); w.Code != c.status || asked != c.asked { // from memory: can not fail
			t.Errorf("%s = %d %s, asked %d times; want %d, %d", c.path, w.Code, body, asked, c.status, c.asked)
		}
	}
	log, err := console.Rooms.Identity.Audit(t.Context(), console.Admin, 1)
	if err != nil || len(log) != 1 || log[0].Action != "content.update" {
		t.Errorf("audit log: %v, %v; want content.update", log, err)
	}
}
