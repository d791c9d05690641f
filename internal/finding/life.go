package finding

import (
	"context"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
)

// present folds an observation into the finding that it speaks of; said is when
// it was made now, which may be before the one of its instance that stands. A
// host that did not answer has no findings.
func (f *folding) present(ctx context.Context, s *scan, h *host, o harrier.Observation, said time.Time, how manner) error {
	a := h.asset
	if a == nil {
		return nil
	}
	i := o.Instance()
	fi := a.findings[i]
	if fi == nil {
		fi = &harrier.Finding{Asset: a.ID, Instance: i}
		a.findings[i] = fi
	}
	if err := f.rejoin(ctx, s, h, fi); err != nil {
		return err
	}
	before := *fi
	var last harrier.Interval
	if n := len(fi.Intervals); n > 0 {
		last = fi.Intervals[n-1]
		f.openEarlier(s, fi, said)
	}
	change := fi.Fold(harrier.Present, o.At)
	if change == harrier.Unchanged {
		return nil
	}
	// The latest observation describes the finding.
	if o.At.Equal(fi.LastSeen()) && s.ID >= fi.LastScan {
		fi.Severity = f.severity(ctx, o.Vulnerability, how.given)
		fi.Service, fi.Evidence, fi.Certainty, fi.Source, fi.Origin, fi.LastScan = o.Service, o.Evidence, o.Certainty, o.Source, harrier.FromScan, s.ID
	}
	if n := len(fi.Intervals); change != harrier.Seen || fi.Intervals[n-1] != last || !sameFinding(before, *fi) {
		a.touched[i] = true
	}
	return nil
}

func sameFinding(a, b harrier.Finding) bool {
	return a.Severity == b.Severity && a.Service == b.Service && a.Evidence == b.Evidence &&
		a.Certainty == b.Certainty && a.Source == b.Source && a.Origin == b.Origin && a.LastScan == b.LastScan
}

// openEarlier moves the begin of an interval that this scan opened back to an
// earlier observation of the same scan that arrived later.
func (f *folding) openEarlier(s *scan, fi *harrier.Finding, at time.Time) {
	n := len(fi.Intervals)
	last := &fi.Intervals[n-1]
	if fi.LastScan != s.ID || !last.Closed.IsZero() || last.Opened.Before(s.since) || !at.Before(last.Opened) {
		return
	}
	if n == 1 || !at.Before(fi.Intervals[n-2].Closed) {
		last.Opened = at
	}
}

// rejoin takes back that this very scan closed the finding: what a scan
// observes on an asset it can not have found absent. That happens when results
// of two attempts arrive out of order, and when an asset is scanned under
// several names.
func (f *folding) rejoin(ctx context.Context, s *scan, h *host, fi *harrier.Finding) error {
	n := len(fi.Intervals)
	if n == 0 || fi.Intervals[n-1].Closed.IsZero() || fi.Intervals[n-1].Closed.Before(s.since) {
		return nil
	}
	closed := fi.Intervals[n-1].Closed
	mine := h.row.Done && h.row.Ended.Equal(closed)
	if !mine {
		others, err := f.others(ctx, s, h)
		if err != nil {
			return err
		}
		for _, o := range others {
			mine = mine || o.row.Done && o.row.Ended.Equal(closed)
		}
	}
	if mine {
		fi.Intervals[n-1].Closed = noTime
		h.asset.touched[fi.Instance] = true
	}
	return nil
}

// others returns the other hosts of the scan that are the same asset.
func (f *folding) others(ctx context.Context, s *scan, h *host) ([]*host, error) {
	if err := f.loadSharing(ctx, s); err != nil {
		return nil, err
	}
	var list []*host
	for _, k := range s.sharing[h.asset.ID] {
		if k == h.key {
			continue
		}
		other, err := f.host(ctx, s, harrier.Host{Name: k.name, Addr: addrOf(k)})
		if err != nil {
			return nil, err
		}
		list = append(list, other)
	}
	return list, nil
}

// loadSharing finds out which hosts of the scan are which asset.
func (f *folding) loadSharing(ctx context.Context, s *scan) error {
	if s.sharing != nil {
		return nil
	}
	rows, err := f.Store.ScanHosts(ctx, s.ID)
	if err != nil {
		return err
	}
	s.sharing = map[harrier.ID][]hostKey{}
	for _, row := range rows {
		if row.Asset != 0 {
			s.sharing[row.Asset] = append(s.sharing[row.Asset], keyOf(s.ID, row.Host))
		}
	}
	for k, other := range f.hosts { // not written yet
		if k.scan == s.ID && other.asset != nil && (other.row.Index == 0 || !slices.Contains(s.sharing[other.asset.ID], k)) {
			s.sharing[other.asset.ID] = append(s.sharing[other.asset.ID], k)
		}
	}
	return nil
}

// reopen takes back what the end of the host's run closed, since another end
// stands now.
func (a *asset) reopen(h *host) {
	if !h.row.Done || h.row.Ended.IsZero() {
		return
	}
	for i, fi := range a.findings {
		if n := len(fi.Intervals); n > 0 && fi.Intervals[n-1].Closed.Equal(h.row.Ended) {
			fi.Intervals[n-1].Closed = noTime
			a.touched[i] = true
		}
	}
}

// close ends the open findings that the host's run looked for and did not see,
// and forgets services whose ports it found closed.
//
// Source: "The life of a finding", rule 2, in the model.
func (f *folding) close(ctx context.Context, s *scan, h *host) error {
	a := h.asset
	if a == nil || !h.row.Alive {
		return nil
	}
	a.learn(s, h.row.Host)
	others, err := f.others(ctx, s, h)
	if err != nil {
		return err
	}
	for i, fi := range a.findings {
		if !fi.Open() || h.coverage.Verdict(i) != harrier.Absent || !h.comparable(i) || seenBy(i, h, others) {
			continue
		}
		if fi.Fold(harrier.Absent, h.row.Ended) == harrier.Closed {
			a.touched[i] = true
		}
	}
	if !h.coverage.Complete && h.row.Addr.IsValid() { // of a name without an address each port is told of by itself
		return nil
	}
	for e, svc := range a.services {
		if _, here := h.services[e]; here || !svc.LastSeen.Before(s.since) || !h.coverage.Ports.Contains(e) || isOpen(h.coverage, e) {
			continue
		}
		delete(a.services, e)
		delete(a.put, e)
		a.vanished = append(a.vanished, e)
	}
	return nil
}

func seenBy(i harrier.Instance, h *host, others []*host) bool {
	if _, seen := h.seen[i]; seen {
		return true
	}
	for _, o := range others {
		if _, seen := o.seen[i]; seen {
			return true
		}
	}
	return false
}

func isOpen(c *harrier.Coverage, e harrier.Endpoint) bool {
	for _, o := range c.Open {
		if o.Endpoint == e {
			return true
		}
	}
	return false
}
