//go:build unix

package datagram

import "syscall"

var (
	refused     = []syscall.Errno{syscall.ECONNREFUSED}
	unreachable = []syscall.Errno{syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.ENETDOWN}
	prohibited  = []syscall.Errno{syscall.EACCES, syscall.ENOPROTOOPT}
)
