//go:build unix

package netio

import "syscall"

// raiseFiles raises the number of files that the process may open as far as it
// may do so itself, and returns it. Where the limit can not be read it is the
// customary 256.
func raiseFiles() int {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return 256
	}
	if r.Cur < r.Max {
		raised := r
		raised.Cur = raised.Max
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised); err == nil {
			r = raised
		}
	}
	return int(min(uint64(r.Cur), 1<<20)) //nolint:unconvert // it is an int64 on FreeBSD
}
