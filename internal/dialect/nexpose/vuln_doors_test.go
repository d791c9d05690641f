package nexpose_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
)

// TestVulnDoors searches the catalogue as the gem does: by CVE, reference, words of
// the title and day.
func TestVulnDoors(t *testing.T) {
	c, _ := lab(t)
	admin := signIn(t, c, c.Name, c.Password)
	var one harrier.Vulnerability
	for _, v := range c.Rooms.Vulns.All(t.Context()) {
		if len(v.CVEs) > 0 && strings.Contains(v.Name, " ") {
			one = v
			break
		}
	}
	if one.ID == 0 {
		t.Fatal("no vulnerability has a CVE")
	}
	slug := strings.ToLower(one.Slug)
	words := strings.Fields(one.Name)
	list := func(query string) (ids []string) {
		t.Helper()
		status, text := admin.get("/api/2.0/vulnerability_definitions?"+query, nil)
		var out struct {
			Resources []struct{ ID, Title, Severity string }
		}
		if err := json.Unmarshal([]byte(text), &out); err != nil || status != 200 || out.Resources == nil {
			t.Fatalf("%s = %d %.200s", query, status, text)
		}
		for _, r := range out.Resources {
			ids = append(ids, r.ID)
		}
		return ids
	}
	all := len(list("per_page=2147483647"))
	if all < len(c.Rooms.Vulns.All(t.Context())) {
		t.Errorf("%d of all vulnerabilities are listed", all)
	}
	for query, some := range map[string]bool{
		"cve=" + one.CVEs[0]: true, "source=cve&id=" + one.CVEs[0]: true, "title=" + url.QueryEscape(one.Name) + "&all_words=true": true,
		"cve=CVE-1900-1": false, "source=bid&id=none": false, "title=" + words[0] + "+nowhere-at-all&all_words=true": false, "title=" + words[0] + "+nowhere-at-all&all_words=false": true,
	} {
		if ids := list(query); len(ids) >= all || some != strings.Contains(strings.Join(ids, " ")+" ", slug+" ") && len(ids) < 500 {
			t.Errorf("%s finds %d; want %s among them: %v", query, len(ids), slug, some)
		}
	}
	for path, want := range map[string]string{
		"/api/2.0/vulnerability_definitions/" + slug:                                                                 `"cves":["` + one.CVEs[0] + `"`,
		"/data/vulnerability/categories/dyntable?tableID=VulnCategorySynopsis":                                       `<Column name="Category" type="string"/>`,
		"/data/vulnerability/checktypes/dyntable?tableID=VulnCheckCategorySynopsis":                                  "<td>Safe</td>",
		"/data/vulnerability/vulnerabilities/dyntable?allWords=true&phrase=" + url.QueryEscape(one.Name):             "<td>" + slug + "</td><td>" + slug + "</td>",
		"/data/vulnerability/synopsis/dyntable?addedMin=1990-01-01&addedMax=" + one.Added.UTC().Format("2006-01-02"): "<tr>",
		"/data/vulnerability/synopsis/dyntable?addedMin=2990-01-01":                                                  "<Data/>",
		"/data/vulnerability/synopsis/dyntable?addedMin=1990-01-01&addedMax=1990-01-01":                              "<Data/>",
		"/data/vulnerability/vulnerabilities/dyntable?allWords=true&phrase=nowhere-at-all":                           "<Data/>",
	} {
		if status, text := admin.get(path, nil); status != 200 || !strings.Contains(text, want) {
			t.Errorf("%s = %d %.300s; want %s", path, status, text, want)
		}
	}
	for path, want := range map[string]int{
		"/api/2.0/vulnerability_definitions/no-such": 404, "/api/2.0/vulnerability_definitions?source=cve": 400, "/data/vulnerability/synopsis/dyntable?addedMin=soon": 400,
	} {
		if status, text := admin.get(path, nil); status != want {
			t.Errorf("%s = %d %.200s; want %d", path, status, text, want)
		}
	}
}
