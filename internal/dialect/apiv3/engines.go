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

// localEngine is the name by which scripts look for the console's own engine.
const localEngine = "Local scan engine"

// enginePort is the port of engines that say no other.
const enginePort = 40814

// engineRoutes are the engines, their pools and the scan templates.
//
// Source: section 12, rows 18 and 19.
func (a *api) engineRoutes() {
	a.handle("GET /scan_engines", a.listEngines)
	a.handle("GET /scan_engines/{id}", a.getEngine)
	a.handle("GET /scan_engines/{id}/sites", a.engineSites)
	a.handle("GET /scan_engine_pools", a.listPools)
	a.handle("GET /scan_engine_pools/{id}", a.getPool)
	a.handle("GET /scan_templates", a.listTemplates)
	a.handle("GET /scan_templates/{id}", func(q *query) (any, error) { return a.templateNamed(q, q.path("id")) })
}

// engines lists the engines, the local one first: there always is one, be it
// that it was not heard of yet.
func (a *api) engines(ctx context.Context, by harrier.Actor) ([]harrier.Engine, error) {
	list, err := a.Fleet.Engines(ctx, by)
	if err != nil {
		return nil, err
	}
	local, rest := harrier.Engine{Pool: harrier.LocalPool}, []harrier.Engine{}
	for _, e := range list {
		switch {
		case e.Pool != harrier.LocalPool && e.Pool != "":
			rest = append(rest, e)
		case local.ID == 0 || e.LastSeen.After(local.LastSeen): // of those that stood here one after the other
			local = e
		}
	}
	local.Name, local.Hostname = localEngine, "127.0.0.1"
	local.ID = cmp.Or(local.ID, 1)
	return append([]harrier.Engine{local}, rest...), nil
}

// engineOf is the engine that a site shows: the one that was named, an engine of
// its pool, or the local one.
func engineOf(s harrier.Site, engines []harrier.Engine) harrier.ID {
	for _, e := range engines {
		if s.Engine == e.ID && s.Engine != 0 {
			return e.ID
		}
	}
	for _, e := range engines {
		if s.Pool != "" && e.Pool == s.Pool {
			return e.ID
		}
	}
	return engines[0].ID
}

// putEngine has a site scanned by an engine, or by a pool.
func (a *api) putEngine(q *query, s *harrier.Site, id harrier.ID) error {
	engines, err := a.engines(q.ctx(), q.by)
	if err != nil {
		return err
	}
	if id == engines[0].ID {
		s.Engine, s.Pool = 0, ""
		return nil
	}
	for _, e := range engines {
		if e.ID == id {
			s.Engine, s.Pool = id, e.Pool
			return nil
		}
	}
	for _, p := range poolsOf(engines) {
		if harrier.ID(number31(p)) == id {
			s.Engine, s.Pool = 0, p
			return nil
		}
	}
	return harrier.Invalidf("engineId", "there is no engine %d", id)
}

// poolsOf are the pools that engines serve, but for the local one.
func poolsOf(engines []harrier.Engine) []string {
	var out []string
	for _, e := range engines {
		if e.Pool != harrier.LocalPool && e.Pool != "" {
			out = append(out, e.Pool)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (a *api) engineStatus(e harrier.Engine) string {
	switch {
	case e.LastSeen.IsZero():
		return "unknown"
	case e.Alive(a.Now()):
		return "active"
	}
	return "not-responding"
}

// engineObject is an engine as this API shows it.
//
// Source: section 12, "Engine".
func (a *api) engineObject(q *query, e harrier.Engine) (obj, error) {
	engines, err := a.engines(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	sites, err := a.sites(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	ids := []harrier.ID{}
	for _, s := range sites {
		if engineOf(s, engines) == e.ID {
			ids = append(ids, s.ID)
		}
	}
	pools := []int{}
	if e.Pool != harrier.LocalPool && e.Pool != "" {
		pools = append(pools, number31(e.Pool))
	}
	o := obj{
		"id": e.ID, "name": e.Name, "address": e.Hostname, "port": enginePort, "status": a.engineStatus(e), "sites": ids, "enginePools": pools,
		"contentVersion": a.Vulns.ContentVersion(q.ctx()), "productVersion": cmpText(e.Version, a.Version), "links": q.self("/scan_engines/"+ident(e.ID), "Sites", "/sites"),
	}
	o.when("lastRefreshedDate", e.LastSeen)
	o.when("lastUpdatedDate", e.Started)
	return o, nil
}

func (a *api) listEngines(q *query) (any, error) {
	engines, err := a.engines(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	rows := []obj{}
	for _, e := range engines {
		o, err := a.engineObject(q, e)
		if err != nil {
			return nil, err
		}
		rows = append(rows, o)
	}
	return q.resources(rows)
}

func (a *api) engine(q *query) (obj, error) {
	id, err := q.id("id")
	if err != nil {
		return nil, err
	}
	engines, err := a.engines(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	for _, e := range engines {
		if e.ID == id {
			return a.engineObject(q, e)
		}
	}
	return nil, harrier.Errorf(harrier.NotFound, "no engine %d", id)
}

func (a *api) getEngine(q *query) (any, error) {
	o, err := a.engine(q)
	if err != nil {
		return nil, err
	}
	return q.one(o)
}

func (a *api) engineSites(q *query) (any, error) {
	o, err := a.engine(q)
	if err != nil {
		return nil, err
	}
	newest, err := a.Scans.Latest(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	p := &pages{all: []obj{}}
	for _, id := range o["sites"].([]harrier.ID) {
		s, err := a.Sites.Site(q.ctx(), q.by, id)
		if err != nil {
			return nil, err
		}
		row, err := a.siteObject(q, s, newest)
		if err != nil {
			return nil, err
		}
		p.all = append(p.all, row)
	}
	return p, nil
}

func (a *api) pools(q *query) ([]obj, error) {
	engines, err := a.engines(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	rows := []obj{}
	for _, name := range poolsOf(engines) {
		ids := []harrier.ID{}
		for _, e := range engines {
			if e.Pool == name {
				ids = append(ids, e.ID)
			}
		}
		rows = append(rows, obj{"id": number31(name), "name": name, "engines": ids, "links": q.self("/scan_engine_pools/" + ident(harrier.ID(number31(name))))})
	}
	return rows, nil
}

func (a *api) listPools(q *query) (any, error) {
	rows, err := a.pools(q)
	if err != nil {
		return nil, err
	}
	return q.resources(rows)
}

func (a *api) getPool(q *query) (any, error) {
	id, err := q.id("id")
	if err != nil {
		return nil, err
	}
	rows, err := a.pools(q)
	if err != nil {
		return nil, err
	}
	for _, o := range rows {
		if harrier.ID(o["id"].(int)) == id {
			return o, nil
		}
	}
	return nil, harrier.Errorf(harrier.NotFound, "no pool %d", id)
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
	for _, t := range words.ScanTemplates {
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
