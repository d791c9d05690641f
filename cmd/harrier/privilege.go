package main

import (
	"slices"

	"github.com/harrier-scan/harrier/internal/netio/raw"
)

// rawSessions is how many scans may send raw packets at a time; more ask by
// ordinary connections. Each waiting one takes three descriptors.
const rawSessions = 16

// early makes the raw sockets of a command that scans and gives up the
// privileges that they took. It must run before all else.
func early(args []string) error {
	if len(args) == 0 || !slices.Contains([]string{"scan", "serve", "engine"}, args[0]) {
		return nil
	}
	return raw.Early(rawSessions)
}
