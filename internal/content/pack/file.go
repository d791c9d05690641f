package pack

import (
	"os"
	"path/filepath"
	"runtime"

	"github.com/harrier-scan/harrier"
)

// replace writes a file, all or nothing, also when the power goes.
func replace(file string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".tmp-")
	if err != nil {
		return unwritable(filepath.Dir(file), err)
	}
	defer os.Remove(f.Name())
	if err := finish(f, text); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), file); err != nil {
		return unwritable(file, err)
	}
	return syncFile(filepath.Dir(file))
}

// finish writes text to a new file and closes it.
func finish(f *os.File, text []byte) error {
	_, err := f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return unwritable(f.Name(), err)
	}
	return nil
}

// syncFile writes a file or folder through to the disk.
func syncFile(name string) error {
	if runtime.GOOS == "windows" {
		return nil // folders can not be opened there, and files want to be written to
	}
	f, err := os.Open(name)
	if err != nil {
		return unwritable(name, err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return unwritable(name, err)
	}
	return nil
}

func unwritable(name string, err error) error {
	return harrier.Errorf(harrier.Unavailable, "%s can not be written", name).Because(err)
}
