//go:build unix

package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// cpu is the time that all cores have worked for this process.
func cpu() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
