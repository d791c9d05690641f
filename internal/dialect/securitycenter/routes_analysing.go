package securitycenter

import "github.com/harrier-scan/harrier/internal/dialect/kit"

// analysing is what the routes of analysis, assets, repositories and rules keep
// between requests.
type analysing struct{}

func newAnalysing(kit.Rooms) *analysing { return &analysing{} }

// analysingRoutes are analysis, queries, assets, repositories, rules, alerts
// and dashboards.
func (a api) analysingRoutes(m *router) {
	a.analysisRoutes(m)
	a.savedQueryRoutes(m)
	a.assetRoutes(m)
	a.repositoryRoutes(m)
	a.ruleRoutes(m)
	a.hostRoutes(m)
	a.solutionRoutes(m)
	a.alertRoutes(m)
	a.ticketRoutes(m)
	a.noticeRoutes(m)
	a.dashboardRoutes(m)
	a.reportRoutes(m)
}
