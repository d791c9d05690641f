package backport

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/harrier-scan/harrier/internal/needs"
)

// deb is one build of a package as it was published.
type deb struct {
	control string // its fields, as in dpkg's status file
	entries []entry
}

// entry is a revision in a changelog.
type entry struct {
	version string
	cves    []string // ids that it names, sorted, each once
}

// source is a source package with the builds that were fetched. The order of
// its revisions is that of the changelog, and not that of any code.
type source struct {
	name    string
	current deb
	older   []deb // whose changelog is the end of the current one's
}

var (
	reHead = regexp.MustCompile(`^([a-z0-9][a-z0-9+.-]*) \(([^)]+)\)`)
	reCVE  = regexp.MustCompile(`CVE-[0-9]{4}-[0-9]{4,}`)
)

// sources reads the builds that scripts/setup-test.sh has fetched, or ends the
// test.
func sources(t *testing.T) []source {
	t.Helper()
	needs.Binary(t, "dpkg-deb", "dpkg")
	folder := needs.Shared(t, filepath.Join("..", "..", ".cache", "debs"))
	all, err := readAll(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 8 {
		t.Fatalf("%d source packages in %s; scripts/setup-test.sh fetches more", len(all), folder)
	}
	return all
}

var readAll = func() func(folder string) ([]source, error) {
	var once sync.Once
	var all []source
	var err error
	return func(folder string) ([]source, error) {
		once.Do(func() { all, err = readSources(folder) })
		return all, err
	}
}()

func readSources(folder string) ([]source, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.deb"))
	if err != nil {
		return nil, err
	}
	builds := map[string][]deb{}
	for _, file := range files {
		name, d, err := readDeb(file)
		if err != nil {
			return nil, err
		}
		builds[name] = append(builds[name], d)
	}
	var all []source
	for name, list := range builds {
		// The longest changelog is the current one's.
		slices.SortFunc(list, func(a, b deb) int { return len(b.entries) - len(a.entries) })
		s := source{name: name, current: list[0]}
		for _, d := range list[1:] {
			if len(d.entries) < len(s.current.entries) && s.current.at(d.entries[0].version) > 0 {
				s.older = append(s.older, d)
			}
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b source) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

func readDeb(file string) (name string, d deb, err error) {
	control, err := exec.Command("dpkg-deb", "-f", file).Output()
	if err != nil {
		return "", d, err
	}
	d.control = string(control)
	data, err := exec.Command("dpkg-deb", "--fsys-tarfile", file).Output()
	if err != nil {
		return "", d, err
	}
	for in := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := in.Next()
		if err != nil {
			return "", d, errors.New(file + " has no changelog")
		}
		if ok, _ := path.Match("./usr/share/doc/*/changelog.Debian.gz", h.Name); !ok || h.Typeflag != tar.TypeReg {
			continue
		}
		text, err := gzip.NewReader(in)
		if err != nil {
			return "", d, err
		}
		name, d.entries, err = readChangelog(text)
		return name, d, err
	}
}

// readChangelog returns the source package and its revisions, the newest first.
func readChangelog(r io.Reader) (name string, entries []entry, err error) {
	s := bufio.NewScanner(r)
	for s.Scan() {
		if m := reHead.FindStringSubmatch(s.Text()); m != nil {
			if name == "" {
				name = m[1]
			}
			entries = append(entries, entry{version: m[2]})
		}
		if n := len(entries); n > 0 {
			e := &entries[n-1]
			e.cves = append(e.cves, reCVE.FindAllString(s.Text(), -1)...)
		}
	}
	for i := range entries {
		slices.Sort(entries[i].cves)
		entries[i].cves = slices.Compact(entries[i].cves)
	}
	if len(entries) == 0 {
		return "", nil, errors.New("an empty changelog")
	}
	return name, entries, s.Err()
}

// at is the place of a revision in the changelog, -1 when it is not there.
func (d deb) at(version string) int {
	return slices.IndexFunc(d.entries, func(e entry) bool { return e.version == version })
}

// names are the ids that the revisions from a place on name: what that revision
// has mended.
func (d deb) names(from int) map[string]bool {
	ids := map[string]bool{}
	for _, e := range d.entries[from:] {
		for _, id := range e.cves {
			ids[id] = true
		}
	}
	return ids
}

// mended tells of each id the first revision of the release that has the fix:
// the first that names it, or what was rebuilt from that for the release (1.0-1
// as 1.0-1~deb12u1). A later revision that names it again mends what was
// forgotten.
func (s source) mended() map[string]string {
	first := map[string]string{}
	for i, e := range s.current.entries {
		version := e.version
		for _, newer := range s.current.entries[:i] {
			if strings.HasPrefix(newer.version, e.version+"~deb12u") {
				version = newer.version
			}
		}
		for _, id := range e.cves {
			first[id] = version
		}
	}
	return first
}

// open are the ids that a build does not name and the current one does: what the
// distribution has mended since.
func (s source) open(named map[string]bool) map[string]bool {
	ids := map[string]bool{}
	for id := range s.current.names(0) {
		if !named[id] {
			ids[id] = true
		}
	}
	return ids
}

// upstream is the maker's version in that of a package: "1.22.1" of
// "1.22.1-9+deb12u3", "1.3.8" of "1.3.8+dfsg-4".
func upstream(version string) string {
	if _, rest, found := strings.Cut(version, ":"); found {
		version = rest
	}
	if i := strings.LastIndexByte(version, '-'); i >= 0 {
		version = version[:i]
	}
	version, _, _ = strings.Cut(version, "+")
	return version
}

// siblings are the places of the older revisions in the current changelog that
// have the same upstream version, and are of the release where it rebuilds what
// was made for a later one.
func (s source) siblings() []int {
	current := s.current.entries[0].version
	var places []int
	for i, e := range s.current.entries {
		if upstream(e.version) != upstream(current) {
			break
		}
		if i > 0 && strings.Contains(current, "~deb12u") == strings.Contains(e.version, "~deb12u") && !strings.Contains(e.version, "~deb13") {
			places = append(places, i)
		}
	}
	return places
}

func TestReadChangelog(t *testing.T) {
	name, entries, err := readChangelog(strings.NewReader(`thing (2:1.0+dfsg-1+deb12u2) bookworm-security; urgency=high

  * Fix CVE-2024-0002, CVE-2024-10003 and
    CVE-2024-0002 (again).

 -- Somebody <a@example.org>  Sat, 01 Jun 2024 00:00:00 +0000

thing (2:1.0+dfsg-1) unstable; urgency=medium

  * Release. [CVE-2023-0001]
`))
	if err != nil || name != "thing" || len(entries) != 2 {
		t.Fatalf("%q, %+v, %v", name, entries, err)
	}
	s := source{name: name, current: deb{entries: entries}}
	if got := s.mended(); len(got) != 3 || got["CVE-2024-0002"] != "2:1.0+dfsg-1+deb12u2" || got["CVE-2023-0001"] != "2:1.0+dfsg-1" {
		t.Errorf("mended: %v", got)
	}
	if got := s.open(s.current.names(1)); len(got) != 2 || !got["CVE-2024-10003"] {
		t.Errorf("open: %v", got)
	}
	if got := s.siblings(); len(got) != 1 || got[0] != 1 || upstream(entries[0].version) != "1.0" {
		t.Errorf("siblings: %v", got)
	}
}
