package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/search"
	"github.com/harrier-scan/harrier/internal/store"
)

// assetPage is how many assets clients ask for when they compare two instants.
const assetPage = 50

// byGravity is by severity and date.
var byGravity = []harrier.Order{{Field: "critical", Desc: true}, {Field: "last_seen", Desc: true}}

// searches measures the search language with its copy in memory, and alone.
func (o options) searches(ctx context.Context, on string, db *store.DB) error {
	if o.without {
		if err := o.searchesOf(ctx, on+" alone", db, o.slow); err != nil {
			return err
		}
	}
	stop := o.keep(ctx, on, db)
	defer stop()
	if err := o.searchesOf(ctx, on, db, o.rounds); err != nil {
		return err
	}
	state := db.ViewState()
	o.say("%s: %d questions answered from memory, %d by SQL", on, state.Answers, state.Passed)
	return nil
}

// question is a page of assets, and what to tell of them.
type question struct {
	name, text  string
	sort        []harrier.Order
	days        int // back to what is compared with; 0: nothing is
	same        bool
	vulnerables string // which of the findings count
}

func questions() []question {
	since := end.AddDate(0, 0, -7).Format(time.RFC3339)
	return []question{
		{name: "50 assets by severity and date, changes of 7 days", sort: byGravity, days: 7},
		{name: "the same with what stayed", sort: byGravity, days: 7, same: true},
		{name: "those with grave findings, changes of a day", text: "last_scan_end > " + since + " && severity IN ['Critical', 'Severe']", sort: byGravity, days: 1},
		{name: "grave changes of 30 days", text: "cvss_score >= 9", sort: byGravity, days: 30, vulnerables: "severity >= severe && exploits = 0"},
		{name: "by name and system", text: "asset.name CONTAINS 'corp7' || os_family = 'Windows'", sort: []harrier.Order{{Field: "risk", Desc: true}}},
		{name: "with 5,000 addresses", text: "ip IN [" + addresses(5000) + "]", sort: byGravity},
	}
}

func addresses(n int) string {
	var out []byte
	for i := range n {
		out = fmt.Appendf(out, "'%s',", address(2*i))
	}
	return string(out[:len(out)-1])
}

func (o options) searchesOf(ctx context.Context, on string, db *store.DB, rounds int) error {
	for _, q := range questions() {
		var after [][]any // positions of pages all over the list
		once := func(n int) error {
			e, err := search.Assets(q.text, search.Options{})
			if err != nil {
				return err
			}
			of, err := search.Findings(q.vulnerables, search.Options{})
			if err != nil {
				return err
			}
			w := harrier.Walk{Sort: q.sort, Limit: assetPage}
			if len(after) > 0 {
				w.After = after[n%len(after)]
			}
			list, err := db.WalkAssets(ctx, e, w)
			if err != nil || q.days == 0 {
				return err
			}
			if next := list.Last(); next != nil && len(after) < 20 {
				after = append(after, next)
			}
			ids := make([]harrier.ID, len(list.Rows))
			for i, a := range list.Rows {
				ids[i] = a.ID
			}
			_, err = db.ChangesOf(ctx, ids, of, end.AddDate(0, 0, -q.days), end, q.same, end)
			return err
		}
		if err := o.time(ctx, on, q.name, rounds, once); err != nil {
			return err
		}
	}
	return o.walk(ctx, on, db)
}

// walk goes through all assets by cursor, and compares the last pages with the
// first.
func (o options) walk(ctx context.Context, on string, db *store.DB) error {
	size := assetPage
	if o.assets > 20_000 { // as collectors of large estates walk
		size = 500
	}
	w := harrier.Walk{Sort: byGravity, Limit: size}
	var took []time.Duration
	before, begin, rows := heap(), time.Now(), 0
	for {
		start := time.Now()
		list, err := db.WalkAssets(ctx, nil, w)
		if err != nil {
			return err
		}
		if len(list.Rows) == 0 {
			break
		}
		took = append(took, time.Since(start))
		rows += len(list.Rows)
		w.After = list.Last()
	}
	tenth := max(len(took)/10, 1)
	first, last := middle(took[:tenth]), middle(took[len(took)-tenth:])
	o.table.put("the walk: ms for a page of the first tenth", on, fmt.Sprintf("%.1f", ms(first)))
	o.table.put("the walk: ms for a page of the last tenth", on, fmt.Sprintf("%.1f", ms(last)))
	o.table.put("the walk: assets a second", on, fmt.Sprintf("%.0f", float64(rows)/time.Since(begin).Seconds()))
	o.table.put("the walk: MB that the heap grew by", on, fmt.Sprint((heap()-before)>>20))
	o.say("%s: a walk of %d assets in pages of %d took %.2f s; a page of the first tenth %.2f ms, of the last %.2f ms: %.2f times; the heap grew by %d MB",
		on, rows, size, time.Since(begin).Seconds(), ms(first), ms(last), float64(last)/float64(first), (heap()-before)>>20)
	return nil
}

func middle(list []time.Duration) time.Duration {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
