package search

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDocumented holds docs/search.md to the fields that there are.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "search.md"))
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, part := range strings.Split(string(page), "\n## ") {
		name, text, _ := strings.Cut(part, "\n")
		sections[name] = text
	}
	for title, fields := range map[string][]Described{
		"Fields of assets": AssetFields(), "Fields of vulnerabilities": VulnerabilityFields(), "Fields of findings": FindingFields(),
	} {
		for _, f := range fields {
			row := ""
			for line := range strings.Lines(sections[title]) {
				if strings.Contains(line, "`"+f.Name+"`") {
					row = line
				}
			}
			if cells := strings.Split(row, "|"); len(cells) < 4 || strings.TrimSpace(cells[2]) != f.Kind {
				t.Errorf("%s: %s, a %s, is in the row %q", title, f.Name, f.Kind, row)
			}
		}
	}
	for _, text := range []string{
		"last_scan_end >= '2026-01-01' && severity IN ['Critical', 'Severe']", "asset.name STARTS WITH 'web' || ip IN [10.0.0.0/8, 192.0.2.7]",
		"(os_family = Linux AND services.port = 22) AND NOT sites = 'Laboratory'", "cvss_score >= 9 && exploits > 0 && modified > 2026-01-01T00:00:00Z",
	} {
		if _, err := Assets(text, Options{}); err != nil || !strings.Contains(string(page), text) {
			t.Errorf("%s is not on the page, or can not be read: %v", text, err)
		}
	}
}
