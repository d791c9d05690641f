package asm_test

import (
	"testing"

	"github.com/harrier-scan/harrier/internal/dialect/asm"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
)

// TestRoutesAreDocumented holds the coverage table to the routes and to the
// conversations.
func TestRoutesAreDocumented(t *testing.T) {
	exchange.Table{File: "../../../docs/dialects/asm.md", Routes: asm.Patterns()}.Hold(t)
}
