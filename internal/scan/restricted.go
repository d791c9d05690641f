package scan

import (
	"context"
	"slices"

	"github.com/harrier-scan/harrier"
)

// excluded is what a scan of s by by leaves out: what the site says, and what the
// organisations of its owner and of by may not scan. They differ where by launches
// a site of the installation's own people.
func (r *Room) excluded(ctx context.Context, by harrier.Actor, s harrier.Site) (string, error) {
	spared, err := r.members(ctx, s, s.Options.Spared)
	if err != nil {
		return "", err
	}
	o, err := r.organization(ctx, s)
	if err != nil {
		return "", err
	}
	out := join(join(s.Exclude, spared), o.RestrictedIPs)
	if by.Organization != 0 && by.Organization != o.ID {
		if o, err = r.Store.Organization(ctx, by.Organization); err != nil {
			return "", err
		}
		out = join(out, o.RestrictedIPs)
	}
	return out, nil
}

// organization is that of the owner of s; the zero one for one who belongs to
// none.
func (r *Room) organization(ctx context.Context, s harrier.Site) (harrier.Organization, error) {
	u, err := r.Store.User(ctx, s.Owner)
	if err != nil && harrier.KindOf(err) != harrier.NotFound {
		return harrier.Organization{}, err
	}
	if u.Organization == 0 {
		return harrier.Organization{}, nil
	}
	return r.Store.Organization(ctx, u.Organization)
}

// zone is the pool for scans of s, or among which pools one is chosen by their
// targets, as the organisation of its owner has it. It answers Invalid for what
// that one does not allow.
func (r *Room) zone(ctx context.Context, s harrier.Site) (string, []harrier.Pool, error) {
	o, err := r.organization(ctx, s)
	if err != nil {
		return "", nil, err
	}
	pools, err := r.Store.Pools(ctx)
	if err != nil || o.ID == 0 {
		return s.Pool, pools, err
	}
	return o.Zone(s.Pool, pools)
}

// permitted answers Forbidden for a scan that the profile of the site's owner
// does not leave, and Conflict while their organisation has more assets than it
// may.
func (r *Room) permitted(ctx context.Context, s harrier.Site, sc harrier.Scan) error {
	o, err := r.organization(ctx, s)
	if err != nil || o.ID == 0 {
		return err
	}
	if err := r.fewEnough(ctx, o); err != nil {
		return err
	}
	p, err := r.Store.ProfileOf(ctx, o.ID)
	if err != nil {
		return err
	}
	if !p.Only.MayBegin(sc.Template) {
		return harrier.Errorf(harrier.Forbidden, "organization %q has no scans of template %s", o.Name, sc.Template)
	}
	if p.Only.Engines == nil {
		return nil
	}
	if err := r.bind(ctx, sc, &s); err != nil {
		return err
	}
	may, err := r.mayHave(ctx, p.Only, s)
	if err == nil && !may {
		err = harrier.Errorf(harrier.Forbidden, "organization %q may not use the engine of %q", o.Name, s.Name)
	}
	return err
}

// mayHave reports whether the engine or the pool that s is bound to is left.
func (r *Room) mayHave(ctx context.Context, only harrier.Only, s harrier.Site) (bool, error) {
	if s.Engine != 0 {
		engines, err := r.Store.Engines(ctx)
		return slices.ContainsFunc(engines, func(e harrier.Engine) bool { return e.ID == s.Engine && only.MayUse(e) }), err
	}
	pools, err := r.Store.Pools(ctx)
	return only.MayShareNamed(pools, s.Pool), err
}

// fewEnough answers Conflict when the repositories of o hold more assets than it
// may have.
func (r *Room) fewEnough(ctx context.Context, o harrier.Organization) error {
	if o.MaxAssets == 0 {
		return nil
	}
	have := 0
	for _, id := range o.Repositories {
		n, err := r.Store.AssetsIn(ctx, id)
		if err != nil {
			return err
		}
		have += n
	}
	if have > o.MaxAssets {
		return harrier.Errorf(harrier.Conflict, "organization %q has %d assets and may have %d", o.Name, have, o.MaxAssets)
	}
	return nil
}
