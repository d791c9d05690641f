package format_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/format/formattest"
)

func TestAttributesOrder(t *testing.T) {
	for _, v := range append(slices.Clone(formattest.Vulnerabilities), harrier.Vulnerability{}) {
		list := format.Attributes(v)
		if !slices.IsSortedFunc(list, func(a, b format.Attribute) int { return strings.Compare(a.Name, b.Name) }) {
			t.Errorf("Attributes(%q) are not in order: %v", v.Slug, list)
		}
		for _, a := range list {
			if strings.TrimSpace(a.Value) == "" {
				t.Errorf("Attributes(%q): %s is empty", v.Slug, a.Name)
			}
		}
	}
}

func TestRiskFactor(t *testing.T) {
	for _, c := range []struct {
		score float64
		sev   harrier.Severity
		want  string
	}{
		{0, harrier.Info, "None"},
		{0, harrier.Critical, "Critical"},
		{3.9, harrier.Critical, "Low"},
		{6.8, harrier.Critical, "Medium"},
		{9.9, harrier.Critical, "High"},
		{10, harrier.Low, "Critical"},
	} {
		if got := format.RiskFactor(harrier.Vulnerability{CVSS2Score: c.score, Severity: c.sev}); got != c.want {
			t.Errorf("RiskFactor(score %v, %v) = %q; want %q", c.score, c.sev, got, c.want)
		}
	}
}

func TestCVSS3Vector(t *testing.T) {
	for in, want := range map[string]string{
		"":                 "",
		"CVSS:3.1/AV:N":    "CVSS:3.0/AV:N",
		"CVSS:3.0/AV:N":    "CVSS:3.0/AV:N",
		"AV:N/AC:L/PR:N":   "CVSS:3.0/AV:N/AC:L/PR:N",
		"CVSS:3.1/AV:N/AC": "CVSS:3.0/AV:N/AC",
	} {
		if got := format.CVSS3Vector(harrier.Vulnerability{CVSS3Vector: in}); got != want {
			t.Errorf("CVSS3Vector(%q) = %q; want %q", in, got, want)
		}
	}
}

func TestCPEURI(t *testing.T) {
	for in, want := range map[string]string{
		"cpe:2.3:a:nginx:nginx:1.22.1:*:*:*:*:*:*:*":    "cpe:/a:nginx:nginx:1.22.1",
		"cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*":  "cpe:/a:openbsd:openssh:9.2:p1",
		"cpe:2.3:o:debian:debian_linux:*:*:*:*:*:*:*:*": "cpe:/o:debian:debian_linux",
		`cpe:2.3:a:a\:b:c\+\+:1:*:*:*:*:*:*:*`:          "cpe:/a:a:b:c++:1",
		"cpe:2.3:a:v:p:1:*:x:*:*:*:*:*":                 "cpe:/a:v:p:1::x",
		"cpe:/a:isc:bind:9":                             "cpe:/a:isc:bind:9",
		"":                                              "",
	} {
		if got := format.CPEURI(in); got != want {
			t.Errorf("CPEURI(%q) = %q; want %q", in, got, want)
		}
	}
}

func TestServiceName(t *testing.T) {
	for want, o := range map[string]harrier.Observation{
		"general":    {Service: "http"},
		"www":        {Service: "http", Endpoint: harrier.Endpoint{Port: 443}},
		"unknown":    {Endpoint: harrier.Endpoint{Port: 9}},
		"cifs":       {Service: "smb", Endpoint: harrier.Endpoint{Port: 445}},
		"smb":        {Service: "smb", Endpoint: harrier.Endpoint{Port: 139}},
		"mysql":      {Service: "mariadb", Endpoint: harrier.Endpoint{Port: 3306}},
		"postgresql": {Service: "postgresql", Endpoint: harrier.Endpoint{Port: 5432}},
	} {
		if got := format.ServiceName(o); got != want {
			t.Errorf("ServiceName(%q on %d) = %q; want %q", o.Service, o.Port, got, want)
		}
	}
	for in, want := range map[string]string{"www": "http", "http?": "http", "general": "", "ssh": "ssh", "cifs": "smb", "dns": "dns", "mysql": "mysql"} {
		if got := format.ServiceOf(in); got != want {
			t.Errorf("ServiceOf(%q) = %q; want %q", in, got, want)
		}
	}
}

func TestOpenServices(t *testing.T) {
	h := formattest.Hosts()[1]
	got := format.OpenServices(h)
	want := []harrier.Service{
		{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 8080}},
		{Endpoint: harrier.Endpoint{Protocol: harrier.UDP, Port: 53}, Name: "dns"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("OpenServices (-want +got):\n%s", diff)
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain\ttext\n":       "plain\ttext\n",
		"a\r\nb\rc":           "a\nb\nc",
		"nul\x00 esc\x1b":     "nul esc",
		"bad\xff\xfeend":      "bad\ufffd\ufffdend",
		"non\ufffe\uffffchar": "nonchar",
		"é 日本":                "é 日本",
	} {
		if got := format.Clean(in); got != want {
			t.Errorf("Clean(%q) = %q; want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\r\xff\x00\ufffe")
	f.Fuzz(func(t *testing.T, s string) {
		got := format.Clean(s)
		for _, r := range got {
			if !format.Allowed(r) {
				t.Fatalf("Clean(%q) = %q has %U", s, got, r)
			}
		}
		if again := format.Clean(got); again != got {
			t.Fatalf("Clean twice = %q; once %q", again, got)
		}
	})
}

// TestFieldList holds the list to its rules: the search in it needs its order.
func TestFieldList(t *testing.T) {
	if !slices.IsSortedFunc(format.FieldList, func(a, b format.Field) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("FieldList is not in the order of names")
	}
	s, h := formattest.Scan(), formattest.Hosts()[0]
	for _, f := range format.FieldList {
		if f.Name == "" || f.Title == "" {
			t.Errorf("field %q is incomplete", f.Name)
		}
		if _, ok := format.FieldNamed("plugin.attributes." + strings.ToUpper(f.Name)); !ok {
			t.Errorf("FieldNamed does not find %q", f.Name)
		}
		for _, r := range h.Results {
			for _, v := range format.Fields(s, h, r)(f.Name) {
				switch v.(type) {
				case int64, float64, string, bool:
				default:
					t.Errorf("field %s has a value of type %T, which filters can not compare", f.Name, v)
				}
			}
		}
	}
}

func TestFields(t *testing.T) {
	s, h := formattest.Scan(), formattest.Hosts()[0]
	get := format.Fields(s, h, h.Results[1]) // Terrapin
	day := func(y int, m time.Month, d int) []any {
		return []any{time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()}
	}
	for name, want := range map[string][]any{
		"severity":                      {int64(2)},
		"plugin_id":                     {int64(187315)},
		"plugin.id":                     {int64(187315)},
		"plugin.family_id":              {int64(4)},
		"plugin_family":                 {"Misc."},
		"cve":                           {"CVE-2023-48795"},
		"plugin.attributes.cve":         {"CVE-2023-48795"},
		"cvss3_base_score":              {5.9},
		"cwe":                           {"354"},
		"hostname":                      {"192.0.2.1", "web.example.test"},
		"host.target":                   {"192.0.2.1", "web.example.test"},
		"port":                          {int64(22)},
		"port.protocol":                 {"tcp"},
		"vuln_publication_date":         day(2023, 12, 18),
		"plugin.attributes.plugin_type": {"remote"},
		"exploit_available":             {"false"},
		"metasploit_name":               nil,
		"nonsense":                      nil,
		"plugin.attributes.risk_factor": {"Medium"},
		"output":                        {"Ciphers: chacha20-poly1305@openssh.com <weak>\r\nend]]>"},
	} {
		if diff := cmp.Diff(want, get(name)); diff != "" {
			t.Errorf("field %s (-want +got):\n%s", name, diff)
		}
	}
	if !harrier.Matches(harrier.Cmp{Field: "severity", Op: harrier.Ge, Values: []any{int64(2)}}, get) {
		t.Error("severity >= 2 does not hold for a medium finding")
	}
}

func TestFieldValue(t *testing.T) {
	for _, c := range []struct {
		field, in string
		want      any
	}{
		{"severity", "High", int64(3)},
		{"severity", "4", int64(4)},
		{"port", " 443 ", int64(443)},
		{"cvss3_base_score", "7.5", 7.5},
		{"plugin_publication_date", "2026/01/02", time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC).Unix()},
		{"plugin_publication_date", "1767312000", time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC).Unix()},
		{"cve", "CVE-2023-1", "CVE-2023-1"},
	} {
		f, _ := format.FieldNamed(c.field)
		if got, err := f.Value(c.in); err != nil || got != c.want {
			t.Errorf("%s.Value(%q) = %v, %v; want %v", c.field, c.in, got, err, c.want)
		}
	}
	for field, in := range map[string]string{"severity": "grave", "port": "http", "plugin_publication_date": "yesterday"} {
		f, _ := format.FieldNamed(field)
		if _, err := f.Value(in); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("%s.Value(%q) = %v; want Invalid", field, in, err)
		}
	}
}
