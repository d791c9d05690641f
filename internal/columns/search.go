package columns

import (
	"cmp"
	"time"

	"github.com/harrier-scan/harrier"
)

// Assets returns a page of the assets that e holds for, and how many there are
// in all. It answers ErrUnknown for what is not kept in columns.
func (v *View) Assets(e harrier.Expr, p Page) ([]harrier.ID, int, error) {
	holds, err := v.assetsWith(e)
	if err != nil {
		return nil, 0, err
	}
	order, ok := assetSorts[p.Sort]
	if p.Sort == "" {
		order, ok = func(_, _ *asset) int { return 0 }, true
	}
	if !ok {
		return nil, 0, ErrUnknown
	}
	compare := func(a, b *asset) int {
		c := cmp.Or(order(a, b), cmp.Compare(a.id, b.id))
		if p.Desc {
			return -c
		}
		return c
	}
	var behind *asset
	if p.After != 0 {
		if p.After < 0 || int(p.After) >= len(v.assets) || v.assets[p.After] == nil {
			behind = nil
		} else {
			behind = v.assets[p.After]
		}
	}
	total := 0
	found := newNearest(p.Offset, p.Limit, compare)
	for i, a := range v.assets {
		if a == nil || holds[i] == 0 {
			continue
		}
		total++
		if p.After == 0 || behind != nil && compare(a, behind) > 0 {
			found.put(a)
		}
	}
	var out []harrier.ID
	for _, a := range found.page() {
		out = append(out, harrier.ID(a.id))
	}
	return out, total, nil
}

var assetSorts = map[string]func(a, b *asset) int{
	"id":            func(a, b *asset) int { return cmp.Compare(a.id, b.id) },
	"repository":    assetOrders["repository"],
	"address":       assetOrders["address"],
	"fqdn":          assetOrders["fqdn"],
	"netbios":       assetOrders["netbios"],
	"mac":           assetOrders["mac"],
	"os":            func(a, b *asset) int { return cmp.Compare(a.os, b.os) },
	"os_confidence": func(a, b *asset) int { return cmp.Compare(a.osConfidence, b.osConfidence) },
	"device_type":   func(a, b *asset) int { return cmp.Compare(a.deviceType, b.deviceType) },
	"first_seen":    func(a, b *asset) int { return cmp.Compare(a.firstSeen, b.firstSeen) },
	"last_seen":     func(a, b *asset) int { return cmp.Compare(a.lastSeen, b.lastSeen) },
	"last_scan":     func(a, b *asset) int { return cmp.Compare(a.lastScan, b.lastScan) },
	"info":          byOpen(harrier.Info),
	"low":           byOpen(harrier.Low),
	"medium":        byOpen(harrier.Medium),
	"high":          byOpen(harrier.High),
	"critical":      byOpen(harrier.Critical),
}

func byOpen(s harrier.Severity) func(a, b *asset) int {
	return func(a, b *asset) int { return cmp.Compare(a.open[s], b.open[s]) }
}

// assetsWith tells for each asset, by ID, whether e holds for it; of those that
// do not exist it tells nothing.
func (v *View) assetsWith(e harrier.Expr) ([]uint8, error) {
	switch e := e.(type) {
	case nil:
		return v.all(1), nil
	case harrier.And:
		out := v.all(1)
		return out, v.combine(e, func(i int, holds uint8) { out[i] &= holds })
	case harrier.Or:
		out := v.all(0)
		return out, v.combine(e, func(i int, holds uint8) { out[i] |= holds })
	case harrier.Not:
		return v.opposite(v.assetsWith(e.Of))
	case harrier.Has:
		return v.having(e.Of)
	case harrier.OfAsset:
		return v.assetsWith(e.Of)
	case harrier.Cmp:
		out, err := v.compareAssets(e)
		if e.Op == harrier.Ne || e.Op == harrier.Lacks {
			return v.opposite(out, err)
		}
		return out, err
	}
	return nil, ErrUnknown
}

func (v *View) all(with uint8) []uint8 {
	out := make([]uint8, max(len(v.assets), 1))
	for i := range out {
		out[i] = with
	}
	return out
}

func (v *View) combine(parts []harrier.Expr, each func(i int, holds uint8)) error {
	for _, p := range parts {
		part, err := v.assetsWith(p)
		if err != nil {
			return err
		}
		for i, holds := range part {
			each(i, holds)
		}
	}
	return nil
}

func (v *View) opposite(list []uint8, err error) ([]uint8, error) {
	for i := range list {
		list[i] ^= 1
	}
	return list, err
}

// compareAssets tells the assets that a comparison holds for; Ne and Lacks like
// their opposites.
func (v *View) compareAssets(c harrier.Cmp) ([]uint8, error) {
	if f, ok := assetFields[c.Field]; ok {
		holds, err := ofAsset(f, c)
		if err != nil {
			return nil, err
		}
		return table(v.assets, func(a **asset) bool { return *a != nil && holds(*a) }), nil
	}
	if c.Op == harrier.In {
		return nil, ErrUnknown
	}
	if c.Field == "vulnerability" || c.Field == "cve" { // of the open findings
		positive := map[harrier.Op]harrier.Op{harrier.Ne: harrier.Eq, harrier.Lacks: harrier.Contains}
		if op, ok := positive[c.Op]; ok {
			c.Op = op
		}
		return v.having(c)
	}
	f, ok := serviceFields[c.Field]
	if !ok {
		return nil, ErrUnknown
	}
	t := newTest(c)
	has := table(v.services.list, func(s *serviceKey) bool { return f(s, t) })
	return table(v.assets, func(a **asset) bool {
		if *a != nil {
			for _, s := range (*a).services {
				if has[s] != 0 {
					return true
				}
			}
		}
		return false
	}), nil
}

// Between tells what changed on an asset between two instants.
func (v *View) Between(id harrier.ID, from, to time.Time) harrier.Delta {
	var out harrier.Delta
	if id <= 0 || int(id) >= len(v.rows) {
		return out
	}
	first, second := from.UnixMicro(), to.UnixMicro()
	for _, row := range v.rows[id] {
		out.Put(harrier.ID(row), v.openAt(row, first), v.openAt(row, second))
	}
	out.Sort()
	return out
}

func (v *View) openAt(row uint32, at int64) bool {
	s, i := v.segments[row>>segmentBits], row&segmentMask
	if at >= s.opened[i] {
		return s.closed[i] == 0 || at < s.closed[i]
	}
	for _, span := range v.chains[row] {
		if at >= span.Opened && (span.Closed == 0 || at < span.Closed) {
			return true
		}
	}
	return false
}
