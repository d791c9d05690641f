package match

import "sync"

// memo keeps values for as long as a version holds, in two generations: when
// the younger is full the elder goes. The zero value but for limit is ready.
type memo[K comparable, V any] struct {
	limit int // sum of weights in one generation

	mu         sync.RWMutex
	version    string
	young, old map[K]weighed[V]
	weight     int
}

type weighed[V any] struct {
	value  V
	weight int
}

func (m *memo[K, V]) get(version string, k K) (V, bool) {
	m.mu.RLock()
	w, ok := m.young[k]
	aged := false
	if !ok {
		w, aged = m.old[k]
	}
	same := m.version == version
	m.mu.RUnlock()
	if aged && same {
		m.put(version, k, w.value, w.weight)
	}
	return w.value, same && (ok || aged)
}

func (m *memo[K, V]) put(version string, k K, v V, weight int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.version != version || m.young == nil {
		m.version, m.young, m.old, m.weight = version, make(map[K]weighed[V]), nil, 0
	}
	if _, ok := m.young[k]; ok {
		return
	}
	if m.weight += weight; m.weight > m.limit {
		m.old, m.young, m.weight = m.young, make(map[K]weighed[V]), weight
	}
	m.young[k] = weighed[V]{v, weight}
}
