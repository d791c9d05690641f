// Package flight is the flight recorder of an engine: it keeps, for every scan,
// what was sent to which address, how much and when, and proves by its silence
// that nothing was sent to any other.
//
// A record is a text of JSON objects, one on a line. The first one of a section
// says which scan it is and by which rules it ran, one for each batch says its
// targets, and one for each address, or for a span of neighbours to which the
// same was sent, what that was. The last one has the sums. Only with it the
// section is whole: an address that a whole section does not name was sent
// nothing in that scan by that engine. A section that lacks it was cut short,
// and says nothing about what it does not name. What was sent to the addresses
// that were in hand then is in a file beside it, see Record.Watch.
//
//	{"scan":{"flight":1,"scan":12,"uuid":"…","engine":"local","version":"…","began":"…","exclude":["10.0.0.9"],"guard":{"never":["10.20.0.0/16"]}}}
//	{"batch":{"batch":1,"attempt":1,"began":"…","targets":["10.0.0.0-10.0.0.255"]}}
//	{"sent":{"addr":"10.0.0.1","from":"…","to":"…","packets":{"tcp syn":1002,"tcp connection":12}}}
//	{"sent":{"addr":"10.0.0.2","last":"10.0.0.8","from":"…","to":"…","packets":{"icmp echo":2,"tcp syn":4}}}
//	{"end":{"ended":"…","addresses":8,"packets":{…},"refused":0}}
//
// What is counted is what package netio counts: packets, and for "tcp
// connection" attempts to connect by the system. What an open connection
// carries is part of it, and so are the acknowledgements and resets with which
// the system answers a target. So are the requests for a neighbour's link-layer
// address that the system sends on its own. Routers on the way are no targets.
package flight

import (
	"net/netip"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
)

// version is the form of the records.
const version = 1

// Scan opens a section.
type Scan struct {
	Form       int             `json:"flight"` // of the record; 1
	Scan       harrier.ID      `json:"scan,omitempty"`
	UUID       harrier.UUID    `json:"uuid,omitzero"`
	Engine     string          `json:"engine,omitempty"`
	EngineUUID harrier.UUID    `json:"engine_uuid,omitzero"`
	Version    string          `json:"version,omitempty"` // of the program
	Began      time.Time       `json:"began"`
	Exclude    harrier.Targets `json:"exclude,omitempty"`
	Guard      harrier.Guard   `json:"guard,omitzero"`
}

// Batch is a batch that the engine took in hand.
type Batch struct {
	Batch   int             `json:"batch"`
	Attempt int             `json:"attempt,omitempty"`
	Began   time.Time       `json:"began"`
	Targets harrier.Targets `json:"targets"`
}

// Packets are counts by netio.Sort's names; none is 0.
type Packets map[string]uint64

// Sent is what was sent to an address, or to each address of a span. An address
// may occur in several: they add up.
type Sent struct {
	Addr    netip.Addr `json:"addr"`          // the first of a span
	Last    netip.Addr `json:"last,omitzero"` // of a span; invalid for one address
	From    time.Time  `json:"from"`          // when the first one left
	To      time.Time  `json:"to"`            // when the last one left
	Packets Packets    `json:"packets"`       // to each
}

// has reports whether s speaks of addr. One without a zone is that of any link.
func (s Sent) has(addr netip.Addr) bool {
	first, last := s.Addr, s.Addr
	if s.Last.IsValid() {
		last = s.Last
	}
	if addr.Zone() == "" {
		first, last = first.WithZone(""), last.WithZone("")
	}
	return first.Zone() == addr.Zone() && first.BitLen() == addr.BitLen() && !addr.Less(first) && !last.Less(addr)
}

// End closes a section.
type End struct {
	Ended     time.Time `json:"ended"`
	Addresses int64     `json:"addresses"` // that something was sent to; one that was taken in hand twice counts twice
	Packets   Packets   `json:"packets"`   // in all, also those that could not be written down
	Refused   int64     `json:"refused"`   // how often a guard rule, an exclusion or a foreign address was in the way
	// Incomplete says what the section lacks; "" when it lacks nothing.
	Incomplete string `json:"incomplete,omitempty"`
}

// line is one line of a record: one of the members is set.
type line struct {
	Scan  *Scan  `json:"scan,omitempty"`
	Batch *Batch `json:"batch,omitempty"`
	Sent  *Sent  `json:"sent,omitempty"`
	End   *End   `json:"end,omitempty"`
	Hand  *Hand  `json:"hand,omitempty"` // in the file beside, see Record.Watch
}

// add adds counts.
func (p Packets) add(f netio.Flight) {
	for i, n := range f.Counts {
		if n > 0 {
			p[netio.Sort(i).String()] += uint64(n)
		}
	}
}

// Sum adds the counts of several.
func Sum(list []Sent) (all Packets) {
	all = Packets{}
	for _, s := range list {
		for sort, n := range s.Packets {
			all[sort] += n
		}
	}
	return all
}
