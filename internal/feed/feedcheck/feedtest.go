// Package feedcheck holds what tests of Formats share: the promises that every
// record keeps, and a walk through archives of published files.
package feedcheck

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
)

// Read reads one file with f and checks every record.
func Read(t testing.TB, f feed.Format, name string, r io.Reader) *feed.Collect {
	t.Helper()
	var got feed.Collect
	if err := f.Read(name, r, &got); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	for i := range got.Records {
		if err := Check(f, &got.Records[i]); err != nil {
			t.Errorf("%s: %s: %v", name, got.Records[i].ID, err)
		}
	}
	return &got
}

// Check reports what of a record is not as package harrier says.
func Check(f feed.Format, r *harrier.Record) error {
	switch {
	case r.Source != f.Name:
		return fmt.Errorf("source %q of the format %q", r.Source, f.Name)
	case r.ID == "" || len(r.ID) > 500:
		return fmt.Errorf("id %q", r.ID)
	case r.Severity != strings.ToLower(r.Severity):
		return fmt.Errorf("severity %q", r.Severity)
	}
	for _, s := range append([]string{r.ID, r.Title, r.Summary, r.Details, r.Solution}, r.Aliases...) {
		if !utf8.ValidString(s) || len(s) > 1<<16 {
			return fmt.Errorf("text %.40q… of %d bytes", s, len(s))
		}
	}
	if i := slices.IndexFunc(r.CVEs, func(s string) bool { return !harrier.IsCVE(s) || s != strings.ToUpper(s) }); i >= 0 {
		return fmt.Errorf("%q is no CVE id", r.CVEs[i])
	}
	for _, names := range [][]string{r.CVEs, r.Aliases} {
		if sorted := slices.Sorted(slices.Values(names)); len(slices.Compact(sorted)) != len(names) {
			return fmt.Errorf("a name twice in %q", names)
		}
	}
	for _, s := range r.Scores {
		if s.Base < 0 || s.Base > 10 || s.Version == "" {
			return fmt.Errorf("score %+v", s)
		}
	}
	for i := range r.Affected {
		if err := checkAffected(&r.Affected[i]); err != nil {
			return fmt.Errorf("statement %+v: %w", r.Affected[i], err)
		}
	}
	return nil
}

func checkAffected(a *harrier.Affected) error {
	things := 0
	for _, set := range []bool{a.Package != harrier.Package{}, a.CPE != "", a.Maker != ""} {
		if set {
			things++
		}
	}
	switch {
	case things != 1:
		return fmt.Errorf("about %d things", things)
	case a.Package != harrier.Package{} && (a.Package.Name == "" || a.Package.Ecosystem == "" || a.Package.Ecosystem != strings.ToLower(a.Package.Ecosystem)):
		return fmt.Errorf("package %+v", a.Package)
	case a.CPE != "" && !strings.HasPrefix(a.CPE, "cpe:2.3:"):
		return fmt.Errorf("CPE %q", a.CPE)
	}
	for _, r := range a.Ranges {
		if r.Before != "" && r.To != "" || r.From != "" && r.After != "" {
			return fmt.Errorf("range %+v has two ends on a side", r)
		}
	}
	if slices.Contains(a.Versions, "") {
		return errors.New("an empty version")
	}
	return nil
}

// Walk calls each with every file of an archive: tar.gz, tar.bz2 or zip, by its
// name.
func Walk(t testing.TB, archive string, each func(name string, r io.Reader)) {
	t.Helper()
	data, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	WalkBytes(t, archive, data, each)
}

// WalkBytes does as Walk with an archive that was read.
func WalkBytes(t testing.TB, archive string, data []byte, each func(name string, r io.Reader)) {
	t.Helper()
	if strings.HasSuffix(archive, ".zip") {
		walkZip(t, archive, data, each)
		return
	}
	var r io.Reader = bytes.NewReader(data)
	switch {
	case strings.HasSuffix(archive, ".gz"):
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatalf("%s: %v", archive, err)
		}
		r = z
	case strings.HasSuffix(archive, ".bz2"):
		r = bzip2.NewReader(r)
	}
	for files := tar.NewReader(r); ; {
		h, err := files.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", archive, err)
		}
		if h.Typeflag == tar.TypeReg {
			each(h.Name, files)
		}
	}
}

func walkZip(t testing.TB, archive string, data []byte, each func(name string, r io.Reader)) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatalf("%s: %v", archive, err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatalf("%s: %s: %v", archive, f.Name, err)
		}
		each(f.Name, r)
		_ = r.Close()
	}
}

// Fuzz gives f what the fuzzer makes, and checks every record. Reading a text
// twice must give the same.
func Fuzz(fz *testing.F, f feed.Format, name string) {
	fz.Fuzz(func(t *testing.T, text string) {
		var a, b feed.Collect
		errA := f.Read(name, strings.NewReader(text), &a)
		errB := f.Read(name, strings.NewReader(text), &b)
		if (errA == nil) != (errB == nil) || len(a.Records) != len(b.Records) || len(a.Faults) != len(b.Faults) {
			t.Fatalf("two readings differ: %v, %v", errA, errB)
		}
		for i := range a.Records {
			if err := Check(f, &a.Records[i]); err != nil {
				t.Fatal(err)
			}
		}
	})
}
