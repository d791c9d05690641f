package osv

import (
	"slices"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/feedtest"
)

func format(t testing.TB, name string) feed.Format {
	for _, f := range Formats {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("no format %q", name)
	return feed.Format{}
}

// tally counts what a set of records says.
type tally struct{ files, records, cves, statements, cpes, ranges, scored, withdrawn, faults int }

func (n *tally) add(got *feed.Collect, files int) {
	n.files += files
	n.faults += len(got.Faults)
	for _, r := range got.Records {
		n.records++
		if len(r.CVEs) > 0 {
			n.cves++
		}
		if len(r.Scores) > 0 {
			n.scored++
		}
		if !r.Withdrawn.IsZero() {
			n.withdrawn++
		}
		for _, a := range r.Affected {
			n.statements++
			n.ranges += len(a.Ranges)
			if a.CPE != "" {
				n.cpes++
			}
		}
	}
}

// TestPublished reads whole sets as they are published: every record must be
// understood.
func TestPublished(t *testing.T) {
	for _, c := range []struct {
		set, format string
		want        tally
	}{
		{"bitnami", "bitnami", tally{files: 7444, records: 7444, cves: 7444, statements: 14888, cpes: 7444, ranges: 39692, scored: 7433}},
		{"alma", "alma-osv", tally{files: 5680, records: 4483, cves: 4474, statements: 62068, ranges: 62068}},
		{"go-osv", "go", tally{files: 4291, records: 4291, cves: 3894, statements: 6106, ranges: 7560, withdrawn: 17}},
	} {
		t.Run(c.set, func(t *testing.T) {
			f := format(t, c.format)
			var n tally
			n.add(feedtest.Play(t, f, feedtest.Files(t, c.set)))
			if n != c.want {
				t.Errorf("%s = %+v; want %+v", c.set, n, c.want)
			}
		})
	}
}

// TestSamples reads the samples of every ecosystem.
func TestSamples(t *testing.T) {
	f := format(t, "osv")
	ecosystems := map[string]int{}
	var n tally
	for file := range feedtest.Files(t, "vendor-samples") {
		if !strings.Contains(file.Name, "/osv/") && !strings.Contains(file.Name, "/ghsa/") || strings.Contains(file.Name, ".xz") || file.Err != nil {
			continue
		}
		got, read := feedtest.Play(t, f, slices.Values([]feedtest.File{file}))
		if len(got.Faults) > 0 {
			t.Logf("%s: %v", file.Name, got.Faults)
		}
		n.add(got, read)
		for _, r := range got.Records {
			for _, a := range r.Affected {
				if a.Package != (harrier.Package{}) {
					ecosystems[a.Package.Ecosystem]++
				}
			}
		}
	}
	if want := (tally{files: 205, records: 205, cves: 153, statements: 445, cpes: 2, ranges: 425, scored: 145, withdrawn: 2}); n != want {
		t.Errorf("samples = %+v; want %+v", n, want)
	}
	for name, want := range map[string]int{
		"npm": 34, "pypi": 30, "golang": 57, "gem": 23, "maven": 12, "nuget": 19, "cargo": 13, "composer": 12, "hex": 12, "pub": 12,
		"deb/debian/12": 1, "apk/alpine/3.22": 2, "rpm/rocky/9": 1, "rpm/sles/12.1": 16, "rpm/redhat-eus/9.2": 11, "rpm/alma/8": 29,
	} {
		if ecosystems[name] != want {
			t.Errorf("%d statements about %s; want %d", ecosystems[name], name, want)
		}
	}
}
