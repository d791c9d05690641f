package harrier

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// The properties that engines follow. Each bounds what an engine does whatever
// the policy of a scan says: an engine on a narrow line, or on a small machine.
// Other properties are kept and told to the engine, and have no effect.
const (
	EngineParallel = "harrier.parallel"      // batches at a time
	EngineRate     = "harrier.rate_pps"      // packets a second of one scan
	EngineHostRate = "harrier.host_rate_pps" // the same to one host
	EngineHosts    = "harrier.max_hosts"     // hosts of one scan at a time
)

// engineBounds are the largest values of the properties that engines follow.
var engineBounds = map[string]int{EngineParallel: 256, EngineRate: 10_000_000, EngineHostRate: 1_000_000, EngineHosts: 100_000}

// Bounds of an engine's properties.
const (
	maxProperties    = 200
	maxPropertyBytes = 2000
)

// CheckProperties answers Invalid, naming the property, for properties that an
// engine can not have: without a name, too long or too many, or with a value
// that is no number where the engine needs one.
func CheckProperties(properties map[string]string) error {
	if len(properties) > maxProperties {
		return Invalidf("properties", "are more than %d", maxProperties)
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		value := properties[name]
		switch {
		case strings.TrimSpace(name) == "":
			return Invalidf("properties", "one has no name")
		case len(name)+len(value) > maxPropertyBytes:
			return Invalidf("properties", "one is longer than %d bytes", maxPropertyBytes)
		case strings.ContainsFunc(name+value, func(r rune) bool { return r < ' ' }) || strings.Contains(name, ":"):
			return Invalidf("properties", "%q has control characters, or a colon in its name", name)
		}
		if most, followed := engineBounds[name]; followed {
			if n, err := strconv.Atoi(value); err != nil || n < 1 || n > most {
				return Invalidf("properties", "%s: %q is not a number from 1 to %d", name, value, most)
			}
		}
	}
	return nil
}

// EngineLimit is the value of a property that engines follow; 0 for none.
func EngineLimit(properties map[string]string, name string) int {
	n, err := strconv.Atoi(properties[name])
	if most := engineBounds[name]; err != nil || n < 1 || n > most {
		return 0
	}
	return n
}

// Bounded is s with no more than an engine with these properties may do.
func (s Settings) Bounded(properties map[string]string) Settings {
	for _, b := range []struct {
		name  string
		to    *int
		usual int // what 0 stands for; 0: no bound
	}{{EngineRate, &s.RatePPS, 0}, {EngineHostRate, &s.HostRatePPS, 0}, {EngineHosts, &s.MaxHosts, 64}} {
		have := cmp.Or(*b.to, b.usual)
		if most := EngineLimit(properties, b.name); most > 0 && (have == 0 || have > most) {
			*b.to = most
		}
	}
	return s
}
