package nexpose

import (
	"cmp"
	"context"
	"slices"

	"github.com/harrier-scan/harrier"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
)

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

// engines lists the engines and pools that by may use.
func (a *api) engines(ctx context.Context, by harrier.Actor) (words.Crew, error) {
	return words.CrewOf(ctx, a.Fleet, by)
}

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
	return cmp.Or(e.Address, e.Hostname), number(cmp.Or(e.Port, words.EnginePort))
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
		for _, e := range crew.Engines {
			a.engineSummary(o, e)
		}
	}), nil
}

// engine is the engine that a request names, among all.
func (a *api) engine(c *call) (harrier.Engine, words.Crew, error) {
	id, err := c.req.id("engine-id")
	if err != nil {
		return harrier.Engine{}, words.Crew{}, err
	}
	all, err := a.engines(c.ctx(), c.by)
	if err != nil {
		return harrier.Engine{}, words.Crew{}, err
	}
	e, err := all.Engine(id)
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
			if all.Of(s) == e.ID {
				o.empty("Site", "id", ident(s.ID), "name", s.Name)
			}
		}
		o.end()
	}), nil
}
