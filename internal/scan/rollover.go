package scan

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// rolloverSuffix is what the name of a site for the rest of a scan ends in.
//
// Source: securitycenter-api.md, section 8.4.
const rolloverSuffix = " - Rollover"

// rollOver makes a site for what a stopped scan did not get to, with all that
// its own site says, and returns a sentence about it; "" when nothing is left or
// the site is gone. Hosts are those of the scan, rest is what nothing was heard
// of.
func (r *Room) rollOver(ctx context.Context, sc harrier.Scan, targets harrier.Targets, hosts []harrier.ScanHost, rest []harrier.Span) (string, error) {
	left, err := r.unfinished(ctx, sc, targets, hosts, rest)
	if err != nil || len(left) == 0 {
		return "", err
	}
	s, err := r.Store.Site(ctx, sc.Site)
	if harrier.KindOf(err) == harrier.NotFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	by := harrier.System
	by.User = s.Owner
	p, err := r.Store.Policy(ctx, s.Policy)
	if err != nil {
		return "", err
	}
	if p.Hidden {
		if p, err = r.Policies.Copy(ctx, by, p.ID); err != nil {
			return "", err
		}
	}
	now := r.now()
	fresh := s
	fresh.ID, fresh.UUID, fresh.Policy = 0, harrier.NewUUID(now), p.ID
	fresh.Name = strings.TrimSuffix(s.Name, rolloverSuffix) + rolloverSuffix
	fresh.Targets = strings.Join(texts(left), ",")
	fresh.Created, fresh.Modified, fresh.LastScan, fresh.LastRun = now, now, 0, time.Time{}
	fresh.Options.RolloverOf = sc.ID
	fresh.Schedule, fresh.NextRun = harrier.Schedule{}, time.Time{}
	fresh.Options.Further, fresh.Options.Lists, fresh.Options.Defined = nil, nil, nil
	if sc.Terms.Rollover == harrier.RolloverNextDay {
		if fresh.Schedule, fresh.NextRun, err = r.nextDay(s.Schedule.Timezone, sc.Created, now); err != nil {
			return "", err
		}
	}
	if err := r.Store.InsertSite(ctx, &fresh); err != nil {
		return "", err
	}
	return fmt.Sprintf("the rest of %d addresses is left to %q (%d)", left.Count(), fresh.Name, fresh.ID), nil
}

func texts(list harrier.Targets) []string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = t.String()
	}
	return out
}

// unfinished is what a scan has still to look at: targets of which nothing was
// heard, and hosts that were cut off. Of a net around a name, and of a name with
// several addresses, nobody knows what is left, so that it is looked at again.
func (r *Room) unfinished(ctx context.Context, sc harrier.Scan, targets harrier.Targets, hosts []harrier.ScanHost, rest []harrier.Span) (harrier.Targets, error) {
	var left harrier.Targets
	for _, s := range rest {
		left = append(left, s.Target)
	}
	whole := map[string]harrier.Target{} // targets that a host of the name stands for
	for _, t := range targets {
		if t.Name != "" && !t.First.IsValid() {
			whole[t.Name] = t
			if t.Bits > 0 || sc.Plan.Settings.AllAddresses {
				left = append(left, t)
			}
		}
	}
	for _, h := range hosts {
		cut := !h.Done
		if h.Done && h.Alive && h.Coverage.Skipped > 0 {
			c, err := r.Store.HostCoverage(ctx, sc.ID, h.Index)
			if err != nil {
				return nil, err
			}
			cut = c != nil && !c.Complete && c.Reason == notStopped
		}
		if !cut {
			continue
		}
		t := harrier.Target{First: h.Addr, Last: h.Addr}
		if named, asked := whole[h.Name]; asked {
			t = named
		} else if h.Name != h.Addr.String() {
			t.Name = h.Name
		}
		left = append(left, t)
	}
	return touching(left.Merge()), nil
}

// nextDay is a schedule for once, at the clock time of an instant on the next
// day that is still to come, in a time zone.
func (r *Room) nextDay(zone string, began, now time.Time) (harrier.Schedule, time.Time, error) {
	place, err := time.LoadLocation(zone)
	if err != nil || zone == "" {
		zone, place = "UTC", time.UTC
	}
	local := began.In(place)
	s := harrier.Schedule{Enabled: true, Rule: "FREQ=ONETIME", Timezone: zone}
	if r.Next == nil {
		return s, time.Time{}, nil
	}
	for day := 1; ; day++ {
		// A clock time, not an instant: a day may have 23 hours.
		wall := time.Date(local.Year(), local.Month(), local.Day()+day, local.Hour(), local.Minute(), local.Second(), 0, time.UTC)
		s.Start = wall.Format("20060102T150405")
		next, err := r.Next(s, now)
		if err != nil || !next.IsZero() || wall.Sub(now) > 48*time.Hour {
			return s, next, err
		}
	}
}
