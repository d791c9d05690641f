package report

import (
	"context"
	"slices"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// The option of a report by which it also has what checks did not find, of the
// hosts whose scan was made by a policy that stores it.
const (
	cleanOption = "clean"
	cleanStored = "stored"
)

// mostCovers is how many scans are kept open for a report of what is known now,
// whose assets may have been seen last by different ones.
const mostCovers = 16

// cleaner finds what checks did not find.
type cleaner struct {
	room   *Room
	by     harrier.Actor
	head   format.Scan
	only   harrier.Expr
	covers map[harrier.ID]cover
}

// cover is what a cleaner knows of a scan.
type cover struct {
	checks []harrier.VulnID // those that are told of; none: the scan is not asked
	of     func(ctx context.Context, asset harrier.ID) (*harrier.Coverage, error)
}

// cleaner returns nil for a report that does not have what was not found. Of
// conditions on findings, only is what they say of the vulnerability.
func (r *Room) cleaner(j job, head format.Scan, only harrier.Expr) *cleaner {
	if j.report.Options[cleanOption] != cleanStored || j.report.Scope.Filter.Expr != nil {
		return nil
	}
	return &cleaner{room: r, by: j.by, head: head, only: only, covers: map[harrier.ID]cover{}}
}

// checks are those of a plan that a report tells of when they find nothing: each
// that stands for one vulnerability, and not for a family of them or for a plain
// fact.
func (c *cleaner) checks(plan harrier.Plan) []harrier.VulnID {
	var out []harrier.VulnID
	for _, id := range plan.Checks {
		if id.StandsForFamily() {
			continue
		}
		v, known := c.head.Vulnerability(id)
		if !known || v.Severity <= harrier.Info {
			continue
		}
		one := format.Result{Observation: harrier.Observation{Vulnerability: id}, Severity: v.Severity}
		if c.only == nil || harrier.Matches(c.only, resultFields(c.head, format.Host{}, one)) {
			out = append(out, id)
		}
	}
	return out
}

// scan is what is known of a scan; one that by may not see tells nothing.
func (c *cleaner) scan(ctx context.Context, id harrier.ID) (cover, error) {
	if known, ok := c.covers[id]; ok {
		return known, nil
	}
	var out cover
	sc, of, err := c.room.Scans.Covering(ctx, c.by, id)
	if err == nil {
		var p harrier.Policy
		if p, err = c.room.Store.Policy(ctx, sc.PolicyID); err == nil && p.StoresClean() {
			out = cover{c.checks(sc.Plan), of}
		}
	}
	if harrier.KindOf(err) == harrier.NotFound {
		err = nil
	}
	if err != nil {
		return cover{}, err
	}
	if len(c.covers) >= mostCovers {
		clear(c.covers)
	}
	c.covers[id] = out
	return out, nil
}

// put gives h what was not found on it. A nil cleaner does nothing.
func (c *cleaner) put(ctx context.Context, h *format.Host) error {
	if c == nil || h.Scan == 0 {
		return nil
	}
	known, err := c.scan(ctx, h.Scan)
	if err != nil || len(known.checks) == 0 {
		return err
	}
	looked := h.Looked
	if looked == nil && h.Asset != 0 {
		if looked, err = known.of(ctx, h.Asset); err != nil {
			return err
		}
	}
	h.Absent = cleanOf(looked, known.checks, h.Services)
	return nil
}

// cleanOf says where checks found nothing: on the whole host, or, of a check
// that has found something or could not tell at one endpoint, at the others with
// the same service.
func cleanOf(c *harrier.Coverage, checks []harrier.VulnID, services []harrier.Service) []format.Absent {
	if c == nil || !c.Alive || !c.Complete {
		return nil
	}
	names := map[harrier.Endpoint]string{}
	for _, s := range services {
		names[s.Endpoint] = s.Name
	}
	out := make([]format.Absent, 0, len(checks))
	entries := c.Entries // both rise
	for _, id := range checks {
		for len(entries) > 0 && entries[0].Check < id {
			entries = entries[1:]
		}
		n := 0
		whole, told := true, false
		looked := map[string]bool{} // services at which the check told something
		for n < len(entries) && entries[n].Check == id {
			if e := entries[n]; e.Outcome != harrier.Clean {
				whole, told = false, told || e.Protocol == ""
				if name := names[e.Endpoint]; name != "" {
					looked[name] = true
				}
			}
			n++
		}
		entries = entries[n:]
		if whole {
			out = append(out, format.Absent{Vulnerability: id})
		}
		if whole || told || len(looked) == 0 {
			continue
		}
		for _, open := range c.Open {
			if !looked[names[open.Endpoint]] {
				continue
			}
			if outcome, _ := c.Outcome(id, open.Endpoint); outcome == harrier.Clean {
				out = append(out, format.Absent{Vulnerability: id, Endpoint: open.Endpoint})
			}
		}
	}
	return slices.Clip(out)
}
