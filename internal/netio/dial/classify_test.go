//go:build unix

package dial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		err  error
		want sweep.State
	}{
		{nil, sweep.Open},
		{syscall.ECONNREFUSED, sweep.Closed},
		{&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNRESET)}, sweep.Closed},
		{fmt.Errorf("connect: %w", syscall.EHOSTUNREACH), sweep.Unreachable},
		{syscall.ENETUNREACH, sweep.Unreachable},
		{syscall.EACCES, sweep.Unreachable},
		{syscall.ETIMEDOUT, sweep.Silent},
		{context.DeadlineExceeded, sweep.Silent},
		{os.ErrDeadlineExceeded, sweep.Silent},
		{&net.DNSError{IsTimeout: true}, sweep.Silent},
		{context.Canceled, sweep.Local},
		{syscall.EMFILE, sweep.Local},
		{syscall.EADDRNOTAVAIL, sweep.Local},
		{syscall.EAGAIN, sweep.Local},
		{io.EOF, sweep.Local},
		{errors.New("what"), sweep.Local},
	} {
		if got := Classify(c.err); got != c.want {
			t.Errorf("Classify(%v) = %v; want %v", c.err, got, c.want)
		}
	}
}
