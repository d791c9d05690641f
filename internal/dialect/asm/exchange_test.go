package asm_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/console"
	"github.com/harrier-scan/harrier/internal/dialect/asm"
	"github.com/harrier-scan/harrier/internal/dialect/asm/asmtest"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/exchange/openapi"
	"github.com/harrier-scan/harrier/internal/survey"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start starts a console with a little internet and makes keys: <key> of the first
// user, <viewer> of one who may only read and whom nothing was given, <none> of
// one who sees no findings; <session> of the first user; and the ids of the first
// organisation and scan group. Each of set may say how the console is made.
func start(t *testing.T, set ...func(*console.Local)) (*exchange.Console, *asmtest.World, exchange.Values) {
	t.Helper()
	w := asmtest.New(t)
	c := exchange.Start(t, asm.New, append([]func(*console.Local){w.Surface}, set...)...)
	v := c.Values()
	v["key"] = newKey(t, c, c.Admin)
	for name, role := range map[string]harrier.Role{"viewer": harrier.Viewer, "none": harrier.CredentialManager} {
		u := harrier.User{Name: name, Role: role, Organization: harrier.FirstOrganization, Group: harrier.FullAccess}
		if err := c.Rooms.Identity.Create(t.Context(), c.Admin, &u, "correct-horse-9"); err != nil {
			t.Fatal(err)
		}
		by, err := c.Rooms.Identity.ActorOf(t.Context(), u.ID, "test")
		if err != nil {
			t.Fatal(err)
		}
		v[name] = newKey(t, c, by)
	}
	var err error
	if v["session"], _, err = c.Rooms.Identity.SignIn(t.Context(), c.Name, c.Password, "test", "127.0.0.1"); err != nil {
		t.Fatal(err)
	}
	groups, err := c.Rooms.Surveys.Groups(t.Context(), c.Admin)
	if err != nil || len(groups) == 0 {
		t.Fatalf("groups %v, %v", groups, err)
	}
	v["group"], v["org"] = groups[0].UUID.String(), groups[0].Organization.UUID.String()
	if err := c.Rooms.Surveys.PutBlob(t.Context(), c.Admin, groups[0].Organization.ID, "logo", "PHN2Zy8+"); err != nil {
		t.Fatal(err)
	}
	return c, w, v
}

func newKey(t *testing.T, c *exchange.Console, by harrier.Actor) string {
	t.Helper()
	text, err := c.Rooms.Identity.NewAPIKey(t.Context(), by, &harrier.APIKey{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// lab fills a console by a real survey of the little internet: <scan>.
func lab(t *testing.T, c *exchange.Console, w *asmtest.World, v exchange.Values) harrier.Site {
	t.Helper()
	ctx, r := t.Context(), c.Rooms.Surveys
	s := harrier.Site{Name: "Acme", Repository: harrier.DefaultRepository, Options: harrier.SiteOptions{Survey: &harrier.Survey{Kind: harrier.SurveyOnce, Words: true}}}
	if err := r.Create(ctx, c.Admin, &s, ""); err != nil {
		t.Fatal(err)
	}
	w.Narrow(t, c, s.UUID.String())
	seed, err := survey.NewSeed("acme.test", harrier.NodeDomain, []string{"main"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.AddSeed(ctx, c.Admin, s.UUID, seed); err != nil {
		t.Fatal(err)
	}
	on := true
	if _, err := r.Update(ctx, c.Admin, s.UUID, survey.Change{Enabled: &on}); err != nil {
		t.Fatal(err)
	}
	wait(t, c, s.UUID, 1)
	v["scan"] = s.UUID.String()
	return s
}

// wait waits until a scan has so many iterations, the last of them completed.
func wait(t *testing.T, c *exchange.Console, id harrier.UUID, n int) {
	t.Helper()
	s, err := c.Rooms.Surveys.Site(t.Context(), c.Admin, id)
	if err != nil {
		t.Fatal(err)
	}
	var list []harrier.Scan
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if list, err = c.Rooms.Surveys.Iterations(t.Context(), c.Admin, s); err != nil {
			t.Fatal(err)
		}
		if len(list) >= n && list[len(list)-1].Status.Ended() {
			break
		}
	}
	if len(list) != n || list[n-1].Status != harrier.ScanCompleted {
		t.Fatalf("iterations %+v; want %d, completed", list, n)
	}
}

// open opens the description of this API, to be held to what a test sees.
func open(t *testing.T) *openapi.Book {
	t.Helper()
	return openapi.Open(t, "openapi.json", openapi.About{
		Title:       "Harrier: the Hexiosec ASM API",
		Description: "What Harrier answers to clients of the REST API of Hexiosec ASM, version 1. The page on this dialect tells more.",
		Keys:        map[string]string{"key": "X-Hexiosec-API-Key", "session": "cookie hexiosec-session"},
		Base:        "/api",
		Mux:         asm.Mux(),
		Summaries: map[string]string{
			"GET /auth":                           "Shows whether, and as whom, the request has signed in; needs no key.",
			"GET /openapi.yml":                    "Shows this description; needs no key.",
			"POST /users/api_key":                 "Makes a key for oneself, in a browser's session.",
			"PATCH /users/preferences":            "Changes what clients remember of their user.",
			"GET /v1/users":                       "Lists the people of an organisation, or of a scan group's.",
			"GET /v1/scans/count":                 "Counts scans.",
			"POST /v1/scans/{id}/rescan":          "Starts a new iteration.",
			"GET /v1/reports/{id}/file":           "Downloads a report; its address proves who may.",
			"PATCH /v1/graph/nodes/{node}":        "Says whether a node is the organisation's own.",
			"PATCH /v1/scans/{id}/nodes/{node}":   "Says whether a node is the organisation's own.",
			"GET /v1/reports/scan/{id}":           "Lists the reports of a scan.",
			"GET /v1/reports/organisation/{id}":   "Lists the reports of an organisation.",
			"GET /v1/scan_data/{id}/link_changes": "Tells what appeared and what went between iterations.",
		},
	})
}

// TestExchanges replays the conversations of testdata; those named lab-NAME have a
// console that is filled by a real survey.
func TestExchanges(t *testing.T) {
	book := open(t)
	exchange.Run(t, "testdata/*.exchange", func(t *testing.T) (string, exchange.Values) {
		c, w, v := start(t)
		if strings.Contains(t.Name(), "/lab-") {
			lab(t, c, w, v)
		}
		return c.URL, v
	}, func(q *http.Request, sent []byte, r *http.Response, got []byte) {
		if q.URL.Path != "/api/openapi.yml" { // the document is not described by itself
			book.Watch(q, sent, r, got)
		}
	})
}
