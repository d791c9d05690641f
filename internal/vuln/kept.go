package vuln

import (
	"encoding/json"
	"hash/fnv"
	"maps"
	"slices"
	"sync"

	"github.com/harrier-scan/harrier"
)

// kept knows which definitions of content are in the store: their checksums,
// and the few that were read last. Calls may overlap.
type kept struct {
	mu     sync.Mutex
	sums   map[harrier.VulnID]uint64
	recent map[harrier.VulnID]harrier.Vulnerability
}

// keptRecent bounds the definitions that are held.
const keptRecent = 512

// sumOf is a checksum of a definition as it is stored.
func sumOf(v harrier.Vulnerability) uint64 {
	h := fnv.New64a()
	_ = json.NewEncoder(h).Encode(v) // a definition has a form in JSON, and a hash takes it
	return h.Sum64()
}

// note says that definitions are stored as they are here.
func (k *kept) note(list ...harrier.Vulnerability) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.sums == nil {
		k.sums, k.recent = map[harrier.VulnID]uint64{}, map[harrier.VulnID]harrier.Vulnerability{}
	}
	for _, v := range list {
		k.sums[v.ID] = sumOf(v)
		delete(k.recent, v.ID)
	}
}

func (k *kept) has(id harrier.VulnID) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, ok := k.sums[id]
	return ok
}

// differs reports whether v is not stored in this form.
func (k *kept) differs(v harrier.Vulnerability) bool {
	sum := sumOf(v)
	k.mu.Lock()
	defer k.mu.Unlock()
	have, ok := k.sums[v.ID]
	return !ok || have != sum
}

func (k *kept) all() []harrier.VulnID {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Sorted(maps.Keys(k.sums))
}

func (k *kept) get(id harrier.VulnID) (harrier.Vulnerability, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, ok := k.recent[id]
	return v, ok
}

// keep holds a definition that was read, in the place of any other when there
// are too many.
func (k *kept) keep(v harrier.Vulnerability) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for id := range k.recent {
		if len(k.recent) < keptRecent {
			break
		}
		delete(k.recent, id)
	}
	if k.recent != nil {
		k.recent[v.ID] = v
	}
}
