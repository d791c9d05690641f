package securitycenter

import (
	"log/slog"

	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// Patterns are all routes, for tests from outside.
func Patterns() []string {
	return newRouter(kit.Rooms{Log: slog.New(slog.DiscardHandler)}).Patterns()
}

// Mux is the table of routes, for tests from outside.
func Mux() *kit.Mux { return newRouter(kit.Rooms{Log: slog.New(slog.DiscardHandler)}).mux }
