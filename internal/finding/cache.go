package finding

import (
	"container/list"
	"maps"
	"slices"

	"github.com/harrier-scan/harrier"
)

// hostKey names a host within all scans.
type hostKey struct {
	scan harrier.ID
	name string
	addr string
}

// cache holds what folding knows of the hosts and assets that it met last. It
// is a copy of the store and is emptied whenever a transaction fails.
type cache struct {
	most   int
	hosts  map[hostKey]*list.Element // of *host
	order  *list.List                // the one that was used last in front
	assets map[harrier.ID]*asset     // of the hosts above, shared
	scans  map[harrier.ID]*scan
	tracks map[harrier.ID]harrier.Tracking
}

func newCache(most int) *cache {
	c := &cache{most: most}
	c.clear()
	return c
}

func (c *cache) clear() {
	c.hosts, c.order = map[hostKey]*list.Element{}, list.New()
	c.assets, c.scans, c.tracks = map[harrier.ID]*asset{}, map[harrier.ID]*scan{}, map[harrier.ID]harrier.Tracking{}
}

func (c *cache) host(k hostKey) *host {
	e := c.hosts[k]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*host)
}

func (c *cache) keep(h *host) { c.hosts[h.key] = c.order.PushFront(h) }

// trim forgets the hosts that were not used for longest, and the assets and
// scans that none of the others needs. It is called between transactions.
func (c *cache) trim() {
	if c.order.Len() <= c.most {
		return
	}
	for c.order.Len() > c.most*3/4 {
		last := c.order.Back()
		delete(c.hosts, last.Value.(*host).key)
		c.order.Remove(last)
	}
	assets, scans := map[harrier.ID]*asset{}, map[harrier.ID]*scan{}
	for e := c.order.Front(); e != nil; e = e.Next() {
		h := e.Value.(*host)
		scans[h.key.scan] = c.scans[h.key.scan]
		if h.asset != nil {
			assets[h.asset.ID] = h.asset
		}
	}
	c.assets, c.scans = assets, scans
}

// forget drops a scan that has ended.
func (c *cache) forget(id harrier.ID) {
	delete(c.scans, id)
	for _, k := range slices.Collect(maps.Keys(c.hosts)) {
		if k.scan == id {
			c.order.Remove(c.hosts[k])
			delete(c.hosts, k)
		}
	}
}
