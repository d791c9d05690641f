package harrier

import (
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:generate go run ./internal/tools/portrank -data ../shared/data -o portranks.go

// TopPorts returns the n ports of a protocol that are found open most often, the
// likeliest first, each once; fewer when there are fewer. It is empty for a
// protocol without ports. The caller owns the slice.
//
// The order is Harrier's own: a head that people ranked, then what public
// records and Harrier's probes name, see internal/tools/portrank; then the rest
// of DefaultPorts and all others by number, so that every n has an answer.
func TopPorts(proto Protocol, n int) []uint16 {
	var order []uint16
	switch proto {
	case TCP:
		order = tcpOrder()
	case UDP:
		order = udpOrder()
	default: // has no ports
	}
	return slices.Clone(order[:max(0, min(n, len(order)))])
}

var (
	tcpOrder = sync.OnceValue(func() []uint16 { return portOrder(rankedTCP, DefaultPorts.TCP) })
	udpOrder = sync.OnceValue(func() []uint16 { return portOrder(rankedUDP, DefaultPorts.UDP) })
)

// portOrder is a permutation of all ports: the ranked ones, then next, then the
// rest.
func portOrder(ranked string, next []PortRange) []uint16 {
	out := make([]uint16, 0, 65535)
	var seen [1 << 16]bool
	take := func(n uint16) {
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	for _, n := range rankedPorts(ranked) {
		take(n)
	}
	for _, n := range (Ports{TCP: next}).List(TCP) {
		take(n)
	}
	for _, n := range AllPorts.List(TCP) {
		take(n)
	}
	return out
}

// rankedPorts reads a table of portranks.go.
func rankedPorts(table string) []uint16 {
	var out []uint16
	for word := range strings.FieldsSeq(table) {
		n, err := strconv.ParseUint(word, 10, 16)
		if err != nil || n == 0 {
			panic(word + " is not a port") // the tables are constant and tested
		}
		out = append(out, uint16(n))
	}
	return out
}

// rankedRanges are the ports of a table as Ports has them.
func rankedRanges(table string) []PortRange {
	var out []PortRange
	for _, n := range rankedPorts(table) {
		out = append(out, PortRange{n, n})
	}
	return mergeRanges(out)
}
