package document

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/format/formattest"
)

func TestRead(t *testing.T) {
	d, err := Read(t.Context(), formattest.Scan(), formattest.Each(formattest.Hosts()))
	if err != nil {
		t.Fatal(err)
	}
	if want := (harrier.Counts{5, 1, 1, 1, 1}); d.Counts != want {
		t.Errorf("Counts = %v; want %v", d.Counts, want)
	}
	if want := (harrier.Counts{0, 1, 0, 0, 1}); d.Worst != want {
		t.Errorf("Worst = %v; want %v", d.Worst, want)
	}
	var names []string
	for _, v := range d.Grave(0) {
		names = append(names, v.Name)
	}
	want := []string{"Redis answers without a password", `nginx < 1.25.3 "Rapid Reset" & more`, "SSH Terrapin Prefix Truncation Weakness", "Plugin 999999"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("gravest first (-want +got):\n%s", diff)
	}
	if len(d.Remedies) != 3 || d.Remedies[0].Text != "Update to 1.25.3." || d.Remedies[0].Count != 1 || d.Remedies[0].Hosts != 1 {
		t.Errorf("Remedies = %+v; want three, that of what is exploited first", d.Remedies)
	}
	if d.Known != 1 || d.Missing != 1 {
		t.Errorf("Known, Missing = %d, %d; want 1, 1", d.Known, d.Missing)
	}
	if top := d.Top(5); len(top) != 2 || top[0].Title != "192.0.2.1" || top[0].Risk < top[1].Risk {
		t.Errorf("Top = %+v", top)
	}
}

// TestRemedyOfProduct holds that what ends a vulnerability of several products
// is told for the product that was found.
func TestRemedyOfProduct(t *testing.T) {
	reset := harrier.Vulnerability{ID: 1, Severity: harrier.High, Solutions: []harrier.Solution{
		{ID: "apache:tomcat", Summary: "Upgrade tomcat to 8.5.94 or later.", Fixed: "8.5.94"},
		{ID: "f5:nginx", Summary: "Upgrade nginx to 1.25.3 or later.", Fixed: "1.25.3"},
	}}
	host := format.Host{}
	for port, evidence := range []string{"  Product : nginx\n  Fixed version : 1.25.3\n", "  Product : Apache Tomcat\n  Fixed version : 8.5.94\n", "  Product : nginx\n  Fixed version : 1.25.3\n"} {
		host.Results = append(host.Results, format.Result{Severity: harrier.High, Observation: harrier.Observation{
			Vulnerability: reset.ID, Endpoint: harrier.Endpoint{Port: uint16(port + 80)}, Evidence: evidence,
		}})
	}
	d, err := Read(t.Context(), format.Scan{Vulnerability: func(harrier.VulnID) (harrier.Vulnerability, bool) { return reset, true }}, formattest.Each([]format.Host{host}))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, m := range d.Remedies {
		got[m.Text] = m.Count
		if m.Vulns != 1 {
			t.Errorf("%s ends %d vulnerabilities; want 1", m.Text, m.Vulns)
		}
	}
	if diff := cmp.Diff(map[string]int{"Upgrade nginx to 1.25.3 or later.": 2, "Upgrade tomcat to 8.5.94 or later.": 1}, got); diff != "" {
		t.Errorf("findings by remedy (-want +got):\n%s", diff)
	}
}

func TestReasons(t *testing.T) {
	s, hosts := formattest.Showcase(26)
	d, err := Read(t.Context(), s, hosts)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Reasons) != 4 || d.Reasons[0] != (Reason{"needs a login, and there is none", harrier.Skipped, 26 * 6}) || d.Partial != 2 {
		t.Errorf("Reasons = %+v, %d partial", d.Reasons, d.Partial)
	}
	if c := d.Caution(); !strings.Contains(c, "126 addresses") || !strings.Contains(c, "2 hosts were not looked at to the end") {
		t.Errorf("Caution = %q", c)
	}
}

func TestChapters(t *testing.T) {
	for options, want := range map[string]string{
		"":                                  "summary trend top remedies coverage",
		"remediations;vuln_hosts_summary":   "summary remedies hosts coverage",
		"vuln_by_host":                      "by_host coverage definitions",
		"vuln_by_plugin,compliance":         "by_plugin compliance coverage",
		"summary;compliance_exec;by_plugin": "summary by_plugin compliance coverage",
	} {
		got, err := Chapters(format.Scan{Options: map[string]string{"chapters": options}})
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%q = %v, %v; want %s", options, got, err, want)
		}
	}
	for _, tpl := range harrier.Templates {
		for _, c := range tpl.Chapters {
			if Headings[c] == "" || !slices.Contains(all, c) {
				t.Errorf("template %s: chapter %q has no heading", tpl.Name, c)
			}
		}
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"plain\ttext\r\n":         "plain\ttext\n",
		"a\u202Eb\x1b[0m\xff\x85": "a‹U+202E›b[0m\uFFFD\uFFFD",
		"مضيف 日本 e\u0301":         "مضيف 日本 e\u0301",
		"क्\u200dष":               "क्\u200dष",
		"\U000E0041\ufeff\u0085":  "‹U+E0041›‹U+FEFF›‹U+0085›",
	} {
		if got := Text(in); got != want {
			t.Errorf("Text(%q) = %q; want %q", in, got, want)
		}
	}
	if got := Line(" a\n b\t c ", 3); got != "a …" {
		t.Errorf("Line = %q", got)
	}
	if got, more := Evidence("\n\nab日c", 6); got != "ab" || more != 4 {
		t.Errorf("Evidence = %q, %d", got, more)
	}
}

func TestShare(t *testing.T) {
	for _, tt := range []struct {
		part, whole int
		want        string
	}{{0, 10, "0 %"}, {1, 100_000, "< 0.1 %"}, {1, 3, "33 %"}, {999_999, 1_000_000, "99 %"}, {10, 10, "100 %"}, {1, 0, "–"}, {45, 1000, "4.5 %"}} {
		if got := Share(tt.part, tt.whole); got != tt.want {
			t.Errorf("Share(%d, %d) = %q; want %q", tt.part, tt.whole, got, tt.want)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("a\u202Eb\x1b[0m\xff\x85")
	f.Fuzz(func(t *testing.T, s string) {
		text := Text(s)
		if strings.ContainsFunc(text, hidden) || text != format.Clean(text) {
			t.Errorf("Text(%q) = %q", s, text)
		}
		if line := Line(s, 20); len([]rune(line)) > 20 || strings.Contains(line, "\n") {
			t.Errorf("Line(%q) = %q", s, line)
		}
	})
}
