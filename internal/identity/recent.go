package identity

import (
	"container/list"
	"sync"
)

// remembered is how many entries each of the room's memories holds at most.
const remembered = 10_000

// recent is a map of the entries that were put most recently. Calls may
// overlap.
type recent[V any] struct {
	mu      sync.Mutex
	size    int
	order   *list.List // of *entry[V], newest first
	entries map[string]*list.Element
}

type entry[V any] struct {
	key   string
	value V
}

func newRecent[V any](size int) *recent[V] {
	return &recent[V]{size: size, order: list.New(), entries: map[string]*list.Element{}}
}

// get returns the entry of key, and false when there is none.
func (r *recent[V]) get(key string) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.peek(key)
}

// change replaces the entry of key by what with makes of it, and returns that.
func (r *recent[V]) change(key string, with func(old V) V) V {
	r.mu.Lock()
	defer r.mu.Unlock()
	old, _ := r.peek(key)
	value := with(old)
	if e := r.entries[key]; e != nil {
		e.Value.(*entry[V]).value = value
		r.order.MoveToFront(e)
		return value
	}
	r.entries[key] = r.order.PushFront(&entry[V]{key, value})
	if r.order.Len() > r.size {
		r.drop(r.order.Back())
	}
	return value
}

// forget removes the entry of key.
func (r *recent[V]) forget(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.entries[key]; e != nil {
		r.drop(e)
	}
}

func (r *recent[V]) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.order.Len()
}

func (r *recent[V]) peek(key string) (value V, found bool) {
	e := r.entries[key]
	if e == nil {
		return value, false
	}
	return e.Value.(*entry[V]).value, true
}

func (r *recent[V]) drop(e *list.Element) {
	delete(r.entries, e.Value.(*entry[V]).key)
	r.order.Remove(e)
}
