package columns

import (
	"cmp"
	"encoding/hex"
	"math/bits"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
)

// sortKey is a value that assets are sorted by: one of its parts, the others
// are zero.
type sortKey struct {
	n int64
	f float64
	s string
}

func (k sortKey) compare(other sortKey) int {
	switch {
	case k.n != other.n:
		return cmp.Compare(k.n, other.n)
	case k.s != other.s:
		return cmp.Compare(k.s, other.s)
	}
	return cmp.Compare(k.f, other.f)
}

// sortField is a field that assets are sorted by.
type sortField struct {
	key  func(a *asset) sortKey
	zero any // a value of its type
}

func byNumber(f func(a *asset) int64) sortField {
	return sortField{func(a *asset) sortKey { return sortKey{n: f(a)} }, int64(0)}
}

func byText(f func(a *asset) string) sortField {
	return sortField{func(a *asset) sortKey { return sortKey{s: f(a)} }, ""}
}

var walkFields = map[string]sortField{
	"id":                    byNumber(func(a *asset) int64 { return int64(a.id) }),
	"repository":            byNumber(func(a *asset) int64 { return a.repository }),
	"os_confidence":         byNumber(func(a *asset) int64 { return int64(a.osConfidence) }),
	"first_seen":            byNumber(func(a *asset) int64 { return a.firstSeen }),
	"last_seen":             byNumber(func(a *asset) int64 { return a.lastSeen }),
	"last_scan":             byNumber(func(a *asset) int64 { return a.lastScan }),
	"info":                  byNumber(func(a *asset) int64 { return int64(a.open[harrier.Info]) }),
	"low":                   byNumber(func(a *asset) int64 { return int64(a.open[harrier.Low]) }),
	"medium":                byNumber(func(a *asset) int64 { return int64(a.open[harrier.Medium]) }),
	"high":                  byNumber(func(a *asset) int64 { return int64(a.open[harrier.High]) }),
	"critical":              byNumber(func(a *asset) int64 { return int64(a.open[harrier.Critical]) }),
	"total":                 byNumber(func(a *asset) int64 { return int64(a.total()) }),
	"assessed_for_policies": byNumber(func(*asset) int64 { return 0 }),
	"assessed":              byNumber(func(a *asset) int64 { return b2i(a.lastScan > 0) }),
	"importance":            byNumber(func(a *asset) int64 { return int64(a.importance) }),
	"risk":                  {func(a *asset) sortKey { return sortKey{f: a.risk()} }, float64(0)},
	"uuid":                  byText(func(a *asset) string { return a.uuid.String() }),
	"fqdn":                  byText(func(a *asset) string { return a.fqdn }),
	"netbios":               byText(func(a *asset) string { return a.netbios }),
	"mac":                   byText(func(a *asset) string { return a.mac }),
	"os":                    byText(func(a *asset) string { return a.os }),
	"device_type":           byText(func(a *asset) string { return a.deviceType }),
	"criticality":           byText(func(a *asset) string { return harrier.CriticalityOf(a.importance) }),
	"address": byText(func(a *asset) string {
		at, ok := a.key()
		if !ok {
			return ""
		}
		return hex.EncodeToString(at[:])
	}),
}

// Walk returns a page of the assets that e holds for: their IDs, their positions
// and how many there are in all. Shown are the open findings of those that
// exceptions speak of, as they show, for the order; e has to know of them itself.
// It answers ErrUnknown for what is not kept in columns.
func (v *View) Walk(e harrier.Expr, w harrier.Walk, shown map[harrier.ID]harrier.Counts) (ids []harrier.ID, positions [][]any, total int, err error) {
	fields := make([]sortField, len(w.Sort))
	after := make([]sortKey, len(w.Sort))
	for i, o := range w.Sort {
		f, ok := walkFields[o.Field]
		if !ok {
			return nil, nil, 0, ErrUnknown
		}
		fields[i] = f
		if w.After != nil {
			switch value := w.After[i].(type) {
			case int64:
				after[i].n = value
			case float64:
				after[i].f = value
			case string:
				after[i].s = value
			}
		}
	}
	holds, err := v.assetsWith(e)
	if err != nil {
		return nil, nil, 0, err
	}
	order := func(i, c int) int {
		if w.Sort[i].Desc {
			return -c
		}
		return c
	}
	behind := func(a *asset) bool {
		for i, f := range fields {
			if c := order(i, f.key(a).compare(after[i])); c != 0 {
				return c > 0
			}
		}
		id, _ := w.After[len(w.Sort)].(int64)
		return int64(a.id) > id
	}
	found := newNearest(w.Offset, w.Limit, func(a, b *asset) int {
		for i, f := range fields {
			if c := order(i, f.key(a).compare(f.key(b))); c != 0 {
				return c
			}
		}
		return cmp.Compare(a.id, b.id)
	})
	var worst sortKey // the first key of what holds the last place
	for i, a := range v.assets {
		if a == nil || holds[i] == 0 {
			continue
		}
		total++
		if n, other := shown[harrier.ID(a.id)]; other {
			a = a.showing(n)
		}
		if len(fields) > 0 { // most are out by their first key, be it before the page or behind it
			key := fields[0].key(a)
			if w.After != nil && order(0, key.compare(after[0])) < 0 || found.full && order(0, key.compare(worst)) > 0 {
				continue
			}
		}
		if w.After == nil || behind(a) {
			if found.put(a) && len(fields) > 0 {
				worst = fields[0].key(found.worst)
			}
		}
	}
	for _, a := range found.page() {
		position := make([]any, 0, len(fields)+1)
		for _, f := range fields {
			k := f.key(a)
			switch f.zero.(type) {
			case int64:
				position = append(position, k.n)
			case float64:
				position = append(position, k.f)
			default:
				position = append(position, k.s)
			}
		}
		ids, positions = append(ids, harrier.ID(a.id)), append(positions, append(position, int64(a.id)))
	}
	return ids, positions, total, nil
}

// showing is the asset with other open findings.
func (a *asset) showing(n harrier.Counts) *asset {
	b := *a
	for s := range n {
		b.open[s] = uint32(n[s])
	}
	return &b
}

// Changes calls put for the findings that e holds for, with whether they were
// open at two instants. Severities are those that show under the exceptions at
// time at. It answers ErrUnknown for what is not kept in columns.
func (v *View) Changes(e harrier.Expr, from, to, at time.Time, put func(asset, id harrier.ID, first, second bool)) error {
	q := asking{v: v}
	if asksJudgement(e) {
		q.judged = v.judge(at)
	}
	c, err := q.compile(e)
	if err != nil {
		return err
	}
	first, second := from.UnixMicro(), to.UnixMicro()
	for n, rows := range v.pick(c).rows {
		if rows == nil {
			continue
		}
		s := v.segments[n]
		for w, word := range rows {
			for ; word != 0; word &= word - 1 {
				i := uint32(w<<6 | bits.TrailingZeros64(word))
				row := uint32(n)<<segmentBits | i
				put(harrier.ID(s.asset[i]), harrier.ID(row), v.openAt(row, first), v.openAt(row, second))
			}
		}
	}
	return nil
}

// asksJudgement reports whether exceptions decide about a condition.
func asksJudgement(e harrier.Expr) bool {
	switch e := e.(type) {
	case harrier.And:
		return slices.ContainsFunc(e, asksJudgement)
	case harrier.Or:
		return slices.ContainsFunc(e, asksJudgement)
	case harrier.Not:
		return asksJudgement(e.Of)
	case harrier.Cmp:
		return e.Field == "severity" || e.Field == "accepted" || e.Field == "recast"
	}
	return false
}
