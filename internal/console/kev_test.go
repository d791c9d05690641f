package console

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/needs"
)

type fakeRecords map[string][]harrier.Affected

func (f fakeRecords) Records(id harrier.VulnID) ([]harrier.Record, error) {
	if id.CVE() == "CVE-2024-9999" {
		return nil, errors.New("the disk is gone")
	}
	return []harrier.Record{{Affected: f[id.CVE()]}}, nil
}

func TestCoverExploited(t *testing.T) {
	yes := harrier.StatusAffected
	content := fakeRecords{
		"CVE-2024-0001": {{CPE: "cpe:2.3:a:f5:nginx:*:*:*:*:*:*:*:*", Status: yes}},
		"CVE-2024-0002": {{CPE: "cpe:2.3:a:nobody:nothing:*:*:*:*:*:*:*:*", Status: yes}, {Package: harrier.Package{Ecosystem: "deb/debian/12", Name: "nginx"}, Status: yes}},
		"CVE-2024-0003": {{CPE: "cpe:2.3:a:f5:nginx:*:*:*:*:*:*:*:*", Status: harrier.StatusNotAffected}},
		"CVE-2024-0004": {{Maker: "f5/nginx open source", Otherwise: yes}, {Package: harrier.Package{Ecosystem: "bitnami", Name: "nginx"}, Status: yes}},
	}
	entries := []ExploitedEntry{
		{CVE: "CVE-2024-0001", Vendor: "F5"},
		{CVE: "CVE-2024-0002", Vendor: "Nobody"},
		{CVE: "CVE-2024-0003", Vendor: "F5"},
		{CVE: "CVE-2024-0004", Vendor: "F5"},
		{CVE: "CVE-2023-48795", Vendor: "OpenBSD"}, // Terrapin, which a check asks for
	}
	covers, err := CoverExploited(entries, content)
	if err != nil {
		t.Fatal(err)
	}
	want := []ExploitedCover{
		{entries[0], true, false, false}, {entries[1], false, true, false}, {entries[2], false, false, false}, {entries[3], true, false, false}, {entries[4], false, false, true},
	}
	if !slices.Equal(covers, want) {
		t.Errorf("covers %+v\nwant %+v", covers, want)
	}
	total, vendors := CountExploited(covers)
	if want := (ExploitedCount{Entries: 5, Any: 4, Version: 2, Package: 1, Active: 1}); total != want {
		t.Errorf("all are %+v, want %+v", total, want)
	}
	if want := (ExploitedCount{Vendor: "F5", Entries: 3, Any: 2, Version: 2}); len(vendors) != 3 || vendors[0] != want || vendors[1].Vendor != "Nobody" {
		t.Errorf("vendors %+v", vendors)
	}
	if _, err := CoverExploited([]ExploitedEntry{{CVE: "CVE-2024-9999"}}, content); err == nil {
		t.Error("a fault of the content is not told")
	}
}

func TestReadExploited(t *testing.T) {
	list, err := ReadExploited(strings.NewReader(`{"title": "x", "vulnerabilities": [
		{"cveID": "CVE-2024-0002", "vendorProject": " F5 ", "product": "NGINX"}, {"cveID": "cve-2024-0001"}, {"cveID": "nothing"}, {"cveID": "CVE-2024-0001"}]}`))
	if err != nil || !slices.Equal(list, []ExploitedEntry{{CVE: "CVE-2024-0001"}, {CVE: "CVE-2024-0002", Vendor: "F5", Product: "NGINX"}}) {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := ReadExploited(strings.NewReader("cveID,vendorProject")); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("CSV gives %v; want an error about it", err)
	}
}

// TestCatalogueCovered counts what the content of this build finds of the real
// catalogue. The floors are a little below what it was when they were written.
func TestCatalogueCovered(t *testing.T) {
	entries, err := ReadExploited(bytes.NewReader(unpack(t, "kev.tar.gz", "known_exploited_vulnerabilities.json")))
	if err != nil || len(entries) < 1404 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	own, err := BuiltinExploited()
	if err != nil || len(own) != len(entries) {
		t.Errorf("the build has %d entries, %v; the catalogue %d", len(own), err, len(entries))
	}
	records, closed, err := RecorderIn(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer closed() //nolint:errcheck // what is built in
	covers, err := CoverExploited(entries, records)
	if err != nil {
		t.Fatal(err)
	}
	total, vendors := CountExploited(covers)
	var sum ExploitedCount
	for _, v := range vendors {
		sum.Entries += v.Entries
		sum.Any += v.Any
		sum.Version += v.Version
		sum.Package += v.Package
		sum.Active += v.Active
	}
	if sum != total || total.Entries != len(entries) || total.Any > total.Entries || total.Any < max(total.Version, total.Package, total.Active) {
		t.Errorf("vendors add up to %+v, all are %+v", sum, total)
	}
	t.Logf("%+v", total)
	for _, v := range vendors[:20] {
		t.Logf("  %+v", v)
	}
	if total.Version < 205 || total.Any < 205 {
		t.Errorf("%d are found by version, %d at all; want at least 205", total.Version, total.Any)
	}
}

// unpack returns a file of a shared set by the end of its name.
func unpack(t *testing.T, set, name string) []byte {
	t.Helper()
	f, err := os.Open(needs.Shared(t, filepath.Join("..", "..", "..", "shared", "data", set)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if err != nil {
			t.Fatalf("%s has no %s: %v", set, name, err)
		}
		if strings.HasSuffix(h.Name, name) {
			text, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
	}
}
