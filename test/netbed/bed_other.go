//go:build !linux

package netbed

import (
	"context"
	"net/netip"
	"os/exec"

	"github.com/harrier-scan/harrier"
)

// Bed is a network that was made; there is none on this system.
type Bed struct{}

var errLinux = harrier.Errorf(harrier.Unavailable, "network namespaces need Linux")

// New answers Unavailable.
func New(context.Context, Options) (*Bed, error) { return nil, errLinux }

// Close does nothing.
func (*Bed) Close() error { return nil }

// Target is the name of the target's namespace.
func (*Bed) Target() string { return "" }

// Command returns a command that runs here.
func (*Bed) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, name, args...)
}

// TargetCommand returns a command that runs here.
func (*Bed) TargetCommand(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, name, args...)
}

// InScanner answers Unavailable.
func (*Bed) InScanner(func() error) error { return errLinux }

// InTarget answers Unavailable.
func (*Bed) InTarget(func() error) error { return errLinux }

// Shape answers Unavailable.
func (*Bed) Shape(context.Context, Profile) error { return errLinux }

// Count answers Unavailable.
func (*Bed) Count(context.Context, netip.Prefix) error { return errLinux }

// Counted answers Unavailable.
func (*Bed) Counted(context.Context) (probes, strays int, err error) { return 0, 0, errLinux }

// Sent answers Unavailable.
func (*Bed) Sent() (int, error) { return 0, errLinux }

// Trickle answers Unavailable.
func (*Bed) Trickle() (stop func(), err error) { return nil, errLinux }
