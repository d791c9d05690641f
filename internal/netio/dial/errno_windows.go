package dial

import (
	"syscall"

	"golang.org/x/sys/windows"
)

var (
	refusedErrors     = []syscall.Errno{windows.WSAECONNREFUSED, windows.WSAECONNRESET, windows.WSAECONNABORTED}
	unreachableErrors = []syscall.Errno{windows.WSAEHOSTUNREACH, windows.WSAENETUNREACH, windows.WSAEHOSTDOWN, windows.WSAENETDOWN, windows.WSAEACCES}
	silentErrors      = []syscall.Errno{windows.WSAETIMEDOUT}
)
