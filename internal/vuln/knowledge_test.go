package vuln

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/harrier-scan/harrier"
)

// fake is content in a map.
type fake struct {
	version string
	list    map[harrier.VulnID]harrier.Vulnerability
	aliases map[string]harrier.VulnID
	broken  error
}

func (f fake) Version() string { return f.version }

func (f fake) Vulnerability(id harrier.VulnID) (harrier.Vulnerability, bool, error) {
	v, ok := f.list[id]
	return v, ok, f.broken
}

func (f fake) Number(name string) (harrier.VulnID, bool, error) {
	id, ok := f.aliases[strings.ToLower(name)]
	return id, ok, f.broken
}

func (f fake) Families() []harrier.Family {
	return []harrier.Family{{Name: "Databases", Count: 2}, {Name: "of nobody", Count: 1}}
}

func (f fake) Family(name string, offset, _ int) ([]harrier.Light, error) {
	if name != "Databases" || offset > 0 {
		return nil, f.broken
	}
	return []harrier.Light{{ID: openCVE.ID, Name: openCVE.Name}, {ID: named.ID, Name: named.Name}}, f.broken
}

var (
	openCVE = def(1240006387, "cve-2024-6387", "Databases")
	named   = def(123456789, "ghsa-a-b-c", "Databases")
)

func knowledge(version string, list ...harrier.Vulnerability) fake {
	f := fake{version: version, list: map[harrier.VulnID]harrier.Vulnerability{}, aliases: map[string]harrier.VulnID{}}
	for _, v := range list {
		v.UUID = harrier.NamedUUID(v.Slug)
		f.list[v.ID], f.aliases[v.Slug] = v, v.ID
	}
	f.aliases["dsa-1"] = openCVE.ID
	return f
}

func TestKnowledge(t *testing.T) {
	ctx := t.Context()
	r := New(open(t))
	if err := r.Load(ctx, []harrier.Vulnerability{redis, terrapin}, nil); err != nil {
		t.Fatal(err)
	}
	if _, found := r.Lookup(openCVE.ID); found {
		t.Error("a room without content knows it")
	}
	r.Know(knowledge("1", openCVE, named))
	if v, err := r.Vulnerability(ctx, openCVE.ID); err != nil || v.Name != openCVE.Name {
		t.Errorf("Vulnerability = %+v, %v", v, err)
	}
	for slug, want := range map[string]harrier.VulnID{"cve-2024-6387": openCVE.ID, "ghsa-a-b-c": named.ID, redis.Slug: redis.ID} {
		if v, err := r.BySlug(ctx, slug); err != nil || v.ID != want {
			t.Errorf("BySlug(%s) = %d, %v; want %d", slug, v.ID, err, want)
		}
	}
	for _, slug := range []string{"dsa-1", "CVE-2024-6387", "cve-2020-1111", "x"} { // names, but no slugs
		if v, err := r.BySlug(ctx, slug); harrier.KindOf(err) != harrier.NotFound {
			t.Errorf("BySlug(%s) = %d, %v; want NotFound", slug, v.ID, err)
		}
	}
	want := []harrier.Family{{ID: 4, Name: "Misc.", Count: 1}, {ID: 21, Name: "Databases", Count: 3}}
	if diff := cmp.Diff(want, r.Families(ctx)); diff != "" {
		t.Errorf("Families (-want +got):\n%s", diff)
	}
	f, list, err := r.Family(ctx, 21)
	if err != nil || f.Count != 3 || len(list) != 3 || list[0].ID != redis.ID || list[2].ID != named.ID {
		t.Errorf("Family = %+v, %+v, %v", f, list, err)
	}
	if diff := cmp.Diff([]harrier.VulnID{terrapin.ID, redis.ID}, numbers(r.All(ctx))); diff != "" {
		t.Errorf("All (-want +got):\n%s", diff)
	}
	r.Know(nil)
	if _, found := r.Lookup(openCVE.ID); found || len(r.Families(ctx)) != 2 {
		t.Error("content that is gone is still known")
	}
}

// TestRemember reads observed vulnerabilities after content has gone.
func TestRemember(t *testing.T) {
	ctx, db := t.Context(), open(t)
	r := New(db)
	if err := r.Remember(ctx, []harrier.VulnID{openCVE.ID}); err != nil {
		t.Errorf("Remember without content = %v", err)
	}
	r.Know(knowledge("1", openCVE, named))
	if err := r.Remember(ctx, []harrier.VulnID{openCVE.ID, openCVE.ID, redis.ID, 1990000001}); err != nil {
		t.Fatal(err)
	}
	stored := func(want ...string) {
		t.Helper()
		list, err := db.Vulnerabilities(ctx)
		var got []string
		for _, v := range list {
			got = append(got, v.Slug+" "+v.Name)
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("stored, %v (-want +got):\n%s", err, diff)
		}
	}
	stored("cve-2024-6387 " + openCVE.Name)
	r.Know(nil)
	for range 2 { // from the store, and as it is held
		if v, found := r.Lookup(openCVE.ID); !found || v.Name != openCVE.Name {
			t.Errorf("Lookup = %+v, %t", v, found)
		}
	}
	better := openCVE
	better.Name = "A better name"
	r = New(db) // another start
	if err := r.Load(ctx, nil, nil); err != nil {
		t.Fatal(err)
	}
	if len(r.All(ctx)) != 0 {
		t.Error("what was remembered is among the program's own")
	}
	r.Know(knowledge("2", better, named))
	if err := r.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	stored("cve-2024-6387 A better name")
	r.Know(nil)
	if v, err := r.BySlug(ctx, "cve-2024-6387"); err != nil || v.Name != "A better name" {
		t.Errorf("BySlug = %+v, %v", v, err)
	}
}

// TestRememberMoved: a name that has another number now does not stand in the
// way.
func TestRememberMoved(t *testing.T) {
	ctx := t.Context()
	r := New(open(t))
	r.Know(knowledge("1", named))
	moved := named
	moved.ID++
	if err := r.Remember(ctx, []harrier.VulnID{named.ID}); err != nil {
		t.Fatal(err)
	}
	r.Know(knowledge("2", moved, openCVE))
	if err := r.Remember(ctx, []harrier.VulnID{openCVE.ID, moved.ID}); err != nil {
		t.Fatal(err)
	}
	r.Know(nil)
	for _, id := range []harrier.VulnID{named.ID, moved.ID, openCVE.ID} {
		if _, found := r.Lookup(id); !found {
			t.Errorf("%d is not known", id)
		}
	}
}

// TestBroken: content that can not be read is told, and what was remembered
// stays readable.
func TestBroken(t *testing.T) {
	ctx := t.Context()
	r := New(open(t))
	r.Know(knowledge("1", openCVE))
	if err := r.Remember(ctx, []harrier.VulnID{openCVE.ID}); err != nil {
		t.Fatal(err)
	}
	broken := knowledge("2")
	broken.broken = errors.New("damaged")
	r.Know(broken)
	if _, err := r.Vulnerability(ctx, openCVE.ID); err != nil {
		t.Errorf("Vulnerability of a remembered one = %v", err)
	}
	_, errUnknown := r.Vulnerability(ctx, named.ID)
	_, errSlug := r.BySlug(ctx, named.Slug)
	_, _, errFamily := r.Family(ctx, 21)
	for call, err := range map[string]error{
		"Vulnerability": errUnknown, "BySlug": errSlug, "Family": errFamily, "Remember": r.Remember(ctx, []harrier.VulnID{named.ID}),
	} {
		if !errors.Is(err, broken.broken) {
			t.Errorf("%s = %v; want the fault", call, err)
		}
	}
}

// TestSwap asks while content changes.
func TestSwap(t *testing.T) {
	ctx := t.Context()
	r := New(open(t))
	r.Know(knowledge("1", openCVE))
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for range 50 {
				if _, found := r.Lookup(openCVE.ID); !found {
					t.Error("lost while content changes")
				}
				if err := r.Remember(ctx, []harrier.VulnID{openCVE.ID}); err != nil {
					t.Error(err)
				}
				_ = r.Families(ctx)
			}
		})
	}
	for range 50 {
		r.Know(knowledge("2", openCVE, named))
	}
	wg.Wait()
}
