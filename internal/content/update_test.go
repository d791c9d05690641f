package content_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content"
	"github.com/harrier-scan/harrier/internal/content/contenttest"
	"github.com/harrier-scan/harrier/internal/feed"
)

// world makes random records out of few names, so that they meet.
type world struct{ *rand.Rand }

func (w world) some(n int, f func() string) []string {
	var out []string
	for range w.IntN(n + 1) {
		out = append(out, f())
	}
	return out
}

func (w world) cve() string { return fmt.Sprintf("CVE-2024-%04d", w.IntN(12)) }
func (w world) alias() string {
	return []string{"GHSA-", "ghsa-", "DSA-", "X-"}[w.IntN(4)] + fmt.Sprint(w.IntN(8))
}

func (w world) record() contenttest.Classed {
	class := feed.Class(w.IntN(8))
	r := harrier.Record{Source: class.String(), ID: w.alias(), Title: w.alias(), Aliases: w.some(2, w.alias)}
	if w.IntN(2) == 0 {
		r.ID = w.cve()
	}
	if w.IntN(2) == 0 {
		r.CVEs = w.some(4, w.cve)
	}
	if w.IntN(5) == 0 {
		r.Withdrawn = time.Date(2024, 1, 1+w.IntN(9), 0, 0, 0, 0, time.UTC)
	}
	if w.IntN(3) == 0 {
		r.Scores = []harrier.Score{{Version: "3.1", Base: float64(1 + w.IntN(9)), Primary: true}}
	}
	if w.IntN(4) == 0 {
		r.EPSS = &harrier.EPSS{Probability: w.Float64(), Date: time.Date(2024, 2, 1+w.IntN(9), 0, 0, 0, 0, time.UTC)}
	}
	for range w.IntN(4) {
		a := harrier.Affected{Status: harrier.Status(w.IntN(4)), Fixed: fmt.Sprint(1+w.IntN(3), ".", w.IntN(3))}
		switch w.IntN(3) {
		case 0:
			a.CPE = fmt.Sprintf("cpe:2.3:a:v:p%d:*", w.IntN(3))
		case 1:
			a.Package = harrier.Package{Ecosystem: []string{"deb/debian/12", "npm"}[w.IntN(2)], Name: fmt.Sprint("p", w.IntN(3))}
		case 2:
			a.Maker = fmt.Sprint("v/p", w.IntN(3))
		}
		r.Affected = append(r.Affected, a)
	}
	return contenttest.Classed{Class: class, Record: r}
}

// TestUpdate holds an Update to what a new base of the same records says.
func TestUpdate(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { updateOnce(t, world{rand.New(rand.NewPCG(seed, 5))}) })
	}
}

func updateOnce(t *testing.T, w world) {
	var all []contenttest.Classed
	put := func(c contenttest.Classed) {
		all = slices.DeleteFunc(all, func(o contenttest.Classed) bool {
			return o.Record.Source == c.Record.Source && o.Record.ID == c.Record.ID
		})
		all = append(all, c)
	}
	for range 25 {
		put(w.record())
	}
	path, base := build(t, noFamilies, all)
	for range 3 {
		next := filepath.Join(t.TempDir(), "next.db")
		_, keys, err := content.Update(path, next, func(b *content.Builder) error {
			for range w.IntN(5) {
				c := w.record()
				put(c)
				if err := b.Add(c.Class, &c.Record); err != nil {
					return err
				}
			}
			for range w.IntN(3) {
				gone := all[w.IntN(len(all))].Record
				all = slices.DeleteFunc(all, func(o contenttest.Classed) bool { return o.Record.Source == gone.Source && o.Record.ID == gone.ID })
				if err := b.Remove(gone.Source, gone.ID); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		now := open(t, next)
		_, fresh := build(t, noFamilies, all)
		contenttest.Same(t, fresh, now)
		for _, key := range differ(t, base, now) {
			if !slices.Contains(keys, key) {
				t.Errorf("Update tells the keys %q, not %q, which differs", keys, key)
			}
		}
		path, base = next, now
	}
}

// differ lists the keys of the world whose statements are not the same.
func differ(t *testing.T, a, b *content.Base) []string {
	t.Helper()
	var out []string
	for i := range 3 {
		for _, key := range []string{
			harrier.CPEKey("a", "v", fmt.Sprint("p", i)), harrier.MakerKey(fmt.Sprint("v/p", i)),
			harrier.PackageKey(harrier.Package{Ecosystem: "npm", Name: fmt.Sprint("p", i)}),
			harrier.PackageKey(harrier.Package{Ecosystem: "deb/debian/12", Name: fmt.Sprint("p", i)}),
		} {
			x, err1 := a.Statements(key)
			y, err2 := b.Statements(key)
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			if !cmp.Equal(x, y) {
				out = append(out, key)
			}
		}
	}
	slices.Sort(out)
	return out
}

// TestUpdateInPlace puts the new base where the old one is, which goes on
// answering.
func TestUpdateInPlace(t *testing.T) {
	path, old := build(t, noFamilies, contenttest.Sample())
	version := old.Version()
	touched, keys, err := content.Update(path, path, func(b *content.Builder) error {
		b.Describe(content.Info{Sources: []content.Source{{Name: "arch", Licence: "MIT", Class: feed.Distribution}}})
		return b.Add(feed.Distribution, &harrier.Record{
			Source: "arch", ID: "ASA-1", CVEs: []string{"CVE-2024-7347"},
			Affected: []harrier.Affected{{Package: harrier.Package{Ecosystem: "alpm/arch", Name: "nginx"}, Status: harrier.StatusAffected, Fixed: "1.27.1-1"}},
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]harrier.VulnID{1240007347}, touched); diff != "" {
		t.Errorf("touched (-want +got):\n%s", diff)
	}
	key := harrier.PackageKey(harrier.Package{Ecosystem: "alpm/arch", Name: "nginx"})
	if diff := cmp.Diff([]string{key}, keys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if list, err := old.Records(1240007347); err != nil || len(list) != 4 || old.Version() != version {
		t.Errorf("the old base has %d records, %v", len(list), err)
	}
	now := open(t, path)
	if list, err := now.Records(1240007347); err != nil || len(list) != 5 || now.Version() == version {
		t.Errorf("the new base has %d records, %v, version %s", len(list), err, now.Version())
	}
	for _, s := range now.Info().Sources {
		if s.Name == "arch" && (s.Licence != "MIT" || s.Records != 1) {
			t.Errorf("the source is %+v", s)
		}
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

// TestSync removes what a source no longer has.
func TestSync(t *testing.T) {
	path, _ := build(t, noFamilies, contenttest.Sample())
	touched, keys, err := content.Update(path, path, func(b *content.Builder) error {
		if err := b.Sync("nvd"); err != nil {
			return err
		}
		return b.Add(feed.NVD, &contenttest.Sample()[1].Record)
	})
	if err != nil || !slices.Equal(touched, []harrier.VulnID{1220004444}) || !slices.Equal(keys, []string{"cpe a:f5:nginx"}) {
		t.Errorf("Update = %v, %q, %v; want the one that is gone", touched, keys, err)
	}
	if list, err := open(t, path).Records(1220004444); err != nil || len(list) != 1 {
		t.Errorf("%d records, %v; want the one of another source", len(list), err)
	}
}

// TestUpdateFails leaves the old base where it is.
func TestUpdateFails(t *testing.T) {
	path, _ := build(t, noFamilies, contenttest.Sample())
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	boom := errors.New("boom")
	if _, _, err := content.Update(path, path, func(*content.Builder) error { return boom }); !errors.Is(err, boom) {
		t.Errorf("Update = %v; want what its function answers", err)
	}
	_, _, err = content.Update(path, path, func(b *content.Builder) error {
		return b.Add(feed.CNA, &harrier.Record{Source: "nvd", ID: "CVE-2024-1111"})
	})
	if harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("Update with another class = %v; want Invalid", err)
	}
	after, err := os.ReadFile(path)
	if err != nil || string(before) != string(after) {
		t.Errorf("the base has changed, %v", err)
	}
	if _, _, err := content.Update(path+"x", path, func(*content.Builder) error { return nil }); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("Update of nothing = %v; want NotFound", err)
	}
}
