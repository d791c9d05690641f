package content

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
)

func of(class feed.Class, r harrier.Record) sourced {
	if r.Source == "" {
		r.Source = class.String()
	}
	if r.ID == "" {
		r.ID = "CVE-2024-1000"
	}
	return sourced{class, &r, true}
}

func merged(records ...sourced) harrier.Vulnerability {
	sortSourced(records)
	return merge(1240001000, "CVE-2024-1000", records, func(cpe string) string {
		return map[string]string{"a:f5:nginx": "Web Servers"}[cpe]
	})
}

const (
	v2  = "AV:N/AC:L/Au:N/C:P/I:P/A:P"                                      // 7.5
	v30 = "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"                    // 9.8
	v31 = "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:N"                    // 4.3
	v40 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N" // 9.3
)

func score(vector string, primary bool) []harrier.Score {
	s, ok := assess(harrier.Score{Vector: vector, Primary: primary})
	if !ok {
		panic(vector)
	}
	return []harrier.Score{s}
}

func TestMergeScores(t *testing.T) {
	for name, c := range map[string]struct {
		records  []sourced
		three    string
		severity harrier.Severity
	}{
		"NVD's own before the CNA's":        {[]sourced{of(feed.CNA, harrier.Record{Scores: score(v30, false)}), of(feed.NVD, harrier.Record{Scores: score(v31, true)})}, v31, harrier.Medium},
		"the CNA's before what NVD repeats": {[]sourced{of(feed.CNA, harrier.Record{Scores: score(v30, false)}), of(feed.NVD, harrier.Record{Scores: score(v31, false)})}, v30, harrier.Critical},
		"the CNA's before CISA's":           {[]sourced{of(feed.Enriched, harrier.Record{Scores: score(v30, false)}), of(feed.CNA, harrier.Record{Scores: score(v31, false)})}, v31, harrier.Medium},
		"of one source the later version":   {[]sourced{of(feed.CNA, harrier.Record{Scores: slices.Concat(score(v30, false), score(v31, false))})}, v31, harrier.Medium},
		"4.0 of the same source before 3.1": {[]sourced{of(feed.CNA, harrier.Record{Scores: slices.Concat(score(v31, false), score(v40, false))})}, v31, harrier.Critical},
		"3.1 of NVD before 4.0 of the CNA":  {[]sourced{of(feed.NVD, harrier.Record{Scores: score(v31, true)}), of(feed.CNA, harrier.Record{Scores: score(v40, false)})}, v31, harrier.Medium},
		"4.0 before 3.0 of whomever":        {[]sourced{of(feed.NVD, harrier.Record{Scores: score(v30, true)}), of(feed.CNA, harrier.Record{Scores: score(v40, false)})}, v30, harrier.Critical},
		"2.0 knows no critical":             {[]sourced{of(feed.NVD, harrier.Record{Scores: []harrier.Score{{Version: "2.0", Base: 10}}})}, "", harrier.High},
		"a word where there is no score":    {[]sourced{of(feed.Distribution, harrier.Record{Severity: "important"})}, "", harrier.High},
		"a score before a word":             {[]sourced{of(feed.NVD, harrier.Record{Scores: score(v31, true)}), of(feed.Distribution, harrier.Record{Severity: "critical"})}, v31, harrier.Medium},
		"a word that is none":               {[]sourced{of(feed.Distribution, harrier.Record{Severity: "not yet assigned"})}, "", harrier.Medium},
		"exploited and not graded":          {[]sourced{of(feed.Facts, harrier.Record{KEV: &harrier.KEV{}})}, "", harrier.High},
		"nothing":                           {nil, "", harrier.Medium},
	} {
		v := merged(c.records...)
		if v.CVSS3Vector != c.three || v.Severity != c.severity {
			t.Errorf("%s: %q, %s; want %q, %s", name, v.CVSS3Vector, v.Severity, c.three, c.severity)
		}
	}
	v := merged(of(feed.NVD, harrier.Record{Scores: slices.Concat(score(v2, true), score(v31, true), score(v40, true))}))
	if v.CVSS2Score != 7.5 || v.CVSS3Score != 4.3 || v.CVSS4Score != 9.3 || v.CVSS2Vector != v2 || v.CVSS4Vector != v40 {
		t.Errorf("the scores are %v %v %v", v.CVSS2Score, v.CVSS3Score, v.CVSS4Score)
	}
}

func TestAssess(t *testing.T) {
	for _, c := range []struct {
		in      harrier.Score
		version string
		base    float64
	}{
		{harrier.Score{Version: "2.0", Vector: "(" + v2 + ")"}, "2.0", 7.5},
		{harrier.Score{Vector: "CVSS2#" + v2, Base: 1}, "2.0", 7.5},
		{harrier.Score{Version: "3.1", Vector: v30, Base: 3}, "3.0", 9.8}, // the vector tells
		{harrier.Score{Version: "3.1", Base: 6.5}, "3.1", 6.5},
		{harrier.Score{Version: "3.1", Vector: "CVSS:3.1/AV:N"}, "", 0},
		{harrier.Score{Vector: "CVSS:3.1/AV:X/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:N"}, "", 0},
		{harrier.Score{Vector: "CVSS:9.9/AV:N"}, "", 0},
		{harrier.Score{Version: "3.1", Base: 11}, "", 0},
		{harrier.Score{Version: "3.1"}, "", 0},
		{harrier.Score{Version: "1.0", Base: 5}, "", 0},
	} {
		got, ok := assess(c.in)
		if ok != (c.version != "") || ok && (got.Version != c.version || got.Base != c.base) {
			t.Errorf("assess(%+v) = %+v, %t; want version %s, %v", c.in, got, ok, c.version, c.base)
		}
	}
}

func FuzzAssess(f *testing.F) {
	for _, v := range []string{v2, v30, v31, v40, "CVSS:4.0/", "((("} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, vector string) {
		s, ok := assess(harrier.Score{Vector: vector})
		if ok && (s.Base < 0 || s.Base > 10 || s.Version == "") {
			t.Errorf("assess(%q) = %+v", vector, s)
		}
	})
}

func TestMergeTexts(t *testing.T) {
	ghsa := of(feed.Ecosystem, harrier.Record{Title: "of GitHub", Summary: "Short."})
	cna := of(feed.CNA, harrier.Record{Title: "  of\nthe  CNA ", Details: "Long enough to be cut at its end. And more."})
	advisory := of(feed.Distribution, harrier.Record{ID: "RHSA-1", Title: "of many", Solution: "of many"})
	advisory.own = false
	rejected := of(feed.CNA, harrier.Record{Title: "of who took it back", Withdrawn: time.Unix(1, 0)})
	nginx := of(feed.NVD, harrier.Record{Affected: []harrier.Affected{{CPE: "cpe:2.3:a:f5:nginx_plus:*", Status: harrier.StatusAffected}}})
	for name, c := range map[string]struct {
		records []sourced
		title   string
	}{
		"the CNA's before GitHub's":   {[]sourced{ghsa, cna}, "of the CNA"},
		"GitHub's alone":              {[]sourced{ghsa}, "of GitHub"},
		"none of an advisory of many": {[]sourced{advisory, nginx}, "CVE-2024-1000 in nginx plus"},
		"the catalogue's":             {[]sourced{of(feed.Facts, harrier.Record{KEV: &harrier.KEV{Name: "A door"}}), nginx}, "A door"},
		"of a vendor and a product":   {[]sourced{of(feed.Facts, harrier.Record{KEV: &harrier.KEV{Vendor: "Acme", Product: "Door"}})}, "CVE-2024-1000 in Acme Door"},
		"only its name":               {nil, "CVE-2024-1000"},
		"when it was taken back":      {[]sourced{rejected}, "of who took it back"},
	} {
		if v := merged(c.records...); v.Name != c.title {
			t.Errorf("%s: %q; want %q", name, v.Name, c.title)
		}
	}
	v := merged(ghsa, cna)
	if v.Synopsis != "Short." || v.Description != "Long enough to be cut at its end. And more." {
		t.Errorf("Synopsis %q, Description %q", v.Synopsis, v.Description)
	}
	if v := merged(cna); v.Synopsis != "Long enough to be cut at its end." {
		t.Errorf("Synopsis %q; want the first sentence", v.Synopsis)
	}
}

func TestMergeThreats(t *testing.T) {
	at := func(d int) time.Time { return time.Date(2024, 5, d, 0, 0, 0, 0, time.UTC) }
	v := merged(
		of(feed.Facts, harrier.Record{Source: "a", EPSS: &harrier.EPSS{Probability: 0.1, Date: at(1)}, KEV: &harrier.KEV{Added: at(9), Due: at(20), Ransomware: true}}),
		of(feed.Facts, harrier.Record{Source: "b", EPSS: &harrier.EPSS{Probability: 0.2, Date: at(3)}, KEV: &harrier.KEV{Added: at(4), Due: at(10)}}),
		of(feed.Facts, harrier.Record{Source: "c", EPSS: &harrier.EPSS{Probability: 0.3, Date: at(2)}, Exploits: []harrier.Exploit{{Source: "metasploit", ID: "x"}, {Source: "exploitdb", ID: "1"}}}),
		of(feed.Facts, harrier.Record{Source: "d", Exploits: []harrier.Exploit{{Source: "metasploit", ID: "x"}}, SSVC: &harrier.SSVC{Exploitation: "poc"}}),
		of(feed.Enriched, harrier.Record{SSVC: &harrier.SSVC{Exploitation: "active"}}),
	)
	if v.EPSS != 0.2 || !v.Exploited || !v.ExploitedSince.Equal(at(4)) || !v.ExploitedDue.Equal(at(10)) || !v.Ransomware {
		t.Errorf("EPSS %v, since %s, due %s, %t", v.EPSS, v.ExploitedSince, v.ExploitedDue, v.Ransomware)
	}
	if v.SSVC.Exploitation != "active" || !v.Exploit {
		t.Errorf("SSVC %+v", v.SSVC)
	}
	if diff := cmp.Diff([]harrier.Exploit{{Source: "exploitdb", ID: "1"}, {Source: "metasploit", ID: "x"}}, v.Exploits); diff != "" {
		t.Errorf("Exploits (-want +got):\n%s", diff)
	}
}

func TestWithdrawn(t *testing.T) {
	gone := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		records []sourced
		want    bool
	}{
		"the CNA rejects it, others go on":   {[]sourced{of(feed.CNA, harrier.Record{Withdrawn: gone}), of(feed.NVD, harrier.Record{})}, true},
		"one of several takes it back":       {[]sourced{of(feed.CNA, harrier.Record{}), of(feed.Ecosystem, harrier.Record{Withdrawn: gone})}, false},
		"everybody takes it back":            {[]sourced{of(feed.NVD, harrier.Record{Withdrawn: gone}), of(feed.Ecosystem, harrier.Record{Withdrawn: gone})}, true},
		"facts have no say":                  {[]sourced{of(feed.Facts, harrier.Record{}), of(feed.NVD, harrier.Record{Withdrawn: gone})}, true},
		"nobody says anything but for facts": {[]sourced{of(feed.Facts, harrier.Record{})}, false},
	} {
		if got := !merged(c.records...).Withdrawn.IsZero(); got != c.want {
			t.Errorf("%s: %t; want %t", name, got, c.want)
		}
	}
}

func TestFamily(t *testing.T) {
	pkg := func(ecosystem string) harrier.Affected {
		return harrier.Affected{Package: harrier.Package{Ecosystem: ecosystem, Name: "x"}, Status: harrier.StatusAffected}
	}
	nginx := harrier.Affected{CPE: "cpe:2.3:a:f5:nginx:*", Status: harrier.StatusAffected}
	other := harrier.Affected{CPE: "cpe:2.3:a:x:y:*", Status: harrier.StatusAffected}
	spared := nginx
	spared.Status = harrier.StatusNotAffected
	for want, list := range map[string][]harrier.Affected{
		"Web Servers":                      {pkg("deb/debian/12"), other, nginx},
		"Debian Local Security Checks":     {pkg("apk/alpine/3.19"), pkg("deb/debian/12"), other, spared},
		"Ubuntu Local Security Checks":     {pkg("deb/ubuntu-pro/18.04")},
		"Red Hat Local Security Checks":    {pkg("rpm/redhat-eus/9.2")},
		"SuSE Local Security Checks":       {pkg("rpm/sles/15.5")},
		"Windows : Microsoft Bulletins":    {pkg("windows")},
		"CGI abuses":                       {pkg("retire")},
		"Arch Linux Local Security Checks": {pkg("alpm/arch")},
		"Misc.":                            {pkg("cargo"), other},
	} {
		if v := merged(of(feed.NVD, harrier.Record{Affected: list})); v.Family != want {
			t.Errorf("the family is %q; want %q", v.Family, want)
		}
	}
}

func TestSolutions(t *testing.T) {
	deb := func(fixed, advisory string) harrier.Affected {
		return harrier.Affected{Package: harrier.Package{Ecosystem: "deb/debian/12", Name: "nginx"}, Status: harrier.StatusAffected, Fixed: fixed, Advisory: advisory}
	}
	v := merged(
		of(feed.Distribution, harrier.Record{ID: "A", CVEs: []string{"CVE-2024-1000"}, Affected: []harrier.Affected{deb("1.22.1-9", "DSA-1"), deb("1.22.1-10", "DSA-2")}}),
		of(feed.Overrides, harrier.Record{Affected: []harrier.Affected{deb("9.9", "")}}), // the distribution has spoken
		of(feed.Vendor, harrier.Record{Affected: []harrier.Affected{
			{Package: harrier.Package{Ecosystem: "windows", Name: "Windows 10"}, Status: harrier.StatusAffected, Advisory: "KB5034441"},
			{
				Package: harrier.Package{Ecosystem: "windows", Name: "Windows Server 2022"}, Status: harrier.StatusAffected, Advisory: "KB5034129", Fixed: "10.0.20348.2227",
				Updates: []harrier.Update{{ID: "KB5034129", Kind: "security update", Build: "10.0.20348.2227", Supersedes: []string{"KB5033118", "KB5032198"}}, {ID: "KB5034130"}},
			},
			{Package: harrier.Package{Ecosystem: "rpm/redhat/9", Name: "nginx"}, Status: harrier.StatusWillNotFix},
			{Package: harrier.Package{Ecosystem: "rpm/redhat/8", Name: "nginx"}, Status: harrier.StatusNotAffected, Fixed: "1"},
		}}),
	)
	want := []harrier.Solution{
		{ID: "deb/debian/12:nginx", Summary: "Update nginx to 1.22.1-10 or later on Debian 12.", Type: "package", Applies: "deb/debian/12", Fixed: "1.22.1-10", Advisory: "DSA-2", Supersedes: []string{"deb/debian/12:nginx@1.22.1-9"}},
		{ID: "KB5034441", Summary: "Install KB5034441.", Type: "patch", Applies: "windows", Advisory: "KB5034441"},
		{
			ID: "KB5034129", Summary: "Install KB5034129 (security update), or an update that contains it.", Type: "patch", Applies: "windows", Fixed: "10.0.20348.2227",
			Advisory: "KB5034129", Supersedes: []string{"KB5032198", "KB5033118"},
		},
		{ID: "KB5034130", Summary: "Install KB5034130, or an update that contains it.", Type: "patch", Applies: "windows", Advisory: "KB5034130"},
	}
	if diff := cmp.Diff(want, v.Solutions); diff != "" {
		t.Errorf("Solutions (-want +got):\n%s", diff)
	}
}

func TestMergeBounds(t *testing.T) {
	var records []sourced
	for i := range 200 {
		r := harrier.Record{ID: string(rune('A'+i%26)) + string(rune('A'+i/26))}
		for k := range 5 {
			r.References = append(r.References, harrier.Reference{URL: "https://example.com/" + r.ID + string(rune('a'+k))})
			r.Exploits = append(r.Exploits, harrier.Exploit{Source: r.ID, ID: string(rune('a' + k))})
			r.Aliases = append(r.Aliases, r.ID+string(rune('a'+k)))
		}
		records = append(records, of(feed.NVD, r))
	}
	v := merged(records...)
	if len(v.References) != maxRefs || len(v.Exploits) != maxListed || len(v.Aliases) != maxListed {
		t.Errorf("%d references, %d exploits, %d aliases", len(v.References), len(v.Exploits), len(v.Aliases))
	}
}

func TestNumber(t *testing.T) {
	// Names that share a number are not at hand: the collision is made by what is
	// used already.
	a := harrier.ContentNumber("A")
	for name, c := range map[string]struct {
		used harrier.VulnID
		kept map[string]harrier.VulnID
		want harrier.VulnID
	}{
		"free":                   {0, nil, a},
		"taken by another":       {a, nil, a + 1},
		"kept":                   {0, map[string]harrier.VulnID{"A": 123456789}, 123456789},
		"kept, though not ours":  {0, map[string]harrier.VulnID{"A": 7}, a},
		"kept, that of a CVE id": {0, map[string]harrier.VulnID{"A": 1240001000}, a},
	} {
		got := number([]string{"A"}, func(n string) (harrier.VulnID, bool) {
			id, ok := c.kept[n]
			return id, ok
		}, func(id harrier.VulnID) bool { return id == c.used })["A"]
		if got != c.want {
			t.Errorf("%s: %d; want %d", name, got, c.want)
		}
	}
	// Two names of which the second had its number first.
	b := number([]string{"A", "B"}, func(n string) (harrier.VulnID, bool) { return a, n == "B" }, nil)
	if b["B"] != a || b["A"] != a+1 {
		t.Errorf("numbers are %v; want B to keep %d", b, a)
	}
	// Behind the last number comes the first.
	wrapped := number([]string{"A"}, nil, func(id harrier.VulnID) bool { return id >= a && id < 1_000_000_000 && id < a+5 })
	if wrapped["A"] != a+5 {
		t.Errorf("number = %d; want %d", wrapped["A"], a+5)
	}
}

func TestJoined(t *testing.T) {
	var many []harrier.VulnID
	for i := range harrier.VulnID(maxJoined + 1) {
		many = append(many, 1240000000+i)
	}
	if got := (joined{}).of(joined{}.with(many)).ids(); len(got) > 0 {
		t.Errorf("a name of %d CVEs joins %d", len(many), len(got))
	}
	if got := (joined{}).of(joined{}.with(many[:3])).of(joined{}.with(many[2:5])).ids(); !slices.Equal(got, many[:5]) {
		t.Errorf("two names join %v", got)
	}
	if got := (joined{}).of(joined{}.with(many[:40])).of(joined{}.with(many[40:])).ids(); len(got) > 0 {
		t.Errorf("two names of together %d CVEs join %d", len(many), len(got))
	}
}
