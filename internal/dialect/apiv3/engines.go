package apiv3

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
)

// engineRoutes are the engines and the scan templates.
//
// Source: section 12, rows 18 and 19.
func (a *api) engineRoutes() {
	a.handle("GET /scan_engines", a.listEngines)
	a.handle("POST /scan_engines", a.saveEngine)
	a.handle("GET /scan_engines/{id}", a.getEngine)
	a.handle("PUT /scan_engines/{id}", a.saveEngine)
	a.handle("DELETE /scan_engines/{id}", a.deleteEngine)
	a.handle("GET /scan_engines/{id}/scan_engine_pools", a.enginePools)
	a.handle("GET /scan_engines/{id}/scans", a.engineScans)
	a.handle("GET /scan_engines/{id}/sites", a.engineSites)
	a.handle("GET /scan_templates", a.listTemplates)
	a.handle("GET /scan_templates/{id}", func(q *query) (any, error) { return a.templateNamed(q, q.path("id")) })
}

// engines lists the engines and pools that the caller may use.
func (a *api) engines(q *query) (words.Crew, error) {
	return words.CrewOf(q.ctx(), a.Fleet, q.by)
}

// putEngine has a site scanned by an engine, or by a pool.
func (a *api) putEngine(q *query, s *harrier.Site, id harrier.ID) error {
	all, err := a.engines(q)
	if err != nil {
		return err
	}
	if err := all.Bind(s, id); err != nil {
		return harrier.Invalidf("engineId", "there is no engine %d", id)
	}
	return nil
}

// engineWords are the states of engines.
//
// Source: section 12, "Engine".
var engineWords = map[harrier.EngineStatus]string{
	harrier.EngineActive: "active", harrier.EnginePending: "pending-authorization", harrier.EngineIncompatible: "incompatible-version",
	harrier.EngineNotResponding: "not-responding", harrier.EngineUnknown: "unknown",
}

// engineObject is an engine as this API shows it.
//
// Source: section 12, "Engine".
func (a *api) engineObject(q *query, all words.Crew, sites []harrier.Site, e harrier.Engine) obj {
	pools := []harrier.ID{}
	for _, p := range all.Pools {
		if slices.Contains(p.Members, e.ID) {
			pools = append(pools, words.PoolNumber(p))
		}
	}
	o := obj{
		"id": e.ID, "name": e.Name, "address": cmp.Or(e.Address, e.Hostname), "port": cmp.Or(e.Port, words.EnginePort), "status": engineWords[e.Status(a.Now())],
		"sites": scannedBy(all, sites, e.ID), "enginePools": pools, "contentVersion": a.Vulns.ContentVersion(q.ctx()), "productVersion": cmpText(e.Version, a.Version),
		"links": q.self("/scan_engines/"+ident(e.ID), "Sites", "/sites", "Scans", "/scans", "Engine Pools", "/scan_engine_pools"),
	}
	o.when("lastRefreshedDate", e.LastSeen)
	o.when("lastUpdatedDate", e.Started)
	return o
}

// scannedBy are the sites that an engine or a pool scans.
func scannedBy(all words.Crew, sites []harrier.Site, number harrier.ID) []harrier.ID {
	ids := []harrier.ID{}
	for _, s := range sites {
		if all.Of(s) == number {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

func (a *api) listEngines(q *query) (any, error) {
	all, err := a.engines(q)
	if err != nil {
		return nil, err
	}
	sites, err := a.sites(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	rows := []obj{}
	for _, e := range all.Engines {
		rows = append(rows, a.engineObject(q, all, sites, e))
	}
	return q.resources(rows)
}

// engine is the engine that a request names, among all.
func (a *api) engine(q *query) (harrier.Engine, words.Crew, error) {
	id, err := q.id("id")
	if err != nil {
		return harrier.Engine{}, words.Crew{}, err
	}
	all, err := a.engines(q)
	if err != nil {
		return harrier.Engine{}, all, err
	}
	e, err := all.Engine(id)
	return e, all, err
}

func (a *api) getEngine(q *query) (any, error) {
	e, all, err := a.engine(q)
	if err != nil {
		return nil, err
	}
	sites, err := a.sites(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	return q.one(a.engineObject(q, all, sites, e))
}

// engineBody is an engine as a client writes it.
type engineBody struct {
	Name    string   `json:"name"`
	Address string   `json:"address"`
	Port    int      `json:"port"`
	Sites   *[]int64 `json:"sites"`
}

// saveEngine makes an engine, which enrols by itself then, or changes one, and
// binds sites to it: to those that are named, where some are, and to no others.
func (a *api) saveEngine(q *query) (any, error) {
	var e harrier.Engine
	all, err := a.engines(q)
	if err != nil {
		return nil, err
	}
	if q.path("id") != "" {
		id, err := q.id("id")
		if err != nil {
			return nil, err
		}
		if e, err = a.Fleet.Engine(q.ctx(), q.by, id); err != nil {
			return nil, err
		}
	}
	var b engineBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	fresh := e.ID == 0
	if fresh || e.ID != all.Local() { // the local one shows what it is not called
		e.Name, e.Address, e.Port = strings.TrimSpace(b.Name), strings.TrimSpace(b.Address), cmp.Or(b.Port, words.EnginePort)
		if e.Address == "" {
			e.Port = 0
		}
	}
	err = a.Together(q.ctx(), func(ctx context.Context) error {
		if err := a.Fleet.SaveEngine(ctx, q.by, &e); err != nil || b.Sites == nil {
			return err
		}
		return a.bindSites(ctx, q.by, all, e.ID, *b.Sites)
	})
	if err != nil {
		return nil, err
	}
	if fresh {
		return created{e.ID, "/scan_engines/" + ident(e.ID)}, nil
	}
	return q.done()
}

// bindSites has an engine scan those sites and no others. It answers Invalid for
// a site that is not there.
func (a *api) bindSites(ctx context.Context, by harrier.Actor, all words.Crew, engine harrier.ID, wanted []int64) error {
	sites, err := a.sites(ctx, by)
	if err != nil {
		return err
	}
	for _, id := range wanted {
		if !slices.ContainsFunc(sites, func(s harrier.Site) bool { return s.ID == harrier.ID(id) }) {
			return harrier.Invalidf("sites", "there is no site %d", id)
		}
	}
	for _, s := range sites {
		want := slices.Contains(wanted, int64(s.ID))
		if (all.Of(s) == engine) == want {
			continue
		}
		s.Engine, s.Pool = 0, ""
		if want && engine != all.Local() {
			s.Engine = engine
		}
		if err := a.Sites.Update(ctx, by, &s); err != nil {
			return err
		}
	}
	return nil
}

func (a *api) deleteEngine(q *query) (any, error) {
	e, all, err := a.engine(q)
	if err != nil {
		return nil, err
	}
	if e.ID == all.Local() && q.by.May(harrier.ManageEngines) {
		return nil, harrier.Errorf(harrier.Conflict, "the console's own engine can not be deleted")
	}
	if err := a.Fleet.DeleteEngine(q.ctx(), q.by, e.ID); err != nil {
		return nil, err
	}
	return q.done()
}

func (a *api) enginePools(q *query) (any, error) {
	e, all, err := a.engine(q)
	if err != nil {
		return nil, err
	}
	rows, err := a.poolObjects(q, all)
	if err != nil {
		return nil, err
	}
	return q.resources(slices.DeleteFunc(rows, func(o obj) bool { return !slices.Contains(o["engines"].([]harrier.ID), e.ID) }))
}

// engineScans are the scans that an engine does or did.
func (a *api) engineScans(q *query) (any, error) {
	e, all, err := a.engine(q)
	if err != nil {
		return nil, err
	}
	list, err := a.allScans(q, func(s harrier.Site, sc harrier.Scan) bool { return all.Ran(s, sc) == e.ID })
	if err != nil {
		return nil, err
	}
	return a.scanPages(q, list)
}

func (a *api) engineSites(q *query) (any, error) {
	e, all, err := a.engine(q)
	if err != nil {
		return nil, err
	}
	return a.sitesOf(q, all, e.ID)
}

// sitesOf are the sites that an engine or a pool scans, whole.
func (a *api) sitesOf(q *query, all words.Crew, number harrier.ID) (any, error) {
	sites, err := a.sites(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	return a.siteObjects(q, slices.DeleteFunc(sites, func(s harrier.Site) bool { return all.Of(s) != number }))
}

// templateObject is a scan template as this API shows it.
func (a *api) templateObject(q *query, id, name string, v harrier.Variant) obj {
	return obj{
		"id": id, "name": name, "description": name + ".", "discoveryOnly": v.Settings.DiscoverOnly, "vulnerabilityEnabled": !v.Settings.DiscoverOnly && !v.Settings.PortsOnly,
		"policyEnabled": false, "webEnabled": v.Template == "webapp", "enhancedLogging": v.Settings.ReportDead, "enableWindowsServices": false,
		"maxParallelAssets": cmp.Or(v.Settings.MaxHosts, 64), "maxScanProcesses": cmp.Or(v.Settings.MaxChecks, 8), "links": q.self("/scan_templates/" + id),
	}
}

func (a *api) templates(q *query) ([]obj, error) {
	rows := []obj{}
	own, err := words.TemplatesOf(q.ctx(), a.Policies, q.by)
	if err != nil {
		return nil, err
	}
	for _, t := range own {
		v, err := t.Variant(a.Policies)
		if err != nil {
			return nil, err
		}
		rows = append(rows, a.templateObject(q, t.ID, t.Name, v))
	}
	policies, err := a.Policies.Policies(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	for _, p := range policies {
		if !p.Hidden {
			v := harrier.Variant{Name: p.Name, Template: p.Template, Settings: p.Settings}
			rows = append(rows, a.templateObject(q, words.PolicyTemplate+ident(p.ID), p.Name, v))
		}
	}
	return rows, nil
}

func (a *api) listTemplates(q *query) (any, error) {
	rows, err := a.templates(q)
	if err != nil {
		return nil, err
	}
	return q.resources(rows)
}

func (a *api) templateNamed(q *query, id string) (any, error) {
	rows, err := a.templates(q)
	if err != nil {
		return nil, err
	}
	for _, o := range rows {
		if strings.EqualFold(o["id"].(string), id) {
			return q.one(o)
		}
	}
	return nil, harrier.Errorf(harrier.NotFound, "no scan template %q", clip(id))
}

// firstTime is the first instant that is one.
func firstTime(list ...time.Time) time.Time {
	for _, t := range list {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}
