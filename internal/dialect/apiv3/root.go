package apiv3

import (
	_ "embed" // the document
	"encoding/json"
	"net"
	"os"
	"os/user"
	"runtime"
)

//go:embed openapi.json
var document []byte

// rootRoutes are the way in.
//
// Source: section 12, rows 1 and 2.
func (a *api) rootRoutes() {
	a.handle("GET /", a.root)
	a.handle("GET /json", func(*query) (any, error) { return json.RawMessage(document), nil })
	a.handle("GET /administration/info", a.info)
}

// entries are what the root links to.
var entries = []string{
	"administration/info", "asset_groups", "assets", "reports", "roles", "scan_engine_pools", "scan_engines", "scan_templates", "scans", "shared_credentials", "sites",
	"solutions", "tags", "users", "vulnerabilities", "vulnerability_exceptions",
}

func (a *api) root(q *query) (any, error) {
	links := q.self("")
	for _, e := range entries {
		links = append(links, q.link(e, "/"+e))
	}
	return obj{"links": links}, nil
}

// info tells of the console.
func (a *api) info(q *query) (any, error) {
	host, _ := os.Hostname() // "" will do
	local, _, err := net.SplitHostPort(q.r.Host)
	if err != nil {
		local = q.r.Host
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	name := ""
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	size := func(n uint64) obj { return obj{"bytes": n} }
	return obj{
		"host": host, "fqdn": host, "ip": local, "distinguishedName": "CN=Harrier Security Console/ O=Harrier", "serial": a.ServerUUID.String(),
		"operatingSystem": runtime.GOOS + " " + runtime.GOARCH, "user": name, "superuser": os.Geteuid() == 0,
		"version": obj{
			"semantic": a.Version, "build": a.Version, "platform": runtime.GOOS + "-" + runtime.GOARCH,
			"update": obj{"content": a.Vulns.ContentVersion(q.ctx()), "product": a.Version},
		},
		"cpu":    obj{"count": runtime.NumCPU(), "architecture": runtime.GOARCH},
		"memory": obj{"free": size(mem.HeapIdle), "total": size(mem.Sys), "size": size(mem.HeapAlloc)},
		"jvm":    obj{"name": "Go", "vendor": "Go", "version": runtime.Version(), "startTime": instant(a.Started), "uptime": duration(a.Now().Sub(a.Started))},
		"links":  q.self("/administration/info"),
	}, nil
}
