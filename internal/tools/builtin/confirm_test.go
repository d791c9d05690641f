package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/internal/content/builtin"
	"github.com/harrier-scan/harrier/internal/needs"
)

// TestOwnExploitedConfirmed compares what was written by hand about exploited
// vulnerabilities with the texts that tell it: every end of a range is there.
func TestOwnExploitedConfirmed(t *testing.T) {
	own, err := builtin.OwnEntries()
	if err != nil {
		t.Fatal(err)
	}
	texts := texts(t, own)
	compared := 0
	for _, o := range own {
		set := texts[o.Told]
		if set == nil {
			continue // the document is not at hand
		}
		compared++
		if !confirmed(&o.Claims[0], set[o.CVE]) {
			t.Errorf("%s: no %s tells the ends of %s", o.CVE, o.Told, &o.Claims[0])
		}
	}
	if compared < 150 {
		t.Errorf("%d lines were compared, want at least 150", compared)
	}
}

// TestOwnTold wants every line without words of our own to say where its
// versions are told.
func TestOwnTold(t *testing.T) {
	own, err := builtin.OwnEntries()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range own {
		if o.Title == "" && o.Told == "" {
			t.Errorf("%s does not say where %s is told", o.CVE, &o.Claims[0])
		}
	}
}

func TestConfirmed(t *testing.T) {
	for _, tt := range []struct {
		claim, text string
		want        bool
	}{
		{"x[7.0.0,7.0.6][7.2.0,7.2.1]", "7.2.0 through 7.2.1 and 7.0.0 through 7.0.6", true},
		{"x[7.0.0,7.0.6]", "before 7.0.61", false},
		{"x[7.0.0,7.0.6]", "before 17.0.6", false},
		{"x[7.0.0,7.0.6]", "before 7.0.6.1", false},
		{"x[6.7.0,6.12.3)", "before 6.12.3", false}, // nobody says where it begins
		{"x[6.12.0,6.12.3)", "6.12.x before 6.12.3", true},
		{"x[10.0.0,12.0.1)", "before 12.0.1", false},
		{"x[5.0.0,5.14.0)", "5.x before 5.14.0", true},
		{"x[13.0,13.0.92.19)", "13.0 before 13.0-92.19", true},
		{"x[15.0,15.0.1497.12)", "2013 < 15.00.1497.012", true},
		{"x[,18.5.3]", "v18.5 MR3 and older", true},
		{"x[7.0.0,7.0.1)", "7.x before 7.0 U1c", true},
		{"x[4.6,4.6.519)", "before 4.6 Patch 519", true},
		{"x=10.3.6.0.0", "versions 10.3.6.0, 12.1", true},
		{"x=10.3.6.0.0", "versions 10.3.6, 12.1", false},
		{"x[,1.2)", "", false},
	} {
		claim, err := builtin.ParseClaim(tt.claim)
		if err != nil {
			t.Fatal(err)
		}
		if got := confirmed(&claim, []string{tt.text}); got != tt.want {
			t.Errorf("%q confirms %s: %v, want %v", tt.text, tt.claim, got, tt.want)
		}
	}
}

// texts returns the texts about the CVEs of own, by set and CVE.
func texts(t *testing.T, own []builtin.Own) map[string]map[string][]string {
	t.Helper()
	data := needs.Shared(t, filepath.Join("..", "..", "..", "..", "shared", "data"))
	wanted := map[string]bool{}
	for _, o := range own {
		wanted[o.CVE] = true
	}
	cve := regexp.MustCompile(`CVE-\d{4}-\d{4,7}`)
	out := map[string]map[string][]string{}
	for set, file := range map[string]string{"template": "nuclei-templates.tar.gz", "msf": "msf.tar.gz", "kev": "kev.tar.gz"} {
		told := map[string][]string{}
		out[set] = told
		note := func(text string) {
			seen := map[string]bool{}
			for _, id := range cve.FindAllString(text, -1) {
				if wanted[id] && !seen[id] {
					seen[id] = true
					told[id] = append(told[id], text)
				}
			}
		}
		if err := each(filepath.Join(data, file), func(name string, text []byte) error {
			switch {
			case set == "kev" && strings.HasSuffix(name, ".csv"):
				for line := range strings.Lines(string(text)) {
					note(line)
				}
			case set == "msf", set == "template" && strings.HasSuffix(name, ".yaml") && strings.Contains(name, "/CVE-"):
				note(string(text))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// confirmed says whether one of the texts tells all ends of a claim. The lower
// end of a range need not be told when it is the first release of the line to
// which its upper end belongs.
func confirmed(c *builtin.Claim, texts []string) bool {
	for _, text := range texts {
		text = zeros.ReplaceAllString(text, "$1$2")
		ok := true
		for _, v := range c.Versions {
			ok = ok && tells(text, v)
		}
		for _, r := range c.Ranges {
			to := r.To + r.Before
			from := r.From + r.After
			ok = ok && tells(text, to) && (starts(from, to) || tells(text, from))
		}
		if ok {
			return true
		}
	}
	return false
}

// starts says whether from is the first release of a line to which to belongs:
// 7.2.0 of 7.2.6, 5.0 of 5.14.2, 9.0 of 9.0R3.4.
func starts(from, to string) bool {
	for ; from != ""; from = strings.TrimSuffix(from, ".0") {
		if rest, ok := strings.CutPrefix(to, from); ok && rest != "" && (rest[0] < '0' || rest[0] > '9') {
			return true
		}
		if !strings.HasSuffix(from, ".0") {
			return false
		}
	}
	return true // it has no lower end
}

// zeros are those in front of a number of a version: "15.01.0012".
var zeros = regexp.MustCompile(`(\.)0+([0-9])`)

// tells says whether a version stands in a text, in one of the ways in which its
// makers write it: "13.0-92.19", "18.5 MR3", "7.0 U1", "4.6 Patch 519", or with a
// last number less.
func tells(text, version string) bool {
	version = zeros.ReplaceAllString(version, "$1$2")
	ways := []string{regexp.QuoteMeta(version)}
	if parts := strings.Split(version, "."); len(parts) == 4 {
		ways = append(ways, regexp.QuoteMeta(parts[0]+"."+parts[1]+"-"+parts[2]+"."+parts[3]))
	} else if len(parts) == 3 {
		ways = append(ways, regexp.QuoteMeta(parts[0]+"."+parts[1])+" (?:MR|U|Patch )"+regexp.QuoteMeta(parts[2]))
	} else if short, ok := strings.CutSuffix(version, ".0"); ok && len(parts) == 5 {
		ways = append(ways, regexp.QuoteMeta(short))
	}
	return regexp.MustCompile(`(?:^|[^0-9.])(?:` + strings.Join(ways, "|") + `)(?:[^0-9.]|\.[^0-9]|\.?$)`).MatchString(text)
}
