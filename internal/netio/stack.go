package netio

import (
	"context"
	"net/netip"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

// StackJob is what Stack asks.
type StackJob struct {
	Addr    netip.Addr
	Open    []uint16 // open TCP ports; some of the first are asked
	Closed  uint16   // a closed one; 0: none is asked
	Echo    bool     // an ICMP echo too
	RTT     time.Duration
	Witness sweep.Item // what the host answered before, if Known
	Known   bool
}

// How many open ports of a host are asked by a SYN with all options, and how
// often what stays silent.
const (
	stackPorts = 3
	stackTries = 2
)

// Stack asks a declared target how its TCP/IP stack answers: by a SYN with all
// options to a few open ports and to a closed one, and by an echo, which are
// paced and recorded as all packets are. It returns nil when nothing came back,
// and where no raw packets may be sent, or the target is this machine: see
// Connected then.
//
// The error is of kind Forbidden for a target that may not be reached, or ctx's.
func (n *Net) Stack(ctx context.Context, j StackJob) (*harrier.Stack, error) {
	j.Addr = plain(j.Addr)
	if !n.RawTo(j.Addr) {
		return nil, ctx.Err()
	}
	var items []sweep.Item
	for _, p := range j.Open {
		if len(items) < stackPorts && (n.pace.Printers || !IsPrinter(p)) {
			items = append(items, sweep.Ask(sweep.Stack, p))
		}
	}
	if len(items) == 0 {
		return nil, ctx.Err()
	}
	if j.Closed != 0 && (n.pace.Printers || !IsPrinter(j.Closed)) {
		items = append(items, sweep.Ask(sweep.Stack, j.Closed))
	}
	if j.Echo {
		items = append(items, sweep.Ask(sweep.Echo, 0))
	}
	s := &harrier.Stack{Scale: -1, IPv6: j.Addr.Is6()}
	_, err := n.Sweep(ctx, Job{
		Addr: j.Addr, Plan: sweep.NewPlan(items), RTT: j.RTT, Witness: j.Witness, Known: j.Known, Tries: stackTries, StopSilent: true,
	}, func(_ context.Context, r sweep.Reply) error {
		learn(s, r)
		return nil
	})
	if err != nil || s.Window == 0 && s.Options == "" && s.Reset == nil && s.Echo == nil {
		return nil, err
	}
	return s, nil
}

// learn notes one answer.
func learn(s *harrier.Stack, r sweep.Reply) {
	short := &harrier.Answer{TTL: r.TTL, DF: r.DF, Window: r.Window, IPID: r.IPID}
	switch {
	case r.Item.Kind() == sweep.Echo && r.State == sweep.Open:
		s.Echo = short
	case r.Traits == nil:
	case r.State == sweep.Closed:
		s.Reset = short
	case r.State == sweep.Open:
		o := r.Traits.Options
		if s.TTL == 0 {
			s.TTL, s.DF, s.Window, s.Options, s.MSS, s.Scale, s.Clock = r.TTL, r.DF, r.Window, o.Layout, o.MSS, o.Scale, o.Clock
		}
		s.IPIDs, s.Numbers = append(s.IPIDs, r.IPID), append(s.Numbers, r.Traits.Seq)
	}
}

// RawTo reports whether raw packets may be sent to addr, and reach it: where
// they do not, Sweep asks by connecting.
func (n *Net) RawTo(addr netip.Addr) bool {
	s, err := n.sweeper(Job{Addr: addr})
	if err != nil {
		return false
	}
	n.sweepers.mu.Lock()
	defer n.sweepers.mu.Unlock()
	return s == n.sweepers.raw
}

// Connected is what the first connection to a declared target told of its stack;
// nil without any, and where the system does not tell.
func (n *Net) Connected(addr netip.Addr) *harrier.Stack {
	n.mu.RLock()
	h := n.hosts[plain(addr)]
	n.mu.RUnlock()
	if h == nil {
		return nil
	}
	return h.stack.Load()
}
