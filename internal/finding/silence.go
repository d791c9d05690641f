package finding

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
)

// silentAtOnce is how many silent assets are dealt with in a transaction.
const silentAtOnce = 256

// Silence closes the findings of hosts that have been silent for at least age
// when a scan looked for them: they were among its targets, it asked whether
// they are there, and nobody answered. It is called when the last batch of the
// scan has ended, or later. A host that could not be asked, or that answered
// this scan or a later one, keeps its findings; so do all hosts of a scan that
// was stopped, or did not ask. It returns how many findings it closed; to call
// it again changes nothing.
//
// Source: "The life of a finding", rule 3, in the model.
func (r *Room) Silence(ctx context.Context, id harrier.ID, age time.Duration) (closed int, err error) {
	sc, err := r.Store.Scan(ctx, id)
	if err != nil || sc.Discarded || !sc.Plan.Settings.Pings() {
		return 0, err
	}
	switch sc.Status {
	case harrier.ScanStopped, harrier.ScanAborted, harrier.ScanStopping, harrier.ScanImported:
		return 0, nil
	default:
	}
	silent, err := r.silentIn(ctx, sc)
	if err != nil || len(silent.ranges)+len(silent.named) == 0 {
		return 0, err
	}
	at := sc.Ended
	if at.IsZero() {
		at = r.Now().UTC().Truncate(time.Microsecond)
	}
	first, last := silent.bounds()
	for after := harrier.ID(0); ; {
		list, err := r.Store.SilentAssets(ctx, sc.Repository, first, last, sc.Started, after, silentAtOnce)
		if err != nil || len(list) == 0 {
			return closed, err
		}
		after = list[len(list)-1].ID
		list = slices.DeleteFunc(list, func(a harrier.Asset) bool { return !silent.holds(a) || at.Sub(a.LastSeen) < age })
		n, err := r.closeSilent(ctx, list, sc.Started, at)
		if closed += n; err != nil {
			return closed, err
		}
	}
}

// closeSilent closes the open findings of assets, but for those that were seen
// meanwhile, in one transaction.
func (r *Room) closeSilent(ctx context.Context, list []harrier.Asset, since, at time.Time) (closed int, err error) {
	if len(list) == 0 {
		return 0, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	err = r.alone(ctx, func(ctx context.Context, f *folding) error {
		closed = 0
		for _, known := range list {
			a, err := f.asset(ctx, known.ID)
			if harrier.KindOf(err) == harrier.NotFound {
				continue
			}
			if err != nil {
				return err
			}
			if !a.LastSeen.Before(since) {
				continue
			}
			for i, fi := range a.findings {
				if fi.Fold(harrier.Absent, at) == harrier.Closed {
					a.touched[i] = true
					closed++
				}
			}
		}
		return f.flush(ctx)
	})
	return closed, err
}

// silence is which targets of a scan were asked and did not answer.
type silence struct {
	ranges  harrier.Targets         // merged
	named   map[netip.Addr][]string // names that were asked for at an address
	unknown harrier.Targets         // merged: of which another attempt or batch said otherwise
}

func (s silence) bounds() (first, last netip.Addr) {
	widen := func(a, b netip.Addr) {
		if !first.IsValid() || wide(a).Less(wide(first)) {
			first = a
		}
		if !last.IsValid() || wide(last).Less(wide(b)) {
			last = b
		}
	}
	for _, t := range s.ranges {
		widen(t.First, t.Last)
	}
	for a := range s.named {
		widen(a, a)
	}
	return first, last
}

// wide is an address in the order in which assets are kept.
func wide(a netip.Addr) netip.Addr { return netip.AddrFrom16(a.As16()) }

// holds reports whether the asset is one of the targets.
func (s silence) holds(a harrier.Asset) bool {
	if within(s.unknown, a.Addr) {
		return false
	}
	for _, n := range s.named[a.Addr] {
		if len(a.Names) == 0 || slices.Contains(a.Names, n) {
			return true
		}
	}
	return within(s.ranges, a.Addr)
}

// within reports whether a is in one of the merged ranges.
func within(ranges harrier.Targets, a netip.Addr) bool {
	i, found := slices.BinarySearchFunc(ranges, a, func(t harrier.Target, a netip.Addr) int { return t.First.Compare(a) })
	return found || i > 0 && !ranges[i-1].Last.Less(a)
}

// silentIn reads what a scan says of silent targets.
func (r *Room) silentIn(ctx context.Context, sc harrier.Scan) (silence, error) {
	s := silence{named: map[netip.Addr][]string{}}
	spans, err := r.Store.Dead(ctx, sc.ID)
	if err != nil {
		return s, err
	}
	rows, err := r.Store.ScanHosts(ctx, sc.ID)
	if err != nil {
		return s, err
	}
	for _, h := range rows {
		switch {
		case !h.Addr.IsValid():
		case h.Alive || !h.Done || !harrier.Silent(h.Reason):
			s.unknown = append(s.unknown, harrier.Target{First: h.Addr, Last: h.Addr})
		default:
			spans = append(spans, harrier.Span{Target: harrier.Target{Name: nameIn(h.Host), First: h.Addr, Last: h.Addr}, Reason: h.Reason})
		}
	}
	for _, span := range spans {
		t := span.Target
		switch {
		case !t.First.IsValid():
		case !harrier.Silent(span.Reason):
			t.Name = ""
			s.unknown = append(s.unknown, t)
		case t.Name != "":
			s.named[t.First] = append(s.named[t.First], t.Name)
		default:
			s.ranges = append(s.ranges, t)
		}
	}
	s.ranges, s.unknown = s.ranges.Merge(), s.unknown.Merge()
	return s, nil
}

// nameIn is the name by which a host was asked for, "" for its address.
func nameIn(h harrier.Host) string {
	if h.Name == h.Addr.String() {
		return ""
	}
	return h.Name
}
