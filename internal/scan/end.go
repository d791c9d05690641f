package scan

import (
	"context"
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
)

// end gives a scan its final state and sums in the transaction of ctx. What
// nothing was heard of is counted as skipped for missing; note is added to the
// scan's Reason.
func (r *Room) end(ctx context.Context, sc *harrier.Scan, status harrier.ScanStatus, missing, note string) error {
	hosts, err := r.closeHosts(ctx, sc, missing)
	if err != nil {
		return err
	}
	batches, err := r.Store.Batches(ctx, sc.ID)
	if err != nil {
		return err
	}
	reported, err := r.Store.Dead(ctx, sc.ID)
	if err != nil {
		return err
	}
	targets := allTargets(batches)
	dead, rest := account(targets, hosts, reported, missing)
	if len(rest) > 0 {
		if err := r.Store.PutDead(ctx, sc.ID, 0, rest); err != nil {
			return err
		}
		if status == harrier.ScanCompleted {
			note = also(note, "engines did not report on all targets")
		}
	}
	t := tallyOf(hosts, append(dead, rest...), len(sc.Plan.Checks))
	t.into(sc)
	total := len(hosts) + counted(dead) + counted(rest)
	if fault := unbalanced(*sc, targets, total); fault != "" {
		r.Log.ErrorContext(ctx, "scan does not add up", "scan", sc.ID, "fault", fault)
		note = also(note, fault)
	}
	if sc.Held { // still
		if err := r.Store.DropWaiting(ctx, sc.ID); err != nil {
			return err
		}
		sc.Held, sc.Discarded = false, true
		note = also(note, "its results were discarded")
	}
	if status == harrier.ScanStopped && sc.Terms.Unfinished == harrier.RollOver && !sc.Started.IsZero() {
		made, err := r.rollOver(ctx, *sc, targets, hosts, rest)
		if err != nil {
			return err
		}
		note = also(note, made)
	}
	now := r.now()
	if sc.Plan.Survey != nil && status == harrier.ScanCompleted {
		if err := r.Store.EndSurface(ctx, sc.Site, sc.ID, now); err != nil {
			return err
		}
	}
	sc.Frozen = 0
	sc.Status, sc.HostsTotal, sc.Ended, sc.Modified = status, total, now, now
	sc.Reason = also(withoutWait(sc.Reason), note)
	if err := r.Store.UpdateScan(ctx, sc); err != nil {
		return err
	}
	return r.follow(ctx, *sc)
}

// closeHosts returns the hosts of a scan, each with coverage: those whose run
// had not ended are incomplete, for reason.
func (r *Room) closeHosts(ctx context.Context, sc *harrier.Scan, reason string) ([]harrier.ScanHost, error) {
	hosts, err := r.Store.ScanHosts(ctx, sc.ID)
	if err != nil {
		return nil, err
	}
	planned := sc.Plan.Planned(r.Family)
	for i := range hosts {
		h := &hosts[i]
		if h.Done {
			continue
		}
		list, err := r.Store.HostObservations(ctx, sc.ID, h.Index)
		if err != nil {
			return nil, err
		}
		c := harrier.Coverage{Alive: h.Alive, Reason: reason, Planned: len(sc.Plan.Checks), Enabled: planned}
		for _, o := range list {
			if planned.Has(o.Vulnerability) {
				c.Add(harrier.Done{Check: o.Vulnerability, Endpoint: o.Endpoint, Outcome: harrier.Vulnerable})
			}
		}
		h.Coverage = c.Totals()
		if err := r.Store.PutHostCoverage(ctx, sc.ID, h.Index, &c); err != nil {
			return nil, err
		}
		if err := r.Store.PutScanHost(ctx, h); err != nil {
			return nil, err
		}
	}
	return hosts, nil
}

func counted(spans []harrier.Span) int {
	n := 0
	for _, s := range spans {
		n += s.Count
	}
	return n
}

// unbalanced says what does not add up in a scan that ends, "" when all does:
// every planned check has an outcome, and every address of a range was counted
// once. Names may stand for several addresses, so those are not held against
// the plan.
func unbalanced(sc harrier.Scan, targets harrier.Targets, total int) string {
	_, names := split(targets.Merge())
	want := total * len(sc.Plan.Checks)
	switch {
	case !sc.Coverage.Balanced():
		return fmt.Sprintf("coverage does not add up: %+v", sc.Coverage)
	case sc.Coverage.Planned != want:
		return fmt.Sprintf("coverage does not add up: %d checks planned for %d hosts, %d counted", want, total, sc.Coverage.Planned)
	case sc.Plan.Survey == nil && len(names) == 0 && total != sc.HostsTotal:
		return fmt.Sprintf("coverage does not add up: %d addresses planned, %d counted", sc.HostsTotal, total)
	}
	return ""
}

// also adds a sentence to a reason, once.
func also(reason, note string) string {
	switch {
	case note == "" || strings.Contains(reason, note):
		return reason
	case reason == "":
		return note
	}
	return reason + "; " + note
}

// ended tells of a scan whose end is stored.
func (r *Room) ended(ctx context.Context, sc harrier.Scan) {
	r.sums.drop(sc.ID)
	r.mu.Lock()
	delete(r.going, sc.ID)
	r.leftovers[sc.ID] = wanted(sc.Status)
	r.mu.Unlock()
	r.Log.InfoContext(ctx, "scan ended", "scan", sc.ID, "site", sc.Site, "status", sc.Status, "hosts", sc.HostsAlive,
		"observations", sc.Present.Total(), "took", sc.Ended.Sub(sc.Created))
	r.Tell(harrier.Event{Kind: harrier.ScanEnded, At: sc.Ended, Site: sc.Site, Scan: sc.ID, Detail: string(sc.Status)})
	r.nudge()
}
