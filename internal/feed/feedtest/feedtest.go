// Package feedtest puts promises of all feeds to one: what each record must
// keep, whatever bytes it is read from, and published sets to read.
package feedtest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/wire"
	"github.com/harrier-scan/harrier/internal/needs"
)

// Read reads data as a file of that name and checks what comes of it.
func Read(t testing.TB, f feed.Format, name string, data []byte) feed.Collect {
	t.Helper()
	var c feed.Collect
	if !f.Wants(name) {
		t.Fatalf("%s does not want %s", f.Name, name)
	}
	if err := f.Read(name, bytes.NewReader(data), &c); err != nil {
		t.Fatalf("Read(%s) = %v", name, err)
	}
	Check(t, c.Records)
	return c
}

// Fuzz is the body of a fuzz target: any bytes give an error of kind Invalid or
// records that keep the promises, and a sink that is full ends the reading.
func Fuzz(t *testing.T, f feed.Format, name string, data []byte) {
	t.Helper()
	var c feed.Collect
	if err := f.Read(name, bytes.NewReader(data), &c); err != nil {
		var e *harrier.Error
		if !errors.As(err, &e) || e.Kind != harrier.Invalid {
			t.Fatalf("Read = %v; want an error of kind Invalid", err)
		}
	}
	Check(t, c.Records)
	if err := f.Read(name, bytes.NewReader(data), full{}); len(c.Records) > 0 && !errors.Is(err, errFull) {
		t.Fatalf("Read with a full sink = %v; want its error", err)
	}
}

var errFull = errors.New("full")

type full struct{}

func (full) Put(*harrier.Record) error { return errFull }
func (full) Bad(string, error)         {}

// Check fails the test for records that break what the words promise.
func Check(t testing.TB, records []harrier.Record) {
	t.Helper()
	for i := range records {
		check(t, &records[i])
	}
}

func check(t testing.TB, r *harrier.Record) {
	t.Helper()
	if r.Source == "" || r.ID == "" || len(r.ID) > wire.MaxWord {
		t.Errorf("a record %q of source %q", r.ID, r.Source)
	}
	seen := map[string]bool{}
	for _, id := range r.CVEs {
		if canonical, ok := wire.CVE(id); !ok || canonical != id || seen[id] {
			t.Errorf("%s: the CVE id %q is none, or there twice", r.ID, id)
		}
		seen[id] = true
	}
	for _, s := range []string{r.Title, r.Summary, r.Details, r.Solution, r.Severity} {
		if !utf8.ValidString(s) || len(s) > wire.MaxText || strings.ContainsRune(s, 0) {
			t.Errorf("%s: a text of %d bytes is not clean: %.80q", r.ID, len(s), s)
		}
	}
	for _, s := range r.Scores {
		if s.Base < 0 || s.Base > 10 || s.Version == "" || strings.HasPrefix(s.Vector, "CVSS:") == (s.Version == "2.0") {
			t.Errorf("%s: the score %+v", r.ID, s)
		}
	}
	seen = map[string]bool{}
	for _, ref := range r.References {
		if scheme, _, ok := strings.Cut(ref.URL, "://"); !ok || len(scheme) > 5 || seen[ref.URL] {
			t.Errorf("%s: the reference %q is none, or there twice", r.ID, ref.URL)
		}
		seen[ref.URL] = true
	}
	if e := r.EPSS; e != nil && !(e.Probability >= 0 && e.Probability <= 1 && e.Percentile >= 0 && e.Percentile <= 1) {
		t.Errorf("%s: %+v", r.ID, *e)
	}
	if r.KEV != nil && r.KEV.Added.IsZero() {
		t.Errorf("%s: known to be exploited since no day", r.ID)
	}
	for _, at := range []time.Time{r.Published, r.Modified, r.Withdrawn} {
		if at.Location() != time.UTC {
			t.Errorf("%s: the time %v is not UTC", r.ID, at)
		}
	}
	for _, a := range r.Affected {
		affected(t, r.ID, a)
	}
}

func affected(t testing.TB, id string, a harrier.Affected) {
	t.Helper()
	things := 0
	for _, is := range []bool{a.CPE != "", a.Maker != "", a.Package != harrier.Package{}} {
		if is {
			things++
		}
	}
	if things != 1 {
		t.Errorf("%s: a statement about %d things: %+v", id, things, a)
	}
	if a.Package != (harrier.Package{}) && (a.Package.Ecosystem == "" || a.Package.Name == "") {
		t.Errorf("%s: half of a package: %+v", id, a.Package)
	}
	if a.Maker != "" && (a.Maker != strings.ToLower(a.Maker) || !strings.Contains(a.Maker, "/")) {
		t.Errorf("%s: the maker %q", id, a.Maker)
	}
	for _, name := range append([]string{a.CPE}, a.Platforms...) {
		if c, ok := wire.ParseCPE(name); name != "" && (!ok || c.String() != name) {
			t.Errorf("%s: the CPE %q", id, name)
		} else if name != "" && name == a.CPE && c.Versioned() && (len(a.Ranges) > 0 || len(a.Versions) > 0) {
			t.Errorf("%s: %q has a version and ranges", id, name)
		}
	}
	if a.Status == harrier.StatusUnknown {
		t.Errorf("%s: a statement that says nothing: %+v", id, a)
	}
	for _, r := range a.Ranges {
		if r.From != "" && r.After != "" || r.Before != "" && r.To != "" || r == (harrier.Range{}) {
			t.Errorf("%s: the range %+v", id, r)
		}
		for _, v := range []string{r.From, r.After, r.Before, r.To} {
			if len(v) > wire.MaxWord || !utf8.ValidString(v) {
				t.Errorf("%s: the version %q", id, v)
			}
		}
	}
	for _, v := range a.Versions {
		if v == "" || len(v) > wire.MaxWord || !utf8.ValidString(v) {
			t.Errorf("%s: the version %q", id, v)
		}
	}
}

// Set is where a published set lies, for tests of a folder of internal/feed.
func Set(t testing.TB, name string) string {
	t.Helper()
	return needs.Shared(t, filepath.Join("..", "..", "..", "..", "shared", "data", name+".tar.gz"))
}

// Files calls file with each file of a set below the folder under whose name ext
// is at the end, unpacked also where it lies in a further gz, zip or tar.gz.
func Files(t testing.TB, set, under, ext string, file func(name string, data []byte)) {
	t.Helper()
	data := readFile(t, Set(t, set))
	unpack(t, set+".tar.gz", data, 0, func(name string, data []byte) {
		if strings.Contains(name, under) && strings.HasSuffix(name, ext) {
			file(name, data)
		}
	})
}

func unpack(t testing.TB, name string, data []byte, depth int, file func(name string, data []byte)) {
	t.Helper()
	in := bytes.NewReader(data)
	switch {
	case depth > 3:
	case strings.HasSuffix(name, ".zip"):
		z, err := zip.NewReader(in, int64(len(data)))
		if err != nil {
			return // broken on purpose: archives are another package's
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				continue
			}
			if inner, err := io.ReadAll(r); err == nil {
				unpack(t, path.Join(name, f.Name), inner, depth+1, file)
			}
		}
	case strings.HasSuffix(name, ".gz"):
		g, err := gzip.NewReader(in)
		if err != nil {
			return
		}
		if !strings.HasSuffix(name, ".tar.gz") {
			if inner, err := io.ReadAll(g); err == nil {
				unpack(t, strings.TrimSuffix(name, ".gz"), inner, depth+1, file)
			}
			return
		}
		for tr := tar.NewReader(g); ; {
			h, err := tr.Next()
			if err != nil {
				return
			}
			if h.Typeflag != tar.TypeReg {
				continue
			}
			inner, err := io.ReadAll(tr)
			if err != nil {
				return
			}
			unpack(t, path.Join(name, h.Name), inner, depth+1, file)
		}
	default:
		file(name, data)
	}
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
