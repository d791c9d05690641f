// Package columns keeps a copy of the findings, assets, services and
// definitions of a database in memory, column by column, and answers from it
// what would mean looking at every finding: sums, counts, far pages, searches.
//
// A finding takes some 46 bytes. What findings share — the endpoint with its
// service, the asset, the vulnerability — is kept once, and a condition on it
// is evaluated once for each of them, not for each finding. The number of a
// row is the finding's ID: IDs are given in turn, and few are ever removed.
//
// A View knows nothing of databases. Its owner applies every change in the
// order of commits. Methods that read may run beside each other; Apply, and the
// methods that begin with Put, must not run beside any other.
package columns

import (
	"runtime"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
)

// View is the copy.
type View struct {
	segments []*segment
	chains   map[uint32][]Span // older intervals of the rows that have some
	findings int

	vulns  []vuln // the first one belongs to rows that are none
	vulnAt map[harrier.VulnID]uint32
	cves   dictionary[string]

	places   dictionary[place]
	services dictionary[serviceKey]
	texts    map[string]string // of assets, each once

	assets []*asset   // by ID; nil for none
	rows   [][]uint32 // of the assets, by ID

	exceptions []harrier.Exception

	// Ranks of assets and vulnerabilities by texts are kept until one changes.
	assetTexts, vulnTexts uint64
	cache                 struct {
		sync.Mutex
		ranks map[string]ranking
	}
}

type ranking struct {
	of   uint64
	rank []uint32
}

// New returns an empty view.
func New() *View {
	v := &View{chains: map[uint32][]Span{}, vulnAt: map[harrier.VulnID]uint32{}, texts: map[string]string{}}
	v.vulns = make([]vuln, 1)
	v.cache.ranks = map[string]ranking{}
	return v
}

// Len returns the numbers of findings and of assets.
func (v *View) Len() (findings, assets int) {
	for _, a := range v.assets {
		if a != nil {
			assets++
		}
	}
	return v.findings, assets
}

// dictionary gives values numbers.
type dictionary[T comparable] struct {
	list []T
	at   map[T]uint32
	last uint32 // what was asked for last, which is often asked for again
}

func (d *dictionary[T]) code(value T) uint32 {
	if int(d.last) < len(d.list) && d.list[d.last] == value {
		return d.last
	}
	code, ok := d.at[value]
	if !ok {
		if d.at == nil {
			d.at = map[T]uint32{}
		}
		code = uint32(len(d.list))
		d.list, d.at[value] = append(d.list, value), code
	}
	d.last = code
	return code
}

// share returns a text that is kept once, however many have it.
func (v *View) share(s string) string {
	if s == "" {
		return ""
	}
	if t, ok := v.texts[s]; ok {
		return t
	}
	v.texts[s] = s
	return s
}

// split runs f for parts of the numbers below n, as many at a time as there are
// processors, and waits for all. Parts are told apart by their number, which is
// below workers().
func split(n, least int, f func(part, from, to int)) {
	parts := min(workers(), max(n/max(least, 1), 1))
	if parts == 1 {
		f(0, 0, n)
		return
	}
	var wg sync.WaitGroup
	for p := range parts {
		wg.Go(func() { f(p, n*p/parts, n*(p+1)/parts) })
	}
	wg.Wait()
}

func workers() int { return min(runtime.GOMAXPROCS(0), 8) }

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}
