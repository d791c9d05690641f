package harrier

import (
	"slices"
	"strconv"
	"strings"
)

// ZoneSelection says how the scans of an organisation find the pool of engines
// that works for them.
//
// Source: zoneSelection of an organisation, section 20.1 of securitycenter-api.md.
type ZoneSelection = string

// The ways. Automatic is the pool that is there for all of a scan's targets and
// for the fewest others, see Targets.For.
const (
	ZoneAutoOnly       ZoneSelection = "auto_only"                  // always automatic
	ZoneLocked         ZoneSelection = "locked"                     // the organisation's own pool
	ZoneSelectable     ZoneSelection = "selectable"                 // one of its pools, which has to be named
	ZoneAuto           ZoneSelection = "selectable+auto"            // one of its pools, or automatic
	ZoneAutoRestricted ZoneSelection = "selectable+auto_restricted" // one of its pools, or automatic among these
)

// ZoneSelections are all of them.
var ZoneSelections = []ZoneSelection{ZoneAutoOnly, ZoneLocked, ZoneSelectable, ZoneAuto, ZoneAutoRestricted}

// GivenOrganizations is the name, among what is Given of a pool, of the
// organisations that it is there for, as their IDs with commas between; a pool
// without is there for all. It is the organizations of a scan zone.
const GivenOrganizations = "securitycenter.organizations"

// Names reports whether the pool is there for the organisation by name.
func (p Pool) Names(organization ID) bool {
	return slices.Contains(strings.Split(p.Given[GivenOrganizations], ","), strconv.FormatInt(int64(organization), 10))
}

// Serves reports whether scans of the organisation may name the pool.
func (p Pool) Serves(organization ID) bool {
	return p.Given[GivenOrganizations] == "" || p.Names(organization)
}

// Zone is the pool for a scan of the organisation that names pool, "" for none.
// When there is none either, the scan goes to an automatic choice among the pools
// that are returned. It answers Invalid for the field zone where the
// organisation's ZoneSelection forbids it.
func (o Organization) Zone(pool string, pools []Pool) (string, []Pool, error) {
	serving := slices.DeleteFunc(slices.Clone(pools), func(p Pool) bool { return !p.Serves(o.ID) })
	named := slices.ContainsFunc(serving, func(p Pool) bool { return p.Name == pool })
	if pool == LocalPool && !slices.ContainsFunc(pools, func(p Pool) bool { return p.Name == pool }) {
		named = true // every console has it, and it is there for all until somebody says more of it
	}
	switch o.ZoneSelection {
	case ZoneLocked:
		i := slices.IndexFunc(pools, func(p Pool) bool { return p.Names(o.ID) })
		switch {
		case i < 0:
			return "", nil, Invalidf("zone", "organization %q is locked to its own zone, and has none", o.Name)
		case pool != "" && pool != pools[i].Name:
			return "", nil, Invalidf("zone", "organization %q is locked to zone %q", o.Name, pools[i].Name)
		}
		return pools[i].Name, nil, nil
	case ZoneSelectable, ZoneAuto, ZoneAutoRestricted:
		switch {
		case pool != "" && !named:
			return "", nil, Invalidf("zone", "organization %q has no zone %q", o.Name, pool)
		case pool == "" && o.ZoneSelection == ZoneSelectable:
			return "", nil, Invalidf("zone", "organization %q has to choose a zone", o.Name)
		case pool == "" && o.ZoneSelection == ZoneAutoRestricted:
			return "", serving, nil
		}
	default:
		if pool != "" {
			return "", nil, Invalidf("zone", "organization %q has its zones chosen by the targets", o.Name)
		}
	}
	return pool, pools, nil
}
