package harrier

import (
	"net/netip"
	"slices"
)

// Guard holds the operator's guard rules. No request of any role below the
// operator gets around them: the planner applies them, and netio again on the
// engine's side.
type Guard struct {
	Never   []netip.Prefix `json:"never,omitempty"`   // never send a packet there
	Fragile []netip.Prefix `json:"fragile,omitempty"` // only gently, see Policy settings Gentle
}

// ParsePrefixes reads nets and single addresses; those of IPv4 that are written as
// IPv6, ::ffff:192.0.2.0/120, are the same nets. It answers Invalid, with the
// field's name, for anything else.
func ParsePrefixes(field string, list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range list {
		p, err := netip.ParsePrefix(s)
		if a, errA := netip.ParseAddr(s); err != nil && errA == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			return nil, Invalidf(field, "%q is not a net or an address", s)
		}
		if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// Forbids reports whether a must never be sent a packet.
func (g Guard) Forbids(a netip.Addr) bool { return inAny(g.Never, a) }

// IsFragile reports whether a may only be treated gently.
func (g Guard) IsFragile(a netip.Addr) bool { return inAny(g.Fragile, a) }

func inAny(nets []netip.Prefix, a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(nets, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Targets returns the never-scan nets as a target list, to be subtracted.
func (g Guard) Targets() Targets {
	var out Targets
	for _, p := range g.Never {
		out = append(out, netRange(p.Addr(), p.Bits()))
	}
	return out
}
