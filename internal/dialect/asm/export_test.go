package asm

import (
	"log/slog"

	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// Patterns lists all routes.
func Patterns() []string { return Mux().Patterns() }

// State is what an iteration is told to be.
var State = state

// Mux has all routes.
func Mux() *kit.Mux { return newRouter(kit.Rooms{Log: slog.New(slog.DiscardHandler)}).mux }
