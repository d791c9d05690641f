package content_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content"
	"github.com/harrier-scan/harrier/internal/content/contenttest"
	"github.com/harrier-scan/harrier/internal/feed"
)

// TestOpenRefuses names what is wrong with a file.
func TestOpenRefuses(t *testing.T) {
	path, _ := build(t, noFamilies, contenttest.Sample())
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"empty": nil, "text": []byte("not a base"), "half": whole[:len(whole)/2], "a byte less": whole[:len(whole)-1],
		"another database": append([]byte("SQLite format 3\x00"), make([]byte, 4080)...), "zeros": make([]byte, len(whole)),
		"no schema": append(append([]byte{}, whole[:100]...), make([]byte, len(whole)-100)...),
	} {
		file := filepath.Join(t.TempDir(), "x.db")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := content.Open(file)
		if harrier.KindOf(err) != harrier.Invalid || b != nil {
			t.Errorf("Open(%s) = %v; want Invalid", name, err)
		}
		if _, _, err := content.Update(file, file+"2", func(*content.Builder) error { return nil }); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("Update(%s) = %v; want Invalid", name, err)
		}
	}
	if _, err := content.Open(path + "none"); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("Open of nothing = %v; want NotFound", err)
	}
}

// TestDamaged asks bases with broken bytes everything: each answers, or tells
// that it can not be read.
func TestDamaged(t *testing.T) {
	path, good := build(t, noFamilies, contenttest.Sample())
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	refused := 0
	for i := range 80 {
		broken := append([]byte(nil), whole...)
		for range 1 + r.IntN(40) {
			broken[100+r.IntN(len(broken)-100)] ^= byte(1 + r.IntN(255))
		}
		if i%3 == 0 { // a page that is gone
			at := (1 + r.IntN(len(broken)/8192-1)) * 8192
			clear(broken[at : at+8192])
		}
		file := filepath.Join(t.TempDir(), fmt.Sprint(i))
		if err := os.WriteFile(file, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := content.Open(file)
		if err != nil {
			refused++
			continue
		}
		if askAll(t, b, good) {
			refused++
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	if refused == 0 {
		t.Error("no damage was noticed")
	}
}

// askAll asks for everything that good knows and reports whether b failed.
func askAll(t *testing.T, b, good *content.Base) (failed bool) {
	t.Helper()
	check := func(err error) {
		if err != nil {
			failed = true
			if k := harrier.KindOf(err); k != harrier.Unavailable {
				t.Errorf("a damaged base answers %v, which is %v", err, k)
			}
		}
	}
	for _, f := range good.Families() {
		list, err := good.Family(f.Name, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.Family(f.Name, 0, 0)
		check(err)
		for _, l := range list {
			_, _, err := b.Vulnerability(l.ID)
			check(err)
			records, err := b.Records(l.ID)
			check(err)
			for _, r := range records {
				_, err := b.Numbers(r.ID)
				check(err)
			}
		}
	}
	for _, key := range []string{harrier.CPEKey("a", "f5", "nginx"), harrier.MakerKey("f5/nginx open source"), "pkg deb/debian/12 nginx"} {
		_, err := b.Statements(key)
		check(err)
	}
	_ = b.Info()
	return failed
}

// TestTogether asks a base from several goroutines while new files take its
// place.
func TestTogether(t *testing.T) {
	path, base := build(t, noFamilies, contenttest.Sample())
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for range 30 {
				if askAll(t, base, base) {
					t.Error("the old base does not answer")
				}
			}
		})
	}
	for i := range 3 {
		_, _, err := content.Update(path, path, func(b *content.Builder) error {
			return b.Add(feed.NVD, &harrier.Record{Source: "nvd", ID: fmt.Sprintf("CVE-2024-100%d", i)})
		})
		if err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
}

// TestHostile puts records that break every bound.
func TestHostile(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	nginx := harrier.Affected{CPE: "cpe:2.3:a:f5:nginx:*", Status: harrier.StatusAffected}
	var list []contenttest.Classed
	for i, r := range []harrier.Record{
		{ID: long},
		{ID: "CVE-2024-1001", CVEs: make([]string, 5000)},
		{ID: "CVE-2024-1002", Affected: make([]harrier.Affected, 60_000)},
		{ID: "CVE-2024-1003", Title: long, Details: long + "\xff", Affected: []harrier.Affected{nginx, {CPE: "cpe:2.3:a:" + long + ":x"}, {Maker: long}, {}}},
		{ID: "CVE-2024-1004", Scores: []harrier.Score{{Vector: long}, {Version: "3.1", Vector: "nonsense", Base: 9}}, EPSS: &harrier.EPSS{Probability: 7}},
		{ID: "CVE-2024-1005\x00\xff"},
		{ID: "'; DROP TABLE record; --", Aliases: []string{"", long, "A"}},
	} {
		r.Source = fmt.Sprint("s", i)
		list = append(list, contenttest.Classed{Class: feed.NVD, Record: r})
	}
	_, b := build(t, noFamilies, list)
	bad := map[string]int{}
	for _, s := range b.Info().Sources {
		bad[s.Name] = s.Bad
	}
	for name, want := range map[string]int{"s0": 1, "s1": 1, "s2": 1, "s3": 3, "s4": 3, "s5": 0, "s6": 0} {
		if bad[name] != want {
			t.Errorf("%s has %d bad; want %d", name, bad[name], want)
		}
	}
	if v, found, err := b.Vulnerability(1240001003); err != nil || !found || len(v.Name) > 300 || len(v.Description) > 64<<10 {
		t.Errorf("Vulnerability = %d bytes, %t, %v", len(v.Description), found, err)
	}
	if id, found, err := b.Number("'; drop table record; --"); err != nil || !found || id == 0 {
		t.Errorf("Number = %d, %t, %v", id, found, err)
	}
	if list, err := b.Statements(harrier.CPEKey("a", "f5", "nginx")); len(list) != 1 || err != nil {
		t.Errorf("%d statements, %v; want 1", len(list), err)
	}
}

// TestAbandon leaves nothing behind.
func TestAbandon(t *testing.T) {
	folder := t.TempDir()
	b, err := content.NewBuilder(filepath.Join(folder, "x.db"), noFamilies)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Add(feed.NVD, &harrier.Record{Source: "nvd", ID: "CVE-2024-1000"}); err != nil {
		t.Fatal(err)
	}
	b.Abandon()
	b.Abandon()
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := content.NewBuilder(filepath.Join(folder, "none", "x.db"), noFamilies); harrier.KindOf(err) != harrier.Unavailable {
		t.Errorf("NewBuilder in no folder = %v; want Unavailable", err)
	}
}
