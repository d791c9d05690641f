package nessus_test

import (
	"testing"

	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/nessus"
)

// TestRoutesAreDocumented holds the coverage table to the routes and to the
// conversations.
func TestRoutesAreDocumented(t *testing.T) {
	exchange.Table{File: "../../../docs/dialects/nessus.md", Routes: nessus.Mux().Patterns()}.Hold(t)
}
