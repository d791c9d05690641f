package insightvm_test

import (
	"testing"

	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/insightvm"
)

// TestRoutesAreDocumented holds the coverage table to the routes and to the
// conversations.
func TestRoutesAreDocumented(t *testing.T) {
	exchange.Table{File: "../../../docs/dialects/insightvm.md", Routes: insightvm.Patterns(), Path: insightvm.Region}.Hold(t)
}
