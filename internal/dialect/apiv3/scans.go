package apiv3

import (
	"errors"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
	"github.com/harrier-scan/harrier/internal/scan"
)

// scanRoutes are the scans.
//
// Source: section 12, rows 13, 16 and 17.
func (a *api) scanRoutes() {
	a.handle("GET /sites/{id}/scans", a.siteScans)
	a.handle("POST /sites/{id}/scans", a.startScan)
	a.handle("GET /scans", a.listScans)
	a.handle("GET /scans/{id}", a.getScan)
	a.handle("POST /scans/{id}/{status}", a.commandScan)
}

// scanWords are the states of scans. One that is about to pause, resume or stop
// still is in the state before.
//
// Source: section 12, "Scan".
var scanWords = map[harrier.ScanStatus]string{
	harrier.ScanQueued: "dispatched", harrier.ScanRunning: "running", harrier.ScanPausing: "running", harrier.ScanStopping: "running", harrier.ScanPaused: "paused",
	harrier.ScanResuming: "paused", harrier.ScanCompleted: "finished", harrier.ScanImported: "finished", harrier.ScanStopped: "stopped", harrier.ScanAborted: "aborted",
}

// scanObject is a scan as this API shows it.
func (a *api) scanObject(q *query, sc harrier.Scan, names map[harrier.ID]string, sites []harrier.Site, all words.Crew) (obj, error) {
	w, err := a.scanWeight(q, sc)
	if err != nil {
		return nil, err
	}
	kind := "Manual"
	if sc.Scheduled {
		kind = "Scheduled"
	}
	o := obj{
		"id": sc.ID, "scanName": sc.Name, "status": cmpText(scanWords[sc.Status], "unknown"), "assets": sc.HostsAlive, "engineId": all.Local(), "engineName": all.Label(all.Local()),
		"scanType": kind, "startedBy": names[sc.Owner], "vulnerabilities": w.object(), "siteId": sc.Site, "links": append(q.self("/scans/"+ident(sc.ID)), q.link("Site", "/sites/"+ident(sc.Site))),
	}
	if i := slices.IndexFunc(sites, func(s harrier.Site) bool { return s.ID == sc.Site }); i >= 0 {
		o["siteName"] = sites[i].Name
		if number := all.Ran(sites[i], sc); number != 0 {
			o["engineId"], o["engineName"] = number, all.Label(number)
		} else { // it is gone: its name is known
			delete(o, "engineId")
			o["engineName"] = sc.Engine
		}
	}
	o.set("message", sc.Reason)
	o.when("startTime", firstTime(sc.Started, sc.Created))
	if sc.Status.Ended() {
		end := firstTime(sc.Ended, sc.Modified)
		o.when("endTime", end)
		o["duration"] = duration(end.Sub(firstTime(sc.Started, sc.Created)))
	} else if !sc.Started.IsZero() {
		o["duration"] = duration(a.Now().Sub(sc.Started))
	}
	return o, nil
}

// scanWeight counts the vulnerabilities that a scan found, each once, by the
// words for severities.
func (a *api) scanWeight(q *query, sc harrier.Scan) (weight, error) {
	var w weight
	if !q.by.May(harrier.ReadFindings) {
		return w, nil
	}
	list, err := a.Scans.Vulnerabilities(q.ctx(), q.by, sc.ID)
	if err != nil {
		return w, err
	}
	for _, v := range list {
		if v.Severity == harrier.Info {
			continue
		}
		known, ok := a.Vulns.Lookup(v.Vulnerability)
		if !ok {
			known.Severity = v.Severity
		}
		w.total++
		switch severityWord(known.SeverityScore()) {
		case "Critical":
			w.critical++
		case "Severe":
			w.severe++
		}
	}
	return w, nil
}

// scanPages are scans, the newest first; those that go on alone where the client
// wants that.
func (a *api) scanPages(q *query, list []harrier.Scan) (any, error) {
	active, err := q.flag("active")
	if err != nil {
		return nil, err
	}
	list = slices.Clone(list)
	slices.SortFunc(list, func(x, y harrier.Scan) int { return int(y.ID - x.ID) })
	if q.param("active") != "" {
		list = slices.DeleteFunc(list, func(sc harrier.Scan) bool { return sc.Status.Ended() == active })
	}
	names, err := a.Identity.Names(q.ctx())
	if err != nil {
		return nil, err
	}
	sites, err := a.Sites.Sites(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	engines, err := a.engines(q)
	if err != nil {
		return nil, err
	}
	return pagesOf(q, list, func(sc harrier.Scan) (obj, error) { return a.scanObject(q, sc, names, sites, engines) })
}

func (a *api) siteScans(q *query) (any, error) {
	s, err := a.site(q)
	if err != nil {
		return nil, err
	}
	list, err := a.Scans.Of(q.ctx(), q.by, s.ID)
	if err != nil {
		return nil, err
	}
	return a.scanPages(q, list)
}

func (a *api) listScans(q *query) (any, error) {
	list, err := a.allScans(q, func(harrier.Site, harrier.Scan) bool { return true })
	if err != nil {
		return nil, err
	}
	return a.scanPages(q, list)
}

// allScans are the scans of all sites that want says yes to.
func (a *api) allScans(q *query, want func(harrier.Site, harrier.Scan) bool) ([]harrier.Scan, error) {
	sites, err := a.Sites.Sites(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	var list []harrier.Scan
	for _, s := range sites {
		of, err := a.Scans.Of(q.ctx(), q.by, s.ID)
		if err != nil {
			return nil, err
		}
		for _, sc := range of {
			if want(s, sc) {
				list = append(list, sc)
			}
		}
	}
	return list, nil
}

func (a *api) scan(q *query) (harrier.Scan, error) {
	id, err := q.id("id")
	if err != nil {
		return harrier.Scan{}, err
	}
	return a.Scans.Scan(q.ctx(), q.by, id)
}

func (a *api) getScan(q *query) (any, error) {
	sc, err := a.scan(q)
	if err != nil {
		return nil, err
	}
	names, err := a.Identity.Names(q.ctx())
	if err != nil {
		return nil, err
	}
	sites, err := a.Sites.Sites(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	engines, err := a.engines(q)
	if err != nil {
		return nil, err
	}
	o, err := a.scanObject(q, sc, names, sites, engines)
	if err != nil {
		return nil, err
	}
	return q.one(o)
}

// scanBody is what a scan is to do otherwise than the site says.
type scanBody struct {
	Name     string   `json:"name"`
	Hosts    []string `json:"hosts"`
	Engine   int64    `json:"engineId"`
	Template string   `json:"templateId"`
	Groups   []int64  `json:"assetGroupIds"`
}

// startScan starts a scan of a site, or of a part of it, behind others of the
// site if there are some.
func (a *api) startScan(q *query) (any, error) {
	s, err := a.site(q)
	if err != nil {
		return nil, err
	}
	text, err := q.bodyText()
	if err != nil {
		return nil, err
	}
	var b scanBody
	if len(text) > 0 {
		if err := decode(text, &b); err != nil {
			return nil, err
		}
	}
	force, err := q.flag("overrideBlackout")
	if err != nil {
		return nil, err
	}
	l := scan.Launch{Name: strings.TrimSpace(b.Name), Queue: true, NoFreeze: !force}
	if l.Targets, err = a.partOf(q, s, b); err != nil {
		return nil, err
	}
	if b.Template != "" {
		v, _, err := words.Variant(q.ctx(), a.Policies, q.by, b.Template)
		if err != nil {
			return nil, err
		}
		l.Variant = &v
	}
	if l.Engine, err = a.engineFor(q, s, harrier.ID(b.Engine)); err != nil {
		return nil, err
	}
	sc, err := a.Scans.Launch(q.ctx(), q.by, s.ID, l)
	if errors.Is(err, scan.ErrFrozen) {
		return nil, harrier.Errorf(harrier.Conflict, "active blackout: %s", harrier.MessageOf(err))
	}
	if err != nil {
		return nil, err
	}
	return created{sc.ID, "/scans/" + ident(sc.ID)}, nil
}

// engineFor is the engine that a scan is to run on where that is not what its site
// says; 0 for that. It answers Invalid for one that there is not, and for a pool
// that is not the site's.
func (a *api) engineFor(q *query, s harrier.Site, id harrier.ID) (harrier.ID, error) {
	if id == 0 {
		return 0, nil
	}
	all, err := a.engines(q)
	if err != nil || all.Of(s) == id {
		return 0, err
	}
	if e, err := all.Engine(id); err == nil && !e.Created.IsZero() {
		return e.ID, nil
	}
	if _, err := all.Pool(id); err == nil {
		return 0, harrier.Invalidf("engineId", "a scan runs on a pool when its site does: set that")
	}
	return 0, harrier.Invalidf("engineId", "there is no engine %d", id)
}

// partOf is the part of a site that a scan is wanted of; "" for all of it. It
// answers Invalid for what is not in the site.
func (a *api) partOf(q *query, s harrier.Site, b scanBody) (string, error) {
	hosts := slices.Clone(b.Hosts)
	if len(hosts)+len(b.Groups) == 0 {
		return "", nil
	}
	whole, err := a.Scans.Targets(q.ctx(), q.by, s.ID)
	if err != nil {
		return "", err
	}
	for _, g := range b.Groups {
		found, err := a.groupMembers(q, harrier.ID(g))
		if err != nil {
			return "", err
		}
		for _, as := range found {
			if as.Addr.IsValid() && inside(whole, as.Addr.String()) {
				hosts = append(hosts, as.Addr.String())
			}
		}
	}
	if len(b.Groups) > 0 && len(hosts) == 0 {
		return "", harrier.Invalidf("assetGroupIds", "no asset of these groups is in site %d", s.ID)
	}
	for i, h := range hosts {
		hosts[i] = strings.ReplaceAll(strings.TrimSpace(h), " - ", "-")
		if !inside(whole, hosts[i]) {
			return "", harrier.Invalidf("hosts", "%q is not in site %d", clip(h), s.ID)
		}
	}
	return targetText(hosts)
}

// commands are what a scan can be told.
var commands = map[string]harrier.Command{"pause": harrier.Pause, "stop": harrier.Stop, "resume": harrier.Resume}

func (a *api) commandScan(q *query) (any, error) {
	sc, err := a.scan(q)
	if err != nil {
		return nil, err
	}
	c, known := commands[q.path("status")]
	if !known {
		return nil, harrier.Invalidf("status", "%q is none of pause, stop, resume", clip(q.path("status")))
	}
	if err := a.Scans.Command(q.ctx(), q.by, sc.ID, c); err != nil {
		return nil, err
	}
	return q.done()
}
