//go:build unix

package console

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier"
)

// lock takes the data folder for this process; it is free again when the
// process ends, however it ends.
func lock(path string) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, harrier.Errorf(harrier.Unavailable, "the data folder can not be written").Because(err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close() // nothing was written
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, harrier.Errorf(harrier.Unavailable, "a console is running on this data folder")
		}
		return nil, harrier.Errorf(harrier.Unavailable, "the data folder can not be locked").Because(err)
	}
	return f.Close, nil
}
