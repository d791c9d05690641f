package calendar

import (
	_ "embed"
	"strings"
)

// zoneNames are the names of the time zone database that stand for places, one
// a line, sorted, and UTC. Old names without a place ("EST5EDT") are understood
// by Next but not offered.
//
//go:embed zones.txt
var zoneNames string

// Timezones returns the names of the time zones that a schedule may use,
// sorted. The caller owns the list.
func Timezones() []string { return strings.Fields(zoneNames) }
