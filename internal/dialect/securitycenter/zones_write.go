package securitycenter

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// What a pool and an engine keep for this dialect, by name in their Given.
const (
	keptZone          = "securitycenter.zone" // the number of a zone that was renamed
	keptZoneText      = "securitycenter.description"
	keptOrganizations = harrier.GivenOrganizations
)

func (a api) zoneRoutes(m *router) {
	m.handle("POST /zone", engineering(a.createZone))
	m.handle("PATCH /zone/{id}", engineering(a.updateZone))
	m.handle("DELETE /zone/{id}", engineering(a.deleteZone))
	m.handle("POST /scanner", engineering(a.createScanner))
	m.handle("PATCH /scanner/{id}", engineering(a.updateScanner))
	m.handle("DELETE /scanner/{id}", engineering(a.deleteScanner))
}

// engineering does what h does for those who may change engines. Others are told
// so before anything is looked up: which zones, scanners and organisations there
// are is not theirs to know.
func engineering(h handler) handler {
	return func(ctx context.Context, by harrier.Actor, q *query) (any, error) {
		if !by.May(harrier.ManageEngines) {
			return nil, notAllowed("You may not change scan zones and scanners.")
		}
		return h(ctx, by, q)
	}
}

// zoneOf is the zone that a pool is.
func zoneOf(p harrier.Pool) ref {
	r := zoneRef(p.Name)
	if n, err := strconv.Atoi(p.Given[keptZone]); err == nil {
		r.ID = strconv.Itoa(n)
	}
	if text, told := p.Given[keptZoneText]; told {
		r.Description = text
	}
	return r
}

// zoneNamed is the zone that a scan of that pool names.
func (a api) zoneNamed(ctx context.Context, pool string) (ref, error) {
	pools, err := a.Fleet.Pools(ctx, harrier.System)
	if i := slices.IndexFunc(pools, func(p harrier.Pool) bool { return p.Name == pool && pool != harrier.LocalPool }); i >= 0 {
		return zoneOf(pools[i]), err
	}
	return zoneRef(pool), err
}

// zonePool is the pool of the zone of a request. The local one is nobody's to
// change: it is wherever the console stands.
func (a api) zonePool(ctx context.Context, q *query, verb string) (harrier.Pool, error) {
	if q.path("id") == theZone.ID {
		return harrier.Pool{}, notAllowed("The Local Zone stays as it is.")
	}
	pools, err := a.Fleet.Pools(ctx, harrier.System)
	if err != nil {
		return harrier.Pool{}, err
	}
	i := slices.IndexFunc(pools, func(p harrier.Pool) bool { return p.Name != harrier.LocalPool && zoneOf(p).ID == q.path("id") })
	if i < 0 {
		return harrier.Pool{}, noObject("Scan Zone", q.path("id"), verb)
	}
	return pools[i], nil
}

// applyZone puts what a request says into p.
func (a api) applyZone(ctx context.Context, q *query, p *harrier.Pool) error {
	var in struct {
		Name          *kit.Text `json:"name"`
		Description   *kit.Text `json:"description"`
		IPList        *kit.Text `json:"ipList"`
		Scanners      *givens   `json:"scanners"`
		Organizations *givens   `json:"organizations"`
	}
	if err := q.body(&in); err != nil {
		return err
	}
	p.Given = cloneMap(p.Given)
	if in.Name != nil && string(*in.Name) != p.Name {
		if p.ID != 0 { // it stays the zone that clients know
			p.Given[keptZone] = zoneOf(*p).ID
		}
		p.Name = strings.TrimSpace(string(*in.Name))
	}
	if in.Description != nil {
		p.Given[keptZoneText] = string(*in.Description)
	}
	if in.IPList != nil {
		p.Targets = strings.Join(strings.FieldsFunc(string(*in.IPList), func(c rune) bool { return strings.ContainsRune(", \t\r\n;", c) }), ",")
	}
	if in.Organizations != nil {
		var list []string
		for _, id := range in.Organizations.ids() {
			if _, err := a.Identity.Organization(ctx, harrier.System, id); err != nil {
				return harrier.Errorf(harrier.Invalid, "Organization #%d does not exist.", id)
			}
			list = append(list, sid(id))
		}
		p.Given[keptOrganizations] = strings.Join(list, ",")
	}
	if in.Scanners == nil {
		return nil
	}
	engines, err := a.Fleet.Engines(ctx, harrier.System)
	if err != nil {
		return err
	}
	p.Members = nil
	for _, id := range in.Scanners.ids() {
		i := slices.IndexFunc(engines, func(e harrier.Engine) bool { return scannerNumber(e) == id })
		if i < 0 {
			return harrier.Errorf(harrier.Invalid, "Scanner #%d does not exist.", id)
		}
		p.Members = append(p.Members, engines[i].ID)
	}
	return nil
}

// scannerNumber is the number of the scanner that an engine is.
func scannerNumber(e harrier.Engine) harrier.ID {
	if !e.Remote() {
		return localZone
	}
	return e.ID + localZone
}

func (a api) showZone(ctx context.Context, by harrier.Actor, q *query, p harrier.Pool) (any, error) {
	list, err := a.zones(ctx, by)
	for _, w := range list {
		if w.ID == zoneOf(p).ID {
			return pick(w, q.fields(), "id"), err
		}
	}
	return nil, err
}

func (a api) createZone(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var p harrier.Pool
	if err := a.applyZone(ctx, q, &p); err != nil {
		return nil, err
	}
	if err := a.Fleet.CreatePool(ctx, by, &p); err != nil {
		return nil, err
	}
	return a.showZone(ctx, by, q, p)
}

func (a api) updateZone(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	p, err := a.zonePool(ctx, q, "update")
	if err != nil {
		return nil, err
	}
	if err := a.applyZone(ctx, q, &p); err != nil {
		return nil, err
	}
	if err := a.Fleet.UpdatePool(ctx, by, &p); err != nil {
		return nil, err
	}
	return a.showZone(ctx, by, q, p)
}

func (a api) deleteZone(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	p, err := a.zonePool(ctx, q, "delete")
	if err != nil {
		return nil, err
	}
	return nil, a.Fleet.DeletePool(ctx, by, p.ID)
}

// scannerEngine is the engine of the scanner of a request. The local one is the
// console's own.
func (a api) scannerEngine(ctx context.Context, q *query, verb string) (harrier.Engine, error) {
	if q.path("id") == theScanner.ID {
		return harrier.Engine{}, notAllowed("The Local Scanner stays as it is.")
	}
	engines, err := a.Fleet.Engines(ctx, harrier.System)
	if err != nil {
		return harrier.Engine{}, err
	}
	i := slices.IndexFunc(engines, func(e harrier.Engine) bool { return e.Remote() && sid(scannerNumber(e)) == q.path("id") })
	if i < 0 {
		return harrier.Engine{}, noObject("Scanner", q.path("id"), verb)
	}
	return engines[i], nil
}

// saveScanner stores what a request says of an engine and of the zones that it
// is in: all of it or nothing. It enrols by a token; names, passwords and keys to
// sign in to a scanner mean nothing here.
func (a api) saveScanner(ctx context.Context, by harrier.Actor, q *query, e *harrier.Engine) error {
	var in struct {
		Name        *kit.Text `json:"name"`
		Description *kit.Text `json:"description"`
		IP          *kit.Text `json:"ip"`
		Port        *kit.Int  `json:"port"`
		Enabled     *kit.Bool `json:"enabled"`
		Zones       *givens   `json:"zones"`
	}
	if err := q.body(&in); err != nil {
		return err
	}
	if in.Enabled != nil && !bool(*in.Enabled) {
		return harrier.Errorf(harrier.Invalid, "A scanner can not be disabled: revoke or delete it.")
	}
	e.Given = cloneMap(e.Given)
	if in.Name != nil {
		e.Name = strings.TrimSpace(string(*in.Name))
	}
	if in.Description != nil {
		e.Given[keptZoneText] = string(*in.Description)
	}
	if in.IP != nil {
		e.Address = strings.TrimSpace(string(*in.IP))
	}
	if in.Port != nil {
		e.Port = int(*in.Port)
	}
	if e.Address == "" {
		e.Port = 0
	} else if e.Port == 0 {
		e.Port = 40814
	}
	return a.Together(ctx, func(ctx context.Context) error {
		if err := a.Fleet.SaveEngine(ctx, by, e); err != nil || in.Zones == nil {
			return err
		}
		return a.inZones(ctx, by, e.ID, in.Zones.ids())
	})
}

// inZones makes an engine a member of some zones and of no other ones.
func (a api) inZones(ctx context.Context, by harrier.Actor, engine harrier.ID, zones []harrier.ID) error {
	pools, err := a.Fleet.Pools(ctx, harrier.System)
	if err != nil {
		return err
	}
	left := slices.Clone(zones)
	for _, p := range pools {
		number := idOf(zoneOf(p).ID)
		if p.Name == harrier.LocalPool {
			number = localZone
		}
		left = slices.DeleteFunc(left, func(id harrier.ID) bool { return id == number })
		has := slices.Contains(p.Members, engine)
		if has == slices.Contains(zones, number) {
			continue
		}
		p.Members = slices.DeleteFunc(slices.Clone(p.Members), func(id harrier.ID) bool { return id == engine })
		if !has {
			p.Members = append(p.Members, engine)
		}
		if err := a.Fleet.UpdatePool(ctx, by, &p); err != nil {
			return err
		}
	}
	if slices.Contains(left, localZone) { // nobody shares its work yet
		local := harrier.Pool{Name: harrier.LocalPool, Members: []harrier.ID{engine}}
		if err := a.Fleet.CreatePool(ctx, by, &local); err != nil {
			return err
		}
		left = slices.DeleteFunc(left, func(id harrier.ID) bool { return id == localZone })
	}
	if len(left) > 0 {
		return harrier.Errorf(harrier.Invalid, "Scan Zone #%d does not exist.", left[0])
	}
	return nil
}

func (a api) showScanner(ctx context.Context, by harrier.Actor, q *query, e harrier.Engine) (any, error) {
	list, err := a.scanners(ctx, by)
	for _, w := range list {
		if w.ID == sid(scannerNumber(e)) {
			return pick(w, q.fields(), "id", "uuid"), err
		}
	}
	return nil, err
}

func (a api) createScanner(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var e harrier.Engine
	if err := a.saveScanner(ctx, by, q, &e); err != nil {
		return nil, err
	}
	return a.showScanner(ctx, by, q, e)
}

func (a api) updateScanner(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	e, err := a.scannerEngine(ctx, q, "update")
	if err != nil {
		return nil, err
	}
	if err := a.saveScanner(ctx, by, q, &e); err != nil {
		return nil, err
	}
	return a.showScanner(ctx, by, q, e)
}

func (a api) deleteScanner(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	e, err := a.scannerEngine(ctx, q, "delete")
	if err != nil {
		return nil, err
	}
	return nil, a.Fleet.DeleteEngine(ctx, by, e.ID)
}
