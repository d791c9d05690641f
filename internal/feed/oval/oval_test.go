package oval

import (
	"fmt"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/feedtest"
)

func TestSamples(t *testing.T) {
	got, n := feedtest.Play(t, Format, feedtest.Files(t, "vendor-samples", "oracle/linux"))
	if n != 1 || len(got.Records) != 2 || len(got.Faults) > 0 {
		t.Fatalf("%d files gave %d records, faults %v; want 1, 2, none", n, len(got.Records), got.Faults)
	}
	for _, want := range []struct{ id, release, name, fixed, module string }{
		{"ELSA-2007-0057", "5", "bind", "30:9.3.3-8.el5", ""},
		{"ELSA-2007-0057", "5", "caching-nameserver", "30:9.3.3-8.el5", ""},
		{"ELSA-2023-12342", "8", "hivex", "1.3.18-21.module+el8.7.0+21037+8ee66348", "virt:kvm_utils"},
	} {
		a := feedtest.Find(got.Records, want.id, "rpm/oracle/"+want.release, want.name)
		if len(a) != 1 || a[0].Fixed != want.fixed || a[0].Module != want.module || a[0].Advisory != want.id || a[0].Otherwise != harrier.StatusNotAffected {
			t.Errorf("%s: %+v; want %+v", want.id, a, want)
		}
	}
	if r := got.Records[0]; r.Title != "Moderate: bind security update" || r.Severity != "moderate" || len(r.CVEs) != 2 || r.Published.Year() != 2007 {
		t.Errorf("record %+v", r)
	}
}

// doc is a file with one definition around criteria.
func doc(criteria string) string {
	return `<oval_definitions><definitions><definition id="d1" class="patch"><metadata><title>ELSA-2024-1: a update</title>
<reference source="elsa" ref_id="ELSA-2024-1" ref_url="https://example.com/1"/><reference source="CVE" ref_id="CVE-2024-1000"/>
<advisory><severity>LOW</severity><cve cvss3="7.8/CVSS:3.1/AV:L">CVE-2024-1000</cve></advisory></metadata>` + criteria + `</definition></definitions><tests><broken></oval_definitions>`
}

func TestCriteria(t *testing.T) {
	test := func(comments ...string) string {
		s := ""
		for _, c := range comments {
			s += fmt.Sprintf(`<criterion comment=%q/>`, c)
		}
		return s
	}
	for _, tt := range []struct {
		criteria string
		want     []string
		faults   int
	}{
		{`<criteria>` + test("Oracle Linux 8 is installed", "a is earlier than 1:2-3.el8", "a is signed with the Oracle Linux 8 key") + `</criteria>`, []string{"rpm/oracle/8 a 1:2-3.el8 "}, 0},
		{`<criteria>` + test("a is earlier than 0:2-3.el9", "Oracle Linux 9 is installed") + `</criteria>`, []string{"rpm/oracle/9 a 2-3.el9 "}, 0},
		{`<criteria>` + test("Oracle Linux 8 is installed") + `<criteria>` + test("Module m:1 is enabled", "a is earlier than 0:2-3") + `</criteria><criteria>` + test("b is earlier than 0:2-3") + `</criteria></criteria>`, []string{"rpm/oracle/8 a 2-3 m:1", "rpm/oracle/8 b 2-3 "}, 0},
		{`<criteria>` + test("a is earlier than 0:2-3") + `</criteria>`, nil, 1},
		{`<criteria>` + test("Oracle Linux 8 is installed", "a is earlier than sometime") + `</criteria>`, nil, 1},
		{strings.Repeat(`<criteria>`, 60) + test("Oracle Linux 8 is installed", "a is earlier than 0:2-3") + strings.Repeat(`</criteria>`, 60), nil, 1},
		{``, nil, 0},
	} {
		var got feed.Collect
		if err := read("x", strings.NewReader(doc(tt.criteria)), &got); err != nil || len(got.Records) != 1 {
			t.Fatalf("read: %v, %d records", err, len(got.Records))
		}
		var lines []string
		for _, a := range got.Records[0].Affected {
			lines = append(lines, a.Package.Ecosystem+" "+a.Package.Name+" "+a.Fixed+" "+a.Module)
		}
		if fmt.Sprint(lines) != fmt.Sprint(tt.want) || len(got.Faults) != tt.faults {
			t.Errorf("%s\ngave %v, faults %v; want %v, %d", tt.criteria, lines, got.Faults, tt.want, tt.faults)
		}
		if s := got.Records[0].Scores; len(s) != 1 || s[0].Base != 7.8 || s[0].Vector != "CVSS:3.1/AV:L" {
			t.Errorf("scores %+v", s)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, s := range []string{"", "invalid", "<html/>", "<oval_definitions><definition>", "<oval_definitions>", `<definition id="x"></definition>`, strings.Repeat("<oval_definitions>", 1000)} {
		if err := read("x", strings.NewReader(s), &feed.Collect{}); err == nil {
			t.Errorf("read(%.40q) fails not", s)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(doc(`<criteria><criterion comment="Oracle Linux 8 is installed"/><criterion comment="a is earlier than 0:2-3"/></criteria>`))
	feedtest.Fuzz(f, Format, "com.oracle.elsa-all.xml")
}
