package archive

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/harrier-scan/harrier"
)

// kind is how a file is packed.
type kind struct {
	pack string // "gz", "zst", "bz2", "zip"; "" for not at all
	tar  bool
}

var (
	plain  = kind{}
	zipped = kind{pack: "zip"}
)

// suffixes are tried in order.
var suffixes = []struct {
	suffix string
	kind
}{
	{".tar.gz", kind{"gz", true}},
	{".tgz", kind{"gz", true}},
	{".tar.zst", kind{"zst", true}},
	{".tzst", kind{"zst", true}},
	{".tar.bz2", kind{"bz2", true}},
	{".tbz2", kind{"bz2", true}},
	{".tar", kind{"", true}},
	{".zip", zipped},
	{".gz", kind{"gz", false}},
	{".zst", kind{"zst", false}},
	{".bz2", kind{"bz2", false}},
}

// kindOf tells how a file of that name is packed, and its name without that.
func kindOf(name string) (kind, string) {
	lower := strings.ToLower(name)
	for _, s := range suffixes {
		if strings.HasSuffix(lower, s.suffix) {
			return s.kind, name[:len(name)-len(s.suffix)]
		}
	}
	return plain, name
}

// maxWindow is how far back a zstd stream may refer: what "zstd --ultra" makes.
const maxWindow = 128 << 20

// unpack undoes the packing of a stream. End gives back what it holds.
func unpack(k kind, r io.Reader) (_ io.Reader, end func(), err error) {
	switch k.pack {
	case "gz":
		z, err := gzip.NewReader(bufio.NewReader(r))
		return z, func() {}, err
	case "zst":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	case "bz2":
		return bzip2.NewReader(bufio.NewReader(r)), func() {}, nil
	}
	return r, func() {}, nil
}

// magics are how packed files begin.
var magics = [][]byte{{0x1f, 0x8b, 8}, {0x28, 0xb5, 0x2f, 0xfd}, []byte("BZh"), []byte("PK\x03\x04")}

// notAgain looks at the beginning of what came out of r: a file that is packed
// twice is a bomb or unpacks to itself.
func notAgain(chain string, r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	head, _ := b.Peek(4) // the error comes again when it is read
	for _, m := range magics {
		if bytes.HasPrefix(head, m) {
			return nil, harrier.Invalidf(chain, "it is packed twice")
		}
	}
	return b, nil
}

// tar visits the entries of a tar file.
func (b *budget) tar(chain string, r io.Reader, level int, visit Visit) error {
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			// What stands behind the end holds the checksum of the packing.
			if _, err := io.Copy(io.Discard, r); err != nil {
				return broken(chain, err)
			}
			return nil
		}
		if err != nil {
			return broken(chain, err)
		}
		name, err := b.clean(chain, h.Name)
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if err := b.stream(chain+": "+name, name, t, level+1, visit); err != nil {
			return err
		}
	}
}

// directoryBytes is how much of a zip's directory is read for each entry that it
// may have: the directory is the one thing that has to be held in memory.
const directoryBytes = 160

// zip visits the entries of a zip file.
func (b *budget) zip(chain string, r io.ReaderAt, size int64, level int, visit Visit) error {
	directory := &boundedAt{ReaderAt: r, left: int64(b.Entries)*directoryBytes + 1<<20}
	z, err := zip.NewReader(directory, size)
	switch {
	case directory.left < 0:
		return harrier.Invalidf(chain, "it has more than %d entries", b.Entries)
	case err != nil && !errors.Is(err, zip.ErrInsecurePath):
		return harrier.Invalidf(chain, "it is cut off or no zip file").Because(err)
	}
	directory.free = true
	for _, f := range z.File {
		name, err := b.clean(chain, f.Name)
		if err != nil {
			return err
		}
		if !f.Mode().IsRegular() {
			continue
		}
		if err := b.zipEntry(chain+": "+name, name, f, level, visit); err != nil {
			return err
		}
	}
	return nil
}

func (b *budget) zipEntry(chain, name string, f *zip.File, level int, visit Visit) error {
	if f.Flags&1 != 0 {
		return harrier.Invalidf(chain, "it is encrypted")
	}
	r, err := f.Open()
	if err != nil {
		return broken(chain, err)
	}
	defer r.Close()
	return b.stream(chain, name, b.count(chain, r), level+1, visit)
}

// count counts what comes out of an unpacker against the budget.
func (b *budget) count(chain string, r io.Reader) io.Reader {
	return &countReader{r: r, b: b, chain: chain}
}

type countReader struct {
	r     io.Reader
	b     *budget
	chain string
}

// Read gives what was unpacked, and its faults as Invalid errors.
func (c *countReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.b.unpacked += int64(n)
	switch {
	case c.b.unpacked > c.b.Total:
		return n, harrier.Invalidf(c.chain, "it unpacks to more than %s altogether", bytesText(c.b.Total))
	case c.b.unpacked > free && c.b.unpacked/c.b.Ratio > c.b.packed:
		return n, harrier.Invalidf(c.chain, "it unpacks to more than %d times its size", c.b.Ratio)
	case err != nil && !errors.Is(err, io.EOF):
		return n, broken(c.chain, err)
	}
	return n, err
}

// leafReader bounds one file, and keeps what went wrong with reading it.
type leafReader struct {
	r           io.Reader
	left, limit int64
	chain       string
	read        bool
	err         error
}

// Read gives what was unpacked.
func (l *leafReader) Read(p []byte) (int, error) {
	if l.err != nil {
		return 0, l.err
	}
	l.read = true
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		err = harrier.Invalidf(l.chain, "it unpacks to more than %s", bytesText(l.limit))
	}
	if err != nil && !errors.Is(err, io.EOF) {
		l.err = broken(l.chain, err)
		return n, l.err
	}
	return n, err
}

// boundedAt is a file of which only so much may be read until it is free.
type boundedAt struct {
	io.ReaderAt
	left int64
	free bool
}

// ReadAt reads at an offset.
func (b *boundedAt) ReadAt(p []byte, off int64) (int, error) {
	if !b.free {
		if b.left -= int64(len(p)); b.left < 0 {
			return 0, io.ErrUnexpectedEOF
		}
	}
	return b.ReaderAt.ReadAt(p, off)
}
