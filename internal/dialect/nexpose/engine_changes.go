package nexpose

import (
	"cmp"
	"maps"
	"slices"

	"github.com/harrier-scan/harrier"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
)

// priorities are how soon an engine's answers are taken in. They are kept, and
// change nothing.
//
// Source: section 5.3.
var priorities = []string{"very-low", "low", "normal", "high", "very-high"}

// engineSave stores an engine, which enrols by itself then, and binds sites to
// it.
//
// Source: section 5.4.
func (a *api) engineSave(c *call) (answer, error) {
	req := c.req.child("EngineConfig")
	if req == nil {
		return answer{}, harrier.Errorf(harrier.Invalid, "the request has no EngineConfig")
	}
	id, err := req.number("id", -1)
	if err != nil {
		return answer{}, err
	}
	all, err := a.engines(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	var e harrier.Engine
	if id > 0 {
		if e, err = a.Fleet.Engine(c.ctx(), c.by, harrier.ID(id)); err != nil {
			return answer{}, err
		}
	}
	if e.ID == 0 || e.ID != all.Local() { // the local one shows what it is not called
		e.Name, e.Address = req.attr("name"), req.attr("address")
		if e.Port, err = req.number("port", words.EnginePort); err != nil {
			return answer{}, err
		}
		if e.Address == "" {
			e.Port = 0
		}
	}
	priority := cmp.Or(req.attr("priority"), "normal")
	if !slices.Contains(priorities, priority) {
		return answer{}, harrier.Invalidf("priority", "%q is not one", clip(priority))
	}
	if e.Given = maps.Clone(e.Given); e.Given == nil {
		e.Given = map[string]string{}
	}
	e.Given[ownField+"priority"] = priority
	bound, err := a.boundSites(c, req)
	if err != nil {
		return answer{}, err
	}
	if err := a.Fleet.SaveEngine(c.ctx(), c.by, &e); err != nil {
		return answer{}, err
	}
	for _, s := range bound {
		to := harrier.ID(0)
		if s.wanted && e.ID != all.Local() {
			to = e.ID
		}
		if at := all.Of(s.Site); s.wanted == (at == e.ID) {
			continue
		}
		s.Engine, s.Pool = to, ""
		if err := a.Sites.Update(c.ctx(), c.by, &s.Site); err != nil {
			return answer{}, err
		}
	}
	return answer{attrs: []string{"id", ident(e.ID)}, body: func(o *out) { o.empty("EngineConfig", "id", ident(e.ID)) }}, nil
}

// boundSite is a site, and whether an engine is to scan it.
type boundSite struct {
	harrier.Site
	wanted bool
}

// boundSites are all sites, with those marked that the document of an engine
// names. It answers NotFound for a site that is not there.
func (a *api) boundSites(c *call, req *element) ([]boundSite, error) {
	sites, err := a.Sites.Sites(c.ctx(), c.by)
	if err != nil {
		return nil, err
	}
	out := make([]boundSite, len(sites))
	for i, s := range sites {
		out[i].Site = s
	}
	for _, s := range req.all("Site") {
		id, err := s.id("id")
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(out, func(b boundSite) bool { return b.ID == id })
		if i < 0 {
			return nil, harrier.Errorf(harrier.NotFound, "no site %d", id)
		}
		out[i].wanted = true
	}
	return out, nil
}

func (a *api) engineDelete(c *call) (answer, error) {
	e, all, err := a.engine(c)
	if err != nil {
		return answer{}, err
	}
	if e.ID == all.Local() && c.by.May(harrier.ManageEngines) {
		return answer{}, harrier.Errorf(harrier.Conflict, "the console's own engine can not be deleted")
	}
	return done(), a.Fleet.DeleteEngine(c.ctx(), c.by, e.ID)
}
