package all

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	gocvss20 "github.com/pandatix/go-cvss/20"
	gocvss31 "github.com/pandatix/go-cvss/31"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
	"github.com/harrier-scan/harrier/internal/match"
)

// families are the public names that checks may be filed under.
//
// Source: nessus-api.md, section 14.
var families = strings.Split("Web Servers|CGI abuses|FTP|Misc.|Denial of Service|Windows|CGI abuses : XSS|Firewalls|Backdoors|CISCO|SMTP problems|"+
	"Netware|Gain a shell remotely|Service detection|RPC|Settings|General|Default Unix Accounts|Databases|Peer-To-Peer File Sharing|SNMP|DNS|SCADA|"+
	"Brute force attacks|Port scanners", "|")

func TestChecks(t *testing.T) {
	known := map[string]bool{}
	for _, f := range families {
		known[f] = true
	}
	form := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	used := map[string]int{}
	for _, c := range Checks() {
		v := c.Vulnerability
		used[v.Family]++
		name := fmt.Sprintf("%d %s", v.ID, v.Slug)
		switch {
		case v.Name == "" || !strings.HasSuffix(v.Synopsis, ".") || !strings.HasSuffix(v.Description, ".") || !strings.HasSuffix(v.Solution, "."):
			t.Errorf("%s: a text is missing", name)
		case !known[v.Family]:
			t.Errorf("%s: there is no family %q", name, v.Family)
		case !form.MatchString(v.Slug) || v.UUID != harrier.NamedUUID(v.Slug):
			t.Errorf("%s: malformed slug, or a UUID that does not follow from it", name)
		case v.Added.IsZero() || v.Modified.IsZero():
			t.Errorf("%s has no dates", name)
		case v.Severity > harrier.Info && len(v.CWEs) == 0:
			t.Errorf("%s has no CWE", name)
		case c.Run == nil || c.Applies == nil && !c.HostLevel:
			t.Errorf("%s can not run", name)
		case c.ID != v.ID || c.Name != v.Name || c.Family != v.Family || c.Severity != v.Severity || c.Kind != harrier.ActiveCheck:
			t.Errorf("%s: %+v does not fit its vulnerability", name, c.CheckInfo)
		case c.Applies != nil && c.Applies(harrier.Service{}):
			t.Errorf("%s applies to a service that nothing is known of", name)
		}
		for _, url := range v.References {
			if !strings.HasPrefix(url, "https://") {
				t.Errorf("%s: reference %q", name, url)
			}
		}
		rated(t, name, v)
	}
	if len(used) < 9 || len(Checks()) < 30 {
		t.Errorf("%d checks in %d families; want at least 30 in 9", len(Checks()), len(used))
	}
}

// rated holds scores and severity to the vectors.
func rated(t *testing.T, name string, v harrier.Vulnerability) {
	t.Helper()
	if v.Severity != harrier.SeverityOfScore(v.CVSS3Score) || (v.CVSS2Vector == "") != (v.CVSS3Vector == "") {
		t.Errorf("%s: severity %s with score %.1f, vectors %q and %q", name, v.Severity, v.CVSS3Score, v.CVSS2Vector, v.CVSS3Vector)
	}
	if v.CVSS3Vector == "" {
		return
	}
	v2, err := gocvss20.ParseVector(v.CVSS2Vector)
	if err != nil || math.Abs(v2.BaseScore()-v.CVSS2Score) > 0.001 {
		t.Errorf("%s: %s does not give %.1f (%v)", name, v.CVSS2Vector, v.CVSS2Score, err)
	}
	v3, err := gocvss31.ParseVector(v.CVSS3Vector)
	if err != nil || math.Abs(v3.BaseScore()-v.CVSS3Score) > 0.001 {
		t.Errorf("%s: %s does not give %.1f (%v)", name, v.CVSS3Vector, v.CVSS3Score, err)
	}
}

// TestUnique keeps active checks and those of package match apart.
func TestUnique(t *testing.T) {
	vulns := match.Vulnerabilities()
	for _, c := range Checks() {
		vulns = append(vulns, c.Vulnerability)
	}
	numbers, slugs := map[harrier.VulnID]string{}, map[string]bool{}
	for _, v := range vulns {
		if other, taken := numbers[v.ID]; taken {
			t.Errorf("%d means both %s and %s", v.ID, other, v.Slug)
		}
		if slugs[v.Slug] {
			t.Errorf("slug %s is taken twice", v.Slug)
		}
		if v.ID <= 0 || v.ID >= 1_000_000 {
			t.Errorf("%s: number %d is outside every range", v.Slug, v.ID)
		}
		numbers[v.ID], slugs[v.Slug] = v.Slug, true
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
	for _, c := range Checks() {
		have[c.Vulnerability.Slug] = fmt.Sprint(c.ID)
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

// TestFolders wants every folder of checks in the list.
func TestFolders(t *testing.T) {
	source, err := os.ReadFile("all.go")
	if err != nil {
		t.Fatal(err)
	}
	folders, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if !f.IsDir() || f.Name() == "all" || f.Name() == "checktest" || f.Name() == "testdata" {
			continue
		}
		if !strings.Contains(string(source), "\t"+f.Name()+".Checks,") {
			t.Errorf("folder %s is not listed", f.Name())
		}
	}
}

func TestAllowed(t *testing.T) {
	for _, c := range Checks() {
		ok, reason := c.Allowed(harrier.Settings{})
		if ok == c.GuessLogin || ok != (reason == "") {
			t.Errorf("%s: Allowed = %v, %q without guessing logins", c.Vulnerability.Slug, ok, reason)
		}
		if ok, reason := c.Allowed(harrier.Settings{GuessLogins: true}); !ok {
			t.Errorf("%s: not allowed though logins may be guessed: %s", c.Vulnerability.Slug, reason)
		}
	}
	unsafe := check.Check{}
	if ok, _ := unsafe.Allowed(harrier.Settings{}); ok {
		t.Error("a check that is not safe is allowed")
	}
	if ok, _ := unsafe.Allowed(harrier.Settings{Unsafe: true}); !ok {
		t.Error("a check that is not safe is not allowed though the settings say so")
	}
}
