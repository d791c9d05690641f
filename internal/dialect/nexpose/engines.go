package nexpose

import (
	"cmp"
	"context"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// localEngine is the name by which scripts look for the console's own engine.
//
// Source: section 5.1.
const localEngine = "Local scan engine"

// enginePort is the port of engines that say no other.
const enginePort = "40814"

// engineCommands are those about engines and pools.
//
// Source: section 5.
func (a *api) engineCommands() {
	a.add("EngineActivity", a.engineActivity)
	a.add("EngineConfig", a.engineConfig)
	a.add("EngineDelete", a.engineRefused)
	a.add("EngineListing", a.engineListing)
	a.add("EnginePoolCreate", a.engineRefused)
	a.add("EnginePoolDelete", a.engineRefused)
	a.add("EnginePoolDetails", a.enginePoolDetails)
	a.add("EnginePoolListing", a.enginePoolListing)
	a.add("EnginePoolUpdate", a.engineRefused)
	a.add("EngineSave", a.engineRefused)
}

// engineRefused answers what changes engines: those of this console say
// themselves who they are.
func (a *api) engineRefused(c *call) (answer, error) {
	if !c.by.May(harrier.ManageEngines) {
		return answer{}, harrier.Errorf(harrier.Forbidden, "you may not change engines")
	}
	return answer{}, harrier.Errorf(harrier.Conflict, "%s is not supported by this console", c.cmd.name)
}

// engines lists the engines as this API shows them, the local one first. There
// always is a local one, be it that it was not heard of yet.
func (a *api) engines(ctx context.Context, by harrier.Actor) ([]harrier.Engine, error) {
	list, err := a.Fleet.Engines(ctx, by)
	if err != nil {
		return nil, err
	}
	// Of engines that stood in one place one after the other, the last one counts.
	local, rest := harrier.Engine{Pool: harrier.LocalPool}, []harrier.Engine{}
	for _, e := range list {
		switch {
		case e.Pool != harrier.LocalPool && e.Pool != "":
			rest = append(rest, e)
		case local.ID == 0 || e.LastSeen.After(local.LastSeen):
			local = e
		}
	}
	local.Name, local.Hostname = localEngine, "127.0.0.1"
	local.ID = cmp.Or(local.ID, 1)
	return append([]harrier.Engine{local}, rest...), nil
}

// engineStatus is the word for an engine.
//
// Source: section 13.3.
func (a *api) engineStatus(e harrier.Engine) string {
	switch {
	case e.LastSeen.IsZero():
		return "Unknown"
	case e.Alive(a.Now()):
		return "Active"
	default:
		return "Not-responding"
	}
}

func (a *api) engineSummary(o *out, e harrier.Engine) {
	o.empty("EngineSummary", "id", ident(e.ID), "name", e.Name, "address", e.Hostname, "port", enginePort, "status", a.engineStatus(e), "scope", "silo")
}

func (a *api) engineListing(c *call) (answer, error) {
	engines, err := a.engines(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		for _, e := range engines {
			a.engineSummary(o, e)
		}
	}), nil
}

func (a *api) engine(c *call) (harrier.Engine, error) {
	id, err := c.req.id("engine-id")
	if err != nil {
		return harrier.Engine{}, err
	}
	engines, err := a.engines(c.ctx(), c.by)
	if err != nil {
		return harrier.Engine{}, err
	}
	i := slices.IndexFunc(engines, func(e harrier.Engine) bool { return e.ID == id })
	if i < 0 {
		return harrier.Engine{}, harrier.Errorf(harrier.NotFound, "no engine %d", id)
	}
	return engines[i], nil
}

// engineActivity tells of the scans that an engine works on.
//
// Source: section 5.2.
func (a *api) engineActivity(c *call) (answer, error) {
	e, err := a.engine(c)
	if err != nil {
		return answer{}, err
	}
	scans, err := a.Scans.Active(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	sums, err := a.scanSums(c.ctx(), c.by, scans)
	if err != nil {
		return answer{}, err
	}
	sums = slices.DeleteFunc(sums, func(s scanSum) bool { return s.engine != e.ID })
	return list(func(o *out) {
		for _, s := range sums {
			s.write(o, c.extended)
		}
	}), nil
}

func (a *api) engineConfig(c *call) (answer, error) {
	e, err := a.engine(c)
	if err != nil {
		return answer{}, err
	}
	engines, err := a.engines(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	sites, err := a.Sites.Sites(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		o.start("EngineConfig", "id", ident(e.ID), "name", e.Name, "address", e.Hostname, "port", enginePort, "scope", "silo", "priority", "normal")
		for _, s := range sites {
			if engineOf(s, engines) == e.ID {
				o.empty("Site", "id", ident(s.ID), "name", s.Name)
			}
		}
		o.end()
	}), nil
}

// engineOf is the id of the engine, or of the pool, that scans a site.
func engineOf(s harrier.Site, engines []harrier.Engine) harrier.ID {
	if s.Engine != 0 {
		if slices.ContainsFunc(engines, func(e harrier.Engine) bool { return e.ID == s.Engine }) {
			return s.Engine
		}
		return engines[0].ID // one that stood here before
	}
	if s.Pool == "" || s.Pool == harrier.LocalPool {
		return engines[0].ID
	}
	if i := slices.IndexFunc(engines, func(e harrier.Engine) bool { return e.Pool == s.Pool }); i >= 0 {
		return engines[i].ID
	}
	return poolID(s.Pool)
}

// The pools are those that engines say they serve; the local engine alone is
// none.

// poolID is the number of a pool, which the model knows by its name: beyond
// those of engines, and the same as long as it has that name.
func poolID(name string) harrier.ID {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return harrier.ID(1<<24 + h.Sum32()>>8)
}

func poolsOf(engines []harrier.Engine) []string {
	var names []string
	for _, e := range engines[1:] {
		names = append(names, e.Pool)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (a *api) enginePoolListing(c *call) (answer, error) {
	engines, err := a.engines(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		for _, name := range poolsOf(engines) {
			o.empty("EnginePoolSummary", "id", ident(poolID(name)), "name", name, "scope", "silo")
		}
	}), nil
}

func (a *api) enginePoolDetails(c *call) (answer, error) {
	engines, err := a.engines(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	want := c.req.child("EnginePool").attr("name")
	pools := poolsOf(engines)
	i := slices.IndexFunc(pools, func(name string) bool { return strings.EqualFold(name, want) })
	if i < 0 {
		return answer{}, harrier.Errorf(harrier.NotFound, "no engine pool %q", clip(want))
	}
	return list(func(o *out) {
		o.start("EnginePool", "id", ident(poolID(pools[i])), "name", pools[i], "scope", "silo")
		for _, e := range engines[1:] {
			if e.Pool == pools[i] {
				a.engineSummary(o, e)
			}
		}
		o.end()
	}), nil
}
