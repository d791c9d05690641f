package nessus

import (
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/policy"
)

// TestOperators is rule 26: a client's enumeration knows no other operator.
func TestOperators(t *testing.T) {
	known := strings.Fields("eq neq lt gt match nmatch date-eq date-neq date-lt date-gt")
	for _, f := range filterItems() {
		if len(f.Operators) == 0 {
			t.Errorf("filter %s has no operator", f.Name)
		}
		for _, op := range f.Operators {
			if _, ok := qualities[op]; !ok || !slices.Contains(known, op) {
				t.Errorf("filter %s has operator %q; want one of %v", f.Name, op, known)
			}
		}
	}
}

// TestStatusWords is the list of section 9.
func TestStatusWords(t *testing.T) {
	allowed := strings.Fields("empty pending running pausing paused resuming stopping canceled completed processing aborted imported")
	for _, s := range []harrier.ScanStatus{
		harrier.ScanQueued, harrier.ScanRunning, harrier.ScanPausing, harrier.ScanPaused, harrier.ScanResuming, harrier.ScanStopping,
		harrier.ScanStopped, harrier.ScanCompleted, harrier.ScanAborted, harrier.ScanImported,
	} {
		if w := statusWord(s); !slices.Contains(allowed, w) || w == statusEmpty {
			t.Errorf("statusWord(%q) = %q; want one of %v", s, w, allowed)
		}
	}
	if got := statusWord(harrier.ScanStopped); got != "canceled" {
		t.Errorf("statusWord(stopped) = %q; want canceled", got)
	}
}

func TestLongUUID(t *testing.T) {
	u, err := harrier.ParseUUID("01a200dd-4924-72a6-a228-a923bea8049c")
	if err != nil {
		t.Fatal(err)
	}
	const want = "01a200dd-4924-72a6-a228-a923bea8049c297742ec81c5d75b"
	if got := longUUID(u); got != want {
		t.Errorf("longUUID(%s) = %s; want %s", u, got, want)
	}
	for _, s := range []string{want, strings.ToUpper(want), u.String()} {
		if got, err := shortUUID(s); err != nil || got != u {
			t.Errorf("shortUUID(%s) = %s, %v; want %s", s, got, err, u)
		}
	}
	for _, s := range []string{"", "x", want[:51] + "c", want + "0", "template-" + want, strings.Replace(want, "-", "0", 1)} {
		if got, err := shortUUID(s); harrier.KindOf(err) != harrier.NotFound || err == nil {
			t.Errorf("shortUUID(%s) = %s, %v; want NotFound", s, got, err)
		}
	}
	if got := longUUID(harrier.UUID{}); got != "" {
		t.Errorf("longUUID(zero) = %q; want nothing", got)
	}
}

func TestParseKeys(t *testing.T) {
	for h, want := range map[string][2]string{
		"accessKey=AAA; secretKey=BBB":      {"AAA", "BBB"},
		"accessKey=AAA; secretKey=BBB;":     {"AAA", "BBB"},
		"accessKey=AAA;secretKey=BBB":       {"AAA", "BBB"},
		" SECRETKEY = B=B ;; accesskey=A ;": {"A", "B=B"},
		"accessKey=AAA":                     {"AAA", ""},
		"":                                  {"", ""},
	} {
		if a, s := parseKeys(h); [2]string{a, s} != want {
			t.Errorf("parseKeys(%q) = %q, %q; want %q", h, a, s, want)
		}
	}
	for h, want := range map[string]string{"token=abc": "abc", "token=abc;": "abc", " Token=abc ; x=y": "abc", "x=y": "", "": ""} {
		if got := parseCookie(h); got != want {
			t.Errorf("parseCookie(%q) = %q; want %q", h, got, want)
		}
	}
}

func TestSettingsList(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range settings {
		if s.name == "" || s.label == "" || s.get == nil || s.set == nil || tabTitles[s.tab] == "" || seen[s.name] {
			t.Errorf("setting %q is incomplete or there twice", s.name)
		}
		seen[s.name] = true
		// What the getter says the setter takes, and nothing changes by it.
		for _, tpl := range policy.Templates() {
			set := tpl.Settings
			if err := s.set(&set, s.get(set)); err != nil {
				t.Errorf("%s of %s: set(%q) = %v", s.name, tpl.Name, s.get(tpl.Settings), err)
			}
			if s.get(set) != s.get(tpl.Settings) {
				t.Errorf("%s of %s: %q became %q", s.name, tpl.Name, s.get(tpl.Settings), s.get(set))
			}
		}
	}
	for _, name := range append(slices.Clone(scanSettingNames), policySettingNames...) {
		if seen[name] {
			t.Errorf("%q is a setting of the engine and of the scan", name)
		}
	}
}

func raws(t *testing.T, s string) map[string]json.RawMessage {
	t.Helper()
	m, err := kit.DecodeBody([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestApplySettings(t *testing.T) {
	minutes := func(n int) harrier.Duration { return harrier.Duration(n * 60e9) }
	for _, c := range []struct {
		have  harrier.Settings
		given string
		want  harrier.Settings
	}{
		{harrier.Settings{}, `{"safe_checks":"no","ping_the_remote_host":false,"udp_scanner":"yes","scan_time_window":2}`, harrier.Settings{Unsafe: true, NoPing: true, UDP: true, MaxDuration: minutes(2)}},
		{harrier.Settings{}, `{"portscan_range":"ALL","tcp_ping_dest_ports":"80, 443","report_paranoia":"Paranoid"}`, harrier.Settings{Ports: "all", PingPorts: []uint16{80, 443}, Paranoid: true}},
		{harrier.Settings{Paranoid: true, PingPorts: []uint16{1}}, `{"report_paranoia":"Avoid false alarms","tcp_ping_dest_ports":"built-in"}`, harrier.Settings{NoPotential: true}},
		// How hosts are found.
		{
			harrier.Settings{},
			`{"test_local_nessus_host":"no","fast_network_discovery":"yes","arp_ping":"no","icmp_ping":"no","icmp_ping_retries":"5","icmp_unreach_means_host_down":"yes","tcp_ping":"no","udp_ping":"yes"}`,
			harrier.Settings{SkipOwn: true, FastDiscovery: true, NoARP: true, NoICMP: true, PingTries: 6, UnreachableMeansDead: true, NoTCPPing: true, UDPPing: true},
		},
		{harrier.Settings{PingTries: 6}, `{"icmp_ping_retries":2}`, harrier.Settings{}},
		{harrier.Settings{}, `{"icmp_ping_retries":"0"}`, harrier.Settings{PingTries: 1}},
		{harrier.Settings{PingTries: 1}, `{"icmp_ping_retries":""}`, harrier.Settings{}},
		{harrier.Settings{}, `{"scan_ot_devices":"yes","scan_network_printers":"yes"}`, harrier.Settings{ScanOT: true, ScanPrinters: true}},
		// The TCP port scanners: one of two, or none.
		{harrier.Settings{}, `{"syn_scanner":"no","tcp_scanner":"yes"}`, harrier.Settings{Connect: true}},
		{harrier.Settings{}, `{"syn_scanner":"yes","tcp_scanner":"yes"}`, harrier.Settings{Connect: true}},
		{harrier.Settings{Connect: true}, `{"syn_scanner":"yes","tcp_scanner":"no"}`, harrier.Settings{}},
		{harrier.Settings{Connect: true}, `{"syn_scanner":"no","tcp_scanner":"yes"}`, harrier.Settings{Connect: true}},
		{harrier.Settings{}, `{"syn_scanner":"no","tcp_scanner":"no","udp_scanner":"yes"}`, harrier.Settings{NoTCP: true, UDP: true}},
		{harrier.Settings{Connect: true}, `{"tcp_scanner":"no"}`, harrier.Settings{NoTCP: true}},
		{harrier.Settings{NoTCP: true}, `{"syn_scanner":"yes"}`, harrier.Settings{}},
		{harrier.Settings{NoTCP: true}, `{"discovery_mode":"portscan_all"}`, harrier.Settings{Ports: "all"}},
		{harrier.Settings{}, `{"syn_firewall_detection":"Ignore closed ports (aggressive)","tcp_firewall_detection":"softer"}`, harrier.Settings{Firewalls: harrier.FirewallsAggressive, ConnectFirewalls: harrier.FirewallsSofter}},
		{harrier.Settings{Firewalls: harrier.FirewallsSoft}, `{"syn_firewall_detection":"Automatic (normal)","tcp_firewall_detection":"Automatic (normal)"}`, harrier.Settings{}},
		// Bounds.
		{harrier.Settings{}, `{"max_simult_tcp_sessions_per_host":"5","max_simult_tcp_sessions_per_scan":100}`, harrier.Settings{HostMaxSessions: 5, MaxSessions: 100}},
		{harrier.Settings{HostMaxSessions: 5, MaxSessions: 9}, `{"max_simult_tcp_sessions_per_host":"","max_simult_tcp_sessions_per_scan":"9"}`, harrier.Settings{MaxSessions: 9}},
		{harrier.Settings{}, `{"portscan_range":"https, 8000-, !9000"}`, harrier.Settings{Ports: "https, 8000-, !9000"}},
		// A mode, and what refines it.
		{harrier.Settings{}, `{"discovery_mode":"portscan_all"}`, harrier.Settings{Ports: "all"}},
		{harrier.Settings{}, `{"discovery_mode":"portscan_all","portscan_range":"1-9"}`, harrier.Settings{Ports: "1-9"}},
		// What is sent back as it was read does not undo what is changed.
		{harrier.Settings{}, `{"discovery_mode":"portscan_all","portscan_range":"default"}`, harrier.Settings{Ports: "all"}},
		{harrier.Settings{}, `{"discovery_mode":"portscan_common","portscan_range":"1-9"}`, harrier.Settings{Ports: "1-9"}},
		{harrier.Settings{DiscoverOnly: true}, `{"discovery_mode":"portscan_common"}`, harrier.Settings{}},
		{harrier.Settings{}, `{"advanced_mode":"low_bandwidth"}`, harrier.Settings{MaxHosts: 2, MaxChecks: 2}},
		{harrier.Settings{MaxHosts: 2, MaxChecks: 2}, `{"advanced_mode":"default"}`, harrier.Settings{MaxHosts: 30, MaxChecks: 4}},
	} {
		p := harrier.Policy{Settings: c.have}
		if err := applySettings(&p, raws(t, c.given), isScanSetting); err != nil {
			t.Errorf("applySettings(%s) = %v", c.given, err)
		}
		if d := cmp.Diff(c.want, p.Settings); d != "" {
			t.Errorf("applySettings(%s): -want +got\n%s", c.given, d)
		}
	}
	for _, bad := range []string{
		`{"safe_checks":"perhaps"}`, `{"portscan_range":"0-99999"}`, `{"max_hosts_per_scan":-1}`, `{"network_receive_timeout":"5s"}`,
		`{"discovery_mode":"x"}`, `{"advanced_mode":"x"}`, `{"report_paranoia":"x"}`, `{"tcp_ping_dest_ports":"1-9999"}`,
		`{"icmp_ping_retries":"99"}`, `{"icmp_ping_retries":"-1"}`, `{"syn_scanner":"perhaps"}`, `{"max_simult_tcp_sessions_per_host":"many"}`,
	} {
		var p harrier.Policy
		err := applySettings(&p, raws(t, bad), isScanSetting)
		name := strings.Split(bad, `"`)[1]
		if harrier.KindOf(err) != harrier.Invalid || err == nil || !strings.Contains(harrier.MessageOf(err), name) {
			t.Errorf("applySettings(%s) = %v; want Invalid that names %s", bad, err, name)
		}
	}
	var p harrier.Policy
	if err := applySettings(&p, raws(t, `{"thorough_tests":true,"name":"n","groups":[1]}`), isScanSetting); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"thorough_tests": "true"}, p.Preferences); d != "" {
		t.Errorf("Preferences: -want +got\n%s", d)
	}
}

func TestApplyFamilies(t *testing.T) {
	familyOf := func(id harrier.VulnID) string { return map[harrier.VulnID]string{1: "A", 2: "A", 3: "B"}[id] }
	for _, c := range []struct {
		have  harrier.CheckSelection
		given string
		on    []harrier.VulnID
	}{
		{harrier.CheckSelection{}, `{}`, []harrier.VulnID{1, 2, 3}},
		{harrier.CheckSelection{}, `{"A":{"status":"disabled"}}`, []harrier.VulnID{3}},
		{harrier.CheckSelection{}, `{"A":{"status":"mixed","individual":{"1":"enabled"}}}`, []harrier.VulnID{1, 3}},
		{harrier.CheckSelection{}, `{"A":{"status":"mixed","individual":{"1":"disabled"}}}`, []harrier.VulnID{2, 3}},
		{harrier.CheckSelection{}, `{"A":{"individual":{"1":"disabled"}}}`, []harrier.VulnID{2, 3}},
		{harrier.CheckSelection{Families: map[string]bool{"A": false}}, `{"A":{"status":"mixed","individual":{"2":"enabled"}},"families":{"x":{}},"locked":true}`, []harrier.VulnID{2, 3}},
		{harrier.CheckSelection{Single: map[harrier.VulnID]bool{1: false}}, `{"A":{"status":"enabled"}}`, []harrier.VulnID{1, 2, 3}},
	} {
		var q familyChoices
		if err := json.Unmarshal([]byte(c.given), &q); err != nil {
			t.Fatal(err)
		}
		sel := c.have
		if err := applyFamilies(&sel, q, familyOf); err != nil {
			t.Errorf("applyFamilies(%s) = %v", c.given, err)
		}
		var on []harrier.VulnID
		for id := harrier.VulnID(1); id <= 3; id++ {
			if sel.Enabled(id, familyOf(id)) {
				on = append(on, id)
			}
		}
		if !slices.Equal(on, c.on) {
			t.Errorf("applyFamilies(%s) runs %v; want %v", c.given, on, c.on)
		}
	}
	for _, bad := range []string{`{"A":{"status":"on"}}`, `{"A":{"individual":{"x":"enabled"}}}`, `{"A":{"individual":{"1":"perhaps"}}}`} {
		var q familyChoices
		if err := json.Unmarshal([]byte(bad), &q); err != nil {
			t.Fatal(err)
		}
		if err := applyFamilies(&harrier.CheckSelection{}, q, familyOf); harrier.KindOf(err) != harrier.Invalid || err == nil {
			t.Errorf("applyFamilies(%s) = %v; want Invalid", bad, err)
		}
	}
}

func TestQueryFilter(t *testing.T) {
	for q, want := range map[string]harrier.Expr{
		"":      nil,
		"a=b":   nil,
		"limit": nil,
		"filter.0.filter=severity&filter.0.quality=eq&filter.0.value=High,4": harrier.And{harrier.Cmp{Field: "severity", Op: harrier.Eq, Values: []any{int64(3), int64(4)}}},
		"filter.search_type=or&filter.0.filter=plugin.id&filter.0.quality=lt&filter.0.value=5&filter.1.filter=host.target&filter.1.quality=nmatch&filter.1.value=x": harrier.Or{
			harrier.Cmp{Field: "plugin_id", Op: harrier.Lt, Values: []any{int64(5)}}, harrier.Cmp{Field: "hostname", Op: harrier.Lacks, Values: []any{"x"}},
		},
		"filter.0.filter=vuln_publication_date&filter.0.quality=date-gt&filter.0.value=2020/01/02": harrier.And{harrier.Cmp{Field: "vuln_publication_date", Op: harrier.Gt, Values: []any{int64(1577923200)}}},
		"filter.0.filter=output&filter.0.quality=match&filter.0.value=a,b":                         harrier.And{harrier.Cmp{Field: "plugin_output", Op: harrier.Contains, Values: []any{"a,b"}}},
	} {
		v, err := url.ParseQuery(q)
		if err != nil {
			t.Fatal(err)
		}
		got, err := queryFilter(v)
		if err != nil {
			t.Errorf("queryFilter(%s) = %v", q, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("queryFilter(%s): -want +got\n%s", q, d)
		}
	}
	for _, bad := range []string{
		"filter.0.filter=x&filter.0.quality=eq", "filter.0.filter=port&filter.0.quality=eq&filter.0.value=x",
		"filter.0.filter=port&filter.0.quality=like&filter.0.value=1", "filter.search_type=xor&filter.0.filter=port&filter.0.quality=eq&filter.0.value=1",
	} {
		v, err := url.ParseQuery(bad)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := queryFilter(v); harrier.KindOf(err) != harrier.Invalid || err == nil {
			t.Errorf("queryFilter(%s) = %v, %v; want Invalid", bad, got, err)
		}
	}
}

func TestTemplateIDs(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{28}$`) // of the constants
	seen := map[string]bool{}
	for _, id := range templateIDs {
		if !form.MatchString(id.uuid) || seen[id.uuid] || seen[id.name] || id.title == "" {
			t.Errorf("template %q is malformed or there twice", id.name)
		}
		seen[id.uuid], seen[id.name] = true, true
	}
	for _, tpl := range policy.Templates() {
		if !seen[tpl.Name] {
			t.Errorf("the room's template %q has no uuid here", tpl.Name)
		}
	}
}

func patterns() []string {
	return newMux(kit.Rooms{Log: slog.New(slog.DiscardHandler)}).Patterns()
}

// TestOwns: the dialect owns each of its routes, under any spelling of the
// path, and nothing of others.
func TestOwns(t *testing.T) {
	for _, p := range patterns() {
		method, path, _ := strings.Cut(p, " ")
		for _, spelling := range []string{path, "/" + path, path + "/"} {
			r := httptest.NewRequestWithContext(t.Context(), method, "http://x/", nil)
			r.URL.Path = spelling
			if !owns(r) {
				t.Errorf("owns(%s) = false; want true", spelling)
			}
		}
	}
	for _, path := range []string{"/rest/session", "/api/1.1/xml", "/v4/assets", "/scansion"} {
		if owns(httptest.NewRequestWithContext(t.Context(), "GET", path, nil)) {
			t.Errorf("owns(%s) = true; want false", path)
		}
	}
}

func FuzzSettings(f *testing.F) {
	for _, s := range []string{`{"portscan_range":"T:1-9,U:5","discovery_mode":"custom"}`, `{"x":[1],"safe_checks":1e9}`, `{"tcp_ping_dest_ports":"U:1"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		keys, err := kit.DecodeBody(b)
		if err != nil {
			return
		}
		var set scanSettings
		if err := kit.Fill(keys, &set); err != nil && harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("Fill(%q) = %v; want Invalid", b, err)
		}
		var p harrier.Policy
		if err := applySettings(&p, keys, isScanSetting); err != nil {
			if harrier.KindOf(err) != harrier.Invalid {
				t.Errorf("applySettings(%q) = %v; want Invalid", b, err)
			}
			return
		}
		if err := p.Settings.Check(); err != nil {
			t.Errorf("applySettings(%q) made settings that can not be run: %v", b, err)
		}
	})
}

func FuzzFilter(f *testing.F) {
	f.Add("filter.0.filter=severity&filter.0.quality=eq&filter.0.value=High")
	f.Add("filter.x.filter=port&filter.x.quality=gt&filter.x.value=1e9&filter.search_type=or")
	f.Fuzz(func(t *testing.T, q string) {
		v, err := url.ParseQuery(q)
		if err != nil {
			return
		}
		if _, err := queryFilter(v); err != nil && harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("queryFilter(%q) = %v; want Invalid", q, err)
		}
	})
}

func FuzzTargets(f *testing.F) {
	f.Add(`{"text_targets":["a","b"],"launch":"DAILY","timezone":"x"}`)
	f.Fuzz(func(t *testing.T, s string) {
		keys, err := kit.DecodeBody([]byte(s))
		if err != nil {
			return
		}
		var set scanSettings
		if err := kit.Fill(keys, &set); err != nil {
			return
		}
		site := harrier.Site{Name: "x"}
		if err := set.apply(&site, "", testNow); err != nil {
			if harrier.KindOf(err) != harrier.Invalid {
				t.Errorf("apply(%q) = %v; want Invalid", s, err)
			}
			return
		}
		if err := site.Check(); err != nil {
			t.Errorf("apply(%q) made a site that breaks its rules: %v", s, err)
		}
	})
}
