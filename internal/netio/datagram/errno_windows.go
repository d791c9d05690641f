package datagram

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// A port unreachable is told as a reset.
var (
	refused     = []syscall.Errno{windows.WSAECONNRESET, windows.WSAECONNREFUSED}
	unreachable = []syscall.Errno{windows.WSAEHOSTUNREACH, windows.WSAENETUNREACH, windows.WSAENETRESET}
	prohibited  = []syscall.Errno{windows.WSAEACCES}
)
