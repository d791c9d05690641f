//go:build unix

package pack

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// hold takes a lock, after waiting for it or not at all: free is whether it was
// taken. It is gone with the process, however that ends.
func (p Place) hold(name string, wait bool) (release func(), free bool, err error) {
	if err := p.make(); err != nil {
		return nil, false, err
	}
	f, err := os.OpenFile(filepath.Join(p.dir, name), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, false, unwritable(p.dir, err)
	}
	how := unix.LOCK_EX
	if !wait {
		how |= unix.LOCK_NB
	}
	for {
		if err = unix.Flock(int(f.Fd()), how); err != unix.EINTR { //nolint:errorlint // a system call's own value
			break
		}
	}
	if err == nil {
		return func() { _ = f.Close() }, true, nil
	}
	_ = f.Close()                // nothing was written
	if err == unix.EWOULDBLOCK { //nolint:errorlint // a system call's own value
		return nil, false, nil
	}
	return nil, false, unwritable(p.dir, err)
}
