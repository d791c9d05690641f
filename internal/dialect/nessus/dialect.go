package nessus

import (
	_ "embed"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// Dialect is the Nessus API.
var Dialect = kit.Dialect{Name: via, Owns: owns, Handler: New, OpenAPI: description}

//go:embed openapi.json
var description []byte

// roots are the first segments of this dialect's paths; "" is the page that
// clients probe for a server.
var roots = []string{
	"", "agent-groups", "agents", "editor", "file", "filters", "folders", "groups", "nessus6.js", "permissions", "plugin-rules", "plugins",
	"policies", "scanners", "scans", "server", "session", "settings", "tokens", "users",
}

func owns(r *http.Request) bool {
	first, _, _ := strings.Cut(kit.CleanPath(r.URL.Path)[1:], "/")
	return slices.Contains(roots, first)
}

// api is the door with the rooms behind it.
type api struct {
	kit.Rooms
	prepared *prepared
}

// New returns the handler of the whole dialect.
func New(rooms kit.Rooms) http.Handler {
	mux := newMux(rooms)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u := otherPath(r.URL); u != nil {
			r = r.Clone(r.Context())
			r.URL = u
		}
		mux.ServeHTTP(w, r)
	})
}

// otherPath gives the path under which a second spelling is served; nil for
// paths that need none.
//
// Source: nessus-api.md, section 5.2, the third route.
func otherPath(u *url.URL) *url.URL {
	rest, ok := strings.CutPrefix(kit.CleanPath(u.Path), "/scans/exports/")
	if !ok {
		return nil
	}
	v := *u
	v.Path, v.RawPath = "/tokens/"+rest, ""
	return &v
}

func newMux(rooms kit.Rooms) *kit.Mux {
	if rooms.Now == nil {
		rooms.Now = time.Now
	}
	a := api{rooms, &prepared{now: rooms.Now, files: map[string]preparedFile{}}}
	w := kit.Wire{Authenticate: a.authenticate, Fail: fail, Log: rooms.Log}
	mux := kit.NewMux(w)
	a.publicRoutes(mux, w.Public())
	a.serverRoutes(mux, w)
	a.scanRoutes(mux, w)
	a.resultRoutes(mux, w)
	a.policyRoutes(mux, w)
	a.pluginRoutes(mux, w)
	a.otherRoutes(mux, w)
	return mux
}

// publicRoutes need no sign-in.
func (a api) publicRoutes(mux *kit.Mux, w kit.Wire) {
	mux.Handle("GET /", kit.Handle(w, a.getIndex))
	mux.Handle("GET /nessus6.js", kit.Handle(w, a.getScript))
	mux.Handle("GET /server/status", kit.Handle(w, a.getStatus))
	mux.Handle("GET /server/properties", kit.Handle(w, a.getProperties))
	mux.Handle("POST /session", kit.Handle(w, a.signIn))
	mux.Handle("GET /tokens/{token}/status", kit.Handle(w, a.getTokenStatus))
	mux.Handle("GET /tokens/{token}/download", kit.Handle(w, a.getTokenFile))
}

func (a api) serverRoutes(mux *kit.Mux, w kit.Wire) {
	mux.Handle("GET /session", kit.Handle(w, a.getSession))
	mux.Handle("PUT /session", kit.Handle(w, a.updateSession))
	mux.Handle("DELETE /session", kit.Handle(w, a.signOut))
	mux.Handle("PUT /session/chpasswd", kit.Handle(w, a.changePassword))
	mux.Handle("PUT /session/keys", kit.Handle(w, a.newKeys))
}

func (a api) scanRoutes(mux *kit.Mux, w kit.Wire) {
	mux.Handle("GET /scans", kit.Handle(w, a.listScans))
	mux.Handle("POST /scans", kit.Handle(w, a.createScan))
	mux.Handle("DELETE /scans", kit.Handle(w, a.deleteScans))
	mux.Handle("POST /scans/import", kit.Handle(w, a.importScan))
	mux.Handle("GET /scans/timezones", kit.Handle(w, a.listTimezones))
	mux.Handle("GET /scans/{id}", kit.Handle(w, a.getScan))
	mux.Handle("PUT /scans/{id}", kit.Handle(w, a.configureScan))
	mux.Handle("DELETE /scans/{id}", kit.Handle(w, a.deleteScan))
	mux.Handle("POST /scans/{id}/launch", kit.Handle(w, a.launchScan))
	mux.Handle("POST /scans/{id}/pause", kit.Handle(w, a.command(harrier.Pause)))
	mux.Handle("POST /scans/{id}/resume", kit.Handle(w, a.command(harrier.Resume)))
	mux.Handle("POST /scans/{id}/stop", kit.Handle(w, a.command(harrier.Stop)))
	mux.Handle("POST /scans/{id}/kill", kit.Handle(w, a.command(harrier.Kill)))
	mux.Handle("POST /scans/{id}/copy", kit.Handle(w, a.copyScan))
	mux.Handle("POST /scans/{id}/diff", kit.Handle(w, a.diffScan))
	mux.Handle("DELETE /scans/{id}/history/{history}", kit.Handle(w, a.deleteHistory))
	mux.Handle("PUT /scans/{id}/status", kit.Handle(w, a.setRead))
	mux.Handle("PUT /scans/{id}/schedule", kit.Handle(w, a.setSchedule))
	mux.Handle("PUT /scans/{id}/folder", kit.Handle(w, a.moveScan))
	mux.Handle("GET /scans/{id}/latest-status", kit.Handle(w, a.latestStatus))
}

func (a api) resultRoutes(mux *kit.Mux, w kit.Wire) {
	mux.Handle("GET /scans/{id}/hosts/{host}", kit.Handle(w, a.getHost))
	mux.Handle("GET /scans/{id}/hosts/{host}/plugins/{plugin}", kit.Handle(w, a.getHostOutput))
	mux.Handle("GET /scans/{id}/plugins/{plugin}", kit.Handle(w, a.getScanOutput))
	mux.Handle("GET /scans/{id}/trails", kit.Handle(w, a.getTrails))
	mux.Handle("POST /scans/{id}/export", kit.Handle(w, a.exportScan))
	mux.Handle("GET /scans/{id}/export/formats", kit.Handle(w, a.listFormats))
	mux.Handle("GET /scans/{id}/export/{file}/status", kit.Handle(w, a.exportStatus))
	mux.Handle("GET /scans/{id}/export/{file}/download", kit.Handle(w, a.exportDownload))
}

func (a api) policyRoutes(mux *kit.Mux, w kit.Wire) {
	mux.Handle("GET /editor/{type}/templates", kit.Handle(w, a.listTemplates))
	mux.Handle("GET /editor/{type}/templates/{uuid}", kit.Handle(w, a.getTemplate))
	mux.Handle("GET /editor/{type}/{id}", kit.Handle(w, a.getEditor))
	mux.Handle("GET /editor/{type}/{id}/families", kit.Handle(w, a.getEditorFamilies))
	mux.Handle("GET /editor/{type}/{id}/families/{family}", kit.Handle(w, a.getEditorFamily))
	mux.Handle("GET /editor/{type}/{id}/families/{family}/plugins/{plugin}", kit.Handle(w, a.getEditorPlugin))
	mux.Handle("GET /policies", kit.Handle(w, a.listPolicies))
	mux.Handle("POST /policies", kit.Handle(w, a.createPolicy))
	mux.Handle("DELETE /policies", kit.Handle(w, a.deletePolicies))
	mux.Handle("POST /policies/import", kit.Handle(w, a.importPolicy))
	mux.Handle("GET /policies/{id}", kit.Handle(w, a.getPolicy))
	mux.Handle("PUT /policies/{id}", kit.Handle(w, a.updatePolicy))
	mux.Handle("DELETE /policies/{id}", kit.Handle(w, a.deletePolicy))
	mux.Handle("POST /policies/{id}/copy", kit.Handle(w, a.copyPolicyByID))
	mux.Handle("GET /policies/{id}/export", kit.Handle(w, a.exportPolicy))
	mux.Handle("GET /policies/{id}/export/prepare", kit.Handle(w, a.preparePolicy))
}

func (a api) pluginRoutes(mux *kit.Mux, w kit.Wire) {
	mux.Handle("GET /plugins/families", kit.Handle(w, a.listFamilies))
	mux.Handle("GET /plugins/families/{id}", kit.Handle(w, a.getFamily))
	mux.Handle("GET /plugins/plugin/{id}", kit.Handle(w, a.getPlugin))
	mux.Handle("GET /plugin-rules", kit.Handle(w, a.listRules))
	mux.Handle("POST /plugin-rules", kit.Handle(w, a.createRule))
	mux.Handle("DELETE /plugin-rules", kit.Handle(w, a.deleteRules))
	mux.Handle("GET /plugin-rules/{id}", kit.Handle(w, a.getRule))
	mux.Handle("PUT /plugin-rules/{id}", kit.Handle(w, a.updateRule))
	mux.Handle("DELETE /plugin-rules/{id}", kit.Handle(w, a.deleteRule))
	mux.Handle("GET /filters/scans/reports", kit.Handle(w, a.listFilters))
}

func (a api) otherRoutes(mux *kit.Mux, w kit.Wire) {
	mux.Handle("GET /folders", kit.Handle(w, a.listFolders))
	mux.Handle("POST /folders", kit.Handle(w, a.createFolder))
	mux.Handle("PUT /folders/{id}", kit.Handle(w, a.renameFolder))
	mux.Handle("DELETE /folders/{id}", kit.Handle(w, a.deleteFolder))
	mux.Handle("POST /file/upload", kit.Handle(w, a.uploadFile))
	mux.Handle("GET /users", kit.Handle(w, a.listUsers))
	mux.Handle("POST /users", kit.Handle(w, a.createUser))
	mux.Handle("DELETE /users", kit.Handle(w, a.deleteUsers))
	mux.Handle("GET /users/{id}", kit.Handle(w, a.getUser))
	mux.Handle("PUT /users/{id}", kit.Handle(w, a.updateUser))
	mux.Handle("DELETE /users/{id}", kit.Handle(w, a.deleteUser))
	mux.Handle("PUT /users/{id}/chpasswd", kit.Handle(w, a.setUserPassword))
	mux.Handle("PUT /users/{id}/keys", kit.Handle(w, a.newUserKeys))
	mux.Handle("GET /groups", kit.Handle(w, a.listGroups))
	mux.Handle("GET /permissions/{type}/{id}", kit.Handle(w, a.getPermissions))
	mux.Handle("PUT /permissions/{type}/{id}", kit.Handle(w, a.setPermissions))
	mux.Handle("GET /scanners", kit.Handle(w, a.listScanners))
	mux.Handle("GET /scanners/{id}", kit.Handle(w, a.getScanner))
	mux.Handle("GET /scanners/{id}/scans", kit.Handle(w, a.scannerScans))
	mux.Handle("GET /agents", kit.Handle(w, a.listAgents))
	mux.Handle("GET /agent-groups", kit.Handle(w, a.listGroups))
	mux.Handle("GET /settings/advanced", kit.Handle(w, a.getAdvanced))
	mux.Handle("PUT /settings/advanced", kit.Handle(w, a.setAdvanced))
	mux.Handle("GET /settings/network/mail", kit.Handle(w, a.getMail))
	mux.Handle("PUT /settings/network/mail", kit.Handle(w, a.setMail))
}
