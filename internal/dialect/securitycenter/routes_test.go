package securitycenter_test

import (
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/securitycenter"
)

// TestRoutesAreDocumented holds the coverage table to the routes and to the
// conversations.
func TestRoutesAreDocumented(t *testing.T) {
	exchange.Table{
		File: "../../../docs/dialects/securitycenter.md", Routes: securitycenter.Patterns(), Exact: true,
		Path: func(p string) string { return strings.TrimPrefix(p, "/rest") },
	}.Hold(t)
}
