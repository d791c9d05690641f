package pack

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"github.com/harrier-scan/harrier"
)

// Write makes a pack of verified content, signed with key. With a publisher it
// bears that name, else the one that the content has. The file is there whole, or
// not at all. It returns the manifest as it was signed.
func Write(file string, c Content, key Private, publisher string) (Manifest, error) {
	m := c.Manifest
	if publisher != "" {
		m.Publisher = publisher
	}
	dir := filepath.Dir(file)
	body, err := os.CreateTemp(dir, ".harrier-pack-")
	if err != nil {
		return m, unwritable(dir, err)
	}
	defer os.Remove(body.Name())
	defer body.Close()
	if err := compress(body, c.Base, &m); err != nil {
		return m, err
	}
	h, err := newHead(m, key)
	if err != nil {
		return m, err
	}
	out, err := os.CreateTemp(dir, ".harrier-pack-")
	if err != nil {
		return m, unwritable(dir, err)
	}
	defer os.Remove(out.Name())
	defer out.Close()
	_, err = out.Write(h.text)
	if err == nil {
		_, err = body.Seek(0, io.SeekStart)
	}
	if err == nil {
		_, err = io.Copy(out, body)
	}
	if err == nil {
		err = out.Chmod(0o644) // it is made to be passed on
	}
	if err == nil {
		err = finish(out, nil)
	}
	if err == nil {
		err = os.Rename(out.Name(), file)
	}
	if err != nil {
		return m, unwritable(file, err)
	}
	return h.Manifest, nil
}

// compress packs a base and notes size and checksum of both in m. A base that is
// not what m says was changed since it was verified.
func compress(to io.Writer, base string, m *Manifest) error {
	in, err := os.Open(base)
	if err != nil {
		return harrier.Errorf(harrier.Unavailable, "%s can not be read", base).Because(err)
	}
	defer in.Close()
	packed := &written{w: to, hash: sha256.New()}
	z, err := zstd.NewWriter(packed, zstd.WithEncoderCRC(true), zstd.WithEncoderLevel(zstd.SpeedBetterCompression))
	if err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(sum, z), in)
	if e := z.Close(); err == nil {
		err = e
	}
	if err != nil {
		return harrier.Errorf(harrier.Unavailable, "the pack can not be written").Because(err)
	}
	if n != m.Size || hex.EncodeToString(sum.Sum(nil)) != m.SHA256 {
		return harrier.Invalidf("installed content", "its base was changed after it was signed")
	}
	m.PackedSize, m.PackedSHA256 = packed.n, hex.EncodeToString(packed.hash.Sum(nil))
	return nil
}
