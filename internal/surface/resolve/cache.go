package resolve

import (
	"context"
	"sync"
	"time"
)

type question struct {
	name string
	typ  uint16
}

// entry is a cached answer, or one on its way.
type entry struct {
	done  chan struct{}
	a     Answer
	err   error
	until time.Time
}

// cache keeps answers for as long as they say, at least a minute and at most
// an hour, and lets equal questions wait for one another.
type cache struct {
	mu sync.Mutex
	m  map[question]*entry
}

func (c *cache) get(ctx context.Context, q question, now func() time.Time, ask func() (Answer, error)) (Answer, error) {
	c.mu.Lock()
	e := c.m[q]
	if e != nil {
		select {
		case <-e.done:
			if e.err != nil || !now().Before(e.until) {
				e = nil
			}
		default:
		}
	}
	if e != nil {
		c.mu.Unlock()
		select {
		case <-e.done:
			return e.a, e.err
		case <-ctx.Done():
			return Answer{}, ctx.Err()
		}
	}
	if len(c.m) >= maxCache {
		clear(c.m)
	}
	e = &entry{done: make(chan struct{})}
	c.m[q] = e
	c.mu.Unlock()
	e.a, e.err = ask()
	ttl := time.Hour
	for _, r := range e.a.Records {
		ttl = min(ttl, time.Duration(r.Header().Ttl)*time.Second)
	}
	e.until = now().Add(max(ttl, time.Minute))
	close(e.done)
	return e.a, e.err
}
