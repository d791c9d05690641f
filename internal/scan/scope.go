package scan

import (
	"context"

	"github.com/harrier-scan/harrier"
)

// InScope tells which of some assets meet a condition.
type InScope func(ctx context.Context, scope harrier.Expr, assets []harrier.ID) (map[harrier.ID]bool, error)

// seen returns those of a scan's hosts that by may see. To somebody who does not
// see all of a repository that are hosts of assets in their scope; a host that
// belongs to no asset yet is not one of them.
func (r *Room) seen(ctx context.Context, by harrier.Actor, hosts []harrier.ScanHost) ([]harrier.ScanHost, error) {
	if !by.Narrow() {
		return hosts, nil
	}
	var ids []harrier.ID
	for _, h := range hosts {
		if h.Asset != 0 {
			ids = append(ids, h.Asset)
		}
	}
	if r.InScope == nil || len(ids) == 0 {
		return nil, nil
	}
	in, err := r.InScope(ctx, by.Scope, ids)
	if err != nil {
		return nil, err
	}
	var out []harrier.ScanHost
	for _, h := range hosts {
		if h.Asset != 0 && in[h.Asset] {
			out = append(out, h)
		}
	}
	return out, nil
}

// hosts returns the hosts of a scan that by may see.
func (r *Room) hosts(ctx context.Context, by harrier.Actor, scan harrier.ID) ([]harrier.ScanHost, error) {
	hosts, err := r.Store.ScanHosts(ctx, scan)
	if err != nil {
		return nil, err
	}
	return r.seen(ctx, by, hosts)
}

// host returns one host of a scan, or NotFound for one that by may not see.
func (r *Room) host(ctx context.Context, by harrier.Actor, scan harrier.ID, index int) (harrier.ScanHost, error) {
	h, err := r.Store.ScanHost(ctx, scan, index)
	if err != nil {
		return h, err
	}
	list, err := r.seen(ctx, by, []harrier.ScanHost{h})
	if err == nil && len(list) == 0 {
		err = harrier.Errorf(harrier.NotFound, "no host %d in scan %d", index, scan)
	}
	if err != nil {
		return harrier.ScanHost{}, err
	}
	return h, nil
}

// summed fills the sums of a scan with those of the hosts that by may see.
func (r *Room) summed(ctx context.Context, by harrier.Actor, sc harrier.Scan) (harrier.Scan, error) {
	sc, err := r.withSums(ctx, sc)
	if err != nil || !by.Narrow() {
		return sc, err
	}
	hosts, err := r.hosts(ctx, by, sc.ID)
	if err != nil {
		return sc, err
	}
	tallyOf(hosts, nil, len(sc.Plan.Checks)).into(&sc)
	sc.HostsTotal, sc.Forbidden = len(hosts), 0
	return sc, nil
}

// countSeen sums up what a narrow view shows, host by host.
func (v *view) countSeen(ctx context.Context, add func(harrier.VulnID, harrier.Severity, int, int)) error {
	for _, h := range v.seen {
		res, err := v.host(ctx, h)
		if err != nil {
			return err
		}
		hosts := map[harrier.VulnID]bool{}
		for _, o := range res.Observations {
			n := 0
			if !hosts[o.Vulnerability] {
				hosts[o.Vulnerability], n = true, 1
			}
			add(o.Vulnerability, o.Severity, 1, n)
		}
	}
	return nil
}
