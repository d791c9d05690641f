package nexposewords

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/fleet"
)

// LocalEngine is the name by which scripts look for the console's own engine.
const LocalEngine = "Local scan engine"

// EnginePort is the port of engines that say no other.
const EnginePort = 40814

// firstPool is below the numbers of all pools, and above those of all engines.
const firstPool = 1 << 24

// Crew are the engines as clients of NeXpose see them, the console's own first,
// and their pools. There always is a local engine, be it that it was not heard of
// yet.
type Crew struct {
	Engines []harrier.Engine
	Pools   []harrier.Pool
	own     harrier.ID            // the local engine's, also where it is not among them
	named   map[string]harrier.ID // by the names that scans keep of the engines that did them
}

// CrewOf is the crew of what by may use.
func CrewOf(ctx context.Context, room *fleet.Room, by harrier.Actor) (Crew, error) {
	list, err := room.Engines(ctx, by)
	if err != nil {
		return Crew{}, err
	}
	pools, err := room.Pools(ctx, by)
	if err != nil {
		return Crew{}, err
	}
	crew := newCrew(list, pools)
	only, err := room.Only(ctx, by)
	if err == nil && !only.MayUseOwn() {
		crew.Engines = crew.Engines[1:]
	}
	return crew, err
}

// newCrew makes a crew of all engines and pools. Of engines that stood beside the
// console one after the other, the last one counts.
func newCrew(engines []harrier.Engine, pools []harrier.Pool) Crew {
	local, rest := harrier.Engine{Pool: harrier.LocalPool}, []harrier.Engine{}
	named := map[string]harrier.ID{}
	for _, e := range engines {
		named[e.Name] = e.ID
		switch {
		case e.Remote():
			rest = append(rest, e)
		case local.ID == 0 || e.LastSeen.After(local.LastSeen):
			local = e
		}
	}
	local.Name, local.Address = LocalEngine, "127.0.0.1"
	local.ID = cmp.Or(local.ID, firstPool) // no engine and no pool has that
	for _, e := range engines {
		if !e.Remote() && named[e.Name] == e.ID { // one of those that stood there
			named[e.Name] = local.ID
		}
	}
	return Crew{append([]harrier.Engine{local}, rest...), pools, local.ID, named}
}

// Local is the id of the console's own engine.
func (c Crew) Local() harrier.ID { return c.own }

// Engine returns the engine with that id, or NotFound.
func (c Crew) Engine(id harrier.ID) (harrier.Engine, error) {
	if i := slices.IndexFunc(c.Engines, func(e harrier.Engine) bool { return e.ID == id }); i >= 0 {
		return c.Engines[i], nil
	}
	return harrier.Engine{}, harrier.Errorf(harrier.NotFound, "no engine %d", id)
}

// Named returns the engine of that name.
func (c Crew) Named(name string) (e harrier.Engine, ok bool) {
	i := slices.IndexFunc(c.Engines, func(e harrier.Engine) bool { return strings.EqualFold(e.Name, name) })
	if i < 0 {
		return e, false
	}
	return c.Engines[i], true
}

// Pool returns the pool with that number, or NotFound.
func (c Crew) Pool(number harrier.ID) (harrier.Pool, error) {
	if i := slices.IndexFunc(c.Pools, func(p harrier.Pool) bool { return PoolNumber(p) == number }); i >= 0 {
		return c.Pools[i], nil
	}
	return harrier.Pool{}, harrier.Errorf(harrier.NotFound, "no engine pool %d", number)
}

// Of is the number of the engine, or of the pool, that scans a site.
func (c Crew) Of(s harrier.Site) harrier.ID {
	if s.Engine != 0 {
		if _, err := c.Engine(s.Engine); err == nil {
			return s.Engine
		}
		return c.Local() // one that stood here before
	}
	if i := slices.IndexFunc(c.Pools, func(p harrier.Pool) bool { return p.Name == s.Pool && p.Name != harrier.LocalPool }); i >= 0 {
		return PoolNumber(c.Pools[i])
	}
	return c.Local()
}

// Ran is the number of the engine that did a scan of a site: of the one that it
// was given, else of the one that told of it; 0 for one that is gone. As long as
// none told, it is the engine or the pool that the site is scanned by.
func (c Crew) Ran(s harrier.Site, sc harrier.Scan) harrier.ID {
	switch {
	case sc.Terms.Engine != 0:
		s.Engine = sc.Terms.Engine
	case sc.Engine != "":
		return c.named[sc.Engine]
	}
	return c.Of(s)
}

// Bind has a site scanned by the engine or the pool with a number. It answers
// NotFound for one that there is not.
func (c Crew) Bind(s *harrier.Site, number harrier.ID) error {
	if number == c.Local() {
		s.Engine, s.Pool = 0, ""
		return nil
	}
	if e, err := c.Engine(number); err == nil {
		s.Engine, s.Pool = e.ID, ""
		return nil
	}
	p, err := c.Pool(number)
	if err == nil {
		s.Engine, s.Pool = 0, p.Name
	}
	return err
}

// Label is the name of the engine or the pool with a number; "" for none.
func (c Crew) Label(number harrier.ID) string {
	if e, err := c.Engine(number); err == nil {
		return e.Name
	}
	p, err := c.Pool(number)
	if err != nil {
		return ""
	}
	return p.Name
}

// PoolNumber is the number of a pool: clients have engines and pools in one row
// of numbers.
func PoolNumber(p harrier.Pool) harrier.ID { return firstPool + p.ID }
