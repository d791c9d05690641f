package apiv3

import (
	"encoding/json"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// openDocument is what the tests read of the served document.
type openDocument struct {
	OpenAPI string `json:"openapi"`
	Paths   map[string]map[string]struct {
		OperationID string `json:"operationId"`
		Summary     string `json:"summary"`
		Parameters  []struct {
			Name     string `json:"name"`
			In       string `json:"in"`
			Required bool   `json:"required"`
		} `json:"parameters"`
		RequestBody *struct{}           `json:"requestBody"`
		Responses   map[string]struct{} `json:"responses"`
	} `json:"paths"`
	Components struct {
		Schemas map[string]json.RawMessage `json:"schemas"`
	} `json:"components"`
}

var inBraces = regexp.MustCompile(`\{(\w+)\}`)

// TestDocument holds the served OpenAPI document to the routes, both ways: each
// route is an operation with the parameters of its path, and nothing else is.
func TestDocument(t *testing.T) {
	var d openDocument
	if err := json.Unmarshal(document, &d); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(d.OpenAPI, "3.") {
		t.Errorf("openapi is %q", d.OpenAPI)
	}
	a := newAPI(kit.Rooms{Log: slog.New(slog.DiscardHandler)})
	var described []string
	ids := map[string]bool{}
	for path, operations := range d.Paths {
		for method, o := range operations {
			route := strings.ToUpper(method) + " " + strings.TrimPrefix(path, base)
			if path == base {
				route += "/"
			}
			described = append(described, route)
			if o.OperationID == "" || ids[o.OperationID] || o.Summary == "" || len(o.Responses) == 0 {
				t.Errorf("%s: operation %q, summary %q, %d responses", route, o.OperationID, o.Summary, len(o.Responses))
			}
			ids[o.OperationID] = true
			for _, m := range inBraces.FindAllStringSubmatch(path, -1) {
				if !slices.ContainsFunc(o.Parameters, func(p struct {
					Name     string `json:"name"`
					In       string `json:"in"`
					Required bool   `json:"required"`
				},
				) bool {
					return p.Name == m[1] && p.In == "path" && p.Required
				}) {
					t.Errorf("%s: the parameter %s of the path is not described", route, m[1])
				}
			}
			if (method == "get" || method == "delete" && !strings.HasSuffix(path, "_targets")) && o.RequestBody != nil {
				t.Errorf("%s has a body", route)
			}
		}
	}
	slices.Sort(described)
	routes := a.patterns()
	for _, r := range routes {
		if !slices.Contains(described, r) {
			t.Errorf("%s is a route and not described", r)
		}
	}
	for _, r := range described {
		if !slices.Contains(routes, r) {
			t.Errorf("%s is described and no route", r)
		}
	}
	text := string(document)
	for _, m := range regexp.MustCompile(`"#/components/schemas/(\w+)"`).FindAllStringSubmatch(text, -1) {
		if d.Components.Schemas[m[1]] == nil {
			t.Errorf("the schema %s is named and not there", m[1])
		}
	}
}
