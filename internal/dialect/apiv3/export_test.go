package apiv3

import (
	"log/slog"

	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// Document is the served OpenAPI document.
var Document = document

// Patterns lists the routes.
func Patterns() []string { return newAPI(kit.Rooms{Log: slog.New(slog.DiscardHandler)}).patterns() }
