// Package feedplay gives the tests of feeds the publishers' samples, and plays a
// Format as the importer does.
package feedplay

import (
	"archive/tar"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/needs"
)

// File is one file of a sample, unpacked.
type File struct {
	Name string // within the samples, then within its archive: "suse/csaf.tar.bz2/csaf/x.json"
	Data []byte
	Err  error // the archive ends or breaks here
}

// Vendor returns the files of the vendors' samples whose names begin with one of
// prefixes ("redhat/vex/v1/"), unpacked, or ends the test when the samples are
// not there. It is for tests of packages three folders deep.
func Vendor(t testing.TB, prefixes ...string) []File {
	t.Helper()
	path := needs.Shared(t, filepath.Join("..", "..", "..", "..", "shared", "data", "vendor-samples.tar.gz"))
	all, err := samples(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []File
	for _, f := range all {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(f.Name, p) }) {
			out = append(out, unpack(f.Name, f.Data)...)
		}
	}
	if len(out) == 0 {
		t.Fatalf("no samples below %v", prefixes)
	}
	return out
}

var (
	once   sync.Once
	packed []File
	failed error
)

// samples are all files of the archive as they are in it, read once.
func samples(path string) ([]File, error) {
	once.Do(func() {
		var f *os.File
		if f, failed = os.Open(path); failed != nil {
			return
		}
		defer f.Close() //nolint:errcheck // only read
		var z io.Reader
		if z, failed = gzip.NewReader(f); failed != nil {
			return
		}
		for in := tar.NewReader(z); ; {
			h, err := in.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				failed = err
				return
			}
			if h.Typeflag != tar.TypeReg {
				continue
			}
			data, err := io.ReadAll(in)
			if err != nil {
				failed = err
				return
			}
			_, name, _ := strings.Cut(strings.TrimPrefix(h.Name, "./"), "/")
			packed = append(packed, File{Name: name, Data: data})
		}
	})
	return packed, failed
}

// unpack undoes what a name says was done to a file.
func unpack(name string, data []byte) []File {
	var r io.Reader = bytes.NewReader(data)
	bare := name
	switch ext := filepath.Ext(name); ext {
	case ".gz":
		z, err := gzip.NewReader(r)
		if err != nil {
			return []File{{Name: name, Err: err}}
		}
		r, bare = z, strings.TrimSuffix(name, ext)
	case ".bz2":
		r, bare = bzip2.NewReader(r), strings.TrimSuffix(name, ext)
	case ".zst":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return []File{{Name: name, Err: err}}
		}
		defer z.Close()
		r, bare = z, strings.TrimSuffix(name, ext)
	}
	if !strings.HasSuffix(bare, ".tar") {
		plain, err := io.ReadAll(r)
		return []File{{Name: bare, Data: plain, Err: err}}
	}
	var out []File
	for in := tar.NewReader(r); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			return append(out, File{Name: name, Err: err})
		}
		if h.Typeflag == tar.TypeReg {
			plain, err := io.ReadAll(in)
			out = append(out, File{Name: name + "/" + h.Name, Data: plain, Err: err})
		}
	}
}

// Play reads the files that f wants and returns what it made of them, with one
// fault more for each file that it could not read.
func Play(t testing.TB, f feed.Format, files []File) (*feed.Collect, int) {
	t.Helper()
	got, read := &feed.Collect{}, 0
	for _, file := range files {
		if !f.Wants(file.Name) {
			continue
		}
		read++
		if err := f.Read(file.Name, bytes.NewReader(file.Data), got); err != nil {
			got.Bad(file.Name, err)
		}
	}
	Check(t, f.Name, got.Records)
	return got, read
}

// Check tests what every record promises, whatever feed it comes from.
func Check(t testing.TB, source string, records []harrier.Record) {
	t.Helper()
	for i := range records {
		r := &records[i]
		if r.Source != source || r.ID == "" {
			t.Errorf("record %q of source %q; want source %q and an id", r.ID, r.Source, source)
		}
		for _, cve := range r.CVEs {
			if !harrier.IsCVE(cve) {
				t.Errorf("%s: %q is not a CVE id", r.ID, cve)
			}
		}
		for _, s := range r.Scores {
			if s.Base < 0 || s.Base > 10 || s.Vector == "" {
				t.Errorf("%s: score %+v", r.ID, s)
			}
		}
		for _, a := range r.Affected {
			n := 0
			for _, set := range []bool{a.Package != (harrier.Package{}), a.CPE != "", a.Maker != ""} {
				if set {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%s: %+v names %d things; want one", r.ID, a, n)
			}
			if a.Package.Ecosystem != "" && a.Package.Name == "" || a.CPE != "" && !strings.HasPrefix(a.CPE, "cpe:2.3:") || a.Maker != strings.ToLower(a.Maker) {
				t.Errorf("%s: %+v is not named as it should", r.ID, a)
			}
			for _, rg := range a.Ranges {
				if rg.From != "" && rg.After != "" || rg.Before != "" && rg.To != "" {
					t.Errorf("%s: range %+v has two ends on one side", r.ID, rg)
				}
			}
		}
	}
}

// Find returns the statement of a record about a package, CPE or maker's name.
func Find(records []harrier.Record, id, ecosystem, name string) []harrier.Affected {
	var out []harrier.Affected
	for _, r := range records {
		if r.ID != id {
			continue
		}
		for _, a := range r.Affected {
			if a.Package == (harrier.Package{Ecosystem: ecosystem, Name: name}) || ecosystem == "" && (a.CPE == name || a.Maker == name) {
				out = append(out, a)
			}
		}
	}
	return out
}
