package pack

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"github.com/harrier-scan/harrier"
)

// Options are what an operator may allow.
type Options struct {
	Older bool // content that is older than what is installed
}

// Import verifies a pack and puts it in force. It answers Invalid, saying why, for
// one that is not signed by a trusted key, was changed, is cut off, or unpacks to
// something else than was signed, and Conflict for one that is older than what is
// installed. Whenever it fails, what was in force stays so. Importing what is in
// force already changes nothing.
func (p Place) Import(file string, o Options) (Manifest, error) {
	f, err := os.Open(file)
	if err != nil {
		return Manifest{}, harrier.Errorf(harrier.Unavailable, "%s can not be read", file).Because(err)
	}
	defer f.Close()
	return p.install(filepath.Base(file), f, o)
}

func (p Place) install(name string, r io.Reader, o Options) (Manifest, error) {
	unlock, err := p.lock()
	if err != nil {
		return Manifest{}, err
	}
	defer unlock()
	keys, err := p.Trusted()
	if err != nil {
		return Manifest{}, err
	}
	in := bufio.NewReaderSize(r, 1<<16)
	h, err := readHead(name, in, keys)
	if err != nil {
		return Manifest{}, err
	}
	if h.PackedSHA256 == "" {
		return Manifest{}, harrier.Invalidf(name, "its manifest lacks the checksum of its body")
	}
	if same, err := p.follows(name, h, o); err != nil {
		return Manifest{}, err
	} else if same {
		return h.Manifest, nil
	}
	folder, err := p.fresh()
	if err != nil {
		return Manifest{}, err
	}
	defer os.RemoveAll(folder)
	if err := unpack(name, in, h.Manifest, filepath.Join(folder, "base.db")); err != nil {
		return Manifest{}, err
	}
	return h.Manifest, p.enforce(folder, h)
}

// follows holds the sequence number against what is installed. Same is whether
// that is it already.
func (p Place) follows(name string, h head, o Options) (same bool, err error) {
	at, err := p.pointer()
	if err != nil && harrier.KindOf(err) != harrier.Invalid {
		return false, err // a damaged pointer is what an import mends
	}
	if at.Sequence > h.Sequence && !o.Older {
		return false, harrier.Errorf(harrier.Conflict, "%s: it is content %d, older than the installed %d; --older installs it all the same", name, h.Sequence, at.Sequence)
	}
	if at.Sequence != h.Sequence {
		return false, nil
	}
	now, err := p.load()
	switch {
	case err != nil:
		return false, nil //nolint:nilerr // what is installed is broken: this mends it
	case now.SHA256 == h.SHA256:
		return true, nil
	case o.Older:
		return false, nil
	}
	return false, harrier.Errorf(harrier.Conflict, "%s: it bears the number %d of the installed content and is not the same; --older installs it all the same", name, h.Sequence)
}

// unpack writes the base behind a head to file, and is content only with exactly
// what the manifest says.
func unpack(name string, in io.Reader, m Manifest, file string) error {
	packed := &counted{r: io.LimitReader(in, m.PackedSize), hash: sha256.New()}
	z, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(64<<20))
	if err != nil {
		return err
	}
	defer z.Close()
	out, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return unwritable(file, err)
	}
	defer out.Close()
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(sum, diskWriter{out}), io.LimitReader(z, m.Size+1))
	var disk *harrier.Error
	switch {
	case errors.As(err, &disk):
		return err
	case packed.n < m.PackedSize && packed.ended:
		return harrier.Invalidf(name, "it is cut off")
	case err != nil:
		return harrier.Invalidf(name, "its body is damaged").Because(err)
	case n > m.Size:
		return harrier.Invalidf(name, "it unpacks to more than the %d bytes that were signed", m.Size)
	}
	if _, err := io.Copy(io.Discard, packed); err != nil {
		return harrier.Invalidf(name, "it can not be read").Because(err)
	}
	more, _ := in.Read(make([]byte, 1))
	if packed.n != m.PackedSize || more != 0 || hex.EncodeToString(packed.hash.Sum(nil)) != m.PackedSHA256 ||
		n != m.Size || hex.EncodeToString(sum.Sum(nil)) != m.SHA256 {
		return harrier.Invalidf(name, "its body was changed after it was signed")
	}
	if err := out.Close(); err != nil {
		return unwritable(file, err)
	}
	return nil
}

// diskWriter tells faults of the disk from those of the pack.
type diskWriter struct{ f *os.File }

// Write writes.
func (d diskWriter) Write(p []byte) (int, error) {
	n, err := d.f.Write(p)
	if err != nil {
		return n, unwritable(d.f.Name(), err)
	}
	return n, nil
}
