package harrier

import (
	"slices"
	"time"
)

// Delta is what changed on an asset between two instants: the findings, by
// rising ID, that were open at the second only, at the first only, and at both.
type Delta struct{ New, Remediated, Same []ID }

// Add files f, which belongs to the asset.
func (d *Delta) Add(f *Finding, from, to time.Time) {
	d.Put(f.ID, f.OpenAt(from), f.OpenAt(to))
}

// Put files a finding by whether it was open at the two instants.
func (d *Delta) Put(id ID, first, second bool) {
	switch {
	case first && second:
		d.Same = append(d.Same, id)
	case first:
		d.Remediated = append(d.Remediated, id)
	case second:
		d.New = append(d.New, id)
	}
}

// Sort puts the findings into their order.
func (d *Delta) Sort() {
	for _, list := range [][]ID{d.New, d.Remediated, d.Same} {
		slices.Sort(list)
	}
}

// Changes is a Delta with the findings themselves, as they show under the
// exceptions.
type Changes struct{ New, Remediated, Same []JudgedFinding }
