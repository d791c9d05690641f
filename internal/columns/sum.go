package columns

import (
	"cmp"
	"fmt"
	"math/bits"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// Sums counts the findings that e holds for in groups, at the severities that
// they show at under the exceptions at time at. It answers ErrUnknown for what
// is not kept in columns.
func (v *View) Sums(e harrier.Expr, q harrier.SumQuery, at time.Time) (harrier.Sums, error) {
	j := v.judge(at)
	c, err := asking{v, j}.compile(e)
	if err != nil {
		return harrier.Sums{}, err
	}
	g, err := v.grouping(q.By)
	if err != nil {
		return harrier.Sums{}, err
	}
	order, err := v.sumOrder(q)
	if err != nil {
		return harrier.Sums{}, err
	}
	t := v.tally(v.pick(c), j, g)
	var out harrier.Sums
	rows := t.rows(g)
	for i := range rows {
		for s, count := range rows[i].Counts {
			out.Counts[s] += count
		}
		out.Hosts += rows[i].Hosts
	}
	out.Groups = len(rows)
	out.Rows = window(rows, q.Offset, q.Limit, order)
	return out, nil
}

// rows returns the groups that have findings.
func (t *tally) rows(g *grouping) []harrier.Sum {
	var out []harrier.Sum
	for n := range t.counts {
		counts := &t.counts[n]
		if *counts == (five{}) {
			continue
		}
		if !g.bySeverity {
			sum := harrier.Sum{Counts: counts.ints()}
			for s, count := range counts {
				if count > 0 {
					sum.Severity = harrier.Severity(s)
				}
			}
			if g.hosts {
				sum.Hosts = int(t.hosts[n][0])
			}
			out = append(out, sum)
			g.name(n, &out[len(out)-1])
			continue
		}
		for s, count := range counts {
			if count == 0 {
				continue
			}
			sum := harrier.Sum{Severity: harrier.Severity(s)}
			if sum.Counts[s] = int(count); g.hosts {
				sum.Hosts = int(t.hosts[n][s])
			}
			out = append(out, sum)
			g.name(n, &out[len(out)-1])
		}
	}
	return out
}

// Count counts the findings that e holds for by severity, whatever the
// exceptions are.
func (v *View) Count(e harrier.Expr) (harrier.Counts, error) {
	c, err := asking{v: v}.compile(e)
	if err != nil {
		return harrier.Counts{}, err
	}
	g, err := v.grouping(harrier.BySeverity)
	if err != nil {
		return harrier.Counts{}, err
	}
	var out harrier.Counts
	for _, n := range v.tally(v.pick(c), nil, g).counts {
		for s, count := range n.ints() {
			out[s] += count
		}
	}
	return out, nil
}

type five [harrier.Severities]uint32

func (f five) ints() (out harrier.Counts) {
	for i, n := range f {
		out[i] = int(n)
	}
	return out
}

// grouping says into which groups findings go: the first of ofAsset, ofVuln and
// ofPlace that is not nil tells those of a code.
type grouping struct {
	size                     int
	ofAsset, ofVuln, ofPlace [][]uint32 // nil: one group of its own for each code
	by                       int        // 0 severity, 1 asset, 2 vulnerability, 3 place
	bySeverity               bool       // each severity is a group of its own
	hosts                    bool
	name                     func(n int, sum *harrier.Sum)
}

const (
	bySeverityOnly = iota
	byAsset
	byVuln
	byPlace
)

// groups numbers the keys of groups.
type groups[K comparable] struct{ dictionary[K] }

func (g *groups[K]) of(list []uint32, key K) []uint32 { return append(list, g.code(key)) }

type within struct {
	key        string
	repository int64
}

func (v *View) grouping(by harrier.Grouping) (*grouping, error) {
	switch by {
	case harrier.BySeverity:
		return &grouping{size: 1, bySeverity: true, name: func(int, *harrier.Sum) {}}, nil
	case harrier.ByAsset:
		return &grouping{by: byAsset, size: len(v.assets), name: func(n int, s *harrier.Sum) { s.ID = harrier.ID(n) }}, nil
	case harrier.ByVulnerability:
		return &grouping{by: byVuln, size: len(v.vulns), bySeverity: true, hosts: true, name: func(n int, s *harrier.Sum) {
			s.ID = harrier.ID(v.vulns[n].id)
		}}, nil
	case harrier.ByCVE:
		g := &grouping{by: byVuln, size: len(v.cves.list), hosts: true, name: func(n int, s *harrier.Sum) { s.Key = v.cves.list[n] }}
		g.ofVuln = make([][]uint32, len(v.vulns))
		for i := range v.vulns {
			g.ofVuln[i] = v.vulns[i].cves
		}
		return g, nil
	case harrier.ByFamily:
		return textual(v.vulns, byVuln, false, func(d *vuln, keys *groups[string], list []uint32) []uint32 {
			if d.defined {
				list = keys.of(list, d.family)
			}
			return list
		}), nil
	case harrier.ByPort:
		var keys groups[uint16]
		g := &grouping{by: byPlace, name: func(n int, s *harrier.Sum) { s.ID = harrier.ID(keys.list[n]) }}
		for _, p := range v.places.list {
			g.ofPlace = append(g.ofPlace, []uint32{keys.code(p.port)})
		}
		g.size = len(keys.list)
		return g, nil
	case harrier.ByProtocol:
		return textual(v.places.list, byPlace, false, func(p *place, keys *groups[string], list []uint32) []uint32 {
			return keys.of(list, p.protocol)
		}), nil
	case harrier.ByService:
		return textual(v.places.list, byPlace, true, func(p *place, keys *groups[string], list []uint32) []uint32 {
			if p.service != "" {
				list = keys.of(list, p.service)
			}
			return list
		}), nil
	default:
		return v.assetGrouping(by)
	}
}

func (v *View) assetGrouping(by harrier.Grouping) (*grouping, error) {
	switch by {
	case harrier.ByOS:
		return textual(v.assets, byAsset, true, func(a **asset, keys *groups[string], list []uint32) []uint32 {
			if *a != nil && (*a).os != "" {
				list = keys.of(list, (*a).os)
			}
			return list
		}), nil
	case harrier.BySoftware:
		return v.software(), nil
	case harrier.BySSHServer:
		return v.software("ssh"), nil
	case harrier.ByWebServer:
		return v.software("http"), nil
	case harrier.ByMailServer:
		return v.software("smtp", "imap", "pop3"), nil
	case harrier.ByRepository:
		return v.repositories(func(a *asset) (string, bool) { return "", true }, func(k within, s *harrier.Sum) { s.ID = harrier.ID(k.repository) }), nil
	case harrier.ByFQDN:
		return v.repositories(func(a *asset) (string, bool) { return a.fqdn, a.fqdn != "" }, keyInRepository), nil
	case harrier.ByClassA:
		return v.repositories(classOf(1), keyInRepository), nil
	case harrier.ByClassB:
		return v.repositories(classOf(2), keyInRepository), nil
	case harrier.ByClassC:
		return v.repositories(classOf(3), keyInRepository), nil
	default:
		return nil, ErrUnknown
	}
}

func classOf(n int) func(a *asset) (string, bool) {
	return func(a *asset) (string, bool) {
		class, ok := a.class(n)
		return fmt.Sprintf("%0*X", 2*n, class), ok
	}
}

func keyInRepository(k within, s *harrier.Sum) { s.Key, s.Repository = k.key, harrier.ID(k.repository) }

// textual groups by texts.
func textual[T any](list []T, by int, hosts bool, of func(*T, *groups[string], []uint32) []uint32) *grouping {
	var keys groups[string]
	tables := make([][]uint32, len(list))
	for i := range list {
		tables[i] = of(&list[i], &keys, nil)
	}
	g := &grouping{by: by, hosts: hosts, size: len(keys.list), name: func(n int, s *harrier.Sum) { s.Key = keys.list[n] }}
	g.tables(tables)
	return g
}

func (g *grouping) tables(list [][]uint32) {
	switch g.by {
	case byAsset:
		g.ofAsset = list
	case byVuln:
		g.ofVuln = list
	default:
		g.ofPlace = list
	}
}

// repositories groups by what assets have within their repository.
func (v *View) repositories(key func(a *asset) (string, bool), name func(within, *harrier.Sum)) *grouping {
	var keys groups[within]
	g := &grouping{by: byAsset, ofAsset: make([][]uint32, len(v.assets)), name: func(n int, s *harrier.Sum) { name(keys.list[n], s) }}
	for i, a := range v.assets {
		if a == nil {
			continue
		}
		if text, ok := key(a); ok {
			g.ofAsset[i] = keys.of(nil, within{text, a.repository})
		}
	}
	g.size = len(keys.list)
	return g
}

// software groups by product and version of the assets' services, all or those
// with a name. An asset that has one twice counts twice.
func (v *View) software(names ...string) *grouping {
	var keys groups[string]
	number := make([]int, len(v.services.list))
	for i, s := range v.services.list {
		number[i] = -1
		fits := len(names) == 0
		for _, n := range names {
			fits = fits || s.name == n
		}
		if fits && s.product != "" {
			number[i] = int(keys.code(strings.Trim(s.product+" "+s.version, " ")))
		}
	}
	g := &grouping{by: byAsset, hosts: true, size: len(keys.list), name: func(n int, s *harrier.Sum) { s.Key = keys.list[n] }}
	g.ofAsset = make([][]uint32, len(v.assets))
	for i, a := range v.assets {
		if a == nil {
			continue
		}
		for _, s := range a.services {
			if number[s] >= 0 {
				g.ofAsset[i] = append(g.ofAsset[i], uint32(number[s]))
			}
		}
	}
	return g
}

// tally is how many findings are in each group, and on how many assets: the
// first number of hosts, or one for each severity.
type tally struct {
	counts []five
	hosts  []five
	last   []five // the asset that was counted last
}

func newTally(g *grouping) *tally {
	t := &tally{counts: make([]five, g.size)}
	if g.hosts {
		t.hosts, t.last = make([]five, g.size), make([]five, g.size)
	}
	return t
}

func (v *View) tally(sel selection, j *judged, g *grouping) *tally {
	parts := make([]*tally, workers())
	switch {
	case g.by == byAsset:
		v.tallyAssets(sel, j, g, parts)
	case g.hosts: // asset by asset, to tell the assets of a group apart
		split(len(v.rows), 1000, func(part, from, to int) {
			t := newTally(g)
			parts[part] = t
			for asset := from; asset < to; asset++ {
				v.tallyRows(t, sel, j, g, uint32(asset))
			}
		})
	default:
		split(len(sel.rows), 1, func(part, from, to int) {
			t := newTally(g)
			parts[part] = t
			for n := from; n < to; n++ {
				if sel.rows[n] != nil {
					t.segment(v.segments[n], sel.rows[n], j.severities(n, v.segments[n]), g)
				}
			}
		})
	}
	return merged(parts, g)
}

func merged(parts []*tally, g *grouping) *tally {
	sum := parts[0]
	if sum == nil {
		return newTally(g)
	}
	for _, p := range parts[1:] {
		if p == nil {
			continue
		}
		for n := range p.counts {
			for s, count := range p.counts[n] {
				sum.counts[n][s] += count
			}
		}
		for n := range p.hosts {
			for s, hosts := range p.hosts[n] {
				sum.hosts[n][s] += hosts
			}
		}
	}
	return sum
}

// segment counts the rows of a segment.
func (t *tally) segment(s *segment, rows *bitmap, severity *[segmentRows]uint8, g *grouping) {
	for w, word := range rows {
		for ; word != 0; word &= word - 1 {
			i := uint32(w<<6 | bits.TrailingZeros64(word))
			sev := severity[i]
			switch {
			case g.by == bySeverityOnly:
				t.counts[0][sev]++
			case g.by == byVuln:
				for _, n := range g.ofVuln[s.vuln[i]] {
					t.counts[n][sev]++
				}
			default:
				for _, n := range g.ofPlace[s.place[i]] {
					t.counts[n][sev]++
				}
			}
		}
	}
}

// tallyAssets counts each asset's findings first, and then its groups.
func (v *View) tallyAssets(sel selection, j *judged, g *grouping, parts []*tally) {
	own := &grouping{by: byAsset, size: len(v.assets)}
	each := make([]*tally, workers())
	split(len(sel.rows), 1, func(part, from, to int) {
		t := newTally(own)
		each[part] = t
		for n := from; n < to; n++ {
			if sel.rows[n] == nil {
				continue
			}
			s := v.segments[n]
			severity := j.severities(n, s)
			for w, word := range sel.rows[n] {
				for ; word != 0; word &= word - 1 {
					i := w<<6 | bits.TrailingZeros64(word)
					t.counts[s.asset[i]][severity[i]]++
				}
			}
		}
	})
	assets := merged(each, own)
	if g.ofAsset == nil {
		parts[0] = assets
		return
	}
	t := newTally(g)
	parts[0] = t
	for asset, counts := range assets.counts {
		if counts == (five{}) {
			continue
		}
		for _, n := range g.ofAsset[asset] {
			for s, count := range counts {
				t.counts[n][s] += count
			}
			if g.hosts && t.last[n][0] != uint32(asset) {
				t.last[n][0] = uint32(asset)
				t.hosts[n][0]++
			}
		}
	}
}

// tallyRows counts the findings of one asset.
func (v *View) tallyRows(t *tally, sel selection, j *judged, g *grouping, asset uint32) {
	for _, row := range v.rows[asset] {
		n, i := row>>segmentBits, row&segmentMask
		if sel.rows[n] == nil || !sel.rows[n].has(i) {
			continue
		}
		s := v.segments[n]
		sev := s.severity[i]
		if j != nil {
			sev = j.severities(int(n), s)[i]
		}
		if g.by == byVuln && g.ofVuln == nil {
			t.one(s.vuln[i], sev, sev, asset)
			continue
		}
		list := g.ofVuln
		code := s.vuln[i]
		if g.by == byPlace {
			list, code = g.ofPlace, s.place[i]
		}
		for _, group := range list[code] {
			t.one(group, sev, 0, asset)
		}
	}
}

func (t *tally) one(group uint32, sev, slot uint8, asset uint32) {
	t.counts[group][sev]++
	if t.last[group][slot] != asset {
		t.last[group][slot] = asset
		t.hosts[group][slot]++
	}
}

// sumOrder returns the order that a question asks for.
func (v *View) sumOrder(q harrier.SumQuery) (func(a, b harrier.Sum) int, error) {
	vulnOf := func(s harrier.Sum) *vuln { return &v.vulns[v.vulnAt[harrier.VulnID(s.ID)]] }
	assetOf := func(s harrier.Sum) *asset {
		if a := v.assets[s.ID]; a != nil {
			return a
		}
		return new(asset)
	}
	var first func(a, b harrier.Sum) int
	count := func(s harrier.Severity) func(a, b harrier.Sum) int {
		return func(a, b harrier.Sum) int { return cmp.Compare(a.Counts[s], b.Counts[s]) }
	}
	switch {
	case q.Sort == "name" && q.By == harrier.ByVulnerability:
		first = func(a, b harrier.Sum) int { return cmp.Compare(vulnOf(a).name, vulnOf(b).name) }
	case q.Sort == "family" && q.By == harrier.ByVulnerability:
		first = func(a, b harrier.Sum) int { return cmp.Compare(vulnOf(a).family, vulnOf(b).family) }
	case q.Sort == "name" && q.By == harrier.ByAsset:
		first = func(a, b harrier.Sum) int { return cmp.Compare(assetOf(a).fqdn, assetOf(b).fqdn) }
	case q.Sort == "address" && q.By == harrier.ByAsset:
		first = func(a, b harrier.Sum) int { return compareAddresses(assetOf(a), assetOf(b)) }
	case q.Sort == "" || q.Sort == "key":
	case q.Sort == "total":
		first = func(a, b harrier.Sum) int { return cmp.Compare(a.Total(), b.Total()) }
	case q.Sort == "score":
		first = func(a, b harrier.Sum) int { return cmp.Compare(q.Weights.Of(a.Counts), q.Weights.Of(b.Counts)) }
	case q.Sort == "severity":
		first = func(a, b harrier.Sum) int { return cmp.Compare(a.Severity, b.Severity) }
	case q.Sort == "hosts":
		first = func(a, b harrier.Sum) int { return cmp.Compare(a.Hosts, b.Hosts) }
	default:
		n, ok := severities[q.Sort]
		if !ok {
			return nil, ErrUnknown
		}
		first = count(n)
	}
	return func(a, b harrier.Sum) int {
		c := 0
		if first != nil {
			c = first(a, b)
		}
		if c == 0 {
			c = cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Severity, b.Severity))
		}
		if q.Desc {
			return -c
		}
		return c
	}, nil
}

var severities = map[string]harrier.Severity{
	"info": harrier.Info, "low": harrier.Low, "medium": harrier.Medium, "high": harrier.High, "critical": harrier.Critical,
}

func compareAddresses(a, b *asset) int {
	x, okX := a.key()
	y, okY := b.key()
	if !okX || !okY {
		return cmp.Compare(b2i(okX), b2i(okY))
	}
	for i := range x {
		if x[i] != y[i] {
			return cmp.Compare(x[i], y[i])
		}
	}
	return 0
}
