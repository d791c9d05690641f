package netbed

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Profile is what the way to the target and its firewall do to frames, as
// nftables rules in the target's namespace. Bottlenecks are there and not at
// the scanner's interface, because senders that bypass its queueing discipline
// would pass them.
type Profile struct {
	Name  string
	rules string
}

// sparseHost is the last four bits of the addresses that are open when few are.
const sparseHost = 7

// SparseHost selects the one host in 16 that [Sparse] and [Silent] leave open.
func SparseHost(host int) bool { return host%16 == sparseHost }

// EveryHost selects all hosts.
func EveryHost(int) bool { return true }

// Clean leaves every frame alone.
func Clean() Profile { return Profile{Name: "clean"} }

// Loss drops frames at random, permille in a thousand each way.
func Loss(permille int) Profile {
	return Profile{
		fmt.Sprintf("loss %g%%", float64(permille)/10),
		fmt.Sprintf(`
chain pre { type filter hook prerouting priority -300; iifname target0 numgen random mod 1000 < %d drop; }
chain post { type filter hook postrouting priority 0; oifname target0 numgen random mod 1000 < %[1]d drop; }`, permille),
	}
}

// Bottleneck lets pps frames a second pass towards the target, after a burst
// of so many, and drops the rest: a policer, without a queue.
func Bottleneck(pps, burst int) Profile {
	return Profile{
		fmt.Sprintf("bottleneck %d/s", pps),
		fmt.Sprintf(`
chain pre { type filter hook prerouting priority -300; iifname target0 limit rate over %d/second burst %d packets drop; }`, pps, burst),
	}
}

// Drop is a firewall that lets nothing through but questions for open ports:
// all others are silent.
func Drop() Profile {
	ports := make([]string, len(Open))
	for i, p := range Open {
		ports[i] = strconv.Itoa(int(p))
	}
	return Profile{"drop", `
chain in { type filter hook input priority 0; iifname target0 tcp flags & (syn|ack) == syn tcp dport != { ` + strings.Join(ports, ", ") + ` } drop; }`}
}

// Sparse leaves one address in 16 open, see [SparseHost]; the others refuse
// every connection. IPv4 only.
func Sparse() Profile {
	return Profile{"sparse", fmt.Sprintf(`
chain in { type filter hook input priority 0; iifname target0 ip daddr & 0.0.0.15 != %d tcp flags & (syn|ack) == syn reject with tcp reset; }`, sparseHost)}
}

// Silent leaves one address in 16 open, see [SparseHost]; at the others there
// is nobody. IPv4 only.
func Silent() Profile {
	return Profile{"silent", fmt.Sprintf(`
chain pre { type filter hook prerouting priority -300; iifname target0 ip daddr & 0.0.0.15 != %d ip daddr { %s, %s } drop; }`, sparseHost, Targets, Wide)}
}

// Rules is a profile of nftables chains for a table of family inet.
func Rules(name, chains string) Profile { return Profile{name, chains} }

// counting are the rules of [Bed.Count].
func counting(scope netip.Prefix) string {
	family := "ip"
	if scope.Addr().Is6() {
		family = "ip6"
	}
	return fmt.Sprintf(`
counter probes { }
counter strays { }
chain pre { type filter hook prerouting priority -350;
 iifname target0 tcp flags & (syn|ack) == syn %s daddr %s counter name probes accept
 iifname target0 tcp flags & (syn|ack) == syn counter name strays
}`, family, scope)
}
