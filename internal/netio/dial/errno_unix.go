//go:build unix

package dial

import "syscall"

var (
	refusedErrors     = []syscall.Errno{syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE}
	unreachableErrors = []syscall.Errno{syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.ENETDOWN, syscall.EACCES, syscall.EPERM, syscall.ENOPROTOOPT, syscall.EPROTO}
	silentErrors      = []syscall.Errno{syscall.ETIMEDOUT}
)
