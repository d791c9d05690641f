//go:build unix

package netio

import (
	"context"
	"errors"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

func TestConnect(t *testing.T) {
	open, _ := listener(t, "127.1.3.5:0")
	n := New(harrier.Guard{}, nil, Pace{})
	if err := n.Declare(open.Addr(), 0); err != nil {
		t.Fatal(err)
	}
	silent := silentPort(t, "127.1.3.5")
	for to, want := range map[netip.AddrPort]State{
		open: Open, netip.AddrPortFrom(open.Addr(), 1): Closed, silent: Silent,
	} {
		if got, rtt, err := n.Connect(t.Context(), to, 300*time.Millisecond); got != want || err != nil || (rtt > 0) != want.Answered() {
			t.Errorf("Connect(%v) = %v, %v, %v; want %v", to, got, rtt, err, want)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, _, err := n.Connect(ctx, silent, time.Minute); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 2*time.Second {
		t.Errorf("Connect to a silent port = %v after %v; want the context's end at once", err, time.Since(began))
	}
}

// silentPort returns a port whose system drops connection attempts: it listens
// and its queue is full.
func silentPort(t *testing.T, addr string) netip.AddrPort {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	a := netip.MustParseAddr(addr)
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: a.As4()}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	own, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	to := &syscall.SockaddrInet4{Addr: a.As4(), Port: own.(*syscall.SockaddrInet4).Port}
	for range 4 { // the queue takes one or two
		c, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = syscall.Close(c) })
		if err := syscall.SetNonblock(c, true); err != nil {
			t.Fatal(err)
		}
		_ = syscall.Connect(c, to) // goes on in the background
	}
	return netip.AddrPortFrom(a, uint16(to.Port))
}
