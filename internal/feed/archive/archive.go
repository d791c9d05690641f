// Package archive walks through what publishers pack their files into. It
// streams: memory does not grow with what is unpacked, and every number that an
// archive claims about itself is held against a bound of ours.
//
// Read are folders, .zip, .tar, .tar.gz (.tgz), .tar.zst (.tzst), .tar.bz2
// (.tbz2), and single files that end in .gz, .zst or .bz2; which one it is, the
// name says. One archive may lie in another: a zip in a zip, a .gz in a .tar. xz
// is not read.
package archive

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/harrier-scan/harrier"
)

// Limits bound what is unpacked from one file. Zero is the default of each.
type Limits struct {
	Total   int64  // bytes unpacked altogether; 48 GiB
	Leaf    int64  // bytes of one unpacked file; 1 GiB
	Ratio   int64  // unpacked bytes for each packed one, behind the first 32 MiB; 250
	Entries int    // files and folders in one archive; 1,000,000
	Name    int    // bytes of a name; 512
	Temp    string // folder for an archive within an archive; that of the system
}

// free is how much may be unpacked before Ratio counts: small files of one
// repeated line are no bombs.
const free = 32 << 20

// levels is how many archives may lie in each other.
const levels = 2

func (l Limits) filled() Limits {
	fill := func(v *int64, to int64) {
		if *v <= 0 {
			*v = to
		}
	}
	fill(&l.Total, 48<<30)
	fill(&l.Leaf, 1<<30)
	fill(&l.Ratio, 250)
	if l.Entries <= 0 {
		l.Entries = 1_000_000
	}
	if l.Name <= 0 {
		l.Name = 512
	}
	return l
}

// Visit is called for each unpacked file, in the archive's order. Leaf is its
// name within the innermost archive, clean, with slashes ("data/osv/GO-1.json");
// that of "x.json.gz" is "x.json". A file of which visit reads nothing is
// skipped at little cost; one of which it reads something is read to its end
// afterwards, so that its checksum counts. R is valid until visit returns.
type Visit func(leaf string, r io.Reader) error

// Walk visits the files in the file or folder at path. It answers Invalid,
// naming the file and what is wrong with it, for an archive that is damaged, cut
// off, lies or passes a limit; files before the fault were visited by then. It
// answers Unavailable when path can not be read, and what visit returns when that
// is not nil.
func Walk(name string, l Limits, visit Visit) error {
	l = l.filled()
	info, err := os.Stat(name)
	if err != nil {
		return unreadable(name, err)
	}
	if info.IsDir() {
		return walkFolder(name, l, visit)
	}
	f, err := os.Open(name)
	if err != nil {
		return unreadable(name, err)
	}
	defer f.Close()
	return WalkReader(filepath.Base(name), f, info.Size(), l, visit)
}

// Check reads everything in a file or folder to its end. It answers as Walk does:
// nil is an archive of which nothing later comes as a surprise.
func Check(name string, l Limits) error {
	return Walk(name, l, func(_ string, r io.Reader) error {
		_, err := io.Copy(io.Discard, r)
		return err
	})
}

// WalkReader does what Walk does for one file of that name and size.
func WalkReader(name string, r io.ReaderAt, size int64, l Limits, visit Visit) error {
	b := &budget{Limits: l.filled(), packed: size}
	return b.file(name, name, r, size, 1, visit)
}

// walkFolder visits the ordinary files in a folder and those below it, by name.
// Links are not followed.
func walkFolder(dir string, l Limits, visit Visit) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return unreadable(dir, err)
	}
	defer root.Close()
	entries := 0
	return fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return unreadable(name, err)
		}
		if entries++; entries > l.Entries {
			return harrier.Invalidf(dir, "it has more than %d files", l.Entries)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		f, err := root.Open(filepath.FromSlash(name))
		if err != nil {
			return unreadable(name, err)
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return unreadable(name, err)
		}
		b := &budget{Limits: l, packed: info.Size()}
		return b.file(name, name, f, info.Size(), 1, visit)
	})
}

func unreadable(name string, err error) error {
	return harrier.Errorf(harrier.Unavailable, "%s can not be read", name).Because(err)
}

// budget counts what comes out of one file.
type budget struct {
	Limits
	packed   int64 // size of that file
	unpacked int64
	entries  int
}

// file visits what is in one file. Chain names it with the archives that it is
// in, for people; name is its name in the innermost one.
func (b *budget) file(chain, name string, r io.ReaderAt, size int64, level int, visit Visit) error {
	if level == 1 && strings.HasSuffix(strings.ToLower(name), ".xz") {
		return harrier.Invalidf(chain, "xz is not read; unpack it first")
	}
	if kind, _ := kindOf(name); kind == zipped {
		if level > levels {
			return tooDeep(chain)
		}
		return b.zip(chain, r, size, level, visit)
	}
	return b.stream(chain, name, io.NewSectionReader(r, 0, size), level, visit)
}

// stream visits what is in a file that is read from front to back.
func (b *budget) stream(chain, name string, r io.Reader, level int, visit Visit) error {
	kind, inner := kindOf(name)
	if kind != plain && level > levels {
		return tooDeep(chain)
	}
	switch kind {
	case zipped:
		return b.spool(chain, r, level, visit)
	case plain:
		return b.leaf(chain, name, r, visit)
	}
	unpacked, end, err := unpack(kind, r)
	if err != nil {
		return broken(chain, err)
	}
	defer end()
	if kind.tar {
		return b.tar(chain, b.count(chain, unpacked), level, visit)
	}
	once, err := notAgain(chain, unpacked)
	if err != nil {
		return err
	}
	if inner, _ := kindOf(inner); inner != plain {
		return tooDeep(chain)
	}
	return b.leaf(chain, inner, b.count(chain, once), visit)
}

// leaf hands one file over and reads the rest of it.
func (b *budget) leaf(chain, name string, r io.Reader, visit Visit) error {
	bounded := &leafReader{r: r, left: b.Leaf, limit: b.Leaf, chain: chain}
	err := visit(name, bounded)
	if bounded.err == nil && bounded.read && err == nil {
		_, _ = io.Copy(io.Discard, bounded) // what fails is kept in bounded.err
	}
	if bounded.err != nil {
		return bounded.err
	}
	return err
}

// spool puts a zip that comes as a stream into a file: its directory is at its
// end.
func (b *budget) spool(chain string, r io.Reader, level int, visit Visit) error {
	f, err := os.CreateTemp(b.Temp, "harrier-unpack-")
	if err != nil {
		return harrier.Errorf(harrier.Unavailable, "no temporary file can be made").Because(err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	in := &leafReader{r: r, left: b.Leaf, limit: b.Leaf, chain: chain}
	size, err := io.Copy(f, in)
	if in.err != nil {
		return in.err
	}
	if err != nil {
		return harrier.Errorf(harrier.Unavailable, "%s can not be written", f.Name()).Because(err)
	}
	return b.zip(chain, f, size, level, visit)
}

// clean returns the name of an entry as visitors get it. An archive with a name
// that leads out of it, or is none, is refused whole: nobody makes one by
// mistake.
func (b *budget) clean(chain, name string) (string, error) {
	if b.entries++; b.entries > b.Entries {
		return "", harrier.Invalidf(chain, "it has more than %d entries", b.Entries)
	}
	if len(name) > b.Name {
		return "", harrier.Invalidf(chain, "the name of an entry is longer than %d bytes", b.Name)
	}
	short := strings.TrimSuffix(strings.TrimPrefix(name, "./"), "/")
	if short == "" && name != "" {
		short = "."
	}
	if !fs.ValidPath(short) || strings.ContainsAny(short, "\\\x00") || path.Clean(short) != short {
		return "", harrier.Invalidf(chain, "an entry has the name %.80q, which is not clean", name)
	}
	return short, nil
}

func tooDeep(chain string) error {
	return harrier.Invalidf(chain, "archives lie in each other deeper than %d", levels)
}

// broken words what went wrong with unpacking.
func broken(chain string, err error) error {
	var known *harrier.Error
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return harrier.Invalidf(chain, "it is cut off").Because(err)
	}
	return harrier.Invalidf(chain, "it is damaged").Because(err)
}
