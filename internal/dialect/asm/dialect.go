package asm

import (
	_ "embed"
	"net/http"
	"strings"
	"time"

	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// via is what the audit log calls this door.
const via = "asm"

//go:embed openapi.json
var description []byte

// Dialect is the Hexiosec ASM API.
var Dialect = kit.Dialect{Name: via, Owns: owns, Handler: New, OpenAPI: description}

// base begins every path.
const base = "/api"

func owns(r *http.Request) bool {
	parts := strings.Split(kit.CleanPath(r.URL.Path)[1:], "/")
	if len(parts) < 2 || parts[0] != "api" {
		return false
	}
	switch parts[1] {
	case "v1", "auth", "users":
		return true
	}
	return len(parts) == 2 && parts[1] == "openapi.yml"
}

// api is the door with the rooms behind it.
type api struct{ kit.Rooms }

// New returns the handler of the whole dialect.
func New(rooms kit.Rooms) http.Handler { return newRouter(rooms) }

func newRouter(rooms kit.Rooms) *router {
	if rooms.Now == nil {
		rooms.Now = time.Now
	}
	a := api{rooms}
	m := &router{a: a, mux: kit.NewMux(kit.Wire{Fail: a.fail, Log: rooms.Log})}
	m.open("GET /auth", a.auth)
	m.open("GET /openapi.yml", a.openAPI)
	m.open("GET /v1/reports/{id}/file", a.downloadReport)
	m.handle("POST /users/api_key", "", a.createKey)
	m.handle("PATCH /users/preferences", "", a.updatePreferences)
	m.handle("GET /v1/users", orgsRead, a.listUsers)

	m.handle("GET /v1/orgs", orgsRead, a.listOrgs)
	m.handle("GET /v1/orgs/{id}", orgsRead, a.getOrg)
	m.handle("GET /v1/orgs/{id}/asset/{key}", orgsRead, a.getOrgAsset)
	m.handle("DELETE /v1/orgs/{id}/asset/{key}", orgsWrite, a.deleteOrgAsset)

	m.handle("GET /v1/scan_groups", groupsRead, a.listGroups)
	m.handle("POST /v1/scan_groups", groupsCreate, a.createGroup)
	m.handle("GET /v1/scan_groups/{id}", groupsRead, a.getGroup)
	m.handle("PATCH /v1/scan_groups/{id}", groupsWrite, a.updateGroup)
	m.handle("DELETE /v1/scan_groups/{id}", groupsManage, a.deleteGroup)

	m.handle("GET /v1/scans", scansRead, a.listScans)
	m.handle("GET /v1/scans/count", scansRead, a.countScans)
	m.handle("POST /v1/scans", scansManage, a.createScan)
	m.handle("GET /v1/scans/{id}", scansRead, a.getScan)
	m.handle("PATCH /v1/scans/{id}", scansWrite, a.updateScan)
	m.handle("DELETE /v1/scans/{id}", scansManage, a.deleteScan)
	m.handle("POST /v1/scans/{id}/rescan", scansRefresh, a.rescan)
	m.handle("GET /v1/scans/{id}/seeds", scansRead, a.listSeeds)
	m.handle("POST /v1/scans/{id}/seeds", scansWrite, a.addSeed)
	m.handle("DELETE /v1/scans/{id}/seeds/{seed}", scansWrite, a.removeSeed)
	m.handle("DELETE /v1/scans/{id}/seeds/{seed}/tags/{tag}", scansWrite, a.removeTag)
	m.handle("GET /v1/scans/{id}/iterations", scansRead, a.listIterations)
	m.handle("GET /v1/scans/{id}/iterations/{iteration}/progress", scansRead, a.getProgress)
	m.handle("GET /v1/scans/{id}/screenshots/{screenshot}", scansRead, a.getScreenshot)
	m.handle("GET /v1/scans/{id}/link_tags", scansRead, a.listLinkTags)
	m.handle("PATCH /v1/scans/{id}/nodes/{node}", scansWrite, a.updateNode)
	m.handle("PATCH /v1/graph/nodes/{node}", scansWrite, a.updateNode)

	for name, rows := range map[string]dataset{
		"domains": domains, "ips": addresses, "web_presence": pages, "secondary_domains": secondaryDomains, "out_of_scope_domains": secondaryDomains,
		"components": components, "services": services,
	} {
		m.handle("GET /v1/scan_data/{id}/"+name, scansRead, a.list(rows))
		m.handle("GET /v1/scan_data/{id}/"+name+"/count", scansRead, a.count(rows))
	}
	m.handle("GET /v1/scan_data/{id}/risks", scansRead, a.listRisks)
	m.handle("GET /v1/scan_data/{id}/risks/count", scansRead, a.countRisks)
	m.handle("GET /v1/scan_data/{id}/link_changes", scansRead, a.listLinkChanges)

	m.handle("GET /v1/actions", ticketsRead, a.listActions)
	m.handle("GET /v1/actions/{id}", ticketsRead, a.getAction)
	m.handle("GET /v1/actions/{id}/risks", ticketsRead, a.listActionRisks)

	m.handle("POST /v1/reports", reportsWrite, a.createReport)
	m.handle("GET /v1/reports/{id}", reportsRead, a.getReport)
	m.handle("DELETE /v1/reports/{id}", reportsWrite, a.deleteReport)
	m.handle("GET /v1/reports/scan/{id}", reportsRead, a.listScanReports)
	m.handle("GET /v1/reports/scan/{id}/count", reportsRead, a.countScanReports)
	m.handle("GET /v1/reports/organisation/{id}", reportsRead, a.listOrgReports)
	m.handle("GET /v1/reports/organisation/{id}/count", reportsRead, a.countOrgReports)
	m.handle("GET /v1/reports/templates/organisation/{id}", templatesRead, a.listTemplates)
	return m
}
