package console

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// TestOpenAPI: each JSON dialect has a document, found from the list without a
// sign-in, with what a reader of OpenAPI 3 needs.
func TestOpenAPI(t *testing.T) {
	h := handler(kit.Rooms{Log: slog.New(slog.DiscardHandler)}, Dialects())
	get := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
		return w
	}
	var list struct {
		Documents []struct{ Name, Path string }
	}
	if err := json.Unmarshal(get(http.MethodGet, "/openapi/").Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, d := range list.Documents {
		listed[d.Name] = true
		var doc struct {
			OpenAPI string
			Info    struct{ Title, Version string }
			Paths   map[string]map[string]struct {
				Summary, OperationID string
				Responses            map[string]any
			}
		}
		w := get(http.MethodGet, d.Path)
		if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%s = %d, %v", d.Path, w.Code, err)
		}
		if !strings.HasPrefix(doc.OpenAPI, "3.") || doc.Info.Title == "" || doc.Info.Version == "" || len(doc.Paths) == 0 {
			t.Errorf("%s has openapi %q, title %q, version %q, %d paths", d.Path, doc.OpenAPI, doc.Info.Title, doc.Info.Version, len(doc.Paths))
		}
		ids := map[string]bool{}
		for path, methods := range doc.Paths {
			for method, o := range methods {
				if o.Summary == "" || o.OperationID == "" || ids[o.OperationID] || len(o.Responses) == 0 {
					t.Errorf("%s: %s %s has summary %q, id %q (twice: %v), %d responses", d.Path, method, path, o.Summary, o.OperationID, ids[o.OperationID], len(o.Responses))
				}
				ids[o.OperationID] = true
			}
		}
	}
	for _, d := range Dialects() {
		if listed[d.Name] == (d.Name == "nexpose") {
			t.Errorf("%s is listed: %v", d.Name, listed[d.Name])
		}
	}
	if w := get(http.MethodPost, "/openapi"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
		t.Errorf("POST /openapi = %d", w.Code)
	}
	if w := get(http.MethodGet, "/openapi/none.json"); w.Code != http.StatusNotFound {
		t.Errorf("GET /openapi/none.json = %d", w.Code)
	}
}
