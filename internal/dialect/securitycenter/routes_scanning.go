package securitycenter

import "github.com/harrier-scan/harrier/internal/dialect/kit"

// scanning is what the routes of plugins, policies, scans and their results
// keep between requests.
type scanning struct{}

func newScanning(kit.Rooms) *scanning { return &scanning{} }

// scanningRoutes are plugins, policies, scans and their results.
func (a api) scanningRoutes(*router) {}
