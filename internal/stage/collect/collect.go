// Package collect keeps the book of one host: what was looked at and how it
// ended.
package collect

import (
	"slices"
	"sync"

	"github.com/harrier-scan/harrier"
)

// Book is the coverage of one host while it is being scanned. Its methods may
// overlap.
type Book struct {
	mu      sync.Mutex
	c       harrier.Coverage
	planned *harrier.IDs
}

// New opens the book of a host that is alive, for the planned checks.
func New(planned *harrier.IDs) *Book {
	return &Book{c: harrier.Coverage{Alive: true, Planned: planned.Len()}, planned: planned}
}

// Add notes how a check ended. Clean ones are kept only where the service was
// not recognised, since there nothing else is taken to be clean. Checks that
// nobody planned are left out.
func (b *Book) Add(d harrier.Done) {
	if !b.planned.Has(d.Check) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if d.Outcome == harrier.Clean && !b.strange(d.Endpoint) {
		return
	}
	b.c.Add(d)
}

// strange reports whether e is open and nobody knows what serves it.
func (b *Book) strange(e harrier.Endpoint) bool {
	i, open := b.find(e)
	return open && !b.c.Open[i].Known
}

func (b *Book) find(e harrier.Endpoint) (int, bool) {
	return slices.BinarySearchFunc(b.c.Open, e, func(o harrier.Open, e harrier.Endpoint) int { return o.Compare(e) })
}

// Open notes an open port and whether the service on it was recognised.
func (b *Book) Open(e harrier.Endpoint, known bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, found := b.find(e)
	if found {
		b.c.Open[i].Known = b.c.Open[i].Known || known
		return
	}
	b.c.Open = slices.Insert(b.c.Open, i, harrier.Open{Endpoint: e, Known: known})
}

// Ports notes the ports whose state became known, and the UDP ports that were
// asked in vain.
func (b *Book) Ports(known harrier.Ports, openFiltered []harrier.PortRange) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.c.Ports, b.c.OpenFiltered = known, openFiltered
}

// Close returns the coverage. A reason says why the run did not go to the end;
// with "" it did. It answers Internal when planned checks and their outcomes
// do not add up.
func (b *Book) Close(reason string) (*harrier.Coverage, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.c
	c.Complete, c.Reason = reason == "", reason
	if t := c.Totals(); !t.Balanced() {
		return nil, harrier.Errorf(harrier.Internal, "%d checks were planned, the outcomes are %+v", t.Planned, t)
	}
	return &c, nil
}
