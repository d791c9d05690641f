package pack

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// Place is where an installation keeps its content. Several processes may use one
// at a time: who installs waits for the others, who loads gets one content or the
// next.
type Place struct{ dir string }

// In returns the place in a data folder, which need not be there.
func In(data string) Place { return Place{filepath.Join(data, "content")} }

// Dir is the folder of the place.
func (p Place) Dir() string { return p.dir }

// Content is content that was verified.
type Content struct {
	Manifest
	Base string // its base file, for content.Open
	text []byte // of its head
}

// pointer is the file current.
type pointer struct {
	Name     string `json:"name"`
	Sequence int64  `json:"sequence"`
}

// Current names the content in force without verifying it: another name is other
// content. It is "" when none is installed.
func (p Place) Current() (string, error) {
	c, err := p.pointer()
	return c.Name, err
}

func (p Place) pointer() (pointer, error) {
	file := filepath.Join(p.dir, "current")
	b, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return pointer{}, nil
	case err != nil:
		return pointer{}, harrier.Errorf(harrier.Unavailable, "%s can not be read", file).Because(err)
	}
	var c pointer
	if err := json.Unmarshal(b, &c); err != nil || !fs.ValidPath(c.Name) || strings.Contains(c.Name, "/") || c.Name == "." {
		return pointer{}, harrier.Invalidf(file, "it is damaged").Because(err)
	}
	return c, nil
}

// Load verifies the content in force, its signature and every byte of its base,
// and returns it. It answers NotFound when none is installed, and Invalid,
// saying why, for one that is not to be used.
func (p Place) Load() (Content, error) {
	for {
		c, err := p.load()
		if errors.Is(err, fs.ErrNotExist) && harrier.KindOf(err) != harrier.NotFound {
			// Two installations since the pointer was read take its folder away.
			if again, e := p.Current(); e == nil && again != "" && again != filepath.Base(filepath.Dir(c.Base)) {
				continue
			}
		}
		return c, err
	}
}

func (p Place) load() (Content, error) {
	at, err := p.pointer()
	if err != nil {
		return Content{}, err
	}
	if at.Name == "" {
		return Content{}, harrier.Errorf(harrier.NotFound, "no content is installed")
	}
	folder := filepath.Join(p.dir, "installed", at.Name)
	c := Content{Base: filepath.Join(folder, "base.db")}
	keys, err := p.Trusted()
	if err != nil {
		return c, err
	}
	text, err := os.ReadFile(filepath.Join(folder, "head"))
	if err != nil {
		return c, harrier.Errorf(harrier.Invalid, "the installed content lacks its signature").Because(err)
	}
	r := bufio.NewReader(bytes.NewReader(text))
	h, err := readHead("installed content", r, keys)
	if err != nil {
		return c, err
	}
	if _, err := r.ReadByte(); err == nil || h.Sequence != at.Sequence {
		return c, harrier.Invalidf("installed content", "its signature is of other content")
	}
	c.Manifest, c.text = h.Manifest, h.text
	size, sum, err := digest(c.Base)
	if err != nil {
		return c, harrier.Errorf(harrier.Invalid, "the installed content lacks its base").Because(err)
	}
	if size != h.Size || sum != h.SHA256 {
		return c, harrier.Invalidf("installed content", "its base was changed after it was signed")
	}
	return c, nil
}

// digest returns size and SHA-256 of a file.
func digest(file string) (int64, string, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return n, hex.EncodeToString(h.Sum(nil)), err
}

// Next is the sequence number of content made now.
func (p Place) Next(now time.Time) (int64, error) {
	at, err := p.pointer()
	return max(now.Unix(), at.Sequence+1), err
}

// Adopt puts a base that was built here in force, signed with key. The base is
// moved into the place; m needs what is to be said about it: publisher, version,
// sources. It returns the manifest as it was signed.
func (p Place) Adopt(base string, m Manifest, key Private, now time.Time) (Manifest, error) {
	unlock, err := p.lock()
	if err != nil {
		return m, err
	}
	defer unlock()
	if m.Sequence, err = p.Next(now); err != nil {
		return m, err
	}
	if m.Created.IsZero() {
		m.Created = now.UTC().Truncate(time.Second)
	}
	if m.Size, m.SHA256, err = digest(base); err != nil {
		return m, harrier.Errorf(harrier.Unavailable, "%s can not be read", base).Because(err)
	}
	m.PackedSize, m.PackedSHA256 = 0, ""
	h, err := newHead(m, key)
	if err != nil {
		return m, err
	}
	folder, err := p.fresh()
	if err != nil {
		return m, err
	}
	defer os.RemoveAll(folder)
	if err := os.Rename(base, filepath.Join(folder, "base.db")); err != nil {
		return m, unwritable(folder, err)
	}
	return h.Manifest, p.enforce(folder, h)
}

// fresh makes an empty folder for content that is to come.
func (p Place) fresh() (string, error) {
	dir := filepath.Join(p.dir, "installed")
	if err := p.make(); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", unwritable(dir, err)
	}
	folder, err := os.MkdirTemp(dir, newPrefix)
	if err != nil {
		return "", unwritable(dir, err)
	}
	return folder, nil
}

// newPrefix begins the names of folders that are not whole yet.
const newPrefix = ".new-"

func (p Place) make() error {
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return unwritable(p.dir, err)
	}
	return nil
}

// enforce makes the content in folder, whose base is whole, the one in force.
func (p Place) enforce(folder string, h head) error {
	if err := replace(filepath.Join(folder, "head"), h.text); err != nil {
		return err
	}
	base := filepath.Join(folder, "base.db")
	if err := os.Chmod(base, 0o400); err != nil { // it never changes again
		return unwritable(base, err)
	}
	if err := syncFile(base); err != nil {
		return err
	}
	if err := syncFile(folder); err != nil {
		return err
	}
	before, _ := p.Current() // of a damaged pointer nothing is kept
	name := fmt.Sprintf("%d-%.12s", h.Sequence, h.SHA256)
	dir := filepath.Join(p.dir, "installed")
	final := filepath.Join(dir, name)
	if name == before {
		name += "-again"
		final += "-again"
	}
	if err := os.RemoveAll(final); err != nil { // of an installation that ended before its last step
		return unwritable(final, err)
	}
	if err := os.Rename(folder, final); err != nil {
		return unwritable(final, err)
	}
	if err := syncFile(dir); err != nil {
		return err
	}
	b, err := json.Marshal(pointer{name, h.Sequence})
	if err != nil {
		return err
	}
	if err := replace(filepath.Join(p.dir, "current"), append(b, '\n')); err != nil {
		return err
	}
	p.prune(name, before)
	return nil
}

// prune takes away what is not needed any more. A folder that can not be removed
// is tried again the next time.
func (p Place) prune(keep ...string) {
	dir := filepath.Join(p.dir, "installed")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if e.Name() != keep[0] && e.Name() != keep[1] {
			_ = os.RemoveAll(filepath.Join(dir, e.Name()))
		}
	}
}
