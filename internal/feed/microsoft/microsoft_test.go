package microsoft

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/feedtest"
)

func TestSamples(t *testing.T) {
	got, n := feedtest.Play(t, Format, feedtest.Files(t, "vendor-samples", "microsoft/cvrf/happy/cvrf", "microsoft/csaf", "microsoft/vex"))
	if n != 6 || len(got.Records) != 6 || len(got.Faults) > 0 {
		t.Fatalf("%d files gave %d records, faults %v; want 6, 6, none", n, len(got.Records), got.Faults)
	}
	for _, want := range []struct{ id, ecosystem, name, fixed, advisory string }{
		{"CVE-2016-0088", "windows", "windows server 2012", "", "KB3135456"},
		{"CVE-2024-21392", "windows", ".net 7.0", "7.0.17", "KB5036451"},
		{"CVE-2024-21392", "windows", "microsoft visual studio 2022 version 17.4", "17.4.17", ""},
		{"msrc_CVE-2025-29806", "windows", "microsoft edge (chromium-based)", "129.0.2792.52", ""},
	} {
		a := feedtest.Find(got.Records, want.id, want.ecosystem, want.name)
		if len(a) != 1 || a[0].Fixed != want.fixed || a[0].Advisory != want.advisory || a[0].Status != harrier.StatusAffected {
			t.Errorf("%s: %+v; want %+v", want.id, a, want)
		}
	}
	if a := feedtest.Find(got.Records, "CVE-2016-0088", "windows", "windows 10 for x64-based systems"); len(a) != 1 || !reflect.DeepEqual(a[0].Updates, []harrier.Update{{ID: "KB3147461", Kind: "security update", Supersedes: []string{"KB3140745"}}}) {
		t.Errorf("updates of Windows 10: %+v", a)
	}
	if a := feedtest.Find(got.Records, "msrc_CVE-2025-26465", "rpm/mariner/2.0", "openssh"); len(a) != 2 {
		t.Errorf("openssh of Mariner: %+v; want two builds", a)
	}
}

// document is a month of the shape that is published.
const document = `<cvrf:cvrfdoc xmlns:cvrf="c" xmlns:vuln="v" xmlns:prod="p"><cvrf:DocumentTitle>T</cvrf:DocumentTitle>
<cvrf:DocumentTracking><cvrf:Identification><cvrf:ID>2024-Mar</cvrf:ID></cvrf:Identification><cvrf:InitialReleaseDate>2024-03-12T07:00:00</cvrf:InitialReleaseDate></cvrf:DocumentTracking>
<prod:ProductTree><prod:Branch Type="Vendor" Name="Microsoft"><prod:FullProductName ProductID="1">Microsoft Exchange Server 2019 Cumulative Update 13</prod:FullProductName>
<prod:FullProductName ProductID="2">Microsoft SQL Server 2019 for x64-based Systems (CU 25)</prod:FullProductName><prod:FullProductName ProductID="3">Windows Server 2022</prod:FullProductName></prod:Branch></prod:ProductTree>
<vuln:Vulnerability><vuln:Title>A flaw</vuln:Title><vuln:Notes><vuln:Note Type="Description">&lt;p&gt;Text &amp;amp; more&lt;/p&gt;</vuln:Note></vuln:Notes><vuln:CVE>CVE-2024-1000</vuln:CVE>
<vuln:ProductStatuses><vuln:Status Type="Known Affected"><vuln:ProductID>1</vuln:ProductID><vuln:ProductID>2</vuln:ProductID><vuln:ProductID>3</vuln:ProductID><vuln:ProductID>9</vuln:ProductID></vuln:Status></vuln:ProductStatuses>
<vuln:Threats><vuln:Threat Type="Severity"><vuln:Description>Important</vuln:Description></vuln:Threat><vuln:Threat Type="Severity"><vuln:Description>Critical</vuln:Description></vuln:Threat>
<vuln:Threat Type="Exploit Status"><vuln:Description>Publicly Disclosed:No;Exploited:Yes;Latest</vuln:Description></vuln:Threat></vuln:Threats>
<vuln:CVSSScoreSets><vuln:ScoreSet><vuln:BaseScore>7.5</vuln:BaseScore><vuln:Vector>CVSS:3.1/AV:N/x</vuln:Vector></vuln:ScoreSet><vuln:ScoreSet><vuln:BaseScore>8.8</vuln:BaseScore><vuln:Vector>CVSS:3.1/AV:N/y</vuln:Vector></vuln:ScoreSet></vuln:CVSSScoreSets>
<vuln:Remediations><vuln:Remediation Type="Vendor Fix"><vuln:Description>5036401</vuln:Description><vuln:Supercedence>5030877; 5030000</vuln:Supercedence><vuln:ProductID>1</vuln:ProductID><vuln:SubType>Security Update</vuln:SubType><vuln:FixedBuild>15.02.1258.032</vuln:FixedBuild></vuln:Remediation>
<vuln:Remediation Type="Vendor Fix"><vuln:Description>5036335</vuln:Description><vuln:ProductID>2</vuln:ProductID><vuln:FixedBuild>15.0.4360.2</vuln:FixedBuild></vuln:Remediation>
<vuln:Remediation Type="Vendor Fix"><vuln:Description>5035857</vuln:Description><vuln:ProductID>3</vuln:ProductID><vuln:SubType>Security Update</vuln:SubType><vuln:FixedBuild>10.0.20348.2340</vuln:FixedBuild></vuln:Remediation>
<vuln:Remediation Type="Vendor Fix"><vuln:Description>5035959</vuln:Description><vuln:ProductID>3</vuln:ProductID><vuln:SubType>SecurityHotpatch Update</vuln:SubType><vuln:FixedBuild>10.0.20348.2322</vuln:FixedBuild></vuln:Remediation>
<vuln:Remediation Type="Vendor Fix"><vuln:Description>Release Notes</vuln:Description><vuln:ProductID>3</vuln:ProductID><vuln:FixedBuild>https://example.com</vuln:FixedBuild></vuln:Remediation>
<vuln:Remediation Type="Workaround"><vuln:Description>5000000</vuln:Description><vuln:ProductID>3</vuln:ProductID></vuln:Remediation></vuln:Remediations>
<vuln:RevisionHistory><vuln:Revision><cvrf:Number>1.0</cvrf:Number><cvrf:Date>2024-03-12T07:00:00</cvrf:Date></vuln:Revision><vuln:Revision><cvrf:Number>1.1</cvrf:Number><cvrf:Date>2024-03-20T07:00:00</cvrf:Date></vuln:Revision></vuln:RevisionHistory></vuln:Vulnerability>
<vuln:Vulnerability><vuln:CVE>nonsense</vuln:CVE></vuln:Vulnerability><vuln:Vulnerability><vuln:CVE>ADV240001</vuln:CVE></vuln:Vulnerability></cvrf:cvrfdoc>`

func TestRead(t *testing.T) {
	var got feed.Collect
	if err := Format.Read("2024-Mar.xml", strings.NewReader(document), &got); err != nil || len(got.Records) != 2 || len(got.Faults) != 1 {
		t.Fatalf("%v, %d records, faults %v; want 2 and 1", err, len(got.Records), got.Faults)
	}
	feedtest.Check(t, Format, got.Records)
	win := func(name string) harrier.Package { return harrier.Package{Ecosystem: "windows", Name: name} }
	exchange := harrier.Affected{
		Package: win("microsoft exchange server 2019 cumulative update 13"), Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected,
		Ranges: []harrier.Range{{Before: "15.02.1258.032"}}, Scheme: "dotted", Fixed: "15.02.1258.032", Advisory: "KB5036401",
		Updates: []harrier.Update{{ID: "KB5036401", Kind: "security update", Build: "15.02.1258.032", Supersedes: []string{"KB5030877", "KB5030000"}}},
	}
	online := exchange
	online.Package, online.CPE, online.Otherwise = harrier.Package{}, "cpe:2.3:a:microsoft:exchange_server:*:*:*:*:*:*:*:*", harrier.StatusUnknown
	online.Ranges = []harrier.Range{{From: "15.02.1258", Before: "15.02.1258.032"}}
	sql := harrier.Affected{
		Package: win("microsoft sql server 2019 for x64-based systems (cu 25)"), Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected,
		Ranges: []harrier.Range{{Before: "15.0.4360.2"}}, Scheme: "dotted", Fixed: "15.0.4360.2", Advisory: "KB5036335", Updates: []harrier.Update{{ID: "KB5036335", Build: "15.0.4360.2"}},
	}
	sqlOnline := sql
	sqlOnline.Package, sqlOnline.CPE, sqlOnline.Otherwise = harrier.Package{}, "cpe:2.3:a:microsoft:sql_server:*:*:*:*:*:*:*:*", harrier.StatusUnknown
	sqlOnline.Ranges = []harrier.Range{{From: "15.0.4000", Before: "15.0.4360.2"}}
	want := harrier.Record{
		Source: "microsoft", ID: "CVE-2024-1000", CVEs: []string{"CVE-2024-1000"}, Title: "A flaw", Details: "Text & more", Severity: "critical",
		Solution: "Install the security update that Microsoft publishes for the product.",
		Scores:   []harrier.Score{{Version: "3.1", Vector: "CVSS:3.1/AV:N/y", Base: 8.8}}, SSVC: &harrier.SSVC{Exploitation: "active"},
		References: []harrier.Reference{{URL: "https://msrc.microsoft.com/update-guide/vulnerability/CVE-2024-1000", Tags: []string{"vendor-advisory"}}},
		Published:  time.Date(2024, 3, 12, 7, 0, 0, 0, time.UTC), Modified: time.Date(2024, 3, 20, 7, 0, 0, 0, time.UTC),
		Affected: []harrier.Affected{online, sqlOnline, exchange, sql, {
			Package: win("windows server 2022"), Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected,
			Ranges: []harrier.Range{{Before: "10.0.20348.2322"}}, Scheme: "dotted", Fixed: "10.0.20348.2322", Advisory: "KB5035857",
			Updates: []harrier.Update{
				{ID: "KB5035857", Kind: "security update", Build: "10.0.20348.2340"},
				{ID: "KB5035959", Kind: "securityhotpatch update", Build: "10.0.20348.2322"},
			},
		}},
	}
	if !reflect.DeepEqual(got.Records[0], want) {
		t.Errorf("Read = %+v\nwant %+v", got.Records[0], want)
	}
}

func TestRemotes(t *testing.T) {
	got := remotes(time.Date(2024, 3, 31, 0, 0, 0, 0, time.UTC))
	if len(got) != 96 || got[0].Name != "2016-Apr.xml" || got[95].URL != "https://api.msrc.microsoft.com/cvrf/v3.0/cvrf/2024-Mar" {
		t.Errorf("%d remotes from %+v to %+v", len(got), got[0], got[len(got)-1])
	}
	for name, want := range map[string]bool{"2024-Mar": true, "x/2024-Mar.xml": true, "2017-May-B": true, "updates": false, "2024-03": false, "msrc_cve-2025-1000.json": true, "index.txt": false, "": false} {
		if got := Format.Wants(name); got != want {
			t.Errorf("Wants(%q) = %t; want %t", name, got, want)
		}
	}
}

func TestLess(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{{"10.0.9", "10.0.10", true}, {"15.02.1", "15.2.1", false}, {"15.2.1", "15.02.1", false}, {"1.2", "1.2.0", true}, {"2", "1.9", false}} {
		if got := less(tt.a, tt.b); got != tt.want {
			t.Errorf("less(%q, %q) = %t; want %t", tt.a, tt.b, got, tt.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("2024-Mar.xml", document)
	f.Add("msrc_x.json", `{"document":{"tracking":{"id":"x"}}}`)
	f.Fuzz(func(t *testing.T, name, s string) { feedtest.Hostile(t, Format, name, s) })
}
