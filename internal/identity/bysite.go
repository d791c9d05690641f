package identity

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// siteSight is what a site holds, and with whom it is shared.
type siteSight struct {
	organization harrier.ID
	owner        harrier.ID
	grants       []harrier.Grant
	holds        harrier.Expr
}

// maxHeld bounds how many ranges and names of a site say what a user sees.
const maxHeld = 10_000

// readSites reads the sites whose owners see everything, if a group asks for
// them: what others write into theirs shows nobody more than they see.
func (r *Room) readSites(ctx context.Context, a *access) error {
	asked := false
	for _, g := range a.groups {
		asked = asked || g.BySites
	}
	if !asked {
		return nil
	}
	all, err := r.store.Sites(ctx)
	if err != nil {
		return fmt.Errorf("read sites: %w", err)
	}
	for _, s := range all {
		seat := a.seats[s.Owner]
		if seat.Organization == 0 {
			seat.Organization, seat.Group = harrier.FirstOrganization, harrier.FullAccess
		}
		if _, known := a.sights[seat.Group]; !known || a.sights[seat.Group].narrow {
			continue
		}
		if e := held(s); e != nil {
			a.sites = append(a.sites, siteSight{seat.Organization, s.Owner, s.Grants, e})
		}
	}
	return nil
}

// held is the condition that an asset is what a site is to scan; nil for one
// that is to scan nothing.
func held(s harrier.Site) harrier.Expr {
	in := targetsExpr(s.Targets)
	if in == nil {
		return nil
	}
	if out := targetsExpr(s.Exclude); out != nil {
		return harrier.And{in, harrier.Not{Of: out}}
	}
	return in
}

// targetsExpr is the condition that an asset is one of some targets; nil for
// none.
func targetsExpr(text string) harrier.Expr {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	list, err := harrier.ParseTargets(text)
	if err != nil || len(list) > maxHeld {
		return nil
	}
	var ranges, names []any
	for _, t := range list {
		if t.IsRange() {
			ranges = append(ranges, t.First.String()+"-"+t.Last.String())
		} else {
			names = append(names, t.Name)
		}
	}
	some := harrier.Or{}
	if len(ranges) > 0 {
		some = append(some, harrier.Cmp{Field: "address", Op: harrier.In, Values: ranges})
	}
	if len(names) > 0 {
		some = append(some, harrier.Cmp{Field: "fqdn", Op: harrier.Eq, Values: names}, harrier.Cmp{Field: "host", Op: harrier.Eq, Values: names})
	}
	return some
}

// shown is what the sites hold that are shared with a user.
func (a *access) shown(u harrier.User) harrier.Or {
	out := harrier.Or{}
	for _, s := range a.sites {
		if s.organization != u.Organization || s.owner == u.ID {
			continue
		}
		shared := u.AllSites || slices.ContainsFunc(s.grants, func(g harrier.Grant) bool {
			return g.Level >= harrier.MayView && (g.Everybody() || g.User != 0 && g.User == u.ID || g.Group != 0 && g.Group == u.Group)
		})
		if shared && len(out) < maxScope {
			out = append(out, s.holds)
		}
	}
	return out
}

// with is the scope of s with more in it, in the same repositories.
func (s sight) with(more harrier.Or) harrier.Expr {
	some := harrier.Or{s.lists, more}
	if s.within == nil {
		return some
	}
	return harrier.And{s.within, some}
}
