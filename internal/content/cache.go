package content

import (
	"container/list"
	"sync"
)

// cache keeps what was used last, up to a number of bytes. Calls may overlap.
type cache[K comparable, V any] struct {
	mu    sync.Mutex
	limit int
	size  int
	order *list.List // of *cached, the last used in front
	items map[K]*list.Element
}

type cached[K comparable, V any] struct {
	key   K
	value V
	size  int
}

func newCache[K comparable, V any](limit int) *cache[K, V] {
	return &cache[K, V]{limit: limit, order: list.New(), items: map[K]*list.Element{}}
}

func (c *cache[K, V]) get(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.items[key]
	if !ok {
		var none V
		return none, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*cached[K, V]).value, true
}

// put keeps a value of a size in bytes; one that is greater than a quarter of
// the whole is not kept.
func (c *cache[K, V]) put(key K, value V, size int) {
	if size > c.limit/4 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.items[key]; ok {
		c.remove(e)
	}
	c.items[key] = c.order.PushFront(&cached[K, V]{key, value, size})
	for c.size += size; c.size > c.limit; {
		c.remove(c.order.Back())
	}
}

func (c *cache[K, V]) remove(e *list.Element) {
	old := c.order.Remove(e).(*cached[K, V])
	delete(c.items, old.key)
	c.size -= old.size
}
