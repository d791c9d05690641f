// Package discover finds out whether a host is there: by ARP or neighbour
// discovery on the engine's own link; beyond it by ICMP echo and timestamp, by
// TCP SYN and ACK to ports that are open or refused on most hosts, and by UDP
// if asked for. Any answer shows the host, a refusal too; but where TCP is
// answered alike for a whole subnet, a device does so, see Neighbourhood.
//
// Without raw packets it connects, and sends echo requests where the system
// lets everybody send them.
package discover

import (
	"context"
	"net/netip"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/netio/packet"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

// DefaultPorts are asked when the settings name none: those of servers, desktop
// systems and network devices that firewalls let pass most often.
var DefaultPorts = []uint16{443, 80, 22, 445, 3389, 135, 53, 8080, 21, 25, 23, 139, 5985, 8443, 3306, 111}

// DefaultUDPPorts are asked by UDP when the settings name none: DNS, NTP, SNMP,
// NetBIOS names, SSDP, IKE, SIP and a port where nobody listens, which makes
// hosts say so.
var DefaultUDPPorts = []uint16{53, 123, 137, 161, 500, 1900, 5060, 40125}

// The reasons that Ping gives besides those of the form "tcp syn-ack PORT",
// "tcp rst PORT", "udp PORT" and "icmp echo".
const (
	Local     = "local"
	NotPinged = "not pinged"
	NoAnswer  = harrier.NoAnswer
	Neighbour = "arp"
	Solicited = "ndp"
	Own       = "an address of the engine"
)

// The reasons of an address that nobody answered for but a router.
const (
	Unreachable  = "icmp unreachable"
	NoNet        = "icmp network unreachable"
	NoHost       = harrier.HostUnreachable
	Filtered     = "filtered: icmp administratively prohibited"
	LoopingRoute = "icmp time exceeded"
)

// unhurried is how long a single echo is waited for.
const unhurried = time.Second

// leastWait is how long an answer is waited for at least: devices that sleep to
// save power, and those behind radio, take their time.
const leastWait = 500 * time.Millisecond

// Answer says whether a host is there.
type Answer struct {
	Alive  bool
	Reason string        // how that was seen, or what speaks against it
	RTT    time.Duration // 0 when not measured
	// Item is what the host answered, if Known: it will again.
	Item  sweep.Item
	Known bool
	// Reply is what came back, if anything did.
	Reply sweep.Reply
}

// Ping asks a declared target. An error means that it could not be asked to
// the end.
func Ping(ctx context.Context, n *netio.Net, addr netip.Addr, s harrier.Settings) (Answer, error) {
	switch {
	case IsLocal(addr):
		if s.SkipOwn {
			return Answer{Reason: Own}, nil
		}
		return Answer{Alive: true, Reason: Local}, nil
	case !s.Pings():
		return Answer{Alive: true, Reason: NotPinged}, nil
	}
	job := jobFor(addr, s)
	link := !s.NoARP && !job.Connect && n.OnLink(addr)
	job.Plan = sweep.NewPlan(questions(addr, s, link, job.Connect || !n.Raw()))
	return ask(ctx, n, job)
}

// jobFor is what all asking whether addr is there has in common.
func jobFor(addr netip.Addr, s harrier.Settings) netio.Job {
	job := netio.Job{
		Addr: addr, First: true, Tries: s.PingTries, MinWait: leastWait, MaxWait: s.ProbeTimeout.Or(0),
		Connect: s.Connect || s.Gentle, NoResets: s.IgnoreResets, NoRoute: s.UnreachableMeansDead, Flight: s.HostMaxSessions,
	}
	if job.MaxWait > 0 {
		job.MinWait = min(job.MinWait, job.MaxWait)
	}
	return job
}

// ask asks the questions of a job until the first sign of life.
func ask(ctx context.Context, n *netio.Net, job netio.Job) (Answer, error) {
	var first sweep.Reply
	answered := false
	_, err := n.Sweep(ctx, job, func(_ context.Context, r sweep.Reply) error {
		if !answered || first.State == sweep.Unreachable && !first.Self {
			first, answered = r, true
		}
		return nil
	})
	if err != nil {
		return Answer{}, err
	}
	return judge(job.Addr, first, answered), nil
}

// judge turns what came back into an answer.
func judge(addr netip.Addr, r sweep.Reply, answered bool) Answer {
	a := Answer{Alive: answered && (r.State.Answered() || r.Self), Reason: NoAnswer, RTT: r.RTT, Item: r.Item, Reply: r}
	a.Known = a.Alive && r.State.Answered()
	switch k := r.Item.Kind(); {
	case !answered:
	case r.State == sweep.Unreachable:
		a.Reason = refusal(addr, r)
	case k == sweep.Neighbour && addr.Is4():
		a.Reason = Neighbour
	case k == sweep.Neighbour:
		a.Reason = Solicited
	case k == sweep.SYN && r.State == sweep.Open:
		a.Reason = "tcp syn-ack " + port(r)
	case k == sweep.SYN, k == sweep.ACK:
		a.Reason = "tcp rst " + port(r)
	default:
		a.Reason = r.Item.String()
	}
	return a
}

// Codes of ICMP and ICMPv6 "destination unreachable".
//
// Source: RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1, RFC 4443
// section 3.1.
var (
	codes4 = map[uint8]string{0: NoNet, 1: NoHost, 6: NoNet, 7: NoHost, 9: Filtered, 10: Filtered, 11: NoNet, 12: NoHost, 13: Filtered}
	codes6 = map[uint8]string{0: NoNet, 1: Filtered, 3: NoHost, 5: Filtered, 6: Filtered}
)

// refusal says in words what a router said.
func refusal(addr netip.Addr, r sweep.Reply) string {
	codes, unreachable, exceeded := codes4, uint8(packet.ICMPUnreachable), uint8(packet.ICMPTimeExceeded)
	if addr.Unmap().Is6() {
		codes, unreachable, exceeded = codes6, packet.ICMPv6Unreachable, packet.ICMPv6TimeExceeded
	}
	switch {
	case r.Type == unreachable && codes[r.Code] != "":
		return codes[r.Code]
	case r.Type == exceeded:
		return LoopingRoute
	default:
		return Unreachable
	}
}
