package flight

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
)

// DefaultKeep is how many bytes of records a Folder keeps: when there are more,
// the oldest files go.
const DefaultKeep = 256 << 20

// The names of the files: the time at which the section began comes first, so
// that they sort by age. A finished file is packed.
const (
	plainName  = ".jsonl"
	packedName = ".jsonl.gz"
	partName   = ".part" // being packed
	stamp      = "20060102T150405.000000Z"
)

// Folder keeps the records of one engine, one file for each time that it had a
// scan in hand. Its methods may overlap. Engines must not share a folder unless
// they are in one process.
type Folder struct {
	dir  string
	keep int64
	log  *slog.Logger

	mu   sync.Mutex
	open map[string]bool // names that are being written
}

// OpenFolder returns the folder dir, which is made when it is needed. It keeps
// that many bytes; 0 means DefaultKeep.
func OpenFolder(dir string, keep int64, log *slog.Logger) *Folder {
	if keep == 0 {
		keep = DefaultKeep
	}
	return &Folder{dir: dir, keep: keep, log: log, open: map[string]bool{}}
}

// Begin opens a file for a scan. It answers Unavailable when it can't be made.
func (f *Folder) Begin(s Scan) (*Record, error) {
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return nil, harrier.Errorf(harrier.Unavailable, "the folder %s can not be made", f.dir).Because(err)
	}
	s.Began = time.Now().UTC()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.trim()
	for i := 1; ; i++ {
		name := fmt.Sprintf("%s-scan%d-%d%s", s.Began.Format(stamp), s.Scan, i, plainName)
		path := filepath.Join(f.dir, name)
		file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, harrier.Errorf(harrier.Unavailable, "%s can not be made", path).Because(err)
		}
		f.open[name] = true
		return start(file, path, s, f.log, func() { f.finish(name) }), nil
	}
}

// finish packs a file whose section has ended.
func (f *Folder) finish(name string) {
	if err := pack(filepath.Join(f.dir, name)); err != nil { // it stays as it is
		f.log.Warn("flight record not packed", "file", name, "err", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.open, name)
	f.trim()
}

// trim removes the oldest files while there is too much, but never the newest
// nor one that is being written. The caller holds mu.
func (f *Folder) trim() {
	names, err := records(f.dir)
	if err != nil {
		f.log.Warn("flight records not looked through", "folder", f.dir, "err", err)
		return
	}
	sizes, sum := make([]int64, len(names)), int64(0)
	for i, n := range names {
		if fi, err := os.Stat(filepath.Join(f.dir, n)); err == nil {
			sizes[i] = fi.Size()
			sum += fi.Size()
		}
	}
	for i, n := range names {
		if sum <= f.keep || i == len(names)-1 {
			return
		}
		if f.open[n] || f.open[strings.TrimSuffix(n, ".gz")] {
			continue
		}
		if err := os.Remove(filepath.Join(f.dir, n)); err != nil {
			f.log.Warn("flight record not removed", "file", n, "err", err)
			continue
		}
		if err := remove(filepath.Join(f.dir, n) + handName); err != nil {
			f.log.Warn("flight record not removed", "file", n+handName, "err", err)
		}
		sum -= sizes[i]
	}
}

// records are the names of the files with records in dir, oldest first.
func records(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries { // in the order of their names
		if n := e.Name(); e.Type().IsRegular() && (strings.HasSuffix(n, plainName) || strings.HasSuffix(n, packedName)) {
			names = append(names, n)
		}
	}
	return names, nil
}

// pack compresses a file: there is the whole one or the packed one, or, for a
// moment, both.
func pack(path string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	part := strings.TrimSuffix(path, plainName) + partName
	if err := packTo(part, in); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	if err := os.Rename(part, path+".gz"); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	in.Close() // else it can't be removed everywhere
	return os.Remove(path)
}

func packTo(path string, in io.Reader) error {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(out)
	_, err = io.Copy(z, in)
	return errors.Join(err, z.Close(), out.Sync(), out.Close())
}

// File takes the records of one process after each other.
type File struct {
	path string
	log  *slog.Logger
	file *os.File
	turn sync.Mutex // held while a section is written
}

// OpenFile makes the file anew. It answers Invalid when it can't.
func OpenFile(path string, log *slog.Logger) (*File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err == nil { // what a process left that was killed is of the record before
		if err = remove(path + handName); err != nil {
			err = errors.Join(err, file.Close())
		}
	}
	if err != nil {
		return nil, harrier.Invalidf("flight", "%s can not be written", path).Because(err)
	}
	return &File{path: path, log: log, file: file}, nil
}

// Begin waits for the end of the section before and begins one.
func (f *File) Begin(s Scan) (*Record, error) {
	f.turn.Lock()
	s.Began = time.Now().UTC()
	return start(section{f.file}, f.path, s, f.log, f.turn.Unlock), nil
}

// Close closes the file, after the last section has ended.
func (f *File) Close() error { return f.file.Close() }

// section is the part of a file that one Record writes.
type section struct{ *os.File }

// Close leaves the file open.
func (section) Close() error { return nil }

// Sync does nothing for a pipe or a terminal, which can not.
func (s section) Sync() error {
	if fi, err := s.Stat(); err != nil || !fi.Mode().IsRegular() {
		return err
	}
	return s.File.Sync()
}
