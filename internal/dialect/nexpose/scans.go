package nexpose

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/scan"
)

// scanCommands are those about scans.
//
// Source: section 4.
func (a *api) scanCommands() {
	a.add("ScanActivity", a.scanActivity)
	a.add("ScanPause", a.scanCommand(harrier.Pause))
	a.add("ScanResume", a.scanCommand(harrier.Resume))
	a.add("ScanStatistics", a.scanStatistics)
	a.add("ScanStatus", a.scanStatus)
	a.add("ScanStop", a.scanCommand(harrier.Stop))
	a.add("SiteDevicesScan", a.siteDevicesScan)
	a.add("SiteScan", a.siteScan)
	a.add("SiteScanHistory", a.siteScanHistory)
}

// scanned answers a launch: which scan, on which engine.
func (a *api) scanned(c *call, sc harrier.Scan) (answer, error) {
	engines, err := a.engines(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	s, err := a.Sites.Site(c.ctx(), c.by, sc.Site)
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		o.empty("Scan", "scan-id", ident(sc.ID), "engine-id", ident(engines.Of(s)))
	}), nil
}

// launch starts a scan, behind others of the site if there are some. Within a
// freeze window that holds scans back it answers Conflict, in the words that a
// client looks for; one that is forced waits for the end of the window.
//
// Source: sections 4.1 and 13.9.
func (a *api) launch(ctx context.Context, by harrier.Actor, site harrier.ID, l scan.Launch) (harrier.Scan, error) {
	l.Queue = true
	sc, err := a.Scans.Launch(ctx, by, site, l)
	if errors.Is(err, scan.ErrFrozen) {
		return sc, harrier.Errorf(harrier.Conflict, "active blackout: %s", harrier.MessageOf(err))
	}
	return sc, err
}

func (a *api) siteScan(c *call) (answer, error) {
	id, err := c.req.id("site-id")
	if err != nil {
		return answer{}, err
	}
	force, err := c.req.bool("force", false)
	if err != nil {
		return answer{}, err
	}
	sc, err := a.launch(c.ctx(), c.by, id, scan.Launch{NoFreeze: !force})
	if err != nil {
		return answer{}, err
	}
	return a.scanned(c, sc)
}

// siteDevicesScan scans a part of a site: devices, addresses and names of it, or
// plans such a scan. Ranges directly under the root are those of a client that
// misplaces them.
//
// Source: section 4.2.
func (a *api) siteDevicesScan(c *call) (answer, error) {
	id, err := c.req.id("site-id")
	if err != nil {
		return answer{}, err
	}
	s, err := a.Sites.Site(c.ctx(), c.by, id)
	if err != nil {
		return answer{}, err
	}
	wanted, err := readHosts(c.req.child("Hosts"))
	if err != nil {
		return answer{}, err
	}
	more, err := readHosts(c.req)
	if err != nil {
		return answer{}, err
	}
	wanted = append(wanted, more...)
	devices := c.req.child("Devices").all("device")
	targets, err := a.inside(c.ctx(), c.by, s, wanted, devices)
	if err != nil {
		return answer{}, err
	}
	if plans := c.req.child("Schedules").all("AdHocSchedule"); len(plans) > 0 {
		return done(), a.planScan(c, s, plans, targets)
	}
	sc, err := a.launch(c.ctx(), c.by, id, scan.Launch{Targets: targets, NoFreeze: true})
	if err != nil {
		return answer{}, err
	}
	return a.scanned(c, sc)
}

// inside returns the part of what a scan is wanted of that belongs to the site:
// its targets and its devices. It answers Invalid when something does not.
func (a *api) inside(ctx context.Context, by harrier.Actor, s harrier.Site, wanted []string, devices []*element) (string, error) {
	if len(wanted)+len(devices) == 0 {
		return "", harrier.Errorf(harrier.Invalid, "the request names neither a device nor a host to scan")
	}
	var known []siteDevice
	if s.Targets != "" || len(devices) > 0 {
		var err error
		if known, err = a.siteDevices(ctx, by, s); err != nil {
			return "", err
		}
	}
	var out []string
	for _, d := range devices {
		id, err := d.id("id")
		if err != nil {
			return "", err
		}
		i := slices.IndexFunc(known, func(k siteDevice) bool { return k.id == id })
		if i < 0 {
			return "", harrier.Invalidf("device", "%d is not in site %d", id, s.ID)
		}
		out = append(out, known[i].address)
	}
	var have harrier.Targets
	if strings.TrimSpace(s.Targets) != "" {
		var err error
		if have, err = harrier.ParseTargets(s.Targets); err != nil {
			return "", err
		}
	}
	for _, text := range wanted {
		part, err := partOf(have, known, text)
		if err != nil {
			return "", err
		}
		if len(part) == 0 {
			return "", harrier.Invalidf("host", "%q is not in site %d", clip(text), s.ID)
		}
		out = append(out, part...)
	}
	return strings.Join(out, ","), nil
}

// partOf is the part of a target that lies in a site.
func partOf(have harrier.Targets, known []siteDevice, text string) ([]string, error) {
	list, err := harrier.ParseTargets(text)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, t := range list {
		isKnown := func(d siteDevice) bool {
			addr, err := netip.ParseAddr(d.address)
			return strings.EqualFold(d.address, t.Name) || err == nil && t.IsRange() && t.First.Compare(addr) <= 0 && addr.Compare(t.Last) <= 0
		}
		for _, h := range have {
			switch {
			case !h.IsRange() || !t.IsRange():
				if strings.EqualFold(h.String(), t.String()) {
					out = append(out, t.String())
				}
			case h.First.Is4() == t.First.Is4():
				first, last := h.First, h.Last
				if t.First.Compare(first) > 0 {
					first = t.First
				}
				if t.Last.Compare(last) < 0 {
					last = t.Last
				}
				if first.Compare(last) <= 0 {
					out = append(out, harrier.Target{First: first, Last: last}.String())
				}
			}
		}
		if len(out) == 0 {
			for _, d := range known {
				if isKnown(d) {
					out = append(out, d.address)
				}
			}
		}
	}
	return out, nil
}

// planScan adds runs of parts of a site at a time.
func (a *api) planScan(c *call, s harrier.Site, plans []*element, targets string) error {
	for _, e := range plans {
		run, err := a.readSchedule(c.ctx(), c.by, attrsOf(e), true)
		if err != nil {
			return err
		}
		run.Schedule.Enabled, run.Schedule.Rule, run.Targets = true, "FREQ=ONETIME", targets
		s.Options.Further = append(slices.Clone(s.Options.Further), run)
	}
	return a.Sites.Update(c.ctx(), c.by, &s)
}

func (a *api) scanID(c *call) (harrier.Scan, error) {
	id, err := c.req.id("scan-id")
	if err != nil {
		return harrier.Scan{}, err
	}
	return a.Scans.Scan(c.ctx(), c.by, id)
}

func (a *api) scanStatus(c *call) (answer, error) {
	sc, err := a.scanID(c)
	if err != nil {
		return answer{}, err
	}
	engines, err := a.engines(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	s, err := a.Sites.Site(c.ctx(), c.by, sc.Site)
	if err != nil {
		return answer{}, err
	}
	return answer{attrs: []string{"scan-id", ident(sc.ID), "engine-id", ident(engines.Of(s)), "status", scanWord(sc)}}, nil
}

// scanCommand pauses, resumes or stops a scan.
//
// Source: section 4.4.
func (a *api) scanCommand(do harrier.Command) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		sc, err := a.scanID(c)
		if err != nil {
			return answer{}, err
		}
		return done(), a.Scans.Command(c.ctx(), c.by, sc.ID, do)
	}
}

func (a *api) scanStatistics(c *call) (answer, error) {
	sc, err := a.scanID(c)
	if err != nil {
		return answer{}, err
	}
	return a.scanList(c, []harrier.Scan{sc})
}

func (a *api) scanActivity(c *call) (answer, error) {
	scans, err := a.Scans.Active(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	return a.scanList(c, scans)
}

func (a *api) siteScanHistory(c *call) (answer, error) {
	id, err := c.req.id("site-id")
	if err != nil {
		return answer{}, err
	}
	scans, err := a.Scans.Of(c.ctx(), c.by, id)
	if err != nil {
		return answer{}, err
	}
	return a.scanList(c, scans)
}

func (a *api) scanList(c *call, scans []harrier.Scan) (answer, error) {
	sums, err := a.scanSums(c.ctx(), c.by, scans)
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		for _, s := range sums {
			s.write(o, false) // the form of 1.2 is that of EngineActivity alone
		}
	}), nil
}
