package insightvm

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// via is what the audit log calls this door.
const via = "insightvm"

// Dialect is the InsightVM Cloud Integrations API.
var Dialect = kit.Dialect{Name: via, Owns: owns, Handler: New, OpenAPI: description}

// base is where everything is but the key check and the health check.
const base = "/vm/v4/integration"

// regions may stand before every path, for proxies that make a path of what is
// a part of the host's name elsewhere.
//
// Source: section 1.
var regions = []string{"us", "us2", "us3", "eu", "ca", "au", "ap", "aps2", "me1"}

func owns(r *http.Request) bool {
	_, path := region(kit.CleanPath(r.URL.Path))
	first, rest, _ := strings.Cut(path[1:], "/")
	return first == "vm" || first == "validate" && rest == ""
}

// region takes a region from the beginning of a clean path: "/us", or "".
func region(path string) (prefix, rest string) {
	first, more, _ := strings.Cut(path[1:], "/")
	next, _, _ := strings.Cut(more, "/")
	if slices.Contains(regions, first) && (next == "vm" || next == "validate") {
		return "/" + first, "/" + more
	}
	return "", path
}

// api is the door with the rooms behind it.
type api struct {
	kit.Rooms
	known *definitions
}

// New returns the handler of the whole dialect.
func New(rooms kit.Rooms) http.Handler { return newRouter(rooms) }

func newRouter(rooms kit.Rooms) *router {
	if rooms.Now == nil {
		rooms.Now = time.Now
	}
	a := api{rooms, newDefinitions(rooms.Vulns)}
	m := &router{a: a, mux: kit.NewMux(kit.Wire{Fail: a.fail, Log: rooms.Log})}
	m.handle("GET /vm/admin/health", a.health)
	m.handle("GET /validate", a.validate)
	m.handle("POST /validate", a.validate)
	m.handle("GET "+openAPIPath, a.openAPI)
	m.handle("GET "+base+"/assets", a.searchAssets) // as a client generation asks
	m.handle("POST "+base+"/assets", a.searchAssets)
	m.handle("GET "+base+"/assets/{id}", a.getAsset)
	m.handle("GET "+base+"/scan", a.listScans)
	m.handle("POST "+base+"/scan", a.startScan)
	m.handle("GET "+base+"/scan/{id}", a.getScan)
	m.handle("POST "+base+"/scan/{id}/stop", a.stopScan)
	m.handle("GET "+base+"/scan/engine", a.listEngines)
	m.handle("GET "+base+"/scan/engine/{id}", a.getEngine)
	m.handle("POST "+base+"/scan/engine/{id}/configuration", a.updateConfiguration)
	m.handle("DELETE "+base+"/scan/engine/{id}/configuration", a.removeConfiguration)
	m.handle("POST "+base+"/sites", a.listSites)
	m.handle("POST "+base+"/vulnerabilities", a.searchVulnerabilities)

	return m
}
