//go:build !unix

package console

import (
	"os"

	"github.com/harrier-scan/harrier"
)

// lock takes the data folder for this process where the system lets a file be
// opened once only; elsewhere the database's own lock must do.
func lock(path string) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, harrier.Errorf(harrier.Unavailable, "the data folder can not be written").Because(err)
	}
	return f.Close, nil
}
