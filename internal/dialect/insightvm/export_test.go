package insightvm

import (
	"log/slog"

	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// Patterns lists all routes.
func Patterns() []string { return newRouter(kit.Rooms{Log: slog.New(slog.DiscardHandler)}).Patterns() }

// Description is the OpenAPI document.
func Description() []byte { return description }

// Region takes a region from the beginning of a path.
func Region(path string) string {
	_, rest := region(path)
	return rest
}

// ParseTime reads an instant.
var ParseTime = parseTime
