package nexpose

import (
	"cmp"
	"math"
	"strings"

	"github.com/harrier-scan/harrier"
)

// connectionKept are the attributes of a connection that are kept as given.
var connectionKept = []string{"exchange-hostname", "exchange-username", "collectionmethod", "eventsource"}

// connectionSecrets are those that are sealed and never given back.
var connectionSecrets = []string{"password", "exchange-password"}

// connectionCommands are discovery connections. None is ever connected: what they
// bring in comes from the services of other makers, which nothing here asks.
//
// Source: section 11.4.
func (a *api) connectionCommands() {
	a.add("DiscoveryConnectionListing", a.connectionListing)
	a.change("DiscoveryConnectionCreate", a.connectionCreate)
	a.change("DiscoveryConnectionUpdate", a.connectionUpdate)
	a.add("DiscoveryConnectionDelete", a.connectionDelete)
	a.add("DiscoveryConnectionConnect", a.connectionConnect)
}

func (a *api) connectionListing(c *call) (answer, error) {
	all, err := a.Connections.All(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	crew, err := a.engines(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		for _, d := range all {
			port := ""
			if d.Port != 0 {
				port = number(d.Port)
			}
			o.empty("DiscoveryConnectionSummary", "id", ident(d.ID), "name", d.Name, "address", d.Address, "port", port, "protocol", d.Protocol,
				"user-name", d.User, "connection-status", "Not connected", "engine-id", ident(cmp.Or(d.Engine, crew.Local())))
		}
	}), nil
}

// readConnection puts a DiscoveryConnection into d and returns its secrets. What
// an existing one does not say stays.
func (a *api) readConnection(c *call, d *harrier.Connection) (map[string]string, error) {
	e := c.req.child("DiscoveryConnection")
	if e == nil {
		return nil, harrier.Invalidf("DiscoveryConnection", "is missing")
	}
	for name, to := range map[string]*string{"name": &d.Name, "address": &d.Address, "user-name": &d.User} {
		if e.has(name) {
			*to = strings.TrimSpace(e.attr(name))
		}
	}
	for name, to := range map[string]*string{"protocol": &d.Protocol, "type": &d.Kind} {
		if e.has(name) {
			*to = strings.ToUpper(strings.TrimSpace(e.attr(name)))
		}
	}
	port, err := e.number("port", int(d.Port))
	if err != nil {
		return nil, err
	}
	if port < 0 || port > math.MaxUint16 {
		return nil, harrier.Invalidf("port", "must be from 1 to %d", math.MaxUint16)
	}
	d.Port = uint16(port)
	if v := e.attr("engine-id"); v != "" && v != "-1" {
		id, err := e.id("engine-id")
		if err != nil {
			return nil, err
		}
		crew, err := a.engines(c.ctx(), c.by)
		if err != nil {
			return nil, err
		}
		if _, err := crew.Engine(id); err != nil {
			return nil, err
		}
		d.Engine = id
	}
	given := map[string]string{}
	for k, v := range d.Given {
		given[k] = v
	}
	for _, name := range connectionKept {
		if e.has(name) {
			given[ownField+name] = e.attr(name)
		}
	}
	d.Given = given
	secrets := map[string]string{}
	for _, name := range connectionSecrets {
		if v := e.attr(name); v != "" {
			secrets[name] = v
		}
	}
	return secrets, nil
}

func (a *api) connectionCreate(c *call) (answer, error) {
	var d harrier.Connection
	secrets, err := a.readConnection(c, &d)
	if err != nil {
		return answer{}, err
	}
	if err := a.Connections.Create(c.ctx(), c.by, &d, secrets); err != nil {
		return answer{}, err
	}
	return answer{attrs: []string{"id", ident(d.ID)}}, nil
}

func (a *api) connectionUpdate(c *call) (answer, error) {
	id, err := c.req.child("DiscoveryConnection").id("id")
	if err != nil {
		return answer{}, err
	}
	d, err := a.Connections.Connection(c.ctx(), c.by, id)
	if err != nil {
		return answer{}, err
	}
	secrets, err := a.readConnection(c, &d)
	if err != nil {
		return answer{}, err
	}
	return done(), a.Connections.Update(c.ctx(), c.by, &d, secrets)
}

func (a *api) connectionDelete(c *call) (answer, error) {
	id, err := c.req.id("id")
	if err != nil {
		return answer{}, err
	}
	return done(), a.Connections.Delete(c.ctx(), c.by, id)
}

func (a *api) connectionConnect(c *call) (answer, error) {
	id, err := c.req.id("id")
	if err != nil {
		return answer{}, err
	}
	d, err := a.Connections.Connection(c.ctx(), c.by, id)
	if err != nil {
		return answer{}, err
	}
	return answer{}, harrier.Errorf(harrier.Unavailable, "discovery connection %q is kept, but this console can not connect: assets are not imported from the services of other makers; scan their networks instead", d.Name)
}
