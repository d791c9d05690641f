package nexpose

import (
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
)

// Pools are addressed by their names, and so are their members.
//
// Source: section 5.6.

// readPool reads name and members of a pool.
func (a *api) readPool(c *call, all words.Crew) (harrier.Pool, error) {
	req := c.req.child("EnginePool")
	if req == nil {
		return harrier.Pool{}, harrier.Errorf(harrier.Invalid, "the request has no EnginePool")
	}
	p := harrier.Pool{Name: req.attr("name")}
	for _, m := range req.all("Engine") {
		e, ok := all.Named(m.attr("name"))
		if !ok {
			return p, harrier.Invalidf("Engine", "there is no engine %q", clip(m.attr("name")))
		}
		p.Members = append(p.Members, e.ID)
	}
	return p, nil
}

// pool finds the pool that a request names, by its id if it has one and else by
// its name.
func (a *api) pool(c *call, all words.Crew) (harrier.Pool, error) {
	req := c.req.child("EnginePool")
	if req == nil {
		return harrier.Pool{}, harrier.Errorf(harrier.Invalid, "the request has no EnginePool")
	}
	id, name := req.attr("id"), req.attr("name")
	i := slices.IndexFunc(all.Pools, func(p harrier.Pool) bool { return ident(words.PoolNumber(p)) == id })
	if id == "" || id == "-1" {
		i = slices.IndexFunc(all.Pools, func(p harrier.Pool) bool { return strings.EqualFold(p.Name, name) })
	}
	if i < 0 {
		return harrier.Pool{}, harrier.Errorf(harrier.NotFound, "no engine pool %q", clip(name))
	}
	return all.Pools[i], nil
}

func (a *api) enginePoolCreate(c *call) (answer, error) {
	all, err := a.engines(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	p, err := a.readPool(c, all)
	if err != nil {
		return answer{}, err
	}
	if err := a.Fleet.CreatePool(c.ctx(), c.by, &p); err != nil {
		return answer{}, err
	}
	return answer{attrs: []string{"id", ident(words.PoolNumber(p))}}, nil
}

func (a *api) enginePoolUpdate(c *call) (answer, error) {
	all, err := a.engines(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	p, err := a.readPool(c, all)
	if err != nil {
		return answer{}, err
	}
	old, err := a.pool(c, all)
	if err != nil {
		return answer{}, err
	}
	p.ID, p.Targets, p.Given = old.ID, old.Targets, old.Given // which this API does not know of
	if err := a.Fleet.UpdatePool(c.ctx(), c.by, &p); err != nil {
		return answer{}, err
	}
	return answer{attrs: []string{"id", ident(words.PoolNumber(p))}}, nil
}

func (a *api) enginePoolDelete(c *call) (answer, error) {
	all, err := a.engines(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	p, err := a.pool(c, all)
	if err != nil {
		return answer{}, err
	}
	return done(), a.Fleet.DeletePool(c.ctx(), c.by, p.ID)
}

func (a *api) enginePoolListing(c *call) (answer, error) {
	all, err := a.engines(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		for _, p := range all.Pools {
			o.empty("EnginePoolSummary", "id", ident(words.PoolNumber(p)), "name", p.Name, "scope", "silo")
		}
	}), nil
}

func (a *api) enginePoolDetails(c *call) (answer, error) {
	all, err := a.engines(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	p, err := a.pool(c, all)
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		o.start("EnginePool", "id", ident(words.PoolNumber(p)), "name", p.Name, "scope", "silo")
		for _, e := range all.Engines {
			if slices.Contains(p.Members, e.ID) {
				a.engineSummary(o, e)
			}
		}
		o.end()
	}), nil
}
