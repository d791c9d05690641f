package main

import (
	"slices"

	"github.com/harrier-scan/harrier/internal/netio/raw"
)

// How many scans may send raw packets at a time; more ask by ordinary
// connections. Each waiting one takes three descriptors, and some time to make
// and to close.
const (
	rawSessions  = 16
	scanSessions = 4 // of the command that runs one scan, in up to so many batches
)

// early makes the raw sockets of a command that scans and gives up the
// privileges that they took. It must run before all else.
func early(args []string) error {
	if len(args) == 0 || !slices.Contains([]string{"scan", "serve", "engine"}, args[0]) {
		return nil
	}
	if args[0] == "scan" {
		return raw.Early(scanSessions)
	}
	return raw.Early(rawSessions)
}
