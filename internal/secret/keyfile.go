package secret

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/harrier-scan/harrier"
)

// Open returns the box of the key in keyfile, and makes the file with a new
// random key when there is none. The file holds KeySize raw bytes and is its
// owner's alone (mode 0600). Open answers Invalid for a file of another length
// or one that others may read: such a key has to be taken as known.
func Open(keyfile string) (*Box, error) {
	key, err := readKey(keyfile)
	if errors.Is(err, fs.ErrNotExist) {
		if err = createKey(keyfile); err == nil {
			key, err = readKey(keyfile)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	return New(key)
}

func readKey(keyfile string) ([]byte, error) {
	f, err := os.Open(keyfile)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	// Windows has no such bits: access lists of the folder decide there.
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, harrier.Errorf(harrier.Invalid, "%s may be used by others (mode %04o): make it 0600", keyfile, mode)
	}
	key, err := io.ReadAll(io.LimitReader(f, KeySize+1))
	if err != nil {
		return nil, err
	}
	if len(key) != KeySize {
		return nil, harrier.Errorf(harrier.Invalid, "%s is not a key file of %d bytes", keyfile, KeySize)
	}
	return key, nil
}

// createKey puts a new key at keyfile, whole or not at all. When two processes
// do so at the same time, the first one's key stays.
func createKey(keyfile string) error {
	dir := filepath.Dir(keyfile)
	tmp, err := os.CreateTemp(dir, ".key-*") // has mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // its other name stays
	key := make([]byte, KeySize)
	_, _ = rand.Read(key) // never fails: crypto/rand aborts the program instead
	_, err = tmp.Write(key)
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	// A hard link, unlike a rename, never replaces a key that is there.
	if err := os.Link(tmp.Name(), keyfile); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

// syncDir makes the new name of a file durable.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // can not sync folders
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
