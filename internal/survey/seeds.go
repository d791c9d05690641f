package survey

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/surface"
)

// maxSeedName bounds what a seed may be called, in bytes.
const maxSeedName = 2000

// NewSeed reads a seed. Its kind must be the one that is given. It answers
// Invalid because of ErrSeed or ErrTags.
func NewSeed(name string, kind harrier.NodeKind, tags []string) (harrier.Seed, error) {
	bad := refuse(ErrSeed, "%.100q is no domain, address or range of the type %.20q", name, kind)
	name = strings.ToLower(strings.TrimSpace(name))
	if len(name) > maxSeedName {
		return harrier.Seed{}, bad
	}
	if u, err := url.Parse(name); err == nil && u.Host != "" {
		name = u.Hostname()
	}
	s, err := surface.ParseSeed(name)
	if err != nil || s.Node.Kind != kind {
		return harrier.Seed{}, bad
	}
	seed := harrier.Seed{Name: name, Node: s.Node}
	for _, t := range tags {
		if n := len([]rune(t)); n == 0 || n > harrier.MaxSeedTag || strings.ContainsFunc(t, func(r rune) bool { return r < ' ' }) {
			return harrier.Seed{}, refuse(ErrTags, "a tag has 1 to %d characters", harrier.MaxSeedTag)
		}
		if !slices.Contains(seed.Tags, t) {
			seed.Tags = append(seed.Tags, t)
		}
	}
	if len(seed.Tags) > harrier.MaxSeedTags {
		return harrier.Seed{}, refuse(ErrTags, "a seed has at most %d tags", harrier.MaxSeedTags)
	}
	return seed, nil
}

// AddSeed adds a seed, from the next iteration on. It answers NotFound,
// Forbidden, and Invalid because of ErrSeed, ErrSeedExists, ErrSeedLimit,
// ErrTags or ErrReserved.
func (r *Room) AddSeed(ctx context.Context, by harrier.Actor, id harrier.UUID, seed harrier.Seed) (harrier.Seed, error) {
	if err := r.reserved(ctx, seed.Node); err != nil {
		return seed, err
	}
	seed.UUID, seed.Created = harrier.NewUUID(r.Now()), r.Now().UTC()
	_, err := r.change(ctx, by, id, func(_ context.Context, s *harrier.Site) error {
		v := s.Options.Survey
		switch {
		case slices.ContainsFunc(v.Seeds, func(o harrier.Seed) bool { return o.Node == seed.Node }):
			return refuse(ErrSeedExists, "%.100q is a seed already", seed.Name)
		case len(v.Seeds) >= harrier.MaxSeeds:
			return refuse(ErrSeedLimit, "a scan has at most %d seeds", harrier.MaxSeeds)
		}
		v.Seeds = append(v.Seeds, seed)
		aim(s)
		return nil
	})
	return seed, err
}

// aim tells the other doors what a site scans.
func aim(s *harrier.Site) {
	names := make([]string, len(s.Options.Survey.Seeds))
	for i, seed := range s.Options.Survey.Seeds {
		names[i] = seed.Node.Key
	}
	s.Targets = strings.Join(names, ",")
}

// never are nets that nobody's surface is in.
var never = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("224.0.0.0/3"),
	netip.MustParsePrefix("::/127"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("ff00::/8"),
}

// reserved answers Invalid because of ErrReserved for addresses that are not on
// the Internet, or that a guard rule forbids, even one of them.
func (r *Room) reserved(ctx context.Context, n harrier.Node) error {
	if n.Kind == harrier.NodeDomain {
		return nil
	}
	targets, err := harrier.ParseTargets(n.Key)
	if err != nil {
		return refuse(ErrSeed, "%.100q can not be read", n.Key)
	}
	var bad, fine harrier.Targets
	for _, p := range never {
		bad = append(bad, harrier.Guard{Never: []netip.Prefix{p}}.Targets()...)
	}
	fine = harrier.Guard{Never: r.Allowed}.Targets()
	bad = bad.Subtract(fine)
	if r.Guard != nil {
		g, err := r.Guard(ctx)
		if err != nil {
			return err
		}
		bad = append(bad, g.Targets()...)
	}
	if len(targets.Subtract(targets.Subtract(bad))) > 0 {
		return refuse(ErrReserved, "%.100q has addresses that may not be scanned", n.Key)
	}
	return nil
}

// RemoveSeed takes a seed away, from the next iteration on. It answers NotFound
// and Forbidden.
func (r *Room) RemoveSeed(ctx context.Context, by harrier.Actor, id, seed harrier.UUID) error {
	_, err := r.change(ctx, by, id, func(_ context.Context, s *harrier.Site) error {
		v := s.Options.Survey
		n := len(v.Seeds)
		if v.Seeds = slices.DeleteFunc(v.Seeds, func(o harrier.Seed) bool { return o.UUID == seed }); len(v.Seeds) == n {
			return missing("seed", seed)
		}
		aim(s)
		return nil
	})
	return err
}

// RemoveTag takes a tag from a seed. It answers NotFound, also for a tag that
// the seed has not, and Forbidden.
func (r *Room) RemoveTag(ctx context.Context, by harrier.Actor, id, seed harrier.UUID, tag string) error {
	_, err := r.change(ctx, by, id, func(_ context.Context, s *harrier.Site) error {
		for i, o := range s.Options.Survey.Seeds {
			if at := slices.Index(o.Tags, tag); o.UUID == seed && at >= 0 {
				s.Options.Survey.Seeds[i].Tags = slices.Delete(slices.Clone(o.Tags), at, at+1)
				return nil
			}
		}
		return harrier.Errorf(harrier.NotFound, "seed %s has no such tag", seed)
	})
	return err
}

// Size is how many addresses a seed has; 0 for a domain. It counts no further
// than a 64-bit number does.
func Size(n harrier.Node) int {
	if n.Kind != harrier.NodeIPRange {
		return 0
	}
	ts, err := harrier.ParseTargets(n.Key)
	if err != nil {
		return 0
	}
	return ts.Count()
}
