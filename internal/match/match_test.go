package match

import (
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/version"
)

func TestVulnerabilities(t *testing.T) {
	vulns, checks := Vulnerabilities(), Checks()
	if len(vulns) != len(checks) {
		t.Fatalf("%d vulnerabilities, %d checks; want as many", len(vulns), len(checks))
	}
	slugs := map[string]bool{}
	form := regexp.MustCompile(`^[a-z0-9]+([.-][a-z0-9]+)*$`)
	for i, v := range vulns {
		c := checks[i]
		switch {
		case i > 0 && vulns[i-1].ID >= v.ID:
			t.Errorf("%d comes after %d: number taken twice, or out of order", v.ID, vulns[i-1].ID)
		case c.ID != v.ID || c.Name != v.Name || c.Family != v.Family || c.Severity != v.Severity || !c.Safe || c.Kind == harrier.ActiveCheck:
			t.Errorf("check %+v does not fit %d", c, v.ID)
		case slugs[v.Slug] || !form.MatchString(v.Slug):
			t.Errorf("%d: slug %q is taken or malformed", v.ID, v.Slug)
		case v.UUID != harrier.NamedUUID(v.Slug):
			t.Errorf("%d: UUID %s does not follow from %q", v.ID, v.UUID, v.Slug)
		case v.Name == "" || v.Family == "" || !strings.HasSuffix(v.Synopsis, ".") || !strings.HasSuffix(v.Description, "."):
			t.Errorf("%d: a text is missing: %+v", v.ID, v)
		case v.ID >= 900_000 && len(v.CVEs) == 1 && v.Solution == "":
			t.Errorf("%d has no solution", v.ID)
		case v.Severity != harrier.SeverityOfScore(v.CVSS3Score):
			t.Errorf("%d: severity %s with score %.1f", v.ID, v.Severity, v.CVSS3Score)
		}
		slugs[v.Slug] = true
		if score := scoreOf(t, v.CVSS3Vector); math.Abs(score-v.CVSS3Score) > 0.001 {
			t.Errorf("%d (%s): score %.1f; %s gives %.1f", v.ID, v.Slug, v.CVSS3Score, v.CVSS3Vector, score)
		}
	}
}

func scoreOf(t *testing.T, vector string) float64 {
	t.Helper()
	switch {
	case strings.HasPrefix(vector, "CVSS:3.1/"):
		v, err := gocvss31.ParseVector(vector)
		if err != nil {
			t.Fatalf("%s: %v", vector, err)
		}
		return v.BaseScore()
	case strings.HasPrefix(vector, "CVSS:3.0/"):
		v, err := gocvss30.ParseVector(vector)
		if err != nil {
			t.Fatalf("%s: %v", vector, err)
		}
		return v.BaseScore()
	case vector != "":
		t.Fatalf("vector %q has no version", vector)
	}
	return 0
}

// TestUUID keeps UUIDs from changing: they are the same on every installation.
func TestUUID(t *testing.T) {
	for slug, want := range map[string]string{"host-ping": "a4ef3a14-070c-50a1-b2ee-93d0115dfa0c", "nginx-cve-2021-23017": "3d546630-affb-5a7e-844a-669d0ef362e2"} {
		if got := harrier.NamedUUID(slug).String(); got != want {
			t.Errorf("NamedUUID(%s) = %s; want %s", slug, got, want)
		}
	}
}

// TestNumbers keeps numbers from changing their meaning: testdata/numbers.txt
// only ever grows.
func TestNumbers(t *testing.T) {
	raw, err := os.ReadFile("testdata/numbers.txt")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]string{}
	for _, v := range Vulnerabilities() {
		have[v.Slug] = strconv.Itoa(int(v.ID))
	}
	for line := range strings.Lines(string(raw)) {
		slug, n, _ := strings.Cut(strings.TrimSpace(line), " ")
		if have[slug] != n {
			t.Errorf("%s has number %q; it was published as %s", slug, have[slug], n)
		}
		delete(have, slug)
	}
	for slug, n := range have {
		t.Errorf("add %q to testdata/numbers.txt", slug+" "+n)
	}
}

func TestProducts(t *testing.T) {
	var bases []harrier.VulnID
	names := map[string]string{}
	for _, p := range products {
		bases = append(bases, p.Base)
		for _, n := range append(append([]string{strings.ToLower(p.Name)}, p.Names...), p.CPEs...) {
			if by := names[n]; by != "" && by != p.Name {
				t.Errorf("%q means both %s and %s", n, by, p.Name)
			}
			names[n] = p.Name
		}
		numbers := map[int]bool{}
		for _, c := range p.CVEs {
			if c.N <= 0 || c.N >= 500 || numbers[c.N] {
				t.Errorf("%s %s: N %d is taken or outside 1-499", p.Name, c.CVE, c.N)
			}
			numbers[c.N] = true
			if len(c.Affected) == 0 {
				t.Errorf("%s %s affects nothing", p.Name, c.CVE)
			}
			for _, r := range c.Affected {
				end := r.Fixed + r.Last
				if (r.Fixed == "") == (r.Last == "") || r.From != "" && version.Compare(p.Scheme, r.From, end) > 0 {
					t.Errorf("%s %s: range %+v is empty", p.Name, c.CVE, r)
				}
			}
		}
	}
	slices.Sort(bases)
	for i, b := range bases {
		if b%500 != 0 || b < 910_000 || b > 999_000 || i > 0 && bases[i-1] == b {
			t.Errorf("base %d is taken or no multiple of 500 from 910000 to 999000", b)
		}
	}
}

func TestTable(t *testing.T) {
	at := func(product, version string) harrier.Service {
		return harrier.Service{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 80}, Name: "x", Product: product, Version: version}
	}
	for _, c := range []struct {
		name    string
		service harrier.Service
		cve     string
		want    harrier.Outcome
	}{
		{"old", at("nginx", "1.18.0"), "CVE-2021-23017", harrier.Vulnerable},
		{"fixed", at("nginx", "1.20.1"), "CVE-2021-23017", harrier.Clean},
		{"no version", at("nginx", ""), "CVE-2021-23017", harrier.Failed},
		{"half a version", at("Apache httpd", "2.4"), "CVE-2021-41773", harrier.Failed},
		{"exact", at("Apache httpd", "2.4.49"), "CVE-2021-41773", harrier.Vulnerable},
		{"before the fault", at("Apache httpd", "2.4.48"), "CVE-2021-41773", harrier.Clean},
		{"second range", at("Samba", "4.19.0"), "CVE-2023-4091", harrier.Vulnerable},
		{"patch level", at("ISC BIND", "9.9.7-P2"), "CVE-2015-5477", harrier.Clean},
		{"backdoor", at("vsftpd", "2.3.4"), "CVE-2011-2523", harrier.Vulnerable},
		{"other version", at("vsftpd", "3.0.3"), "CVE-2011-2523", harrier.Clean},
		{"other product", at("Tengine", "1.18.0"), "CVE-2021-23017", harrier.Clean},
		{"no product", at("", ""), "CVE-2021-23017", harrier.Clean},
		{"no product, its protocol", harrier.Service{Name: "http"}, "CVE-2021-23017", harrier.Failed},
		{"no product, another protocol", harrier.Service{Name: "ssh"}, "CVE-2021-23017", harrier.Clean},
		{"redis that wants a password", harrier.Service{Name: "redis"}, "CVE-2025-49844", harrier.Failed},
		{"prefix of replication", at("MariaDB", "5.5.5-10.4.17-MariaDB"), "CVE-2021-27928", harrier.Vulnerable},
		{"MySQL is not MariaDB", at("MySQL", "10.4.17"), "CVE-2021-27928", harrier.Clean},
		{"regreSSHion", at("OpenSSH", "9.2p1 Debian-2+deb12u2"), "CVE-2024-6387", harrier.Vulnerable},
		{"regreSSHion mended", at("OpenSSH", "9.8p1"), "CVE-2024-6387", harrier.Clean},
	} {
		t.Run(c.name, func(t *testing.T) {
			id := numberOf(t, c.service.Product, c.cve)
			present, done := Table(harrier.Host{}, []harrier.Service{c.service}, harrier.NewIDs([]harrier.VulnID{id}), harrier.Settings{})
			got := harrier.Clean
			for _, d := range done {
				got = max(got, d.Outcome)
			}
			if got != c.want || (got == harrier.Vulnerable) != (len(present) == 1) {
				t.Errorf("Table(%s %s) = %v, %d present; want %v", c.service.Product, c.service.Version, got, len(present), c.want)
			}
		})
	}
}

// numberOf finds the number of cve in the product of that name, or in any.
func numberOf(t *testing.T, name, cve string) harrier.VulnID {
	t.Helper()
	var any harrier.VulnID
	for _, p := range products {
		for _, c := range p.CVEs {
			if c.CVE == cve && (any == 0 || strings.EqualFold(p.Name, name)) {
				any = c.ID
			}
		}
	}
	if any == 0 {
		t.Fatalf("no %s in the table", cve)
	}
	return any
}

func TestTableEvidence(t *testing.T) {
	s := harrier.Service{
		Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 22}, Name: "ssh", Product: "OpenSSH", Version: "9.2p1",
		CPE: "cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*", Evidence: "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10",
	}
	id := numberOf(t, "OpenSSH", "CVE-2024-6387")
	planned := harrier.NewIDs([]harrier.VulnID{id})
	present, _ := Table(harrier.Host{}, []harrier.Service{s}, planned, harrier.Settings{})
	want := []harrier.Observation{{
		Vulnerability: id, Endpoint: s.Endpoint, Service: "ssh", Certainty: harrier.Potential, Source: "banner",
		Evidence: "\n  Banner            : SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\n  Product           : OpenSSH\n" +
			"  Installed version : 9.2p1\n  Fixed version     : 9.8p1\n\n" +
			"The service shows that it comes from Debian, which often brings a fix to the version\nit ships without changing the number: compare the version of the package with the\nadvisories of the distribution.\n",
	}}
	if diff := cmp.Diff(want, present); diff != "" {
		t.Errorf("Services differs (-want +got):\n%s", diff)
	}
	present, done := Table(harrier.Host{}, []harrier.Service{s}, planned, harrier.Settings{NoPotential: true})
	if len(present) != 0 || len(done) != 1 || done[0].Outcome != harrier.Skipped {
		t.Errorf("Services with NoPotential = %v, %v; want none present and skipped", present, done)
	}
	if present, done := Table(harrier.Host{}, []harrier.Service{s}, harrier.NewIDs(nil), harrier.Settings{}); len(present)+len(done) != 0 {
		t.Errorf("Services with nothing planned = %v, %v; want nothing", present, done)
	}
}

func FuzzTable(f *testing.F) {
	f.Add("nginx", "1.18.0", "cpe:2.3:a:f5:nginx:1.18.0:*:*:*:*:*:*:*")
	f.Fuzz(func(t *testing.T, product, version, cpe string) {
		s := harrier.Service{Product: product, Version: version, CPE: cpe}
		present, done := Table(harrier.Host{}, []harrier.Service{s}, nil, harrier.Settings{})
		if len(present) > len(done) {
			t.Errorf("%d present but %d outcomes", len(present), len(done))
		}
	})
}
