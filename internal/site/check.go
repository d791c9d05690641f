package site

import (
	"cmp"
	"context"
	"slices"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/calendar"
)

// check answers Invalid, naming the field, when s breaks its own rules or names
// something that by can not name. What s shares with old was checked before: it
// may be beyond by's sight, or gone.
func (r *Room) check(ctx context.Context, by harrier.Actor, s *harrier.Site, old harrier.Site) error {
	if err := s.Check(); err != nil {
		return err
	}
	for _, run := range s.Runs() {
		if err := calendar.Check(run.Schedule); err != nil {
			return err
		}
	}
	if s.Schedule.After != old.Schedule.After {
		if err := r.checkAfter(ctx, by, s); err != nil {
			return err
		}
	}
	if s.Policy != old.Policy {
		if err := r.checkPolicy(ctx, by, s); err != nil {
			return err
		}
	}
	if err := r.checkFolder(ctx, by, s, old); err != nil {
		return err
	}
	if s.Repository != old.Repository {
		_, err := r.store.Repository(ctx, s.Repository)
		if err == nil && !by.SeesRepository(s.Repository) {
			err = harrier.Errorf(harrier.NotFound, "no repository %d", s.Repository)
		}
		if err := missing(err, "repository", s.Repository); err != nil {
			return err
		}
	}
	if s.Engine != old.Engine {
		if err := r.checkEngine(ctx, by, s.Engine); err != nil {
			return err
		}
	}
	for _, part := range [][2][]harrier.ID{{s.Options.Lists, old.Options.Lists}, {s.Options.Defined, old.Options.Defined}, {s.Options.Spared, old.Options.Spared}} {
		if err := r.checkLists(ctx, by, part[0], part[1]); err != nil {
			return err
		}
	}
	if s.Pool != old.Pool && s.Pool != "" {
		if err := r.checkPool(ctx, by, s); err != nil {
			return err
		}
	}
	if s.Owner != old.Owner && s.Owner != by.User {
		// Scans see and may what their site's owner does: somebody of an organisation
		// gives sites to those alone whose objects they manage, and to none of the
		// installation's people.
		_, err := r.store.User(ctx, s.Owner)
		if err == nil && by.Organization != 0 && (by.OwnOrganization(s.Owner) != by.Organization || by.LevelOn(s.Owner, nil) < harrier.Owns) {
			err = harrier.Errorf(harrier.NotFound, "no user %d", s.Owner)
		}
		if err := missing(err, "owner", s.Owner); err != nil {
			return err
		}
	}
	return r.checkGrants(ctx, by, s.Grants, old.Grants)
}

// checkAfter: a site comes after one that by may see, and never after itself,
// not by way of others either.
func (r *Room) checkAfter(ctx context.Context, by harrier.Actor, s *harrier.Site) error {
	id := s.Schedule.After
	if id == 0 {
		return nil
	}
	if _, err := r.visible(ctx, by, id); err != nil {
		return missing(err, "after", id)
	}
	if s.Schedule.Start != "" || s.Schedule.Rule != "" {
		return harrier.Invalidf("after", "a site can not come after another one and at a time of its own")
	}
	for met := map[harrier.ID]bool{}; id != 0 && !met[id]; {
		met[id] = true
		if id == s.ID {
			return harrier.Invalidf("after", "%d comes after this site itself", s.Schedule.After)
		}
		before, err := r.store.Site(ctx, id)
		if err != nil {
			return missing(err, "after", id)
		}
		id = before.Schedule.After
	}
	return nil
}

// checkPolicy: a policy has to be in by's sight, and a hidden one can not
// belong to two sites.
func (r *Room) checkPolicy(ctx context.Context, by harrier.Actor, s *harrier.Site) error {
	p, err := r.policies.Policy(ctx, by, s.Policy)
	if err := missing(err, "policy", s.Policy); err != nil {
		return err
	}
	if !p.Hidden {
		return nil
	}
	all, err := r.store.Sites(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(o harrier.Site) bool { return o.Policy == s.Policy && o.ID != s.ID }) {
		return harrier.Invalidf("policy", "%d belongs to another site", s.Policy)
	}
	return nil
}

// checkFolder: who sees a site in My Scans because its folder is its owner's
// leaves it in that folder by saying so.
func (r *Room) checkFolder(ctx context.Context, by harrier.Actor, s *harrier.Site, old harrier.Site) error {
	s.Folder = cmp.Or(s.Folder, old.Folder, harrier.MyScans)
	if s.Folder == old.Folder {
		return nil
	}
	folders, err := r.Folders(ctx, by)
	if err != nil {
		return err
	}
	if old.ID != 0 && inSight(old, folders).Folder == s.Folder {
		s.Folder = old.Folder
		return nil
	}
	if inSight(*s, folders).Folder != s.Folder {
		return harrier.Invalidf("folder", "no folder %d", s.Folder)
	}
	return nil
}

// checkLists: asset lists have to be in by's sight.
func (r *Room) checkLists(ctx context.Context, by harrier.Actor, lists, old []harrier.ID) error {
	for _, id := range lists {
		if slices.Contains(old, id) {
			continue
		}
		l, err := r.store.AssetList(ctx, id)
		if err == nil && by.LevelOn(l.Owner, harrier.SharedWith(l.Groups)) < harrier.MayView {
			err = harrier.Errorf(harrier.NotFound, "no asset list %d", id)
		}
		if err := missing(err, "lists", id); err != nil {
			return err
		}
	}
	return nil
}

// checkEngine: an engine has to be there, and the profile of by must leave it.
func (r *Room) checkEngine(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	if id == 0 {
		return nil
	}
	engines, err := r.store.Engines(ctx)
	if err != nil {
		return err
	}
	p, err := r.store.ProfileOf(ctx, by.Organization)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(engines, func(e harrier.Engine) bool { return e.ID == id && p.Only.MayUse(e) }) {
		return harrier.Invalidf("engine", "no engine %d", id)
	}
	return nil
}

// checkPool: scans of an organisation go where it lets them, and where its
// profile does. One that is not there is one that will be.
func (r *Room) checkPool(ctx context.Context, by harrier.Actor, s *harrier.Site) error {
	organization := by.Organization
	if s.Owner != by.User {
		u, err := r.store.User(ctx, s.Owner)
		if err := missing(err, "owner", s.Owner); err != nil {
			return err
		}
		organization = u.Organization
	}
	if organization == 0 {
		return nil
	}
	o, err := r.store.Organization(ctx, organization)
	if err != nil {
		return err
	}
	p, err := r.store.ProfileOf(ctx, organization)
	if err != nil {
		return err
	}
	pools, err := r.store.Pools(ctx)
	if err != nil {
		return err
	}
	if p.Only.Engines != nil && !p.Only.MayShareNamed(pools, s.Pool) {
		return harrier.Invalidf("pool", "no pool %q", s.Pool)
	}
	_, _, err = o.Zone(s.Pool, pools)
	return err
}

func (r *Room) checkGrants(ctx context.Context, by harrier.Actor, grants, old []harrier.Grant) error {
	if !slices.Equal(grants, old) && !by.May(harrier.ShareObjects) {
		return harrier.Errorf(harrier.Forbidden, "you may not share sites")
	}
	levels := []harrier.Level{harrier.NoAccess, harrier.MayView, harrier.MayControl, harrier.MayConfigure, harrier.Owns}
	for _, g := range grants {
		if slices.Contains(old, g) {
			continue
		}
		if !slices.Contains(levels, g.Level) {
			return harrier.Invalidf("grants", "%d is not a level (0, 16, 32, 64, 128)", g.Level)
		}
		if g.User != 0 {
			_, err := r.store.User(ctx, g.User)
			if err == nil && !by.PeerOf(g.User) {
				err = harrier.Errorf(harrier.NotFound, "no user %d", g.User)
			}
			if err := missing(err, "grants", g.User); err != nil {
				return err
			}
		}
		if g.Group != 0 {
			group, err := r.store.Group(ctx, g.Group)
			if err == nil && by.Organization != 0 && group.Organization != by.Organization {
				err = harrier.Errorf(harrier.NotFound, "no group %d", g.Group)
			}
			if err := missing(err, "grants", g.Group); err != nil {
				return err
			}
		}
	}
	return nil
}

// missing turns NotFound about what a site names into Invalid: the request
// names it, not the address.
func missing(err error, field string, id harrier.ID) error {
	if err != nil && harrier.KindOf(err) == harrier.NotFound {
		return harrier.Invalidf(field, "there is no %d", id).Because(err)
	}
	return err
}
