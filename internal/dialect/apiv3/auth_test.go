package apiv3_test

import (
	"testing"

	"github.com/harrier-scan/harrier/internal/dialect/apiv3"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
)

// TestForeignPages: a browser that was told the password once sends it for every
// page that asks, so that a page from elsewhere must change nothing by it.
func TestForeignPages(t *testing.T) {
	console := exchange.Start(t, apiv3.New)
	c := newClient(t, console.URL, console.Name, console.Password)
	for _, tt := range []struct {
		method, path, header, value string
		status                      int
	}{
		{"POST", "/sites", "Sec-Fetch-Site", "cross-site", 403},
		{"DELETE", "/sites/1", "Origin", "https://evil.example", 403},
		{"GET", "/sites", "Sec-Fetch-Site", "cross-site", 200},
		{"POST", "/sites", "Sec-Fetch-Site", "same-origin", 201},
		{"POST", "/sites", "Origin", console.URL, 201},
	} {
		var body any
		if tt.method == "POST" {
			body = `{"name":"` + tt.header + `"}`
		}
		if r, text := c.raw(tt.method, tt.path, body, tt.header, tt.value); r.StatusCode != tt.status {
			t.Errorf("%s %s with %s: %s: %d %s; want %d", tt.method, tt.path, tt.header, tt.value, r.StatusCode, text, tt.status)
		}
	}
}
