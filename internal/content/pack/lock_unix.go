//go:build unix

package pack

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// lock waits until nobody else installs. The lock is gone with the process,
// however that ends.
func (p Place) lock() (unlock func(), err error) {
	if err := p.make(); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(p.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, unwritable(p.dir, err)
	}
	for {
		if err = unix.Flock(int(f.Fd()), unix.LOCK_EX); err != unix.EINTR { //nolint:errorlint // a system call's own value
			break
		}
	}
	if err != nil {
		_ = f.Close() // nothing was written
		return nil, unwritable(p.dir, err)
	}
	return func() { _ = f.Close() }, nil
}
