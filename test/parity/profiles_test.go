package parity_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/apiv3"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/nessus"
	"github.com/harrier-scan/harrier/internal/dialect/securitycenter"
)

// TestProfilesHoldInAllDialects leaves the people of an organisation one engine of
// three, the console's own among them, and asks all dialects that list engines.
func TestProfilesHoldInAllDialects(t *testing.T) {
	c := exchange.Start(t, nessus.New)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	near, far := harrier.Engine{Name: "near-engine"}, harrier.Engine{Name: "far-engine"}
	must(c.Rooms.Fleet.SaveEngine(t.Context(), c.Admin, &near))
	must(c.Rooms.Fleet.SaveEngine(t.Context(), c.Admin, &far))
	few := harrier.Profile{Name: "few", Only: harrier.Only{Engines: []harrier.ID{near.ID}}}
	must(c.Rooms.Identity.CreateProfile(t.Context(), c.Admin, &few))
	branch := harrier.Organization{Name: "branch", Profile: few.ID}
	must(c.Rooms.Identity.CreateOrganization(t.Context(), c.Admin, &branch))
	const name, password = "member", "correct-horse-9"
	u := harrier.User{Name: name, Organization: branch.ID, Role: harrier.Administrator}
	must(c.Rooms.Identity.Create(t.Context(), c.Admin, &u, password))
	access, secret, err := c.Rooms.Identity.NewKeys(t.Context(), c.Admin, u.ID)
	must(err)
	ask := func(h http.Handler, path, header, key string) string {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
		r.Header.Set(header, key)
		r.SetBasicAuth(name, password)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Body.String()
	}
	for door, text := range map[string]string{
		"securitycenter": ask(securitycenter.New(c.Rooms), "/rest/scanner", "X-ApiKey", "accesskey="+access+"; secretkey="+secret),
		"nessus":         ask(nessus.New(c.Rooms), "/scanners", "X-ApiKeys", "accessKey="+access+"; secretKey="+secret),
		"apiv3":          ask(apiv3.New(c.Rooms), "/api/3/scan_engines", "X", ""),
	} {
		if !strings.Contains(text, "near-engine") || strings.Contains(text, "far-engine") || strings.Contains(text, "Local") {
			t.Errorf("%s lists %.800s; want near-engine alone", door, text)
		}
	}
}
