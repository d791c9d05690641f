package securitycenter

import (
	"context"

	"github.com/harrier-scan/harrier"
)

// nothings are resources that Harrier has no noun for, so that their lists are
// always empty.
//
// Source: section 25.
var nothings = []string{"lce", "ldap", "passiveScanner", "attributeSet", "publishingSite", "sensorProxy", "mdm"}

// nothingsInTwo are those of them that are listed as lists says.
var nothingsInTwo = []string{"arc", "agentScan", "agentResultsSync", "wasScan"}

func (a api) emptyRoutes(m *router) {
	for _, name := range nothings {
		m.handle("GET /"+name, func(context.Context, harrier.Actor, *query) (any, error) { return []ref{}, nil })
	}
	for _, name := range nothingsInTwo {
		m.handle("GET /"+name, func(_ context.Context, by harrier.Actor, q *query) (any, error) {
			return lists[ref](by, q, nil, nil, nil)
		})
	}
}
