package insightvm

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/fleet"
)

// engine is a scan engine.
//
// Source: section 9.2.
type engine struct {
	HostName   string  `json:"host_name"`
	ID         string  `json:"id"`
	LastSeen   *string `json:"last_seen"`
	Name       string  `json:"name"`
	Profile    profile `json:"profile"`
	Registered *string `json:"registered"`
	Status     string  `json:"status"`
}

type profile struct {
	Configuration configuration `json:"configuration"`
}

// configuration is what an engine is told to do otherwise: "name:value", by
// rising name.
type configuration struct {
	LastRetrieved *string  `json:"last_retrieved"`
	Properties    []string `json:"properties"`
}

// engineOf shows an engine. One whose properties are not those that it follows
// was told others meanwhile: it has a new look at them within seconds.
func (a api) engineOf(e harrier.Engine, p fleet.Properties) engine {
	out := engine{
		ID: e.UUID.String(), Name: e.Name, HostName: cmp.Or(e.Hostname, e.Name), LastSeen: maybe(e.LastSeen), Registered: maybe(registered(e)),
		Profile: profile{configuration{LastRetrieved: maybe(p.Told), Properties: []string{}}},
	}
	for _, name := range slices.Sorted(maps.Keys(p.Values)) {
		out.Profile.Configuration.Properties = append(out.Profile.Configuration.Properties, name+":"+p.Values[name])
	}
	switch status := e.Status(a.Now()); {
	case e.LastSeen.IsZero():
		out.Status = "UNKNOWN"
	case status == harrier.EngineActive:
		out.Status = "HEALTHY"
	case e.Alive(a.Now()): // and gets no work: it speaks another protocol, or is not trusted
		out.Status = "UNHEALTHY"
	default:
		out.Status = "OFFLINE"
	}
	return out
}

// registered is when the console came to know an engine. Its own one comes with
// it.
func registered(e harrier.Engine) time.Time {
	for _, at := range []time.Time{e.Enrolled, e.Created} {
		if !at.IsZero() {
			return at
		}
	}
	return e.Started
}

func (a api) listEngines(ctx context.Context, by harrier.Actor, q *query) (reply, error) {
	p, err := q.page(usualShort, nil, "")
	if err != nil {
		return reply{}, err
	}
	list, err := a.Fleet.Engines(ctx, by)
	if err != nil {
		return reply{}, err
	}
	properties, err := a.Fleet.Properties(ctx, by)
	if err != nil {
		return reply{}, err
	}
	rows := []engine{}
	for _, e := range list[min(p.offset(), len(list)):min(p.offset()+p.size, len(list))] {
		rows = append(rows, a.engineOf(e, properties[e.UUID]))
	}
	answer := q.paged(p, rows, len(rows), len(list), cursor{}, p.offset()+len(rows) < len(list))
	answer.root = ""
	return answer, nil
}

// engineByID finds an engine by its id. It answers NotFound.
func (a api) engineByID(ctx context.Context, by harrier.Actor, id string) (harrier.Engine, error) {
	list, err := a.Fleet.Engines(ctx, by)
	if err != nil {
		return harrier.Engine{}, err
	}
	uuid, bad := harrier.ParseUUID(id)
	i := slices.IndexFunc(list, func(e harrier.Engine) bool { return e.UUID == uuid })
	if bad != nil || i < 0 {
		return harrier.Engine{}, harrier.Errorf(harrier.NotFound, "no such engine")
	}
	return list[i], nil
}

func (a api) getEngine(ctx context.Context, by harrier.Actor, q *query) (reply, error) {
	e, err := a.engineByID(ctx, by, q.PathValue("id"))
	if err != nil {
		return reply{}, err
	}
	properties, err := a.Fleet.Properties(ctx, by)
	return reply{body: a.engineOf(e, properties[e.UUID])}, err
}

// property is one that an engine gets.
type property struct {
	Name  *string `json:"name"`
	Value *string `json:"value"`
}

func (a api) updateConfiguration(ctx context.Context, by harrier.Actor, q *query) (reply, error) {
	e, err := a.engineByID(ctx, by, q.PathValue("id"))
	if err != nil {
		return reply{}, err
	}
	list, err := listOf[property](q)
	if err != nil {
		return reply{}, err
	}
	set := map[string]string{}
	for i, p := range list {
		if p.Name == nil || p.Value == nil {
			return reply{}, invalid("The request body is not valid: property %d needs a name and a value.", i)
		}
		set[*p.Name] = *p.Value
	}
	if err := a.Fleet.SetProperties(ctx, by, e.ID, set, nil); err != nil {
		return reply{}, notAllowed(err)
	}
	return reply{body: configured(e, "updated", len(set))}, nil
}

func (a api) removeConfiguration(ctx context.Context, by harrier.Actor, q *query) (reply, error) {
	e, err := a.engineByID(ctx, by, q.PathValue("id"))
	if err != nil {
		return reply{}, err
	}
	names, err := listOf[string](q)
	if err != nil {
		return reply{}, err
	}
	if err := a.Fleet.SetProperties(ctx, by, e.ID, nil, names); err != nil {
		return reply{}, notAllowed(err)
	}
	return reply{body: configured(e, "removed", len(names))}, nil
}

func configured(e harrier.Engine, done string, n int) messageReply {
	return messageReply{fmt.Sprintf("%d properties of scan engine %s were %s. It follows within some seconds, without a restart, for the scans that it begins from then on.",
		n, e.Name, done)}
}

// listOf reads a body that is {"properties": [...]}, or the list alone.
//
// Source: section 9.3.
func listOf[T any](q *query) ([]T, error) {
	body, err := q.body()
	if err != nil {
		return nil, err
	}
	if len(body) == 0 {
		return nil, errNoBody
	}
	var list []T
	if body[0] == '[' {
		if err := json.Unmarshal(body, &list); err != nil {
			return nil, malformed(err)
		}
		return list, nil
	}
	var object struct {
		Properties *[]T `json:"properties"`
	}
	if err := json.Unmarshal(body, &object); err != nil {
		return nil, malformed(err)
	}
	if object.Properties == nil {
		return nil, invalid("The request body is not valid: properties is missing.")
	}
	return *object.Properties, nil
}
