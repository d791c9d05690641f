package securitycenter

import "github.com/harrier-scan/harrier/internal/dialect/kit"

// scanning is what the routes of plugins, policies, scans and their results
// keep between requests.
type scanning struct {
	plugins *pluginIndex
}

func newScanning(kit.Rooms) *scanning {
	return &scanning{&pluginIndex{}}
}

// scanningRoutes are plugins, policies, scans and their results.
func (a api) scanningRoutes(m *router) {
	a.pluginRoutes(m)
	a.policyRoutes(m)
	a.scanRoutes(m)
	a.scanResultRoutes(m)
	a.credentialRoutes(m)
	a.auditFileRoutes(m)
	a.scannerRoutes(m)
	a.freezeRoutes(m)
}
