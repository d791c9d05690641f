package scan

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/harrier-scan/harrier"
)

// Why targets of a scan that has ended were not looked at.
const (
	notStopped  = "scan stopped"
	notKilled   = "scan aborted"
	notReported = "the engine did not report on it"
)

// notReached tells spans that were never looked at from those of targets that
// did not answer.
func notReached(s harrier.Span) bool {
	return s.Reason == notStopped || s.Reason == notKilled || s.Reason == notReported
}

// account sorts the targets of a scan by what became of them. Hosts have a row
// of their own; of the others, dead holds those that were reported, each
// target once, and missing those that nothing was heard of, for reason. Both
// come merged and in rising order. The rows of hosts and the counts of both
// lists add up to every target exactly once, but for names: those count as the
// addresses that they turned out to be.
func account(targets harrier.Targets, hosts []harrier.ScanHost, reported []harrier.Span, reason string) (dead, missing []harrier.Span) {
	all := targets.Merge()
	ranges, others := split(all)
	addrs, named, strays := sortHosts(hosts, ranges, others)
	rest := without(ranges, addrs)

	reasons, deadNames := byReason(reported)
	for _, r := range reasons {
		taken := without(r.ranges, addrs)
		inside := intersect(rest, taken)
		rest = minus(rest, inside)
		outside := minus(taken, ranges) // of a net around a name
		strays += outside.Count()
		for _, t := range append(inside, outside...) {
			dead = append(dead, harrier.Span{Target: t, Count: t.Count(), Reason: r.reason})
		}
	}
	for _, s := range deadNames {
		if !named[nameOf(s.Target)] {
			named[nameOf(s.Target)] = true
			dead = append(dead, s)
		}
	}
	for _, t := range rest {
		missing = append(missing, harrier.Span{Target: t, Count: t.Count(), Reason: reason})
	}
	for _, t := range others {
		if !named[nameOf(t)] && (t.Bits == 0 || strays == 0) {
			missing = append(missing, harrier.Span{Target: t, Count: t.Count(), Reason: reason})
		}
	}
	return dead, missing
}

func split(list harrier.Targets) (ranges, others harrier.Targets) {
	for _, t := range list {
		if t.IsRange() {
			ranges = append(ranges, t)
		} else {
			others = append(others, t)
		}
	}
	return ranges, others
}

// called is a name, with the address at which it is used when it has one.
type called struct {
	name string
	addr netip.Addr
}

func nameOf(t harrier.Target) called { return called{t.Name, t.First} }

// sortHosts tells which addresses and which names have a row, and how many rows
// belong to neither.
func sortHosts(hosts []harrier.ScanHost, ranges, others harrier.Targets) (addrs []netip.Addr, named map[called]bool, strays int) {
	named = map[called]bool{}
	asked := map[string]bool{}
	for _, t := range others {
		asked[t.Name] = true
	}
	for _, h := range hosts {
		named[called{h.Name, netip.Addr{}}] = true
		named[called{h.Name, h.Addr}] = true
		if asked[h.Name] {
			continue
		}
		addrs = append(addrs, h.Addr)
		if !within(ranges, h.Addr) {
			strays++
		}
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	return slices.Compact(addrs), named, strays
}

// reasonRanges are the ranges that were reported for one reason.
type reasonRanges struct {
	reason string
	ranges harrier.Targets
}

// byReason merges spans by reason, in the order of their reasons so that the
// outcome does not depend on the order of arrival.
func byReason(spans []harrier.Span) (list []reasonRanges, names []harrier.Span) {
	merged := map[string]harrier.Targets{}
	for _, s := range spans {
		if s.Target.IsRange() {
			merged[s.Reason] = append(merged[s.Reason], s.Target)
		} else {
			names = append(names, s)
		}
	}
	for reason, ranges := range merged {
		list = append(list, reasonRanges{reason, touching(ranges.Merge())})
	}
	slices.SortFunc(list, func(a, b reasonRanges) int { return cmp.Compare(a.reason, b.reason) })
	slices.SortFunc(names, func(a, b harrier.Span) int {
		return cmp.Or(cmp.Compare(a.Target.Name, b.Target.Name), a.Target.First.Compare(b.Target.First), cmp.Compare(a.Reason, b.Reason))
	})
	return list, names
}

// touching joins ranges of a merged list that stand side by side.
func touching(list harrier.Targets) harrier.Targets {
	var out harrier.Targets
	for _, t := range list {
		if n := len(out); n > 0 && out[n-1].Last.Next() == t.First {
			out[n-1].Last = t.Last
			continue
		}
		out = append(out, t)
	}
	return out
}

// within reports whether a is in one of the merged ranges.
func within(ranges harrier.Targets, a netip.Addr) bool {
	i, found := slices.BinarySearchFunc(ranges, a, func(t harrier.Target, a netip.Addr) int { return t.First.Compare(a) })
	return found || i > 0 && !ranges[i-1].Last.Less(a)
}

// without takes single addresses, in rising order, out of merged ranges.
func without(ranges harrier.Targets, addrs []netip.Addr) harrier.Targets {
	var less harrier.Targets
	for _, a := range addrs {
		if n := len(less); n > 0 && less[n-1].Last.Next() == a {
			less[n-1].Last = a
			continue
		}
		less = append(less, harrier.Target{First: a, Last: a})
	}
	return minus(ranges, less)
}

// minus returns what of the merged ranges a is not in the merged ranges b.
func minus(a, b harrier.Targets) harrier.Targets {
	var out harrier.Targets
	for _, t := range a {
		// The first range of b that can meet t.
		j, _ := slices.BinarySearchFunc(b, t.First, func(u harrier.Target, f netip.Addr) int {
			if u.Last.Less(f) {
				return -1
			}
			return 1
		})
		gone := false
		for ; j < len(b) && !t.Last.Less(b[j].First); j++ {
			if t.First.Less(b[j].First) {
				out = append(out, harrier.Target{First: t.First, Last: b[j].First.Prev()})
			}
			if !b[j].Last.Less(t.Last) {
				gone = true
				break
			}
			t.First = b[j].Last.Next()
		}
		if !gone {
			out = append(out, t)
		}
	}
	return out
}

// intersect returns what the merged ranges a and b share.
func intersect(a, b harrier.Targets) harrier.Targets { return minus(a, minus(a, b)) }
