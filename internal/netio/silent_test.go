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

// A sweep tells open, closed and silent ports apart, and ends with its context.
func TestSweepStates(t *testing.T) {
	open, _ := listener(t, "127.1.3.5:0")
	n := New(harrier.Guard{}, nil, Pace{})
	defer n.Close()
	if err := n.Declare(open.Addr(), 0); err != nil {
		t.Fatal(err)
	}
	silent := silentPort(t, "127.1.3.5")
	r, err := n.Sweep(t.Context(), Job{Addr: open.Addr(), Plan: synPlan(open.Port(), 1, silent.Port()), MaxWait: 300 * time.Millisecond}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []State{Open, Closed, Silent} {
		if got := r.State(i); got != want {
			t.Errorf("state of question %d = %v; want %v", i, got, want)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := n.Sweep(ctx, Job{Addr: open.Addr(), Plan: synPlan(silent.Port())}, nil); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 10*time.Second {
		t.Errorf("Sweep of a silent port = %v after %v; want the context's end at once", err, time.Since(began))
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
