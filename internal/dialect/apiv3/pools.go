package apiv3

import (
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
)

// poolRoutes are the pools of engines.
//
// Source: section 12, row 18.
func (a *api) poolRoutes() {
	a.handle("GET /scan_engine_pools", a.listPools)
	a.handle("POST /scan_engine_pools", a.createPool)
	a.handle("GET /scan_engine_pools/{id}", a.getPool)
	a.handle("PUT /scan_engine_pools/{id}", a.changePool(func(q *query, p *harrier.Pool) error {
		b, err := readPool(q)
		p.Name, p.Members = b.Name, b.Members
		return err
	}))
	a.handle("DELETE /scan_engine_pools/{id}", a.deletePool)
	a.handle("GET /scan_engine_pools/{id}/engines", a.poolEngines)
	a.handle("PUT /scan_engine_pools/{id}/engines", a.changePool(func(q *query, p *harrier.Pool) (err error) {
		p.Members, err = q.ids()
		return err
	}))
	a.handle("PUT /scan_engine_pools/{id}/engines/{engineId}", a.changePool(func(q *query, p *harrier.Pool) error {
		id, err := q.id("engineId")
		if !slices.Contains(p.Members, id) {
			p.Members = append(slices.Clone(p.Members), id)
		}
		return err
	}))
	a.handle("DELETE /scan_engine_pools/{id}/engines/{engineId}", a.changePool(func(q *query, p *harrier.Pool) error {
		id, err := q.id("engineId")
		if err == nil && !slices.Contains(p.Members, id) {
			err = harrier.Errorf(harrier.NotFound, "no engine %d in the pool", id)
		}
		p.Members = slices.DeleteFunc(slices.Clone(p.Members), func(m harrier.ID) bool { return m == id })
		return err
	}))
	a.handle("GET /scan_engine_pools/{id}/sites", a.poolSites)
}

// poolObjects are the pools as this API shows them.
func (a *api) poolObjects(q *query, all words.Crew) ([]obj, error) {
	sites, err := a.sites(q.ctx(), q.by)
	if err != nil {
		return nil, err
	}
	rows := []obj{}
	for _, p := range all.Pools {
		number := words.PoolNumber(p)
		rows = append(rows, obj{
			"id": number, "name": p.Name, "engines": append([]harrier.ID{}, p.Members...), "sites": scannedBy(all, sites, number),
			"links": q.self("/scan_engine_pools/"+ident(number), "Engines", "/engines", "Sites", "/sites"),
		})
	}
	return rows, nil
}

func (a *api) listPools(q *query) (any, error) {
	all, err := a.engines(q)
	if err != nil {
		return nil, err
	}
	rows, err := a.poolObjects(q, all)
	if err != nil {
		return nil, err
	}
	return q.resources(rows)
}

// pool is the pool that a request names, among all.
func (a *api) pool(q *query) (harrier.Pool, words.Crew, error) {
	id, err := q.id("id")
	if err != nil {
		return harrier.Pool{}, words.Crew{}, err
	}
	all, err := a.engines(q)
	if err != nil {
		return harrier.Pool{}, all, err
	}
	p, err := all.Pool(id)
	return p, all, err
}

func (a *api) getPool(q *query) (any, error) {
	p, all, err := a.pool(q)
	if err != nil {
		return nil, err
	}
	all.Pools = []harrier.Pool{p}
	rows, err := a.poolObjects(q, all)
	if err != nil {
		return nil, err
	}
	return q.one(rows[0])
}

// readPool reads a pool as a client writes it.
func readPool(q *query) (harrier.Pool, error) {
	var b struct {
		Name    string  `json:"name"`
		Engines []int64 `json:"engines"`
	}
	err := q.body(&b)
	p := harrier.Pool{Name: strings.TrimSpace(b.Name)}
	for _, id := range b.Engines {
		p.Members = append(p.Members, harrier.ID(id))
	}
	return p, err
}

func (a *api) createPool(q *query) (any, error) {
	p, err := readPool(q)
	if err != nil {
		return nil, err
	}
	if err := a.Fleet.CreatePool(q.ctx(), q.by, &p); err != nil {
		return nil, err
	}
	return created{words.PoolNumber(p), "/scan_engine_pools/" + ident(words.PoolNumber(p))}, nil
}

// changePool stores a pool that put has changed.
func (a *api) changePool(put func(*query, *harrier.Pool) error) handler {
	return func(q *query) (any, error) {
		p, _, err := a.pool(q)
		if err != nil {
			return nil, err
		}
		if err := put(q, &p); err != nil {
			return nil, err
		}
		if err := a.Fleet.UpdatePool(q.ctx(), q.by, &p); err != nil {
			return nil, err
		}
		return q.done()
	}
}

func (a *api) deletePool(q *query) (any, error) {
	p, _, err := a.pool(q)
	if err != nil {
		return nil, err
	}
	if err := a.Fleet.DeletePool(q.ctx(), q.by, p.ID); err != nil {
		return nil, err
	}
	return q.done()
}

func (a *api) poolEngines(q *query) (any, error) {
	p, _, err := a.pool(q)
	if err != nil {
		return nil, err
	}
	return references(q, p.Members)
}

func (a *api) poolSites(q *query) (any, error) {
	p, all, err := a.pool(q)
	if err != nil {
		return nil, err
	}
	return a.sitesOf(q, all, words.PoolNumber(p))
}
