package kit

import (
	"archive/zip"
	"io"

	"github.com/harrier-scan/harrier"
)

// maxDirectory is how much of a zip file is read to learn what is in it, in
// bytes.
const maxDirectory = 1 << 20

// OneFile is the file in a zip file that must hold one alone, of at most most
// bytes. However many files one says that it holds, no more than a mebibyte is
// read to learn that. It answers Invalid.
func OneFile(r io.ReaderAt, size, most int64) (*zip.File, error) {
	from := &directory{ReaderAt: r, left: maxDirectory}
	z, err := zip.NewReader(from, size)
	switch {
	case err != nil && from.left >= 0:
		return nil, harrier.Errorf(harrier.Invalid, "the file is a broken zip file").Because(err)
	case err != nil || len(z.File) != 1 || z.File[0].UncompressedSize64 > uint64(most): //nolint:gosec // most is above zero
		return nil, harrier.Errorf(harrier.Invalid, "the zip file must hold one file of at most %d bytes", most)
	}
	from.read = true
	return z.File[0], nil
}

// directory gives out so much of a zip file until its directory is read.
type directory struct {
	io.ReaderAt
	left int64
	read bool
}

// ReadAt reads, or ends where the directory goes on for too long.
func (d *directory) ReadAt(p []byte, at int64) (int, error) {
	if !d.read {
		if d.left -= int64(len(p)); d.left < 0 {
			return 0, io.ErrUnexpectedEOF
		}
	}
	return d.ReaderAt.ReadAt(p, at)
}
