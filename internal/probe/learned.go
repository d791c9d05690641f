package probe

import (
	"cmp"
	"slices"
	"sync"

	"github.com/harrier-scan/harrier"
)

// The bounds of what Learned keeps: endpoints, and names for each of them.
const (
	maxLearned  = 4096
	maxPerPlace = 4
	maxGuesses  = 3
)

// Learned is what the identifications of a scan learn from each other: which
// protocols were recognised at which port numbers, and how often at all. What
// hosts of a network have in common is asked first at the next one. It is
// bounded, whatever the peers say. Its methods may overlap; those of a nil
// Learned know nothing and keep nothing.
type Learned struct {
	mu     sync.Mutex
	at     map[harrier.Endpoint][]tally
	common map[string]int // by transport and name
}

// tally is how often a protocol was seen.
type tally struct {
	name  string
	tls   bool
	times int
}

// NewLearned returns a Learned that knows nothing yet.
func NewLearned() *Learned {
	return &Learned{at: map[harrier.Endpoint][]tally{}, common: map[string]int{}}
}

// saw notes a service that was recognised.
func (l *Learned) saw(s harrier.Service) {
	if l == nil || s.Name == "" || s.Name == onlyTLS && !s.TLS {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.common[string(s.Protocol)+"/"+s.Name]++ // names are those of protocols: few
	here, known := l.at[s.Endpoint]
	if !known && len(l.at) >= maxLearned {
		return
	}
	i := slices.IndexFunc(here, func(t tally) bool { return t.name == s.Name && t.tls == s.TLS })
	switch {
	case i >= 0:
		here[i].times++
	case len(here) < maxPerPlace:
		here = append(here, tally{s.Name, s.TLS, 1})
	default: // the rarest one makes room
		here[len(here)-1] = tally{s.Name, s.TLS, 1}
	}
	slices.SortStableFunc(here, func(a, b tally) int { return cmp.Compare(b.times, a.times) })
	l.at[s.Endpoint] = here
}

// guess lists the protocols that were recognised at an endpoint's number, the
// most frequent first; secure says that most spoke TLS.
func (l *Learned) guess(e harrier.Endpoint) (likely []*Protocol, secure bool) {
	if l == nil {
		return nil, false
	}
	l.mu.Lock()
	here := slices.Clone(l.at[e])
	l.mu.Unlock()
	for _, t := range here[:min(len(here), maxGuesses)] {
		for i := range All {
			if p := &All[i]; p.Name == t.name && p.Transport == e.Protocol && !slices.Contains(likely, p) {
				likely = append(likely, p)
			}
		}
	}
	return likely, len(here) > 0 && here[0].tls
}

// order sorts protocols by how often they were recognised in the scan; those
// that were as often keep their order.
func (l *Learned) order(list []*Protocol) []*Protocol {
	if l == nil {
		return list
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	slices.SortStableFunc(list, func(a, b *Protocol) int {
		return cmp.Compare(l.common[string(b.Transport)+"/"+b.Name], l.common[string(a.Transport)+"/"+a.Name])
	})
	return list
}
