package nessus

import (
	"log/slog"

	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// Mux is the dialect's table of routes, for tests from outside.
func Mux() *kit.Mux { return newMux(kit.Rooms{Log: slog.New(slog.DiscardHandler)}) }
