package content_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content"
	"github.com/harrier-scan/harrier/internal/content/contenttest"
	"github.com/harrier-scan/harrier/internal/feed"
)

// many are n CVEs of a thousand products.
func many(n int) []contenttest.Classed {
	var out []contenttest.Classed
	for i := range n {
		id := fmt.Sprintf("CVE-2024-%05d", i)
		out = append(out, contenttest.Classed{Class: feed.NVD, Record: harrier.Record{
			Source: "nvd", ID: id, CVEs: []string{id}, Details: fmt.Sprintf("Number %d of the product %d does what it should not.", i, i%1000),
			Scores:   []harrier.Score{{Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}},
			Affected: []harrier.Affected{{CPE: fmt.Sprintf("cpe:2.3:a:v:p%d:*", i%1000), Status: harrier.StatusAffected, Ranges: []harrier.Range{{Before: "1.2.3"}}}},
		}})
	}
	return out
}

func BenchmarkBuild(b *testing.B) {
	list := many(10_000)
	path := filepath.Join(b.TempDir(), "content.db")
	b.ReportAllocs()
	for b.Loop() {
		w, err := content.NewBuilder(path, content.Options{})
		if err != nil {
			b.Fatal(err)
		}
		for i := range list {
			if err := w.Add(list[i].Class, &list[i].Record); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Finish(content.Info{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(list))/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkStatements(b *testing.B) {
	path, base := build(b, content.Options{}, many(10_000))
	b.Run("held", func(b *testing.B) {
		key := harrier.CPEKey("a", "v", "p7")
		for b.Loop() {
			if list, err := base.Statements(key); err != nil || len(list) != 10 {
				b.Fatal(len(list), err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		i := 1000
		var fresh *content.Base
		for b.Loop() {
			if i == 1000 { // nothing is held by a new one
				fresh, i = open(b, path), 0
			}
			if _, err := fresh.Statements(harrier.CPEKey("a", "v", fmt.Sprint("p", i))); err != nil {
				b.Fatal(err)
			}
			i++
		}
	})
	b.Run("none", func(b *testing.B) {
		for b.Loop() {
			if _, err := base.Statements("cpe a:nobody:nothing"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkVulnerability(b *testing.B) {
	path, base := build(b, content.Options{}, many(10_000))
	b.Run("held", func(b *testing.B) {
		for b.Loop() {
			if _, found, err := base.Vulnerability(1240000007); err != nil || !found {
				b.Fatal(found, err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		i := 10_000
		var fresh *content.Base
		for b.Loop() {
			if i == 10_000 {
				fresh, i = open(b, path), 0
			}
			if _, found, err := fresh.Vulnerability(1240000000 + harrier.VulnID(i)); err != nil || !found {
				b.Fatal(found, err)
			}
			i++
		}
	})
}
