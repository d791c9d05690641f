package measure

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWatch(t *testing.T) {
	// The shell's child does the work; both count.
	u, fault := Watch(exec.CommandContext(t.Context(), "sh", "-c", "sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'; sleep 0.1"))
	if fault != "" || u.Wall < 0.1 || u.CPU <= 0.01 || u.RSS < 100<<10 || u.RSS > 64<<20 {
		t.Errorf("Watch = %+v, %q; want time, CPU time of the child, and the memory of a shell", u, fault)
	}
	if _, fault := Watch(exec.CommandContext(t.Context(), "sh", "-c", "echo why >&2; exit 3")); fault != "exit status 3: why" {
		t.Errorf("fault = %q; want the status and what it said", fault)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if u, fault := Watch(exec.CommandContext(ctx, "sh", "-c", "sleep 60 & sleep 60")); !strings.HasPrefix(fault, "signal: killed") || u.Wall > 30 {
		t.Errorf("Watch = %+v, %q; want it killed with its children", u, fault)
	}
}
