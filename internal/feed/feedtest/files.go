package feedtest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/harrier-scan/harrier/internal/needs"
)

// File is one file of a published set, unpacked.
type File struct {
	Name string // within the set, then within its archive: "suse/csaf.tar.bz2/csaf/x.json"
	Data []byte
	Err  error // the archive, or the file, ends or breaks here
}

// Files are the files of a set whose names begin with one of prefixes
// ("redhat/vex/v1/"), all without one, unpacked also where they lie in archives
// within the set. The test ends when the set is not there, and fails when nothing
// has such a name.
func Files(t testing.TB, set string, prefixes ...string) iter.Seq[File] {
	t.Helper()
	data, err := os.ReadFile(needs.Shared(t, filepath.Join(root(t), "..", "shared", "data", set+".tar.gz")))
	if err != nil {
		t.Fatal(err)
	}
	return func(yield func(File) bool) {
		t.Helper()
		found := false
		for f := range members("", ".tar.gz", data) {
			if f.Err != nil {
				t.Fatalf("%s: %v", set, f.Err)
			}
			_, name, _ := strings.Cut(strings.TrimPrefix(f.Name, "/"), "/") // the folder is named as the set
			if len(prefixes) > 0 && !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) }) {
				continue
			}
			found = true
			for f := range unpack(name, f.Data) {
				if !yield(f) {
					return
				}
			}
		}
		if !found {
			t.Fatalf("%s has no files below %v", set, prefixes)
		}
	}
}

// root is the folder of the module, from that of the package under test.
func root(t testing.TB) string {
	t.Helper()
	dir := "."
	for range 8 {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		dir = filepath.Join("..", dir)
	}
	t.Fatal("no go.mod above the package")
	return ""
}

// unpack undoes what a name says was done to a file.
func unpack(name string, data []byte) iter.Seq[File] {
	for _, ext := range []string{".tar", ".tar.gz", ".tar.bz2", ".tar.zst", ".zip"} {
		if strings.HasSuffix(name, ext) {
			return func(yield func(File) bool) {
				for f := range members(name, ext, data) {
					if !yield(f.expanded()) {
						return
					}
				}
			}
		}
	}
	return func(yield func(File) bool) { yield(File{Name: name, Data: data}.expanded()) }
}

// expanded undoes the compression that a file's name tells.
func (f File) expanded() File {
	r, bare, err := expand(f.Name, f.Data)
	if f.Err != nil || bare == f.Name {
		return f
	}
	f.Name, f.Data = bare, nil
	if err == nil {
		f.Data, err = io.ReadAll(r)
	}
	f.Err = err
	return f
}

// expand undoes one compression.
func expand(name string, data []byte) (r io.Reader, bare string, err error) {
	r = bytes.NewReader(data)
	bare = strings.TrimSuffix(name, filepath.Ext(name))
	switch filepath.Ext(name) {
	case ".gz":
		r, err = gzip.NewReader(r)
	case ".bz2":
		r = bzip2.NewReader(r)
	case ".zst":
		r, err = zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
	default:
		bare = name
	}
	return r, bare, err
}

// members are the files of an archive of a kind; where it breaks the last has an
// error.
func members(name, kind string, data []byte) iter.Seq[File] {
	return func(yield func(File) bool) {
		if kind == ".zip" {
			zipped(name, data, yield)
			return
		}
		r, _, err := expand(kind, data)
		if err != nil {
			yield(File{Name: name, Err: err})
			return
		}
		for in := tar.NewReader(r); ; {
			h, err := in.Next()
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(File{Name: name, Err: err})
				return
			case h.Typeflag != tar.TypeReg:
				continue
			}
			plain, err := io.ReadAll(in)
			if !yield(File{Name: name + "/" + strings.TrimPrefix(h.Name, "./"), Data: plain, Err: err}) {
				return
			}
		}
	}
}

func zipped(name string, data []byte, yield func(File) bool) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		yield(File{Name: name, Err: err})
		return
	}
	for _, f := range z.File {
		if f.FileInfo().IsDir() {
			continue
		}
		out := File{Name: name + "/" + f.Name}
		r, err := f.Open()
		if err == nil {
			out.Data, err = io.ReadAll(r)
		}
		out.Err = err
		if !yield(out) {
			return
		}
	}
}
