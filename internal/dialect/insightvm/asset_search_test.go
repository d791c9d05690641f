package insightvm_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
)

// TestAcceptedStatus finds findings by the status that the payload has, also when
// somebody accepted them.
func TestAcceptedStatus(t *testing.T) {
	c, v := start(t)
	lab(t, c, v)
	flaw, err := c.Rooms.Vulns.BySlug(t.Context(), "redis-no-auth")
	if err != nil {
		t.Fatal(err)
	}
	statuses := func(filter string) (out []string) {
		body := `{"asset":"ip = 127.0.0.77","vulnerability":"` + filter + `"}`
		status, raw := exchange.Ask(t, http.MethodPost, c.URL+"/vm/v4/integration/assets?includeSame=true", body, "X-Api-Key", v["key"])
		var answer struct {
			Data []struct {
				Same []struct {
					ID     string `json:"vulnerability_id"`
					Status string
				}
			}
		}
		if err := json.Unmarshal(raw, &answer); err != nil || len(answer.Data) != 1 {
			t.Fatalf("%s: status %d, %v", filter, status, err)
		}
		for _, f := range answer.Data[0].Same {
			if f.ID == "redis-no-auth" {
				out = append(out, f.Status)
			}
		}
		return out
	}
	try := func(when, filter, want string) {
		t.Helper()
		if got := strings.Join(statuses(filter), " "); got != want {
			t.Errorf("%s, %s: %q; want %q", when, filter, got, want)
		}
	}
	try("at first", "status = VULNERABLE_EXPL", "VULNERABLE_EXPL")
	try("at first", "status STARTS WITH EXCEPTION", "")
	e := harrier.Exception{Vulnerability: flaw.ID, Hide: true, Reason: "a test"}
	if err := c.Rooms.Findings.CreateException(t.Context(), c.Admin, &e); err != nil {
		t.Fatal(err)
	}
	try("accepted", "status = VULNERABLE_EXPL", "")
	try("accepted", "status = EXCEPTION_VULN_EXPL", "EXCEPTION_VULN_EXPL")
	try("accepted", "status ENDS WITH _EXPL", "EXCEPTION_VULN_EXPL")
	try("accepted", "status != VULNERABLE_EXPL", "EXCEPTION_VULN_EXPL")
	try("accepted", "status NOT IN [EXCEPTION_VULN_EXPL, VULNERABLE_EXPL]", "")
}
