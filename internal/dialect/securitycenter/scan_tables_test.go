package securitycenter

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/policy"
)

func TestStatusOf(t *testing.T) {
	for _, c := range []struct {
		scan         harrier.Scan
		status, word string
	}{
		{harrier.Scan{Status: harrier.ScanQueued}, "Queued", "No Results"},
		{harrier.Scan{Status: harrier.ScanRunning}, "Preparing", "No Results"},
		{harrier.Scan{Status: harrier.ScanRunning, Reason: "waiting for an engine: none of pool \"x\" answers"}, "Initializing Scanners", "No Results"},
		{harrier.Scan{Status: harrier.ScanRunning, Engine: "local", Targets: "192.0.2.1,www.example.com"}, "Resolving Hostnames", "No Results"},
		{harrier.Scan{Status: harrier.ScanRunning, Engine: "local", Targets: "192.0.2.1,www.example.com[192.0.2.1]"}, "Verifying Targets", "No Results"},
		{harrier.Scan{Status: harrier.ScanRunning, HostsAlive: 1, HostsTotal: 2}, "Running", "No Results"},
		{harrier.Scan{Status: harrier.ScanRunning, HostsAlive: 1, HostsDone: 2, HostsTotal: 2}, "Running", "Importing"},
		{harrier.Scan{Status: harrier.ScanRunning, HostsAlive: 1, Held: true}, "Running", "Import Pending"},
		{harrier.Scan{Status: harrier.ScanStopping, HostsAlive: 1}, "Stopping", "Importing"},
		{harrier.Scan{Status: harrier.ScanStopped, HostsAlive: 2, Discarded: true}, "Error", "No Results"},
		{harrier.Scan{Status: harrier.ScanPausing}, "Pausing", "No Results"},
		{harrier.Scan{Status: harrier.ScanPaused}, "Paused", "No Results"},
		{harrier.Scan{Status: harrier.ScanResuming}, "Resuming", "No Results"},
		{harrier.Scan{Status: harrier.ScanStopping}, "Stopping", "No Results"},
		{harrier.Scan{Status: harrier.ScanStopped}, "Error", "No Results"},
		{harrier.Scan{Status: harrier.ScanStopped, HostsAlive: 2}, "Partial", "Finished"},
		{harrier.Scan{Status: harrier.ScanAborted}, "Error", "No Results"},
		{harrier.Scan{Status: harrier.ScanAborted, HostsAlive: 2}, "Partial", "Finished"},
		{harrier.Scan{Status: harrier.ScanCompleted, HostsTotal: 3, HostsDone: 3}, "Completed", "Finished"},
		{harrier.Scan{Status: harrier.ScanCompleted, HostsTotal: 3, HostsDone: 2}, "Partial", "Finished"},
		{harrier.Scan{Status: harrier.ScanImported}, "Completed", "Finished"},
	} {
		if status, word := statusOf(c.scan); status != c.status || word != c.word {
			t.Errorf("statusOf(%s, %d alive) = %s, %s; want %s, %s", c.scan.Status, c.scan.HostsAlive, status, word, c.status, c.word)
		}
	}
}

// TestMaxDuration: a number from 3600 on counts seconds, a smaller one hours.
func TestMaxDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"unlimited": 0, "Unlimited": 0, "": 0, "0": 0, "-1": 0, "1": time.Hour, "24": 24 * time.Hour, "3599": 3599 * time.Hour, "3600": time.Hour, "86400": 24 * time.Hour,
	} {
		if got, err := maxDuration(text); got != want || err != nil {
			t.Errorf("maxDuration(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"soon", "-2", "1.5", "99999999999999"} {
		if got, err := maxDuration(text); err == nil {
			t.Errorf("maxDuration(%q) = %v; want an error", text, got)
		}
	}
}

func TestScheduleOf(t *testing.T) {
	for start, want := range map[string]harrier.Schedule{
		"TZID=America/New_York:20171212T160900": {Timezone: "America/New_York", Start: "20171212T160900"},
		"20171212T160900Z":                      {Timezone: "UTC", Start: "20171212T160900"},
		"20171212T160900":                       {Start: "20171212T160900"},
		" TZID=Europe/Berlin:20300101T000000 ":  {Timezone: "Europe/Berlin", Start: "20300101T000000"},
	} {
		want.Rule = "FREQ=DAILY;INTERVAL=1"
		if got := scheduleOf(start, want.Rule); got != want {
			t.Errorf("scheduleOf(%q) = %+v; want %+v", start, got, want)
		}
	}
}

// TestPreferences: what every preference says is taken back without a change,
// from the settings of each template, and the guide's five say what they mean.
func TestPreferences(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range preferences {
		if seen[p.name] || p.label == "" || !slices.ContainsFunc(editorSections, func(s [2]string) bool { return s[0] == p.section }) {
			t.Errorf("preference %q is there twice, or lacks a label or a section", p.name)
		}
		seen[p.name] = true
	}
	for _, tpl := range policy.Templates() {
		set := tpl.Settings
		for _, p := range preferences {
			if p.get == nil {
				continue
			}
			if err := p.set(&set, p.get(set)); err != nil {
				t.Errorf("%s: %s = %q is refused: %v", tpl.Name, p.name, p.get(set), err)
			}
		}
		for _, p := range preferences {
			if p.get != nil && p.get(set) != p.get(tpl.Settings) {
				t.Errorf("%s: %s = %q after all were set; want %q", tpl.Name, p.name, p.get(set), p.get(tpl.Settings))
			}
		}
		if got := preferencesOf(harrier.Policy{Settings: tpl.Settings}, tpl.Settings); len(got) != 0 {
			t.Errorf("%s: preferences of an untouched policy = %v; want none", tpl.Name, got)
		}
	}
	var p harrier.Policy
	given := map[string]string{"portscan_range": "1-1024,U:161", "tcp_scanner": "yes", "syn_scanner": "no", "udp_scanner": "yes", "syn_firewall_detection": "Automatic (normal)"}
	if err := applyPreferences(&p, given); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(harrier.Settings{Ports: "1-1024,U:161", UDP: true, Connect: true}, p.Settings); d != "" {
		t.Errorf("settings of the guide's preferences: -want +got\n%s", d)
	}
	if d := cmp.Diff(given, preferencesOf(p, harrier.Settings{})); d != "" {
		t.Errorf("preferences given back: -want +got\n%s", d)
	}
	for _, text := range []string{"Ignore closed ports (aggressive)", "Automatic (normal)"} {
		want := map[string]harrier.FirewallDetection{"Ignore closed ports (aggressive)": harrier.FirewallsAggressive}[text]
		if err := applyPreferences(&p, map[string]string{"syn_firewall_detection": text}); err != nil || p.Settings.Firewalls != want || p.Settings.ConnectFirewalls != "" {
			t.Errorf("syn_firewall_detection %q makes %+v, %v", text, p.Settings, err)
		}
	}
	if err := applyPreferences(&p, map[string]string{"syn_firewall_detection": "perhaps"}); harrier.KindOf(err) != harrier.Invalid || !strings.Contains(err.Error(), "syn_firewall_detection") {
		t.Errorf("a firewall detection that there is not: %v; want the preference named", err)
	}
	removePreference(&p, "udp_scanner", harrier.Settings{})
	if p.Settings.UDP || p.Preferences["udp_scanner"] != "" {
		t.Errorf("after its removal udp_scanner = %q, UDP %v", p.Preferences["udp_scanner"], p.Settings.UDP)
	}
}

// TestEditor parses an editor as the known client library does: every object
// below a section that has an id and a default or the type of an input is a
// preference.
//
// Source: securitycenter-api.md, section 7.2.
func TestEditor(t *testing.T) {
	text, err := editorText(harrier.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	var page struct {
		Plugins, Compliance, Credentials string
		Sections                         []map[string]any
	}
	if err := json.Unmarshal([]byte(text), &page); err != nil {
		t.Fatal(err)
	}
	if !json.Valid([]byte(page.Credentials)) || page.Plugins != "true" {
		t.Errorf("credentials %q, plugins %q", page.Credentials, page.Plugins)
	}
	got := map[string]string{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			id, hasID := v["id"].(string)
			value, hasDefault := v["default"].(string)
			kind, _ := v["type"].(string)
			if hasID && (hasDefault || slices.Contains([]string{"file", "checkbox", "entry", "textarea", "medium-fixed-entry", "password"}, kind)) {
				got[id] = value
			}
			for _, e := range v {
				walk(e)
			}
		}
	}
	for _, s := range page.Sections {
		walk(s["subsections"])
	}
	want := map[string]string{}
	for _, p := range preferences {
		want[p.name] = p.standard
	}
	want["max_hosts_per_scan"], want["max_checks_per_host"] = "30", "5"
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("preferences of the editor: -want +got\n%s", d)
	}
}

func TestPluginFilter(t *testing.T) {
	refs := "CVE:CVE-2021-23017, DSA:DSA-4921-1, CWE:193"
	for _, c := range []struct {
		filter pluginFilter
		have   string
		want   bool
	}{
		{pluginFilter{field: "id", op: "gt", value: "9"}, "10", true}, // as numbers
		{pluginFilter{field: "id", op: "lte", value: "10"}, "10", true},
		{pluginFilter{field: "id", op: "lt", value: "10"}, "10", false},
		{pluginFilter{field: "name", op: "eq", value: "OPEN port"}, "Open Port", true},
		{pluginFilter{field: "name", op: "like", value: "pen p"}, "Open Port", true},
		{pluginFilter{field: "name", op: "like", value: "closed"}, "Open Port", false},
		{pluginFilter{field: "xrefs", kind: "CVE", op: "like", value: "2021-23"}, refs, true},
		{pluginFilter{field: "xrefs", kind: "CWE", op: "eq", value: "193"}, refs, true},
		{pluginFilter{field: "xrefs", kind: "CWE", op: "eq", value: "19"}, refs, false},
		{pluginFilter{field: "xrefs", kind: "BID", op: "like", value: "1"}, refs, false},
		{pluginFilter{field: "xrefs", op: "like", value: "DSA:DSA-4921"}, refs, true},
	} {
		got := c.filter.matches(c.have)
		if c.filter.field == "xrefs" {
			got = c.filter.matchesReference(c.have)
		}
		if got != c.want {
			t.Errorf("%+v on %q = %v; want %v", c.filter, c.have, got, c.want)
		}
	}
}

func TestFamilyTables(t *testing.T) {
	if len(activeFamilies) != 62 || activeFamilies[41] != "Settings" || activeFamilies[20] != "Windows" || activeFamilies[61] != "PhotonOS Local Security Checks" {
		t.Errorf("%d active families, 41 is %q, 20 %q", len(activeFamilies), activeFamilies[41], activeFamilies[20])
	}
	if len(passiveFamilies) != 33 || passiveFamilies[29] != "Malware" {
		t.Errorf("%d passive families, the 30th is %q", len(passiveFamilies), passiveFamilies[29])
	}
	for _, list := range [][]string{activeFamilies, passiveFamilies} {
		sorted := slices.Sorted(slices.Values(list))
		if len(slices.Compact(sorted)) != len(list) || slices.ContainsFunc(list, func(s string) bool { return strings.TrimSpace(s) != s || s == "" }) {
			t.Errorf("a family is there twice or is not named: %v", list)
		}
	}
}
