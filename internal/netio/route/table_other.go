//go:build !linux

package route

import (
	"net/netip"

	"github.com/harrier-scan/harrier"
)

// Table answers from the kernel's routes and neighbours, on Linux only.
type Table struct{ _ struct{} }

func unavailable() error {
	return harrier.Errorf(harrier.Unavailable, "routes can be read on Linux only")
}

// Open answers Unavailable.
func Open() (*Table, error) { return nil, unavailable() }

// Close does nothing.
func (t *Table) Close() {}

// Generation is always 0.
func (t *Table) Generation() uint64 { return 0 }

// Path answers Unavailable.
func (t *Table) Path(netip.Addr) (Path, error) { return Path{}, unavailable() }

// Neighbour knows nobody.
func (t *Table) Neighbour(int, netip.Addr) (mac [6]byte, ok bool) { return mac, false }
