//go:build unix

package dial

import (
	"net/netip"
	"os"
	"runtime"
	"syscall"
	"testing"
)

// silentPort returns a port whose system drops connection attempts: it listens
// and its queue is full.
func silentPort(t testing.TB, addr string) uint16 {
	t.Helper()
	port, _ := crowded(t, addr)
	return port
}

// crowded is silentPort with the listening socket.
func crowded(t testing.TB, addr string) (port uint16, listener int) {
	t.Helper()
	socket := func() int {
		fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = syscall.Close(fd) })
		return fd
	}
	a := netip.MustParseAddr(addr)
	l := socket()
	if err := syscall.Bind(l, &syscall.SockaddrInet4{Addr: a.As4()}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(l, 0); err != nil {
		t.Fatal(err)
	}
	own, err := syscall.Getsockname(l)
	if err != nil {
		t.Fatal(err)
	}
	to, ok := own.(*syscall.SockaddrInet4)
	if !ok {
		t.Fatalf("Getsockname = %T", own)
	}
	for range 4 { // the queue takes one or two
		c := socket()
		if err := syscall.SetNonblock(c, true); err != nil {
			t.Fatal(err)
		}
		_ = syscall.Connect(c, to) // goes on in the background
	}
	return uint16(to.Port), l
}

// descriptors counts those of the process.
func descriptors(t testing.TB) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
