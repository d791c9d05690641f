package nexpose

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
)

// siteCommands are those about sites.
//
// Source: section 3.
func (a *api) siteCommands() {
	a.add("SiteConfig", a.siteConfig)
	a.add("SiteDelete", a.siteDelete)
	a.add("SiteDeviceListing", a.siteDeviceListing)
	a.add("SiteListing", a.siteListing)
	a.add("SiteSave", a.siteSave)
}

// riskFactor weighs the risk of a site.
func riskFactor(s harrier.Site) float64 {
	f, err := strconv.ParseFloat(s.Options.Given[givenRisk], 64)
	if err != nil || f < 0 {
		return 1
	}
	return f
}

func (a *api) siteListing(c *call) (answer, error) {
	sites, err := a.Sites.Sites(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	newest, err := a.Scans.Latest(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		for _, s := range sites {
			if s.Folder == harrier.Trash {
				continue
			}
			o.empty("SiteSummary", "id", ident(s.ID), "name", s.Name, "description", s.Description,
				"riskfactor", float(riskFactor(s)), "riskscore", float(riskOf(newest[s.ID].Present)*riskFactor(s)))
		}
	}), nil
}

// riskOf is a risk score: what has been found, the graver the heavier.
func riskOf(found harrier.Counts) float64 {
	sum := 0
	for s, weight := range [harrier.Severities]int{0, 10, 100, 400, 800} {
		sum += weight * found[s]
	}
	return float64(sum)
}

// siteDelete deletes a site with its scans and the devices that no other site has
// seen; scans that go on are stopped first. The devices stay when the site is
// deleted by somebody who may not delete devices.
//
// Source: section 3.8.
func (a *api) siteDelete(c *call) (answer, error) {
	id, err := c.req.id("site-id")
	if err != nil {
		return answer{}, err
	}
	s, err := a.Sites.Site(c.ctx(), c.by, id)
	if err != nil {
		return answer{}, err
	}
	if a.Sites.Level(c.by, s) < harrier.Owns || !c.by.May(harrier.EditSites) {
		return answer{}, harrier.Errorf(harrier.Forbidden, "you may not delete site %q", s.Name)
	}
	alerts, err := a.siteAlerts(c.ctx(), c.by, id)
	if err != nil {
		return answer{}, err
	}
	devices, err := a.siteDevices(c.ctx(), c.by, s)
	if err != nil {
		return answer{}, err
	}
	ids := make([]harrier.ID, len(devices))
	for i, d := range devices {
		ids[i] = d.id
	}
	for range 3 { // a scan can begin meanwhile
		if err := a.stopAll(c.ctx(), c.by, id); err != nil {
			return answer{}, err
		}
		err = a.Findings.Abandon(c.ctx(), c.by, ids, func(ctx context.Context) error {
			if err := a.Sites.Delete(ctx, c.by, id); err != nil {
				return err
			}
			for _, al := range alerts {
				if !a.Alerts.Edits(c.by, al) {
					continue
				}
				if err := a.Alerts.DeleteAlert(ctx, c.by, al.ID); err != nil {
					return err
				}
			}
			return nil
		})
		if harrier.KindOf(err) != harrier.Conflict {
			break
		}
	}
	return done(), err
}

// stopAll ends the scans of a site at once: what they found meanwhile goes with
// the site.
func (a *api) stopAll(ctx context.Context, by harrier.Actor, site harrier.ID) error {
	scans, err := a.Scans.Of(ctx, by, site)
	if err != nil {
		return err
	}
	for _, sc := range scans {
		if sc.Status.Ended() {
			continue
		}
		if err := a.Scans.Command(ctx, by, sc.ID, harrier.Kill); err != nil && harrier.KindOf(err) != harrier.Conflict {
			return err
		}
	}
	return nil
}

// siteDevice is an asset of a site.
type siteDevice struct {
	id      harrier.ID
	address string
	name    string
	risk    float64 // of its findings
	factor  float64
	open    harrier.Counts
	seen    time.Time
}

// devicesOf are the assets that scans of a site have seen and that by may see, by
// rising ID.
func (a *api) devicesOf(ctx context.Context, by harrier.Actor, s harrier.Site) ([]harrier.Asset, error) {
	found, _, err := a.Assets.Assets(ctx, by, harrier.Cmp{Field: "in_site", Op: harrier.Eq, Values: []any{int64(s.ID)}}, asset.Page{Sort: "id"})
	return found, err
}

// siteDevices are the assets of a site as lists have them.
func (a *api) siteDevices(ctx context.Context, by harrier.Actor, s harrier.Site) ([]siteDevice, error) {
	found, err := a.devicesOf(ctx, by, s)
	if err != nil {
		return nil, err
	}
	var out []siteDevice
	for _, as := range found {
		d := siteDevice{id: as.ID, name: as.FQDN, factor: float64(cmp.Or(as.Importance, 100)) / 100, open: as.Open, seen: as.LastSeen}
		if as.Addr.IsValid() {
			d.address = as.Addr.WithZone("").String()
		}
		d.address = cmp.Or(d.address, as.FQDN, as.NetBIOS)
		d.risk = riskOf(as.Open) * d.factor
		out = append(out, d)
	}
	return out, nil
}

// siteDeviceListing lists the devices of one site, or of all.
//
// Source: section 3.9.
func (a *api) siteDeviceListing(c *call) (answer, error) {
	var sites []harrier.Site
	if c.req.attr("site-id") != "" {
		id, err := c.req.id("site-id")
		if err != nil {
			return answer{}, err
		}
		s, err := a.Sites.Site(c.ctx(), c.by, id)
		if err != nil {
			return answer{}, err
		}
		sites = append(sites, s)
	} else {
		var err error
		if sites, err = a.Sites.Sites(c.ctx(), c.by); err != nil {
			return answer{}, err
		}
		sites = slices.DeleteFunc(sites, func(s harrier.Site) bool { return s.Folder == harrier.Trash })
	}
	devices := make([][]siteDevice, len(sites))
	for i, s := range sites {
		var err error
		if devices[i], err = a.siteDevices(c.ctx(), c.by, s); err != nil {
			return answer{}, err
		}
	}
	return list(func(o *out) {
		for i, s := range sites {
			o.start("SiteDevices", "site-id", ident(s.ID))
			for _, d := range devices[i] {
				o.empty("device", "id", ident(d.id), "address", d.address, "riskfactor", float(d.factor), "riskscore", float(d.risk))
			}
			o.end()
		}
	}), nil
}

func (a *api) siteConfig(c *call) (answer, error) {
	id, err := c.req.id("site-id")
	if err != nil {
		return answer{}, err
	}
	d, err := a.loadSite(c.ctx(), c.by, id)
	if err != nil {
		return answer{}, err
	}
	return list(d.write), nil
}

func (a *api) siteSave(c *call) (answer, error) {
	e := c.req.child("Site")
	if e == nil {
		return answer{}, harrier.Errorf(harrier.Invalid, "the request has no Site")
	}
	id, err := a.saveSite(c.ctx(), c.by, e)
	if err != nil {
		return answer{}, err
	}
	return answer{attrs: []string{"site-id", ident(id)}}, nil
}
