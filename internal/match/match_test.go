package match

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"

	"github.com/harrier-scan/harrier"
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
// only ever grows. Those of testdata/retired.txt were of versions of single
// products, before each CVE id had its own, and mean nothing else again.
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
	retired, err := os.ReadFile("testdata/retired.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(retired)) {
		slug, n, _ := strings.Cut(strings.TrimSpace(line), " ")
		for s, taken := range have {
			if taken == n || s == slug {
				t.Errorf("%s %s is retired and given to %s %s", slug, n, s, taken)
			}
		}
	}
	for slug, n := range have {
		t.Errorf("add %q to testdata/numbers.txt", slug+" "+n)
	}
}
