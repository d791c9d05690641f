package datagram

import "github.com/harrier-scan/harrier/internal/netio/sweep"

// What an ICMP error says of the port that was asked.
type verdict struct {
	state      sweep.State
	prohibited bool
}

// nothing is the verdict of an error that tells nothing.
var nothing = verdict{state: sweep.Local}

// destinations4 are the codes of ICMP type 3, destination unreachable.
//
// Source: RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1.
var destinations4 = [...]verdict{
	0:  {sweep.Unreachable, false}, // network
	1:  {sweep.Unreachable, false}, // host
	2:  {sweep.Unreachable, true},  // protocol
	3:  {sweep.Closed, false},      // port
	4:  nothing,                    // fragmentation needed
	5:  {sweep.Unreachable, false}, // source route failed
	6:  {sweep.Unreachable, false}, // network unknown
	7:  {sweep.Unreachable, false}, // host unknown
	8:  {sweep.Unreachable, false}, // source host isolated
	9:  {sweep.Unreachable, true},  // network prohibited
	10: {sweep.Unreachable, true},  // host prohibited
	11: {sweep.Unreachable, false}, // network, for the type of service
	12: {sweep.Unreachable, false}, // host, for the type of service
	13: {sweep.Unreachable, true},  // prohibited by a filter
	14: {sweep.Unreachable, true},  // host precedence violation
	15: {sweep.Unreachable, true},  // precedence cutoff
}

// destinations6 are the codes of ICMPv6 type 1, destination unreachable.
//
// Source: RFC 4443, section 3.1.
var destinations6 = [...]verdict{
	0: {sweep.Unreachable, false}, // no route
	1: {sweep.Unreachable, true},  // prohibited
	2: {sweep.Unreachable, false}, // beyond the scope of the source
	3: {sweep.Unreachable, false}, // address
	4: {sweep.Closed, false},      // port
	5: {sweep.Unreachable, true},  // source address failed a policy
	6: {sweep.Unreachable, true},  // reject route
}

// judge reads an ICMP error. A port unreachable that the host did not send
// itself is a filter's: nothing that stands on the way knows the host's ports.
// Fragmentation, time exceeded and parameter problems speak of one packet on
// its way and not of the port.
func judge(four bool, kind, code uint8, byHost bool) verdict {
	table, destination := destinations6[:], uint8(1)
	if four {
		table, destination = destinations4[:], 3
	}
	if kind != destination || int(code) >= len(table) {
		return nothing
	}
	v := table[code]
	if v.state == sweep.Closed && !byHost {
		return verdict{sweep.Unreachable, true}
	}
	return v
}
