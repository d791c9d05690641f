package securitycenter_test

import (
	"fmt"
	"testing"
)

// TestRepositorySettings makes, changes and reads a repository as clients do that
// compare what they said with what is there.
func TestRepositorySettings(t *testing.T) {
	c, _ := lab(t)
	var made struct {
		ID, DataFormat string
		Fields         map[string]any `json:"typeFields"`
	}
	shows := func(when string, want map[string]any) {
		t.Helper()
		made.Fields = nil
		call(t, c, "GET", "/repository/"+made.ID, "", &made)
		for key, value := range want {
			got := made.Fields[key]
			if key == "dataFormat" {
				got = made.DataFormat
			}
			if fmt.Sprint(got) != fmt.Sprint(value) {
				t.Errorf("%s: %s is %v; want %v", when, key, got, value)
			}
		}
	}
	call(t, c, "POST", "/repository", `{"name":"r","dataFormat":"IPv4","type":"Local","ipRange":"10.0.0.0/8, 192.0.2.1-192.0.2.9","trendingDays":30,"trendWithRaw":true,
		"activeVulnsLifetime":"90","mitigatedVulnsLifetime":180,"nessusSchedule":{"type":"ical","start":"TZID=UTC:20300101T090000","repeatRule":"FREQ=DAILY;INTERVAL=1"}}`, &made)
	shows("new", map[string]any{
		"dataFormat": "IPv4", "ipRange": "10.0.0.0/8, 192.0.2.1-192.0.2.9", "trendingDays": "30", "trendWithRaw": "true", "activeVulnsLifetime": "90",
		"passiveVulnsLifetime": "7", "mitigatedVulnsLifetime": "180",
		"nessusSchedule": map[string]string{"type": "ical", "start": "TZID=UTC:20300101T090000", "repeatRule": "FREQ=DAILY;INTERVAL=1"},
	})
	call(t, c, "PATCH", "/repository/"+made.ID, `{"typeFields":{"trendingDays":"7"},"passiveVulnsLifetime":14}`, &made)
	shows("changed", map[string]any{"dataFormat": "IPv4", "trendingDays": "7", "activeVulnsLifetime": "90", "passiveVulnsLifetime": "14"})
	for _, bad := range []string{`{"trendingDays":366}`, `{"activeVulnsLifetime":-1}`, `{"ipRange":"moon base"}`, `{"dataFormat":"agent"}`, `{"dataFormat":"x"}`} {
		if code := call(t, c, "PATCH", "/repository/"+made.ID, bad, nil); code != 146 {
			t.Errorf("%s: %d; want 146", bad, code)
		}
	}
	shows("after what was refused", map[string]any{"dataFormat": "IPv4", "trendingDays": "7", "activeVulnsLifetime": "90"})
}
