package builtin

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/product"
)

func collect(t testing.TB) []*harrier.Record {
	t.Helper()
	var out []*harrier.Record
	if err := Records(func(r *harrier.Record) error {
		out = append(out, r)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestRecords looks at every record: whole, of registered products, in own
// words, in order.
func TestRecords(t *testing.T) {
	seen := map[string]bool{}
	covered := map[string]int{}
	statements, exploited, nameless := 0, 0, 0
	for _, r := range collect(t) {
		if seen[r.ID] {
			t.Errorf("%s is there twice", r.ID)
		}
		seen[r.ID] = true
		if r.Source != Source || r.Title == "" || r.Summary == "" || strings.HasPrefix(r.Title, ":") || strings.Contains(r.Title, "%!") {
			t.Errorf("%s is not complete: %+v", r.ID, r)
		}
		if len(r.Affected) == 0 && r.KEV == nil {
			t.Errorf("%s says nothing", r.ID)
		}
		if r.KEV != nil {
			exploited++
			if r.KEV.Added.IsZero() {
				t.Errorf("%s is in the catalogue since never", r.ID)
			}
		}
		if strings.Contains(r.Title, ": "+unnamed) {
			nameless++
		}
		for _, a := range r.Affected {
			statements++
			p := product.ByFormatted(a.CPE)
			if p == nil || a.Status == harrier.StatusUnknown || len(a.Ranges)+len(a.Versions) == 0 || a.Scheme != p.Scheme {
				t.Errorf("%s: %+v is no statement", r.ID, a)
				continue
			}
			if a.Status == harrier.StatusAffected {
				covered[p.Name]++
			}
		}
	}
	t.Logf("%d records, %d statements about versions of %d products, %d exploited, %d without a word for the weakness", len(seen), statements, len(covered), exploited, nameless)
	if len(covered) < 300 {
		t.Errorf("%d products have ranges; want at least 300", len(covered))
	}
	if exploited < 1400 {
		t.Errorf("%d are exploited; want the whole catalogue", exploited)
	}
	for _, name := range []string{"nginx", "OpenSSH", "Apache HTTP Server", "Apache Tomcat", "MySQL", "Redis", "GitLab", "WordPress", "FortiOS", "PAN-OS"} {
		if covered[name] == 0 {
			t.Errorf("nothing is known about %s", name)
		}
	}
}

// TestClaims wants every line to name products that are registered, and to be
// written as it would be written.
func TestClaims(t *testing.T) {
	last := ""
	if err := Entries(func(e *Entry) error {
		again, err := ParseEntry(e.String())
		if err != nil || again.String() != e.String() {
			t.Errorf("%s reads as %s, %v", e, &again, err)
		}
		for _, c := range e.Claims {
			if product.BySlug(c.Product) == nil {
				t.Errorf("%s: no product has the slug %q", e.CVE, c.Product)
			}
		}
		last = e.CVE
		return nil
	}); err != nil {
		t.Fatalf("after %s: %v", last, err)
	}
	own, err := OwnEntries()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range own {
		if product.BySlug(o.Claims[0].Product) == nil {
			t.Errorf("%s: no product has the slug %q", o.CVE, o.Claims[0].Product)
		}
		if len(o.Title) > 90 || strings.HasSuffix(o.Title, ".") || o.Effect != "" && !strings.HasSuffix(o.Effect, ".") {
			t.Errorf("%s: %q, %q is no title and sentence", o.CVE, o.Title, o.Effect)
		}
	}
	cycles, err := Cycles()
	if err != nil || len(cycles) < 500 {
		t.Errorf("%d cycles, %v", len(cycles), err)
	}
	for _, c := range cycles {
		if product.BySlug(c.Product) == nil {
			t.Errorf("no product has the slug %q", c.Product)
		}
	}
}

func TestRecord(t *testing.T) {
	var got *harrier.Record
	for _, r := range collect(t) {
		if r.ID == "CVE-2021-23017" {
			got = r
		}
	}
	if got == nil {
		t.Fatal("CVE-2021-23017 is not known")
	}
	if got.Title != "nginx: one byte overwrite in the resolver (CVE-2021-23017)" || !strings.HasPrefix(got.Summary, "Forged DNS answers") {
		t.Errorf("it is called %q: %q", got.Title, got.Summary)
	}
	i := slices.IndexFunc(got.Affected, func(a harrier.Affected) bool { return a.CPE == "cpe:2.3:a:f5:nginx:*:*:*:*:*:*:*:*" })
	if i < 0 || !slices.Equal(got.Affected[i].Ranges, []harrier.Range{{From: "0.6.18", Before: "1.20.1"}}) {
		t.Errorf("it affects %+v", got.Affected)
	}
	if got.Published.Format("2006-01-02") != "2021-06-01" || !slices.Contains(got.CWEs, 193) || len(got.Scores) == 0 {
		t.Errorf("published %v, weaknesses %v, scores %v", got.Published, got.CWEs, got.Scores)
	}
}

func TestKeys(t *testing.T) {
	keys := Keys()
	if !slices.IsSorted(keys) || !slices.Contains(keys, harrier.CPEKey("a", "f5", "nginx")) || len(keys) < 300 {
		t.Errorf("%d keys, sorted %v", len(keys), slices.IsSorted(keys))
	}
	if Ranges()["nginx"] < 17 {
		t.Errorf("%d vulnerabilities of nginx", Ranges()["nginx"])
	}
}

func TestParseEntry(t *testing.T) {
	const line = "2021-23017\t2021-06-01\t193\tCVSS:3.1/AV:N/AC:H\tk2021-11-03;2021-11-17;r;F5;NGINX\tm:exploits/x\tnginx[0.6.18,1.20.1)(1.21.0,1.21.3][,2)=1.22.0=1.23.0 openresty=1"
	e, err := ParseEntry(line)
	if err != nil || e.String() != line {
		t.Fatalf("%v, %v", e.String(), err)
	}
	want := []harrier.Range{{From: "0.6.18", Before: "1.20.1"}, {After: "1.21.0", To: "1.21.3"}, {Before: "2"}}
	if len(e.Claims) != 2 || !slices.Equal(e.Claims[0].Ranges, want) || !slices.Equal(e.Claims[0].Versions, []string{"1.22.0", "1.23.0"}) {
		t.Errorf("claims %+v", e.Claims)
	}
	if k := e.KEV; k == nil || k.Added != "2021-11-03" || !k.Ransomware || k.Product != "NGINX" {
		t.Errorf("catalogue %+v", e.KEV)
	}
	for _, bad := range []string{
		"", "2021-23017", "x\t-\t-\t-\t-\t-\t-", "2021-23017\tJune\t-\t-\t-\t-\t-", "2021-23017\t-\tx\t-\t-\t-\t-",
		"2021-23017\t-\t-\t-\tk\t-\t-", "2021-23017\t-\t-\t-\t-\t-\tnginx", "2021-23017\t-\t-\t-\t-\t-\tnginx[1", "2021-23017\t-\t-\t-\t-\t-\tnginx[1,",
		"2021-23017\t-\t-\t-\t-\t-\tnginx[1)", "2021-23017\t-\t-\t-\t-\t-\tnginx(,1)", "2021-23017\t-\t-\t-\t-\t-\tnginx[1,]", "2021-23017\t-\t-\t-\t-\t-\tnginx=",
		"2021-23017\t-\t-\t-\t-\t-\tnginx=1]", "2021-23017\t-\t-\t-\t-\t-\t[1,2)", "2021-23017\t-\t-\t-\t-\t-\t-\tmore", "2021-23017\t-\t-\t-\t-\t-\tnginx[1,2)x",
	} {
		if e, err := ParseEntry(bad); err == nil {
			t.Errorf("%q reads as %+v", bad, e)
		}
	}
}

func FuzzParseEntry(f *testing.F) {
	f.Add("2021-23017\t2021-06-01\t193\tCVSS:3.1/AV:N/AC:H\tk2021-11-03;2021-11-17;r;F5;NGINX\tm:x e:1\tnginx[0.6.18,1.20.1)(1.21.0,1.21.3]=1.22.0")
	f.Add("2021-0920\t-\t-\t-\t-\t-\t-")
	f.Add("2021-0920\t-\t-\t-\t-\t-\tx=[,)(")
	words := map[string]ownText{}
	f.Fuzz(func(t *testing.T, line string) {
		e, err := ParseEntry(line)
		if err != nil {
			return
		}
		again, err := ParseEntry(e.String())
		if err != nil || again.String() != e.String() {
			t.Fatalf("%q is written as %q, which reads as %q, %v", line, e.String(), again.String(), err)
		}
		if r := e.record(words); r.Title == "" {
			t.Fatalf("%q has no title", line)
		}
	})
}

func TestConsequence(t *testing.T) {
	tests := []struct{ vector, want string }{
		{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "An attacker without an account can take over the product over the network."},
		{"CVSS:3.1/AV:L/AC:H/PR:L/UI:R/S:U/C:L/I:N/A:N", "An attacker with an ordinary account can read some data that is protected on the system itself, with the help of a user, under conditions that are hard to meet."},
		{"CVSS:4.0/AV:A/AC:L/AT:N/PR:H/UI:N/VC:N/VI:L/VA:H/SC:N/SI:N/SA:N", "An attacker with an administrative account can change some data and stop the service from the neighbouring network."},
		{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", ""},
		{"CVSS:3.1/AV:?", ""},
		{"", ""},
	}
	for _, tt := range tests {
		if got := consequence([]string{tt.vector}); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.vector, got, tt.want)
		}
	}
}

func TestNext(t *testing.T) {
	for cycle, want := range map[string]string{"1.26": "1.27", "9": "10", "1.9": "1.10", "": "", "1.": "", "x": "", "1.x": "", "99999999": ""} {
		if got := next(cycle); got != want {
			t.Errorf("%q is before %q, want %q", cycle, got, want)
		}
	}
}

// BenchmarkKeys is what a start costs that only needs to know what is there.
func BenchmarkKeys(b *testing.B) {
	for b.Loop() {
		n := 0
		if err := Entries(func(e *Entry) error { n += len(e.Claims); return nil }); err != nil || n == 0 {
			b.Fatal(n, err)
		}
	}
}

// BenchmarkRecords is what a start costs that needs everything.
func BenchmarkRecords(b *testing.B) {
	for b.Loop() {
		n := 0
		if err := Records(func(*harrier.Record) error { n++; return nil }); err != nil || n == 0 {
			b.Fatal(n, err)
		}
	}
}

// TestTelling holds what the records say of a few facts: who changes it raises
// telling, so that Book.Sum changes too.
func TestTelling(t *testing.T) {
	sum := sha256.New()
	for _, line := range []string{
		"2021-23017\t2021-06-01\t193\tCVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:L\tk2021-11-03;2021-11-17;r;F5;NGINX\tm:exploits/x e:12\tnginx[0.6.18,1.20.1)(1.21.0,1.21.3]=1.22.0 openresty=1",
		"2024-99991\t-\t79\tCVSS:4.0/AV:A/AC:L/AT:N/PR:H/UI:N/VC:N/VI:L/VA:H/SC:N/SI:N/SA:N\t-\t-\tnginx[1,2)",
		"2024-99992\t2024-01-02\t-\t-\tk2021-11-03;;;Nobody;Nothing\t-\t-",
		"2024-99993\t2024-01-02\t-\t-\t-\t-\tnginx=1",
	} {
		e, err := ParseEntry(line)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(e.record(nil))
		if err != nil {
			t.Fatal(err)
		}
		sum.Write(text)
	}
	const want = "2 e74ec990"
	if got := fmt.Sprintf("%s %x", telling, sum.Sum(nil)[:4]); got != want {
		t.Errorf("the records say other things than before: raise telling, and make this test want the number it has then (now %q)", got)
	}
}

// TestSolution holds that what mends a vulnerability of several products is said
// of each of them, so that lists of what is to be done keep them apart.
func TestSolution(t *testing.T) {
	redis := Claim{Product: "redis", Ranges: []harrier.Range{{Before: "6.2.20"}, {From: "7.0", Before: "7.2.11"}}}
	for want, claims := range map[string][]Claim{
		"Update Redis to 6.2.20, 7.2.11 or later, or to a package of your distribution that has the fix.":                   {redis},
		"Update to Redis 6.2.20, 7.2.11; Valkey 8.0.6 or later, or to a package of your distribution that has the fix.":     {redis, {Product: "valkey", Ranges: []harrier.Range{{Before: "8.0.6"}}}},
		"Update Redis and Valkey to versions that are not affected, or to packages of your distribution that have the fix.": {redis, {Product: "valkey", Versions: []string{"8.0.1"}}},
	} {
		if r := (&Entry{CVE: "CVE-2025-1", Claims: claims}).record(nil); r.Solution != want {
			t.Errorf("the solution is %q; want %q", r.Solution, want)
		}
	}
	for _, r := range collect(t) {
		for _, a := range r.Affected[:min(len(r.Affected), 3)] {
			if p := product.ByFormatted(a.CPE); !strings.Contains(r.Solution, p.Name) {
				t.Errorf("%s: %q does not speak of %s", r.ID, r.Solution, p.Name)
			}
		}
	}
}
