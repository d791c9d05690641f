package nexpose

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// localEngine is the name by which scripts look for the console's own engine.
//
// Source: section 5.1.
const localEngine = "Local scan engine"

// enginePort is the port of engines that say no other.
const enginePort = 40814

// engineCommands are those about engines and pools.
//
// Source: section 5.
func (a *api) engineCommands() {
	a.add("EngineActivity", a.engineActivity)
	a.add("EngineConfig", a.engineConfig)
	a.add("EngineDelete", a.engineDelete)
	a.add("EngineListing", a.engineListing)
	a.add("EnginePoolCreate", a.enginePoolCreate)
	a.add("EnginePoolDelete", a.enginePoolDelete)
	a.add("EnginePoolDetails", a.enginePoolDetails)
	a.add("EnginePoolListing", a.enginePoolListing)
	a.add("EnginePoolUpdate", a.enginePoolUpdate)
	a.add("EngineSave", a.engineSave)
}

// crew are the engines as this API shows them, the local one first, and their
// pools.
type crew struct {
	engines []harrier.Engine
	pools   []harrier.Pool
}

// engines lists engines and pools. There always is a local engine, be it that it
// was not heard of yet.
func (a *api) engines(ctx context.Context, by harrier.Actor) (crew, error) {
	list, err := a.Fleet.Engines(ctx, by)
	if err != nil {
		return crew{}, err
	}
	pools, err := a.Fleet.Pools(ctx, by)
	if err != nil {
		return crew{}, err
	}
	// Of engines that stood in one place one after the other, the last one counts.
	local, rest := harrier.Engine{Pool: harrier.LocalPool}, []harrier.Engine{}
	for _, e := range list {
		switch {
		case e.Remote():
			rest = append(rest, e)
		case local.ID == 0 || e.LastSeen.After(local.LastSeen):
			local = e
		}
	}
	local.Name, local.Address = localEngine, "127.0.0.1"
	local.ID = cmp.Or(local.ID, 1<<24) // no engine and no pool has that
	return crew{append([]harrier.Engine{local}, rest...), pools}, nil
}

// local is the id of the console's own engine.
func (c crew) local() harrier.ID { return c.engines[0].ID }

// engine returns the engine with that id, or NotFound.
func (c crew) engine(id harrier.ID) (harrier.Engine, error) {
	if i := slices.IndexFunc(c.engines, func(e harrier.Engine) bool { return e.ID == id }); i >= 0 {
		return c.engines[i], nil
	}
	return harrier.Engine{}, harrier.Errorf(harrier.NotFound, "no engine %d", id)
}

// named returns the engine of that name, or Invalid.
func (c crew) named(name string) (harrier.Engine, error) {
	if i := slices.IndexFunc(c.engines, func(e harrier.Engine) bool { return strings.EqualFold(e.Name, name) }); i >= 0 {
		return c.engines[i], nil
	}
	return harrier.Engine{}, harrier.Invalidf("Engine", "there is no engine %q", clip(name))
}

// of is the id of the engine, or of the pool, that scans a site.
func (c crew) of(s harrier.Site) harrier.ID {
	if s.Engine != 0 {
		if _, err := c.engine(s.Engine); err == nil {
			return s.Engine
		}
		return c.local() // one that stood here before
	}
	if i := slices.IndexFunc(c.pools, func(p harrier.Pool) bool { return p.Name == s.Pool && p.Name != harrier.LocalPool }); i >= 0 {
		return poolID(c.pools[i])
	}
	return c.local()
}

// poolID is the number of a pool: this API has engines and pools in one row of
// numbers.
func poolID(p harrier.Pool) harrier.ID { return 1<<24 + p.ID }

// statusWords are the words for the states of engines.
//
// Source: section 13.3.
var statusWords = map[harrier.EngineStatus]string{
	harrier.EngineActive: "Active", harrier.EnginePending: "Pending-auth", harrier.EngineIncompatible: "Incompatible",
	harrier.EngineNotResponding: "Not-responding", harrier.EngineUnknown: "Unknown",
}

// place is what this API says of where an engine is: where the console calls it,
// or else, for one that calls the console, its own name for its host.
func place(e harrier.Engine) (address, port string) {
	return cmp.Or(e.Address, e.Hostname), number(cmp.Or(e.Port, enginePort))
}

func (a *api) engineSummary(o *out, e harrier.Engine) {
	address, port := place(e)
	o.empty("EngineSummary", "id", ident(e.ID), "name", e.Name, "address", address, "port", port, "status", statusWords[e.Status(a.Now())], "scope", "silo")
}

func (a *api) engineListing(c *call) (answer, error) {
	crew, err := a.engines(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		for _, e := range crew.engines {
			a.engineSummary(o, e)
		}
	}), nil
}

// engine is the engine that a request names, among all.
func (a *api) engine(c *call) (harrier.Engine, crew, error) {
	id, err := c.req.id("engine-id")
	if err != nil {
		return harrier.Engine{}, crew{}, err
	}
	all, err := a.engines(c.ctx(), c.by)
	if err != nil {
		return harrier.Engine{}, crew{}, err
	}
	e, err := all.engine(id)
	return e, all, err
}

// engineActivity tells of the scans that an engine works on: those of which it
// has work in hand, and those that wait for it.
//
// Source: section 5.2.
func (a *api) engineActivity(c *call) (answer, error) {
	e, _, err := a.engine(c)
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
	sums = slices.DeleteFunc(sums, func(s scanSum) bool { return s.engine != e.ID && !slices.Contains(e.Scans, s.ID) })
	return list(func(o *out) {
		for _, s := range sums {
			s.engine = e.ID
			s.write(o, c.extended)
		}
	}), nil
}

func (a *api) engineConfig(c *call) (answer, error) {
	e, all, err := a.engine(c)
	if err != nil {
		return answer{}, err
	}
	sites, err := a.Sites.Sites(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		address, port := place(e)
		o.start("EngineConfig", "id", ident(e.ID), "name", e.Name, "address", address, "port", port, "scope", "silo", "priority", cmp.Or(e.Given[ownField+"priority"], "normal"))
		for _, s := range sites {
			if all.of(s) == e.ID {
				o.empty("Site", "id", ident(s.ID), "name", s.Name)
			}
		}
		o.end()
	}), nil
}
