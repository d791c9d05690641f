package nexpose_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
)

// TestScanTemplates copies a scan template, changes it as the gem does, scans by
// it and deletes it.
func TestScanTemplates(t *testing.T) {
	c := exchange.Start(t, recorded(t))
	admin := signIn(t, c, c.Name, c.Password)
	ask := func(want int, method, path, body string) string {
		t.Helper()
		status, text := admin.ask(method, path, body)
		if status != want {
			t.Fatalf("%s %s %s = %d, %s; want %d", method, path, body, status, text, want)
		}
		return text
	}
	value := func(text string) string {
		t.Helper()
		var v struct{ Value string }
		if err := json.Unmarshal([]byte(text), &v); err != nil || v.Value == "" {
			t.Fatalf("%s: %v", text, err)
		}
		return v.Value
	}
	if text := ask(200, "GET", "/data/scan-template", ""); !strings.HasPrefix(text, `<ScanTemplate id="#NewScanTemplate#"`) {
		t.Errorf("a new template = %s", text)
	}
	pentest := value(ask(200, "GET", "/data/scan/templates/pentest-audit", ""))
	// What the gem looks for before it changes it.
	for _, want := range []string{`<Plugin name="java/CifsScanner"><param name="windowsServiceEditor">0</param>`, `<Logging><debugLogging enabled="0"/><aces level="default"/></Logging>`} {
		if !strings.Contains(pentest, want) {
			t.Errorf("template = %s; want %s", pentest, want)
		}
	}
	dupe := strings.NewReplacer(
		`id="pentest-audit"`, `id="#NewScanTemplate#"`, `title="Penetration test"`, `title="Mine"`,
		`<scanThreads>100</scanThreads>`, `<scanThreads>7</scanThreads>`,
		`<icmpHostCheck enabled="1"/>`, `<icmpHostCheck enabled="0"/>`,
		`<TCPHostCheck enabled="1"><portList></portList>`, `<TCPHostCheck enabled="1"><portList>22,80</portList>`,
		`<TCPPortScan mode="default" method="syn"><portList></portList></TCPPortScan><ExcludedTCPPortScan><portList></portList>`, `<TCPPortScan mode="custom" method="syn"><portList>1-100,443</portList></TCPPortScan><ExcludedTCPPortScan><portList>25,80-90</portList>`,
		`unsafe="0"`, `unsafe="1"`, `potential="1"`, `potential="0"`, `correlate="1"`, `correlate="0"`, `invulnerableStorage="off"`, `invulnerableStorage="on"`,
		`<Disabled/>`, `<Disabled><VulnCategory name="Web Servers"/><CheckType name="Local"/><Check id="19506"/></Disabled>`,
	).Replace(pentest)
	id := value(ask(200, "POST", "/data/scan/templates", dupe))
	number, listed := strings.CutPrefix(id, "policy-")
	if !listed {
		t.Fatalf("the copy is %q; want a policy", id)
	}
	policies, err := c.Rooms.Policies.Policies(t.Context(), c.Admin)
	if err != nil || len(policies) != 1 || fmt.Sprint(policies[0].ID) != number {
		t.Fatalf("policies = %+v, %v; want the copy", policies, err)
	}
	p := policies[0]
	base, _ := c.Rooms.Policies.Template("advanced")
	want := base.Settings
	want.Ports = "T:1-24,26-79,91-100,443," + harrier.Ports{UDP: harrier.DefaultPorts.UDP}.String()
	want.MaxHosts, want.NoICMP, want.PingPorts, want.Unsafe, want.NoPotential, want.GuessLogins = 7, true, []uint16{22, 80}, true, true, true
	if diff := cmp.Diff(want, p.Settings); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(harrier.CheckSelection{Families: map[string]bool{"Web Servers": false}, Single: map[harrier.VulnID]bool{19506: false}}, p.Checks); diff != "" || p.Name != "Mine" {
		t.Errorf("checks of %q (-want +got):\n%s", p.Name, diff)
	}

	// It comes back as it went, and what is stored as it was changes nothing.
	shown := value(ask(200, "GET", "/data/scan/templates/"+id, ""))
	for _, part := range []string{`correlate="0" unsafe="1" potential="0"`, `invulnerableStorage="on"`, `<scanThreads>7<`, `mode="custom" method="syn"><portList>1-24,26-79,91-100,443<`, `<CheckType name="Local"/>`, `<VulnCategory name="Web Servers"/>`} {
		if !strings.Contains(shown, part) {
			t.Errorf("template = %s; want %s", shown, part)
		}
	}
	if got := value(ask(200, "PUT", "/data/scan/templates/"+id, shown)); got != id {
		t.Errorf("saved as %q; want %s", got, id)
	}
	again, err := c.Rooms.Policies.Policy(t.Context(), c.Admin, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	p.Modified = again.Modified
	if diff := cmp.Diff(p, again); diff != "" {
		t.Errorf("stored as it was (-before +after):\n%s", diff)
	}
	ask(200, "PUT", "/data/scan/templates/"+id, `<ScanTemplate><General disableVulnScan="1"/><ServiceDiscovery><TCPPortScan mode="full"/><UDPPortScan mode="none"/></ServiceDiscovery><DeviceDiscovery><CheckHosts><icmpHostCheck enabled="0"/><TCPHostCheck enabled="0"/><UDPHostCheck enabled="0"/></CheckHosts></DeviceDiscovery></ScanTemplate>`)
	if p, err = c.Rooms.Policies.Policy(t.Context(), c.Admin, p.ID); err != nil || !p.Checks.NoOthers || !p.Settings.NoPing || !strings.HasPrefix(p.Settings.Ports, "T:1-65535") || p.Settings.UDP || p.Name != "Mine" {
		t.Errorf("policy = %+v, %v; want no checks, no ping, all ports", p, err)
	}

	// A site scans by it, and it stays as long as one does.
	site := admin.value("site-id", `<SiteSaveRequest @><Site id="-1" name="by it"><Hosts><range from="192.0.2.1"/></Hosts><ScanConfig templateID="`+id+`"/></Site></SiteSaveRequest>`)
	if text := admin.ok(`<SiteConfigRequest @ site-id="` + site + `"/>`); !strings.Contains(text, `templateID="`+id+`"`) {
		t.Errorf("site = %s", text)
	}
	ask(409, "DELETE", "/data/scan/templates/"+id, "")
	admin.ok(`<SiteDeleteRequest @ site-id="` + site + `"/>`)
	ask(200, "DELETE", "/data/scan/templates/"+id, "")
	ask(404, "GET", "/data/scan/templates/"+id, "")

	for _, bad := range []string{
		"", "x", "<Other/>", `<ScanTemplate/>`, `<!DOCTYPE x><ScanTemplate/>`, `<ScanTemplate basedOn="full-audit"><templateDescription title="t"/><General><scanThreads>x</scanThreads></General></ScanTemplate>`,
		`<ScanTemplate><templateDescription title="t"/><ServiceDiscovery><TCPPortScan mode="custom"><portList>99999</portList></TCPPortScan></ServiceDiscovery></ScanTemplate>`,
		`<ScanTemplate><templateDescription title="t"/><ServiceDiscovery><TCPPortScan mode="moon"/></ServiceDiscovery></ScanTemplate>`,
		`<ScanTemplate><templateDescription title="t"/><VulnerabilityChecks unsafe="perhaps"/></ScanTemplate>`,
	} {
		ask(400, "POST", "/data/scan/templates", bad)
	}
	ask(404, "POST", "/data/scan/templates", `<ScanTemplate basedOn="policy-99"><templateDescription title="t"/></ScanTemplate>`)
	ask(403, "PUT", "/data/scan/templates/full-audit", pentest)
	ask(403, "DELETE", "/data/scan/templates/full-audit", "")
	ask(404, "GET", "/data/scan/templates/no-such", "")
	admin.value("id", `<UserSaveRequest @><UserConfig id="-1" name="looker" fullname="L" password="correct-horse-9" role-name="user" allSites="true" allGroups="true"/></UserSaveRequest>`)
	if status, text := signIn(t, c, "looker", "correct-horse-9").ask("POST", "/data/scan/templates", strings.ReplaceAll(dupe, "Mine", "Theirs")); status != 403 {
		t.Errorf("POST by a viewer = %d, %s; want 403", status, text)
	}
	if policies, err = c.Rooms.Policies.Policies(t.Context(), c.Admin); err != nil || len(policies) != 0 {
		t.Errorf("policies after what was refused = %+v, %v", policies, err)
	}
}

// TestSiteObject gives credentials to a site in JSON and stores it anew without
// their secrets, which stay.
func TestSiteObject(t *testing.T) {
	c := exchange.Start(t, recorded(t))
	admin := signIn(t, c, c.Name, c.Password)
	const path = "/api/2.1/site_configurations/"
	object := `{"id":-1,"name":"signs in","included_scan_targets":{"addresses":["192.0.2.1"],"asset_groups":[]},"engine_id":null,"scan_template_id":"discovery","discovery_config":{},"search_criteria":{},"tags":[],` +
		`"site_credentials":[{"id":-1,"service":"ssh","user_name":"root","password":"hush","name":"door","enabled":true,"permission_elevation_type":"SUDO","permission_elevation_user":"root","permission_elevation_password":"hush2"},` +
		`{"id":-1,"service":"snmp","community_name":"hush3","enabled":true}]}`
	status, id := admin.ask("POST", path, object)
	if status != 201 {
		t.Fatalf("POST = %d, %s", status, id)
	}
	secrets := func() string {
		t.Helper()
		sites, err := c.Rooms.Sites.Sites(t.Context(), c.Admin)
		if err != nil || len(sites) != 1 {
			t.Fatalf("sites = %v, %v", sites, err)
		}
		logins, err := c.Rooms.Policies.Logins(t.Context(), sites[0].Policy)
		if err != nil {
			t.Fatal(err)
		}
		var out []map[string]string
		for _, l := range logins {
			out = append(out, l.Secrets)
		}
		return fmt.Sprint(out)
	}
	before := secrets()
	if !strings.Contains(before, "hush") {
		t.Errorf("what scans sign in with = %s", before)
	}
	status, shown := admin.ask("GET", path+id, "")
	if status != 200 || strings.Contains(shown, "hush") || !strings.Contains(shown, `"name":"door"`) || !strings.Contains(shown, `"user_name":"root"`) {
		t.Errorf("site = %d, %s; want its credentials without secrets", status, shown)
	}
	door := strings.Replace(path, "site_configurations", "sites", 1) + id + "/credentials/"
	if status, text := admin.ask("GET", door+"1", ""); status != 200 || !strings.Contains(shown, text) || !strings.Contains(text, `"user_name":"root"`) {
		t.Errorf("credential = %d, %s; want that of %s", status, text, shown)
	}
	if status, text := admin.ask("GET", door+"99", ""); status != 404 {
		t.Errorf("no credential = %d, %s", status, text)
	}
	admin.value("id", `<UserSaveRequest @><UserConfig id="-1" name="reader" password="correct-horse-9" role-name="user" allSites="true" allGroups="true"/></UserSaveRequest>`)
	reader := signIn(t, c, "reader", "correct-horse-9")
	if status, text := reader.ask("GET", path+id, ""); status != 200 || !strings.Contains(text, "signs in") || strings.Contains(text, "root") || strings.Contains(text, "door") {
		t.Errorf("site to who may only run it = %d, %s; want no credentials", status, text)
	}
	if status, text := reader.ask("GET", door+"1", ""); status != 404 {
		t.Errorf("credential to who may only run the site = %d, %s; want 404", status, text)
	}
	if text := reader.ok(`<SiteConfigRequest @ site-id="` + id + `"/>`); strings.Contains(text, "adminCredentials") {
		t.Errorf("SiteConfig to who may only run the site has its credentials: %s", text)
	}
	var o map[string]any
	if err := json.Unmarshal([]byte(shown), &o); err != nil {
		t.Fatal(err)
	}
	for _, c := range o["site_credentials"].([]any) {
		delete(c.(map[string]any), "blob") // which clients do not know
	}
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := admin.ask("PUT", path+id, string(text)); status != 200 {
		t.Errorf("PUT = %d, %s", status, answer)
	}
	if after := secrets(); after != before {
		t.Errorf("after a save of what was shown scans sign in with %s; want %s", after, before)
	}
	for _, bad := range []string{
		`"shared_credentials":[{"id":1}]`, `"web_credentials":[{"id":1}]`, `"blackouts":[{"id":1}]`, `"included_scan_targets":{"asset_groups":[1]}`,
		`"excluded_scan_targets":{"asset_groups":[1]}`, `"search_criteria":{"criteria":[]}`, `"site_credentials":[{"service":"ssh","enabled":false}]`, `"site_credentials":[{"service":"moon"}]`,
	} {
		if status, answer := admin.ask("POST", path, `{"id":-1,"name":"bad",`+bad+`}`); status != 400 {
			t.Errorf("POST of %s = %d, %s; want 400", bad, status, answer)
		}
	}
}
