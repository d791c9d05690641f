package vuln

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), t.TempDir()+"/h.db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func def(id harrier.VulnID, slug, family string) harrier.Vulnerability {
	return harrier.Vulnerability{ID: id, Slug: slug, Name: "Name of " + slug, Family: family, Severity: harrier.Low, CVEs: []string{"CVE-2023-48795"}}
}

var (
	terrapin = def(187315, "ssh-terrapin-cve-2023-48795", "Misc.")
	scanInfo = def(19506, "scan-information", "Settings")
	redis    = def(900001, "redis-no-auth", "Databases")
)

func numbers(list []harrier.Vulnerability) []harrier.VulnID {
	var out []harrier.VulnID
	for _, v := range list {
		out = append(out, v.ID)
	}
	return out
}

func TestLoad(t *testing.T) {
	ctx := t.Context()
	r := New(open(t))
	checks := []harrier.CheckInfo{{ID: 900001, Name: "redis"}, {ID: 19506, Name: "info"}, {ID: 900001, Name: "redis again"}}
	if err := r.Load(ctx, []harrier.Vulnerability{redis, terrapin, scanInfo}, checks); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]harrier.VulnID{19506, 187315, 900001}, numbers(r.All(ctx))); diff != "" {
		t.Errorf("All (-want +got):\n%s", diff)
	}
	if v, err := r.Vulnerability(ctx, 187315); err != nil || v.Name != terrapin.Name || v.UUID != harrier.NamedUUID(terrapin.Slug) {
		t.Errorf("Vulnerability = %+v, %v", v, err)
	}
	if v, err := r.BySlug(ctx, "redis-no-auth"); err != nil || v.ID != 900001 {
		t.Errorf("BySlug = %+v, %v", v, err)
	}
	want := []harrier.Family{{ID: 4, Name: "Misc.", Count: 1}, {ID: 17, Name: "Settings", Count: 1}, {ID: 21, Name: "Databases", Count: 1}}
	if diff := cmp.Diff(want, r.Families(ctx)); diff != "" {
		t.Errorf("Families (-want +got):\n%s", diff)
	}
	f, list, err := r.Family(ctx, 21)
	if err != nil || f != want[2] || len(list) != 1 || list[0].ID != 900001 {
		t.Errorf("Family(21) = %+v, %v, %v", f, list, err)
	}
	if f, list, err := r.Family(ctx, 31); err != nil || f.Name != "DNS" || len(list) != 0 {
		t.Errorf("Family(31) = %+v, %d, %v; want an empty DNS", f, len(list), err)
	}
	var names []string
	for _, c := range r.Checks() {
		names = append(names, c.Name)
	}
	if diff := cmp.Diff([]string{"info", "redis", "redis again"}, names); diff != "" {
		t.Errorf("Checks (-want +got):\n%s", diff)
	}
	_, errID := r.Vulnerability(ctx, 1)
	_, errSlug := r.BySlug(ctx, "x")
	_, _, errFamily := r.Family(ctx, 46)
	for call, err := range map[string]error{"Vulnerability(1)": errID, "BySlug(x)": errSlug, "Family(46)": errFamily} {
		if harrier.KindOf(err) != harrier.NotFound {
			t.Errorf("%s = %v; want NotFound", call, err)
		}
	}
}

// TestNumbersStay loads one content after another into one database, as
// releases do.
func TestNumbersStay(t *testing.T) {
	ctx, db := t.Context(), open(t)
	load := func(content ...harrier.Vulnerability) (*Room, error) {
		r := New(db)
		return r, r.Load(ctx, content, nil)
	}
	if _, err := load(terrapin, scanInfo); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]harrier.Vulnerability{
		"another slug for a number":  def(187315, "something-else", "Misc."),
		"another number for a slug":  def(900002, terrapin.Slug, "Misc."),
		"a number of gone content":   def(19506, "another-meaning", "Settings"),
		"a swap of number and slugs": def(19506, terrapin.Slug, "Misc."),
	} {
		if _, err := load(redis, content); harrier.KindOf(err) != harrier.Conflict {
			t.Errorf("Load with %s = %v; want Conflict", name, err)
		}
	}
	if kept, err := db.Vulnerabilities(ctx); err != nil || len(kept) != 2 {
		t.Errorf("a refused Load left %d definitions, %v; want the 2 from before", len(kept), err)
	}
	better := terrapin
	better.Name = "A better name"
	r, err := load(better, redis)
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := r.Lookup(187315); v.Name != "A better name" {
		t.Errorf("Lookup after an update = %q", v.Name)
	}
	if _, found := r.Lookup(19506); !found {
		t.Error("a definition that content no longer has is not known any more")
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		content []harrier.Vulnerability
		checks  []harrier.CheckInfo
	}{
		"a number twice":            {content: []harrier.Vulnerability{redis, def(900001, "other", "Misc.")}},
		"a slug twice":              {content: []harrier.Vulnerability{redis, def(900002, redis.Slug, "Misc.")}},
		"no number":                 {content: []harrier.Vulnerability{def(0, "x", "Misc.")}},
		"no slug":                   {content: []harrier.Vulnerability{def(5, "", "Misc.")}},
		"a family with no number":   {content: []harrier.Vulnerability{def(5, "x", "Sundries")}},
		"a check of what is not":    {content: []harrier.Vulnerability{redis}, checks: []harrier.CheckInfo{{ID: 7}}},
		"a definition with no name": {content: []harrier.Vulnerability{{ID: 5, Slug: "x", Family: "Misc."}}},
	} {
		r := New(open(t))
		if err := r.Load(t.Context(), c.content, c.checks); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("Load with %s = %v; want Invalid", name, err)
		}
		if len(r.All(t.Context())) != 0 {
			t.Errorf("Load with %s left something", name)
		}
	}
}

func TestLearn(t *testing.T) {
	ctx, db := t.Context(), open(t)
	r := New(db)
	if err := r.Load(ctx, []harrier.Vulnerability{redis}, []harrier.CheckInfo{{ID: redis.ID}}); err != nil {
		t.Fatal(err)
	}
	foreign := harrier.Vulnerability{ID: 12345, Slug: "whatever", Name: "From a file", Family: "A family of its own"}
	mine := redis
	mine.Name = "Somebody else's words"
	if err := r.Learn(ctx, []harrier.Vulnerability{foreign, mine, foreign, {ID: -1}}); err != nil {
		t.Fatal(err)
	}
	if v, _ := r.Lookup(12345); v.Slug != "imported-12345" || v.Name != "From a file" || v.UUID.IsZero() {
		t.Errorf("Lookup of a learnt one = %+v", v)
	}
	if v, _ := r.Lookup(redis.ID); v.Name != redis.Name {
		t.Errorf("Learn changed what was known to %q", v.Name)
	}
	if len(r.Checks()) != 1 {
		t.Errorf("%d checks after Learn; want 1", len(r.Checks()))
	}
	// Later content defines the number.
	r = New(db)
	if err := r.Load(ctx, []harrier.Vulnerability{redis, def(12345, "its-own-name", "Misc.")}, nil); err != nil {
		t.Fatalf("Load over a learnt definition = %v", err)
	}
	if v, _ := r.Lookup(12345); v.Slug != "its-own-name" {
		t.Errorf("Lookup after Load = %q; want its-own-name", v.Slug)
	}
	if v, err := db.Vulnerability(ctx, 12345); err != nil || v.Slug != "its-own-name" {
		t.Errorf("stored = %q, %v", v.Slug, err)
	}
}

// TestTogether reads while definitions are learnt.
func TestTogether(t *testing.T) {
	ctx := t.Context()
	r := New(open(t))
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for n := range 5 {
				if err := r.Learn(ctx, []harrier.Vulnerability{{ID: harrier.VulnID(100*i + n + 1), Name: "x"}}); err != nil {
					t.Error(err)
				}
				_, _ = r.All(ctx), r.Families(ctx)
			}
		})
	}
	wg.Wait()
	if n := len(r.All(ctx)); n != 20 {
		t.Errorf("%d definitions; want 20", n)
	}
}

// TestFamilies keeps the numbers that clients have seen.
func TestFamilies(t *testing.T) {
	ids, names, last := map[int]bool{}, map[string]bool{}, 0
	for _, f := range families {
		if ids[f.ID] || names[f.Name] || f.ID <= last || strings.TrimSpace(f.Name) != f.Name || f.Name == "" || f.Count != 0 {
			t.Errorf("family %+v: want rising numbers, names given once", f)
		}
		ids[f.ID], names[f.Name], last = true, true, f.ID
	}
	for name, id := range map[string]int{
		"Web Servers": 1, "FTP": 3, "Misc.": 4, "Service detection": 15, "Settings": 17, "General": 18, "Databases": 21, "DNS": 31,
		"Debian Local Security Checks": 34, "Windows : Microsoft Bulletins": 38, "VMware ESX Local Security Checks": 55,
		"Port scanners": 60, "Rocky Linux Local Security Checks": 65, "Artificial Intelligence": 68,
	} {
		if got := familyID(name); got != id {
			t.Errorf("familyID(%q) = %d; want %d for ever", name, got, id)
		}
	}
	if got := familyID("Sundries"); got != 0 {
		t.Errorf("familyID of no family = %d; want 0", got)
	}
}
