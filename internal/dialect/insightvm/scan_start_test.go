package insightvm_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
)

// TestExclusions starts scans without what their exclusions list, be it that the
// form names it or that it is in scope by itself: never is more scanned than was
// asked for because nothing is left.
func TestExclusions(t *testing.T) {
	c, v := start(t)
	lab(t, c, v)
	flaw, err := c.Rooms.Vulns.BySlug(t.Context(), "redis-no-auth")
	if err != nil {
		t.Fatal(err)
	}
	ask := func(body string) (status int, message, scan string) {
		body = strings.NewReplacer("<redis>", v["redis"], "<engine>", v["engine"]).Replace(body)
		status, raw := exchange.Ask(t, http.MethodPost, c.URL+"/vm/v4/integration/scan", body, "X-Api-Key", v["key"])
		var answer struct {
			Message string
			Scans   []struct{ ID string }
		}
		if err := json.Unmarshal(raw, &answer); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		if len(answer.Scans) > 0 {
			scan = answer.Scans[0].ID
		}
		return status, answer.Message, scan
	}
	for body, want := range map[string]string{
		`"engine_ids":["<engine>"],"exclusions":{"engine_ids":["<engine>"]}`:                             "Did not find any platform registered engines",
		`"exclusions":{"engine_ids":["<engine>"]}`:                                                       "Did not find any platform registered engines",
		`"vulnerability_ids":["redis-no-auth"],"exclusions":{"vulnerability_ids":["redis-no-auth"]}`:     "leave nothing to look for",
		`"exclusions":{"vulnerability_ids":["nothing"]}`:                                                 "Unknown vulnerability: nothing",
		`"credential_sources":["lab"],"exclusions":{"credential_sources":["lab"]}`:                       "leave no credential source",
		`"exclusions":{"credential_sources":["lab"]}`:                                                    "whose credentials are excluded",
		`"result_consumer":"lab","exclusions":{"result_consumer":"lab"}`:                                 "Did not find any platform registered engines",
		`"solution_ids":["redis-no-auth"],"exclusions":{"vulnerability_ids":["redis-no-auth"]}`:          "leave nothing to look for",
		`"vulnerability_ids":["redis-no-auth"],"exclusions":{"solution_ids":["redis-no-auth"]}`:          "leave nothing to look for",
		`"exclusions":{"asset_ids":["<redis>"]}`:                                                         "Did not find any platform registered engines",
		`"exclusions":{"asset_ids":["<redis>"],"exclusions":{"asset_ids":["<redis>"]}},"engine_ids":[7]`: "engine_ids is not an array",
	} {
		if status, message, _ := ask(`{"asset_ids":["<redis>"],` + body + `}`); status != http.StatusBadRequest || !strings.Contains(message, want) {
			t.Errorf("start with %s = %d %q; want 400 and %q", body, status, message, want)
		}
	}
	for body, looked := range map[string]bool{
		`{"asset_ids":["<redis>"],"start_time":"2999-01-01"}`:                                                                                   true,
		`{"asset_ids":["<redis>"],"start_time":"2999-01-01","exclusions":{"vulnerability_ids":["redis-no-auth"]}}`:                              false,
		`{"asset_ids":["<redis>"],"start_time":"2999-01-01","exclusions":{"solution_ids":["redis-no-auth"]}}`:                                   false,
		`{"asset_ids":["<redis>"],"start_time":"2999-01-01","exclusions":{"engine_ids":["<engine>"],"exclusions":{"engine_ids":["<engine>"]}}}`: true,
	} {
		status, message, scan := ask(body)
		if status != http.StatusOK {
			t.Errorf("start with %s = %d %q", body, status, message)
			continue
		}
		id, err := harrier.ParseUUID(scan)
		if err != nil {
			t.Fatal(err)
		}
		sc, err := c.Rooms.Scans.ByUUID(t.Context(), c.Admin, id)
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(sc.Plan.Checks, flaw.ID); got != looked || len(sc.Plan.Checks) < 2 {
			t.Errorf("start with %s plans %d checks, that of Redis among them: %v; want %v", body, len(sc.Plan.Checks), got, looked)
		}
	}
}
