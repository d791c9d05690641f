package scan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// The bounds of a scan. More batches than MaxBatches are never made: the
// batches grow instead.
const (
	MaxBatches = 4096
	MaxTargets = 1 << 28 // addresses and names in one scan
)

// pieces are the targets of a scan, ready to be handed out.
type pieces struct {
	batches   []harrier.Targets
	exclude   harrier.Targets // as told; names among the targets may still lead there
	count     int             // addresses, and names as one
	forbidden int             // addresses that a guard rule took out
	reason    string          // what a guard rule did, for people; "" when nothing
}

// A list that makes more than longList batches is cut into longer ones, up to
// longBatch addresses: most of a long list is mostly empty.
const (
	longList  = 256
	longBatch = 4096
)

// cutTargets reads a target list, subtracts exclusions and never-scan ranges
// and cuts the rest into batches of about size addresses. It answers Invalid,
// naming the field, when the list can not be read or nothing is left of it.
func cutTargets(list, exclude string, guard harrier.Guard, size int) (pieces, error) {
	var p pieces
	wanted, err := Wanted(list, exclude, &p.exclude)
	if err != nil {
		return pieces{}, err
	}
	left := wanted.Subtract(guard.Targets())
	p.count, p.forbidden = planned(left), planned(wanted)-planned(left)
	if p.reason = guarded(wanted, left, guard, p.forbidden); len(left) == 0 {
		return pieces{}, harrier.Invalidf("targets", "%s", p.reason)
	}
	p.batches = slices.Collect(left.Batches(batchSize(p.count, size)))
	return p, nil
}

// batchSize is how many of count addresses go into a batch, at least size.
func batchSize(count, size int) int {
	return max(size, min(count/longList, longBatch), (count+MaxBatches-1)/MaxBatches)
}

// Wanted reads a target list and one of exclusions, which it also stores, and
// returns what is left. It answers Invalid, naming the field, when a list can
// not be read, nothing is left, or too much.
func Wanted(list, exclude string, excluded *harrier.Targets) (harrier.Targets, error) {
	told, err := harrier.ParseTargets(list)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(exclude) != "" {
		if *excluded, err = harrier.ParseTargets(exclude); err != nil {
			return nil, harrier.Invalidf("exclude", "%s", harrier.MessageOf(err))
		}
	}
	wanted := told.Subtract(*excluded)
	if len(wanted) == 0 {
		return nil, harrier.Invalidf("targets", "every target is excluded")
	}
	if n := planned(wanted); n > MaxTargets {
		return nil, harrier.Invalidf("targets", "%d addresses are too many for one scan (at most %d)", n, MaxTargets)
	}
	return wanted, nil
}

// planned counts the hosts of a list: addresses, and each name as the number
// of addresses that it may stand for.
func planned(list harrier.Targets) int { return list.Count() }

// guarded says what the guard rules do to a scan of wanted, of which left is
// left; "" when they do nothing.
func guarded(wanted, left harrier.Targets, guard harrier.Guard, forbidden int) string {
	var parts []string
	if forbidden > 0 {
		parts = append(parts, fmt.Sprintf("a guard rule of the operator forbids to scan %s: %s left out",
			rules(wanted, guard.Never), addresses(forbidden)))
	}
	fragile := harrier.Guard{Never: guard.Fragile}.Targets()
	if n := left.Count() - left.Subtract(fragile).Count(); n > 0 {
		parts = append(parts, fmt.Sprintf("a guard rule of the operator has %s treated gently (%s)",
			addresses(n), rules(left, guard.Fragile)))
	}
	return strings.Join(parts, "; ")
}

func addresses(n int) string {
	if n == 1 {
		return "1 address"
	}
	return fmt.Sprintf("%d addresses", n)
}
