package gate

import (
	"encoding/json"
	"sync"

	"github.com/harrier-scan/harrier"
)

// Box seals for this console, so that only it can read. It is a method set of
// the secret package.
type Box interface {
	Seal(purpose string, text []byte) ([]byte, error)
	Unseal(purpose string, sealed []byte) ([]byte, error)
}

// ticket is the console's word that it gave a batch to an engine.
type ticket struct {
	Scan    harrier.ID `json:"s"`
	Batch   int        `json:"b"`
	Attempt int        `json:"a"`
	Handle  string     `json:"h"` // of the delivery on the bus
}

func ticketFor(e harrier.UUID) string { return "ticket of engine " + e.String() }

func (t ticket) seal(box Box, e harrier.UUID) ([]byte, error) {
	b, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	return box.Seal(ticketFor(e), b)
}

// readTicket answers Forbidden for a ticket that this console did not give to
// that engine.
func readTicket(box Box, e harrier.UUID, sealed []byte) (t ticket, err error) {
	b, err := box.Unseal(ticketFor(e), sealed)
	if err == nil {
		err = json.Unmarshal(b, &t)
	}
	if err != nil {
		return t, harrier.Errorf(harrier.Forbidden, "this batch was not given to you").Because(err)
	}
	return t, nil
}

// given remembers to which engine each batch went last, so that one that was
// given to another since is refused. What a restart forgets, the next handout
// tells again. Its methods may overlap.
type given struct {
	mu   sync.Mutex
	last map[harrier.ID]map[int]harrier.UUID
}

func newGiven() *given { return &given{last: map[harrier.ID]map[int]harrier.UUID{}} }

// hand notes that a batch went to e.
func (g *given) hand(t ticket, e harrier.UUID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	of := g.last[t.Scan]
	if of == nil {
		of = map[int]harrier.UUID{}
		g.last[t.Scan] = of
	}
	of[t.Batch] = e
}

// to answers Conflict when the batch went to another engine since.
func (g *given) to(t ticket, e harrier.UUID) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if h, known := g.last[t.Scan][t.Batch]; known && h != e {
		return harrier.Errorf(harrier.Conflict, "the batch was given to another engine")
	}
	return nil
}

// drop forgets what was acknowledged.
func (g *given) drop(t ticket) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.last[t.Scan], t.Batch)
	if len(g.last[t.Scan]) == 0 {
		delete(g.last, t.Scan)
	}
}
